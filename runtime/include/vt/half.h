/* Conversions between f32 and the narrow floating-point types. All are integer arithmetic, right for every
 * bit pattern and independent of the thread's rounding and flush modes; rounding is to nearest, ties to even.
 *
 * Two types are reached through f16, with two roundings, because that is what OpenVINO's Convert yields:
 * f8e4m3 and f8e5m2. What does not fit: f16, bf16 and f8e5m2 become infinite, f8e4m3 (which has no infinity)
 * NaN, f4e2m1 the largest value, f8e8m0 the largest or, for what is negative, the smallest power of two. NaN
 * stays NaN where the type has one. */
#ifndef VT_HALF_H
#define VT_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t vt_f32_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static inline float vt_bits_f32(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* x / 2^shift, to nearest, ties to even; 1 <= shift <= 31 and x + 2^shift fits. */
static inline uint32_t vt_round_shift(uint32_t x, unsigned shift)
{
    return (x + ((1u << (shift - 1)) - 1) + (x >> shift & 1)) >> shift;
}

/* NaN keeps sign and payload and becomes quiet, as F16C and NEON do it. */
static inline float vt_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, mag = h & 0x7fffu, up;

    if (mag >= 0x7c00) {
        return vt_bits_f32(sign | 0x7f800000u | mag << 13 | (mag > 0x7c00 ? 0x400000u : 0));
    }
    if (mag >= 0x0400) {
        return vt_bits_f32(sign | ((mag << 13) + 0x38000000u));
    }
    if (!mag) {
        return vt_bits_f32(sign);
    }
    /* Subnormal: move the leading one to bit 10; 2^-24 has exponent field 103. */
    up = (unsigned)__builtin_clz(mag) - 21;
    return vt_bits_f32(sign | (113 - up) << 23 | (mag << (up + 13) & 0x7fffffu));
}

static inline uint16_t vt_f32_to_f16(float x)
{
    uint32_t bits = vt_f32_bits(x), sign = bits >> 16 & 0x8000u, mag = bits & 0x7fffffffu, e = mag >> 23;

    if (mag > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u | (mag >> 13 & 0x1ffu));
    }
    if (mag >= 0x477ff000u) { /* 65520, half way from the largest f16 to the next power of two */
        return (uint16_t)(sign | 0x7c00u);
    }
    if (e >= 113) {
        return (uint16_t)(sign | vt_round_shift(mag - 0x38000000u, 13));
    }
    if (e < 102) {
        return (uint16_t)sign;
    }
    /* In units of 2^-24. */
    return (uint16_t)(sign | vt_round_shift((mag & 0x7fffffu) | 0x800000u, 126 - e));
}

static inline float vt_bf16_to_f32(uint16_t b)
{
    return vt_bits_f32((uint32_t)b << 16);
}

static inline uint16_t vt_f32_to_bf16(float x)
{
    uint32_t bits = vt_f32_bits(x);

    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)(bits >> 16 | 0x40u); /* the payload may lie in the bits that go */
    }
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

/* 1 sign, 4 exponent (bias 7), 3 mantissa bits; 0x7f and 0xff are NaN, the largest value is 448. */
static inline float vt_f8e4m3_to_f32(uint8_t v)
{
    uint32_t sign = (uint32_t)(v & 0x80u) << 24, mag = v & 0x7fu, up;

    if (mag == 0x7f) {
        return vt_bits_f32(sign | 0x7fc00000u);
    }
    if (mag >= 8) {
        return vt_bits_f32(sign | ((mag << 20) + (120u << 23)));
    }
    if (!mag) {
        return vt_bits_f32(sign);
    }
    up = (unsigned)__builtin_clz(mag) - 28; /* units of 2^-9 */
    return vt_bits_f32(sign | (121 - up) << 23 | (mag << (up + 20) & 0x7fffffu));
}

static inline uint8_t vt_f16_to_f8e4m3(uint16_t h)
{
    uint32_t sign = h >> 8 & 0x80u, mag = h & 0x7fffu, e = mag >> 10, code;

    if (e >= 9) { /* 2^-6, the smallest normal value */
        code = vt_round_shift(mag - (8u << 10), 7);
        return (uint8_t)(sign | (mag >= 0x7c00 || code > 0x7f ? 0x7f : code));
    }
    /* In units of 2^-9; an f16 that is subnormal itself is below half a unit. */
    return (uint8_t)(sign | (e ? vt_round_shift((mag & 0x3ffu) | 0x400u, 16 - e) : 0));
}

