/* Reductions, the places of extremes, and running sums and products. */
#include "parts.h"

/* `axes` if there are any, else all: their number is known only when the model runs. */
static struct onnx_value axes_or_all(struct onnx_node *n, struct onnx_value data, struct onnx_value axes)
{
    struct onnx_value all = onnx_all_axes(n, data), zero = onnx_i64(n, 0),
                      length = onnx_squeeze(n, onnx_shape_of(n, axes), (const int64_t[]){0}, 1),
                      count = onnx_select(n, onnx_binary(n, "Equal", 1, length, zero), onnx_rank_of(n, data),
                                          zero);

    count = onnx_unsqueeze(n, count, (const int64_t[]){0}, 1);
    all = onnx_op(n, "Slice", 8, ONNX_IN(all, ONNX_I64S(n, 0), count, ONNX_I64S(n, 1)), NULL);
    return onnx_concat(n, ONNX_IN(onnx_convert(n, axes, VT_I64), all), 0);
}

/* Axes are an input from opset `since` on, an attribute before. None means all, or none at all where
 * noop_with_empty_axes says so. */
static struct onnx_value axes_of(struct onnx_node *n, struct onnx_value data, int since)
{
    bool noop = onnx_attr_i(n, "noop_with_empty_axes", 0);
    int64_t nothing = 0;
    int count = 0;

    if (onnx_opset(n) >= since && onnx_has_in(n, 1)) {
        struct onnx_value axes = onnx_in(n, 1);
        int64_t length = onnx_dim(n, axes, 0);

        if (onnx_rank(n, axes) == 0 || length > 0) {
            return axes;
        }
        if (length < 0) {
            return noop ? axes : axes_or_all(n, data, axes);
        }
    } else if (onnx_opset(n) < since) {
        const int64_t *axes = onnx_attr_is(n, "axes", &count);

        if (count > 0) {
            return onnx_i64s(n, axes, count);
        }
    }
    return noop ? onnx_i64s(n, &nothing, 0) : onnx_all_axes(n, data);
}

static bool keeps(struct onnx_node *n)
{
    return onnx_attr_i(n, "keepdims", 1);
}

static int reduce(struct onnx_node *n, const char *op, int opset, int since)
{
    struct onnx_value data = onnx_in(n, 0);

    return onnx_out(n, 0, onnx_reduce_axes(n, op, opset, data, axes_of(n, data, since), keeps(n)));
}

int onnx_reduce_sum(struct onnx_node *n)
{
    return reduce(n, "ReduceSum", 1, 13);
}

int onnx_reduce_mean(struct onnx_node *n)
{
    return reduce(n, "ReduceMean", 1, 18);
}

int onnx_reduce_max(struct onnx_node *n)
{
    return reduce(n, onnx_type(n, onnx_in(n, 0)) == VT_BOOLEAN ? "ReduceLogicalOr" : "ReduceMax", 1, 18);
}

int onnx_reduce_min(struct onnx_node *n)
{
    return reduce(n, onnx_type(n, onnx_in(n, 0)) == VT_BOOLEAN ? "ReduceLogicalAnd" : "ReduceMin", 1, 18);
}

int onnx_reduce_prod(struct onnx_node *n)
{
    return reduce(n, "ReduceProd", 1, 18);
}

int onnx_reduce_l1(struct onnx_node *n)
{
    return reduce(n, "ReduceL1", 4, 18);
}

int onnx_reduce_l2(struct onnx_node *n)
{
    return reduce(n, "ReduceL2", 4, 18);
}

int onnx_reduce_sum_square(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), axes = axes_of(n, x, 18);

    return onnx_out(n, 0, onnx_reduce_axes(n, "ReduceSum", 1, onnx_mul(n, x, x), axes, keeps(n)));
}

/* Logarithms of whole numbers are taken as floats. */
static struct onnx_value as_float(struct onnx_node *n, struct onnx_value v)
{
    const struct vt_type_info *type = vt_type_info(onnx_type(n, v));

    return type->bits && !type->is_float ? onnx_convert(n, v, VT_F64) : v;
}

int onnx_reduce_log_sum(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), axes = axes_of(n, data, 18),
                      sum = onnx_reduce_axes(n, "ReduceSum", 1, as_float(n, data), axes, keeps(n));

    return onnx_out(n, 0, onnx_convert_like(n, onnx_unary(n, "Log", 1, sum), data));
}

