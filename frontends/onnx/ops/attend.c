#include "attend.h"

#include "extents.h"
#include "layout.h"

#include <math.h>

/* What is out of sight gets a score that is too low to count. */
static struct onnx_value lowest(struct onnx_node *n, struct onnx_value like)
{
    return onnx_number_like(n, like, onnx_type(n, like) == VT_F16 ? -65504.0 : -3.0e38);
}

/* Each of `groups` heads of keys for heads / groups heads of queries. */
static struct onnx_value repeat_heads(struct onnx_node *n, struct onnx_value v, int64_t heads, int64_t groups)
{
    int64_t one = 2;
    struct onnx_value shape, wide;

    if (heads == groups) {
        return v;
    }
    if (groups < 1 || heads % groups) {
        onnx_fail(n, VT_E_INVALID, "%lld heads of queries for %lld of keys", (long long)heads,
                  (long long)groups);
        return ONNX_ABSENT;
    }
    shape = onnx_shape_of(n, v);
    wide = onnx_concat(n,
                       ONNX_IN(onnx_slice_axis(n, shape, 0, 0, 2), ONNX_I64S(n, heads / groups),
                               onnx_slice_axis(n, shape, 0, 2, 4)),
                       0);
    wide = onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_unsqueeze(n, v, &one, 1), wide), "mode=bidirectional");
    shape = onnx_concat(
        n,
        ONNX_IN(onnx_slice_axis(n, shape, 0, 0, 1), ONNX_I64S(n, heads), onnx_slice_axis(n, shape, 0, 2, 4)),
        0);
    return onnx_op(n, "Reshape", 1, ONNX_IN(wide, shape), "special_zero=false");
}

static struct onnx_value factor(struct onnx_node *n, const struct attention *a)
{
    int64_t size = onnx_dim(n, a->q, 3);

    if (a->scale != 0) {
        return onnx_number_like(n, a->q, (double)a->scale);
    }
    if (size > 0) {
        return onnx_number_like(n, a->q, 1 / sqrt((double)size));
    }
    return onnx_div(n, onnx_number_like(n, a->q, 1),
                    onnx_unary(n, "Sqrt", 1, onnx_convert_like(n, onnx_dim_of(n, a->q, 3), a->q)));
}

/* One mask of both; absent where there is neither. */
static struct onnx_value mask(struct onnx_node *n, const struct attention *a)
{
    if (!a->bias.node || !a->allowed.node) {
        return a->bias.node ? a->bias : a->allowed;
    }
    return onnx_op(n, "Select", 1, ONNX_IN(a->allowed, a->bias, lowest(n, a->bias)), NULL);
}

static struct onnx_value softmax(struct onnx_node *n, const struct attention *a, struct onnx_value scores)
{
    struct onnx_value sink = a->sink, shape;

    if (!a->smooth && !sink.node) {
        return onnx_op(n, "Softmax", 8, ONNX_IN(scores), "axis=-1");
    }
    sink = sink.node ? onnx_reshape(n, sink, (const int64_t[]){1, -1, 1, 1}, 4, false)
                     : onnx_number_like(n, scores, 0);
    shape =
        onnx_concat(n, ONNX_IN(onnx_slice_axis(n, onnx_shape_of(n, scores), 0, 0, 3), ONNX_I64S(n, 1)), 0);
    sink =
        onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_convert_like(n, sink, scores), shape), "mode=bidirectional");
    scores = onnx_op(n, "Softmax", 8, ONNX_IN(onnx_concat(n, ONNX_IN(scores, sink), 3)), "axis=-1");
    return onnx_slice_axis(n, scores, 3, 0, -1);
}

static struct onnx_value step_by_step(struct onnx_node *n, const struct attention *a, struct onnx_value k,
                                      struct onnx_value v, struct onnx_value *scores)
{
    struct onnx_value x = onnx_op(n, "MatMul", 1, ONNX_IN(onnx_mul(n, a->q, factor(n, a)), k),
                                  "transpose_a=false;transpose_b=true");

    if (a->softcap != 0) {
        struct onnx_value cap = onnx_number_like(n, x, (double)a->softcap);

        x = onnx_mul(n, onnx_unary(n, "Tanh", 1, onnx_div(n, x, cap)), cap);
    }
    if (a->bias.node) {
        x = onnx_add(n, x, a->bias);
    }
    if (a->allowed.node) {
        x = onnx_op(n, "Select", 1, ONNX_IN(a->allowed, x, lowest(n, x)), NULL);
    }
    if (scores && a->want_scores == 1) {
        *scores = x;
    }
    x = softmax(n, a, x);
    if (scores && a->want_scores == 2) {
        *scores = x;
    }
    return onnx_op(n, "MatMul", 1, ONNX_IN(x, v), "transpose_a=false;transpose_b=false");
}

struct onnx_value onnx_attend(struct onnx_node *n, const struct attention *a, struct onnx_value *scores)
{
    struct onnx_value k = repeat_heads(n, a->k, a->heads, a->groups);
    struct onnx_value v = repeat_heads(n, a->v, a->heads, a->groups), m;

