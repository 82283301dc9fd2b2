/* Products of quantised tensors: convolutions and matrix products, with results requantised or as floats.
 *
 * The sums are those of the codes less their zero points, which f32 holds exactly; the scales come
 * after them in one factor, as ONNX Runtime does it. */
#include "layout.h"
#include "quantize.h"
#include "window.h"

/* A factor a * b, or a * b / y where y is there. */
static struct onnx_value factor(struct onnx_node *n, struct onnx_value a, struct onnx_value b,
                                struct onnx_value y)
{
    struct onnx_value product = onnx_mul(n, onnx_convert(n, a, VT_F32), onnx_convert(n, b, VT_F32));

    return y.node ? onnx_div(n, product, onnx_convert(n, y, VT_F32)) : product;
}

/* The result with the code `zero` for 0, saturated: the scale is in it already. */
static struct onnx_value requantize(struct onnx_node *n, struct onnx_value y, struct onnx_value zero)
{
    struct quantization q = {.scale = onnx_number(n, VT_F32, 1), .zero = onnx_as_scalar(n, zero)};

    return onnx_quantize(n, y, &q, zero.node ? onnx_type(n, zero) : VT_U8, true);
}

/* A parameter of the rows of a matrix: [M] as [M, 1]. */
static struct onnx_value of_rows(struct onnx_node *n, struct onnx_value v)
{
    if (!v.node || onnx_rank(n, v) != 1 || onnx_dim(n, v, 0) == 1) {
        return v;
    }
    return onnx_with_shape(n, v, (const int64_t[]){onnx_dim(n, v, 0), 1}, 2);
}

static struct onnx_value less_zero(struct onnx_node *n, struct onnx_value v, struct onnx_value zero)
{
    return onnx_centred(n, v, zero, -1);
}

static struct onnx_value matmul(struct onnx_node *n, struct onnx_value a, struct onnx_value b, bool a_first,
                                bool b_first)
{
    return onnx_op(n, "MatMul", 1, ONNX_IN(a, b), "transpose_a=%s;transpose_b=%s", a_first ? "true" : "false",
                   b_first ? "true" : "false");
}

int onnx_qlinear_matmul(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), b = onnx_in(n, 3), zero = onnx_in(n, 7), y;
    struct onnx_value a_scale = of_rows(n, onnx_in(n, 1)), a_zero = of_rows(n, onnx_in(n, 2));

    y = matmul(n, less_zero(n, a, a_zero), less_zero(n, b, onnx_in(n, 5)), false, false);
    y = onnx_mul(n, y, factor(n, a_scale, onnx_in(n, 4), of_rows(n, onnx_in(n, 6))));
    /* One zero point for each row is allowed, too. */
    if (onnx_rank(n, zero) != 0 && onnx_dim(n, zero, 0) != 1) {
        struct quantization q = {.scale = onnx_number(n, VT_F32, 1), .zero = of_rows(n, zero)};

        return onnx_out(n, 0, onnx_quantize(n, y, &q, onnx_type(n, zero), true));
    }
    return onnx_out(n, 0, requantize(n, y, zero));
}

/* ---- convolutions */

static struct onnx_value channels(struct onnx_node *n, struct onnx_value v, struct onnx_value like)
{
    return onnx_along(n, v, like, 1);
}

int onnx_qlinear_conv(struct onnx_node *n)
{
    bool last = onnx_attr_i(n, "channels_last", 0) != 0;
    struct onnx_value x = onnx_in(n, 0), weights = onnx_in(n, 3), y;
    struct onnx_window w;

    if (last) {
        x = onnx_move_channels(n, x, false);
    }
    if (onnx_window_read(n, onnx_need_rank(n, x) - 2, &w)) {
        return onnx_status(n);
    }
    y = onnx_convolve(n, onnx_centred(n, x, onnx_as_scalar(n, onnx_in_opt(n, 2)), 1),
                      onnx_centred(n, weights, onnx_in_opt(n, 5), 0), &w);
    if (onnx_has_in(n, 8)) {
        y = onnx_add(n, y, channels(n, onnx_convert(n, onnx_in(n, 8), VT_F32), y));
    }
    y = onnx_mul(
        n, y,
        channels(n,
                 factor(n, onnx_as_scalar(n, onnx_in(n, 1)), onnx_in(n, 4), onnx_as_scalar(n, onnx_in(n, 6))),
                 y));
    y = requantize(n, y, onnx_in_opt(n, 7));
    return onnx_out(n, 0, last ? onnx_move_channels(n, y, true) : y);
}

/* ---- com.microsoft */

static struct onnx_value with_bias(struct onnx_node *n, struct onnx_value y, int input)
{
    return onnx_has_in(n, input) ? onnx_add(n, y, onnx_in(n, input)) : y;
}

int onnx_ms_matmul_integer_to_float(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), b = onnx_in(n, 1), y;

    y = matmul(n, less_zero(n, a, onnx_in_opt(n, 4)), less_zero(n, b, onnx_in_opt(n, 5)), false, false);
    y = onnx_mul(n, y, factor(n, onnx_in(n, 2), onnx_in(n, 3), ONNX_ABSENT));
    return onnx_out(n, 0, with_bias(n, onnx_convert_like(n, y, onnx_in(n, 2)), 6));
}

/* `a` is quantised to eight bits by its own range first. */
int onnx_ms_dynamic_quantize_matmul(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), b = onnx_in(n, 1), y;
    struct quantization q = onnx_dynamic_range(n, a);

    a = less_zero(n, onnx_quantize(n, a, &q, VT_U8, true), q.zero);
    y = matmul(n, a, less_zero(n, b, onnx_in_opt(n, 3)), false, false);
    y = onnx_mul(n, y, factor(n, q.scale, onnx_in(n, 2), ONNX_ABSENT));
    return onnx_out(n, 0, with_bias(n, y, 4));
}

int onnx_ms_qgemm(struct onnx_node *n)
{
    bool a_first = onnx_attr_i(n, "transA", 0) != 0, b_first = onnx_attr_i(n, "transB", 0) != 0;
    struct onnx_value a = onnx_in(n, 0), b = onnx_in(n, 3), scale, y;
    float alpha = onnx_attr_f(n, "alpha", 1);

    b = onnx_centred(n, b, onnx_in(n, 5), b_first ? 0 : 1);
    y = matmul(n, onnx_centred(n, a, onnx_in(n, 2), 1), b, a_first, b_first);
    if (onnx_has_in(n, 6)) {
        y = onnx_add(n, y, onnx_convert(n, onnx_in(n, 6), VT_F32));
    }
    scale = factor(n, onnx_in(n, 1), onnx_in(n, 4), onnx_in_opt(n, 7));
    if (alpha != 1) {
        scale = onnx_mul(n, scale, onnx_number(n, VT_F32, (double)alpha));
    }
    y = onnx_mul(n, y, scale);
    return onnx_out(n, 0, onnx_has_in(n, 7) ? requantize(n, y, onnx_in_opt(n, 8)) : y);
}

/* (a - a_zero) * (b - b_zero), i32. */
int onnx_ms_mul_integer(struct onnx_node *n)
{
    struct onnx_value a = less_zero(n, onnx_in(n, 0), onnx_in_opt(n, 1));
    struct onnx_value b = less_zero(n, onnx_in(n, 2), onnx_in_opt(n, 3));

    return onnx_out(n, 0, onnx_convert(n, onnx_mul(n, a, b), VT_I32));
}
