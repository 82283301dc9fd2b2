#include "isa.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

#ifdef __x86_64__

/* Bits of XCR0: xmm and ymm; opmask and both halves of zmm; tile configuration and data. */
#define XCR0_YMM  0x6u
#define XCR0_ZMM  0xe6u
#define XCR0_TILE 0x60000u

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_TILEDATA   18

static bool has(unsigned value, unsigned bits)
{
    return (value & bits) == bits;
}

static unsigned read_xcr0(void)
{
    unsigned lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    (void)hi;
    return lo;
}

static unsigned probe(void)
{
    unsigned a, b, c, d, b7, c7, d7, a71 = 0, xcr0, mask = 1u << CPU_ISA_ref;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C)) {
        return mask;
    }
    xcr0 = read_xcr0();
    if (!has(xcr0, XCR0_YMM) || !__get_cpuid_count(7, 0, &a, &b7, &c7, &d7) || !has(b7, bit_AVX2)) {
        return mask;
    }
    if (a >= 1) {
        __get_cpuid_count(7, 1, &a71, &b, &c, &d);
    }
    mask |= 1u << CPU_ISA_avx2;
    mask |= (unsigned)has(a71, 1u << 4) << CPU_ISA_avx2_vnni;
    if (!has(xcr0, XCR0_ZMM) || !has(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ)) {
        return mask;
    }
    mask |= 1u << CPU_ISA_avx512;
    if (!has(c7, 1u << 11)) {
        return mask;
    }
    mask |= 1u << CPU_ISA_avx512_vnni;
    if (!has(a71, 1u << 5)) {
        return mask;
    }
    mask |= 1u << CPU_ISA_avx512_bf16;
    mask |= (unsigned)has(d7, 1u << 23) << CPU_ISA_avx512_fp16;
    if (has(d7, 1u << 22 | 1u << 24 | 1u << 25) && has(xcr0, XCR0_TILE) &&
        syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILEDATA) == 0) {
        mask |= 1u << CPU_ISA_amx;
    }
    return mask;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

static unsigned probe(void)
{
    unsigned mask = 1u << CPU_ISA_ref | 1u << CPU_ISA_neon;

    mask |= (unsigned)(getauxval(AT_HWCAP) >> 20 & 1) << CPU_ISA_dotprod;
    mask |= (unsigned)(getauxval(AT_HWCAP2) >> 13 & 1) << CPU_ISA_i8mm;
    return mask;
}

#else

static unsigned probe(void)
{
    return 1u << CPU_ISA_ref;
}

#endif

/* The probe always gives the same answer, so threads that race here write the same value. */
static unsigned supported_mask(void)
{
    static unsigned cached;
    unsigned mask = __atomic_load_n(&cached, __ATOMIC_RELAXED);

    if (!mask) {
        mask = probe();
        __atomic_store_n(&cached, mask, __ATOMIC_RELAXED);
    }
    return mask;
}

bool cpu_isa_supported(enum cpu_isa isa)
{
    return (unsigned)isa < CPU_ISA_COUNT && (supported_mask() >> isa & 1);
}

enum cpu_isa cpu_isa_best(void)
{
    return (enum cpu_isa)(31 - __builtin_clz(supported_mask()));
}
