#include "resample.h"

#include "extents.h"

#include <string.h>

/* ---- arithmetic in f64 */

static struct onnx_value number(struct onnx_node *n, double v)
{
    return onnx_number(n, VT_F64, v);
}

static struct onnx_value plus(struct onnx_node *n, struct onnx_value v, double d)
{
    return d == 0 ? v : onnx_add(n, v, number(n, d));
}

static struct onnx_value times(struct onnx_node *n, struct onnx_value v, double d)
{
    return d == 1 ? v : onnx_mul(n, v, number(n, d));
}

/* begin, begin + 1, ... end - 1 */
static struct onnx_value range(struct onnx_node *n, struct onnx_value begin, struct onnx_value end)
{
    return onnx_op(n, "Range", 4,
                   ONNX_IN(onnx_squeeze(n, begin, NULL, 0), onnx_squeeze(n, end, NULL, 0), number(n, 1)),
                   "output_type=f64");
}

static struct onnx_value between(struct onnx_node *n, struct onnx_value v, struct onnx_value low,
                                 struct onnx_value high)
{
    return onnx_binary(n, "Minimum", 1, onnx_binary(n, "Maximum", 1, v, low), high);
}

static struct onnx_value choose(struct onnx_node *n, struct onnx_value condition, struct onnx_value yes,
                                struct onnx_value no)
{
    return onnx_op(n, "Select", 1, ONNX_IN(condition, yes, no), NULL);
}

/* ---- one axis */

struct line {
    struct onnx_value in, out, scale; /* f64 of one element */
    struct onnx_value x;              /* [out]: places in the input */
};

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

static struct onnx_value crop_places(struct onnx_node *n, const struct onnx_resample *r, int i,
                                     const struct line *l, struct onnx_value y)
{
    struct onnx_value last = plus(n, l->in, -1), span = onnx_sub(n, r->end[i], r->begin[i]), many, one;

    many = onnx_mul(n, onnx_mul(n, y, span), last);
    many = onnx_div(n, many, onnx_binary(n, "Maximum", 1, plus(n, l->out, -1), number(n, 1)));
    one = times(n, onnx_mul(n, span, last), 0.5);
    many = choose(n, onnx_binary(n, "Greater", 1, l->out, number(n, 1)), many, one);
    return onnx_add(n, many, onnx_mul(n, r->begin[i], last));
}

/* Where the elements of the output lie in the input. */
static struct onnx_value places(struct onnx_node *n, const struct onnx_resample *r, int i,
                                const struct line *l)
{
    struct onnx_value y = range(n, number(n, 0), l->out), half, one = number(n, 1), adjust;

    if (r->crop) {
        return crop_places(n, r, i, l, y);
    }
    if (is(r->coordinate, "asymmetric")) {
        return onnx_div(n, y, l->scale);
    }
    if (is(r->coordinate, "tf_half_pixel_for_nn")) {
        return onnx_div(n, plus(n, y, 0.5), l->scale);
    }
    if (is(r->coordinate, "align_corners")) {
        struct onnx_value width = plus(n, onnx_mul(n, l->in, l->scale), -1); /* a fraction, perhaps */

        y = onnx_mul(n, y, plus(n, l->in, -1));
        return onnx_div(n, y, choose(n, onnx_binary(n, "Equal", 1, width, number(n, 0)), one, width));
    }
    half = plus(n, onnx_div(n, plus(n, y, 0.5), l->scale), -0.5);
    if (is(r->coordinate, "half_pixel_symmetric")) {
        adjust = onnx_div(n, l->out, onnx_mul(n, l->scale, l->in));
        adjust = onnx_mul(n, times(n, l->in, 0.5), onnx_sub(n, one, adjust));
        return onnx_add(n, adjust, half);
    }
    if (is(r->coordinate, "pytorch_half_pixel")) {
        return choose(n, onnx_binary(n, "Greater", 1, l->out, one), half, number(n, 0));
    }
    return half;
}

