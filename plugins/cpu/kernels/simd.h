/* One vocabulary of vectors for the templates: vf (SIMD_LANES floats), vi (as many int32), vm (a mask of
 * lanes). The level is that of the compiler flags: AVX-512 16 lanes, AVX2 8, otherwise plain scalars (1
 * lane).
 *
 * Loads and stores take any alignment. The _n forms touch the first n lanes only, 0 <= n <= SIMD_LANES; loads
 * fill the rest with zeros and no byte beyond is accessed. The _m forms do the same with a mask. vf_min(a, b)
 * and vf_max(a, b) give b when either is NaN: put the limit first to let NaN through. */
#ifndef CPU_KERNELS_SIMD_H
#define CPU_KERNELS_SIMD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* SIMD_SMALL: builds with sanitizers, where every access carries a check: with all of it inlined and unrolled
 * the templates take many minutes to compile. */
#ifdef SIMD_SMALL
#define SIMD_INLINE static inline __attribute__((unused))
#define UNROLL
#else
#define SIMD_INLINE static inline __attribute__((always_inline, unused))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#endif
#define SIMD_NOINLINE static __attribute__((noinline, unused))

/* Single halves, for tails and packing; any rounding is to nearest even, NaN stays NaN. */
SIMD_INLINE float simd_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, bits = (uint32_t)(h & 0x7fff) << 13;
    float f;

    if ((h & 0x7c00) == 0x7c00) {
        bits |= 0x7f800000;
        memcpy(&f, &bits, 4);
    } else {
        memcpy(&f, &bits, 4);
        /* The product of two normal numbers unless h is denormal; its bits are below 2^23 then, so build it
         * by integer conversion, which FTZ and DAZ do not touch. */
        f = (h & 0x7c00) ? f * 0x1p112f : (float)(h & 0x3ff) * 0x1p-24f;
    }
    memcpy(&bits, &f, 4);
    bits |= sign;
    memcpy(&f, &bits, 4);
    return f;
}

SIMD_INLINE uint16_t simd_f32_to_f16(float f)
{
    uint32_t bits, sign, rest;
    int exponent;

    memcpy(&bits, &f, 4);
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) {
        return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x1ff));
    }
    if (bits >= 0x477ff000) { /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00);
    }
    exponent = (int)(bits >> 23) - 127;
    if (exponent >= -14) {
        bits += 0xfff + (bits >> 13 & 1);
        return (uint16_t)(sign | ((bits - 0x38000000) >> 13));
    }
    if (exponent < -25) {
        return (uint16_t)sign;
    }
    rest = (bits & 0x7fffff) | 0x800000;
    bits = rest >> (-exponent - 1);
    rest &= (1u << (-exponent - 1)) - 1;
    if (rest > 1u << (-exponent - 2) || (rest == 1u << (-exponent - 2) && (bits & 1))) {
        bits++;
    }
    return (uint16_t)(sign | bits);
}

SIMD_INLINE float simd_bf16_to_f32(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;

    memcpy(&f, &bits, 4);
    return f;
}

SIMD_INLINE uint16_t simd_f32_to_bf16(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) {
        return (uint16_t)(bits >> 16 | 0x40);
    }
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* clang-format off: one line an instruction */

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)

#include <immintrin.h>

#define SIMD_LANES 16
#define SIMD_ROUND (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

