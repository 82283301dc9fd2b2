/* Weighted sums of rows. */
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

const struct cpu_sample_f32 CPU_NAME(sample_f32) = {
    .name = CPU_NAME_TEXT(sample_f32),
    .isa = CPU_ISA_ID,
    .sum = sum,
    .max = max,
};
