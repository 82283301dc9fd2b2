/* What Vintner offers beyond OpenVINO's C API. The rules of openvino/c/ov_common.h on errors, ownership,
 * threads and text hold here too. */
#ifndef VINTNER_H
#define VINTNER_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_compiled_model.h"
#include "openvino/c/ov_core.h"
#include "openvino/c/ov_infer_request.h"
#include "openvino/c/ov_model.h"
#include "openvino/c/ov_partial_shape.h"
#include "openvino/c/ov_tensor.h"

/* The version of these headers. A library with the same major number and at least this minor number serves a
 * program compiled with them. */
#define VT_VERSION_MAJOR 0
#define VT_VERSION_MINOR 1
#define VT_VERSION_PATCH 0
#define VT_VERSION       (VT_VERSION_MAJOR * 1000000 + VT_VERSION_MINOR * 1000 + VT_VERSION_PATCH)

/* The version of the library that is loaded, "0.1.0": static text, not to be freed. */
OPENVINO_C_API(const char *) vt_version(void);

/* Bytes of memory that a compiled model takes, all streams together, without the tensors of its requests. */
typedef struct {
    uint64_t weights; /* weights in the form in which they are computed with */
    uint64_t arena;   /* intermediate results */
    uint64_t mapped;  /* weights used where they lie in the mapped model file */
} vt_compiled_model_memory_t;

/* NOT_IMPLEMENTED where the device does not count. */
OPENVINO_C_API(ov_status_e)
vt_compiled_model_memory(const ov_compiled_model_t *compiled_model, vt_compiled_model_memory_t *memory);

/* Load what ov_compiled_model_export_model() wrote. As ov_core_import_model(), but the file is mapped:
 * weights are used where they lie and shared by all processes, as from CACHE_DIR. It must stay as it is while
 * the compiled model lives. */
OPENVINO_C_API(ov_status_e)
vt_core_import_model_file(const ov_core_t *core, const char *path, const char *device_name,
                          ov_compiled_model_t **compiled_model);

/* ---- saving models */

/* vt_save_options_t.flags: constants of floating point become f16, with a Convert behind them that readers
 * undo or keep. As OpenVINO does it: values out of range are clamped, constants that f16 would change too
 * much stay as they are, and so do quantized models. */
#define VT_SAVE_FP16 1u

typedef struct {
    size_t size;    /* sizeof(vt_save_options_t): what a newer library knows beyond it has its default */
    uint64_t flags; /* VT_SAVE_... */
} vt_save_options_t;

/* Write a model as OpenVINO IR, version 11, which OpenVINO reads too: a text at `xml_path` and the weights at
 * `bin_path` (NULL: beside the text, with ".bin" instead of its extension). `options` may be NULL. Both files
 * appear when they are complete; on failure neither is there, and older ones of these names are untouched.
 * The files that the model was read from may be written over.
 *
 * INVALID_C_PARAM for options that this library does not know; NOT_IMPLEMENTED for models that the format
 * cannot hold. */
OPENVINO_C_API(ov_status_e)
vt_model_save(const ov_model_t *model, const char *xml_path, const char *bin_path,
              const vt_save_options_t *options);

/* ---- variable states: what a stateful model keeps from one inference of a request to the next. Every
 * request has its own. All of these answer REQUEST_BUSY while an inference runs. */

OPENVINO_C_API(ov_status_e)
vt_infer_request_states_size(const ov_infer_request_t *infer_request, size_t *size);

/* The variable's name in the model: a new string for ov_free(). States keep the order of the model.
 * OUT_OF_BOUNDS. */
OPENVINO_C_API(ov_status_e)
vt_infer_request_state_name(const ov_infer_request_t *infer_request, size_t index, char **name);

/* Element type and shape that the model declares for a variable: DYNAMIC, and dynamic dimensions or a dynamic
 * rank, where it leaves them open. `shape` goes to ov_partial_shape_free(). NOT_FOUND. */
OPENVINO_C_API(ov_status_e)
vt_infer_request_state_info(const ov_infer_request_t *infer_request, const char *name,
                            ov_element_type_e *element_type, ov_partial_shape_t *shape);

