/* What the translators of operators see (frontends/onnx/ops). One function per operator builds OpenVINO
 * operations for one node of the model:
 *
 *     int onnx_hard_swish(struct onnx_node *n)
 *     {
 *         return onnx_out(n, 0, onnx_unary(n, "HSwish", 4, onnx_in(n, 0)));
 *     }
 *
 * Errors are sticky: after the first one every function of this header does nothing and answers an absent
 * value, 0 or NULL, and the translator's status is the error. So calls can be nested without a check between
 * them; only loops and memory accesses that depend on an answer have to look.
 *
 * Every node is inferred as it is built, so that types, ranks, shapes and small integer values are known as
 * far as they can be. Translators have to work with open dimensions, and with open ranks where the operator
 * can be said without the rank. */
#ifndef ONNX_ONNX_H
#define ONNX_ONNX_H

#include "vt/host.h"

#include <stdarg.h>

struct onnx_node; /* a node of the model while it is translated */
struct onnx_graph;
struct onnx_sequence;

/* An output of the graph that is built. node NULL: absent (an input left out, or after an error). */
struct onnx_value {
    struct vt_node *node;
    int port;
};

#define ONNX_ABSENT ((struct onnx_value){NULL, 0})
/* An array of values and its length, for two parameters. */
#define ONNX_IN(...)                                                                                         \
    (const struct onnx_value[]){__VA_ARGS__},                                                                \
        (int)(sizeof((const struct onnx_value[]){__VA_ARGS__}) / sizeof(struct onnx_value))

/* ---- the node */

const char *onnx_op_type(const struct onnx_node *n); /* "Conv" */
int onnx_opset(const struct onnx_node *n);           /* version of its domain that the model imports */
int onnx_n_in(const struct onnx_node *n);            /* inputs as listed, trailing empty ones left out */
int onnx_n_out(const struct onnx_node *n);

/* Whether an input is there, and whether an output has a name. */
bool onnx_has_in(const struct onnx_node *n, int input);
bool onnx_has_out(const struct onnx_node *n, int output);

/* An input; an error when it is left out (onnx_in_opt: absent) or is no tensor but a sequence. */
struct onnx_value onnx_in(struct onnx_node *n, int input);
struct onnx_value onnx_in_opt(struct onnx_node *n, int input);

/* Give an output its value; nothing where the output has no name. Returns the node's status, 0 or negative.
 */
int onnx_out(struct onnx_node *n, int output, struct onnx_value value);

int onnx_status(const struct onnx_node *n);

/* Fail with "FILE: node 'NAME' (OP-OPSET): ...". Returns the status. The first failure stays.
 * VT_E_UNSUPPORTED with "not implemented: WHAT" for what is missing, VT_E_FORMAT or VT_E_INVALID for models
 * that are wrong. */
__attribute__((format(printf, 3, 4))) int onnx_fail(struct onnx_node *n, int code, const char *fmt, ...);

/* Memory that lives as long as the translation of the model, zeroed. NULL is an error that sticks. */
void *onnx_alloc(struct onnx_node *n, size_t bytes);

/* ---- attributes. A missing one answers the default; one of another type is an error. */

bool onnx_has_attr(const struct onnx_node *n, const char *name);
int64_t onnx_attr_i(struct onnx_node *n, const char *name, int64_t def);
float onnx_attr_f(struct onnx_node *n, const char *name, float def);
/* Ends with 0; lives as long as the translation. */
const char *onnx_attr_s(struct onnx_node *n, const char *name, const char *def);
/* NULL and 0 where missing. */
const int64_t *onnx_attr_is(struct onnx_node *n, const char *name, int *count);
const float *onnx_attr_fs(struct onnx_node *n, const char *name, int *count);
const char *const *onnx_attr_ss(struct onnx_node *n, const char *name, int *count);
/* A constant of the tensor; absent where missing. Sparse tensors become dense. */
struct onnx_value onnx_attr_tensor(struct onnx_node *n, const char *name);
/* NULL where missing. */
const struct onnx_graph *onnx_attr_graph(struct onnx_node *n, const char *name);

/* ---- building. `attrs` is a printf format that gives "name=value;name=value" in the texts of IR files
 * (lists "1,2,3", booleans "true"), or NULL. The opset is that of the operation's version. */

/* Answers output 0; the others are onnx_port(). Operations without a fixed number of outputs: n_out says it.
 */
__attribute__((format(printf, 6, 7))) struct onnx_value onnx_op(struct onnx_node *n, const char *op,
                                                                int opset, const struct onnx_value *in,
                                                                int n_in, const char *attrs, ...);
__attribute__((format(printf, 7, 8))) struct onnx_value onnx_op_outs(struct onnx_node *n, const char *op,
                                                                     int opset, int n_out,
                                                                     const struct onnx_value *in, int n_in,
                                                                     const char *attrs, ...);
static inline struct onnx_value onnx_port(struct onnx_value v, int port)
{
    return v.node ? (struct onnx_value){v.node, port} : v;
}

/* "1,2,3" for attributes; lives as long as the translation, "" after an error. */
const char *onnx_list(struct onnx_node *n, const int64_t *values, int count);

