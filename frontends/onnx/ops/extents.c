#include "extents.h"

struct onnx_value onnx_extents(struct onnx_node *n, struct onnx_value v, int first, int last)
{
    int rank = onnx_rank(n, v);
    int64_t dims[VT_MAX_RANK];
    bool known = rank >= 0;

    if (rank >= 0) {
        first = first < 0 ? first + rank : first;
        last = last <= 0 ? last + rank : last;
        if (first < 0 || last > rank || first > last) {
            onnx_fail(n, VT_E_SHAPE, "a tensor of %d axes where more are wanted", rank);
            return ONNX_ABSENT;
        }
    }
    for (int i = first; known && i < last; i++) {
        dims[i - first] = onnx_dim(n, v, i);
        known &= dims[i - first] >= 0;
    }
    return known ? onnx_i64s(n, dims, last - first)
                 : onnx_slice_axis(n, onnx_shape_of(n, v), 0, first, last == 0 ? INT64_MAX : last);
}

struct onnx_value onnx_extent(struct onnx_node *n, struct onnx_value v, int axis)
{
    return onnx_extents(n, v, axis, axis + 1);
}

struct onnx_value onnx_axes_from(struct onnx_node *n, struct onnx_value v, int first)
{
    int rank = onnx_rank(n, v);
    int64_t axes[VT_MAX_RANK];

    if (rank < 0) {
        return onnx_op(n, "Range", 4, ONNX_IN(onnx_i64(n, first), onnx_rank_of(n, v), onnx_i64(n, 1)),
                       "output_type=i64");
    }
    for (int i = first; i < rank; i++) {
        axes[i - first] = i;
    }
    return onnx_i64s(n, axes, rank > first ? rank - first : 0);
}

struct onnx_value onnx_reshape_to(struct onnx_node *n, struct onnx_value v, struct onnx_value shape)
{
    return onnx_op(n, "Reshape", 1, ONNX_IN(v, shape), "special_zero=false");
}

struct onnx_value onnx_widen(struct onnx_node *n, struct onnx_value v)
{
    enum vt_type type = onnx_type(n, v);

    return type == VT_F16 || type == VT_BF16 ? onnx_convert(n, v, VT_F32) : v;
}
