/* Numbers from few others: ranges, windows, filter banks, random numbers. */
#include "parts.h"

#include <math.h>

int onnx_range_op(struct onnx_node *n)
{
    struct onnx_value in[3];

    for (int i = 0; i < 3; i++) {
        in[i] = onnx_scalar(n, onnx_in(n, i));
    }
    if (onnx_type(n, in[0]) == VT_DYNAMIC) {
        return onnx_out(n, 0, onnx_op(n, "Range", 1, in, 3, NULL));
    }
    return onnx_out(n, 0, onnx_range(n, onnx_type(n, in[0]), in[0], in[1], in[2]));
}

/* ---- windows: a0 - a1 cos(2 pi i / N) + a2 cos(4 pi i / N); N is the size, one less if not periodic */

static int window(struct onnx_node *n, double a0, double a1, double a2)
{
    enum vt_type type = onnx_attr_type(n, "output_datatype", VT_F32), work = type == VT_F64 ? VT_F64 : VT_F32;
    struct onnx_value size = onnx_scalar_in(n, 0), span, angle, v;

    span = onnx_attr_i(n, "periodic", 1) ? size : onnx_sub(n, size, onnx_i64(n, 1));
    angle = onnx_convert(n, onnx_iota(n, size, 1, 0), work);
    angle = onnx_mul(n, angle, onnx_number(n, work, 2 * M_PI));
    angle = onnx_div(n, angle, onnx_convert(n, span, work));
    v = onnx_mul(n, onnx_unary(n, "Cos", 1, angle), onnx_number(n, work, a1));
    v = onnx_sub(n, onnx_number(n, work, a0), v);
    if (a2 != 0) {
        struct onnx_value twice = onnx_mul(n, angle, onnx_number(n, work, 2));

        v = onnx_add(n, v, onnx_mul(n, onnx_unary(n, "Cos", 1, twice), onnx_number(n, work, a2)));
    }
    return onnx_out(n, 0, onnx_convert(n, v, type));
}

int onnx_hann_window(struct onnx_node *n)
{
    return window(n, 0.5, 0.5, 0);
}

int onnx_hamming_window(struct onnx_node *n)
{
    return window(n, 25.0 / 46, 21.0 / 46, 0);
}

int onnx_blackman_window(struct onnx_node *n)
{
    return window(n, 0.42, 0.5, 0.08);
}

/* ---- MelWeightMatrix. mel(f) = 2595 log10(1 + f / 700); band i is a triangle over the bins
 * edge[i]..edge[i + 2] with its top at edge[i + 1], edges evenly spaced in mel. */

static struct onnx_value number(struct onnx_node *n, double v)
{
    return onnx_number(n, VT_F64, v);
}

static struct onnx_value mel(struct onnx_node *n, struct onnx_value hertz)
{
    struct onnx_value v = onnx_add(n, onnx_div(n, hertz, number(n, 700)), number(n, 1));

    return onnx_mul(n, onnx_unary(n, "Log", 1, v), number(n, 2595 / log(10)));
}

static struct onnx_value mel_edges(struct onnx_node *n, struct onnx_value bands)
{
    struct onnx_value count = onnx_add(n, bands, onnx_i64(n, 2)), length = onnx_scalar_in(n, 1),
                      rate = onnx_convert(n, onnx_scalar_in(n, 2), VT_F64),
                      low = mel(n, onnx_convert(n, onnx_scalar(n, onnx_in(n, 3)), VT_F64)),
                      high = mel(n, onnx_convert(n, onnx_scalar(n, onnx_in(n, 4)), VT_F64)), v, scale;

    v = onnx_div(n, onnx_sub(n, high, low), onnx_convert(n, count, VT_F64));
    v = onnx_mul(n, onnx_convert(n, onnx_iota(n, count, 1, 0), VT_F64), v);
    v = onnx_mul(n, onnx_add(n, v, low), number(n, log(10) / 2595));
    v = onnx_mul(n, onnx_sub(n, onnx_unary(n, "Exp", 1, v), number(n, 1)), number(n, 700));
    scale = onnx_convert(n, onnx_add(n, length, onnx_i64(n, 1)), VT_F64);
    return onnx_unary(n, "Floor", 1, onnx_div(n, onnx_mul(n, v, scale), rate));
}

/* slope = run / length where the bin is within, `other` elsewhere. */
static struct onnx_value slope(struct onnx_node *n, struct onnx_value within, struct onnx_value run,
                               struct onnx_value length, struct onnx_value other)
{
    return onnx_select(n, within, onnx_div(n, run, length), other);
}

static struct onnx_value both(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return onnx_binary(n, "LogicalAnd", 1, a, b);
}

