/* Instruction-set levels of the kernels, and which of them may run. The kernels do not look at the machine:
 * who uses them says what it can do. Any thread. */
#ifndef CPU_KERNELS_ISA_H
#define CPU_KERNELS_ISA_H

#include <stdbool.h>

/* Ordered within one architecture: a level includes those below it, except AVX2_VNNI, which some AVX-512
 * machines lack; cpu_isa_supported() is what counts. */
enum cpu_isa {
    CPU_ISA_ref = 0, /* plain C for the architecture's baseline */
    CPU_ISA_avx2,    /* AVX2, FMA, F16C */
    CPU_ISA_avx2_vnni,
    CPU_ISA_avx512, /* F, BW, VL, DQ */
    CPU_ISA_avx512_vnni,
    CPU_ISA_avx512_bf16,
    CPU_ISA_avx512_fp16,
    CPU_ISA_amx,
    CPU_ISA_neon,
    CPU_ISA_dotprod,
    CPU_ISA_i8mm,
    CPU_ISA_COUNT
};

/* "avx512_bf16"; "?" for a number that is no level. */
const char *cpu_isa_name(enum cpu_isa isa);

/* The level called `name`, or -1. */
int cpu_isa_by_name(const char *name);

/* What processor and system can run: bit 1 << isa. Plain C alone before the first call, and always. */
void cpu_isa_allow(unsigned isas);

bool cpu_isa_supported(enum cpu_isa isa);

/* The highest level that is supported. */
enum cpu_isa cpu_isa_best(void);

#endif
