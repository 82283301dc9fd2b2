/* Pooling. NHWC: vectors of channels. NCHW: vectors of output columns where the stride along W is 1, else one
 * by one. */
#include "pool.h"
#include "rows.h"
#include "simd.h"

#define L SIMD_LANES

/* Kernel positions [lo, hi) of one dimension that fall into the input, and the number inside the padded
 * input. */
struct window {
    int64_t lo, hi, start, padded;
};

static int64_t ceil_div(int64_t a, int64_t b)
{
    return b == 1 ? a : (a + b - 1) / b;
}

static struct window window_at(const struct cpu_pool *p, int d, int64_t o)
{
    struct window w = {.lo = 0, .hi = p->kernel[d], .start = o * p->stride[d] - p->pad_begin[d]};
    int64_t step = p->dilation[d], limit = p->in[d] + p->pad_end[d];

    if (w.start < 0) {
        w.lo = ceil_div(-w.start, step);
    }
    if (w.start + (w.hi - 1) * step >= p->in[d]) {
        w.hi = p->in[d] > w.start ? ceil_div(p->in[d] - w.start, step) : 0;
    }
    if (w.hi < w.lo) {
        w.hi = w.lo;
    }
    /* A window may hang over the end pad too when the output size was rounded up. */
    w.padded = p->kernel[d];
    if (w.start + (p->kernel[d] - 1) * step >= limit) {
        w.padded = limit > w.start ? ceil_div(limit - w.start, step) : 0;
    }
    return w;
}

static float average_factor(const struct cpu_pool *p, const struct window *w)
{
    int64_t n = 1;

    for (int d = 0; d < 3; d++) {
        n *= p->exclude_pad ? w[d].hi - w[d].lo : w[d].padded;
    }
    return n > 0 ? 1.0f / (float)n : 0;
}

/* `vectors` vectors of channels, the last with mask m, of one output pixel. */
SIMD_INLINE void nhwc_channels(const struct cpu_pool *p, const struct window *w, const float *src, float *dst,
                               float factor, bool max, const int vectors, vm m)
{
    const vm all = vm_first(L);
    vf acc[4];

    for (int v = 0; v < vectors; v++) {
        acc[v] = max ? vf_set1(-INFINITY) : vf_zero();
    }
    for (int64_t kd = w[0].lo; kd < w[0].hi; kd++) {
        for (int64_t kh = w[1].lo; kh < w[1].hi; kh++) {
            int64_t d = w[0].start + kd * p->dilation[0], h = w[1].start + kh * p->dilation[1];
            const float *row = src + ((d * p->in[1] + h) * p->in[2] + w[2].start) * p->src_ld;

            for (int64_t kw = w[2].lo; kw < w[2].hi; kw++) {
                const float *s = row + kw * p->dilation[2] * p->src_ld;

                for (int v = 0; v < vectors; v++) {
                    vf x = vf_load_m(s + v * L, v == vectors - 1 ? m : all);

                    acc[v] = max ? row_max_nan(acc[v], x) : vf_add(acc[v], x);
                }
            }
        }
    }
    for (int v = 0; v < vectors; v++) {
        vf y = max ? acc[v] : vf_mul(acc[v], vf_set1(factor));

        vf_store_m(dst + v * L, y, v == vectors - 1 ? m : all);
    }
}

SIMD_INLINE void nhwc_pixel(const struct cpu_pool *p, const struct window *w, const float *src, float *dst,
                            bool max)
{
    float factor = max ? 1 : average_factor(p, w);
    int64_t c = 0;

    for (; c + 4 * L <= p->channels; c += 4 * L) {
        nhwc_channels(p, w, src + c, dst + c, factor, max, 4, vm_first(L));
    }
    for (; c < p->channels; c += L) {
        int64_t rest = p->channels - c;

        nhwc_channels(p, w, src + c, dst + c, factor, max, 1, vm_first(rest < L ? (int)rest : L));
    }
}

