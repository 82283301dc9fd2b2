/* Weighted sums and maxima of rows, f32: what sampling between the elements of a map is, channels last. */
#ifndef CPU_KERNELS_SAMPLE_H
#define CPU_KERNELS_SAMPLE_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

struct cpu_sample_f32 {
    const char *name;
    enum cpu_isa isa;
    /* dst[c] = sum over t of weights[t] * rows[t][c], summed in the order of t, for c in [0, n); with `more`
     * onto what dst has. dst overlaps no row. */
    void (*sum)(const float *const *rows, const float *weights, int taps, float *dst, int64_t n, bool more);
    /* dst[c] = max(dst[c], src[c]) */
    void (*max)(const float *src, float *dst, int64_t n);
    /* dst[c] = the largest of src[y * row + x * pixel + c] over y < h and x < w, NaN wins; h, w >= 1 */
    void (*peak)(const float *src, int64_t row, int64_t pixel, int64_t h, int64_t w, float *dst, int64_t n);
};

CPU_KERNEL_GETTER(sample_f32, sample_f32)

#endif
