/* Max and average pooling, f32, one to three spatial dimensions. */
#ifndef CPU_POOL_H
#define CPU_POOL_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

/* Spatial dimensions are {D, H, W}; fewer are padded in front with in = out = kernel = stride = dilation = 1,
 * pads 0. The output size is the caller's (ceil modes are resolved there); windows are cut to the input.
 * NHWC: pixels are src_ld and dst_ld elements apart (>= channels: slices of a concat). NCHW: dense.
 * Units, output rows along W: NHWC: images * out[0] * out[1]; NCHW: images * channels * out[0] * out[1]. */
struct cpu_pool {
    int64_t channels;
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad_begin[3], pad_end[3];
    int64_t src_ld, dst_ld; /* NHWC only */
    bool exclude_pad; /* average: divide by the elements inside the input, not by those of the padded input */
};

static inline int64_t cpu_pool_units(const struct cpu_pool *p, int64_t images, bool nhwc)
{
    return images * (nhwc ? 1 : p->channels) * p->out[0] * p->out[1];
}

/* Max pooling of NaN: NaN wins. A window without elements gives -inf (max) and 0 (average). */
typedef void cpu_pool_fn(const struct cpu_pool *p, const float *src, float *dst, int64_t begin, int64_t end);

/* Max pooling with positions, NCHW, the first of equals. `index` is i32 or i64 by index_bytes and holds
 * position in the plane + (plane modulo plane_mod) * plane_step: for MaxPool-8's axis 0 the step is the
 * plane's size and the modulus images * channels, for axis 1 the modulus is channels, for axis 2 the modulus
 * is 1. */
struct cpu_pool_index {
    struct cpu_pool pool;
    int64_t plane_step, plane_mod;
    int32_t index_bytes;
};

typedef void cpu_pool_index_fn(const struct cpu_pool_index *p, const float *src, float *dst, void *index,
                               int64_t begin, int64_t end);

struct cpu_pool_f32 {
    const char *name;
    enum cpu_isa isa;
    cpu_pool_fn *max_nhwc, *average_nhwc, *max_nchw, *average_nchw;
    cpu_pool_index_fn *max_index_nchw;
};

CPU_KERNEL_GETTER(pool_f32, pool_f32)

#endif
