#include "random.h"

#include <stddef.h>
#include <sys/random.h>
#include <time.h>

void vt_philox(uint64_t key, uint64_t counter, uint64_t n, uint32_t out[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c[4] = {(uint32_t)n, (uint32_t)(n >> 32), (uint32_t)counter, (uint32_t)(counter >> 32)};

    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];

        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k0;
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k1;
        c[3] = (uint32_t)a;
    }
    for (int i = 0; i < 4; i++) {
        out[i] = c[i];
    }
}

void vt_mt_seed(struct vt_mt *mt, uint32_t seed)
{
    mt->state[0] = seed;
    for (uint32_t i = 1; i < VT_MT_WORDS; i++) {
        uint32_t before = mt->state[i - 1];

        mt->state[i] = 1812433253u * (before ^ before >> 30) + i;
    }
    mt->next = VT_MT_WORDS;
}

static uint32_t mix(uint32_t x)
{
    return x ^ x >> 27;
}

void vt_mt_seed_sequence(struct vt_mt *mt, const uint32_t *seeds, uint32_t n)
{
    enum { N = VT_MT_WORDS, T = 11, P = (N - T) / 2, Q = P + T };
    uint32_t *b = mt->state, rounds = n + 1 > N ? n + 1 : N;

    for (int i = 0; i < N; i++) {
        b[i] = 0x8b8b8b8bu;
    }
    for (uint32_t k = 0; k < rounds; k++) {
        uint32_t r = 1664525u * mix(b[k % N] ^ b[(k + P) % N] ^ b[(k + N - 1) % N]);
        uint32_t s = r + (k == 0 ? n : k % N + (k <= n ? seeds[k - 1] : 0));

        b[(k + P) % N] += r;
        b[(k + Q) % N] += s;
        b[k % N] = s;
    }
    for (uint32_t k = rounds; k < rounds + N; k++) {
        uint32_t r = 1566083941u * mix(b[k % N] + b[(k + P) % N] + b[(k + N - 1) % N]);
        uint32_t s = r - k % N;

        b[(k + P) % N] ^= r;
        b[(k + Q) % N] ^= s;
        b[k % N] = s;
    }
    mt->next = VT_MT_WORDS;
}

static void refill(struct vt_mt *mt)
{
    uint32_t *s = mt->state;

    for (int i = 0; i < VT_MT_WORDS; i++) {
        uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % VT_MT_WORDS] & 0x7fffffffu);

        s[i] = s[(i + 397) % VT_MT_WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    mt->next = 0;
}

uint32_t vt_mt_next(struct vt_mt *mt)
{
    uint32_t y;

    if (mt->next == VT_MT_WORDS) {
        refill(mt);
    }
    y = mt->state[mt->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

uint64_t vt_random_entropy(void)
{
    uint64_t v;

    if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != (ssize_t)sizeof(v)) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        v = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    return v | 1;
}
