#include "interpolate.h"

#include <math.h>
#include <string.h>

static int64_t clamp_index(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* The source coordinate of result coordinate x. */
static float source_coord(enum cpu_interp_coord coord, float x, float scale, int64_t out, int64_t in)
{
    if (scale == 1.0f || in == out) {
        return x;
    }
    switch (coord) {
    case CPU_COORD_PYTORCH_HALF_PIXEL: return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case CPU_COORD_ASYMMETRIC: return x / scale;
    case CPU_COORD_TF_HALF_PIXEL_FOR_NN: return (x + 0.5f) / scale;
    case CPU_COORD_ALIGN_CORNERS: return out == 1 ? 0.0f : x * (float)(in - 1) / (float)(out - 1);
    default: return (x + 0.5f) / scale - 0.5f;
    }
}

static int64_t nearest_index(enum cpu_interp_nearest mode, float x, bool shrink)
{
    switch (mode) {
    case CPU_NEAREST_ROUND_PREFER_CEIL: return (int64_t)roundf(x);
    case CPU_NEAREST_FLOOR: return (int64_t)floorf(x);
    case CPU_NEAREST_CEIL: return (int64_t)ceilf(x);
    case CPU_NEAREST_SIMPLE: return shrink ? (int64_t)ceilf(x) : (int64_t)x;
    default: return x == truncf(x) + 0.5f ? (int64_t)floorf(x) : (int64_t)roundf(x);
    }
}

/* Half the number of taps that the triangle of mode "linear" covers. */
static int64_t triangle_reach(const struct cpu_interp_params *p, float scale)
{
    float a = p->antialias ? scale : 1.0f;

    return scale > 1.0f ? 2 : (int64_t)ceilf(2.0f / a);
}

static double pillow_support(const struct cpu_interp_params *p, int64_t in, int64_t out)
{
    double shrink = (double)in / (double)out;

    return (p->mode == CPU_INTERP_BICUBIC_PILLOW ? 2.0 : 1.0) * (shrink > 1 ? shrink : 1.0);
}

int64_t cpu_interp_taps(const struct cpu_interp_params *p, int64_t in, int64_t out, float scale)
{
    int64_t taps;

    switch (p->mode) {
    case CPU_INTERP_NEAREST: return 1;
    case CPU_INTERP_LINEAR_ONNX: return 2;
    case CPU_INTERP_CUBIC: taps = 4; break;
    case CPU_INTERP_LINEAR: taps = 2 * triangle_reach(p, scale) + 1; break;
    default: taps = (int64_t)ceil(pillow_support(p, in, out)) * 2 + 1; break;
    }
    return taps < in ? taps : in;
}

static void linear_onnx_taps(float x, int64_t n, int32_t *index, float *weight)
{
    float top = (float)(n - 1);
    int64_t lo, hi;

    x = x < 0 ? 0 : x > top ? top : x;
    lo = clamp_index((int64_t)x, n);
    hi = clamp_index(lo + 1, n);
    index[0] = (int32_t)lo;
    index[1] = (int32_t)hi;
    weight[0] = lo == hi ? 0.5f : fabsf(x - (float)hi);
    weight[1] = lo == hi ? 0.5f : fabsf(x - (float)lo);
}

static float cubic_near(float s, float a)
{
    return ((a + 2) * s - (a + 3)) * s * s + 1;
}

static float cubic_far(float s, float a)
{
    return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a;
}

static void cubic_taps(float x, float a, int64_t n, int32_t *index, float *weight, int64_t taps)
{
    float base = floorf(x), s = x - base;
    const float w[4] = {cubic_far(s + 1, a), cubic_near(s, a), cubic_near(1 - s, a), cubic_far(2 - s, a)};

    /* A short axis has fewer taps than four; the clamped ones add up. */
    for (int64_t t = 0; t < taps; t++) {
        index[t] = (int32_t)t;
        weight[t] = 0;
    }
    for (int k = 0; k < 4; k++) {
        int64_t i = clamp_index((int64_t)base + k - 1, n);

        if (taps == 4 && n > 4) {
            index[k] = (int32_t)i;
            weight[k] = w[k];
        } else {
            weight[i] += w[k];
        }
    }
}

/* Weights of [first, first + taps) sum to one afterwards; all zero stays so. */
static void normalise(float *weight, int64_t taps)
{
    float sum = 0;

    for (int64_t t = 0; t < taps; t++) {
        sum += weight[t];
    }
    for (int64_t t = 0; t < taps && sum != 0; t++) {
        weight[t] /= sum;
    }
}

/* The window of `taps` inputs that begins at `first`, moved into the axis. */
static int64_t place_window(int64_t first, int64_t taps, int64_t n)
{
    return first < 0 ? 0 : first + taps > n ? n - taps : first;
}

static void triangle_taps(const struct cpu_interp_params *p, float x, float scale,
                          const struct cpu_interp_axis *axis, int32_t *index, float *weight)
{
    int64_t reach = triangle_reach(p, scale), mid = (int64_t)roundf(x);
    int64_t first = place_window(mid - reach, axis->taps, axis->in);
    float a = p->antialias ? scale : 1.0f;

    for (int64_t t = 0; t < axis->taps; t++) {
        float w = 1.0f - fabsf(a * (x - (float)(first + t)));
        bool inside = first + t >= mid - reach && first + t <= mid + reach;

        index[t] = (int32_t)(first + t);
        weight[t] = inside && w > 0 ? w : 0;
    }
    normalise(weight, axis->taps);
}

static double pillow_filter(const struct cpu_interp_params *p, double x)
{
    double a = (double)p->cubic_a;

    x = fabs(x);
    if (p->mode == CPU_INTERP_BILINEAR_PILLOW) {
        return x < 1 ? 1 - x : 0;
    }
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static void pillow_taps(const struct cpu_interp_params *p, int64_t i, const struct cpu_interp_axis *axis,
                        int32_t *index, float *weight)
{
    double scale = (double)axis->in / (double)axis->out, wide = scale > 1 ? scale : 1;
    double support = pillow_support(p, axis->in, axis->out), center = ((double)i + 0.5) * scale, sum = 0;
    int64_t lo = (int64_t)(center - support + 0.5), hi = (int64_t)(center + support + 0.5), first;

    lo = lo < 0 ? 0 : lo;
    hi = hi > axis->in ? axis->in : hi;
    first = place_window(lo, axis->taps, axis->in);
    for (int64_t j = lo; j < hi; j++) {
        sum += pillow_filter(p, ((double)j - center + 0.5) / wide);
    }
    for (int64_t t = 0; t < axis->taps; t++) {
        int64_t j = first + t;
        double w = j >= lo && j < hi ? pillow_filter(p, ((double)j - center + 0.5) / wide) : 0;

        index[t] = (int32_t)j;
        weight[t] = (float)(sum != 0 ? w / sum : w);
    }
}

void cpu_interp_table(const struct cpu_interp_params *p, float scale, struct cpu_interp_axis *axis)
{
    for (int64_t i = 0; i < axis->out; i++) {
        float x = source_coord(p->coord, (float)i, scale, axis->out, axis->in);
        int32_t *index = axis->index + i * axis->taps;
        float *weight = axis->weight + i * axis->taps;

        switch (p->mode) {
        case CPU_INTERP_NEAREST:
            index[0] = (int32_t)clamp_index(nearest_index(p->nearest, x, scale < 1.0f), axis->in);
            weight[0] = 1;
            break;
        case CPU_INTERP_LINEAR_ONNX: linear_onnx_taps(x, axis->in, index, weight); break;
        case CPU_INTERP_CUBIC: cubic_taps(x, p->cubic_a, axis->in, index, weight, axis->taps); break;
        case CPU_INTERP_LINEAR: triangle_taps(p, x, scale, axis, index, weight); break;
        default: pillow_taps(p, i, axis, index, weight); break;
        }
    }
}

/* Taps of one output with a weight come first; how many there are. */
static int64_t gather_taps(int32_t *index, float *weight, int64_t taps)
{
    int64_t n = 0;

    for (int64_t t = 0; t < taps; t++) {
        if (weight[t] != 0) {
            index[n] = index[t];
            weight[n++] = weight[t];
        }
    }
    for (int64_t t = n; t < taps; t++) {
        index[t] = index[0];
        weight[t] = 0;
    }
    return n;
}

void cpu_interp_trim(struct cpu_interp_axis *axis)
{
    int64_t taps = axis->taps, most = 1;

    for (int64_t i = 0; i < axis->out; i++) {
        int64_t n = gather_taps(axis->index + i * taps, axis->weight + i * taps, taps);

        most = n > most ? n : most;
    }
    for (int64_t i = 0; i < axis->out; i++) {
        memmove(axis->index + i * most, axis->index + i * taps, (size_t)most * sizeof(*axis->index));
        memmove(axis->weight + i * most, axis->weight + i * taps, (size_t)most * sizeof(*axis->weight));
    }
    axis->taps = most;
}
