/* Normalisations over rows, columns, groups and windows of channels. */
#include "norm.h"
#include "rows.h"
#include "softmax.h"
#include "vmath.h"

#define L SIMD_LANES

/* Sum over one block of (x - mean)^power, power 1 or 2; at most ROW_BLOCK elements. */
SIMD_INLINE float block_sum(const float *src, float mean, int power, int64_t n)
{
    vf m = vf_set1(mean), acc[ROW_CHAINS];
    int64_t i = 0;

    for (int j = 0; j < ROW_CHAINS; j++) {
        acc[j] = vf_zero();
    }
    for (; i + ROW_CHAINS * L <= n; i += ROW_CHAINS * L) {
        for (int j = 0; j < ROW_CHAINS; j++) {
            vf x = vf_load(src + i + j * L);

            if (power == 2) {
                x = vf_sub(x, m);
                acc[j] = vf_fma(x, x, acc[j]);
            } else {
                acc[j] = vf_add(acc[j], x);
            }
        }
    }
    for (int j = 0; i < n; i += L, j++) {
        vm lanes = vm_first(n - i < L ? (int)(n - i) : L);
        vf x = vf_load_m(src + i, lanes);

        if (power == 2) {
            x = vf_select(lanes, vf_sub(x, m), vf_zero());
            acc[j] = vf_fma(x, x, acc[j]);
        } else {
            acc[j] = vf_add(acc[j], x);
        }
    }
    return row_sum_chains(acc);
}

/* Sum of (x - mean)^power over n elements. */
SIMD_INLINE float run_sum(const float *src, float mean, int power, int64_t n)
{
    struct row_pairwise total = {.count = 0};

    if (n <= ROW_BLOCK) {
        return block_sum(src, mean, power, n);
    }
    for (int64_t i = 0; i < n; i += ROW_BLOCK) {
        row_pairwise_add(&total, block_sum(src + i, mean, power, n - i < ROW_BLOCK ? n - i : ROW_BLOCK));
    }
    return row_pairwise_total(&total);
}

static float factor_of(float x, float eps, enum cpu_norm_eps mode)
{
    switch (mode) {
    case CPU_EPS_OUTSIDE: return 1.0f / (sqrtf(x) + eps);
    case CPU_EPS_MAX: return 1.0f / sqrtf(x != x || x > eps ? x : eps);
    default: return 1.0f / sqrtf(x + eps);
    }
}

/* y = (x - mean) * factor [* gamma] [+ beta] */
SIMD_INLINE vf apply(vf x, vf mean, vf factor, const float *gamma, const float *beta, int64_t i, vm m)
{
    vf y = vf_mul(vf_sub(x, mean), factor);

    if (gamma && beta) {
        return vf_fma(y, vf_load_m(gamma + i, m), vf_load_m(beta + i, m));
    }
    if (gamma) {
        return vf_mul(y, vf_load_m(gamma + i, m));
    }
    return beta ? vf_add(y, vf_load_m(beta + i, m)) : y;
}

SIMD_INLINE void apply_row(const float *src, float *dst, float fmean, float ffactor, const float *gamma,
                           const float *beta, int64_t n)
{
    const vm all = vm_first(L);
    vf mean = vf_set1(fmean), factor = vf_set1(ffactor);
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, apply(vf_load(src + i), mean, factor, gamma, beta, i, all));
    }
    if (i < n) {
        vm m = vm_first((int)(n - i));

        vf_store_m(dst + i, apply(vf_load_m(src + i, m), mean, factor, gamma, beta, i, m), m);
    }
}

static void norm_rows(const struct cpu_norm_rows *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    float n = (float)p->n;

    for (int64_t r = begin; r < end; r++) {
        const float *s = src + r * p->src_ld;
        float *d = dst + r * p->dst_ld, mean = 0, factor = 1;

        if (p->mean) {
            mean = run_sum(s, 0, 1, p->n) / n;
        }
        if (p->variance) {
            float sum = run_sum(s, mean, 2, p->n);

            factor = factor_of(p->sum ? sum : sum / n, p->eps, p->eps_mode);
        }
        if (p->gamma && p->beta) {
            apply_row(s, d, mean, factor, p->gamma, p->beta, p->n);
        } else if (p->gamma) {
            apply_row(s, d, mean, factor, p->gamma, NULL, p->n);
        } else {
            apply_row(s, d, mean, factor, NULL, p->beta, p->n);
        }
    }
}

SIMD_INLINE vf vector_factor(vf x, float eps, enum cpu_norm_eps mode)
{
    vf e = vf_set1(eps), one = vf_set1(1);

    switch (mode) {
    case CPU_EPS_OUTSIDE: return vf_div(one, vf_add(vf_sqrt(x), e));
    case CPU_EPS_MAX: return vf_div(one, vf_sqrt(vf_max(e, x)));
    default: return vf_div(one, vf_sqrt(vf_add(x, e)));
    }
}

