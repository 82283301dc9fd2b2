/* Normalisations, f32. Mean and variance take two passes (mean first, then squared distances), in f32 lanes
 * summed over fixed trees: ranges and threads never change the bits. dst may be src in all but LRN. */
#ifndef CPU_NORM_H
#define CPU_NORM_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

enum cpu_norm_eps {
    CPU_EPS_INSIDE,  /* 1 / sqrt(x + eps) */
    CPU_EPS_OUTSIDE, /* 1 / (sqrt(x) + eps) */
    CPU_EPS_MAX,     /* 1 / sqrt(max(x, eps)) */
};

/* Rows [begin, end) of n contiguous elements, row i at i * ld.
 *   mean:     subtract the mean (LayerNorm, MVN); false: RMS norm and NormalizeL2
 *   variance: divide; false leaves the mean-free values (MVN normalize_variance=false)
 *   sum:      x is the sum of squares instead of their mean (NormalizeL2)
 *   gamma, beta: n elements each or NULL: y = y * gamma + beta
 * y = (v - mean) * f(mean((v - mean)^2), eps). */
struct cpu_norm_rows {
    int64_t n, src_ld, dst_ld;
    float eps;
    enum cpu_norm_eps eps_mode;
    bool mean, variance, sum;
    const float *gamma, *beta;
};

typedef void cpu_norm_rows_fn(const struct cpu_norm_rows *p, const float *src, float *dst, int64_t begin,
                              int64_t end);

/* The same statistics over the middle of dense [outer][axis][inner] (NormalizeL2 and MVN over channels of
 * NCHW). gamma and beta have `axis` elements. Units [begin, end) of cpu_column_units(outer, inner),
 * softmax.h. */
struct cpu_norm_columns {
    int64_t axis, inner;
    float eps;
    enum cpu_norm_eps eps_mode;
    bool mean, variance, sum;
    const float *gamma, *beta;
};

typedef void cpu_norm_columns_fn(const struct cpu_norm_columns *p, const float *src, float *dst,
                                 int64_t begin, int64_t end);

/* GroupNorm and InstanceNorm. NCHW: unit = (image, group), its elements are contiguous: channels/groups *
 * spatial. NHWC: unit = (image, group) too; src and dst dense. gamma and beta have `channels` elements or are
 * NULL. */
struct cpu_norm_groups {
    int64_t channels, groups, spatial;
    float eps;
    enum cpu_norm_eps eps_mode;
    bool nhwc;
    const float *gamma, *beta;
};

typedef void cpu_norm_groups_fn(const struct cpu_norm_groups *p, const float *src, float *dst, int64_t begin,
                                int64_t end);

/* y = x * scale[c] + shift[c], fused multiply-add. NCHW: unit = plane (image, channel) of `spatial` elements.
 * NHWC: unit = pixel of `channels`. */
struct cpu_affine {
    int64_t channels, spatial;
    bool nhwc;
    const float *scale, *shift;
};

typedef void cpu_affine_fn(const struct cpu_affine *p, const float *src, float *dst, int64_t begin,
                           int64_t end);

/* LRN across channels: y = x / (bias + alpha / size * sum of x^2 over `size` channels around)^beta. The
 * window of channel c is [c - (size - 1) / 2, c + size / 2], cut at the edges (OpenVINO LRN-1). NCHW: units
 * of cpu_column_units(images, spatial); NHWC: unit = pixel. */
struct cpu_lrn {
    int64_t channels, spatial;
    int64_t size;
    float alpha, beta, bias;
    bool nhwc;
};

typedef void cpu_lrn_fn(const struct cpu_lrn *p, const float *src, float *dst, int64_t begin, int64_t end);

struct cpu_norm_f32 {
    const char *name;
    enum cpu_isa isa;
    cpu_norm_rows_fn *rows;
    cpu_norm_columns_fn *columns;
    cpu_norm_groups_fn *groups;
    cpu_affine_fn *affine;
    cpu_lrn_fn *lrn;
};

CPU_KERNEL_GETTER(norm_f32, norm_f32)

#endif
