/* Attention of opset 23 and later. */
#include "extents.h"

#include <math.h>
#include <string.h>

static struct onnx_value unsqueeze(struct onnx_node *n, struct onnx_value v, int64_t axis)
{
    return onnx_unsqueeze(n, v, &axis, 1);
}

static struct onnx_value choose(struct onnx_node *n, struct onnx_value condition, struct onnx_value yes,
                                struct onnx_value no)
{
    return onnx_op(n, "Select", 1, ONNX_IN(condition, yes, no), NULL);
}

static struct onnx_value matmul(struct onnx_node *n, struct onnx_value a, struct onnx_value b, bool flip)
{
    return onnx_op(n, "MatMul", 1, ONNX_IN(a, b), "transpose_a=false;transpose_b=%s",
                   flip ? "true" : "false");
}

/* One node: query, key and value as [batch, heads, length, size], the latter two with what was there before.
 */
struct attention {
    struct onnx_value q, k, v, past; /* past: its length, i64 of one element, or absent */
    struct onnx_value bias;          /* what is added to the scores, f32; absent: nothing */
    bool grouped;                    /* a head of key and value serves as many of the query as it takes */
    bool flat;                       /* inputs and output are [batch, length, heads * size] */
    bool causal; /* nothing but the upper right triangle is hidden, and `bias` is absent */
};

/* [batch, length, heads * size] as [batch, heads, length, size]. */
static struct onnx_value with_heads(struct onnx_node *n, struct onnx_value v, const char *heads)
{
    static const int64_t order[] = {0, 2, 1, 3};
    int64_t count = onnx_attr_i(n, heads, 0);

    if (count < 1) {
        onnx_fail(n, VT_E_INVALID, "attribute %s is %lld", heads, (long long)count);
        return ONNX_ABSENT;
    }
    return onnx_transpose(n, onnx_reshape(n, v, (const int64_t[]){0, 0, count, -1}, 4, true), order, 4);
}

static int read_inputs(struct onnx_node *n, struct attention *a)
{
    int rank = onnx_need_rank(n, onnx_in(n, 0));
    int64_t q_heads, heads;

    *a = (struct attention){.q = onnx_in(n, 0), .k = onnx_in(n, 1), .v = onnx_in(n, 2), .flat = rank == 3};
    if (rank != 3 && rank != 4) {
        return onnx_fail(n, VT_E_SHAPE, "input 0 must have 3 or 4 axes, not %d", rank);
    }
    if (a->flat) {
        a->q = with_heads(n, a->q, "q_num_heads");
        a->k = with_heads(n, a->k, "kv_num_heads");
        a->v = with_heads(n, a->v, "kv_num_heads");
    }
    if (onnx_has_in(n, 4) != onnx_has_in(n, 5)) {
        return onnx_fail(n, VT_E_FORMAT, "past_key and past_value go together");
    }
    if (onnx_has_in(n, 4)) {
        a->past = onnx_extent(n, onnx_in(n, 4), 2);
        a->k = onnx_concat(n, ONNX_IN(onnx_in(n, 4), a->k), 2);
        a->v = onnx_concat(n, ONNX_IN(onnx_in(n, 5), a->v), 2);
    }
    onnx_out(n, 1, a->k);
    onnx_out(n, 2, a->v);
    q_heads = onnx_dim(n, a->q, 1);
    heads = onnx_dim(n, a->k, 1);
    if (q_heads >= 0 && heads >= 0) {
        if (heads == 0 || q_heads % heads) {
            return onnx_fail(n, VT_E_SHAPE, "%lld heads of the query for %lld of the key", (long long)q_heads,
                             (long long)heads);
        }
    }
    a->grouped = q_heads < 0 || q_heads != heads;
    return onnx_status(n);
}

/* ---- what is hidden */

static struct onnx_value both(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return a.node ? onnx_binary(n, "LogicalAnd", 1, a, b) : b;
}

static struct onnx_value range(struct onnx_node *n, struct onnx_value extent)
{
    return onnx_op(n, "Range", 4, ONNX_IN(onnx_i64(n, 0), onnx_squeeze(n, extent, NULL, 0), onnx_i64(n, 1)),
                   "output_type=i64");
}

/* Whether query row and key column go together by their places; absent: all do. */
static struct onnx_value by_place(struct onnx_node *n, const struct attention *a, struct onnx_value lengths)
{
    int64_t left = onnx_attr_i(n, "left_window_size", -1), right = onnx_attr_i(n, "right_window_size", -1);
    bool causal = onnx_attr_i(n, "is_causal", 0) != 0;
    struct onnx_value row, column, allowed = ONNX_ABSENT;

