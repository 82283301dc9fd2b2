#include "kernels.h"

#include <string.h>

#ifdef __x86_64__
#define CPU_KERNEL_X86(family, name, isa) CPU_KERNEL(family, name, isa)
#else
#define CPU_KERNEL_X86(family, name, isa)
#endif

#define CPU_KERNEL(family, name, isa) extern const struct cpu_##family cpu_##name##__##isa;
#include "kernels.def"
#undef CPU_KERNEL

#define CPU_KERNEL(family, name, isa) {#family, #name, CPU_ISA_##isa, &cpu_##name##__##isa},
const struct cpu_kernel_row cpu_kernel_rows[] = {
#include "kernels.def"
    {0}, /* for a build without any row */
};
#undef CPU_KERNEL

const int cpu_kernel_row_count = sizeof(cpu_kernel_rows) / sizeof(cpu_kernel_rows[0]) - 1;

const void *cpu_kernel_find(const char *name, enum cpu_isa cap)
{
    const void *kernel = NULL;
    enum cpu_isa best = CPU_ISA_ref;

    for (int i = 0; i < cpu_kernel_row_count; i++) {
        const struct cpu_kernel_row *row = &cpu_kernel_rows[i];

        if (row->isa <= cap && (!kernel || row->isa >= best) && strcmp(row->name, name) == 0 &&
            cpu_isa_supported(row->isa)) {
            kernel = row->kernel;
            best = row->isa;
        }
    }
    return kernel;
}

const void *cpu_kernel_exact(const char *name, enum cpu_isa isa)
{
    for (int i = 0; i < cpu_kernel_row_count; i++) {
        const struct cpu_kernel_row *row = &cpu_kernel_rows[i];

        if (row->isa == isa && strcmp(row->name, name) == 0) {
            return cpu_isa_supported(isa) ? row->kernel : NULL;
        }
    }
    return NULL;
}
