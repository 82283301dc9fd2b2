/* Attention and MultiHeadAttention of com.microsoft. */
#include "attend.h"
#include "layout.h"
#include "quantize.h"

/* ---- masks: 0 hides a key, by a number that is added to its scores */

static struct onnx_value additive(struct onnx_node *n, struct onnx_value seen, struct onnx_value like)
{
    float filter = onnx_attr_f(n, "mask_filter_value", -10000.0f);

    return onnx_op(n, "Select", 1,
                   ONNX_IN(seen, onnx_number_like(n, like, 0), onnx_number_like(n, like, (double)filter)),
                   NULL);
}

/* Lengths [B], or ends and starts [2 B], as boolean [B, 1, 1, T]. */
static struct onnx_value seen_by_lengths(struct onnx_node *n, struct onnx_value lengths, struct onnx_value x,
                                         struct onnx_value keys)
{
    int64_t batch = onnx_dim(n, x, 0), count = onnx_dim(n, lengths, 0), inner[3] = {1, 2, 3};
    struct onnx_value column = onnx_count_up(n, keys), first = ONNX_ABSENT, seen;

    if (count < 0 || batch < 0) {
        /* Starts are what follows the ends, or zeros. */
        struct onnx_value rows = onnx_dim_of(n, x, 0), both;

        both = onnx_concat(
            n,
            ONNX_IN(lengths,
                    onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_number_like(n, lengths, 0), rows), "mode=numpy")),
            0);
        first = onnx_op(
            n, "Slice", 8,
            ONNX_IN(both, rows, onnx_mul(n, rows, onnx_i64(n, 2)), ONNX_I64S(n, 1), ONNX_I64S(n, 0)), NULL);
        lengths = onnx_op(n, "Slice", 8,
                          ONNX_IN(lengths, ONNX_I64S(n, 0), rows, ONNX_I64S(n, 1), ONNX_I64S(n, 0)), NULL);
    } else if (count != batch) {
        if (count != 2 * batch) {
            onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: a mask of %lld lengths for a batch of %lld",
                      (long long)count, (long long)batch);
            return ONNX_ABSENT;
        }
        first = onnx_slice_axis(n, lengths, 0, batch, count);
        lengths = onnx_slice_axis(n, lengths, 0, 0, batch);
    }
    lengths = onnx_unsqueeze(n, onnx_convert(n, lengths, VT_I64), inner, 3);
    seen = onnx_binary(n, "Less", 1, column, lengths);
    if (first.node) {
        first = onnx_unsqueeze(n, onnx_convert(n, first, VT_I64), inner, 3);
        seen = onnx_binary(n, "LogicalAnd", 1, seen, onnx_binary(n, "GreaterEqual", 1, column, first));
    }
    return seen;
}

/* What a mask input adds to scores [B, H, S, T]; absent without the input. */
static struct onnx_value mask_bias(struct onnx_node *n, int input, struct onnx_value x,
                                   struct onnx_value keys)
{
    static const int64_t places[2] = {1, 2};
    struct onnx_value m = onnx_in_opt(n, input), seen;
    int rank;

    if (!m.node) {
        return m;
    }
    rank = onnx_need_rank(n, m);
    if (rank == 1) {
        return additive(n, seen_by_lengths(n, m, x, keys), x);
    }
    if (rank != 2 && rank != 3) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: a mask of rank %d", rank);
        return ONNX_ABSENT;
    }
    seen = onnx_unsqueeze(n, onnx_convert(n, m, VT_BOOLEAN), places, rank == 2 ? 2 : 1);
    return additive(n, seen, x);
}

static struct onnx_value sum(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return !a.node ? b : !b.node ? a : onnx_add(n, a, b);
}

/* ---- both operators, from heads on */

struct inputs {
    struct onnx_value x;              /* of the batch and the type */
    struct onnx_value past_k, past_v; /* [B, H, P, D], may be absent */
    int mask, bias;                   /* inputs */
};

static struct onnx_value finish(struct onnx_node *n, struct attention *a, const struct inputs *in,
                                struct onnx_value *scores)
{
    struct onnx_value keys, before = ONNX_ABSENT;