    if (!causal && left < 0 && right < 0 && !lengths.node) {
        return allowed;
    }
    column = range(n, onnx_extent(n, a->k, 2));
    row = unsqueeze(n, range(n, onnx_extent(n, a->q, 2)), 1);
    if (a->past.node) {
        row = onnx_add(n, row, a->past);
    } else if (lengths.node) {
        row = onnx_add(n, row, onnx_sub(n, lengths, onnx_extent(n, a->q, 2)));
    }
    if (causal) {
        allowed = onnx_binary(n, "LessEqual", 1, column, row);
    }
    if (left >= 0) {
        struct onnx_value first = onnx_sub(n, row, onnx_i64(n, left));

        allowed = both(n, allowed, onnx_binary(n, "GreaterEqual", 1, column, first));
    }
    if (right >= 0) {
        struct onnx_value last = onnx_add(n, row, onnx_i64(n, right));

        allowed = both(n, allowed, onnx_binary(n, "LessEqual", 1, column, last));
    }
    return lengths.node ? both(n, allowed, onnx_binary(n, "Less", 1, column, lengths)) : allowed;
}

static struct onnx_value hidden(struct onnx_node *n, struct onnx_value allowed, struct onnx_value bias)
{
    return choose(n, allowed, bias, onnx_number(n, VT_F32, -INFINITY));
}

/* The mask of the file in f32, as long as the keys. */
static struct onnx_value given_mask(struct onnx_node *n, const struct attention *a)
{
    struct onnx_value mask = onnx_in(n, 3), room;
    int rank = onnx_need_rank(n, mask);
    int64_t zeros[VT_MAX_RANK] = {0};

    if (rank < 1) {
        return ONNX_ABSENT;
    }
    mask = onnx_type(n, mask) == VT_BOOLEAN ? hidden(n, mask, onnx_number(n, VT_F32, 0))
                                            : onnx_convert(n, mask, VT_F32);
    if (onnx_opset(n) < 24) {
        return mask;
    }
    room = onnx_sub(n, onnx_extent(n, a->k, 2), onnx_extent(n, mask, -1));
    if (rank > 1) {
        room = onnx_concat(n, ONNX_IN(onnx_i64s(n, zeros, rank - 1), room), 0);
    }
    return onnx_op(n, "Pad", 1,
                   ONNX_IN(mask, onnx_i64s(n, zeros, rank), room, onnx_number(n, VT_F32, -INFINITY)),
                   "pad_mode=constant");
}

static void find_bias(struct onnx_node *n, struct attention *a)
{
    struct onnx_value lengths = ONNX_ABSENT, allowed;
    bool windows =
        onnx_attr_i(n, "left_window_size", -1) >= 0 || onnx_attr_i(n, "right_window_size", -1) >= 0;

    if (onnx_has_in(n, 6)) {
        lengths =
            onnx_reshape(n, onnx_convert(n, onnx_in(n, 6), VT_I64), (const int64_t[]){-1, 1, 1, 1}, 4, false);
    }
    if (onnx_attr_i(n, "is_causal", 0) && !windows && !lengths.node && !a->past.node && !onnx_has_in(n, 3)) {
        a->causal = true;
        return;
    }
    allowed = by_place(n, a, lengths);
    a->bias = onnx_has_in(n, 3) ? given_mask(n, a) : ONNX_ABSENT;
    if (allowed.node) {
        a->bias = hidden(n, allowed, a->bias.node ? a->bias : onnx_number(n, VT_F32, 0));
    }
}

/* Rows of which everything is hidden give zeros: true there, [..., rows, 1]. */
static struct onnx_value empty_rows(struct onnx_node *n, struct onnx_value bias)
{
    struct onnx_value top = onnx_op(n, "ReduceMax", 1, ONNX_IN(bias, ONNX_I64S(n, -1)), "keep_dims=true");

    return onnx_binary(n, "Equal", 1, top, onnx_number(n, VT_F32, -INFINITY));
}

/* ---- the fused operation */

/* Heads [.., heads, ..] as [.., heads of keys, groups, ..], so that a head of key and value serves a group;
 * one for all heads as [.., 1, 1, ..]. */
static struct onnx_value in_groups(struct onnx_node *n, struct onnx_value v, struct onnx_value k)
{
    int rank = onnx_rank(n, v), axis = rank - 3;
    struct onnx_value heads;

    if (axis < 0) {
        return v;
    }
    if (onnx_dim(n, v, axis) == 1) {
        return unsqueeze(n, v, axis + 1);
    }
    if (axis == 0) {
        v = unsqueeze(n, v, 0);
    }
    heads = onnx_binary(n, "Minimum", 1, onnx_extent(n, v, 1), onnx_extent(n, k, 1));
    heads = onnx_concat(n,
                        ONNX_IN(onnx_i64s(n, (const int64_t[]){0}, 1), heads,
                                onnx_i64s(n, (const int64_t[]){-1}, 1), onnx_extents(n, v, 2, 0)),
                        0);
    return onnx_op(n, "Reshape", 1, ONNX_IN(v, heads), "special_zero=true");
}

static struct onnx_value fused(struct onnx_node *n, const struct attention *a)
{
    struct onnx_value in[5] = {a->q, a->k, onnx_convert_like(n, a->v, a->q), ONNX_ABSENT, ONNX_ABSENT}, y,
                      shape;
    int n_in = 3;

