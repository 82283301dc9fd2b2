#include "cpu.h"

#include "log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define XCR0_AVX    0x6u     /* XMM, YMM */
#define XCR0_AVX512 0xe0u    /* mask registers, upper ZMM, ZMM16-31 */
#define XCR0_AMX    0x60000u /* tile configuration, tile data */

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_TILEDATA   18

static const char *const isa_names[VT_ISA_COUNT] = {
    "ref",         "avx2", "avx2_vnni", "avx512",  "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx",  "neon",      "dotprod", "i8mm",
};

const char *vt_isa_name(enum vt_isa isa)
{
    return (unsigned)isa < VT_ISA_COUNT ? isa_names[isa] : "unknown";
}

enum vt_isa vt_isa_parse(const char *name)
{
    for (int i = 0; i < VT_ISA_COUNT; i++) {
        if (!strcmp(name, isa_names[i])) {
            return (enum vt_isa)i;
        }
    }
    return VT_ISA_COUNT;
}

static void set_isas(struct vt_cpu *cpu, uint32_t isas)
{
    cpu->isas = isas | 1u << VT_ISA_REF;
    cpu->level = (enum vt_isa)(31 - __builtin_clz(cpu->isas));
}

void vt_cpu_cap(struct vt_cpu *cpu, enum vt_isa cap)
{
    if ((unsigned)cap < VT_ISA_COUNT) {
        set_isas(cpu, cpu->isas & ((2u << cap) - 1));
    }
}

static bool bit(uint32_t reg, int n)
{
    return (reg >> n & 1) != 0;
}

static uint32_t decode_isas(const struct vt_cpuid *source, uint32_t max_leaf)
{
    uint32_t r1[4], r7[4] = {0}, r71[4] = {0}, isas = 0;
    uint64_t xcr0;

    source->cpuid(source->user, 1, 0, r1);
    if (max_leaf < 7 || !bit(r1[2], 27)) {
        return 0;
    }
    xcr0 = source->xcr0(source->user);
    source->cpuid(source->user, 7, 0, r7);
    if (r7[0] >= 1) {
        source->cpuid(source->user, 7, 1, r71);
    }
    /* AVX, FMA, F16C, AVX2 */
    if ((xcr0 & XCR0_AVX) != XCR0_AVX || !bit(r1[2], 28) || !bit(r1[2], 12) || !bit(r1[2], 29) ||
        !bit(r7[1], 5)) {
        return 0;
    }
    isas |= 1u << VT_ISA_AVX2;
    isas |= (uint32_t)bit(r71[0], 4) << VT_ISA_AVX2_VNNI;
    /* F, DQ, CD, BW, VL */
    if ((xcr0 & XCR0_AVX512) != XCR0_AVX512 || !bit(r7[1], 16) || !bit(r7[1], 17) || !bit(r7[1], 28) ||
        !bit(r7[1], 30) || !bit(r7[1], 31)) {
        return isas;
    }
    isas |= 1u << VT_ISA_AVX512;
    if (!bit(r7[2], 11)) {
        return isas;
    }
    isas |= 1u << VT_ISA_AVX512_VNNI;
    if (!bit(r71[0], 5)) {
        return isas;
    }
    isas |= 1u << VT_ISA_AVX512_BF16;
    isas |= (uint32_t)bit(r7[3], 23) << VT_ISA_AVX512_FP16;
    /* AMX-BF16, AMX-TILE, AMX-INT8 */
    if ((xcr0 & XCR0_AMX) == XCR0_AMX && bit(r7[3], 22) && bit(r7[3], 24) && bit(r7[3], 25)) {
        isas |= 1u << VT_ISA_AMX;
    }
    return isas;
}

/* Intel's leaf 4 and AMD's 0x8000001D have the same layout. */
static bool decode_caches(struct vt_cpu *cpu, const struct vt_cpuid *source, uint32_t leaf)
{
    uint32_t core_threads = 1, l3_threads = 1;

    for (uint32_t i = 0; i < 16; i++) {
        uint32_t r[4], type, level, threads;
        size_t bytes;

        source->cpuid(source->user, leaf, i, r);
        type = r[0] & 31;
        level = r[0] >> 5 & 7;
        threads = (r[0] >> 14 & 0xfff) + 1;
        if (!type) {
            break;
        }
        /* ways * partitions * line bytes * sets */
        bytes = (size_t)((r[1] >> 22) + 1) * ((r[1] >> 12 & 0x3ff) + 1) * ((r[1] & 0xfff) + 1) *
                ((size_t)r[2] + 1);
        if (level == 1 && type == 1) {
            cpu->l1d = bytes;
            core_threads = threads;
        } else if (level == 2 && type != 2) {
            cpu->l2 = bytes;
        } else if (level == 3 && type != 2) {
            cpu->l3 = bytes;
            l3_threads = threads;
        }
    }
    if (cpu->l3) {
        cpu->l3_share = cpu->l3 / (l3_threads > core_threads ? l3_threads / core_threads : 1);
    }
    return cpu->l1d && cpu->l2;
}

static void decode_brand(struct vt_cpu *cpu, const struct vt_cpuid *source)
{
    uint32_t text[12];
    const char *p = (const char *)text;
    size_t n = 0;

    for (uint32_t i = 0; i < 3; i++) {
        source->cpuid(source->user, 0x80000002u + i, 0, text + 4 * i);
    }
    /* Some pad with blanks in front, some behind. */
    while (n < sizeof(text) && p[n] == ' ') {
        n++;
    }
    snprintf(cpu->brand, sizeof(cpu->brand), "%.*s", (int)(sizeof(text) - n), p + n);
    n = strlen(cpu->brand);
    while (n && cpu->brand[n - 1] == ' ') {
        cpu->brand[--n] = 0;
    }
}

