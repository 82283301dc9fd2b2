/* What is true of an operation on every device: schema, type and shape inference, reference.
 *
 * An operation is a const struct vt_op_def per version. Inference works on struct vt_value (what is known of
 * a tensor before it exists) and runs both when a model is read (partial shapes) and at infer time (concrete
 * shapes and values). The reference is slow and obvious: floats accumulate in double, integers are exact with
 * wrap. */
#ifndef VT_OP_H
#define VT_OP_H

#include "vt/status.h"
#include "vt/tensor.h"

struct vt_node;
struct vt_graph;
struct vt_state_store;

/* ---- attributes -------------------------------------------------------------------------------------------
 */

enum vt_attr_type {
    VT_ATTR_I64 = 1,
    VT_ATTR_F64,
    VT_ATTR_BOOL, /* .i, 0 or 1; texts true/false/1/0 */
    VT_ATTR_STR,
    VT_ATTR_I64S,
    VT_ATTR_F64S,
    VT_ATTR_TYPE,  /* an element type, .i */
    VT_ATTR_SHAPE, /* a partial shape, .shape */
};

union vt_attr_value {
    int64_t i;
    double f;
    const char *s;
    struct {
        const int64_t *v;
        int64_t n;
    } i64s;
    struct {
        const double *v;
        int64_t n;
    } f64s;
    const struct vt_pshape *shape;
};

struct vt_attr_def {
    const char *name;
    enum vt_attr_type type;
    bool required;           /* no default: a frontend must set it */
    union vt_attr_value def; /* default */
    const char *allowed;     /* VT_ATTR_STR: "a|b|c", compared without case; NULL: anything */
    int64_t min, max;        /* VT_ATTR_I64 and each VT_ATTR_I64S element: range when min < max */
    double low, high;        /* the same for VT_ATTR_F64 and VT_ATTR_F64S */
};

/* ---- inference --------------------------------------------------------------------------------------------
 */

/* Bounds of the elements of a small integer tensor, lo[i] <= value <= hi[i]; hi INT64_MAX is "unbounded".
 * This is how the result of ShapeOf stays partly known through the arithmetic that ends in Reshape. */
struct vt_bounds {
    int64_t n;
    int64_t *lo, *hi;
};

#define VT_BOUNDS_MAX 1024 /* tensors with more elements carry no bounds */

/* What is known of a tensor. */
struct vt_value {
    enum vt_type type;
    struct vt_pshape shape;
    const struct vt_bounds *bounds;   /* NULL: nothing known, or not an integer type */
    const struct vt_tensor *constant; /* NULL: not a constant */
};

struct vt_infer {
    const struct vt_node *node; /* attributes: vt_attr_* */
    int n_in, n_out;
    const struct vt_value *const *in; /* NULL where an optional input is left out */
    struct vt_value *out; /* to fill: type and shape; bounds only by operations with a `bounds` rule */
    void *(*alloc)(void *ctx,
                   size_t bytes); /* zeroed memory that lives as long as the values; NULL when out of it */
    void *alloc_ctx;
    struct vt_error *err;
    bool at_run; /* shapes for one evaluation: bodies must stay as they are, since several may run at once */
};

/* ---- evaluation -------------------------------------------------------------------------------------------
 */

struct vt_eval {
    const struct vt_node *node;
    int n_in, n_out;
    const struct vt_tensor *in; /* type VT_DYNAMIC where an optional input is left out */
    struct vt_tensor
        *out;         /* shaped and allocated, except where the shape depends on data (VT_OP_DATA_SHAPE) */
    const bool *made; /* outputs whose memory this evaluation allocates; the others are the caller's */
    struct vt_state_store *states; /* may be NULL outside of stateful models */
    struct vt_error *err;
};

/* VT_OP_DATA_SHAPE operations call this for each output once its shape is known; fills and allocates
 * out[port]. */
int vt_eval_output(struct vt_eval *e, int port, enum vt_type type, int rank, const int64_t *dims);

/* Memory for texts that elements of string outputs view: it lives until the inference has ended and its
 * results were copied. NULL, with the message, when there is none. */