static struct onnx_value nearest(struct onnx_node *n, const struct onnx_resample *r, const struct line *l)
{
    struct onnx_value x = l->x;

    if (is(r->nearest, "round_prefer_floor")) {
        x = onnx_unary(n, "Ceiling", 1, plus(n, x, -0.5));
    } else if (is(r->nearest, "round_prefer_ceil")) {
        x = onnx_unary(n, "Floor", 1, plus(n, x, 0.5));
    } else {
        x = onnx_unary(n, is(r->nearest, "ceil") ? "Ceiling" : "Floor", 1, x);
    }
    return onnx_convert(n, between(n, x, number(n, 0), plus(n, l->in, -1)), VT_I64);
}

static struct onnx_value triangle(struct onnx_node *n, struct onnx_value distance)
{
    return onnx_binary(n, "Maximum", 1, onnx_sub(n, number(n, 1), distance), number(n, 0));
}

/* ((a + 2) d - (a + 3)) d d + 1 up to 1, ((a d - 5 a) d + 8 a) d - 4 a up to 2. */
static struct onnx_value cubic(struct onnx_node *n, struct onnx_value d, double a)
{
    struct onnx_value inner, outer;

    inner = plus(n, times(n, d, a + 2), -(a + 3));
    inner = plus(n, onnx_mul(n, onnx_mul(n, inner, d), d), 1);
    outer = plus(n, times(n, d, a), -5 * a);
    outer = plus(n, onnx_mul(n, outer, d), 8 * a);
    outer = plus(n, onnx_mul(n, outer, d), -4 * a);
    outer = choose(n, onnx_binary(n, "Less", 1, d, number(n, 2)), outer, number(n, 0));
    return choose(n, onnx_binary(n, "LessEqual", 1, d, number(n, 1)), inner, outer);
}

/* Rows of weights divided by their sums. */
static struct onnx_value normalized(struct onnx_node *n, struct onnx_value weights)
{
    struct onnx_value sum = onnx_op(n, "ReduceSum", 1, ONNX_IN(weights, ONNX_I64S(n, 1)), "keep_dims=true");

    sum = choose(n, onnx_binary(n, "Equal", 1, sum, number(n, 0)), number(n, 1), sum);
    return onnx_div(n, weights, sum);
}

/* [out, in]: how much of each input element is in each output element. The filter is laid over the input
 * and some more on both sides; what falls there belongs to the border elements. */
static struct onnx_value weights_of(struct onnx_node *n, const struct onnx_resample *r, const struct line *l)
{
    int64_t first = 0, second = 1;
    double reach = is(r->mode, "cubic") ? 2 : 1;
    struct onnx_value stretch = onnx_binary(n, "Minimum", 1, l->scale, number(n, 1)), margin, j, d, w, fold;

    if (r->antialias) {
        margin = plus(n, onnx_unary(n, "Ceiling", 1, onnx_div(n, number(n, reach), stretch)), 1);
    } else {
        margin = number(n, reach + 1);
    }
    if (r->crop || is(r->coordinate, "half_pixel_symmetric")) {
        margin = onnx_add(n, margin, l->in); /* places may lie far outside; those beyond are clamped */
    }
    j = range(n, onnx_sub(n, number(n, 0), margin), onnx_add(n, l->in, margin));
    d = between(n, l->x, onnx_sub(n, number(n, 1), margin), onnx_add(n, plus(n, l->in, -2), margin));
    d = r->crop || is(r->coordinate, "half_pixel_symmetric") ? d : l->x;
    d = onnx_sub(n, onnx_unsqueeze(n, d, &second, 1), onnx_unsqueeze(n, j, &first, 1));
    d = onnx_unary(n, "Abs", 1, d);
    d = r->antialias ? onnx_mul(n, d, stretch) : d;
    w = is(r->mode, "cubic") ? cubic(n, d, r->cubic_a) : triangle(n, d);
    if (r->exclude_outside) {
        struct onnx_value clamped = between(n, j, number(n, 0), plus(n, l->in, -1));

        w = onnx_mul(n, w, onnx_convert(n, onnx_binary(n, "Equal", 1, j, clamped), VT_F64));
    }
    w = r->antialias || r->exclude_outside ? normalized(n, w) : w;
    j = between(n, j, number(n, 0), plus(n, l->in, -1));
    fold = onnx_binary(n, "Equal", 1, onnx_unsqueeze(n, j, &second, 1),
                       onnx_unsqueeze(n, range(n, number(n, 0), l->in), &first, 1));
    return onnx_op(n, "MatMul", 1, ONNX_IN(w, onnx_convert(n, fold, VT_F64)),
                   "transpose_a=false;transpose_b=false");
}