SIMD_INLINE vf vf_zero(void)
{
    return _mm512_setzero_ps();
}
SIMD_INLINE vf vf_set1(float x)
{
    return _mm512_set1_ps(x);
}
SIMD_INLINE vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
SIMD_INLINE void vf_store(float *p, vf a)
{
    _mm512_storeu_ps(p, a);
}
SIMD_INLINE vm vm_first(int n)
{
    return (vm)_bzhi_u32(0xffff, (unsigned)n);
}
SIMD_INLINE vf vf_load_m(const float *p, vm m)
{
    return _mm512_maskz_loadu_ps(m, p);
}
SIMD_INLINE void vf_store_m(float *p, vf a, vm m)
{
    _mm512_mask_storeu_ps(p, m, a);
}
SIMD_INLINE vf vf_load_n(const float *p, int n)
{
    return vf_load_m(p, vm_first(n));
}
SIMD_INLINE void vf_store_n(float *p, vf a, int n)
{
    vf_store_m(p, a, vm_first(n));
}
SIMD_INLINE vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}
SIMD_INLINE vf vf_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}
SIMD_INLINE vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}
SIMD_INLINE vf vf_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}
SIMD_INLINE vf vf_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}
SIMD_INLINE vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}
SIMD_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
} /* a * b + c */
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm512_fnmadd_ps(a, b, c);
} /* c - a * b */
SIMD_INLINE vf vf_sqrt(vf a)
{
    return _mm512_sqrt_ps(a);
}
SIMD_INLINE vf vf_and(vf a, vf b)
{
    return _mm512_and_ps(a, b);
}
SIMD_INLINE vf vf_or(vf a, vf b)
{
    return _mm512_or_ps(a, b);
}
SIMD_INLINE vf vf_xor(vf a, vf b)
{
    return _mm512_xor_ps(a, b);
}
SIMD_INLINE vf vf_round_even(vf a)
{
    return _mm512_roundscale_ps(a, SIMD_ROUND);
}
SIMD_INLINE vf vf_floor(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vf vf_ceil(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vf vf_trunc(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vm vf_lt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
SIMD_INLINE vm vf_le(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
SIMD_INLINE vm vf_eq(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
SIMD_INLINE vm vf_is_nan(vf a)
{
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}
SIMD_INLINE vf vf_select(vm m, vf a, vf b)
{
    return _mm512_mask_blend_ps(m, b, a);
} /* m ? a : b */
SIMD_INLINE vm vm_and(vm a, vm b)
{
    return (vm)(a & b);
}
SIMD_INLINE vm vm_or(vm a, vm b)
{
    return (vm)(a | b);
}
SIMD_INLINE vm vm_not(vm a)
{
    return (vm)~a;
}
SIMD_INLINE bool vm_any(vm a)
{
    return a != 0;
}
SIMD_INLINE unsigned vm_bits(vm a)
{
    return a;
} /* bit i: lane i */
SIMD_INLINE vi vi_set1(int32_t x)
{
    return _mm512_set1_epi32(x);
}
SIMD_INLINE vi vi_load(const int32_t *p)
{
    return _mm512_loadu_si512(p);
}
SIMD_INLINE void vi_store(int32_t *p, vi a)
{
    _mm512_storeu_si512(p, a);
}
SIMD_INLINE vi vi_load_m(const int32_t *p, vm m)
{
    return _mm512_maskz_loadu_epi32(m, p);
}
SIMD_INLINE void vi_store_m(int32_t *p, vi a, vm m)
{
    _mm512_mask_storeu_epi32(p, m, a);
}
SIMD_INLINE vi vi_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}
SIMD_INLINE vi vi_sub(vi a, vi b)
{
    return _mm512_sub_epi32(a, b);
}
SIMD_INLINE vi vi_mul(vi a, vi b)
{
    return _mm512_mullo_epi32(a, b);
}
SIMD_INLINE vi vi_and(vi a, vi b)
{
    return _mm512_and_si512(a, b);
}
SIMD_INLINE vi vi_or(vi a, vi b)
{
    return _mm512_or_si512(a, b);
}
#define vi_shl(a, count) _mm512_slli_epi32(a, count)
#define vi_shr(a, count) _mm512_srli_epi32(a, count) /* logical */
#define vi_sar(a, count) _mm512_srai_epi32(a, count) /* arithmetic */
SIMD_INLINE vi vi_from_vf(vf a)
{
    return _mm512_cvtps_epi32(a);
} /* to nearest even */
SIMD_INLINE vi vi_trunc_vf(vf a)
{
    return _mm512_cvttps_epi32(a);
} /* towards zero; out of range and NaN give INT32_MIN */
SIMD_INLINE vf vf_from_vi(vi a)
{
    return _mm512_cvtepi32_ps(a);
}
SIMD_INLINE vi vi_bits(vf a)
{
    return _mm512_castps_si512(a);
}
SIMD_INLINE vf vf_bits(vi a)
{
    return _mm512_castsi512_ps(a);
}
SIMD_INLINE float vf_hadd(vf a)
{
    return _mm512_reduce_add_ps(a);
}
SIMD_INLINE float vf_hmax(vf a)
{
    return _mm512_reduce_max_ps(a);
}
SIMD_INLINE float vf_hmin(vf a)
{
    return _mm512_reduce_min_ps(a);
}
SIMD_INLINE vf vf_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p));
}
SIMD_INLINE void vf_store_f16(uint16_t *p, vf a)
{
    _mm256_storeu_si256((void *)p, _mm512_cvtps_ph(a, SIMD_ROUND));
}
SIMD_INLINE vf vf_load_bf16(const uint16_t *p)
{
    return vf_bits(vi_shl(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p)), 16));
}

