/* Floating-point mode of the calling thread: subnormals are flushed to zero (results and operands) while an
 * inference runs, or kept where a model asks for that. A pool's workers have it set for good; the thread that
 * calls an inference sets it once around the whole of it. The rounding mode and the exception masks are not
 * touched. */
#ifndef VT_FP_H
#define VT_FP_H

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>

#define VT_FP_FLUSH 0x8040u /* MXCSR: FTZ (bit 15) and DAZ (bit 6) */
#elif defined(__aarch64__)
/* FPCR.FZ. Half precision keeps its subnormals, as it does on x86. */
#define VT_FP_FLUSH ((uint64_t)1 << 24)
#endif

/* Turn flushing on; the result is what vt_fp_end wants. */
static inline uint64_t vt_fp_begin(void)
{
    uint64_t old = 0;

#if defined(__SSE2__)
    old = _mm_getcsr();
    _mm_setcsr((unsigned)old | VT_FP_FLUSH);
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | VT_FP_FLUSH));
#endif
    return old;
}

/* Turn flushing off: subnormals count as the numbers they are. Also for vt_fp_end. */
static inline uint64_t vt_fp_keep(void)
{
    uint64_t old = 0;

#if defined(__SSE2__)
    old = _mm_getcsr();
    _mm_setcsr((unsigned)old & ~VT_FP_FLUSH);
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old & ~VT_FP_FLUSH));
#endif
    return old;
}

/* Restore the flush bits that vt_fp_begin or vt_fp_keep found. */
static inline void vt_fp_end(uint64_t old)
{
#if defined(__SSE2__)
    _mm_setcsr((_mm_getcsr() & ~VT_FP_FLUSH) | ((unsigned)old & VT_FP_FLUSH));
#elif defined(__aarch64__)
    uint64_t now;

    __asm__ volatile("mrs %0, fpcr" : "=r"(now));
    __asm__ volatile("msr fpcr, %0" : : "r"((now & ~VT_FP_FLUSH) | (old & VT_FP_FLUSH)));
#else
    (void)old;
#endif
}

#endif
