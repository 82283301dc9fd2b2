/* Operations of one's own, written in C (or C++ without exceptions) and loaded from a shared object by
 * ov_core_add_extension(). docs/EXTENSIONS.md walks through an example.
 *
 * An extension exports one function, vt_extension_entry(), which returns a table of operations. It links no
 * symbol of the runtime: what it needs comes with each call. Tables only grow at their end and carry their
 * size, so an extension that was compiled with these headers keeps loading in later runtimes, and the other
 * way round; another major version is refused.
 *
 * The shared object stays loaded as long as the core, and any model, compiled model or request that uses one
 * of its operations. Its functions may be called from several threads at once, also for the same node, and
 * must not keep pointers that they are given for longer than the call. */
#ifndef VINTNER_EXTENSION_H
#define VINTNER_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VT_EXTENSION_ABI_MAJOR 1
#define VT_EXTENSION_ABI_MINOR 0

/* What every table begins with; `size` is sizeof the table as its author knew it. */
typedef struct {
    uint16_t major, minor;
    uint32_t size;
} vt_extension_abi_t;

#define VT_EXTENSION_ABI(table)                                                                              \
    {                                                                                                        \
        VT_EXTENSION_ABI_MAJOR, VT_EXTENSION_ABI_MINOR, sizeof(table)                                        \
    }

/* Element types, with the numbers of ov_element_type_e. Elements of less than a byte are packed, low bits
 * first (U1: high bit first). Tensors of strings never reach an extension. */
typedef enum {
    VT_EXTENSION_DYNAMIC = 0, /* not known yet */
    VT_EXTENSION_BOOLEAN = 1, /* one byte, 0 or 1 */
    VT_EXTENSION_BF16 = 2,
    VT_EXTENSION_F16 = 3,
    VT_EXTENSION_F32 = 4,
    VT_EXTENSION_F64 = 5,
    VT_EXTENSION_I4 = 6,
    VT_EXTENSION_I8 = 7,
    VT_EXTENSION_I16 = 8,
    VT_EXTENSION_I32 = 9,
    VT_EXTENSION_I64 = 10,
    VT_EXTENSION_U1 = 11,
    VT_EXTENSION_U2 = 12,
    VT_EXTENSION_U3 = 13,
    VT_EXTENSION_U4 = 14,
    VT_EXTENSION_U6 = 15,
    VT_EXTENSION_U8 = 16,
    VT_EXTENSION_U16 = 17,
    VT_EXTENSION_U32 = 18,
    VT_EXTENSION_U64 = 19,
    VT_EXTENSION_NF4 = 20,
    VT_EXTENSION_F8E4M3 = 21,
    VT_EXTENSION_F8E5M2 = 22,
    VT_EXTENSION_F4E2M1 = 24,
    VT_EXTENSION_F8E8M0 = 25
} vt_extension_type_e;

#define VT_EXTENSION_MAX_RANK 16

/* A dimension is an interval: {n, n} is fixed, max -1 is unbounded, {0, -1} says nothing. */
typedef struct {
    int64_t min, max;
} vt_extension_dim_t;

/* What is known of a tensor before it exists. */
typedef struct {
    int32_t type; /* vt_extension_type_e */
    int32_t rank; /* -1: not known */
    vt_extension_dim_t dims[VT_EXTENSION_MAX_RANK];
    const void *data; /* of an input whose elements are known (constants; all inputs when the model runs),
                         dense and aligned to the element; NULL elsewhere and in outputs */
} vt_extension_value_t;

/* A tensor: dense, the last dimension runs fastest, aligned to its elements. */
typedef struct {
    int32_t type;
    int32_t rank; /* of an output whose shape is not known yet: -1 */
    int64_t dims[VT_EXTENSION_MAX_RANK];
    void *data; /* NULL without elements; inputs must not be changed */
    size_t bytes;
} vt_extension_tensor_t;

#if defined(__GNUC__)
#define VT_EXTENSION_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define VT_EXTENSION_PRINTF(text, first)
#endif

/* ---- what the runtime offers during a call */

typedef struct vt_extension_call vt_extension_call_t;

typedef struct {
    vt_extension_abi_t abi;

    /* Say why the call fails, in the manner of printf; the runtime puts the node's name in front. Returns -1,
     * so that `return host->fail(call, "...")` ends the function that was called. */
    int (*fail)(vt_extension_call_t *call, const char *format, ...) VT_EXTENSION_PRINTF(2, 3);

    /* The node's name in the model. */
    const char *(*node_name)(vt_extension_call_t *call);

    /* Attributes by name; what the model does not give has its default. 0, "" or no elements for a name that
     * the operation's table lacks. Booleans and element types are read by attr_i64. *n may be NULL. */
    int64_t (*attr_i64)(vt_extension_call_t *call, const char *name);
    double (*attr_f64)(vt_extension_call_t *call, const char *name);
    const char *(*attr_text)(vt_extension_call_t *call, const char *name);
    const int64_t *(*attr_i64s)(vt_extension_call_t *call, const char *name, size_t *n);
    const double *(*attr_f64s)(vt_extension_call_t *call, const char *name, size_t *n);
    /* A shape: its dimensions, and its rank or -1. */
    const vt_extension_dim_t *(*attr_shape)(vt_extension_call_t *call, const char *name, int32_t *rank);
    int (*attr_given)(vt_extension_call_t *call, const char *name); /* 1: by the model */

    /* evaluate() of an operation with VT_EXTENSION_DATA_SHAPE: fix the shape of an output. Its memory is then
     * outputs[index]->data. 0, or -1 when the shape contradicts what infer() said or memory is short:
     * evaluate() has to return then. */
    int (*output)(vt_extension_call_t *call, size_t index, int32_t rank, const int64_t *dims);

    /* 1 once the inference was cancelled: an evaluate() that takes long may look now and then, and return
     * anything but 0. */
    int (*cancelled)(vt_extension_call_t *call);
} vt_extension_host_t;

