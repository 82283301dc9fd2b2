/* Operators that ONNX Runtime fuses: products and convolutions with an activation, biased activations. */
#include "layout.h"
#include "window.h"

#include <strings.h>

/* ---- activations by name */

struct activation {
    const char *name;
    float alpha, beta; /* 0 where the operator has none */
};

static struct onnx_value activate(struct onnx_node *n, struct onnx_value x, const struct activation *a)
{
    static const char *const plain[][2] = {{"Relu", "Relu"}, {"Tanh", "Tanh"}, {"Sigmoid", "Sigmoid"}};

    if (!a->name || !*a->name) {
        return x;
    }
    for (int i = 0; i < 3; i++) {
        if (strcasecmp(a->name, plain[i][0]) == 0) {
            return onnx_unary(n, plain[i][1], 1, x);
        }
    }
    if (strcasecmp(a->name, "LeakyRelu") == 0) {
        return onnx_binary(n, "PRelu", 1, x, onnx_number_like(n, x, (double)a->alpha));
    }
    if (strcasecmp(a->name, "Clip") == 0) {
        return onnx_op(n, "Clamp", 1, ONNX_IN(x), "min=%.9g;max=%.9g", (double)a->alpha, (double)a->beta);
    }
    if (strcasecmp(a->name, "HardSigmoid") == 0) {
        return onnx_op(
            n, "HardSigmoid", 1,
            ONNX_IN(x, onnx_number_like(n, x, (double)a->alpha), onnx_number_like(n, x, (double)a->beta)),
            NULL);
    }
    if (strcasecmp(a->name, "Elu") == 0) {
        return onnx_op(n, "Elu", 1, ONNX_IN(x), "alpha=%.9g", (double)a->alpha);
    }
    if (strcasecmp(a->name, "HardSwish") == 0) {
        return onnx_unary(n, "HSwish", 4, x);
    }
    if (strcasecmp(a->name, "Gelu") == 0) {
        return onnx_op(n, "Gelu", 7, ONNX_IN(x), "approximation_mode=ERF");
    }
    onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: the activation %s", a->name);
    return ONNX_ABSENT;
}

static struct activation by_attributes(struct onnx_node *n)
{
    return (struct activation){onnx_attr_s(n, "activation", NULL), onnx_attr_f(n, "activation_alpha", 0.01f),
                               onnx_attr_f(n, "activation_beta", 0)};
}

/* ---- products */

static struct onnx_value matmul(struct onnx_node *n, struct onnx_value a, struct onnx_value b, bool a_first,
                                bool b_first)
{
    return onnx_op(n, "MatMul", 1, ONNX_IN(a, b), "transpose_a=%s;transpose_b=%s", a_first ? "true" : "false",
                   b_first ? "true" : "false");
}

static struct onnx_value scaled(struct onnx_node *n, struct onnx_value v, float by)
{
    return by == 1 ? v : onnx_mul(n, v, onnx_number_like(n, v, (double)by));
}

/* The first axis behind the batch axes: [A, B..., C, D] as [B..., A, C, D]. */
static struct onnx_value batch_first(struct onnx_node *n, struct onnx_value v, bool wanted)
{
    int64_t order[VT_MAX_RANK];
    int rank;

    if (!wanted) {
        return v;
    }
    rank = onnx_need_rank(n, v);
    for (int i = 0; i < rank; i++) {
        order[i] = i < rank - 2 ? i + 1 : i == rank - 2 ? 0 : i;
    }
    return onnx_transpose(n, v, order, rank > 0 ? rank : 0);
}

/* NumPy's product lets a vector stay one; a transposed one stays too. */
static bool swaps(struct onnx_node *n, struct onnx_value v, const char *name)
{
    return onnx_attr_i(n, name, 0) && onnx_rank(n, v) != 1;
}

static struct onnx_value fused_matmul(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), b = onnx_in(n, 1);

    a = batch_first(n, a, onnx_attr_i(n, "transBatchA", 0));
    b = batch_first(n, b, onnx_attr_i(n, "transBatchB", 0));
    return scaled(n, matmul(n, a, b, swaps(n, a, "transA"), swaps(n, b, "transB")),
                  onnx_attr_f(n, "alpha", 1));
}

int onnx_ms_fused_matmul(struct onnx_node *n)
{
    return onnx_out(n, 0, fused_matmul(n));
}

int onnx_ms_fused_matmul_activation(struct onnx_node *n)
{
    struct activation a = by_attributes(n);

    return onnx_out(n, 0, activate(n, fused_matmul(n), &a));
}

int onnx_ms_fused_gemm(struct onnx_node *n)
{
    struct activation a = by_attributes(n);
    struct onnx_value y = matmul(n, onnx_in(n, 0), onnx_in(n, 1), onnx_attr_i(n, "transA", 0) != 0,
                                 onnx_attr_i(n, "transB", 0) != 0);

    y = scaled(n, y, onnx_attr_f(n, "alpha", 1));
    if (onnx_has_in(n, 2)) {
        y = onnx_add(n, y, scaled(n, onnx_in(n, 2), onnx_attr_f(n, "beta", 1)));
    }
    return onnx_out(n, 0, activate(n, y, &a));
}

