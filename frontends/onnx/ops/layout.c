#include "layout.h"

struct onnx_value onnx_move_channels(struct onnx_node *n, struct onnx_value v, bool to_last)
{
    int rank = onnx_need_rank(n, v);
    int64_t order[VT_MAX_RANK] = {0};

    for (int i = 1; i < rank; i++) {
        order[i] = to_last ? (i == rank - 1 ? 1 : i + 1) : (i == 1 ? rank - 1 : i - 1);
    }
    return onnx_transpose(n, v, order, rank > 0 ? rank : 0);
}

struct onnx_value onnx_split_heads(struct onnx_node *n, struct onnx_value v, int64_t heads)
{
    v = onnx_reshape(n, v, (const int64_t[]){0, 0, heads, -1}, 4, true);
    return onnx_transpose(n, v, (const int64_t[]){0, 2, 1, 3}, 4);
}

struct onnx_value onnx_merge_heads(struct onnx_node *n, struct onnx_value v)
{
    v = onnx_transpose(n, v, (const int64_t[]){0, 2, 1, 3}, 4);
    return onnx_reshape(n, v, (const int64_t[]){0, 0, -1}, 3, true);
}

struct onnx_value onnx_dim_of(struct onnx_node *n, struct onnx_value v, int64_t axis)
{
    if (axis < 0) {
        axis = onnx_axis(n, axis, onnx_need_rank(n, v));
    }
    return onnx_gather_axis(n, onnx_shape_of(n, v), ONNX_I64S(n, axis), 0);
}
