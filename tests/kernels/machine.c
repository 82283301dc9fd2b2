#include "machine.h"

#include "cpu.h"

unsigned machine_isas(void)
{
    const struct vt_cpu *cpu = vt_cpu();

    return vt_cpu_has(cpu, VT_ISA_AMX) && !vt_cpu_enable_amx() ? cpu->isas & ~(1u << VT_ISA_AMX) : cpu->isas;
}
