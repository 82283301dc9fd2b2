/* Reductions, f32 (and logical ones), over the middle of dense [outer][axis][inner], and the k best along a
 * row. Sums run in f32 lanes over blocks of fixed size that are added pairwise: ranges and threads never
 * change the bits. */
#ifndef CPU_REDUCE_H
#define CPU_REDUCE_H

#include "softmax.h"

enum cpu_reduce_kind {
    CPU_REDUCE_SUM,
    CPU_REDUCE_MEAN,
    CPU_REDUCE_MAX, /* NaN wins */
    CPU_REDUCE_MIN,
    CPU_REDUCE_PROD,
    CPU_REDUCE_L1,
    CPU_REDUCE_L2,
    CPU_REDUCE_SUM_SQUARE,
    CPU_REDUCE_LOG_SUM,
    CPU_REDUCE_LOG_SUM_EXP, /* stable: the maximum is taken out */
    CPU_REDUCE_COUNT
};

/* dst is [outer][inner]. Units [begin, end): outer rows when inner == 1, else of cpu_column_units(outer,
 * inner). axis 0: sum 0, product 1, maximum -inf, minimum +inf, mean NaN. src is not dst. */
typedef void cpu_reduce_fn(enum cpu_reduce_kind kind, const float *src, float *dst, int64_t axis,
                           int64_t inner, int64_t begin, int64_t end);

/* Whether all elements (else: whether any) of booleans are not 0: dst 0 or 1. Shapes and units as above. */
typedef void cpu_reduce_logic_fn(bool all, const uint8_t *src, uint8_t *dst, int64_t axis, int64_t inner,
                                 int64_t begin, int64_t end);

/* TopK along the last axis, rows [begin, end) of n elements; 1 <= k <= n. Equal values: the lower index
 * first. NaN counts as larger than any number. sort: by value (best first) or by index. values [rows][k] or
 * NULL, index [rows][k] of i32 (index_bytes 4) or i64 (8), or NULL. `scratch`: cpu_topk_scratch(n, k) bytes a
 * thread. */
struct cpu_topk {
    int64_t n, k;
    bool min, by_index;
    int32_t index_bytes;
};

static inline int64_t cpu_topk_scratch(int64_t n, int64_t k)
{
    (void)n;
    return k * 16;
}

typedef void cpu_topk_fn(const struct cpu_topk *p, const float *src, float *values, void *index,
                         void *scratch, int64_t begin, int64_t end);

struct cpu_reduce_f32 {
    const char *name;
    enum cpu_isa isa;
    cpu_reduce_fn *reduce;
    cpu_reduce_logic_fn *logic;
    cpu_topk_fn *topk;
};

CPU_KERNEL_GETTER(reduce_f32, reduce_f32)

#endif
