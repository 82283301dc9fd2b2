/* RotaryEmbedding, GemmaRotaryEmbedding and GroupQueryAttention of com.microsoft. */
#include "attend.h"
#include "layout.h"

#include <string.h>

/* Rows of a table [positions, D / 2] for positions [B, S], as [B, 1, S, D / 2]. */
static struct onnx_value rows(struct onnx_node *n, struct onnx_value table, struct onnx_value positions)
{
    int64_t head = 1;

    return onnx_unsqueeze(n, onnx_gather_axis(n, table, positions, 0), &head, 1);
}

/* Positions [1], the first one, or [B, S]; as [B or 1, S]. */
static struct onnx_value all_positions(struct onnx_node *n, struct onnx_value given, struct onnx_value length)
{
    int64_t front = 0;

    given = onnx_convert(n, given, VT_I64);
    if (onnx_need_rank(n, given) >= 2) {
        return given;
    }
    return onnx_unsqueeze(n, onnx_add(n, onnx_count_up(n, length), given), &front, 1);
}

int onnx_ms_rotary_embedding(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), cos = onnx_in(n, 2), sin = onnx_in(n, 3), positions;
    int64_t heads = onnx_attr_i(n, "num_heads", 0), size = onnx_attr_i(n, "rotary_embedding_dim", 0);
    int rank = onnx_need_rank(n, x);
    float scale = onnx_attr_f(n, "scale", 1);

    if (onnx_attr_i(n, "is_packed_batching", 0)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: is_packed_batching");
    }
    if (rank != 3 && rank != 4 && !onnx_status(n)) {
        return onnx_fail(n, VT_E_SHAPE, "input 0 has %d axes, not 3 or 4", rank);
    }
    if (rank == 3) {
        /* Without a number of heads the tables tell how long a head is. */
        size = size && heads ? 0 : 2 * onnx_dim(n, cos, -1);
        if (!heads && size < 1) {
            return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: heads of open size");
        }
        x = onnx_reshape(n, x, (const int64_t[]){0, 0, heads ? heads : -1, heads ? -1 : size}, 4, true);
        x = onnx_transpose(n, x, (const int64_t[]){0, 2, 1, 3}, 4);
    }
    positions = all_positions(n, onnx_in(n, 1), onnx_dim_of(n, x, 2));
    x = onnx_rotate(n, x, rows(n, cos, positions), rows(n, sin, positions), onnx_attr_i(n, "interleaved", 0));
    if (scale != 1) {
        x = onnx_mul(n, x, onnx_number_like(n, x, (double)scale));
    }
    return onnx_out(n, 0, rank == 3 ? onnx_merge_heads(n, x) : x);
}

int onnx_ms_gemma_rotary_embedding(struct onnx_node *n)
{
    int64_t head = 1;
    struct onnx_value angle = onnx_unsqueeze(n, onnx_in(n, 0), &head, 1);
    struct onnx_value cos = onnx_convert_like(n, onnx_unary(n, "Cos", 1, angle), onnx_in(n, 1));
    struct onnx_value sin = onnx_convert_like(n, onnx_unary(n, "Sin", 1, angle), onnx_in(n, 1));

    for (int i = 0; i < 2; i++) {
        struct onnx_value x = onnx_in(n, 1 + 2 * i), turned = onnx_in(n, 2 + 2 * i);

        onnx_out(n, i, onnx_add(n, onnx_mul(n, x, cos), onnx_mul(n, turned, sin)));
    }
    return onnx_status(n);
}

/* ---- GroupQueryAttention */

enum {
    QUERY,
    KEY,
    VALUE,
    PAST_KEY,
    PAST_VALUE,
    LENGTHS, /* [B]: valid keys after this step, less one */
    TOTAL,   /* the longest of them */
    COS,
    SIN,
    POSITIONS,
    BIAS,
    SINK,
    K_SCALE,
    V_SCALE,
    Q_NORM,
    K_NORM,
    QUERY_LENGTHS
};

struct gqa {
    int64_t heads, groups;
    struct onnx_value q, k, v;     /* as heads */
    struct onnx_value before;      /* [B, 1]: keys that were there before this step */
    struct onnx_value step, total; /* [1]: new keys, and the longest sequence */
};

