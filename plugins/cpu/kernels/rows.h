/* Sums and maxima of contiguous rows, in several chains of vectors that are folded in one fixed order. */
#ifndef CPU_KERNELS_ROWS_H
#define CPU_KERNELS_ROWS_H

#include "simd.h"

#define ROW_CHAINS 4 /* independent accumulators: the latency of an addition is four cycles */
#define ROW_BLOCK                                                                                            \
    (64 * ROW_CHAINS * SIMD_LANES) /* elements summed before the total is set aside: 64 additions a lane */

SIMD_INLINE float row_sum_chains(const vf *acc)
{
    return vf_hadd(vf_add(vf_add(acc[0], acc[1]), vf_add(acc[2], acc[3])));
}

/* max that keeps a NaN of either side; start from -inf. */
SIMD_INLINE vf row_max_nan(vf acc, vf x)
{
    return vf_select(vf_is_nan(acc), acc, vf_max(acc, x));
}

SIMD_INLINE vf row_min_nan(vf acc, vf x)
{
    return vf_select(vf_is_nan(acc), acc, vf_min(acc, x));
}

/* The lanes of one vector, NaN winning. */
SIMD_INLINE float row_fold_max(vf acc)
{
    return vm_any(vf_is_nan(acc)) ? NAN : vf_hmax(acc);
}

SIMD_INLINE float row_fold_min(vf acc)
{
    return vm_any(vf_is_nan(acc)) ? NAN : vf_hmin(acc);
}

SIMD_INLINE float row_max(const float *src, int64_t n)
{
    vf acc[ROW_CHAINS], tail = vf_set1(-INFINITY);
    int64_t i = 0;

    for (int j = 0; j < ROW_CHAINS; j++) {
        acc[j] = tail;
    }
    for (; i + ROW_CHAINS * SIMD_LANES <= n; i += ROW_CHAINS * SIMD_LANES) {
        for (int j = 0; j < ROW_CHAINS; j++) {
            acc[j] = row_max_nan(acc[j], vf_load(src + i + j * SIMD_LANES));
        }
    }
    for (; i < n; i += SIMD_LANES) {
        int take = n - i < SIMD_LANES ? (int)(n - i) : SIMD_LANES;
        vm m = vm_first(take);

        tail = row_max_nan(tail, vf_select(m, vf_load_m(src + i, m), vf_set1(-INFINITY)));
    }
    acc[0] = row_max_nan(row_max_nan(acc[0], acc[1]), row_max_nan(acc[2], acc[3]));
    return row_fold_max(row_max_nan(acc[0], tail));
}

/* Partial sums of equal weight are added pairwise, like a binary counter: the error grows with the logarithm
 * of the number of blocks. 48 levels are more than any tensor has. */
struct row_pairwise {
    float level[48];
    uint64_t count;
};

SIMD_INLINE void row_pairwise_add(struct row_pairwise *p, float x)
{
    int i = 0;

    for (uint64_t c = p->count++; c & 1; c >>= 1) {
        x += p->level[i++];
    }
    p->level[i] = x;
}

SIMD_INLINE float row_pairwise_total(const struct row_pairwise *p)
{
    float sum = 0;
    int i = 0;

    for (uint64_t c = p->count; c; c >>= 1, i++) {
        if (c & 1) {
            sum += p->level[i];
        }
    }
    return sum;
}

#endif
