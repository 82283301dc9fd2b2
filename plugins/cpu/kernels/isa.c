#include "isa.h"

#include <string.h>

static const char *const isa_names[CPU_ISA_COUNT] = {
    [CPU_ISA_ref] = "ref",
    [CPU_ISA_avx2] = "avx2",
    [CPU_ISA_avx2_vnni] = "avx2_vnni",
    [CPU_ISA_avx512] = "avx512",
    [CPU_ISA_avx512_vnni] = "avx512_vnni",
    [CPU_ISA_avx512_bf16] = "avx512_bf16",
    [CPU_ISA_avx512_fp16] = "avx512_fp16",
    [CPU_ISA_amx] = "amx",
    [CPU_ISA_neon] = "neon",
    [CPU_ISA_dotprod] = "dotprod",
    [CPU_ISA_i8mm] = "i8mm",
};

const char *cpu_isa_name(enum cpu_isa isa)
{
    return (unsigned)isa < CPU_ISA_COUNT ? isa_names[isa] : "?";
}

int cpu_isa_by_name(const char *name)
{
    for (int i = 0; i < CPU_ISA_COUNT; i++) {
        if (strcmp(name, isa_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* Nothing but plain C until somebody who looked at the machine says more. */
static unsigned allowed = 1u << CPU_ISA_ref;

void cpu_isa_allow(unsigned isas)
{
    __atomic_store_n(&allowed, isas | 1u << CPU_ISA_ref, __ATOMIC_RELAXED);
}

static unsigned allowed_mask(void)
{
    return __atomic_load_n(&allowed, __ATOMIC_RELAXED);
}

bool cpu_isa_supported(enum cpu_isa isa)
{
    return (unsigned)isa < CPU_ISA_COUNT && (allowed_mask() >> isa & 1);
}

enum cpu_isa cpu_isa_best(void)
{
    return (enum cpu_isa)(31 - __builtin_clz(allowed_mask()));
}
