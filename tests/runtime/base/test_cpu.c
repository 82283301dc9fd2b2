#include "cpu.h"
#include "log.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A processor as CPUID tells it: the registers that the decoder looks at. */
struct fake {
    uint32_t max_leaf, ecx1, ebx7, ecx7, edx7, eax71;
    uint64_t xcr0;
    uint32_t max_ext, ext_ecx;
    const char *brand;
    struct {
        uint32_t type, level, threads, ways, line, sets;
    } caches[4];
    uint32_t cache_leaf;
    int xgetbv_calls;
};

static void fake_cpuid(void *user, uint32_t leaf, uint32_t sub, uint32_t regs[4])
{
    struct fake *f = user;

    memset(regs, 0, 4 * sizeof(regs[0]));
    if (leaf == 0) {
        regs[0] = f->max_leaf;
    } else if (leaf == 1) {
        regs[2] = f->ecx1;
    } else if (leaf == 7 && sub == 0) {
        regs[0] = f->eax71 ? 1 : 0;
        regs[1] = f->ebx7;
        regs[2] = f->ecx7;
        regs[3] = f->edx7;
    } else if (leaf == 7 && sub == 1) {
        regs[0] = f->eax71;
    } else if (leaf == 0x80000000u) {
        regs[0] = f->max_ext;
    } else if (leaf == 0x80000001u) {
        regs[2] = f->ext_ecx;
    } else if (leaf >= 0x80000002u && leaf <= 0x80000004u) {
        char text[48] = "";

        memcpy(text, f->brand, strnlen(f->brand, sizeof(text)));
        memcpy(regs, text + 16 * (leaf - 0x80000002u), 16);
    } else if (leaf == f->cache_leaf && sub < 4 && f->caches[sub].type) {
        regs[0] = f->caches[sub].type | f->caches[sub].level << 5 | (f->caches[sub].threads - 1) << 14;
        regs[1] = (f->caches[sub].ways - 1) << 22 | (f->caches[sub].line - 1);
        regs[2] = f->caches[sub].sets - 1;
    }
}

static uint64_t fake_xcr0(void *user)
{
    struct fake *f = user;

    f->xgetbv_calls++;
    return f->xcr0;
}

static struct vt_cpu decode(struct fake *f)
{
    struct vt_cpuid source = {f, fake_cpuid, fake_xcr0};
    struct vt_cpu cpu;

    vt_cpu_decode_x86(&cpu, &source);
    return cpu;
}

#define ECX1_AVX    (1u << 28 | 1u << 12 | 1u << 29 | 1u << 27)
#define EBX7_AVX512 (1u << 5 | 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31)
#define SET(isa)    (1u << (isa))

static void test_nehalem(void **state)
{
    struct fake f = {.max_leaf = 11, .max_ext = 0x80000008u, .brand = "Intel(R) Core(TM) i7 CPU         920"};
    struct vt_cpu cpu = decode(&f);

    (void)state;
    assert_int_equal(cpu.isas, SET(VT_ISA_REF));
    assert_int_equal(cpu.level, VT_ISA_REF);
    assert_int_equal(f.xgetbv_calls, 0); /* xgetbv is an illegal instruction there */
    assert_string_equal(cpu.brand, "Intel(R) Core(TM) i7 CPU         920");
}

static void test_haswell(void **state)
{
    struct fake f = {
        .max_leaf = 13,
        .ecx1 = ECX1_AVX,
        .ebx7 = 1u << 5,
        .xcr0 = 7,
        .max_ext = 0x80000008u,
        .brand = "      Intel(R) Xeon(R) CPU E5-2680 v3",
        .cache_leaf = 4,
        .caches = {
            {1, 1, 2, 8, 64, 64}, {2, 1, 2, 8, 64, 64}, {3, 2, 2, 8, 64, 512}, {3, 3, 32, 20, 64, 24576}}};
    struct vt_cpu cpu = decode(&f);

    (void)state;
    assert_int_equal(cpu.isas, SET(VT_ISA_REF) | SET(VT_ISA_AVX2));
    assert_string_equal(cpu.brand, "Intel(R) Xeon(R) CPU E5-2680 v3");
    assert_int_equal(cpu.l1d, 32 * 1024);
    assert_int_equal(cpu.l2, 256 * 1024);
    assert_int_equal(cpu.l3, 30 * 1024 * 1024);
    assert_int_equal(cpu.l3_share, 30 * 1024 * 1024 / 16);
    f.xcr0 = 3; /* the kernel saves no YMM */
    assert_int_equal(decode(&f).level, VT_ISA_REF);
    f.xcr0 = 7;
    f.ecx1 &= ~(1u << 12); /* no FMA */
    assert_int_equal(decode(&f).level, VT_ISA_REF);
}

