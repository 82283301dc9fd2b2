/* Steps that several translators of tensor operators share. Like those of onnx.h they do nothing after an
 * error. */
#ifndef ONNX_PARTS_H
#define ONNX_PARTS_H

#include "../onnx.h"

/* A tensor of one element as a scalar. */
struct onnx_value onnx_scalar(struct onnx_node *n, struct onnx_value v);
/* An input of one element as an i64 scalar. */
struct onnx_value onnx_scalar_in(struct onnx_node *n, int input);
/* A dimension as an i64 scalar; negative axes count from the end. */
struct onnx_value onnx_dim_value(struct onnx_node *n, struct onnx_value v, int64_t axis);
/* begin, begin + step, ... before end; scalars in, rank 1 out. */
struct onnx_value onnx_range(struct onnx_node *n, enum vt_type type, struct onnx_value begin,
                             struct onnx_value end, struct onnx_value step);
/* 0, 1, ..., count - 1 as i64, of rank `rank` with all of it along `axis`. */
struct onnx_value onnx_iota(struct onnx_node *n, struct onnx_value count, int rank, int axis);
struct onnx_value onnx_select(struct onnx_node *n, struct onnx_value condition, struct onnx_value yes,
                              struct onnx_value no);
/* mode: "numpy" or "bidirectional" */
struct onnx_value onnx_broadcast(struct onnx_node *n, struct onnx_value v, struct onnx_value shape,
                                 const char *mode);
/* As a matrix: the axes before `axis` (0..rank, negative from the end) and the others. */
struct onnx_value onnx_flatten_at(struct onnx_node *n, struct onnx_value v, int64_t axis);
/* 0, 1, ..., rank - 1, whether the rank is known or not. */
struct onnx_value onnx_all_axes(struct onnx_node *n, struct onnx_value v);
struct onnx_value onnx_reduce_axes(struct onnx_node *n, const char *op, int opset, struct onnx_value v,
                                   struct onnx_value axes, bool keep);
/* The first place of the largest ("max") or smallest ("min") element along an axis, which stays with one
 * element; i64. */
struct onnx_value onnx_place_of(struct onnx_node *n, struct onnx_value v, int64_t axis, const char *mode);
/* Elements in reverse order along an axis. */
struct onnx_value onnx_reversed(struct onnx_node *n, struct onnx_value v, int64_t axis);
/* A value converted as Cast does: floats of eight bits take attributes `saturate` and `round_mode`. */
struct onnx_value onnx_cast_as(struct onnx_node *n, struct onnx_value v, enum vt_type type);
/* A scalar of the type of `like` that fills space: 0, or an empty text. */
struct onnx_value onnx_nothing_like(struct onnx_node *n, struct onnx_value like);
/* Attribute `dtype` (or another name) as a type; `def` where it is missing. */
enum vt_type onnx_attr_type(struct onnx_node *n, const char *name, enum vt_type def);

static inline const char *onnx_bool(bool b)
{
    return b ? "true" : "false";
}

#endif
