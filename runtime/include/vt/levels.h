/* Log levels and topics, and instruction-set levels: words that the core, plugins and frontends share. */
#ifndef VT_LEVELS_H
#define VT_LEVELS_H

enum vt_log_level {
    VT_LOG_NONE = 0,
    VT_LOG_ERROR,
    VT_LOG_WARNING,
    VT_LOG_INFO,
    VT_LOG_DEBUG,
};

/* Switched on one by one (VT_LOG=dispatch,memory). */
enum vt_log_category {
    VT_LOG_DISPATCH = 1 << 0, /* which kernel a node got, and why better ones were refused */
    VT_LOG_PASSES = 1 << 1,   /* what each graph pass changed */
    VT_LOG_MEMORY = 1 << 2,   /* plans, arenas, weights kept and given back */
    VT_LOG_PLUGIN = 1 << 3,   /* loading of plugins and frontends, devices that are absent */
    VT_LOG_GENERAL = 1 << 4,
    VT_LOG_ALL = (1 << 5) - 1,
};

/* Each set contains what the compiler flags of its kernels turn on:
 * avx2 = AVX2, FMA, F16C; avx2_vnni = avx2 + AVX-VNNI; avx512 = avx2 + F, BW, VL, DQ, CD;
 * avx512_vnni = avx512 + VNNI; avx512_bf16 = avx512_vnni + BF16; avx512_fp16 = avx512_bf16 + FP16;
 * amx = avx512_bf16 + AMX tile, int8, bf16. On aarch64 dotprod = neon + SDOT, i8mm = dotprod + SMMLA.
 * The x86 sets are no chain: a processor may have a higher one and lack a lower one. */
enum vt_isa {
    VT_ISA_REF = 0,
    VT_ISA_AVX2,
    VT_ISA_AVX2_VNNI,
    VT_ISA_AVX512,
    VT_ISA_AVX512_VNNI,
    VT_ISA_AVX512_BF16,
    VT_ISA_AVX512_FP16,
    VT_ISA_AMX,
    VT_ISA_NEON,
    VT_ISA_DOTPROD,
    VT_ISA_I8MM,
    VT_ISA_COUNT
};

#endif
