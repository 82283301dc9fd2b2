/* Rows joined into one: what bags of embeddings, scattering with a reduction and maxima of segments are.
 *
 * Accumulators are double for floats and int64_t (u64: its bits) for everything else, which makes sums and
 * products of a given order the same on every level: they are rounded once, when stored; integers wrap. */
#ifndef CPU_KERNELS_BAGS_H
#define CPU_KERNELS_BAGS_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

enum cpu_bag_type {
    CPU_BAG_F32,
    CPU_BAG_F64,
    CPU_BAG_F16,
    CPU_BAG_BF16,
    CPU_BAG_BOOL,
    CPU_BAG_I8,
    CPU_BAG_U8,
    CPU_BAG_I16,
    CPU_BAG_U16,
    CPU_BAG_I32,
    CPU_BAG_U32,
    CPU_BAG_I64,
    CPU_BAG_U64,
};

enum cpu_bag_kind {
    CPU_BAG_SUM,
    CPU_BAG_SUB,
    CPU_BAG_PROD,
    CPU_BAG_MIN, /* b < a ? b : a, so that a NaN that comes first stays and a later one is passed over */
    CPU_BAG_MAX,
    CPU_BAG_OR, /* integers only */
    CPU_BAG_AND,
};

/* Accumulators of one call at most. */
#define CPU_BAG_CHUNK 256

/* What places() found. */
#define CPU_PLACES_OUTSIDE     1
#define CPU_PLACES_CONSECUTIVE 2

struct cpu_bags {
    const char *name;
    enum cpu_isa isa;
    /* acc[i] = src[i], i < n <= CPU_BAG_CHUNK */
    void (*load)(enum cpu_bag_type type, const void *src, void *acc, int64_t n);
    /* acc[i] = acc[i] joined with row r's element i, for r = rows[0], rows[1], ... in this order; row r
     * begins r * stride elements behind base. `weights` (floats and sums only; may be NULL) multiply the
     * rows. The product of an f32 and a weight that was one is exact. n <= CPU_BAG_CHUNK. */
    void (*join)(enum cpu_bag_type type, enum cpu_bag_kind kind, const void *base, int64_t stride,
                 const int64_t *rows, const double *weights, int64_t count, void *acc, int64_t n);
    /* acc[places[i]] = acc[places[i]] joined with values[i], one after another. */
    void (*scatter)(enum cpu_bag_type type, enum cpu_bag_kind kind, const int64_t *places, const void *values,
                    void *acc, int64_t n);
    /* dst[i] = acc[i] / divisor, rounded once; integers truncate. */
    void (*store)(enum cpu_bag_type type, const void *acc, int64_t divisor, void *dst, int64_t n);
    /* places[i] = base + at * step + i * along, where `at` is index[i], plus `most` where that is negative.
     * Says whether one is outside of 0..most-1 (then do not use the places), or all of them lie side by side.
     */
    int (*places)(const void *index, bool wide, int64_t n, int64_t most, int64_t step, int64_t base,
                  int64_t along, int64_t *places);
};

CPU_KERNEL_GETTER(bags, bags)

#endif