void vt_cpu_decode_x86(struct vt_cpu *cpu, const struct vt_cpuid *source)
{
    uint32_t r[4], ext[4], amd[4] = {0}, max_leaf;

    *cpu = (struct vt_cpu){0};
    source->cpuid(source->user, 0, 0, r);
    max_leaf = r[0];
    source->cpuid(source->user, 0x80000000u, 0, ext);
    if (ext[0] >= 0x80000004u) {
        decode_brand(cpu, source);
    }
    if (ext[0] >= 0x8000001du) {
        source->cpuid(source->user, 0x80000001u, 0, amd);
    }
    set_isas(cpu, max_leaf ? decode_isas(source, max_leaf) : 0);
    /* AMD says by its topology extension bit that the leaf is there; its leaf 4 is empty. */
    if (!(bit(amd[2], 22) && decode_caches(cpu, source, 0x8000001du)) && max_leaf >= 4) {
        decode_caches(cpu, source, 4);
    }
}

#if defined(__x86_64__) || defined(__i386__)
static void read_cpuid(void *user, uint32_t leaf, uint32_t sub, uint32_t regs[4])
{
    (void)user;
    __cpuid_count(leaf, sub, regs[0], regs[1], regs[2], regs[3]);
}

static uint64_t read_xcr0(void *user)
{
    uint32_t low, high;

    (void)user;
    /* xgetbv, spelled out so that no compiler flag is needed. */
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static void detect(struct vt_cpu *cpu)
{
    struct vt_cpuid source = {NULL, read_cpuid, read_xcr0};

    vt_cpu_decode_x86(cpu, &source);
}
#elif defined(__aarch64__)
/* "model name" is rare on Arm; the numbers at least identify the core. */
static void read_brand(char *brand, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256], implementer[16] = "", part[16] = "";

    while (file && fgets(line, sizeof(line), file)) {
        sscanf(line, "CPU implementer : %15s", implementer);
        sscanf(line, "CPU part : %15s", part);
    }
    if (file) {
        fclose(file);
    }
    if (*implementer) {
        snprintf(brand, size, "Arm implementer %s part %s", implementer, part);
    }
}

static void detect(struct vt_cpu *cpu)
{
    unsigned long caps = getauxval(AT_HWCAP), caps2 = getauxval(AT_HWCAP2);
    uint32_t isas = 1u << VT_ISA_NEON;

    /* HWCAP_ASIMDDP and HWCAP2_I8MM by number: old kernel headers lack the names. */
    if (caps >> 20 & 1) {
        isas |= 1u << VT_ISA_DOTPROD;
        isas |= (uint32_t)(caps2 >> 13 & 1) << VT_ISA_I8MM;
    }
    set_isas(cpu, isas);
    read_brand(cpu->brand, sizeof(cpu->brand));
}
#else
static void detect(struct vt_cpu *cpu)
{
    set_isas(cpu, 0);
}
#endif

static size_t cache_or(int name, size_t guess)
{
    long bytes = sysconf(name);

    return bytes > 0 ? (size_t)bytes : guess;
}

/* What the processor did not tell, from the C library or by a guess that holds for anything recent. */
static void complete(struct vt_cpu *cpu)
{
    if (!cpu->l1d) {
        cpu->l1d = cache_or(_SC_LEVEL1_DCACHE_SIZE, 32 * 1024);
    }
    if (!cpu->l2) {
        cpu->l2 = cache_or(_SC_LEVEL2_CACHE_SIZE, 512 * 1024);
    }
    if (!cpu->l3) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);

        cpu->l3 = cache_or(_SC_LEVEL3_CACHE_SIZE, 0);
        cpu->l3_share = cpu->l3 / (size_t)(online > 0 ? online : 1);
    }
    if (!*cpu->brand) {
        snprintf(cpu->brand, sizeof(cpu->brand), "unknown");
    }
}

static struct vt_cpu this_cpu;

static void apply_environment(struct vt_cpu *cpu)
{
    const char *name = getenv("VT_CPU_ISA");
    char list[160] = "";
    enum vt_isa cap;

    if (!name || !*name) {
        return;
    }
    cap = vt_isa_parse(name);
    if (cap < VT_ISA_COUNT) {
        vt_cpu_cap(cpu, cap);
        return;
    }
    for (int i = 0; i < VT_ISA_COUNT; i++) {
        strcat(strcat(list, i ? ", " : ""), isa_names[i]);
    }
    vt_log(VT_LOG_WARNING, "VT_CPU_ISA: unknown value '%.64s', ignored; allowed are %s", name, list);
}

static void init_cpu(void)
{
    detect(&this_cpu);
    complete(&this_cpu);
    apply_environment(&this_cpu);
}

const struct vt_cpu *vt_cpu(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, init_cpu);
    return &this_cpu;
}

bool vt_cpu_enable_amx(void)
{
#if defined(__x86_64__) && defined(SYS_arch_prctl)
    /* Asking again for what was granted succeeds, so no state is kept here. */
    return vt_cpu_has(vt_cpu(), VT_ISA_AMX) &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILEDATA) == 0;
#else
    return false;
#endif
}
