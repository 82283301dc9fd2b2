/* Philox4x32-10, with 16 blocks side by side in plain C, or as many as fill some vectors. */
#include "philox.h"
#include "simd.h"

#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0       0x9E3779B9u
#define WEYL_1       0xBB67AE85u

#if SIMD_LANES == 16
#define v64_set1(x)        _mm512_set1_epi64((long long)(x))
#define v64_add(a, b)      _mm512_add_epi64(a, b)
#define v64_mul(a, b)      _mm512_mul_epu32(a, b) /* of the lower halves */
#define v64_xor(a, b)      _mm512_xor_si512(a, b)
#define v64_upper(a)       _mm512_srli_epi64(a, 32)
#define v64_raise(a)       _mm512_slli_epi64(a, 32)
#define v64_even(a, b)     _mm512_unpacklo_epi64(a, b)
#define v64_odd(a, b)      _mm512_unpackhi_epi64(a, b)
#define v64_lower_of(a, b) _mm512_mask_blend_epi32(0xaaaa, a, b) /* upper halves of b */
#define v64_numbers        _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7)
#elif SIMD_LANES == 8
#define v64_set1(x)        _mm256_set1_epi64x((long long)(x))
#define v64_add(a, b)      _mm256_add_epi64(a, b)
#define v64_mul(a, b)      _mm256_mul_epu32(a, b)
#define v64_xor(a, b)      _mm256_xor_si256(a, b)
#define v64_upper(a)       _mm256_srli_epi64(a, 32)
#define v64_raise(a)       _mm256_slli_epi64(a, 32)
#define v64_even(a, b)     _mm256_unpacklo_epi64(a, b)
#define v64_odd(a, b)      _mm256_unpackhi_epi64(a, b)
#define v64_lower_of(a, b) _mm256_blend_epi32(a, b, 0xaa)
#define v64_numbers        _mm256_setr_epi64x(0, 2, 1, 3)
#endif

#if SIMD_LANES > 1

#define EACH   (SIMD_LANES / 2) /* blocks in a vector: a word of each in the lower half of a lane */
#define SETS   2                /* vectors that take turns: the latency of a multiplication */
#define BLOCKS (EACH * SETS)

/* Upper halves hold what happens to be there: products do not see it, and stores leave it out. Even lanes
 * hold the first half of the blocks, so that the words of neighbours come out side by side. */
SIMD_INLINE void some(uint64_t key, uint64_t counter, uint64_t first, uint32_t *dst)
{
    const vi m0 = v64_set1(MULTIPLIER_0), m1 = v64_set1(MULTIPLIER_1);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    vi c[SETS][4];

    UNROLL for (int s = 0; s < SETS; s++)
    {
        c[s][0] = v64_add(v64_set1(first + (uint64_t)(s * EACH)), v64_numbers);
        c[s][1] = v64_upper(c[s][0]);
        c[s][2] = v64_set1(counter);
        c[s][3] = v64_upper(c[s][2]);
    }
    for (int round = 0; round < 10; round++, k0 += WEYL_0, k1 += WEYL_1) {
        const vi x0 = v64_set1(k0), x1 = v64_set1(k1);

        UNROLL for (int s = 0; s < SETS; s++)
        {
            vi a = v64_mul(c[s][0], m0), b = v64_mul(c[s][2], m1);

            c[s][0] = v64_xor(v64_xor(v64_upper(b), c[s][1]), x0);
            c[s][1] = b;
            c[s][2] = v64_xor(v64_xor(v64_upper(a), c[s][3]), x1);
            c[s][3] = a;
        }
    }
    UNROLL for (int s = 0; s < SETS; s++)
    {
        vi low = v64_lower_of(c[s][0], v64_raise(c[s][1])), high = v64_lower_of(c[s][2], v64_raise(c[s][3]));
        int32_t *to = (int32_t *)dst + s * EACH * 4;

        vi_store(to, v64_even(low, high));
        vi_store(to + EACH * 2, v64_odd(low, high));
    }
}

#else

#define BLOCKS 16

SIMD_INLINE void some(uint64_t key, uint64_t counter, uint64_t first, uint32_t *dst)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32), c[4][BLOCKS];

    for (uint32_t b = 0; b < BLOCKS; b++) {
        c[0][b] = (uint32_t)(first + b);
        c[1][b] = (uint32_t)((first + b) >> 32);
        c[2][b] = (uint32_t)counter;
        c[3][b] = (uint32_t)(counter >> 32);
    }
    for (int round = 0; round < 10; round++, k0 += WEYL_0, k1 += WEYL_1) {
        for (int b = 0; b < BLOCKS; b++) {
            uint64_t x = (uint64_t)MULTIPLIER_0 * c[0][b], y = (uint64_t)MULTIPLIER_1 * c[2][b];

            c[0][b] = (uint32_t)(y >> 32) ^ c[1][b] ^ k0;
            c[1][b] = (uint32_t)y;
            c[2][b] = (uint32_t)(x >> 32) ^ c[3][b] ^ k1;
            c[3][b] = (uint32_t)x;
        }
    }
    for (int i = 0; i < 4 * BLOCKS; i++) {
        dst[i] = c[i % 4][i / 4];
    }
}

#endif

static void words(uint64_t key, uint64_t counter, uint64_t first, int64_t n, uint32_t *dst)
{
    uint32_t rest[4 * BLOCKS];
    int64_t at = 0;

    for (; at + BLOCKS <= n; at += BLOCKS) {
        some(key, counter, first + (uint64_t)at, dst + 4 * at);
    }
    if (at < n) {
        some(key, counter, first + (uint64_t)at, rest);
        memcpy(dst + 4 * at, rest, (size_t)(n - at) * 4 * sizeof(*rest));
    }
}

const struct cpu_philox CPU_NAME(philox) = {
    .name = CPU_NAME_TEXT(philox),
    .isa = CPU_ISA_ID,
    .words = words,
};