/* ---- convolutions */

static int convolution(struct onnx_node *n, bool last)
{
    struct onnx_value x = onnx_in(n, 0), z = onnx_in_opt(n, 3), y;
    struct activation a = {.name = onnx_attr_s(n, "activation", NULL)};
    int count = 0;
    const float *params = onnx_attr_fs(n, "activation_params", &count);
    struct onnx_window w;

    a.alpha = count > 0 ? params[0] : 0.01f;
    a.beta = count > 1 ? params[1] : 0;
    if (last) {
        x = onnx_move_channels(n, x, false);
    }
    if (onnx_window_read(n, onnx_need_rank(n, x) - 2, &w)) {
        return onnx_status(n);
    }
    y = onnx_convolve(n, x, onnx_in(n, 1), &w);
    if (onnx_has_in(n, 2)) {
        y = onnx_add(n, y,
                     onnx_reshape(n, onnx_in(n, 2), (const int64_t[]){1, -1, 1, 1, 1}, 2 + w.spatial, false));
    }
    if (z.node) {
        y = onnx_add(n, y, last ? onnx_move_channels(n, z, false) : z);
    }
    y = activate(n, y, &a);
    return onnx_out(n, 0, last ? onnx_move_channels(n, y, true) : y);
}

int onnx_ms_fused_conv(struct onnx_node *n)
{
    return convolution(n, false);
}

int onnx_ms_nhwc_conv(struct onnx_node *n)
{
    return convolution(n, true);
}

/* ---- activations */

static struct onnx_value gelu(struct onnx_node *n, struct onnx_value x, const char *mode)
{
    return onnx_op(n, "Gelu", 7, ONNX_IN(x), "approximation_mode=%s", mode);
}

static struct onnx_value biased(struct onnx_node *n, int bias)
{
    return onnx_has_in(n, bias) ? onnx_add(n, onnx_in(n, 0), onnx_in(n, bias)) : onnx_in(n, 0);
}

int onnx_ms_gelu(struct onnx_node *n)
{
    return onnx_out(n, 0, gelu(n, onnx_in(n, 0), "ERF"));
}

int onnx_ms_fast_gelu(struct onnx_node *n)
{
    return onnx_out(n, 0, gelu(n, biased(n, 1), "TANH"));
}

int onnx_ms_bias_gelu(struct onnx_node *n)
{
    return onnx_out(n, 0, gelu(n, onnx_add(n, onnx_in(n, 0), onnx_in(n, 1)), "ERF"));
}

int onnx_ms_gemm_fast_gelu(struct onnx_node *n)
{
    struct onnx_value y = matmul(n, onnx_in(n, 0), onnx_in(n, 1), false, false);

    return onnx_out(n, 0, gelu(n, onnx_has_in(n, 2) ? onnx_add(n, y, onnx_in(n, 2)) : y, "TANH"));
}

int onnx_ms_quick_gelu(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);
    struct onnx_value alpha = onnx_number_like(n, x, (double)onnx_attr_f(n, "alpha", 1.702f));

    return onnx_out(n, 0, onnx_binary(n, "Swish", 4, x, alpha));
}

int onnx_ms_bias_add(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_add(n, onnx_add(n, onnx_in(n, 0), onnx_in(n, 1)), onnx_in(n, 2)));
}

int onnx_ms_bias_split_gelu(struct onnx_node *n)
{
    struct onnx_value sum = onnx_add(n, onnx_in(n, 0), onnx_in(n, 1));
    struct onnx_value halves = onnx_op_outs(n, "Split", 1, 2, ONNX_IN(sum, onnx_i64(n, 2)), "num_splits=2");

    return onnx_out(n, 0, onnx_mul(n, halves, gelu(n, onnx_port(halves, 1), "ERF")));
}

/* softmax(data + bias) over all axes from `axis` on. The bias repeats over the axes before `axis`, either the
 * inner ones or the outer ones of them. */
int onnx_ms_bias_softmax(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), bias = onnx_in(n, 1);
    int rank = onnx_need_rank(n, x), bias_rank = onnx_need_rank(n, bias);
    int64_t axis = onnx_axis(n, onnx_attr_i(n, "axis", 1), rank);

    if (axis != rank - 1) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: softmax over more than the last axis");
    }
    if (bias_rank != rank && onnx_attr_i(n, "is_inner_broadcast", 0)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: a bias of %d axes for %d", bias_rank, rank);
    }
    return onnx_out(n, 0, onnx_op(n, "Softmax", 8, ONNX_IN(onnx_add(n, x, bias)), "axis=-1"));
}