SIMD_INLINE void pool_nhwc(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end,
                           bool max)
{
    int64_t pixels = p->in[0] * p->in[1] * p->in[2];

    for (int64_t u = begin; u < end; u++) {
        int64_t image = u / (p->out[0] * p->out[1]);
        struct window w[3];

        w[0] = window_at(p, 0, u / p->out[1] % p->out[0]);
        w[1] = window_at(p, 1, u % p->out[1]);
        for (int64_t x = 0; x < p->out[2]; x++) {
            w[2] = window_at(p, 2, x);
            nhwc_pixel(p, w, src + image * pixels * p->src_ld, dst + (u * p->out[2] + x) * p->dst_ld, max);
        }
    }
}

static void max_nhwc(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    pool_nhwc(p, src, dst, begin, end, true);
}

static void average_nhwc(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    pool_nhwc(p, src, dst, begin, end, false);
}

/* One output of a plane. */
SIMD_INLINE float nchw_one(const struct cpu_pool *p, const struct window *w, const float *src, bool max)
{
    float acc = max ? -INFINITY : 0;

    for (int64_t kd = w[0].lo; kd < w[0].hi; kd++) {
        for (int64_t kh = w[1].lo; kh < w[1].hi; kh++) {
            int64_t d = w[0].start + kd * p->dilation[0], h = w[1].start + kh * p->dilation[1];
            const float *s = src + (d * p->in[1] + h) * p->in[2] + w[2].start;

            for (int64_t kw = w[2].lo; kw < w[2].hi; kw++) {
                float x = s[kw * p->dilation[2]];

                acc = !max ? acc + x : acc != acc || acc > x ? acc : x;
            }
        }
    }
    return max ? acc : acc * average_factor(p, w);
}

/* The whole plane is one window: a long sum, in vectors. */
static float plane_average(const struct cpu_pool *p, const float *src)
{
    struct row_pairwise total = {.count = 0};
    int64_t n = p->in[0] * p->in[1] * p->in[2];

    for (int64_t i = 0; i < n; i += ROW_BLOCK) {
        int64_t stop = i + ROW_BLOCK < n ? i + ROW_BLOCK : n;
        vf acc[ROW_CHAINS];

        for (int j = 0; j < ROW_CHAINS; j++) {
            acc[j] = vf_zero();
        }
        for (int64_t k = i, j = 0; k < stop; k += L, j = (j + 1) % ROW_CHAINS) {
            acc[j] = vf_add(acc[j], vf_load_n(src + k, stop - k < L ? (int)(stop - k) : L));
        }
        row_pairwise_add(&total, row_sum_chains(acc));
    }
    return row_pairwise_total(&total) / (float)n;
}

static bool is_global(const struct cpu_pool *p)
{
    bool global = true;

    for (int d = 0; d < 3; d++) {
        global = global && p->out[d] == 1 && p->kernel[d] == p->in[d] && p->pad_begin[d] == 0 &&
                 p->pad_end[d] == 0 && p->dilation[d] == 1;
    }
    return global;
}

#define ROW_FLOATS 2048 /* of an input row that are combined at a time */

/* The even ones of 2 L floats. */
SIMD_INLINE vf load_even(const float *p)
{
#if SIMD_LANES == 16
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);

    return _mm512_permutex2var_ps(vf_load(p), even, vf_load(p + L));
#elif SIMD_LANES == 8
    __m256 halves = _mm256_shuffle_ps(vf_load(p), vf_load(p + L), 0x88);

    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(halves), 0xd8));
#else
    return vf_load(p);
#endif
}