/* Swap an axis with the last one. */
static struct onnx_value swapped(struct onnx_node *n, struct onnx_value v, int rank, int axis)
{
    int64_t order[VT_MAX_RANK];

    for (int i = 0; i < rank; i++) {
        order[i] = i;
    }
    order[axis] = rank - 1;
    order[rank - 1] = axis;
    return axis == rank - 1 ? v : onnx_transpose(n, v, order, rank);
}

static struct onnx_value along_axis(struct onnx_node *n, struct onnx_value v, const struct onnx_resample *r,
                                    int i, const struct line *l, int rank)
{
    struct onnx_value w;

    if (is(r->mode, "nearest")) {
        return onnx_gather_axis(n, v, nearest(n, r, l), r->axes[i]);
    }
    w = onnx_convert_like(n, weights_of(n, r, l), v);
    v = onnx_op(n, "MatMul", 1, ONNX_IN(swapped(n, v, rank, r->axes[i]), w),
                "transpose_a=false;transpose_b=true");
    return swapped(n, v, rank, r->axes[i]);
}

/* Which elements of the output come from outside of the input, shaped to go with it. */
static struct onnx_value strays(struct onnx_node *n, const struct line *l, int rank, int axis)
{
    struct onnx_value low = onnx_binary(n, "Less", 1, l->x, number(n, 0));
    struct onnx_value high = onnx_binary(n, "Greater", 1, l->x, plus(n, l->in, -1));
    int64_t dims[VT_MAX_RANK];

    for (int i = 0; i < rank; i++) {
        dims[i] = i == axis ? -1 : 1;
    }
    return onnx_reshape(n, onnx_binary(n, "LogicalOr", 1, low, high), dims, rank, false);
}

struct onnx_value onnx_resample(struct onnx_node *n, struct onnx_value v, const struct onnx_resample *r)
{
    enum vt_type type = onnx_type(n, v);
    bool nearest_mode = is(r->mode, "nearest");
    struct onnx_value outside = ONNX_ABSENT;
    int rank = onnx_need_rank(n, v);

    if (!nearest_mode && type != VT_F64) {
        v = onnx_convert(n, v, VT_F32);
    }
    for (int i = 0; i < r->n_axes && !onnx_status(n); i++) {
        struct line l = {.out = r->size[i], .scale = r->scale[i]};

        if (r->stays[i]) {
            continue;
        }
        l.in = onnx_convert(n, onnx_extent(n, v, r->axes[i]), VT_F64);
        l.x = places(n, r, i, &l);
        if (r->crop) {
            struct onnx_value s = strays(n, &l, rank, r->axes[i]);

            outside = outside.node ? onnx_binary(n, "LogicalOr", 1, outside, s) : s;
        }
        v = along_axis(n, v, r, i, &l, rank);
    }
    if (outside.node) {
        v = choose(n, outside, onnx_number_like(n, v, r->outside), v);
    }
    if (!nearest_mode && type != VT_DYNAMIC && !vt_type_info(type)->is_float) {
        v = onnx_op(n, "Round", 5, ONNX_IN(v), "mode=half_to_even");
    }
    return nearest_mode || type == VT_DYNAMIC ? v : onnx_convert(n, v, type);
}