/* Sum over the axis of (x - mean)^power for one vector of columns; blocks of 64 keep long axes exact. */
SIMD_INLINE vf column_sum(const float *src, int64_t axis, int64_t inner, vf mean, int power, vm m)
{
    vf total = vf_zero();

    for (int64_t a = 0; a < axis;) {
        int64_t stop = a + 64 < axis ? a + 64 : axis;
        vf part = vf_zero();

        for (; a < stop; a++) {
            vf x = vf_sub(vf_load_m(src + a * inner, m), mean);

            part = power == 2 ? vf_fma(x, x, part) : vf_add(part, x);
        }
        total = vf_add(total, part);
    }
    return total;
}

static void norm_column_vector(const struct cpu_norm_columns *p, const float *src, float *dst, vm m)
{
    vf count = vf_set1((float)p->axis), mean = vf_zero(), factor = vf_set1(1);

    if (p->mean) {
        mean = vf_div(column_sum(src, p->axis, p->inner, vf_zero(), 1, m), count);
    }
    if (p->variance) {
        vf sum = column_sum(src, p->axis, p->inner, mean, 2, m);

        factor = vector_factor(p->sum ? sum : vf_div(sum, count), p->eps, p->eps_mode);
    }
    for (int64_t a = 0; a < p->axis; a++) {
        vf y = vf_mul(vf_sub(vf_load_m(src + a * p->inner, m), mean), factor);

        y = p->gamma ? vf_mul(y, vf_set1(p->gamma[a])) : y;
        y = p->beta ? vf_add(y, vf_set1(p->beta[a])) : y;
        vf_store_m(dst + a * p->inner, y, m);
    }
}

static void norm_columns(const struct cpu_norm_columns *p, const float *src, float *dst, int64_t begin,
                         int64_t end)
{
    int64_t blocks = cpu_column_units(1, p->inner);

    for (int64_t u = begin; u < end; u++) {
        int64_t base = u / blocks * p->axis * p->inner, c = u % blocks * CPU_COLUMN_BLOCK;
        int64_t stop = c + CPU_COLUMN_BLOCK < p->inner ? c + CPU_COLUMN_BLOCK : p->inner;

        for (; c < stop; c += L) {
            norm_column_vector(p, src + base + c, dst + base + c,
                               vm_first(stop - c < L ? (int)(stop - c) : L));
        }
    }
}

static void norm_group_nchw(const struct cpu_norm_groups *p, const float *src, float *dst, int64_t unit)
{
    int64_t per = p->channels / p->groups, n = per * p->spatial, first = unit % p->groups * per;
    float mean, factor;

    src += unit * n;
    dst += unit * n;
    mean = run_sum(src, 0, 1, n) / (float)n;
    factor = factor_of(run_sum(src, mean, 2, n) / (float)n, p->eps, p->eps_mode);
    for (int64_t c = 0; c < per; c++) {
        float scale = p->gamma ? factor * p->gamma[first + c] : factor;
        float shift = p->beta ? p->beta[first + c] : 0;
        vf vm_mean = vf_set1(mean), vm_scale = vf_set1(scale), vm_shift = vf_set1(shift);

        for (int64_t i = 0; i < p->spatial; i += L) {
            vm m = vm_first(p->spatial - i < L ? (int)(p->spatial - i) : L);
            vf x = vf_load_m(src + c * p->spatial + i, m);

            vf_store_m(dst + c * p->spatial + i, vf_fma(vf_sub(x, vm_mean), vm_scale, vm_shift), m);
        }
    }
}

/* Sum of (x - mean)^power over pixels of `per` channels that lie `ld` apart: vectors of channels, four pixels
 * at a time, each chain for 64 pixels. */
SIMD_INLINE float pixel_sum(const float *src, int64_t pixels, int64_t ld, int64_t per, float fmean, int power)
{
    vf mean = vf_set1(fmean);
    float total = 0;

    for (int64_t c = 0; c < per; c += L) {
        vm m = vm_first(per - c < L ? (int)(per - c) : L);
        struct row_pairwise sum = {.count = 0};

        for (int64_t i = 0; i < pixels;) {
            int64_t stop = i + 64 * ROW_CHAINS < pixels ? i + 64 * ROW_CHAINS : pixels;
            vf acc[ROW_CHAINS];

            for (int j = 0; j < ROW_CHAINS; j++) {
                acc[j] = vf_zero();
            }
            for (int j = 0; i < stop; i++, j = (j + 1) % ROW_CHAINS) {
                vf x = vf_load_m(src + i * ld + c, m);

                x = power == 2 ? vf_select(m, vf_sub(x, mean), vf_zero()) : x;
                acc[j] = power == 2 ? vf_fma(x, x, acc[j]) : vf_add(acc[j], x);
            }
            row_pairwise_add(&sum, row_sum_chains(acc));
        }
        total += row_pairwise_total(&sum);
    }
    return total;
}

