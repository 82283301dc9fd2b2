/* Weighted sums and maxima of rows. */
#include "sample.h"
#include "simd.h"

#define L SIMD_LANES

SIMD_INLINE void sum_some(const float *const *rows, const float *weights, int taps, float *dst, int64_t i,
                          int n, bool more)
{
    vf acc = more ? vf_load_n(dst + i, n) : vf_zero();

    for (int t = 0; t < taps; t++) {
        acc = vf_fma(vf_set1(weights[t]), vf_load_n(rows[t] + i, n), acc);
    }
    vf_store_n(dst + i, acc, n);
}

static void sum(const float *const *rows, const float *weights, int taps, float *dst, int64_t n, bool more)
{
    int64_t i = 0;

    for (; i + 2 * L <= n; i += 2 * L) {
        vf a = more ? vf_load(dst + i) : vf_zero(), b = more ? vf_load(dst + i + L) : vf_zero();

        for (int t = 0; t < taps; t++) {
            vf w = vf_set1(weights[t]);

            a = vf_fma(w, vf_load(rows[t] + i), a);
            b = vf_fma(w, vf_load(rows[t] + i + L), b);
        }
        vf_store(dst + i, a);
        vf_store(dst + i + L, b);
    }
    for (; i < n; i += L) {
        sum_some(rows, weights, taps, dst, i, n - i < L ? (int)(n - i) : L, more);
    }
}

static void max(const float *src, float *dst, int64_t n)
{
    for (int64_t i = 0; i < n; i += L) {
        int take = n - i < L ? (int)(n - i) : L;

        vf_store_n(dst + i, vf_max(vf_load_n(dst + i, take), vf_load_n(src + i, take)), take);
    }
}

/* The first of equal ones stays, as with a comparison. */
SIMD_INLINE vf larger(vf acc, vf x)
{
    return vf_select(vf_is_nan(x), x, vf_max(x, acc));
}

#define PEAK_VECTORS 4

/* `vectors` vectors of channels, the last with mask m. */
SIMD_INLINE void peak_block(const float *src, int64_t row, int64_t pixel, int64_t h, int64_t w, float *dst,
                            const int vectors, vm m)
{
    const vm all = vm_first(L);
    vf acc[PEAK_VECTORS];

    UNROLL for (int v = 0; v < vectors; v++)
    {
        acc[v] = vf_set1(-INFINITY);
    }
    for (int64_t y = 0; y < h; y++) {
        for (int64_t x = 0; x < w; x++) {
            const float *p = src + y * row + x * pixel;

            UNROLL for (int v = 0; v < vectors; v++)
            {
                acc[v] = larger(acc[v], v == vectors - 1 ? vf_load_m(p + v * L, m) : vf_load(p + v * L));
            }
        }
    }
    UNROLL for (int v = 0; v < vectors; v++)
    {
        vf_store_m(dst + v * L, acc[v], v == vectors - 1 ? m : all);
    }
}

static void peak(const float *src, int64_t row, int64_t pixel, int64_t h, int64_t w, float *dst, int64_t n)
{
    int64_t i = 0;

    for (; i + PEAK_VECTORS * L <= n; i += PEAK_VECTORS * L) {
        peak_block(src + i, row, pixel, h, w, dst + i, PEAK_VECTORS, vm_first(L));
    }
    for (; i < n; i += L) {
        peak_block(src + i, row, pixel, h, w, dst + i, 1, vm_first(n - i < L ? (int)(n - i) : L));
    }
}

const struct cpu_sample_f32 CPU_NAME(sample_f32) = {
    .name = CPU_NAME_TEXT(sample_f32),
    .isa = CPU_ISA_ID,
    .sum = sum,
    .max = max,
    .peak = peak,
};
