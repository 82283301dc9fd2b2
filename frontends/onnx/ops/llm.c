/* Parts of language models: rotary positions, gated units, convolutions with a state. */
#include "extents.h"

#include <string.h>

/* ---- rotary positions */

static struct onnx_value halves(struct onnx_node *n, struct onnx_value v, int64_t axis)
{
    return onnx_op_outs(n, "Split", 1, 2, ONNX_IN(v, onnx_i64(n, axis)), "num_splits=2");
}

/* Turn the pairs (first, second) by the angles. */
static struct onnx_value rotate(struct onnx_node *n, struct onnx_value v, struct onnx_value cosine,
                                struct onnx_value sine, bool interleaved)
{
    static const int64_t pairs[] = {0, 0, 0, -1, 2}, joined[] = {0, 0, 0, -1}, last = -1;
    struct onnx_value parts, a, b, real, imaginary;

    parts = interleaved ? halves(n, onnx_reshape(n, v, pairs, 5, true), -1) : halves(n, v, -1);
    a = interleaved ? onnx_squeeze(n, parts, &last, 1) : parts;
    b = interleaved ? onnx_squeeze(n, onnx_port(parts, 1), &last, 1) : onnx_port(parts, 1);
    real = onnx_sub(n, onnx_mul(n, a, cosine), onnx_mul(n, b, sine));
    imaginary = onnx_add(n, onnx_mul(n, a, sine), onnx_mul(n, b, cosine));
    if (!interleaved) {
        return onnx_concat(n, ONNX_IN(real, imaginary), -1);
    }
    v = onnx_concat(n, ONNX_IN(onnx_unsqueeze(n, real, &last, 1), onnx_unsqueeze(n, imaginary, &last, 1)),
                    -1);
    return onnx_reshape(n, v, joined, 4, true);
}

/* Angles of every position, with an axis of 1 where the data has its heads. */
static struct onnx_value angles(struct onnx_node *n, int input, int64_t heads_axis)
{
    struct onnx_value v = onnx_in(n, input);

    v = onnx_has_in(n, 3) ? onnx_gather_axis(n, v, onnx_in(n, 3), 0) : v;
    return onnx_unsqueeze(n, v, &heads_axis, 1);
}

int onnx_rotary_embedding(struct onnx_node *n)
{
    int64_t heads = onnx_attr_i(n, "num_heads", 0), size = onnx_attr_i(n, "rotary_embedding_dim", 0);
    bool interleaved = onnx_attr_i(n, "interleaved", 0) != 0;
    struct onnx_value x = onnx_in(n, 0), rest = ONNX_ABSENT, cosine, sine;
    int rank = onnx_need_rank(n, x);

    if (rank != 3 && rank != 4) {
        return onnx_fail(n, VT_E_SHAPE, "input 0 must have 3 or 4 axes, not %d", rank);
    }
    if (rank == 3) {
        if (heads < 1) {
            return onnx_fail(n, VT_E_INVALID, "attribute num_heads is %lld", (long long)heads);
        }
        x = onnx_reshape(n, x, (const int64_t[]){0, 0, heads, -1}, 4, true);
    }
    cosine = angles(n, 1, rank == 3 ? 2 : 1);
    sine = angles(n, 2, rank == 3 ? 2 : 1);
    if (size > 0 && size != onnx_dim(n, x, 3)) {
        rest = onnx_slice_axis(n, x, 3, size, INT64_MAX);
        x = onnx_slice_axis(n, x, 3, 0, size);
    }
    x = rotate(n, x, cosine, sine, interleaved);
    x = rest.node ? onnx_concat(n, ONNX_IN(x, rest), 3) : x;
    return onnx_out(n, 0, rank == 3 ? onnx_reshape(n, x, (const int64_t[]){0, 0, -1}, 3, true) : x);
}

/* ---- gates */

static struct onnx_value swish(struct onnx_node *n, struct onnx_value v, double alpha)
{
    return alpha == 1 ? onnx_unary(n, "Swish", 4, v)
                      : onnx_op(n, "Swish", 4, ONNX_IN(v, onnx_number_like(n, v, alpha)), NULL);
}

int onnx_swiglu(struct onnx_node *n)
{
    struct onnx_value gate = swish(n, onnx_in(n, 0), (double)onnx_attr_f(n, "alpha", 1));

    return onnx_out(n, 0, onnx_mul(n, gate, onnx_in(n, 1)));
}

/* ---- convolutions with a state */

int onnx_causal_conv_with_state(struct onnx_node *n)
{
    const char *activation = onnx_attr_s(n, "activation", "none");
    struct onnx_value x = onnx_in(n, 0), weights = onnx_in(n, 1), before = onnx_in_opt(n, 3), y;
    struct onnx_value past = onnx_sub(n, onnx_extent(n, weights, 2), ONNX_I64S(n, 1));
    static const int64_t middle = 1;

    if (onnx_status(n)) {
        return onnx_status(n);
    }
    if (strcmp(activation, "none") && strcmp(activation, "silu") && strcmp(activation, "swish")) {
        return onnx_fail(n, VT_E_INVALID, "attribute activation: there is no \"%s\"", activation);
    }
    if (!before.node) {
        before = onnx_op(
            n, "Broadcast", 3,
            ONNX_IN(onnx_number_like(n, x, 0), onnx_concat(n, ONNX_IN(onnx_extents(n, x, 0, 2), past), 0)),
            "mode=numpy");
    }
    y = onnx_concat(n, ONNX_IN(before, x), 2);
    if (onnx_has_out(n, 1)) {
        onnx_out(n, 1,
                 onnx_op(n, "Slice", 8,
                         ONNX_IN(y, onnx_extent(n, x, 2), ONNX_I64S(n, INT64_MAX), ONNX_I64S(n, 1),
                                 ONNX_I64S(n, 2)),
                         NULL));
    }
    y = onnx_op(n, "GroupConvolution", 1, ONNX_IN(y, onnx_unsqueeze(n, weights, &middle, 1)),
                "strides=1;dilations=1;pads_begin=0;pads_end=0;auto_pad=explicit");
    if (onnx_has_in(n, 2)) {
        y = onnx_add(n, y, onnx_reshape(n, onnx_in(n, 2), (const int64_t[]){1, -1, 1}, 3, false));
    }
    return onnx_out(n, 0, activation[0] == 's' ? swish(n, y, 1) : y);
}
