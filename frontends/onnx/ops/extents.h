/* Extents as values of the graph: constants where they are known. */
#ifndef ONNX_EXTENTS_H
#define ONNX_EXTENTS_H

#include "../onnx.h"

/* The extent of an axis (negative: from the end) as an i64 tensor of one element. */
struct onnx_value onnx_extent(struct onnx_node *n, struct onnx_value v, int axis);

/* The extents of axes first..last-1, rank 1; last 0: up to the end. */
struct onnx_value onnx_extents(struct onnx_node *n, struct onnx_value v, int first, int last);

/* The axes first..rank-1, also of an open rank. */
struct onnx_value onnx_axes_from(struct onnx_node *n, struct onnx_value v, int first);

/* Reshape to a shape that is a value; a -1 is worked out, a 0 is an extent of 0. */
struct onnx_value onnx_reshape_to(struct onnx_node *n, struct onnx_value v, struct onnx_value shape);

/* v in f32 for the types f16 and bf16, else itself. */
struct onnx_value onnx_widen(struct onnx_node *n, struct onnx_value v);

#endif