char *vt_eval_text(struct vt_eval *e, size_t bytes);

/* ---- the operation ----------------------------------------------------------------------------------------
 */

enum vt_op_flags {
    VT_OP_MOVES_DATA = 1 << 0, /* elements of data inputs come out unchanged: bounds are found by running the
                                  reference on lower and upper bounds */
    VT_OP_DATA_SHAPE = 1 << 1, /* output shapes depend on data, not only on shapes (NonZero, NMS) */
    VT_OP_RANDOM = 1 << 2,     /* never folded, never merged */
    VT_OP_STATEFUL = 1 << 3,   /* ReadValue, Assign */
    VT_OP_SINK = 1 << 4,       /* kept without consumers (Assign) */
    VT_OP_BODY = 1 << 5,       /* has sub-graphs */
    VT_OP_ELEMENTWISE =
        1 << 6,                /* each output element from the input elements at the same (broadcast) place */
    VT_OP_NO_FOLD = 1 << 7,    /* constant folding leaves it alone */
    VT_OP_VARIADIC = 1 << 8,   /* max_in is no limit */
    VT_OP_UNKNOWN = 1 << 9,    /* stands for an operation that this runtime lacks */
    VT_OP_EXTENSION = 1 << 10, /* comes from an extension (vintner_extension.h) */
    VT_OP_STRINGS = 1 << 11,   /* takes strings at inputs that do not only move, too */
};

struct vt_op_def {
    const char *name; /* opset name: "Softmax" */
    int opset;        /* first opset with this version: 8; 0 is the internal opset of fused operations */
    int min_in, max_in;
    int n_out; /* -1: set by infer through attributes or by the reader (Split, If, ...) */
    unsigned flags;
    unsigned moves; /* bit i: elements of input i come out unchanged (reordered, repeated, dropped), whatever
                       they are; the bounds of outputs are then found by running the reference on lower and on
                       upper bounds. Input 31 and later share bit 31. */
    const struct vt_attr_def *attrs; /* ended by a row without name; NULL: none */
    int (*infer)(struct vt_infer *c);
    int (*eval)(struct vt_eval *e);    /* NULL: no reference yet */
    int (*bounds)(struct vt_infer *c); /* fills out[].bounds from in[].bounds after infer; NULL: found by
                                          `moves`, or by the reference when all inputs are known */
};

/* Attribute of a node by name; the name must be in the schema (checked in debug builds, 0/NULL in release).
 */
int64_t vt_attr_i64(const struct vt_node *node, const char *name);
double vt_attr_f64(const struct vt_node *node, const char *name);
bool vt_attr_bool(const struct vt_node *node, const char *name);
const char *vt_attr_str(const struct vt_node *node, const char *name);
const int64_t *vt_attr_i64s(const struct vt_node *node, const char *name, int64_t *n);
const double *vt_attr_f64s(const struct vt_node *node, const char *name, int64_t *n);
enum vt_type vt_attr_type_of(const struct vt_node *node, const char *name);
const struct vt_pshape *vt_attr_shape(const struct vt_node *node, const char *name);
bool vt_attr_is(const struct vt_node *node, const char *name,
                const char *value); /* string compare without case */

/* Set an attribute; texts are parsed by the schema's type (lists are separated by commas). Values are copied
 * into the graph's arena. VT_E_NOT_FOUND for a name that the schema lacks, VT_E_INVALID for a value it
 * forbids. */
int vt_attr_set_text(struct vt_node *node, const char *name, const char *text, struct vt_error *err);
int vt_attr_set_i64(struct vt_node *node, const char *name, int64_t value);
int vt_attr_set_f64(struct vt_node *node, const char *name, double value);
int vt_attr_set_str(struct vt_node *node, const char *name, const char *value);
int vt_attr_set_i64s(struct vt_node *node, const char *name, int64_t n, const int64_t *values);
int vt_attr_set_f64s(struct vt_node *node, const char *name, int64_t n, const double *values);
int vt_attr_set_shape(struct vt_node *node, const char *name, const struct vt_pshape *shape);

const char *vt_node_name(const struct vt_node *node);

#endif
