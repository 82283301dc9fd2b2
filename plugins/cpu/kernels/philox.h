/* Random words: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). */
#ifndef CPU_PHILOX_H
#define CPU_PHILOX_H

#include "kernels.h"

#include <stdint.h>

struct cpu_philox {
    const char *name;
    enum cpu_isa isa;
    /* Blocks [first, first + n) of the sequence of `key` and `counter`, four words each. */
    void (*words)(uint64_t key, uint64_t counter, uint64_t first, int64_t n, uint32_t *dst);
};

CPU_KERNEL_GETTER(philox, philox)

#endif
