/* FakeQuantize, f32: x limited to a range, put on a grid, and mapped to the output's range.
 *
 *   y = rint((c - in_low) / in_span * steps) / steps * (out_high - out_low) + out_low,  c = x within
 * low..high
 *
 * in double, rounded once: the step that an element falls on is that of the formula, ties to even included.
 * The range runs upwards: in_low is low. */
#ifndef CPU_KERNELS_QUANTIZE_H
#define CPU_KERNELS_QUANTIZE_H

#include "kernels.h"

#include <stdint.h>

/* Arrays of one number a channel. */
struct cpu_quantize {
    const double *low, *high; /* of in_low and the other end, the smaller and the larger */
    const double *in_low, *in_span, *out_low, *out_high;
    double steps; /* levels - 1 */
};

struct cpu_quantize_f32 {
    const char *name;
    enum cpu_isa isa;
    /* n elements of one channel; element i of channel i. dst may be src. */
    void (*one)(const struct cpu_quantize *q, int64_t channel, const float *src, float *dst, int64_t n);
    void (*each)(const struct cpu_quantize *q, const float *src, float *dst, int64_t n);
};

CPU_KERNEL_GETTER(quantize_f32, quantize_f32)

#endif
