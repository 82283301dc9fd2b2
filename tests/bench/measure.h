/* Timing for the kernel benchmarks: the best of many short repetitions, and the FMA peak of a level measured
 * in the same process, since the clock of a shared machine drifts. One thread. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include "isa.h"
#include "machine.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* The level named on the command line, else the best one; -1 for an unknown name. */
static inline int level_of_arguments(int argc, char **argv)
{
    cpu_isa_allow(machine_isas());
    return argc > 1 ? cpu_isa_by_name(argv[1]) : (int)cpu_isa_best();
}

static inline double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 2 MiB aligned, so that page tables do not count, and filled with small numbers. */
static inline float *bench_floats(size_t count)
{
    size_t huge = (size_t)2 << 20, bytes = (count * sizeof(float) + huge) / huge * huge;
    float *p = aligned_alloc(huge, bytes);

    if (!p) {
        abort();
    }
    madvise(p, bytes, MADV_HUGEPAGE);
    for (size_t i = 0; i < bytes / sizeof(float); i++) {
        p[i] = (float)((int)(i * 2654435761u >> 20 & 1023) - 511) / 1024.0f;
    }
    return p;
}

/* Seconds of the fastest call of run(context) within about `budget` seconds. */
static inline double best_time(void (*run)(void *), void *context, double budget)
{
    double best = 1e30, end = seconds_now() + budget;
    int inner = 1;

    run(context);
    for (int rounds = 0; rounds < 5 || seconds_now() < end; rounds++) {
        double start = seconds_now(), t;

        for (int i = 0; i < inner; i++) {
            run(context);
        }
        t = (seconds_now() - start) / inner;
        best = t < best ? t : best;
        inner = t < 50e-6 ? (int)(100e-6 / (t + 1e-9)) + 1 : 1;
    }
    return best;
}

#define PEAK_STEPS 20000

#ifdef __x86_64__
#define PEAK_LOOP(reg)                                                                                       \
    {                                                                                                        \
        long n = PEAK_STEPS;                                                                                 \
        __asm__ volatile("1:\n\t"                                                                            \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "0\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "1\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "2\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "3\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "4\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "5\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "6\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "7\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "8\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "9\n\t"                              \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "10\n\t"                             \
                         "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "11\n\t"                             \
                         "dec %0\n\t"                                                                        \
                         "jnz 1b"                                                                            \
                         : "+r"(n)::"cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",    \
                           "xmm8", "xmm9", "xmm10", "xmm11");                                                \
    }
static inline void peak_ymm(void *unused)
{
    (void)unused;
    __asm__ volatile("vzeroall");
    PEAK_LOOP("ymm")
}
static inline void peak_zmm(void *unused)
{
    (void)unused;
    __asm__ volatile("vzeroall");
    PEAK_LOOP("zmm")
}
#endif

/* f32 GFLOP/s of the level's widest FMA; 0 for levels whose peak is not measured here. */
static inline double fma_peak(enum cpu_isa isa)
{
#ifdef __x86_64__
    if (isa >= CPU_ISA_avx512 && isa <= CPU_ISA_amx) {
        return 1e-9 * PEAK_STEPS * 12 * 16 * 2 / best_time(peak_zmm, NULL, 0.05);
    }
    if (isa >= CPU_ISA_avx2 && isa < CPU_ISA_avx512) {
        return 1e-9 * PEAK_STEPS * 12 * 8 * 2 / best_time(peak_ymm, NULL, 0.05);
    }
#endif
    (void)isa;
    return 0;
}

/* One line: what, GFLOP/s, share of the peak. */
static inline void report(const char *what, double flops, double seconds, double peak)
{
    double rate = 1e-9 * flops / seconds;

    printf("%-40s %9.1f us %8.1f GFLOP/s", what, seconds * 1e6, rate);
    if (peak > 0) {
        printf("  %5.1f %%", 100 * rate / peak);
    }
    putchar('\n');
}

#endif
