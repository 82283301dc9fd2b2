/* Softmax: maximum, exponentials with their sum, scaling. One row is in L1 or L2 for all three passes. */
#include "rows.h"
#include "softmax.h"
#include "vmath.h"

#define L SIMD_LANES

/* Sum of exp(x - max) over at most ROW_BLOCK elements; the exponentials go to dst unless it is NULL. */
SIMD_INLINE float exp_sum_block(const float *src, float *dst, float max, int64_t n)
{
    vf m = vf_set1(max), acc[ROW_CHAINS];
    int64_t i = 0;

    for (int j = 0; j < ROW_CHAINS; j++) {
        acc[j] = vf_zero();
    }
    for (; i + ROW_CHAINS * L <= n; i += ROW_CHAINS * L) {
        for (int j = 0; j < ROW_CHAINS; j++) {
            vf e = vf_exp(vf_sub(vf_load(src + i + j * L), m));

            acc[j] = vf_add(acc[j], e);
            if (dst) {
                vf_store(dst + i + j * L, e);
            }
        }
    }
    for (int j = 0; i < n; i += L, j++) {
        int take = n - i < L ? (int)(n - i) : L;
        vf x = vf_select(vm_first(take), vf_load_n(src + i, take), vf_set1(-INFINITY));
        vf e = vf_exp(vf_sub(x, m));

        acc[j] = vf_add(acc[j], vf_select(vm_first(take), e, vf_zero()));
        if (dst) {
            vf_store_n(dst + i, e, take);
        }
    }
    return row_sum_chains(acc);
}

SIMD_INLINE float exp_sum(const float *src, float *dst, float max, int64_t n)
{
    struct row_pairwise total = {.count = 0};

    if (n <= ROW_BLOCK) {
        return exp_sum_block(src, dst, max, n);
    }
    for (int64_t i = 0; i < n; i += ROW_BLOCK) {
        row_pairwise_add(
            &total, exp_sum_block(src + i, dst ? dst + i : NULL, max, n - i < ROW_BLOCK ? n - i : ROW_BLOCK));
    }
    return row_pairwise_total(&total);
}

SIMD_INLINE void scale(float *dst, float factor, int64_t n)
{
    vf f = vf_set1(factor);
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, vf_mul(vf_load(dst + i), f));
    }
    if (i < n) {
        vf_store_n(dst + i, vf_mul(vf_load_n(dst + i, (int)(n - i)), f), (int)(n - i));
    }
}

SIMD_INLINE void subtract(const float *src, float *dst, float x, int64_t n)
{
    vf s = vf_set1(x);
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, vf_sub(vf_load(src + i), s));
    }
    if (i < n) {
        vf_store_n(dst + i, vf_sub(vf_load_n(src + i, (int)(n - i)), s), (int)(n - i));
    }
}

static void softmax(const float *src, int64_t src_ld, float *dst, int64_t dst_ld, int64_t n, int64_t begin,
                    int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *s = src + r * src_ld;
        float *d = dst + r * dst_ld;

        scale(d, 1.0f / exp_sum(s, d, row_max(s, n), n), n);
    }
}

/* x - (max + log(sum)), in an order that keeps x - max exact near it. */
static void log_softmax(const float *src, int64_t src_ld, float *dst, int64_t dst_ld, int64_t n,
                        int64_t begin, int64_t end)
{
    for (int64_t r = begin; r < end; r++) {
        const float *s = src + r * src_ld;
        float *d = dst + r * dst_ld, max = row_max(s, n), sum = exp_sum(s, NULL, max, n);

        subtract(s, d, max, n);
        subtract(d, d, logf(sum), n);
    }
}

#define COLUMN_VECTORS (CPU_COLUMN_BLOCK / L < 4 ? CPU_COLUMN_BLOCK / L : 4)