int onnx_mel_weight_matrix(struct onnx_node *n)
{
    enum vt_type type = onnx_attr_type(n, "output_datatype", VT_F32);
    struct onnx_value bands = onnx_scalar_in(n, 0), edges = mel_edges(n, bands),
                      half = onnx_div(n, onnx_scalar_in(n, 1), onnx_i64(n, 2)),
                      bins = onnx_add(n, half, onnx_i64(n, 1)), bin, left, top, right, rises, falls, v;

    bin = onnx_convert(n, onnx_iota(n, bins, 2, 0), VT_F64);
    left = onnx_slice_axis(n, edges, 0, 0, -2);
    top = onnx_slice_axis(n, edges, 0, 1, -1);
    right = onnx_slice_axis(n, edges, 0, 2, INT64_MAX);
    rises = both(n, onnx_binary(n, "GreaterEqual", 1, bin, left), onnx_binary(n, "LessEqual", 1, bin, top));
    falls = both(n, onnx_binary(n, "GreaterEqual", 1, bin, top), onnx_binary(n, "Less", 1, bin, right));
    v = slope(n, rises, onnx_sub(n, bin, left), onnx_sub(n, top, left), number(n, 0));
    /* A triangle without a left side is 1 at its top. */
    v = onnx_select(n, both(n, onnx_binary(n, "Equal", 1, left, top), rises), number(n, 1), v);
    v = slope(n, falls, onnx_sub(n, right, bin), onnx_sub(n, right, top), v);
    return onnx_out(n, 0, onnx_convert(n, v, type));
}

/* ---- random numbers. Without a seed two runs differ, as with the seeds 0 of RandomUniform. */

static long long seed_of(struct onnx_node *n)
{
    double seed = onnx_attr_f(n, "seed", 0);

    return seed >= 1 && seed < 9e18 ? (long long)seed : seed != 0 ? 1 : 0;
}

static struct onnx_value uniform(struct onnx_node *n, struct onnx_value shape, enum vt_type type, double low,
                                 double high, int stream)
{
    return onnx_op(n, "RandomUniform", 8,
                   ONNX_IN(shape, onnx_number(n, type, low), onnx_number(n, type, high)),
                   "output_type=%s;global_seed=%lld;op_seed=%d", vt_type_info(type)->name, seed_of(n),
                   seed_of(n) ? stream : 0);
}

/* Box and Muller: sqrt(-2 ln u) cos(2 pi v), u in (0, 1]. */
static struct onnx_value normal(struct onnx_node *n, struct onnx_value shape, enum vt_type type)
{
    struct onnx_value u = onnx_sub(n, onnx_number(n, type, 1), uniform(n, shape, type, 0, 1, 1)),
                      v = uniform(n, shape, type, 0, 2 * M_PI, 2), radius;

    radius = onnx_mul(n, onnx_unary(n, "Log", 1, u), onnx_number(n, type, -2));
    radius = onnx_mul(n, onnx_unary(n, "Sqrt", 1, radius), onnx_unary(n, "Cos", 1, v));
    radius = onnx_mul(n, radius, onnx_number(n, type, onnx_attr_f(n, "scale", 1)));
    return onnx_add(n, radius, onnx_number(n, type, onnx_attr_f(n, "mean", 0)));
}

/* Numbers of the narrow types are drawn as f32. */
static int draw(struct onnx_node *n, struct onnx_value shape, enum vt_type type, bool is_normal)
{
    enum vt_type work = type == VT_F64 ? VT_F64 : VT_F32;
    struct onnx_value v =
        is_normal ? normal(n, shape, work)
                  : uniform(n, shape, work, onnx_attr_f(n, "low", 0), onnx_attr_f(n, "high", 1), 1);

    return onnx_out(n, 0, onnx_convert(n, v, type));
}

static int draw_shape(struct onnx_node *n, bool is_normal)
{
    int count = 0;
    const int64_t *dims = onnx_attr_is(n, "shape", &count);
    int64_t nothing = 0;

    return draw(n, onnx_i64s(n, count ? dims : &nothing, count), onnx_attr_type(n, "dtype", VT_F32),
                is_normal);
}

static int draw_like(struct onnx_node *n, bool is_normal)
{
    struct onnx_value x = onnx_in(n, 0);
    enum vt_type type = onnx_attr_type(n, "dtype", onnx_type(n, x));

    return draw(n, onnx_shape_of(n, x), type == VT_DYNAMIC ? VT_F32 : type, is_normal);
}

int onnx_random_uniform(struct onnx_node *n)
{
    return draw_shape(n, false);
}

int onnx_random_uniform_like(struct onnx_node *n)
{
    return draw_like(n, false);
}

int onnx_random_normal(struct onnx_node *n)
{
    return draw_shape(n, true);
}

int onnx_random_normal_like(struct onnx_node *n)
{
    return draw_like(n, true);
}

/* 1 with the probability that the input gives. */
int onnx_bernoulli(struct onnx_node *n)
{
    struct onnx_value p = onnx_in(n, 0), drawn = uniform(n, onnx_shape_of(n, p), VT_F32, 0, 1, 1), v;
    enum vt_type type = onnx_attr_type(n, "dtype", onnx_type(n, p));

    v = onnx_binary(n, "Less", 1, drawn, onnx_convert(n, p, VT_F32));
    return onnx_out(n, 0, type == VT_DYNAMIC ? onnx_convert_like(n, v, p) : onnx_convert(n, v, type));
}

/* Classes drawn from unnormalised log-probabilities. */
int onnx_multinomial(struct onnx_node *n)
{
    enum vt_type type = onnx_attr_type(n, "dtype", VT_I32);
    struct onnx_value count = onnx_i64(n, onnx_attr_i(n, "sample_size", 1));

    return onnx_out(
        n, 0,
        onnx_op(n, "Multinomial", 13, ONNX_IN(onnx_in(n, 0), count),
                "convert_type=%s;with_replacement=true;log_probs=true;global_seed=%lld;op_seed=%d",
                vt_type_info(type)->name, seed_of(n), seed_of(n) ? 1 : 0));
}
