/* What this processor can run, the operating system's part included, and its caches. */
#ifndef VT_CPU_H
#define VT_CPU_H

#include "vt/levels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vt_cpu {
    uint32_t isas;     /* bit 1 << isa; the bit of ref is always set */
    enum vt_isa level; /* the highest of them */
    size_t l1d, l2;    /* bytes of one core; a guess where the machine does not tell, never 0 */
    size_t l3;         /* bytes of the whole cache; 0 when there is none */
    size_t l3_share;   /* l3 divided by the cores that share it */
    char brand[64];    /* "AMD EPYC 9R14"; "unknown" when not told */
};

/* The machine, with VT_CPU_ISA=<name> applied (it leaves the sets up to that name; an unknown name is warned
 * about and ignored). Read once; the pointer stays valid. Safe from any thread. */
const struct vt_cpu *vt_cpu(void);

static inline bool vt_cpu_has(const struct vt_cpu *cpu, enum vt_isa isa)
{
    return (cpu->isas >> isa & 1) != 0;
}

/* "avx512_vnni"; "unknown" for a number out of range. */
const char *vt_isa_name(enum vt_isa isa);

/* VT_ISA_COUNT when there is no such name. */
enum vt_isa vt_isa_parse(const char *name);

/* Remove all sets above `cap`. */
void vt_cpu_cap(struct vt_cpu *cpu, enum vt_isa cap);

/* AMX state needs the kernel's permission, which this asks for: once per process, before the first AMX
 * instruction of any thread. False when it is refused or AMX is not there; the set counts only then. */
bool vt_cpu_enable_amx(void);

/* Where the facts come from, so that processors we do not have can be tested. */
struct vt_cpuid {
    void *user;
    void (*cpuid)(void *user, uint32_t leaf, uint32_t sub, uint32_t regs[4]); /* eax, ebx, ecx, edx */
    uint64_t (*xcr0)(void *user); /* called only when OSXSAVE is set */
};

/* Decode CPUID into a struct without cap; runs on any architecture. */
void vt_cpu_decode_x86(struct vt_cpu *cpu, const struct vt_cpuid *source);

#endif