static int refuse(struct onnx_node *n)
{
    if (onnx_attr_i(n, "sliding_window_cache", 0) || onnx_has_in(n, QUERY_LENGTHS)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: sliding_window_cache and query_seqlens");
    }
    if (strcmp(onnx_attr_s(n, "k_quant_type", "NONE"), "NONE") ||
        strcmp(onnx_attr_s(n, "v_quant_type", "NONE"), "NONE") || onnx_has_in(n, K_SCALE) ||
        onnx_has_in(n, V_SCALE)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: quantised keys and values");
    }
    return onnx_status(n);
}

/* The RMS norm of each head, where there is a weight. */
static struct onnx_value head_norm(struct onnx_node *n, struct onnx_value x, int input, const char *epsilon)
{
    struct onnx_value weight = onnx_in_opt(n, input), mean;
    float least = onnx_attr_f(n, epsilon, onnx_attr_f(n, "qk_norm_epsilon", 1e-6f));

    if (!weight.node) {
        return x;
    }
    mean = onnx_op(n, "ReduceMean", 1, ONNX_IN(onnx_mul(n, x, x), ONNX_I64S(n, -1)), "keep_dims=true");
    mean = onnx_unary(n, "Sqrt", 1, onnx_add(n, mean, onnx_number_like(n, mean, (double)least)));
    return onnx_mul(n, onnx_div(n, x, mean), weight);
}

static void gqa_heads(struct onnx_node *n, struct gqa *g)
{
    struct onnx_value q = onnx_in(n, QUERY);

    g->heads = onnx_attr_i(n, "num_heads", 0);
    g->groups = onnx_attr_i(n, "kv_num_heads", 0);
    if (g->heads < 1 || g->groups < 1 || g->heads > 1 << 20 || g->groups > g->heads) {
        onnx_fail(n, VT_E_INVALID, "num_heads %lld, kv_num_heads %lld", (long long)g->heads,
                  (long long)g->groups);
        return;
    }
    if (onnx_has_in(n, KEY)) {
        g->q = onnx_split_heads(n, q, g->heads);
        g->k = onnx_split_heads(n, onnx_in(n, KEY), g->groups);
        g->v = onnx_split_heads(n, onnx_in(n, VALUE), g->groups);
        return;
    }
    q = onnx_split_heads(n, q, g->heads + 2 * g->groups);
    q = onnx_op_outs(n, "VariadicSplit", 1, 3,
                     ONNX_IN(q, onnx_i64(n, 1), ONNX_I64S(n, g->heads, g->groups, g->groups)), NULL);
    g->q = q;
    g->k = onnx_port(q, 1);
    g->v = onnx_port(q, 2);
}

static void gqa_lengths(struct onnx_node *n, struct gqa *g)
{
    struct onnx_value lengths = onnx_convert(n, onnx_in(n, LENGTHS), VT_I64);

    g->step = onnx_dim_of(n, g->k, 2);
    g->total = onnx_reshape(n, onnx_convert(n, onnx_in(n, TOTAL), VT_I64), (const int64_t[]){1}, 1, false);
    lengths = onnx_reshape(n, lengths, (const int64_t[]){-1, 1}, 2, false);
    /* A prompt that is shorter than the padded batch has nothing before it. */
    g->before = onnx_binary(n, "Maximum", 1, onnx_sub(n, onnx_add(n, lengths, onnx_i64(n, 1)), g->step),
                            onnx_i64(n, 0));
}

static void gqa_rotate(struct onnx_node *n, struct gqa *g)
{
    bool pairs = onnx_attr_i(n, "rotary_interleaved", 0) != 0;
    struct onnx_value positions, cos, sin;

    if (!onnx_attr_i(n, "do_rotary", 0)) {
        return;
    }
    positions = onnx_has_in(n, POSITIONS) ? onnx_convert(n, onnx_in(n, POSITIONS), VT_I64)
                                          : onnx_add(n, g->before, onnx_count_up(n, g->step));
    cos = rows(n, onnx_in(n, COS), positions);
    sin = rows(n, onnx_in(n, SIN), positions);
    g->q = onnx_rotate(n, g->q, cos, sin, pairs);
    g->k = onnx_rotate(n, g->k, cos, sin, pairs);
}