/* `vectors` vectors of columns of one [axis][inner] matrix, the last with mask m. */
SIMD_INLINE void columns(const float *src, float *dst, int64_t axis, int64_t inner, const int vectors, vm m,
                         bool log)
{
    const vm all = vm_first(L);
    vf max[COLUMN_VECTORS], sum[COLUMN_VECTORS], part[COLUMN_VECTORS];

    for (int v = 0; v < vectors; v++) {
        max[v] = vf_set1(-INFINITY);
        sum[v] = vf_zero();
    }
    for (int64_t a = 0; a < axis; a++) {
        for (int v = 0; v < vectors; v++) {
            max[v] = row_max_nan(max[v], vf_load_m(src + a * inner + v * L, v == vectors - 1 ? m : all));
        }
    }
    for (int64_t a = 0; a < axis;) {
        int64_t stop = a + 64 < axis ? a + 64 : axis;

        for (int v = 0; v < vectors; v++) {
            part[v] = vf_zero();
        }
        for (; a < stop; a++) {
            for (int v = 0; v < vectors; v++) {
                vm lanes = v == vectors - 1 ? m : all;
                vf x = vf_sub(vf_load_m(src + a * inner + v * L, lanes), max[v]), e = vf_exp(x);

                part[v] = vf_add(part[v], e);
                vf_store_m(dst + a * inner + v * L, log ? x : e, lanes);
            }
        }
        for (int v = 0; v < vectors; v++) {
            sum[v] = vf_add(sum[v], part[v]);
        }
    }
    for (int v = 0; v < vectors; v++) {
        sum[v] = log ? vf_log(sum[v]) : vf_div(vf_set1(1), sum[v]);
    }
    for (int64_t a = 0; a < axis; a++) {
        for (int v = 0; v < vectors; v++) {
            vm lanes = v == vectors - 1 ? m : all;
            vf y = vf_load_m(dst + a * inner + v * L, lanes);

            vf_store_m(dst + a * inner + v * L, log ? vf_sub(y, sum[v]) : vf_mul(y, sum[v]), lanes);
        }
    }
}

SIMD_INLINE void strided(const float *src, float *dst, int64_t axis, int64_t inner, int64_t begin,
                         int64_t end, bool log)
{
    int64_t blocks = cpu_column_units(1, inner);

    for (int64_t u = begin; u < end; u++) {
        int64_t base = u / blocks * axis * inner, c = u % blocks * CPU_COLUMN_BLOCK;
        int64_t stop = c + CPU_COLUMN_BLOCK < inner ? c + CPU_COLUMN_BLOCK : inner;

        for (; c + COLUMN_VECTORS * L <= stop; c += COLUMN_VECTORS * L) {
            columns(src + base + c, dst + base + c, axis, inner, COLUMN_VECTORS, vm_first(L), log);
        }
        for (; c < stop; c += L) {
            columns(src + base + c, dst + base + c, axis, inner, 1,
                    vm_first(stop - c < L ? (int)(stop - c) : L), log);
        }
    }
}

static void softmax_strided(const float *src, float *dst, int64_t axis, int64_t inner, int64_t begin,
                            int64_t end)
{
    strided(src, dst, axis, inner, begin, end, false);
}

static void log_softmax_strided(const float *src, float *dst, int64_t axis, int64_t inner, int64_t begin,
                                int64_t end)
{
    strided(src, dst, axis, inner, begin, end, true);
}

static void scale_to(float *dst, const float *src, float factor, int64_t n)
{
    vf f = vf_set1(factor);
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, vf_mul(vf_load(src + i), f));
    }
    if (i < n) {
        vf_store_n(dst + i, vf_mul(vf_load_n(src + i, (int)(n - i)), f), (int)(n - i));
    }
}

static void online(float *scores, int64_t ld, int64_t n, int64_t rows, float *max, float *sum, float *acc,
                   int64_t acc_ld, int64_t width)
{
    for (int64_t r = 0; r < rows; r++) {
        float *s = scores + r * ld, top = row_max(s, n), shrink;

        top = max[r] > top || isnan(max[r]) ? max[r] : top;
        if (top == -INFINITY) {
            memset(s, 0, (size_t)n * sizeof(*s));
            continue;
        }
        shrink = expf(max[r] - top);
        sum[r] = sum[r] * shrink + exp_sum(s, s, top, n);
        max[r] = top;
        if (shrink != 1) {
            scale(acc + r * acc_ld, shrink, width);
        }
    }
}

const struct cpu_softmax_f32 CPU_NAME(softmax_f32) = {
    .name = "softmax_f32",
    .isa = CPU_ISA_ID,
    .softmax = softmax,
    .log_softmax = log_softmax,
    .softmax_strided = softmax_strided,
    .log_softmax_strided = log_softmax_strided,
    .online = online,
    .scale = scale_to,
};