static void test_avx512_needs_the_os(void **state)
{
    struct fake f = {.max_leaf = 22, .ecx1 = ECX1_AVX, .ebx7 = EBX7_AVX512, .ecx7 = 1u << 11, .xcr0 = 0xe7};

    (void)state;
    assert_int_equal(decode(&f).level, VT_ISA_AVX512_VNNI);
    f.xcr0 = 0x67;
    assert_int_equal(decode(&f).level, VT_ISA_AVX2);
    f.xcr0 = 0xe7;
    f.ebx7 &= ~(1u << 31); /* Knights Landing has no VL */
    assert_int_equal(decode(&f).level, VT_ISA_AVX2);
}

static void test_zen4_and_cap(void **state)
{
    struct fake f = {.max_leaf = 16,
                     .ecx1 = ECX1_AVX,
                     .ebx7 = EBX7_AVX512,
                     .ecx7 = 1u << 11,
                     .eax71 = 1u << 5,
                     .xcr0 = 0x2e7,
                     .max_ext = 0x80000028u,
                     .ext_ecx = 1u << 22,
                     .brand = "AMD EPYC 9R14",
                     .cache_leaf = 0x8000001du,
                     .caches = {{1, 1, 2, 8, 64, 64}, {3, 2, 2, 8, 64, 2048}, {3, 3, 16, 16, 64, 32768}}};
    struct vt_cpu cpu = decode(&f);

    (void)state;
    assert_int_equal(cpu.level, VT_ISA_AVX512_BF16);
    assert_false(vt_cpu_has(&cpu, VT_ISA_AVX2_VNNI));
    assert_int_equal(cpu.l2, 1024 * 1024);
    assert_int_equal(cpu.l3_share, 4 * 1024 * 1024);
    vt_cpu_cap(&cpu, VT_ISA_AVX512);
    assert_int_equal(cpu.isas, SET(VT_ISA_REF) | SET(VT_ISA_AVX2) | SET(VT_ISA_AVX512));
    vt_cpu_cap(&cpu, VT_ISA_AVX2_VNNI); /* not there: falls to what is */
    assert_int_equal(cpu.level, VT_ISA_AVX2);
    vt_cpu_cap(&cpu, VT_ISA_REF);
    assert_int_equal(cpu.isas, SET(VT_ISA_REF));
}

static void test_sapphire_rapids(void **state)
{
    struct fake f = {.max_leaf = 32,
                     .ecx1 = ECX1_AVX,
                     .ebx7 = EBX7_AVX512,
                     .ecx7 = 1u << 11,
                     .edx7 = 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25,
                     .eax71 = 1u << 4 | 1u << 5,
                     .xcr0 = 0x600e7};
    struct vt_cpu cpu = decode(&f);

    (void)state;
    assert_int_equal(cpu.isas, SET(VT_ISA_AMX + 1) - 1);
    f.xcr0 = 0xe7; /* a kernel that does not know tiles */
    cpu = decode(&f);
    assert_int_equal(cpu.level, VT_ISA_AVX512_FP16);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < VT_ISA_COUNT; i++) {
        assert_int_equal(vt_isa_parse(vt_isa_name((enum vt_isa)i)), i);
    }
    assert_int_equal(vt_isa_parse("avx"), VT_ISA_COUNT);
    assert_int_equal(vt_isa_parse(""), VT_ISA_COUNT);
    assert_string_equal(vt_isa_name(VT_ISA_COUNT), "unknown");
}

static char warning[1024];

static void keep_warning(void *user, int level, const char *line)
{
    (void)user;
    (void)level;
    snprintf(warning, sizeof(warning), "%s", line);
}

static void test_this_machine(void **state)
{
    const struct vt_cpu *cpu;

    (void)state;
    vt_log_set(VT_LOG_WARNING, 0);
    vt_log_set_callback(keep_warning, NULL);
    setenv("VT_CPU_ISA", "avx1024", 1);
    cpu = vt_cpu();
    vt_log_set_callback(NULL, NULL);
    assert_non_null(strstr(warning, "avx1024"));
    assert_non_null(strstr(warning, "ref, avx2, avx2_vnni, avx512"));
    assert_ptr_equal(vt_cpu(), cpu);
    assert_true(vt_cpu_has(cpu, VT_ISA_REF));
    assert_true(cpu->l1d >= 4096 && cpu->l2 >= cpu->l1d);
    assert_true(cpu->l3_share <= cpu->l3);
    assert_true(strlen(cpu->brand) > 0);
#if defined(__x86_64__)
    assert_int_equal(vt_cpu_has(cpu, VT_ISA_AVX2),
                     __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
    assert_int_equal(vt_cpu_has(cpu, VT_ISA_AVX512), __builtin_cpu_supports("avx512vl") &&
                                                         __builtin_cpu_supports("avx512bw") &&
                                                         __builtin_cpu_supports("avx512dq"));
#elif defined(__aarch64__)
    assert_true(vt_cpu_has(cpu, VT_ISA_NEON));
#endif
    if (vt_cpu_enable_amx()) {
        assert_true(vt_cpu_has(cpu, VT_ISA_AMX));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nehalem),
        cmocka_unit_test(test_haswell),
        cmocka_unit_test(test_avx512_needs_the_os),
        cmocka_unit_test(test_zen4_and_cap),
        cmocka_unit_test(test_sapphire_rapids),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
