/* f32 matrix products: Y[m,n] = X[m,k] W[k,n], then the epilogue.
 *
 * Work is cut into tasks; any thread may run any task, each once, in any order or at the same time. The cut
 * depends on the sizes alone, so results are bitwise the same for any number of threads. Kernels make no
 * threads, allocate nothing and report no errors: sizes are the caller's duty (non-negative, products fit
 * ptrdiff_t).
 *
 * Error: |y - exact| <= (k + 2) * 2^-24 * sum |x w| before the epilogue; sums run in blocks, so it is mostly
 * far smaller. NaN and infinities propagate as in a plain loop over k. Denormals are the caller's setting
 * (FTZ, DAZ). No byte outside the rows named is read or written. */
#ifndef CPU_KERNELS_GEMM_H
#define CPU_KERNELS_GEMM_H

#include "epilogue.h"
#include "kernels.h"

enum cpu_src_type { CPU_SRC_F32, CPU_SRC_F16, CPU_SRC_BF16 };

/* Weights as the model has them; element (n, k) is at data[n * n_stride + k * k_stride], counted in elements.
 * W[n,k] ("transpose_b") has n_stride = k, k_stride = 1; W[k,n] has n_stride = 1, k_stride = n. */
struct cpu_weights_src {
    const void *data; /* any alignment */
    enum cpu_src_type type;
    ptrdiff_t n_stride, k_stride;
    const float *scale; /* [n], multiplied in while packing; NULL is 1 */
};

struct cpu_gemm_args {
    int64_t m, n, k;
    const float *x; /* [m,k], rows ldx >= k floats apart */
    const float *w; /* packed by pack() of the same kernel, 64-byte aligned */
    float *y;       /* [m,n], rows ldy >= n floats apart */
    ptrdiff_t ldx, ldy;
    const struct cpu_epilogue *post; /* or NULL */
};

/* Both operands are activations: Y[b] = A[b] B[b] over batch[0] x batch[1] x batch[2] (unused dims are 1).
 * A(m, k) is a[m * a_row + k * a_col], B(k, n) is b[k * b_row + n * b_col]; for each operand one of the two
 * strides is 1. Batch strides may be 0 (shared keys and values). Y must not overlap A or B. */
struct cpu_batched_gemm_args {
    int64_t m, n, k, batch[CPU_BATCH_DIMS];
    const float *a, *b;
    float *y;
    ptrdiff_t a_row, a_col, b_row, b_col, ldy;
    ptrdiff_t a_batch[CPU_BATCH_DIMS], b_batch[CPU_BATCH_DIMS], y_batch[CPU_BATCH_DIMS];
    const struct cpu_epilogue *post; /* or NULL */
};

/* A family member: functions that belong together with the packing they share. `scratch` is 64-byte aligned
 * memory of one running task (one per thread is enough); its size is in bytes and may be 0, then NULL will
 * do. */
struct cpu_gemm_f32 {
    const char *name; /* "gemm_f32__avx512" */
    enum cpu_isa isa;
    int mr, nr; /* register tile; panels are nr columns wide */

    /* Bytes of the packed weights: panels [n / nr][k][nr], the last one filled up with zeros. */
    size_t (*packed_bytes)(int64_t n, int64_t k);

    /* Number of panels, and packing of panels [first, last) into dst (the start of all the packed weights):
     * panels may be packed by different threads. */
    int64_t (*panels)(int64_t n);
    void (*pack)(float *dst, const struct cpu_weights_src *src, int64_t n, int64_t k, int64_t first,
                 int64_t last);

    int64_t (*tasks)(int64_t m, int64_t n, int64_t k);
    size_t (*scratch_bytes)(int64_t m, int64_t n, int64_t k);
    void (*run)(const struct cpu_gemm_args *args, int64_t task, void *scratch);

    /* The batched product. Only m, n, k and batch of args matter for tasks and scratch. */
    int64_t (*batched_tasks)(const struct cpu_batched_gemm_args *args);
    size_t (*batched_scratch_bytes)(const struct cpu_batched_gemm_args *args);
    void (*batched_run)(const struct cpu_batched_gemm_args *args, int64_t task, void *scratch);
};

/* Scratch that is enough for the batched product with any number of rows, up to n columns and up to k, where
 * A's rows are contiguous (a_col 1): smaller products may take more than larger ones, being cut less. */
static inline size_t cpu_gemm_scratch_bound(const struct cpu_gemm_f32 *gemm, int64_t n, int64_t k)
{
    return (size_t)((n / gemm->nr + 2) * gemm->nr * (k + 8)) * sizeof(float);
}

CPU_KERNEL_GETTER(gemm_f32, gemm_f32)

#endif
