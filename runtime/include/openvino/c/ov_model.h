/* Models: a graph as it was read, before it is compiled. */
#ifndef OPENVINO_C_OV_MODEL_H
#define OPENVINO_C_OV_MODEL_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_node.h"
#include "openvino/c/ov_partial_shape.h"

typedef struct ov_model ov_model_t;

OPENVINO_C_API(void) ov_model_free(ov_model_t *model);

/* Inputs and outputs, in the order of the model. Without name and index the model must have exactly one, else
 * the result is GENERAL_ERROR. A name is any of the tensor names of the port: GENERAL_ERROR when there is
 * none such. An index out of range gives UNKNOW_EXCEPTION. Each call gives a new port for the matching
 * *_port_free(). */
OPENVINO_C_API(ov_status_e)
ov_model_const_input(const ov_model_t *model, ov_output_const_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_model_const_input_by_name(const ov_model_t *model, const char *tensor_name,
                             ov_output_const_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_model_const_input_by_index(const ov_model_t *model, const size_t index,
                              ov_output_const_port_t **input_port);

OPENVINO_C_API(ov_status_e) ov_model_input(const ov_model_t *model, ov_output_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_model_input_by_name(const ov_model_t *model, const char *tensor_name, ov_output_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_model_input_by_index(const ov_model_t *model, const size_t index, ov_output_port_t **input_port);

OPENVINO_C_API(ov_status_e)
ov_model_const_output(const ov_model_t *model, ov_output_const_port_t **output_port);

OPENVINO_C_API(ov_status_e)
ov_model_const_output_by_index(const ov_model_t *model, const size_t index,
                               ov_output_const_port_t **output_port);

OPENVINO_C_API(ov_status_e)
ov_model_const_output_by_name(const ov_model_t *model, const char *tensor_name,
                              ov_output_const_port_t **output_port);

OPENVINO_C_API(ov_status_e) ov_model_output(const ov_model_t *model, ov_output_port_t **output_port);

OPENVINO_C_API(ov_status_e)
ov_model_output_by_index(const ov_model_t *model, const size_t index, ov_output_port_t **output_port);

OPENVINO_C_API(ov_status_e)
ov_model_output_by_name(const ov_model_t *model, const char *tensor_name, ov_output_port_t **output_port);

OPENVINO_C_API(ov_status_e) ov_model_inputs_size(const ov_model_t *model, size_t *input_size);

OPENVINO_C_API(ov_status_e) ov_model_outputs_size(const ov_model_t *model, size_t *output_size);

/* Whether the shape of an input or output is dynamic; false for NULL. */
OPENVINO_C_API(bool) ov_model_is_dynamic(const ov_model_t *model);

/* Give inputs new shapes, all at once, and infer the shapes of the whole model again. GENERAL_ERROR when an
 * input is unknown or an operation cannot take the shape: the model is then as it was before. Compiled models
 * are not affected. INVALID_C_PARAM for no inputs at all, UNKNOW_EXCEPTION for an index out of range. The
 * five functions differ in how they name the inputs. */
OPENVINO_C_API(ov_status_e)
ov_model_reshape(const ov_model_t *model, const char **tensor_names, const ov_partial_shape_t *partial_shapes,
                 size_t size);

OPENVINO_C_API(ov_status_e)
ov_model_reshape_input_by_name(const ov_model_t *model, const char *tensor_name,
                               const ov_partial_shape_t partial_shape);

/* Reshapes the first input. */
OPENVINO_C_API(ov_status_e)
ov_model_reshape_single_input(const ov_model_t *model, const ov_partial_shape_t partial_shape);

OPENVINO_C_API(ov_status_e)
ov_model_reshape_by_port_indexes(const ov_model_t *model, const size_t *port_indexes,
                                 const ov_partial_shape_t *partial_shape, size_t size);

OPENVINO_C_API(ov_status_e)
ov_model_reshape_by_ports(const ov_model_t *model, const ov_output_port_t **output_ports,
                          const ov_partial_shape_t *partial_shapes, size_t size);

/* The model's name: a new string for ov_free(). */
OPENVINO_C_API(ov_status_e) ov_model_get_friendly_name(const ov_model_t *model, char **friendly_name);

#endif