#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>

#define SIMD_LANES       8
#define SIMD_ROUND       (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm; /* all bits of a lane, or none */

SIMD_INLINE vf vf_zero(void)
{
    return _mm256_setzero_ps();
}
SIMD_INLINE vf vf_set1(float x)
{
    return _mm256_set1_ps(x);
}
SIMD_INLINE vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
SIMD_INLINE void vf_store(float *p, vf a)
{
    _mm256_storeu_ps(p, a);
}
SIMD_INLINE vm vm_first(int n)
{
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
}
SIMD_INLINE vf vf_load_m(const float *p, vm m)
{
    return _mm256_maskload_ps(p, _mm256_castps_si256(m));
}
SIMD_INLINE void vf_store_m(float *p, vf a, vm m)
{
    /* AMD's cores run masked stores from microcode, a dozen times slower than plain ones. */
    if (_mm256_movemask_ps(m) == 0xff) {
        _mm256_storeu_ps(p, a);
    } else {
        _mm256_maskstore_ps(p, _mm256_castps_si256(m), a);
    }
}
SIMD_INLINE vf vf_load_n(const float *p, int n)
{
    return vf_load_m(p, vm_first(n));
}
SIMD_INLINE void vf_store_n(float *p, vf a, int n)
{
    vf_store_m(p, a, vm_first(n));
}
SIMD_INLINE vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}
SIMD_INLINE vf vf_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}
SIMD_INLINE vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}
SIMD_INLINE vf vf_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}
SIMD_INLINE vf vf_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}
SIMD_INLINE vf vf_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}
SIMD_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
} /* a * b + c */
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm256_fnmadd_ps(a, b, c);
} /* c - a * b */
SIMD_INLINE vf vf_sqrt(vf a)
{
    return _mm256_sqrt_ps(a);
}
SIMD_INLINE vf vf_and(vf a, vf b)
{
    return _mm256_and_ps(a, b);
}
SIMD_INLINE vf vf_or(vf a, vf b)
{
    return _mm256_or_ps(a, b);
}
SIMD_INLINE vf vf_xor(vf a, vf b)
{
    return _mm256_xor_ps(a, b);
}
SIMD_INLINE vf vf_round_even(vf a)
{
    return _mm256_round_ps(a, SIMD_ROUND);
}
SIMD_INLINE vf vf_floor(vf a)
{
    return _mm256_floor_ps(a);
}
SIMD_INLINE vf vf_ceil(vf a)
{
    return _mm256_ceil_ps(a);
}
SIMD_INLINE vf vf_trunc(vf a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vm vf_lt(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
SIMD_INLINE vm vf_le(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_LE_OQ);
}
SIMD_INLINE vm vf_eq(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
}
SIMD_INLINE vm vf_is_nan(vf a)
{
    return _mm256_cmp_ps(a, a, _CMP_UNORD_Q);
}
SIMD_INLINE vf vf_select(vm m, vf a, vf b)
{
    return _mm256_blendv_ps(b, a, m);
} /* m ? a : b */
SIMD_INLINE vm vm_and(vm a, vm b)
{
    return _mm256_and_ps(a, b);
}
SIMD_INLINE vm vm_or(vm a, vm b)
{
    return _mm256_or_ps(a, b);
}
SIMD_INLINE vm vm_not(vm a)
{
    return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
}
SIMD_INLINE bool vm_any(vm a)
{
    return _mm256_movemask_ps(a) != 0;
}
SIMD_INLINE unsigned vm_bits(vm a)
{
    return (unsigned)_mm256_movemask_ps(a);
} /* bit i: lane i */
SIMD_INLINE vi vi_set1(int32_t x)
{
    return _mm256_set1_epi32(x);
}
SIMD_INLINE vi vi_load(const int32_t *p)
{
    return _mm256_loadu_si256((const void *)p);
}
SIMD_INLINE void vi_store(int32_t *p, vi a)
{
    _mm256_storeu_si256((void *)p, a);
}
SIMD_INLINE vi vi_load_m(const int32_t *p, vm m)
{
    return _mm256_maskload_epi32(p, _mm256_castps_si256(m));
}
SIMD_INLINE void vi_store_m(int32_t *p, vi a, vm m)
{
    _mm256_maskstore_epi32(p, _mm256_castps_si256(m), a);
}
SIMD_INLINE vi vi_add(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}
SIMD_INLINE vi vi_sub(vi a, vi b)
{
    return _mm256_sub_epi32(a, b);
}
SIMD_INLINE vi vi_mul(vi a, vi b)
{
    return _mm256_mullo_epi32(a, b);
}
SIMD_INLINE vi vi_and(vi a, vi b)
{
    return _mm256_and_si256(a, b);
}
SIMD_INLINE vi vi_or(vi a, vi b)
{
    return _mm256_or_si256(a, b);
}
#define vi_shl(a, count) _mm256_slli_epi32(a, count)
#define vi_shr(a, count) _mm256_srli_epi32(a, count) /* logical */
#define vi_sar(a, count) _mm256_srai_epi32(a, count) /* arithmetic */
SIMD_INLINE vi vi_from_vf(vf a)
{
    return _mm256_cvtps_epi32(a);
} /* to nearest even */
SIMD_INLINE vi vi_trunc_vf(vf a)
{
    return _mm256_cvttps_epi32(a);
} /* towards zero; out of range and NaN give INT32_MIN */
SIMD_INLINE vf vf_from_vi(vi a)
{
    return _mm256_cvtepi32_ps(a);
}
SIMD_INLINE vi vi_bits(vf a)
{
    return _mm256_castps_si256(a);
}
SIMD_INLINE vf vf_bits(vi a)
{
    return _mm256_castsi256_ps(a);
}
SIMD_INLINE float vf_hadd(vf a)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
SIMD_INLINE float vf_hmax(vf a)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
SIMD_INLINE float vf_hmin(vf a)
{
    __m128 s = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

    s = _mm_min_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_min_ss(s, _mm_movehdup_ps(s)));
}
SIMD_INLINE vf vf_load_f16(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}
SIMD_INLINE void vf_store_f16(uint16_t *p, vf a)
{
    _mm_storeu_si128((void *)p, _mm256_cvtps_ph(a, SIMD_ROUND));
}
SIMD_INLINE vf vf_load_bf16(const uint16_t *p)
{
    return vf_bits(vi_shl(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p)), 16));
}

