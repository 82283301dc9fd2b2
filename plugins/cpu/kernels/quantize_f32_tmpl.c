/* FakeQuantize: loops that the compiler turns into vectors. */
#include "quantize.h"
#include "simd.h"

#include <math.h>

/* Ends, span and so on of a channel, of which `each` has one an element. */
#define VALUE(x, low, high, in_low, in_span, out_low, out_high)                                              \
    (!((x) > (low)) ? (out_low)                                                                              \
     : (x) > (high)                                                                                          \
         ? (out_high)                                                                                        \
         : rint(((x) - (in_low)) / (in_span)*steps) / steps * ((out_high) - (out_low)) + (out_low))

static void one(const struct cpu_quantize *q, int64_t c, const float *src, float *dst, int64_t n)
{
    const double low = q->low[c], high = q->high[c], in_low = q->in_low[c], in_span = q->in_span[c],
                 out_low = q->out_low[c], out_high = q->out_high[c], steps = q->steps;

    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i];

        dst[i] = (float)VALUE(x, low, high, in_low, in_span, out_low, out_high);
    }
}

static void each(const struct cpu_quantize *q, const float *src, float *dst, int64_t n)
{
    const double steps = q->steps;

    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i];

        dst[i] = (float)VALUE(x, q->low[i], q->high[i], q->in_low[i], q->in_span[i], q->out_low[i],
                              q->out_high[i]);
    }
}

const struct cpu_quantize_f32 CPU_NAME(quantize_f32) = {
    .name = CPU_NAME_TEXT(quantize_f32),
    .isa = CPU_ISA_ID,
    .one = one,
    .each = each,
};
