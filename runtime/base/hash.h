/* 64-bit hash of bytes for tables and cache keys. Fast and well mixed, but no defence against somebody who
 * looks for collisions: what takes a key from outside compares the bytes too. Equal on all machines of one
 * byte order; it may change between versions, so files that keep hashes keep the version with them. */
#ifndef VT_HASH_H
#define VT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* `seed` chains: vt_hash(b, nb, vt_hash(a, na, 0)) hashes two pieces. `data` may be NULL when bytes is 0. */
uint64_t vt_hash(const void *data, size_t bytes, uint64_t seed);

/* What a large piece of bytes has at 256 places, evenly spaced, and how long it is; small ones are taken
 * whole. Finds other contents and what a crash left out, not every changed byte. */
#define VT_HASH_SAMPLES      256
#define VT_HASH_SAMPLE_BYTES 1024
uint64_t vt_hash_sampled(const void *data, size_t bytes, uint64_t seed);

/* One number. */
uint64_t vt_hash_u64(uint64_t value, uint64_t seed);

#endif