/* Constants. Data are copied. */
struct onnx_value onnx_i64(struct onnx_node *n, int64_t value);                     /* scalar */
struct onnx_value onnx_i64s(struct onnx_node *n, const int64_t *values, int count); /* rank 1 */
#define ONNX_I64S(n, ...)                                                                                    \
    onnx_i64s(n, (const int64_t[]){__VA_ARGS__},                                                             \
              (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
/* The bytes of a constant as one of another type and shape that takes as many: like it a view of the model's
 * file where it is one. */
struct onnx_value onnx_constant_as(struct onnx_node *n, struct onnx_value v, enum vt_type type,
                                   const int64_t *dims, int count);
struct onnx_value onnx_number(struct onnx_node *n, enum vt_type type, double value); /* scalar */
struct onnx_value onnx_constant(struct onnx_node *n, const struct vt_tensor *t);
/* A scalar of the element type of `like`, whether that is known now or not. */
struct onnx_value onnx_number_like(struct onnx_node *n, struct onnx_value like, double value);

struct onnx_value onnx_convert(struct onnx_node *n, struct onnx_value v,
                               enum vt_type type); /* v itself if it has it */
struct onnx_value onnx_convert_like(struct onnx_node *n, struct onnx_value v, struct onnx_value like);

/* Common steps. */
struct onnx_value onnx_shape_of(struct onnx_node *n, struct onnx_value v); /* i64, rank 1 */
struct onnx_value onnx_rank_of(struct onnx_node *n, struct onnx_value v);  /* i64 scalar */
struct onnx_value onnx_reshape(struct onnx_node *n, struct onnx_value v, const int64_t *dims, int count,
                               bool zero_keeps);
struct onnx_value onnx_squeeze(struct onnx_node *n, struct onnx_value v, const int64_t *axes, int count);
struct onnx_value onnx_unsqueeze(struct onnx_node *n, struct onnx_value v, const int64_t *axes, int count);
struct onnx_value onnx_transpose(struct onnx_node *n, struct onnx_value v, const int64_t *order, int count);
struct onnx_value onnx_concat(struct onnx_node *n, const struct onnx_value *in, int n_in, int64_t axis);
/* v[..., begin:end:1, ...] along an axis */
struct onnx_value onnx_slice_axis(struct onnx_node *n, struct onnx_value v, int64_t axis, int64_t begin,
                                  int64_t end);
struct onnx_value onnx_gather_axis(struct onnx_node *n, struct onnx_value v, struct onnx_value index,
                                   int64_t axis);
/* Two inputs with NumPy's broadcasting, output 0. */
struct onnx_value onnx_binary(struct onnx_node *n, const char *op, int opset, struct onnx_value a,
                              struct onnx_value b);
static inline struct onnx_value onnx_unary(struct onnx_node *n, const char *op, int opset,
                                           struct onnx_value a)
{
    return onnx_op(n, op, opset, &a, 1, NULL);
}
static inline struct onnx_value onnx_add(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return onnx_binary(n, "Add", 1, a, b);
}
static inline struct onnx_value onnx_sub(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return onnx_binary(n, "Subtract", 1, a, b);
}
static inline struct onnx_value onnx_mul(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return onnx_binary(n, "Multiply", 1, a, b);
}
static inline struct onnx_value onnx_div(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return onnx_binary(n, "Divide", 1, a, b);
}

/* ---- what is known */

enum vt_type onnx_type(const struct onnx_node *n, struct onnx_value v); /* VT_DYNAMIC: not known */
const struct vt_pshape *onnx_shape(const struct onnx_node *n, struct onnx_value v); /* NULL after an error */
int onnx_rank(const struct onnx_node *n, struct onnx_value v);                      /* -1: not known */
/* The rank, which the operator needs: an error when it is open. */
int onnx_need_rank(struct onnx_node *n, struct onnx_value v);
/* A dimension, -1 where it is open; negative axes count from the end. */
int64_t onnx_dim(const struct onnx_node *n, struct onnx_value v, int axis);
/* The elements of a tensor of whole numbers whose values are all known; NULL else. */
const int64_t *onnx_known(struct onnx_node *n, struct onnx_value v, int64_t *count);
/* The same, but needed: an error that calls the input `what`. */
const int64_t *onnx_need_known(struct onnx_node *n, struct onnx_value v, const char *what, int64_t *count);
/* The tensor of a Constant, NULL where it is none. */
const struct vt_tensor *onnx_tensor_of(const struct onnx_node *n, struct onnx_value v);
/* An axis counted from the front; an error outside of -rank..rank-1. */
int64_t onnx_axis(struct onnx_node *n, int64_t axis, int rank);
/* ONNX's TensorProto.DataType as an element type; VT_DYNAMIC and an error for one that there is not. */
enum vt_type onnx_type_of_proto(struct onnx_node *n, int64_t data_type);

/* ---- sequences and optionals: lists of values that are resolved while translating. An absent optional is a
 * sequence value of kind ONNX_NONE. NULL when the input is a tensor. */
enum onnx_sequence_kind { ONNX_LIST, ONNX_NONE };
const struct onnx_sequence *onnx_in_sequence(struct onnx_node *n, int input);
enum onnx_sequence_kind onnx_sequence_kind(const struct onnx_sequence *s);
int onnx_sequence_length(const struct onnx_sequence *s);
struct onnx_value onnx_sequence_at(const struct onnx_sequence *s, int index);
int onnx_out_sequence(struct onnx_node *n, int output, enum onnx_sequence_kind kind,
                      const struct onnx_value *values, int count);

/* ---- the translators: every row of ops.def is a function of this type. */
#define ONNX_OP(domain, name, since, translator) int onnx_##translator(struct onnx_node *n);
#include "ops.def"
#undef ONNX_OP

#endif