    if (in->past_k.node) {
        a->k = onnx_concat(n, ONNX_IN(in->past_k, a->k), 2);
        a->v = onnx_concat(n, ONNX_IN(in->past_v, a->v), 2);
        before = onnx_dim_of(n, in->past_k, 2);
    }
    keys = onnx_dim_of(n, a->k, 2);
    a->heads = a->groups = onnx_attr_i(n, "num_heads", 1);
    a->scale = onnx_attr_f(n, "scale", 0);
    a->bias = sum(n, mask_bias(n, in->mask, in->x, keys), onnx_in_opt(n, in->bias));
    if (onnx_attr_i(n, "unidirectional", 0)) {
        a->allowed = onnx_causal(n, onnx_dim_of(n, a->q, 2), keys, before, 0);
    }
    return onnx_merge_heads(n, onnx_attend(n, a, scores));
}

static int need_heads(struct onnx_node *n, int64_t *heads)
{
    *heads = onnx_attr_i(n, "num_heads", 0);
    if (*heads < 1 || *heads > INT32_MAX) {
        return onnx_fail(n, VT_E_INVALID, "num_heads is %lld", (long long)*heads);
    }
    return onnx_status(n);
}

/* ---- Attention: one product for queries, keys and values */

/* `x` times weights plus bias is [B, S, 3 H D]; the heads of each third, or of the lengths that
 * qkv_hidden_sizes says. */
static void split_product(struct onnx_node *n, struct onnx_value product, int64_t heads, struct attention *a)
{
    int count = 0;
    const int64_t *sizes = onnx_attr_is(n, "qkv_hidden_sizes", &count);
    struct onnx_value parts;

    if (sizes && count != 3) {
        onnx_fail(n, VT_E_INVALID, "qkv_hidden_sizes has %d numbers", count);
        return;
    }
    parts = sizes ? onnx_op_outs(n, "VariadicSplit", 1, 3,
                                 ONNX_IN(product, onnx_i64(n, 2), onnx_i64s(n, sizes, 3)), NULL)
                  : onnx_op_outs(n, "Split", 1, 3, ONNX_IN(product, onnx_i64(n, 2)), "num_splits=3");
    a->q = onnx_split_heads(n, onnx_port(parts, 0), heads);
    a->k = onnx_split_heads(n, onnx_port(parts, 1), heads);
    a->v = onnx_split_heads(n, onnx_port(parts, 2), heads);
}

static int attention(struct onnx_node *n, struct onnx_value product, int mask, int past, int bias)
{
    struct onnx_value both = onnx_in_opt(n, past), y;
    struct inputs in = {.x = product, .mask = mask, .bias = bias};
    struct attention a = {0};
    int64_t heads, front = 0;

    if (need_heads(n, &heads)) {
        return onnx_status(n);
    }
    if (onnx_attr_i(n, "do_rotary", 0) || onnx_attr_i(n, "past_present_share_buffer", 0)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: do_rotary and past_present_share_buffer");
    }
    split_product(n, product, heads, &a);
    if (both.node) {
        in.past_k = onnx_gather_axis(n, both, onnx_i64(n, 0), 0);
        in.past_v = onnx_gather_axis(n, both, onnx_i64(n, 1), 0);
    }
    y = finish(n, &a, &in, NULL);
    if (onnx_has_out(n, 1)) {
        onnx_out(
            n, 1,
            onnx_concat(n, ONNX_IN(onnx_unsqueeze(n, a.k, &front, 1), onnx_unsqueeze(n, a.v, &front, 1)), 0));
    }
    return onnx_out(n, 0, y);
}

int onnx_ms_attention(struct onnx_node *n)
{
    struct onnx_value product =
        onnx_op(n, "MatMul", 1, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)), "transpose_a=false;transpose_b=false");

    return attention(n, sum(n, product, onnx_in_opt(n, 2)), 3, 4, 5);
}

