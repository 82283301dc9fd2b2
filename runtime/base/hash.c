#include "hash.h"

#include <string.h>

/* Odd numbers with about as many ones as zeros: fractional parts of sqrt 2, 3, 5, 7, made odd. */
#define K0 0x6a09e667f3bcc909u
#define K1 0xbb67ae8584caa73bu
#define K2 0x3c6ef372fe94f82bu
#define K3 0xa54ff53a5f1d36f1u

/* Both halves of the 128-bit product, folded: each input bit reaches every output bit. */
static uint64_t mix(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
    uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;

    return (mid << 32 | (uint32_t)ll) ^ (hh + (lh >> 32) + (hl >> 32) + (mid >> 32));
#endif
}

static uint64_t load64(const unsigned char *p)
{
    uint64_t value;

    memcpy(&value, p, sizeof(value));
    return value;
}

/* 0 to 8 bytes, zero-extended. */
static uint64_t load_tail(const unsigned char *p, size_t n)
{
    uint64_t value = 0;

    if (n) {
        memcpy(&value, p, n);
    }
    return value;
}

uint64_t vt_hash(const void *data, size_t bytes, uint64_t seed)
{
    const unsigned char *p = data;
    uint64_t h = seed ^ K0;
    size_t n = bytes;

    if (n > 32) {
        /* Two chains, so that the multiplications of one hide behind the other's. */
        uint64_t g = seed ^ K1;

        for (; n > 32; n -= 32, p += 32) {
            h = mix(load64(p) ^ K1, load64(p + 8) ^ h);
            g = mix(load64(p + 16) ^ K2, load64(p + 24) ^ g);
        }
        h ^= g;
    }
    for (; n > 16; n -= 16, p += 16) {
        h = mix(load64(p) ^ K2, load64(p + 8) ^ h);
    }
    if (n > 8) {
        h = mix(load64(p) ^ K3, load_tail(p + 8, n - 8) ^ h);
    } else {
        h = mix(load_tail(p, n) ^ K3, K2 ^ h);
    }
    /* The length tells a zero byte from no byte. */
    return mix(h ^ K0, (uint64_t)bytes ^ K1);
}

uint64_t vt_hash_sampled(const void *data, size_t bytes, uint64_t seed)
{
    const unsigned char *p = data;
    size_t step = bytes / VT_HASH_SAMPLES;

    if (step <= 4 * VT_HASH_SAMPLE_BYTES) {
        return vt_hash(data, bytes, seed);
    }
    seed = vt_hash_u64(bytes, seed);
    for (size_t i = 0; i < VT_HASH_SAMPLES; i++) {
        seed = vt_hash(p + i * step, VT_HASH_SAMPLE_BYTES, seed);
    }
    return vt_hash(p + bytes - VT_HASH_SAMPLE_BYTES, VT_HASH_SAMPLE_BYTES, seed);
}

uint64_t vt_hash_u64(uint64_t value, uint64_t seed)
{
    return mix(mix(value ^ K0, seed ^ K1) ^ K2, K3);
}