    if (a->bias.node) {
        in[n_in++] = onnx_convert_like(n, a->bias, a->q);
    }
    if (onnx_has_attr(n, "scale")) {
        if (n_in == 3) {
            in[n_in++] = a->causal ? ONNX_ABSENT : onnx_number_like(n, a->q, 0);
        }
        in[n_in++] = onnx_number_like(n, a->q, (double)onnx_attr_f(n, "scale", 1));
    }
    shape = onnx_concat(n, ONNX_IN(onnx_extents(n, a->q, 0, 3), onnx_extent(n, a->v, 3)), 0);
    for (int i = 0; i < 4 && a->grouped; i++) {
        in[i] = in[i].node ? i == 1 || i == 2 ? unsqueeze(n, in[i], 2) : in_groups(n, in[i], a->k) : in[i];
    }
    y = onnx_op(n, "ScaledDotProductAttention", 13, in, n_in, "causal=%s", a->causal ? "true" : "false");
    y = a->grouped ? onnx_reshape_to(n, y, shape) : y;
    return a->bias.node ? choose(n, empty_rows(n, a->bias), onnx_number_like(n, y, 0), y) : y;
}

/* ---- step by step, where the file wants numbers from in between */

/* Every head of key or value once for each head of its group. */
static struct onnx_value repeated(struct onnx_node *n, const struct attention *a, struct onnx_value v)
{
    struct onnx_value shape, heads = onnx_extent(n, a->q, 1), groups;

    if (!a->grouped) {
        return v;
    }
    groups = onnx_div(n, heads, onnx_extent(n, v, 1));
    shape = onnx_concat(n, ONNX_IN(onnx_extents(n, v, 0, 2), groups, onnx_extents(n, v, 2, 4)), 0);
    shape = onnx_op(n, "Broadcast", 3, ONNX_IN(unsqueeze(n, v, 2), shape), "mode=bidirectional");
    heads = onnx_concat(n, ONNX_IN(onnx_extent(n, v, 0), heads, onnx_extents(n, v, 2, 4)), 0);
    return onnx_reshape_to(n, shape, heads);
}

/* 1 / sqrt(size) unless attribute `scale` says another. */
static struct onnx_value scale_of(struct onnx_node *n, struct onnx_value q)
{
    struct onnx_value size;

    if (onnx_has_attr(n, "scale")) {
        return onnx_number_like(n, q, (double)onnx_attr_f(n, "scale", 1));
    }
    size = onnx_convert_like(n, onnx_squeeze(n, onnx_extent(n, q, 3), NULL, 0), q);
    return onnx_div(n, onnx_number_like(n, q, 1), onnx_unary(n, "Sqrt", 1, size));
}

static struct onnx_value stepwise(struct onnx_node *n, struct attention *a)
{
    enum vt_type type = onnx_type(n, a->q), wide = type == VT_F64 ? VT_F64 : VT_F32;
    float cap = onnx_attr_f(n, "softcap", 0);
    struct onnx_value q = onnx_convert(n, a->q, wide), k = onnx_convert(n, repeated(n, a, a->k), wide);
    struct onnx_value v = onnx_convert(n, repeated(n, a, a->v), wide), stage[4];

    stage[0] = onnx_mul(n, matmul(n, q, k, true), scale_of(n, q));
    stage[1] = stage[0];
    if (cap != 0) {
        struct onnx_value c = onnx_number(n, wide, (double)cap);

        stage[1] = onnx_mul(n, onnx_unary(n, "Tanh", 1, onnx_div(n, stage[0], c)), c);
    }
    if (a->causal) {
        a->bias = hidden(n, by_place(n, a, ONNX_ABSENT), onnx_number(n, VT_F32, 0));
    }
    stage[2] = a->bias.node ? onnx_add(n, stage[1], onnx_convert(n, a->bias, wide)) : stage[1];
    stage[3] = onnx_op(n, "Softmax", 8, ONNX_IN(stage[2]), "axis=-1");
    if (a->bias.node) {
        stage[3] = choose(n, empty_rows(n, a->bias), onnx_number(n, wide, 0), stage[3]);
    }
    if (onnx_has_out(n, 3)) {
        int64_t mode = onnx_attr_i(n, "qk_matmul_output_mode", 0);

        if (mode < 0 || mode > 3) {
            onnx_fail(n, VT_E_INVALID, "attribute qk_matmul_output_mode is %lld", (long long)mode);
            return ONNX_ABSENT;
        }
        onnx_out(n, 3, onnx_convert_like(n, stage[mode], a->q));
    }
    return onnx_convert_like(n, matmul(n, stage[3], v, false), a->q);
}

int onnx_attention(struct onnx_node *n)
{
    static const int64_t order[] = {0, 2, 1, 3}, flat[] = {0, 0, -1};
    struct attention a;
    struct onnx_value y;

    if (read_inputs(n, &a)) {
        return onnx_status(n);
    }
    find_bias(n, &a);
    y = onnx_attr_f(n, "softcap", 0) != 0 || onnx_has_out(n, 3) ? stepwise(n, &a) : fused(n, &a);
    if (a.flat) {
        y = onnx_reshape(n, onnx_transpose(n, y, order, 4), flat, 3, true);
    }
    return onnx_out(n, 0, y);
}
