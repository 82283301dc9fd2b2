/* Axes that change their places: channels, heads. */
#ifndef ONNX_LAYOUT_H
#define ONNX_LAYOUT_H

#include "../onnx.h"

/* [N, C, ...] from [N, ..., C], or with `to_last` back. The rank has to be known. */
struct onnx_value onnx_move_channels(struct onnx_node *n, struct onnx_value v, bool to_last);

/* [B, S, heads * D] as [B, heads, S, D]. */
struct onnx_value onnx_split_heads(struct onnx_node *n, struct onnx_value v, int64_t heads);

/* [B, heads, S, D] as [B, S, heads * D]. */
struct onnx_value onnx_merge_heads(struct onnx_node *n, struct onnx_value v);

/* A dimension as a tensor: i64, rank 1, one element. Negative axes count from the end where the rank is
 * known. */
struct onnx_value onnx_dim_of(struct onnx_node *n, struct onnx_value v, int64_t axis);

#endif