/* Elements [first, first + n) of the input rows under the window, combined into one row. */
SIMD_INLINE void combine_rows(const struct cpu_pool *p, const struct window *w, const float *src,
                              int64_t first, int64_t n, float *row, bool max)
{
    for (int64_t i = 0; i < n; i += L) {
        vm m = vm_first(n - i < L ? (int)(n - i) : L);
        vf acc = max ? vf_set1(-INFINITY) : vf_zero();

        for (int64_t kd = w[0].lo; kd < w[0].hi; kd++) {
            for (int64_t kh = w[1].lo; kh < w[1].hi; kh++) {
                int64_t d = w[0].start + kd * p->dilation[0], h = w[1].start + kh * p->dilation[1];
                vf x = vf_load_m(src + (d * p->in[1] + h) * p->in[2] + first + i, m);

                acc = max ? row_max_nan(acc, x) : vf_add(acc, x);
            }
        }
        vf_store_m(row + i, acc, m);
    }
}

/* L outputs, the window of the first begins at `s` of the combined row. */
SIMD_INLINE vf row_vector(const struct cpu_pool *p, const float *s, bool even, bool max)
{
    vf acc = max ? vf_set1(-INFINITY) : vf_zero();

    for (int64_t kw = 0; kw < p->kernel[2]; kw++) {
        vf x = even ? load_even(s + kw * p->dilation[2]) : vf_load(s + kw * p->dilation[2]);

        acc = max ? row_max_nan(acc, x) : vf_add(acc, x);
    }
    return acc;
}

/* The same for strides that no vector load fits. */
SIMD_INLINE vf row_lanes(const struct cpu_pool *p, const float *s, int lanes, bool max)
{
    float y[L];

    for (int j = 0; j < L; j++) {
        y[j] = max ? -INFINITY : 0;
        for (int64_t kw = 0; j < lanes && kw < p->kernel[2]; kw++) {
            float x = s[j * p->stride[2] + kw * p->dilation[2]];

            y[j] = !max ? y[j] + x : y[j] != y[j] || y[j] > x ? y[j] : x;
        }
    }
    return vf_load(y);
}

/* What sums of outputs [x, x + lanes) are multiplied by: one number but at the ends of the row. */
SIMD_INLINE vf row_factors(const struct cpu_pool *p, struct window *w, int64_t x, int lanes)
{
    int64_t start = x * p->stride[2] - p->pad_begin[2], reach = (p->kernel[2] - 1) * p->dilation[2];
    int64_t last = start + (lanes - 1) * p->stride[2] + reach;
    float factor[L];

    if (p->exclude_pad ? start >= 0 && last < p->in[2] : last < p->in[2] + p->pad_end[2]) {
        w[2] = (struct window){0, p->kernel[2], start, p->kernel[2]};
        return vf_set1(average_factor(p, w));
    }
    for (int j = 0; j < L; j++) {
        w[2] = window_at(p, 2, x + (j < lanes ? j : 0));
        factor[j] = average_factor(p, w);
    }
    return vf_load(factor);
}

/* Outputs [begin, end) of one row. The combined row holds what is neutral where it lies in the pads. */
SIMD_INLINE void nchw_outputs(const struct cpu_pool *p, struct window *w, const float *src, float *dst,
                              int64_t begin, int64_t end, bool max)
{
    float row[ROW_FLOATS + 4 * L];
    int64_t stride = p->stride[2], first = begin * stride - p->pad_begin[2];
    int64_t n = (end - 1 - begin) * stride + (p->kernel[2] - 1) * p->dilation[2] + 1;
    int64_t lo = first < 0 ? 0 : first, hi = first + n > p->in[2] ? p->in[2] : first + n;

    for (int64_t i = 0; i < n + 3 * L; i += L) {
        vf_store(row + i, max ? vf_set1(-INFINITY) : vf_zero());
    }
    if (lo < hi) {
        combine_rows(p, w, src, lo, hi - lo, row + (lo - first), max);
    }
    for (int64_t x = begin; x < end; x += L) {
        const float *s = row + (x - begin) * stride;
        int lanes = end - x < L ? (int)(end - x) : L;
        vf y;

        if (L == 1 || stride == 1) {
            y = row_vector(p, s, false, max);
        } else if (stride == 2) {
            y = row_vector(p, s, true, max);
        } else {
            y = row_lanes(p, s, lanes, max);
        }
        vf_store_n(dst + x, max ? y : vf_mul(y, row_factors(p, w, x, lanes)), lanes);
    }
}