    if (a->want_scores || a->softcap != 0 || a->sink.node || a->smooth) {
        return step_by_step(n, a, k, v, scores);
    }
    m = mask(n, a);
    if (!m.node) {
        m = onnx_number_like(n, a->q, 0);
    }
    return onnx_op(n, "ScaledDotProductAttention", 13, ONNX_IN(a->q, k, v, m, factor(n, a)), "causal=false");
}

struct onnx_value onnx_count_up(struct onnx_node *n, struct onnx_value length)
{
    return onnx_op(n, "Range", 4,
                   ONNX_IN(onnx_i64(n, 0), onnx_reshape(n, length, NULL, 0, false), onnx_i64(n, 1)),
                   "output_type=i64");
}

struct onnx_value onnx_causal(struct onnx_node *n, struct onnx_value queries, struct onnx_value keys,
                              struct onnx_value before, int64_t window)
{
    int64_t last = 1;
    struct onnx_value row = onnx_unsqueeze(n, onnx_count_up(n, queries), &last, 1);
    struct onnx_value column = onnx_count_up(n, keys), seen;

    if (before.node) {
        row = onnx_add(n, row, onnx_convert(n, before, VT_I64));
    }
    seen = onnx_binary(n, "LessEqual", 1, column, row);
    if (window > 0) {
        struct onnx_value first = onnx_sub(n, row, onnx_i64(n, window));

        seen = onnx_binary(n, "LogicalAnd", 1, seen, onnx_binary(n, "Greater", 1, column, first));
    }
    return seen;
}

/* ---- rotation */

/* (a, b) -> (a cos - b sin, b cos + a sin) */
static void turn(struct onnx_node *n, struct onnx_value *a, struct onnx_value *b, struct onnx_value cos,
                 struct onnx_value sin)
{
    struct onnx_value real = onnx_sub(n, onnx_mul(n, *a, cos), onnx_mul(n, *b, sin));

    *b = onnx_add(n, onnx_mul(n, *b, cos), onnx_mul(n, *a, sin));
    *a = real;
}

/* Pairs of neighbours: [..., D] as [..., D / 2, 2]. */
static struct onnx_value rotate_pairs(struct onnx_node *n, struct onnx_value x, struct onnx_value cos,
                                      struct onnx_value sin)
{
    int64_t last = 4;
    struct onnx_value pairs = onnx_reshape(n, x, (const int64_t[]){0, 0, 0, -1, 2}, 5, true);
    struct onnx_value a = onnx_gather_axis(n, pairs, onnx_i64(n, 0), 4);
    struct onnx_value b = onnx_gather_axis(n, pairs, onnx_i64(n, 1), 4);

    turn(n, &a, &b, cos, sin);
    pairs = onnx_concat(n, ONNX_IN(onnx_unsqueeze(n, a, &last, 1), onnx_unsqueeze(n, b, &last, 1)), 4);
    return onnx_reshape(n, pairs, (const int64_t[]){0, 0, 0, -1}, 4, true);
}

static struct onnx_value rotate_halves(struct onnx_node *n, struct onnx_value x, struct onnx_value cos,
                                       struct onnx_value sin)
{
    struct onnx_value halves = onnx_op_outs(n, "Split", 1, 2, ONNX_IN(x, onnx_i64(n, 3)), "num_splits=2");
    struct onnx_value a = halves, b = onnx_port(halves, 1);

    turn(n, &a, &b, cos, sin);
    return onnx_concat(n, ONNX_IN(a, b), 3);
}

struct onnx_value onnx_rotate(struct onnx_node *n, struct onnx_value x, struct onnx_value cos,
                              struct onnx_value sin, bool interleaved)
{
    int64_t half = onnx_dim(n, cos, -1), size = onnx_dim(n, x, 3);
    struct onnx_value rest = ONNX_ABSENT, turned;

    if (half > 0 && size > 0 && 2 * half > size) {
        onnx_fail(n, VT_E_SHAPE, "tables of %lld angles for heads of %lld", (long long)half, (long long)size);
        return ONNX_ABSENT;
    }
    if (half < 0 || 2 * half != size) {
        struct onnx_value from = ONNX_I64S(n, 0), to = onnx_mul(n, onnx_extent(n, cos, -1), onnx_i64(n, 2)),
                          one = ONNX_I64S(n, 1), axis = ONNX_I64S(n, 3);

        rest = onnx_op(n, "Slice", 8, ONNX_IN(x, to, ONNX_I64S(n, INT64_MAX), one, axis), NULL);
        x = onnx_op(n, "Slice", 8, ONNX_IN(x, from, to, one, axis), NULL);
    }
    turned = interleaved ? rotate_pairs(n, x, cos, sin) : rotate_halves(n, x, cos, sin);
    return rest.node ? onnx_concat(n, ONNX_IN(turned, rest), 3) : turned;
}