/* A copy of the value. RESULT_NOT_READY while the variable has the initial value that the model gives it,
 * which is computed when it is first read; NOT_FOUND for a name that no variable has. */
OPENVINO_C_API(ov_status_e)
vt_infer_request_get_state(const ov_infer_request_t *infer_request, const char *name, ov_tensor_t **tensor);

/* Set a value, which is copied. PARAMETER_MISMATCH when type or shape do not fit the variable. */
OPENVINO_C_API(ov_status_e)
vt_infer_request_set_state(ov_infer_request_t *infer_request, const char *name, const ov_tensor_t *tensor);

/* Back to the initial value: one variable, or all of them (`name` NULL). */
OPENVINO_C_API(ov_status_e)
vt_infer_request_reset_state(ov_infer_request_t *infer_request, const char *name);

/* ---- what a device would do with a model */

typedef struct {
    const char *node_name; /* in the model */
    const char *node_type; /* operation */
    const char *device;    /* that would run it, NULL: none of those asked for */
    const char *kernel;    /* NULL where the device does not say */
    const char *precision; /* "f32", NULL where the device does not say */
    const char *reason;    /* why not, or why not a better kernel; NULL: nothing to say */
} vt_query_node_t;

typedef struct {
    vt_query_node_t *nodes; /* one a node of the model, in the order of execution; constants are left out */
    size_t size;
} vt_query_t;

/* Ask a device ("CPU", "HETERO:GPU,CPU") without compiling. Operations that it lacks are part of the answer,
 * no error. The texts live as long as the list. */
OPENVINO_C_API(ov_status_e)
vt_core_query_model(const ov_core_t *core, const ov_model_t *model, const char *device_name,
                    size_t num_properties, const ov_property_t *properties, vt_query_t *query);

/* NULL is allowed; the list is empty afterwards. */
OPENVINO_C_API(void) vt_query_free(vt_query_t *query);

/* ---- regions of tensors */

/* A tensor that is a part of another one: the elements from `begin` up to, not including, `end` along each of
 * `rank` axes. It shares the memory, so changes show in both, and it may be a region of a region. The other
 * one may be freed first; as long as regions of it live, it cannot grow (REQUEST_BUSY).
 *
 * A region can be set as input or output of a request: the library copies between it and dense memory of its
 * own for each inference, where elements do not follow one another. ov_tensor_data() gives the address of its
 * first element, ov_tensor_get_byte_size() the bytes of its elements alone, and vt_tensor_get_strides() how
 * to get from one to the next. Its shape cannot be changed.
 *
 * INVALID_C_PARAM when `rank` is not the tensor's; GENERAL_ERROR for a region that is empty or sticks out;
 * NOT_IMPLEMENTED for strings and for elements that are no whole bytes. */
OPENVINO_C_API(ov_status_e)
vt_tensor_create_roi(const ov_tensor_t *tensor, size_t rank, const int64_t *begin, const int64_t *end,
                     ov_tensor_t **roi);

/* Bytes from one element to the next along each axis of any tensor; `strides` has room for `rank` of them.
 * NOT_IMPLEMENTED for elements that are no whole bytes. */
OPENVINO_C_API(ov_status_e)
vt_tensor_get_strides(const ov_tensor_t *tensor, size_t rank, int64_t *strides);

/* ---- plugins. While one of these functions runs, no other one may use the core. */

/* Make the plugin in the file `path` known as the device `name` (upper-case letters, digits and _). The file
 * is opened when the device is first used, and that fails when it is no plugin. */
OPENVINO_C_API(ov_status_e)
vt_core_register_plugin(const ov_core_t *core, const char *path, const char *name);

/* Close a device's plugin and forget the properties set on it; the device stays known and is opened anew when
 * it is used again. Compiled models and requests of it stay valid, and the plugin goes with the last of
 * them. GENERAL_ERROR when it is not open. */
OPENVINO_C_API(ov_status_e) vt_core_unload_plugin(const ov_core_t *core, const char *name);

#endif
