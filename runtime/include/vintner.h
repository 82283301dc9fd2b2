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
#include "vintner_extension.h"

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

/* ---- building models in code
 *
 * A builder puts nodes together one by one; vt_builder_finish() makes an ordinary model of them, to compile,
 * reshape, pre-process or save. A port is an output of one of its nodes, and what the next nodes are built
 * on:
 *
 *     vt_port_t x = vt_builder_parameter(b, "x", F32, 2, (int64_t[]){-1, 784});
 *     vt_port_t w = vt_builder_constant(b, "w", F32, 2, (int64_t[]){784, 10}, weights);
 *     vt_port_t y = vt_builder_op(b, "MatMul", "opset1", "fc", 2, (vt_port_t[]){x, w}, 0, NULL);
 *     vt_builder_result(b, "y", y);
 *     status = vt_builder_finish(b, &model);
 *
 * Each node is checked, and its types and shapes are inferred, when it is added. The first failure stays:
 * functions that follow do nothing and answer VT_NO_PORT, and all that answer a status answer it, so calls
 * may be nested and one look at the end is enough. The message names the node, its operation and what is
 * wrong.
 *
 * Nodes come before what reads them. A builder, with the builders of its bodies, is used by one thread at a
 * time. Texts and arrays are copied. */

typedef struct vt_builder vt_builder_t;

/* An output of a node; the members are the library's. */
typedef struct {
    uint32_t builder, node, output;
} vt_port_t;

/* No port: an optional input that is left out (in the middle only for operations of extensions), or what a
 * failure answers. */
#ifdef __cplusplus
#define VT_NO_PORT (vt_port_t{0, 0, 0})
#else
#define VT_NO_PORT ((vt_port_t){0, 0, 0})
#endif

/* `core` is where operations of extensions are looked for and may be NULL. `name` is the model's. */
OPENVINO_C_API(ov_status_e)
vt_builder_create(const ov_core_t *core, const char *name, vt_builder_t **builder);

/* NULL is allowed. A model that was finished stays. */
OPENVINO_C_API(void) vt_builder_free(vt_builder_t *builder);

/* OK, or the first failure, whose message becomes the last error again. */
OPENVINO_C_API(ov_status_e) vt_builder_status(const vt_builder_t *builder);

/* An input of the model; `name` is the node's and the tensor's. Dimensions -1 are open; so is rank -1, where
 * `dims` is not read. For bounds: vt_builder_op() with "Parameter" and an attribute shape="1..8,784". */
OPENVINO_C_API(vt_port_t)
vt_builder_parameter(vt_builder_t *builder, const char *name, ov_element_type_e type, int64_t rank,
                     const int64_t *dims);

/* A constant. `data` is copied; for STRING it is an array of const char *. Names of nodes may be NULL here
 * and below. */
OPENVINO_C_API(vt_port_t)
vt_builder_constant(vt_builder_t *builder, const char *name, ov_element_type_e type, int64_t rank,
                    const int64_t *dims, const void *data);

/* The same without a copy: `data` must stay as it is until `release(user)` (may be NULL) is called, once,
 * when nothing needs it any more; at the latest with the last of the builder, the models and compiled models
 * made with it. From any thread; at once when the constant cannot be added. */
OPENVINO_C_API(vt_port_t)
vt_builder_constant_borrowed(vt_builder_t *builder, const char *name, ov_element_type_e type, int64_t rank,
                             const int64_t *dims, const void *data, void (*release)(void *user), void *user);

/* Constants that operations need for axes, shapes and numbers: scalars, and a list of rank 1. */
OPENVINO_C_API(vt_port_t) vt_builder_i64(vt_builder_t *builder, int64_t value);
OPENVINO_C_API(vt_port_t) vt_builder_i64s(vt_builder_t *builder, size_t n, const int64_t *values);
OPENVINO_C_API(vt_port_t) vt_builder_f32(vt_builder_t *builder, float value);

/* An attribute of an operation, under the name that IR files use; made by the macros. Texts are as in IR
 * files: "1,2,3", "true", "f32", "1,?,3..7", and do for every type. */
typedef enum {
    VT_ATTRIBUTE_TEXT = 0,
    VT_ATTRIBUTE_INTEGER = 1,
    VT_ATTRIBUTE_REAL = 2,
    VT_ATTRIBUTE_INTEGERS = 3,
    VT_ATTRIBUTE_REALS = 4
} vt_attribute_kind_e;

typedef struct {
    const char *name;
    vt_attribute_kind_e kind;
    const char *text;
    int64_t integer;
    double real;
    const int64_t *integers;
    const double *reals;
    size_t n;
} vt_attribute_t;

#define VT_ATTR(name, text)                                                                                  \
    {                                                                                                        \
        (name), VT_ATTRIBUTE_TEXT, (text), 0, 0, NULL, NULL, 0                                               \
    }
#define VT_ATTR_INT(name, value)                                                                             \
    {                                                                                                        \
        (name), VT_ATTRIBUTE_INTEGER, NULL, (value), 0, NULL, NULL, 0                                        \
    }
