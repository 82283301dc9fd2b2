#include "parts.h"

static const int64_t none[1];

struct onnx_value onnx_scalar(struct onnx_node *n, struct onnx_value v)
{
    return onnx_rank(n, v) == 0 ? v : onnx_reshape(n, v, none, 0, false);
}

struct onnx_value onnx_scalar_in(struct onnx_node *n, int input)
{
    return onnx_convert(n, onnx_scalar(n, onnx_in(n, input)), VT_I64);
}

struct onnx_value onnx_dim_value(struct onnx_node *n, struct onnx_value v, int64_t axis)
{
    int64_t dim = onnx_dim(n, v, (int)axis);

    if (dim >= 0) {
        return onnx_i64(n, dim);
    }
    return onnx_gather_axis(n, onnx_shape_of(n, v), onnx_i64(n, axis), 0);
}

struct onnx_value onnx_range(struct onnx_node *n, enum vt_type type, struct onnx_value begin,
                             struct onnx_value end, struct onnx_value step)
{
    return onnx_op(n, "Range", 4, ONNX_IN(begin, end, step), "output_type=%s", vt_type_info(type)->name);
}

struct onnx_value onnx_iota(struct onnx_node *n, struct onnx_value count, int rank, int axis)
{
    struct onnx_value v = onnx_range(n, VT_I64, onnx_i64(n, 0), count, onnx_i64(n, 1));
    int64_t dims[VT_MAX_RANK];

    for (int i = 0; i < rank && i < VT_MAX_RANK; i++) {
        dims[i] = i == axis ? -1 : 1;
    }
    return rank == 1 ? v : onnx_reshape(n, v, dims, rank, false);
}

struct onnx_value onnx_select(struct onnx_node *n, struct onnx_value condition, struct onnx_value yes,
                              struct onnx_value no)
{
    return onnx_op(n, "Select", 1, ONNX_IN(condition, yes, no), NULL);
}

struct onnx_value onnx_broadcast(struct onnx_node *n, struct onnx_value v, struct onnx_value shape,
                                 const char *mode)
{
    return onnx_op(n, "Broadcast", 3, ONNX_IN(v, shape), "mode=%s", mode);
}

/* The product of dimensions begin..end-1, as rank 1. */
static struct onnx_value dims_product(struct onnx_node *n, struct onnx_value shape, int64_t begin,
                                      int64_t end)
{
    struct onnx_value part = onnx_slice_axis(n, shape, 0, begin, end);

    return onnx_reduce_axes(n, "ReduceProd", 1, part, onnx_i64(n, 0), true);
}

struct onnx_value onnx_flatten_at(struct onnx_node *n, struct onnx_value v, int64_t axis)
{
    int rank = onnx_rank(n, v);
    struct onnx_value rows, columns;

    axis += axis < 0 && rank >= 0 ? rank : 0;
    if (rank >= 0 && (axis < 0 || axis > rank)) {
        onnx_fail(n, VT_E_INVALID, "axis %lld is outside of rank %d", (long long)axis, rank);
    }
    if (axis == 0) {
        return onnx_reshape(n, v, (const int64_t[]){1, -1}, 2, false);
    }
    if (axis == 1 && rank > 1) {
        return onnx_reshape(n, v, (const int64_t[]){0, -1}, 2, true);
    }
    if (rank >= 0 && axis == rank) {
        return onnx_reshape(n, v, (const int64_t[]){-1, 1}, 2, false);
    }
    rows = dims_product(n, onnx_shape_of(n, v), 0, axis);
    columns = dims_product(n, onnx_shape_of(n, v), axis, INT64_MAX);
    return onnx_op(n, "Reshape", 1, ONNX_IN(v, onnx_concat(n, ONNX_IN(rows, columns), 0)),
                   "special_zero=false");
}

struct onnx_value onnx_all_axes(struct onnx_node *n, struct onnx_value v)
{
    int rank = onnx_rank(n, v);
    int64_t axes[VT_MAX_RANK];

    if (rank < 0) {
        return onnx_range(n, VT_I64, onnx_i64(n, 0), onnx_rank_of(n, v), onnx_i64(n, 1));
    }
    for (int i = 0; i < rank; i++) {
        axes[i] = i;
    }
    return onnx_i64s(n, axes, rank);
}

struct onnx_value onnx_reduce_axes(struct onnx_node *n, const char *op, int opset, struct onnx_value v,
                                   struct onnx_value axes, bool keep)
{
    return onnx_op(n, op, opset, ONNX_IN(v, axes), "keep_dims=%s", onnx_bool(keep));
}

struct onnx_value onnx_place_of(struct onnx_node *n, struct onnx_value v, int64_t axis, const char *mode)
{
    return onnx_port(onnx_op(n, "TopK", 11, ONNX_IN(v, onnx_i64(n, 1)),
                             "axis=%lld;mode=%s;sort=value;stable=true;index_element_type=i64",
                             (long long)axis, mode),
                     1);
}

struct onnx_value onnx_reversed(struct onnx_node *n, struct onnx_value v, int64_t axis)
{
    struct onnx_value back = ONNX_I64S(n, -1), end = ONNX_I64S(n, -INT64_MAX), at = onnx_i64s(n, &axis, 1);

    return onnx_op(n, "Slice", 8, ONNX_IN(v, back, end, back, at), NULL);
}

enum vt_type onnx_attr_type(struct onnx_node *n, const char *name, enum vt_type def)
{
    return onnx_has_attr(n, name) ? onnx_type_of_proto(n, onnx_attr_i(n, name, 0)) : def;
}
