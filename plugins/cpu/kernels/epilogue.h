/* What a matrix product or a convolution does to its result before it leaves the cache: add a bias per output
 * channel, then run a short element-wise program (vt/post.h).
 *
 * Error: each step is as exact as f32 allows for + - * / sqrt min max; exp, log, tanh, erf, pow and what is
 * built of them are as exact as vmath.h says, below 1e-6 relative (activations that cross zero: or 2e-7
 * absolute). NaN passes through every step; infinities give the limits of the formula. */
#ifndef CPU_KERNELS_EPILOGUE_H
#define CPU_KERNELS_EPILOGUE_H

#include "vt/post.h"

#include <stddef.h>
#include <stdint.h>

#define CPU_BATCH_DIMS 3 /* e.g. batch, group of heads, head */

/* Binary kinds read their operand for result [b0, b1, b2, row, col] at
 * src[b0 * batch[0] + b1 * batch[1] + b2 * batch[2] + row * row_stride + col * col_stride], in floats.
 * col_stride is 0 or 1: a scalar is all zeros, a vector per channel has col_stride 1, a residual also
 * row_stride. A convolution has one batch dim (the image, in batch[0]); its rows are the image's output
 * pixels in row-major order. A gemm without batch has none. Operands must not overlap the result (it serves
 * as accumulator), except where a kernel says so. */
struct cpu_epilogue_step {
    enum vt_post_kind kind;
    float a, b;       /* parameters of unary kinds */
    const float *src; /* binary kinds only */
    ptrdiff_t row_stride, col_stride, batch[CPU_BATCH_DIMS];
};

/* { 0 } does nothing. The kernels only read it; one may be shared by threads. */
struct cpu_epilogue {
    const float *bias; /* [n], or NULL; added before the steps */
    int step_count;    /* 0 to VT_POST_MAX_STEPS */
    struct cpu_epilogue_step steps[VT_POST_MAX_STEPS];
};

#endif
