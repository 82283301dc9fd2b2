/* Generators of random 32-bit words for RandomUniform and Multinomial. */
#ifndef VT_RANDOM_H
#define VT_RANDOM_H

#include <stdint.h>

/* Four words, block `n` of the sequence of `key` and `counter`: Philox4x32-10 (Salmon et al., "Parallel
 * random numbers: as easy as 1, 2, 3", 2011). */
void vt_philox(uint64_t key, uint64_t counter, uint64_t n, uint32_t out[4]);

/* MT19937 (Matsumoto and Nishimura, "Mersenne twister", 1998). */
#define VT_MT_WORDS 624

struct vt_mt {
    uint32_t state[VT_MT_WORDS];
    int next;
};

void vt_mt_seed(struct vt_mt *mt, uint32_t seed);

/* Seeded from several words as C++'s std::seed_seq does it (ISO C++ [rand.util.seedseq]). */
void vt_mt_seed_sequence(struct vt_mt *mt, const uint32_t *seeds, uint32_t n);

uint32_t vt_mt_next(struct vt_mt *mt);

/* Seeds that differ from call to call: what a pair of seeds that are both 0 asks for. */
uint64_t vt_random_entropy(void);

#endif
