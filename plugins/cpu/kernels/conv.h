/* f32 convolutions, channels last. The contract of tasks, scratch, errors and bounds is that of gemm.h.
 *
 * x[image][d][h][w][channel]: pixels lie x_pixel floats apart (>= ic; more when x is a slice of a
 * concatenation), rows and images follow without gaps of their own. y likewise with y_pixel, so a convolution
 * may write into a slice of a concatenation. With x_planar the input is x[image][channel][d][h][w] instead,
 * dense, x_pixel unused; meant for the first layer (ic <= 4), right for any ic.
 *
 * 1-D and 2-D convolutions set the missing leading dims to 1 (pad 0). Pads are those before; those after
 * follow from `out`. Group g reads channels [g * ic / groups, ...) and writes [g * oc / groups, ...). */
#ifndef CPU_KERNELS_CONV_H
#define CPU_KERNELS_CONV_H

#include "gemm.h"

#define CPU_CONV_DIMS 3 /* depth, height, width */

struct cpu_conv_shape {
    int64_t batch, ic, oc, groups; /* ic, oc of all groups together, divisible by groups */
    int64_t in[CPU_CONV_DIMS], out[CPU_CONV_DIMS];
    int64_t kernel[CPU_CONV_DIMS], stride[CPU_CONV_DIMS], dilation[CPU_CONV_DIMS], pad[CPU_CONV_DIMS];
    int64_t x_pixel, y_pixel;
    bool x_planar;
};

/* Weights as the model has them, dense, any alignment. Convolution: [oc][ic / groups][kd][kh][kw]
 * (GroupConvolution's [groups][oc / groups]... is the same bytes). Transposed: [ic][oc / groups][kd][kh][kw]
 * (likewise). */
struct cpu_conv_weights {
    const void *data;
    enum cpu_src_type type;
    const float *scale; /* [oc], multiplied in while packing (a folded BatchNorm); NULL is 1 */
};

struct cpu_conv_args {
    const float *x, *w; /* w: packed by the same kernel for the same shape, 64-byte aligned */
    float *y;
    const struct cpu_epilogue *post; /* or NULL; bias is [oc]; columns are channels of all groups */
};

/* Packed weights depend on ic, oc, groups and kernel only (transposed: on stride, dilation and pad as well),
 * not on batch and spatial sizes. */
struct cpu_conv_f32 {
    const char *name;
    enum cpu_isa isa;
    int mr, nr;

    size_t (*packed_bytes)(const struct cpu_conv_shape *shape);
    void (*pack)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src);
    /* The same in parts: panels of output channels [first, last) of `panels`; different threads may pack
     * different ones. dst is the start of all packed weights. */
    int64_t (*panels)(const struct cpu_conv_shape *shape);
    void (*pack_panels)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src,
                        int64_t first, int64_t last);
    int64_t (*tasks)(const struct cpu_conv_shape *shape);
    size_t (*scratch_bytes)(const struct cpu_conv_shape *shape);
    void (*run)(const struct cpu_conv_shape *shape, const struct cpu_conv_args *args, int64_t task,
                void *scratch);
    /* Whether the operand of an addition that leads the epilogue may be y itself, with y's strides. */
    bool (*sums_in_place)(const struct cpu_conv_shape *shape);

    /* Transposed convolution (ConvolutionBackpropData): y[o] += x[i] w[t] where o = i * stride - pad + t *
     * dilation. output_padding shows in `out` alone. x_planar is not supported here. */
    size_t (*transposed_packed_bytes)(const struct cpu_conv_shape *shape);
    void (*transposed_pack)(float *dst, const struct cpu_conv_shape *shape,
                            const struct cpu_conv_weights *src);
    int64_t (*transposed_tasks)(const struct cpu_conv_shape *shape);
    size_t (*transposed_scratch_bytes)(const struct cpu_conv_shape *shape);
    void (*transposed_run)(const struct cpu_conv_shape *shape, const struct cpu_conv_args *args, int64_t task,
                           void *scratch);
};

CPU_KERNEL_GETTER(conv_f32, conv_f32)

/* Depthwise convolution: groups == ic == oc. A larger multiplier goes to conv_f32. Packed weights are
 * [tap][oc rounded up to the vector]. x_planar is not supported. */
struct cpu_dwconv_f32 {
    const char *name;
    enum cpu_isa isa;

    size_t (*packed_bytes)(const struct cpu_conv_shape *shape);
    void (*pack)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src);
    int64_t (*tasks)(const struct cpu_conv_shape *shape);
    size_t (*scratch_bytes)(const struct cpu_conv_shape *shape);
    void (*run)(const struct cpu_conv_shape *shape, const struct cpu_conv_args *args, int64_t task,
                void *scratch);
};

CPU_KERNEL_GETTER(dwconv_f32, dwconv_f32)

/* 3x3 convolution of stride and dilation 1 by Winograd's F(4x4, 3x3) at the points 0, +-sqrt(1/2), +-sqrt(2),
 * infinity: four times fewer multiplications, four times the memory for weights.
 *
 * Error: below 1e-5 of the largest |y|, measured by tests/kernels/conv.c on random data of up to 512
 * channels; it does not shrink for small results as that of conv_f32 does. A NaN or an infinity in x makes
 * all outputs of its 4x4 tiles NaN. Callers that need more take conv_f32. */
struct cpu_winograd_f32 {
    const char *name;
    enum cpu_isa isa;

    bool (*supports)(
        const struct cpu_conv_shape *shape); /* 2-D, kernel 3x3, stride and dilation 1, one group, NHWC */
    /* and is expected to be faster than conv_f32 on so many threads */
    bool (*pays)(const struct cpu_conv_shape *shape, int64_t threads);
    size_t (*packed_bytes)(const struct cpu_conv_shape *shape);
    void (*pack)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src);
    /* The same in parts: panels of output channels [first, last) of `panels`; different threads may pack
     * different ones. dst is the start of all packed weights. */
    int64_t (*panels)(const struct cpu_conv_shape *shape);
    void (*pack_panels)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src,
                        int64_t first, int64_t last);
    int64_t (*tasks)(const struct cpu_conv_shape *shape);
    size_t (*scratch_bytes)(const struct cpu_conv_shape *shape);
    void (*run)(const struct cpu_conv_shape *shape, const struct cpu_conv_args *args, int64_t task,
                void *scratch);
};

CPU_KERNEL_GETTER(winograd_f32, winograd_f32)

#endif
