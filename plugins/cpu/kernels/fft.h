/* Fourier transforms, f32, of as many lines at a time as a vector has lanes: lane l of every vector belongs
 * to line l, so that all radices are plain arithmetic on vectors. A block of lines lies as [element][re,
 * im][lane].
 *
 * X[k] = sum over j of x[j] exp(-2 pi i j k / n), by Stockham's mixed radix (8, 4, 2, odd primes up to
 * CPU_FFT_PRIME) and Bluestein's convolution where n has a larger prime factor. The inverse is the forward
 * transform with real and imaginary parts exchanged on both sides. Real signals of even length take a complex
 * transform of half the length. Twiddles are rounded from double; everything else is f32: the error is within
 * 1e-6 of the largest output for signals of up to 10^6 elements. */
#ifndef CPU_KERNELS_FFT_H
#define CPU_KERNELS_FFT_H

#include "kernels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_FFT_PRIME  61
#define CPU_FFT_PASSES 48
#define CPU_FFT_LANES  16 /* most lanes of any level */

struct cpu_fft_plan {
    int64_t n; /* complex elements */
    int passes;
    int radix[CPU_FFT_PASSES];
    const float *twiddles[CPU_FFT_PASSES]; /* [n / radix so far][radix - 1][re, im] */
    const float *roots[CPU_FFT_PASSES];    /* odd radices: [radix][cos, sin] of 2 pi k / radix */
    const float *real; /* [n / 2 + 1][re, im] of exp(-pi i k / n): halves of real signals */
    /* Bluestein: a convolution of `inner->n` elements; NULL where there is none. */
    const struct cpu_fft_plan *inner;
    const float *chirp;    /* [n][re, im] of exp(-pi i j^2 / n) */
    const float *spectrum; /* [inner->n][re, im] of the conjugate chirp, divided by inner->n */
};

/* Bytes that a plan of n >= 1 complex elements takes; 0 when that is too many. */
size_t cpu_fft_plan_bytes(int64_t n, bool real);

/* Make the plan in `memory`, 64-byte aligned, of as many bytes, which are zero. */
const struct cpu_fft_plan *cpu_fft_plan_init(void *memory, int64_t n, bool real);

/* Floats of scratch that transforming a block takes: two buffers of n + 1 elements and what Bluestein needs.
 */
int64_t cpu_fft_scratch(const struct cpu_fft_plan *plan, int lanes);

/* Where the complex elements of a block's lines are: the real part of element j of line l is
 * base[offsets[l] + j * step], the imaginary part lies `im` floats behind it. Elements at and beyond `re`
 * have no real, at and beyond `im_count` no imaginary part: they are read as zero. */
struct cpu_fft_side {
    int64_t step, im, re_count, im_count;
    int64_t adjacent; /* > 0: offsets[l] = offsets[0] + l * adjacent */
    const int64_t *offsets;
    int lines; /* in use; the other lanes hold copies and are not stored */
};

enum cpu_fft_form {
    CPU_FFT_COMPLEX,
    CPU_FFT_REAL_IN,  /* n complex elements are 2 n real ones; n + 1 elements of the spectrum come out */
    CPU_FFT_REAL_OUT, /* the inverse of it */
};

/* One contiguous line of n = m * lanes complex elements whose own elements fill the vectors. */
struct cpu_fft_inside {
    int64_t n, m;
    const struct cpu_fft_plan *plan; /* of m elements */
    const float *twiddles;           /* [m][re, im][lanes] of exp(-2 pi i k lane / n) */
    const float *real;               /* as of cpu_fft_plan, of n elements */
};

/* Bytes of such a plan; 0 where n is no multiple of `lanes`, m has a large prime factor, or n is too large.
 */
size_t cpu_fft_inside_bytes(int64_t n, bool real, int lanes);
const struct cpu_fft_inside *cpu_fft_inside_init(void *memory, int64_t n, bool real, int lanes);

/* Floats of scratch for one. */
int64_t cpu_fft_inside_scratch(int64_t n, int lanes);

struct cpu_fft {
    const char *name;
    enum cpu_isa isa;
    int lanes;
    /* n elements into a block; `swap` exchanges re and im. */
    void (*load)(const float *base, const struct cpu_fft_side *side, int64_t n, bool swap, float *block);
    /* Back, times `scale`; what side has no place for is left out. */
    void (*store)(const float *block, const struct cpu_fft_side *side, int64_t n, bool swap, float scale,
                  float *base);
    /* Transform the block that scratch begins with; returns where in scratch the result is. */
    float *(*run)(const struct cpu_fft_plan *plan, float *scratch);
    /* n + 1 elements of a real signal's spectrum from its transform as n complex elements; dst is no src. */
    void (*unpack)(const struct cpu_fft_plan *plan, const float *src, float *dst);
    /* The other way, exchanged (the inverse transform follows), without a factor of 1/2. Imaginary parts of
     * the first and last element are taken for zero. */
    void (*pack)(const struct cpu_fft_plan *plan, const float *src, float *dst);
    /* n elements of which the first half is there: x[n - k] = conj(x[k]), x[0] real, exchanged. */
    void (*mirror)(float *block, int64_t n);
    /* re[j] *= window[2 j], im[j] *= window[2 j + 1]; without `pairs`: re[j] *= window[j] */
    void (*window)(const float *window, bool pairs, int64_t n, float *block);
    /* One line of which `floats` are there (others are zero) and all are written, times `scale`. The result
     * is exchanged back with `swap`, which makes it the inverse; CPU_FFT_REAL_OUT is one always. NULL where a
     * vector has one lane. dst may be src. */
    void (*inside)(const struct cpu_fft_inside *plan, enum cpu_fft_form form, bool swap, const float *src,
                   int64_t floats, float scale, float *dst, float *scratch);
};

CPU_KERNEL_GETTER(fft, fft)

#endif
