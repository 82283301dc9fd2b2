/* Compiled models: a model made ready for a device. All functions may be called from several threads at
 * once. */
#ifndef OPENVINO_C_OV_COMPILED_MODEL_H
#define OPENVINO_C_OV_COMPILED_MODEL_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_infer_request.h"
#include "openvino/c/ov_model.h"
#include "openvino/c/ov_node.h"
#include "openvino/c/ov_property.h"
#include "openvino/c/ov_remote_context.h"

typedef struct ov_compiled_model ov_compiled_model_t;

/* Inputs and outputs, with the order, names and errors of ov_model.h, except that an index out of range is
 * GENERAL_ERROR. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_inputs_size(const ov_compiled_model_t *compiled_model, size_t *size);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_input(const ov_compiled_model_t *compiled_model, ov_output_const_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_input_by_index(const ov_compiled_model_t *compiled_model, const size_t index,
                                 ov_output_const_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_input_by_name(const ov_compiled_model_t *compiled_model, const char *name,
                                ov_output_const_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_outputs_size(const ov_compiled_model_t *compiled_model, size_t *size);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_output(const ov_compiled_model_t *compiled_model, ov_output_const_port_t **output_port);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_output_by_index(const ov_compiled_model_t *compiled_model, const size_t index,
                                  ov_output_const_port_t **output_port);

OPENVINO_C_API(ov_status_e)
ov_compiled_model_output_by_name(const ov_compiled_model_t *compiled_model, const char *name,
                                 ov_output_const_port_t **output_port);

/* The graph as the device executes it: nodes are what was fused and chosen, not what was read. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_get_runtime_model(const ov_compiled_model_t *compiled_model, ov_model_t **model);

/* A new request with tensors of its own. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_create_infer_request(const ov_compiled_model_t *compiled_model,
                                       ov_infer_request_t **infer_request);

/* Set one property: a key and its value follow. Few properties can be set after compiling (AUTO's):
 * GENERAL_ERROR for the others. */
OPENVINO_C_API(ov_status_e) ov_compiled_model_set_property(const ov_compiled_model_t *compiled_model, ...);

/* The same for `num_properties` pairs; INVALID_C_PARAM when there are none. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_set_properties(const ov_compiled_model_t *compiled_model, const size_t num_properties,
                                 const ov_property_t *properties);

/* The value as text: a new string for ov_free(). GENERAL_ERROR for a property the compiled model does not
 * have. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_get_property(const ov_compiled_model_t *compiled_model, const char *property_key,
                               char **property_value);

/* Write the compiled model to a file, which ov_core_import_model() reads. A file of that name is replaced
 * once the new one is complete, so models that map it go on. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_export_model(const ov_compiled_model_t *compiled_model, const char *export_model_path);

/* Requests, ports and tensors stay valid. */
OPENVINO_C_API(void) ov_compiled_model_free(ov_compiled_model_t *compiled_model);

/* The context of a device that has memory of its own; an error for the others, such as the CPU. */
OPENVINO_C_API(ov_status_e)
ov_compiled_model_get_context(const ov_compiled_model_t *compiled_model, ov_remote_context_t **context);

#endif
