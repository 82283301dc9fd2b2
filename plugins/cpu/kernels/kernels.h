/* The table of all kernels, made from kernels.def; each family's header gives the typed getter on top of it.
 */
#ifndef CPU_KERNELS_KERNELS_H
#define CPU_KERNELS_KERNELS_H

#include "isa.h"

/* One row of kernels.def: a const object `struct cpu_<family> cpu_<name>__<isa>`. */
struct cpu_kernel_row {
    const char *family, *name;
    enum cpu_isa isa;
    const void *kernel;
};

/* All rows, in the order of kernels.def; for tests, benchmarks and listings. */
extern const struct cpu_kernel_row cpu_kernel_rows[];
extern const int cpu_kernel_row_count;

/* The kernel `name` of the highest level that is not above `cap` and that this machine can run; NULL when
 * there is no such name. Looks names up: call it when compiling a model, not when running one. */
const void *cpu_kernel_find(const char *name, enum cpu_isa cap);

/* The kernel `name` of exactly `isa`; NULL when there is none or this machine cannot run it. */
const void *cpu_kernel_exact(const char *name, enum cpu_isa isa);

/* Defines cpu_<name>_get(cap), of the family's type. */
#define CPU_KERNEL_GETTER(family, name)                                                                      \
    static inline const struct cpu_##family *cpu_##name##_get(enum cpu_isa cap)                              \
    {                                                                                                        \
        return (const struct cpu_##family *)cpu_kernel_find(#name, cap);                                     \
    }

/* Templates are compiled once per level with CPU_ISA set: CPU_NAME(gemm_f32) is cpu_gemm_f32__avx2. */
#define CPU_NAME_2(name, isa) cpu_##name##__##isa
#define CPU_NAME_1(name, isa) CPU_NAME_2(name, isa)
#define CPU_NAME(name)        CPU_NAME_1(name, CPU_ISA)
#define CPU_TEXT_2(text)      #text
#define CPU_TEXT_1(text)      CPU_TEXT_2(text)
#define CPU_NAME_TEXT(name)   #name "__" CPU_TEXT_1(CPU_ISA) /* "gemm_f32__avx2" */
#define CPU_ISA_ID_2(isa)     CPU_ISA_##isa
#define CPU_ISA_ID_1(isa)     CPU_ISA_ID_2(isa)
#define CPU_ISA_ID            CPU_ISA_ID_1(CPU_ISA) /* CPU_ISA_avx2 */

#endif