/* ---- operations */

typedef enum {
    VT_EXTENSION_ATTR_I64 = 1,
    VT_EXTENSION_ATTR_F64 = 2,
    VT_EXTENSION_ATTR_BOOL = 3, /* "true", "false", "1", "0" */
    VT_EXTENSION_ATTR_TEXT = 4,
    VT_EXTENSION_ATTR_I64S = 5, /* "1, 2, 3" */
    VT_EXTENSION_ATTR_F64S = 6,
    VT_EXTENSION_ATTR_TYPE = 7, /* "f32" */
    VT_EXTENSION_ATTR_SHAPE = 8 /* "1,?,3..7"; "..." leaves the rank open */
} vt_extension_attr_type_e;

typedef struct {
    const char *name;
    int32_t type;         /* vt_extension_attr_type_e */
    int32_t required;     /* 1: the model has to give it */
    const char *standard; /* default, as models write it; NULL: 0, "", no elements, dynamic, open rank */
    const char *allowed;  /* texts: "nearest|linear", compared without case; NULL: anything */
    double min, max;      /* numbers and each element of lists, where min < max; else any */
} vt_extension_attr_t;

typedef struct {
    const vt_extension_host_t *host;
    vt_extension_call_t *call;
    void *context; /* the operation's */
    size_t n_inputs, n_outputs;
    const vt_extension_value_t *const *inputs; /* NULL where the model leaves one out */
    vt_extension_value_t *const *outputs; /* to fill: type, rank, dims; type DYNAMIC and rank -1 at first */
} vt_extension_infer_t;

typedef struct {
    const vt_extension_host_t *host;
    vt_extension_call_t *call;
    void *context;
    size_t n_inputs, n_outputs;
    const vt_extension_tensor_t *const *inputs;  /* NULL where the model leaves one out */
    const vt_extension_tensor_t *const *outputs; /* with memory, which is to be filled: all of it */
} vt_extension_evaluate_t;

/* vt_extension_op_t.flags */
#define VT_EXTENSION_DATA_SHAPE                                                                              \
    1u                          /* shapes of outputs depend on the elements of inputs: see host->output      \
                                 */
#define VT_EXTENSION_RANDOM  2u /* not the same every time: never computed in advance, never merged */
#define VT_EXTENSION_NO_FOLD 4u /* never computed in advance, even where all inputs are constants */

#define VT_EXTENSION_ANY (-1)

typedef struct {
    size_t size;       /* sizeof(vt_extension_op_t) */
    const char *name;  /* as models call it: the type of an IR file's layer, the operator of an ONNX model */
    const char *opset; /* in which set: the version of an IR file's layer, usually "extension"; the domain of
                          an ONNX operator. An operation that the runtime has itself cannot be replaced */
    int32_t min_inputs, max_inputs; /* max_inputs VT_EXTENSION_ANY: no limit */
    int32_t n_outputs;              /* at least 1, or VT_EXTENSION_ANY: as many as the model says */
    uint32_t flags;                 /* VT_EXTENSION_... */

    const vt_extension_attr_t *attrs; /* may be NULL when n_attrs is 0 */
    size_t n_attrs;                   /* at most 64 */
    size_t attr_size;                 /* sizeof(vt_extension_attr_t) */

    /* Types and shapes of the outputs as far as they follow from what is known of the inputs. Called when a
     * model is read or reshaped, and with fixed shapes when it runs: then every output must come out with a
     * type and, unless the operation has VT_EXTENSION_DATA_SHAPE, with a fixed shape, and nothing may
     * contradict what was said before. Required. */
    int (*infer)(vt_extension_infer_t *c);

    /* Compute the outputs. Required. Both return 0, or anything else for a failure. */
    int (*evaluate)(vt_extension_evaluate_t *c);

    void *context; /* passed on to both */
} vt_extension_op_t;

/* Everything the table points to stays as it is while the shared object is loaded. */
typedef struct {
    vt_extension_abi_t abi;
    const char *name;    /* of the extension, for messages */
    const char *version; /* free text; may be NULL */
    size_t n_ops;
    const vt_extension_op_t *const *ops;
} vt_extension_t;

/* The function that a shared object exports. It gets the runtime's ABI and returns NULL when it cannot live
 * with it. */
#define VT_EXTENSION_SYMBOL "vt_extension_entry"
typedef const vt_extension_t *(*vt_extension_entry_fn)(int host_major, int host_minor);

/* In front of the function's definition. */
#if defined(_WIN32)
#define VT_EXTENSION_EXPORT __declspec(dllexport)
#else
#define VT_EXTENSION_EXPORT __attribute__((visibility("default")))
#endif

VT_EXTENSION_EXPORT const vt_extension_t *vt_extension_entry(int host_major, int host_minor);

#ifdef __cplusplus
}
#endif

#endif