/* The same with a quantised input and quantised weights. */
int onnx_ms_qattention(struct onnx_node *n)
{
    struct onnx_value x = onnx_centred(n, onnx_in(n, 0), onnx_in_opt(n, 6), -1);
    struct onnx_value weights = onnx_centred(n, onnx_in(n, 1), onnx_in_opt(n, 7), -1), product;

    product = onnx_op(n, "MatMul", 1, ONNX_IN(x, weights), "transpose_a=false;transpose_b=false");
    product = onnx_mul(n, product, onnx_mul(n, onnx_in(n, 3), onnx_in(n, 4)));
    /* Input 9 there is not: no bias of the scores. */
    return attention(n, sum(n, product, onnx_in(n, 2)), 5, 8, 9);
}

/* ---- MultiHeadAttention */

/* One of `count` tensors that lie beside each other: [B, S, H, count, D] to [B, H, S, D]. */
static struct onnx_value unpack(struct onnx_node *n, struct onnx_value v, int64_t which)
{
    v = onnx_gather_axis(n, v, onnx_i64(n, which), 3);
    return onnx_transpose(n, v, (const int64_t[]){0, 2, 1, 3}, 4);
}

/* The part of the bias that belongs to queries, keys or values, for [B, S, hidden]. */
static struct onnx_value bias_part(struct onnx_node *n, struct onnx_value v, int64_t begin, int64_t length)
{
    struct onnx_value bias = onnx_in_opt(n, 3);

    if (!bias.node) {
        return v;
    }
    if (begin < 0 || length < 0) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: a bias for hidden sizes that are open");
        return ONNX_ABSENT;
    }
    return onnx_add(n, v, onnx_slice_axis(n, bias, 0, begin, begin + length));
}

/* Queries, keys or values as heads, whatever form they come in. */
static struct onnx_value heads_of(struct onnx_node *n, struct onnx_value v, int64_t heads, int64_t begin,
                                  int64_t length)
{
    if (onnx_rank(n, v) == 4) {
        return v; /* [B, H, T, D] already: keys and values of another sequence */
    }
    return onnx_split_heads(n, bias_part(n, v, begin, length), heads);
}

static void multi_head_inputs(struct onnx_node *n, int64_t heads, struct attention *a)
{
    struct onnx_value q = onnx_in(n, 0), k = onnx_in_opt(n, 1), v = onnx_in_opt(n, 2);
    int64_t hidden = onnx_dim(n, q, 2);

    if (onnx_need_rank(n, q) == 5 || (k.node && onnx_rank(n, k) == 5)) {
        if (onnx_has_in(n, 3)) {
            onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: a bias for packed heads");
            return;
        }
        a->q = onnx_rank(n, q) == 5 ? unpack(n, q, 0) : onnx_split_heads(n, q, heads);
        a->k = k.node ? unpack(n, k, 0) : unpack(n, q, 1);
        a->v = k.node ? unpack(n, k, 1) : unpack(n, q, 2);
        return;
    }
    a->q = heads_of(n, q, heads, 0, hidden);
    a->k = heads_of(n, onnx_in(n, 1), heads, hidden, hidden);
    a->v = heads_of(n, onnx_in(n, 2), heads, hidden < 0 ? -1 : 2 * hidden, v.node ? onnx_dim(n, v, 2) : -1);
}

int onnx_ms_multi_head_attention(struct onnx_node *n)
{
    struct inputs in = {.x = onnx_in(n, 0), onnx_in_opt(n, 6), onnx_in_opt(n, 7), .mask = 4, .bias = 5};
    struct attention a = {.want_scores = onnx_has_out(n, 3) ? 2 : 0};
    struct onnx_value scores = ONNX_ABSENT, y;
    int64_t heads;

    if (need_heads(n, &heads)) {
        return onnx_status(n);
    }
    if (onnx_has_in(n, 8) || onnx_has_in(n, 9)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: past_sequence_length and cache_indirection");
    }
    multi_head_inputs(n, heads, &a);
    y = finish(n, &a, &in, &scores);
    if (onnx_has_out(n, 1)) {
        onnx_out(n, 1, a.k);
    }
    if (onnx_has_out(n, 2)) {
        onnx_out(n, 2, a.v);
    }
    if (onnx_has_out(n, 3)) {
        onnx_out(n, 3, scores);
    }
    return onnx_out(n, 0, y);
}