/* log(sum(exp(x - m))) + m with the largest element m, 0 where that is infinite. */
int onnx_reduce_log_sum_exp(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), axes = axes_of(n, data, 18), x = as_float(n, data), most, sum;

    most = onnx_reduce_axes(n, "ReduceMax", 1, x, axes, true);
    most = onnx_select(n, onnx_unary(n, "IsFinite", 10, most), most, onnx_number_like(n, x, 0));
    sum = onnx_unary(n, "Exp", 1, onnx_sub(n, x, most));
    sum = onnx_unary(n, "Log", 1, onnx_reduce_axes(n, "ReduceSum", 1, sum, axes, true));
    sum = onnx_add(n, sum, most);
    if (!keeps(n)) {
        sum = onnx_reduce_axes(n, "ReduceSum", 1, sum, axes, false);
    }
    return onnx_out(n, 0, onnx_convert_like(n, sum, data));
}

/* ---- places of extremes */

static int place(struct onnx_node *n, const char *mode)
{
    struct onnx_value x = onnx_in(n, 0), at;
    int64_t axis = onnx_attr_i(n, "axis", 0);

    if (onnx_attr_i(n, "select_last_index", 0)) {
        struct onnx_value last = onnx_sub(n, onnx_dim_value(n, x, axis), onnx_i64(n, 1));

        at = onnx_sub(n, last, onnx_place_of(n, onnx_reversed(n, x, axis), axis, mode));
    } else {
        at = onnx_place_of(n, x, axis, mode);
    }
    return onnx_out(n, 0, keeps(n) ? at : onnx_squeeze(n, at, &axis, 1));
}

int onnx_arg_max(struct onnx_node *n)
{
    return place(n, "max");
}

int onnx_arg_min(struct onnx_node *n)
{
    return place(n, "min");
}

/* ---- running sums and products */

int onnx_cum_sum(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "CumSum", 3, ONNX_IN(onnx_in(n, 0), onnx_scalar_in(n, 1)),
                            "exclusive=%s;reverse=%s", onnx_bool(onnx_attr_i(n, "exclusive", 0)),
                            onnx_bool(onnx_attr_i(n, "reverse", 0))));
}

/* The product of elements begin..end-1 of a list, rank 1. */
static struct onnx_value product(struct onnx_node *n, struct onnx_value list, struct onnx_value begin,
                                 struct onnx_value end)
{
    struct onnx_value part = onnx_op(n, "Slice", 8, ONNX_IN(list, begin, end, ONNX_I64S(n, 1)), NULL);

    return onnx_reduce_axes(n, "ReduceProd", 1, part, onnx_i64(n, 0), true);
}

/* No operation multiplies along an axis, so each result is the product of all elements with a 1 for those
 * that do not count: dst[j] = prod over i of (counts(i, j) ? src[i] : 1), the tensor seen as [outer, axis,
 * inner]. */
int onnx_cum_prod(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), shape = onnx_shape_of(n, x), axis, count, from, to, counts, v;
    bool reverse = onnx_attr_i(n, "reverse", 0);

    axis = onnx_binary(n, "FloorMod", 1, onnx_scalar_in(n, 1), onnx_rank_of(n, x));
    axis = onnx_reshape(n, axis, (const int64_t[]){1}, 1, false);
    count = onnx_gather_axis(n, shape, axis, 0);
    v = onnx_concat(n,
                    ONNX_IN(product(n, shape, ONNX_I64S(n, 0), axis), count,
                            product(n, shape, onnx_add(n, axis, onnx_i64(n, 1)), ONNX_I64S(n, INT64_MAX))),
                    0);
    v = onnx_op(n, "Reshape", 1, ONNX_IN(x, v), "special_zero=false");
    count = onnx_scalar(n, count);
    from = onnx_iota(n, count, 3, 0);
    to = onnx_iota(n, count, 2, 0);
    counts = onnx_binary(n, onnx_attr_i(n, "exclusive", 0) ? "Less" : "LessEqual", 1, reverse ? to : from,
                         reverse ? from : to);
    v = onnx_unsqueeze(n, v, (const int64_t[]){2}, 1);
    v = onnx_select(n, counts, v, onnx_number_like(n, x, 1));
    v = onnx_reduce_axes(n, "ReduceProd", 1, v, onnx_i64(n, 1), false);
    return onnx_out(n, 0, onnx_op(n, "Reshape", 1, ONNX_IN(v, shape), "special_zero=false"));
}