SIMD_INLINE void nchw_row(const struct cpu_pool *p, struct window *w, const float *src, float *dst, bool max)
{
    int64_t reach = (p->kernel[2] - 1) * p->dilation[2] + 1, take;

    if (reach > ROW_FLOATS) {
        for (int64_t x = 0; x < p->out[2]; x++) {
            w[2] = window_at(p, 2, x);
            dst[x] = nchw_one(p, w, src, max);
        }
        return;
    }
    take = (ROW_FLOATS - reach) / p->stride[2] + 1;
    for (int64_t x = 0; x < p->out[2]; x += take) {
        nchw_outputs(p, w, src, dst, x, x + take < p->out[2] ? x + take : p->out[2], max);
    }
}

SIMD_INLINE void pool_nchw(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end,
                           bool max)
{
    int64_t plane = p->in[0] * p->in[1] * p->in[2];
    bool global = !max && is_global(p);

    for (int64_t u = begin; u < end; u++) {
        const float *s = src + u / (p->out[0] * p->out[1]) * plane;
        struct window w[3];

        if (global) {
            dst[u] = plane_average(p, s);
            continue;
        }
        w[0] = window_at(p, 0, u / p->out[1] % p->out[0]);
        w[1] = window_at(p, 1, u % p->out[1]);
        nchw_row(p, w, s, dst + u * p->out[2], max);
    }
}

static void max_nchw(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    pool_nchw(p, src, dst, begin, end, true);
}

static void average_nchw(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    pool_nchw(p, src, dst, begin, end, false);
}

/* Position of the first maximum (or the first NaN) of a window, -1 for an empty one. */
static int64_t argmax(const struct cpu_pool *p, const struct window *w, const float *src)
{
    int64_t best = -1;

    for (int64_t kd = w[0].lo; kd < w[0].hi; kd++) {
        for (int64_t kh = w[1].lo; kh < w[1].hi; kh++) {
            int64_t d = w[0].start + kd * p->dilation[0], h = w[1].start + kh * p->dilation[1];

            for (int64_t kw = w[2].lo; kw < w[2].hi; kw++) {
                int64_t at = (d * p->in[1] + h) * p->in[2] + w[2].start + kw * p->dilation[2];

                if (best < 0 || src[at] > src[best] || (src[at] != src[at] && src[best] == src[best])) {
                    best = at;
                }
            }
        }
    }
    return best;
}

static void max_index_nchw(const struct cpu_pool_index *q, const float *src, float *dst, void *index,
                           int64_t begin, int64_t end)
{
    const struct cpu_pool *p = &q->pool;
    int64_t plane = p->in[0] * p->in[1] * p->in[2];

    for (int64_t u = begin; u < end; u++) {
        int64_t which = u / (p->out[0] * p->out[1]), base = which % q->plane_mod * q->plane_step;
        const float *s = src + which * plane;
        struct window w[3];

        w[0] = window_at(p, 0, u / p->out[1] % p->out[0]);
        w[1] = window_at(p, 1, u % p->out[1]);
        for (int64_t x = 0; x < p->out[2]; x++) {
            int64_t at, o = u * p->out[2] + x;

            w[2] = window_at(p, 2, x);
            at = argmax(p, w, s);
            dst[o] = at < 0 ? -INFINITY : s[at];
            at = (at < 0 ? 0 : at) + base;
            if (q->index_bytes == 8) {
                ((int64_t *)index)[o] = at;
            } else {
                ((int32_t *)index)[o] = (int32_t)at;
            }
        }
    }
}

const struct cpu_pool_f32 CPU_NAME(pool_f32) = {
    .name = "pool_f32",
    .isa = CPU_ISA_ID,
    .max_nhwc = max_nhwc,
    .average_nhwc = average_nhwc,
    .max_nchw = max_nchw,
    .average_nchw = average_nchw,
    .max_index_nchw = max_index_nchw,
};
