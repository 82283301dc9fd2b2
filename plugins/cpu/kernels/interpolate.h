/* Interpolation through one table of taps per axis; every mode of OpenVINO's Interpolate-4 and -11 is
 * separable once its weights are normalised per axis. The specification is the source of the formulas. */
#ifndef CPU_INTERPOLATE_H
#define CPU_INTERPOLATE_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

enum cpu_interp_mode {
    CPU_INTERP_NEAREST,
    CPU_INTERP_LINEAR, /* "linear": triangle weights, antialias widens them when shrinking */
    CPU_INTERP_LINEAR_ONNX,
    CPU_INTERP_CUBIC,
    CPU_INTERP_BILINEAR_PILLOW,
    CPU_INTERP_BICUBIC_PILLOW,
};

enum cpu_interp_coord {
    CPU_COORD_HALF_PIXEL,
    CPU_COORD_PYTORCH_HALF_PIXEL,
    CPU_COORD_ASYMMETRIC,
    CPU_COORD_TF_HALF_PIXEL_FOR_NN,
    CPU_COORD_ALIGN_CORNERS,
};

enum cpu_interp_nearest {
    CPU_NEAREST_ROUND_PREFER_FLOOR,
    CPU_NEAREST_ROUND_PREFER_CEIL,
    CPU_NEAREST_FLOOR,
    CPU_NEAREST_CEIL,
    CPU_NEAREST_SIMPLE,
};

/* OpenVINO's CPU device departs from the specification twice (measured with 2026.4): it ignores antialias in
 * mode "linear", and BICUBIC_PILLOW always uses -0.5. Callers who want its numbers set antialias false and
 * cubic_a -0.5. */
struct cpu_interp_params {
    enum cpu_interp_mode mode;
    enum cpu_interp_coord coord;
    enum cpu_interp_nearest nearest;
    bool antialias; /* CPU_INTERP_LINEAR: the attribute is set and some axis has scale < 1 */
    float cubic_a;  /* cube_coeff, -0.75 by default */
};

/* Output i = sum over t < taps of weight[i * taps + t] * input[index[i * taps + t]]; unused taps have weight
 * 0 and a valid index. The caller owns both arrays. */
struct cpu_interp_axis {
    int64_t in, out, taps;
    int32_t *index; /* [out][taps] */
    float *weight;  /* [out][taps] */
};

/* Taps that an axis needs; scale = out / in, or what the model gives. Not per ISA. */
int64_t cpu_interp_taps(const struct cpu_interp_params *p, int64_t in, int64_t out, float scale);

/* Fill an axis whose in, out, taps and arrays are set. An axis that is not interpolated has in == out,
 * scale 1. */
void cpu_interp_table(const struct cpu_interp_params *p, float scale, struct cpu_interp_axis *axis);

/* Leave out the taps of weight 0 that no output needs: taps becomes the most that any has, at least 1. */
void cpu_interp_trim(struct cpu_interp_axis *axis);

/* f32 over {D, H, W}: NHWC src [images][D][H][W][channels], NCHW with channels = 1 and planes as images. An
 * axis that is kept has taps == 1 and index i. Unit: output row (image, d, h). `scratch`:
 * cpu_interp_scratch() bytes a thread. */
struct cpu_interp {
    int64_t channels;
    struct cpu_interp_axis axis[3];
};

static inline int64_t cpu_interp_scratch(const struct cpu_interp *p)
{
    return (p->axis[2].in * p->channels + 64) * (int64_t)sizeof(float);
}

typedef void cpu_interp_fn(const struct cpu_interp *p, const float *src, float *dst, void *scratch,
                           int64_t begin, int64_t end);

struct cpu_interpolate_f32 {
    const char *name;
    enum cpu_isa isa;
    cpu_interp_fn *run;
};

CPU_KERNEL_GETTER(interpolate_f32, interpolate_f32)

#endif
