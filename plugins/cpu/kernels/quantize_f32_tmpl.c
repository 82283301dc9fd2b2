/* FakeQuantize: loops that the compiler turns into vectors. */
#include "quantize.h"
#include "simd.h"

/* dst may be src: element by element, nothing depends on another. Where little is optimised clang would warn
 * of a loop that it leaves as it is. */
#if defined(SIMD_SMALL)
#define INDEPENDENT
#elif !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#endif

/* Adding this number of 2^52 rounds what is small beside it to whole numbers, ties to even. */
#define ROUNDER 0x1.8p52

/* The division by the span stays one, since its rounding decides about ties; that by the number of steps does
 * not. NaN becomes the low end. */
#define VALUE(dst, x, low, high, in_low, in_span, out_low, out_high)                                         \
    do {                                                                                                     \
        double inside = (x) > (low) ? (x) : (low), y;                                                        \
                                                                                                             \
        inside = inside < (high) ? inside : (high);                                                          \
        y = ((inside - (in_low)) / (in_span)*steps + ROUNDER) - ROUNDER;                                     \
        (dst) = (float)(y * (((out_high) - (out_low)) * each_step) + (out_low));                             \
    } while (0)

static void one(const struct cpu_quantize *q, int64_t c, const float *src, float *dst, int64_t n)
{
    const double low = q->low[c], high = q->high[c], in_low = q->in_low[c], in_span = q->in_span[c],
                 out_low = q->out_low[c], out_high = q->out_high[c], steps = q->steps,
                 each_step = 1 / q->steps;

    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i];

        VALUE(dst[i], x, low, high, in_low, in_span, out_low, out_high);
    }
}

static void each(const struct cpu_quantize *q, const float *src, float *dst, int64_t n)
{
    const double *low = q->low, *high = q->high, *in_low = q->in_low, *in_span = q->in_span;
    const double *out_low = q->out_low, *out_high = q->out_high, steps = q->steps, each_step = 1 / q->steps;

    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i];

        VALUE(dst[i], x, low[i], high[i], in_low[i], in_span[i], out_low[i], out_high[i]);
    }
}

const struct cpu_quantize_f32 CPU_NAME(quantize_f32) = {
    .name = CPU_NAME_TEXT(quantize_f32),
    .isa = CPU_ISA_ID,
    .one = one,
    .each = each,
};