static inline uint8_t vt_f32_to_f8e4m3(float x)
{
    return vt_f16_to_f8e4m3(vt_f32_to_f16(x));
}

/* The upper half of an f16. */
static inline float vt_f8e5m2_to_f32(uint8_t v)
{
    return vt_f16_to_f32((uint16_t)(v << 8));
}

static inline uint8_t vt_f16_to_f8e5m2(uint16_t h)
{
    uint32_t sign = h >> 8 & 0x80u, mag = h & 0x7fffu;

    return (uint8_t)(sign | (mag > 0x7c00 ? 0x7e | mag >> 8 : vt_round_shift(mag, 8)));
}

static inline uint8_t vt_f32_to_f8e5m2(float x)
{
    return vt_f16_to_f8e5m2(vt_f32_to_f16(x));
}

/* 1 sign, 2 exponent (bias 1), 1 mantissa bit: 0, 0.5, 1, 1.5, 2, 3, 4, 6. The low four bits of the argument
 * count. */
static inline float vt_f4e2m1_to_f32(uint8_t v)
{
    static const float table[8] = {0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f};
    float x = table[v & 7];

    return v & 8 ? -x : x;
}

/* NaN becomes 6 with the sign of the NaN. */
static inline uint8_t vt_f32_to_f4e2m1(float x)
{
    uint32_t bits = vt_f32_bits(x), mag = bits & 0x7fffffffu;
    int code;

    /* The midpoints 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5; every other one belongs to the upper neighbour. */
    code = (mag > 0x3e800000u) + (mag >= 0x3f400000u) + (mag > 0x3fa00000u) + (mag >= 0x3fe00000u) +
           (mag > 0x40200000u) + (mag >= 0x40600000u) + (mag > 0x40a00000u);
    return (uint8_t)((bits >> 28 & 8u) | (unsigned)code);
}

/* A power of two, 2^(v - 127); 255 is NaN. */
static inline float vt_f8e8m0_to_f32(uint8_t v)
{
    return vt_bits_f32(v == 255 ? 0x7fc00000u : v ? (uint32_t)v << 23 : 0x400000u);
}

/* Nearest power of two, a tie to the even exponent code. Everything with the sign set gives 2^-127, as in
 * OpenVINO. */
static inline uint8_t vt_f32_to_f8e8m0(float x)
{
    uint32_t bits = vt_f32_bits(x), e = bits >> 23;

    if (bits >> 31) {
        return 0;
    }
    if (e >= 254) {
        return bits > 0x7f800000u ? 255 : 254;
    }
    if (!e) { /* below 2^-126 the scale is linear: half way to it is 1.5 * 2^-127 */
        return bits > 0x600000u;
    }
    return (uint8_t)vt_round_shift(bits, 23);
}

/* The 16 quantiles of QLoRA's NormalFloat (arXiv 2305.14314, appendix E). The low four bits of the argument
 * count. */
static inline float vt_nf4_to_f32(uint8_t v)
{
    static const float table[16] = {
        -1.0f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0.0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1.0f,
    };

    return table[v & 15];
}

/* Nearest entry; values outside [-1, 1] give the ends, NaN gives entry 0. */
static inline uint8_t vt_f32_to_nf4(float x)
{
    /* The midpoints as published; a value on one belongs to the entry below. */
    static const float above[15] = {
        -0.8480964004993439f,  -0.6106329262256622f,  -0.4599952697753906f,   -0.33967943489551544f,
        -0.23460740596055984f, -0.13791173323988914f, -0.045525018125772476f, 0.03979014977812767f,
        0.1202552504837513f,   0.2035212516784668f,   0.2920137718319893f,    0.3893125355243683f,
        0.5016634166240692f,   0.6427869200706482f,   0.8614784181118011f,
    };
    int code = 0;

    for (int i = 0; i < 15; i++) {
        code += x > above[i];
    }
    return (uint8_t)code;
}

#endif
