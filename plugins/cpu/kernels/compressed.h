/* Matrix products with weights of 4 or 8 bits: Y[m,n] = X[m,k] W[k,n] in f32, where
 *
 *   W(k, n) = (value(stored(k, n)) - zero(k / group, n)) * scale(k / group, n)
 *
 * and value() is the stored number itself or a table of what the codes stand for. Products, scales and zero
 * points are applied in f32; weights are never held in f32 but for the panel that a task works on.
 *
 * Tasks are cut by sizes alone, as in gemm.h. Up to CPU_COMPRESSED_FEW rows go through the weights once and
 * multiply codes directly: bound by reading them. More rows unpack a panel at a time for the f32 tile.
 *
 * Error: |y - exact| <= (k + 8) * 2^-24 * sum |x| (|value| + |zero|) |scale|. */
#ifndef CPU_KERNELS_COMPRESSED_H
#define CPU_KERNELS_COMPRESSED_H

#include "epilogue.h"
#include "kernels.h"

#include <stdbool.h>

#define CPU_COMPRESSED_PANEL 16 /* columns */
#define CPU_COMPRESSED_FEW   4

/* What the stored codes are, and how they are packed: panels of 16 columns; in a panel groups one after the
 * other; in a group first words of 32 bits, one a column, each with the next 4 or 8 elements of k, the first
 * in the low bits; then 16 scales and, with `zeros`, 16 zero points. */
struct cpu_compressed {
    int64_t n, k;
    int64_t group; /* elements of k under one scale; divides k */
    int bits;      /* 4 or 8 */
    bool zeros;    /* else `zero` is everyone's */
    bool wide;     /* scales and zero points are packed as f32, else f16 */
    bool linear;   /* the table is 0, 1, 2, ... */
    float zero;
    float table[256]; /* 16 entries with 4 bits */
};

enum cpu_parameter_type {
    CPU_PARAMETER_F32,
    CPU_PARAMETER_F16,
    CPU_PARAMETER_BF16,
    CPU_PARAMETER_4,
    CPU_PARAMETER_8
};

/* Scales or zero points as the model has them: (group g, column n) is element n * n_stride + g * g_stride. */
struct cpu_parameter {
    const void *data; /* any alignment; NULL: `none` everywhere */
    enum cpu_parameter_type type;
    ptrdiff_t n_stride, g_stride;
    float none;
    const float *table; /* what codes of 4 or 8 bits stand for */
};

/* Weights as the model has them: element (k, n) is element n * n_stride + k * k_stride of codes packed
 * without gaps, low bits first. */
struct cpu_compressed_src {
    const void *data;
    ptrdiff_t n_stride, k_stride;
    unsigned flip; /* codes are XORed with it: the sign bit of signed ones, so that they rise from 0 */
    struct cpu_parameter scale, zero;
    const float *columns; /* [n], multiplied into the scales; NULL: 1 */
};

size_t cpu_compressed_bytes(const struct cpu_compressed *form);
int64_t cpu_compressed_panels(const struct cpu_compressed *form);
/* Panels [first, last) into dst, the start of all packed weights. */
void cpu_compressed_pack(void *dst, const struct cpu_compressed *form, const struct cpu_compressed_src *src,
                         int64_t first, int64_t last);

/* dst[k] = W(k, n) for all k, read as the model has it. */
void cpu_compressed_column(float *dst, const struct cpu_compressed *form,
                           const struct cpu_compressed_src *src, int64_t n);

/* Bytes of one group of a panel: the words, then the parameters. */
static inline size_t cpu_compressed_words(const struct cpu_compressed *form)
{
    return (size_t)((form->group * form->bits + 31) / 32) * CPU_COMPRESSED_PANEL * 4;
}

static inline size_t cpu_compressed_group(const struct cpu_compressed *form)
{
    return cpu_compressed_words(form) +
           (size_t)(form->zeros ? 2 : 1) * CPU_COMPRESSED_PANEL * (size_t)(form->wide ? 4 : 2);
}

struct cpu_compressed_args {
    const struct cpu_compressed *form;
    int64_t m;
    const float *x; /* [m,k], rows ldx floats apart */
    const void *w;  /* packed, 64-byte aligned */
    float *y;       /* [m,n], rows ldy floats apart */
    ptrdiff_t ldx, ldy;
    const struct cpu_epilogue *post; /* or NULL */
};

struct cpu_gemm_compressed {
    const char *name;
    enum cpu_isa isa;
    int64_t (*tasks)(const struct cpu_compressed *form, int64_t m);
    size_t (*scratch_bytes)(const struct cpu_compressed *form, int64_t m);
    void (*run)(const struct cpu_compressed_args *args, int64_t task, void *scratch);
};

CPU_KERNEL_GETTER(gemm_compressed, gemm_compressed)

#endif