#define VT_ATTR_REAL(name, value)                                                                            \
    {                                                                                                        \
        (name), VT_ATTRIBUTE_REAL, NULL, 0, (value), NULL, NULL, 0                                           \
    }
#define VT_ATTR_INTS(name, list, n)                                                                          \
    {                                                                                                        \
        (name), VT_ATTRIBUTE_INTEGERS, NULL, 0, 0, (list), NULL, (n)                                         \
    }
#define VT_ATTR_REALS(name, list, n)                                                                         \
    {                                                                                                        \
        (name), VT_ATTRIBUTE_REALS, NULL, 0, 0, NULL, (list), (n)                                            \
    }

/* A node of operation `type`, as the operation sets call it, in the version of `opset` ("opset8"; an
 * extension's set, "extension"; NULL: the newest). Answers output 0. */
OPENVINO_C_API(vt_port_t)
vt_builder_op(vt_builder_t *builder, const char *type, const char *opset, const char *name, size_t n_inputs,
              const vt_port_t *inputs, size_t n_attributes, const vt_attribute_t *attributes);

/* Another output of the port's node. */
OPENVINO_C_API(vt_port_t) vt_builder_output(vt_builder_t *builder, vt_port_t port, size_t index);

/* An output of the model; `name` (may be NULL) is the node's and the tensor's. */
OPENVINO_C_API(ov_status_e) vt_builder_result(vt_builder_t *builder, const char *name, vt_port_t port);

/* One more tensor name, under which requests find an output of the model. Each may be given once. */
OPENVINO_C_API(ov_status_e)
vt_builder_tensor_name(vt_builder_t *builder, vt_port_t port, const char *name);

/* What is known of a port: `element_type` and `shape` may be NULL; `shape` goes to ov_partial_shape_free().
 */
OPENVINO_C_API(ov_status_e)
vt_builder_port_info(vt_builder_t *builder, vt_port_t port, ov_element_type_e *element_type,
                     ov_partial_shape_t *shape);

/* The model, which needs a result, or a variable that is assigned. The builder has nothing left but to be
 * freed. */
OPENVINO_C_API(ov_status_e) vt_builder_finish(vt_builder_t *builder, ov_model_t **model);

/* ---- nodes with more to say: a number of outputs, bodies */

/* How an input or output of If, Loop or TensorIterator is wired to a body. `outer` is the node's input or
 * output, `inner` the body's parameter or result, `back` a result; all count from 0 in the order in which
 * they were added. */
typedef enum {
    VT_BODY_INPUT = 0,     /* input -> parameter */
    VT_BODY_SLICED = 1,    /* input -> parameter, a piece along `axis` each round */
    VT_BODY_MERGED = 2,    /* input -> parameter in the first round, then the result `back` */
    VT_BODY_OUTPUT = 3,    /* result of the last round -> output */
    VT_BODY_CONCAT = 4,    /* results of all rounds, joined along `axis` -> output */
    VT_BODY_CONDITION = 5, /* Loop: the result says whether to go on; `outer` is not read */
    VT_BODY_COUNTER = 6    /* Loop: the parameter is the number of the round; `outer` is not read */
} vt_body_wire_kind_e;

/* start, end, stride and part_size say which pieces, as in IR files (end -1 is the last element); when all
 * four are 0, every element along the axis, from the first to the last. */
typedef struct {
    vt_body_wire_kind_e kind;
    int32_t outer, inner, back;
    int64_t axis, start, end, stride, part_size;
} vt_body_wire_t;

/* A body is made with a builder of its own, by parameters and results. Adding the node empties the builder.
 */
typedef struct {
    vt_builder_t *builder;
    const vt_body_wire_t *wires;
    size_t n_wires;
} vt_body_t;

typedef struct {
    size_t size; /* sizeof(vt_node_desc_t): what a newer library knows beyond it has its default */
    const char *type, *opset, *name;
    size_t n_inputs;
    const vt_port_t *inputs;
    size_t n_outputs; /* 0: as many as the operation has, or its bodies fill, or one */
    size_t n_attributes;
    const vt_attribute_t *attributes;
    size_t n_bodies; /* If: then and else; Loop, TensorIterator: one */
    const vt_body_t *bodies;
} vt_node_desc_t;

/* As vt_builder_op(). A failure for members that this library does not know, unless they are zero. */
OPENVINO_C_API(vt_port_t) vt_builder_node(vt_builder_t *builder, const vt_node_desc_t *node);

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

/* ---- operations of one's own (vintner_extension.h, docs/EXTENSIONS.md) */

/* As ov_core_add_extension(), for a table that is part of the program: what it points to must stay as it is
 * as long as the core and all that was made of the models it has read. The same table again changes nothing.
 * Compiled models that are kept in files know the program by its build. */
OPENVINO_C_API(ov_status_e)
vt_core_add_operations(const ov_core_t *core, const vt_extension_t *extension);

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