static void norm_group_nhwc(const struct cpu_norm_groups *p, const float *src, float *dst, int64_t unit)
{
    int64_t per = p->channels / p->groups, first = unit % p->groups * per;
    int64_t base = unit / p->groups * p->spatial * p->channels + first;
    float n = (float)(per * p->spatial), mean, factor;
    const float *gamma = p->gamma ? p->gamma + first : NULL, *beta = p->beta ? p->beta + first : NULL;

    src += base;
    dst += base;
    mean = pixel_sum(src, p->spatial, p->channels, per, 0, 1) / n;
    factor = factor_of(pixel_sum(src, p->spatial, p->channels, per, mean, 2) / n, p->eps, p->eps_mode);
    for (int64_t i = 0; i < p->spatial; i++) {
        apply_row(src + i * p->channels, dst + i * p->channels, mean, factor, gamma, beta, per);
    }
}

static void norm_groups(const struct cpu_norm_groups *p, const float *src, float *dst, int64_t begin,
                        int64_t end)
{
    for (int64_t u = begin; u < end; u++) {
        if (p->nhwc) {
            norm_group_nhwc(p, src, dst, u);
        } else {
            norm_group_nchw(p, src, dst, u);
        }
    }
}

static void affine(const struct cpu_affine *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    int64_t n = p->nhwc ? p->channels : p->spatial;

    for (int64_t u = begin; u < end; u++) {
        const float *s = src + u * n;
        float *d = dst + u * n;
        vf scale = vf_set1(p->scale[u % p->channels]), shift = vf_set1(p->shift[u % p->channels]);

        for (int64_t i = 0; i < n; i += L) {
            vm m = vm_first(n - i < L ? (int)(n - i) : L);

            if (p->nhwc) {
                scale = vf_load_m(p->scale + i, m);
                shift = vf_load_m(p->shift + i, m);
            }
            vf_store_m(d + i, vf_fma(vf_load_m(s + i, m), scale, shift), m);
        }
    }
}

/* x / base^beta; base is positive unless the parameters are odd. */
SIMD_INLINE vf lrn_apply(vf x, vf base, float beta)
{
    if (beta == 0.75f) {
        vf root = vf_sqrt(base);

        return vf_div(x, vf_mul(root, vf_sqrt(root)));
    }
    return beta == 1 ? vf_div(x, base) : vf_mul(x, vf_pow(base, vf_set1(-beta)));
}

static void lrn_channels_first(const struct cpu_lrn *p, const float *src, float *dst, vm m)
{
    vf alpha = vf_set1(p->alpha / (float)p->size), bias = vf_set1(p->bias);

    for (int64_t c = 0; c < p->channels; c++) {
        int64_t lo = c - (p->size - 1) / 2, hi = c + p->size / 2;
        vf sum = vf_zero();

        lo = lo < 0 ? 0 : lo;
        hi = hi >= p->channels ? p->channels - 1 : hi;
        for (int64_t k = lo; k <= hi; k++) {
            vf x = vf_load_m(src + k * p->spatial, m);

            sum = vf_fma(x, x, sum);
        }
        vf_store_m(dst + c * p->spatial,
                   lrn_apply(vf_load_m(src + c * p->spatial, m), vf_fma(alpha, sum, bias), p->beta), m);
    }
}

/* One pixel: the window slides over contiguous channels. Lanes outside the pixel load as zeros. */
static void lrn_pixel(const struct cpu_lrn *p, const float *src, float *dst)
{
    vf alpha = vf_set1(p->alpha / (float)p->size), bias = vf_set1(p->bias);
    int64_t before = (p->size - 1) / 2, after = p->size / 2;

    for (int64_t c = 0; c < p->channels; c += L) {
        int64_t rest = p->channels - c;
        vm m = vm_first(rest < L ? (int)rest : L);
        vf sum = vf_zero();

        for (int64_t k = -before; k <= after; k++) {
            float window[L];
            vf x;

            if (c + k >= 0 && c + k + L <= p->channels) {
                x = vf_load(src + c + k);
            } else {
                for (int64_t j = 0; j < L; j++) {
                    int64_t at = c + k + j;

                    window[j] = at >= 0 && at < p->channels ? src[at] : 0;
                }
                x = vf_load(window);
            }
            sum = vf_fma(x, x, sum);
        }
        vf_store_m(dst + c, lrn_apply(vf_load_m(src + c, m), vf_fma(alpha, sum, bias), p->beta), m);
    }
}

static void lrn(const struct cpu_lrn *p, const float *src, float *dst, int64_t begin, int64_t end)
{
    int64_t blocks = cpu_column_units(1, p->spatial);

    for (int64_t u = begin; u < end; u++) {
        int64_t base = u / blocks * p->channels * p->spatial, c = u % blocks * CPU_COLUMN_BLOCK;
        int64_t stop = c + CPU_COLUMN_BLOCK < p->spatial ? c + CPU_COLUMN_BLOCK : p->spatial;

        if (p->nhwc) {
            lrn_pixel(p, src + u * p->channels, dst + u * p->channels);
            continue;
        }
        for (; c < stop; c += L) {
            lrn_channels_first(p, src + base + c, dst + base + c,
                               vm_first(stop - c < L ? (int)(stop - c) : L));
        }
    }
}

const struct cpu_norm_f32 CPU_NAME(norm_f32) = {
    .name = "norm_f32",
    .isa = CPU_ISA_ID,
    .rows = norm_rows,
    .columns = norm_columns,
    .groups = norm_groups,
    .affine = affine,
    .lrn = lrn,
};
