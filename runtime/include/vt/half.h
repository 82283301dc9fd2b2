/* Conversions between f32 and the small float formats, header-only; all bit patterns, round to nearest even.
 */
#ifndef VT_HALF_H
#define VT_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t vt_f32_bits(float v)
{
    uint32_t u;

    memcpy(&u, &v, sizeof(u));
    return u;
}

static inline float vt_bits_f32(uint32_t u)
{
    float v;

    memcpy(&v, &u, sizeof(v));
    return v;
}

static inline float vt_bf16_to_f32(uint16_t v)
{
    return vt_bits_f32((uint32_t)v << 16);
}

static inline uint16_t vt_f32_to_bf16(float v)
{
    uint32_t u = vt_f32_bits(v);

    if ((u & 0x7fffffff) > 0x7f800000) {
        return (uint16_t)(u >> 16 | 0x40);
    }
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

/* A minifloat with e exponent bits, m mantissa bits and the given bias, without the rules for its top
 * exponent. */
static inline float vt_small_to_f32(unsigned v, int e, int m, int bias)
{
    unsigned exponent = v >> m & ((1u << e) - 1), mantissa = v & ((1u << m) - 1);
    float magnitude = exponent ? ldexpf((float)(mantissa | 1u << m), (int)exponent - bias - m)
                               : ldexpf((float)mantissa, 1 - bias - m);

    return v >> (e + m) & 1 ? -magnitude : magnitude;
}

/* |v| rounded to that format's grid, as bits without sign; may exceed the top exponent, which the caller
 * handles. */
static inline unsigned vt_f32_to_small(float magnitude, int m, int bias)
{
    int exponent;
    float scaled;

    if (magnitude == 0.0f) {
        return 0;
    }
    exponent = ilogbf(magnitude);
    if (exponent < 1 - bias) {
        exponent = 1 - bias;
    }
    scaled = nearbyintf(ldexpf(magnitude, m - exponent));
    return (unsigned)((exponent + bias - 1) << m) + (unsigned)scaled;
}

static inline float vt_f16_to_f32(uint16_t v)
{
    if ((v & 0x7c00) == 0x7c00) {
        return vt_bits_f32((uint32_t)(v & 0x8000) << 16 | 0x7f800000 | (uint32_t)(v & 0x3ff) << 13);
    }
    return vt_small_to_f32(v, 5, 10, 15);
}

static inline uint16_t vt_f32_to_f16(float v)
{
    uint16_t sign = (uint16_t)(vt_f32_bits(v) >> 16 & 0x8000);
    unsigned bits;

    if (isnan(v)) {
        return sign | 0x7e00 | (uint16_t)(vt_f32_bits(v) >> 13 & 0x3ff);
    }
    if (fabsf(v) >= 65520.0f) {
        return sign | 0x7c00;
    }
    bits = vt_f32_to_small(fabsf(v), 10, 15);
    return (uint16_t)(sign | bits);
}

static inline float vt_f8e4m3_to_f32(uint8_t v)
{
    return (v & 0x7f) == 0x7f ? vt_bits_f32(0x7fc00000) : vt_small_to_f32(v, 4, 3, 7);
}

static inline uint8_t vt_f32_to_f8e4m3(float v)
{
    uint8_t sign = (uint8_t)(vt_f32_bits(v) >> 24 & 0x80);
    unsigned bits;

    if (isnan(v) || isinf(v)) {
        return sign | 0x7f;
    }
    bits = fabsf(v) >= 480.0f ? 0x7f : vt_f32_to_small(fabsf(v), 3, 7);
    return (uint8_t)(sign | (bits > 0x7f ? 0x7f : bits));
}

static inline float vt_f8e5m2_to_f32(uint8_t v)
{
    return vt_f16_to_f32((uint16_t)(v << 8));
}

static inline uint8_t vt_f32_to_f8e5m2(float v)
{
    uint8_t sign = (uint8_t)(vt_f32_bits(v) >> 24 & 0x80);

    if (isnan(v)) {
        return sign | 0x7e;
    }
    if (fabsf(v) >= 61440.0f) {
        return sign | 0x7c;
    }
    return (uint8_t)(sign | vt_f32_to_small(fabsf(v), 2, 15));
}

static inline float vt_f8e8m0_to_f32(uint8_t v)
{
    return v == 0xff ? vt_bits_f32(0x7fc00000) : ldexpf(1.0f, (int)v - 127);
}

static inline uint8_t vt_f32_to_f8e8m0(float v)
{
    int e;
    float fraction;

    if (isnan(v)) {
        return 0xff;
    }
    if (v <= 0.0f) {
        return 0;
    }
    if (isinf(v)) {
        return 0xfe;
    }
    fraction = frexpf(v, &e); /* v = fraction * 2^e, fraction in [0.5, 1) */
    e += 126 + (fraction > 0.75f || (fraction == 0.75f && (e + 126) % 2));
    return (uint8_t)(e < 0 ? 0 : e > 0xfe ? 0xfe : e);
}

static inline float vt_f4e2m1_to_f32(uint8_t v)
{
    return vt_small_to_f32(v & 15, 2, 1, 1);
}

static inline uint8_t vt_f32_to_f4e2m1(float v)
{
    uint8_t sign = (uint8_t)(vt_f32_bits(v) >> 28 & 8);
    unsigned bits = isnan(v) || fabsf(v) >= 6.0f ? 7 : vt_f32_to_small(fabsf(v), 1, 1);

    return (uint8_t)(sign | (bits > 7 ? 7 : bits));
}

/* The 16 levels of NormalFloat4 (QLoRA, https://arxiv.org/abs/2305.14314, appendix E). */
static inline float vt_nf4_to_f32(uint8_t v)
{
    static const float levels[16] = {
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

    return levels[v & 15];
}

static inline uint8_t vt_f32_to_nf4(float v)
{
    uint8_t best = 0;

    for (uint8_t i = 1; i < 16; i++) {
        if (fabsf(vt_nf4_to_f32(i) - v) < fabsf(vt_nf4_to_f32(best) - v)) {
            best = i;
        }
    }
    return best;
}

#endif