#else

#define SIMD_LANES       1

typedef float vf;
typedef int32_t vi;
typedef bool vm;

SIMD_INLINE vi vi_bits(vf a)
{
    vi i;

    memcpy(&i, &a, 4);
    return i;
}
SIMD_INLINE vf vf_bits(vi a)
{
    vf f;

    memcpy(&f, &a, 4);
    return f;
}
SIMD_INLINE vf vf_zero(void)
{
    return 0;
}
SIMD_INLINE vf vf_set1(float x)
{
    return x;
}
SIMD_INLINE vf vf_load(const float *p)
{
    return *p;
}
SIMD_INLINE void vf_store(float *p, vf a)
{
    *p = a;
}
SIMD_INLINE vm vm_first(int n)
{
    return n > 0;
}
SIMD_INLINE vf vf_load_m(const float *p, vm m)
{
    return m ? *p : 0;
}
SIMD_INLINE void vf_store_m(float *p, vf a, vm m)
{
    if (m) {
        *p = a;
    }
}
SIMD_INLINE vf vf_load_n(const float *p, int n)
{
    return vf_load_m(p, n > 0);
}
SIMD_INLINE void vf_store_n(float *p, vf a, int n)
{
    vf_store_m(p, a, n > 0);
}
SIMD_INLINE vf vf_add(vf a, vf b)
{
    return a + b;
}
SIMD_INLINE vf vf_sub(vf a, vf b)
{
    return a - b;
}
SIMD_INLINE vf vf_mul(vf a, vf b)
{
    return a * b;
}
SIMD_INLINE vf vf_div(vf a, vf b)
{
    return a / b;
}
SIMD_INLINE vf vf_min(vf a, vf b)
{
    return a < b ? a : b;
}
SIMD_INLINE vf vf_max(vf a, vf b)
{
    return a > b ? a : b;
}
SIMD_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
} /* rounds twice: the baseline has no fma */
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return c - a * b;
} /* likewise */
SIMD_INLINE vf vf_sqrt(vf a)
{
    return sqrtf(a);
}
SIMD_INLINE vf vf_and(vf a, vf b)
{
    return vf_bits(vi_bits(a) & vi_bits(b));
}
SIMD_INLINE vf vf_or(vf a, vf b)
{
    return vf_bits(vi_bits(a) | vi_bits(b));
}
SIMD_INLINE vf vf_xor(vf a, vf b)
{
    return vf_bits(vi_bits(a) ^ vi_bits(b));
}
SIMD_INLINE vf vf_round_even(vf a)
{
    return nearbyintf(a);
}
SIMD_INLINE vf vf_floor(vf a)
{
    return floorf(a);
}
SIMD_INLINE vf vf_ceil(vf a)
{
    return ceilf(a);
}
SIMD_INLINE vf vf_trunc(vf a)
{
    return truncf(a);
}
SIMD_INLINE vm vf_lt(vf a, vf b)
{
    return a < b;
}
SIMD_INLINE vm vf_le(vf a, vf b)
{
    return a <= b;
}
SIMD_INLINE vm vf_eq(vf a, vf b)
{
    return a == b;
}
SIMD_INLINE vm vf_is_nan(vf a)
{
    return a != a;
}
SIMD_INLINE vf vf_select(vm m, vf a, vf b)
{
    return m ? a : b;
} /* m ? a : b */
SIMD_INLINE vm vm_and(vm a, vm b)
{
    return a && b;
}
SIMD_INLINE vm vm_or(vm a, vm b)
{
    return a || b;
}
SIMD_INLINE vm vm_not(vm a)
{
    return !a;
}
SIMD_INLINE bool vm_any(vm a)
{
    return a;
}
SIMD_INLINE unsigned vm_bits(vm a)
{
    return a;
}
SIMD_INLINE vi vi_set1(int32_t x)
{
    return x;
}
SIMD_INLINE vi vi_load(const int32_t *p)
{
    return *p;
}
SIMD_INLINE void vi_store(int32_t *p, vi a)
{
    *p = a;
}
SIMD_INLINE vi vi_load_m(const int32_t *p, vm m)
{
    return m ? *p : 0;
}
SIMD_INLINE void vi_store_m(int32_t *p, vi a, vm m)
{
    if (m) {
        *p = a;
    }
}
SIMD_INLINE vi vi_add(vi a, vi b)
{
    return (vi)((uint32_t)a + (uint32_t)b);
}
SIMD_INLINE vi vi_sub(vi a, vi b)
{
    return (vi)((uint32_t)a - (uint32_t)b);
}
SIMD_INLINE vi vi_mul(vi a, vi b)
{
    return (vi)((uint32_t)a * (uint32_t)b);
}
SIMD_INLINE vi vi_and(vi a, vi b)
{
    return a & b;
}
SIMD_INLINE vi vi_or(vi a, vi b)
{
    return a | b;
}
#define vi_shl(a, count) ((vi)((uint32_t)(a) << (count)))
#define vi_shr(a, count) ((vi)((uint32_t)(a) >> (count))) /* logical */
#define vi_sar(a, count) ((vi)(a) >> (count))             /* arithmetic */
SIMD_INLINE vi vi_from_vf(vf a) /* to nearest even; out of range gives INT32_MIN */
{
    return a >= -0x1p31f && a < 0x1p31f ? (vi)nearbyintf(a) : INT32_MIN;
}
SIMD_INLINE vi vi_trunc_vf(vf a) /* towards zero; out of range and NaN give INT32_MIN */
{
    return a >= -0x1p31f && a < 0x1p31f ? (vi)a : INT32_MIN;
}
SIMD_INLINE vf vf_from_vi(vi a)
{
    return (vf)a;
}
SIMD_INLINE float vf_hadd(vf a)
{
    return a;
}
SIMD_INLINE float vf_hmax(vf a)
{
    return a;
}
SIMD_INLINE float vf_hmin(vf a)
{
    return a;
}
SIMD_INLINE vf vf_load_f16(const uint16_t *p)
{
    return simd_f16_to_f32(*p);
}
SIMD_INLINE void vf_store_f16(uint16_t *p, vf a)
{
    *p = simd_f32_to_f16(a);
}
SIMD_INLINE vf vf_load_bf16(const uint16_t *p)
{
    return simd_bf16_to_f32(*p);
}

#endif

/* clang-format on */

SIMD_INLINE vm vf_gt(vf a, vf b)
{
    return vf_lt(b, a);
}
SIMD_INLINE vm vf_ge(vf a, vf b)
{
    return vf_le(b, a);
}
SIMD_INLINE vf vf_abs(vf a)
{
    return vf_and(a, vf_bits(vi_set1(0x7fffffff)));
}
SIMD_INLINE vf vf_neg(vf a)
{
    return vf_xor(a, vf_bits(vi_set1(INT32_MIN)));
}
/* |a| with the sign of b. */
SIMD_INLINE vf vf_copysign(vf a, vf b)
{
    return vf_or(vf_abs(a), vf_and(b, vf_bits(vi_set1(INT32_MIN))));
}

#endif