/* Past and new keys as one buffer of max(past, total) places. Sequences of a batch may have different lengths
 * behind them, and the past may be a buffer with room for more: place j holds what was at j before, the new
 * keys from `before` on, and anything behind them. */
static struct onnx_value merge_past(struct onnx_node *n, const struct gqa *g, int input,
                                    struct onnx_value new)
{
    struct onnx_value past = onnx_in_opt(n, input), room, places, place, index;

    if (!past.node) {
        return new;
    }
    room = onnx_dim_of(n, past, 2);
    places = onnx_count_up(n, onnx_binary(n, "Maximum", 1, room, g->total));
    place = onnx_sub(n, places, g->before); /* in the new keys: [B, places] */
    index =
        onnx_op(n, "Select", 1,
                ONNX_IN(onnx_binary(n, "Less", 1, place, g->step), onnx_add(n, place, room), places), NULL);
    index = onnx_op(n, "Select", 1, ONNX_IN(onnx_binary(n, "Less", 1, place, onnx_i64(n, 0)), places, index),
                    NULL);
    /* A place beyond all there is belongs to a shorter sequence, which does not look there. */
    index = onnx_binary(n, "Minimum", 1, index, onnx_sub(n, onnx_add(n, room, g->step), onnx_i64(n, 1)));
    new = onnx_concat(n, ONNX_IN(past, new), 2);
    return onnx_op(n, "Gather", 8, ONNX_IN(new, index, onnx_i64(n, 2)), "batch_dims=1");
}

static struct onnx_value first_of(struct onnx_node *n, struct onnx_value v, struct onnx_value length)
{
    return onnx_op(n, "Slice", 8, ONNX_IN(v, ONNX_I64S(n, 0), length, ONNX_I64S(n, 1), ONNX_I64S(n, 2)),
                   NULL);
}

int onnx_ms_group_query_attention(struct onnx_node *n)
{
    struct gqa g = {0};
    struct attention a = {.scale = onnx_attr_f(n, "scale", 0), .softcap = onnx_attr_f(n, "softcap", 0)};
    struct onnx_value scores = ONNX_ABSENT, k, v;
    int64_t window = onnx_attr_i(n, "local_window_size", -1);

    if (refuse(n)) {
        return onnx_status(n);
    }
    gqa_heads(n, &g);
    g.q = head_norm(n, g.q, Q_NORM, "q_norm_epsilon");
    g.k = head_norm(n, g.k, K_NORM, "k_norm_epsilon");
    gqa_lengths(n, &g);
    gqa_rotate(n, &g);
    k = merge_past(n, &g, PAST_KEY, g.k);
    v = merge_past(n, &g, PAST_VALUE, g.v);
    onnx_out(n, 1, k);
    onnx_out(n, 2, v);
    a.q = g.q;
    a.k = onnx_has_in(n, PAST_KEY) ? first_of(n, k, g.total) : k;
    a.v = onnx_has_in(n, PAST_KEY) ? first_of(n, v, g.total) : v;
    a.heads = g.heads, a.groups = g.groups;
    a.bias = onnx_in_opt(n, BIAS);
    a.sink = onnx_in_opt(n, SINK);
    a.smooth = onnx_attr_i(n, "smooth_softmax", -1) == 1;
    a.want_scores = onnx_has_out(n, 3) ? (int)onnx_attr_i(n, "qk_output", 0) : 0;
    if (onnx_attr_i(n, "causal", 1)) {
        a.allowed = onnx_causal(n, g.step, onnx_dim_of(n, a.k, 2),
                                onnx_reshape(n, g.before, (const int64_t[]){-1, 1, 1, 1}, 4, false), window);
    }
    onnx_out(n, 0, onnx_merge_heads(n, onnx_attend(n, &a, &scores)));
    return onnx_has_out(n, 3) ? onnx_out(n, 3, scores) : onnx_status(n);
}
