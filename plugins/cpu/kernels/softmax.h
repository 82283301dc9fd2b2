/* Softmax and log-softmax, f32. dst may be src. Sums run over fixed trees: ranges and threads never change
 * the bits. */
#ifndef CPU_SOFTMAX_H
#define CPU_SOFTMAX_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows [begin, end) of `n` contiguous elements; row i is at src + i * src_ld and dst + i * dst_ld (elements).
 * A row of -inf alone, or with NaN or +inf in it, gives NaN. */
typedef void cpu_softmax_fn(const float *src, int64_t src_ld, float *dst, int64_t dst_ld, int64_t n,
                            int64_t begin, int64_t end);

/* Columns a unit of the strided kernels covers. */
#define CPU_COLUMN_BLOCK 64

/* Number of units of a strided kernel over [outer][axis][inner]. */
static inline int64_t cpu_column_units(int64_t outer, int64_t inner)
{
    return outer * ((inner + CPU_COLUMN_BLOCK - 1) / CPU_COLUMN_BLOCK);
}

/* src and dst are dense [outer][axis][inner]; the sum runs over the middle. Units [begin, end) of
 * cpu_column_units(outer, inner). */
typedef void cpu_softmax_strided_fn(const float *src, float *dst, int64_t axis, int64_t inner, int64_t begin,
                                    int64_t end);

/* A softmax whose row comes in blocks of n elements: scores become exp(score - m), m being the largest yet of
 * their row; max[r] and sum[r] (-inf and 0 at first) are brought up to date, and so are the `width` elements
 * of row r of acc, which are sums over the exponentials of the blocks before. In the end acc / sum is the
 * result. As long as a row has seen nothing but -inf its exponentials are 0. */
typedef void cpu_softmax_online_fn(float *scores, int64_t ld, int64_t n, int64_t rows, float *max, float *sum,
                                   float *acc, int64_t acc_ld, int64_t width);

struct cpu_softmax_f32 {
    const char *name;
    enum cpu_isa isa;
    cpu_softmax_fn *softmax, *log_softmax;
    cpu_softmax_strided_fn *softmax_strided, *log_softmax_strided;
    cpu_softmax_online_fn *online;
    /* dst = src * factor over n elements; dst may be src. */
    void (*scale)(float *dst, const float *src, float factor, int64_t n);
};

CPU_KERNEL_GETTER(softmax_f32, softmax_f32)

#endif
