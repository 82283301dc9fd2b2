/* Kernels that move elements and never look at them: any permutation, slice, concat, split, broadcast, tile,
 * reorder NCHW <-> NHWC, gather and pad. Element sizes are 1, 2, 4 and 8 bytes. */
#ifndef CPU_COPY_H
#define CPU_COPY_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

#define CPU_COPY_RANK 10

/* dst[sum i_d * dst_stride[d]] = src[sum i_d * src_stride[d]] over all i. Strides count elements; src strides
 * may be 0 (broadcast) or negative (reversed), dst strides are positive and write nothing twice. */
struct cpu_copy {
    int32_t rank, size;          /* size of an element in bytes: 1, 2, 4 or 8 */
    int64_t dims[CPU_COPY_RANK]; /* outermost first, in the order of dst */
    int64_t src_stride[CPU_COPY_RANK], dst_stride[CPU_COPY_RANK];
    int64_t units;         /* what [begin, end) counts */
    int32_t form;          /* private: how the innermost dimensions are moved */
    int64_t tile_count[2]; /* private: tiles of the transposing form */
};

/* Sort, merge and classify `rank` (<= 16) dimensions; false when more than CPU_COPY_RANK remain, or a size is
 * not 1, 2, 4 or 8. plan->units is how many units the kernel's range may be cut into. Not per ISA. */
bool cpu_copy_plan(struct cpu_copy *plan, int size, int rank, const int64_t *dims, const int64_t *src_stride,
                   const int64_t *dst_stride);

/* Transpose: dst dimension d is src dimension order[d] of dense src; dst dense. */
bool cpu_copy_plan_transpose(struct cpu_copy *plan, int size, int rank, const int64_t *src_dims,
                             const int32_t *order);

/* Units [begin, end) of p->units. src and dst do not overlap. */
typedef void cpu_copy_fn(const struct cpu_copy *p, const void *src, void *dst, int64_t begin, int64_t end);

/* dst[o][i][:] = src[o][index[i]][:] with src [outer][axis][row_bytes], dst [outer][count][row_bytes].
 * Indices are i32 or i64 by index_bytes. wrap: negative ones count from the end (Gather-8); otherwise, and
 * beyond the axis, the row is zero. Indices per batch: batch b = o / outer_per_batch reads index + b * count.
 * Units: outer * count. */
struct cpu_gather {
    int64_t axis, count, row_bytes, outer_per_batch;
    int32_t index_bytes;
    bool wrap, batched;
};

typedef void cpu_gather_fn(const struct cpu_gather *p, const void *src, const void *index, void *dst,
                           int64_t begin, int64_t end);

/* dst[i0]..[ir] = src[table[0][i0]]..[table[r][ir]] of dense src, dst, where a table gives for each dst index
 * the src index or -1 for the fill value: pads of every mode, nearest interpolation, reverse, gather by
 * several axes. A NULL table keeps the dimension. Units: product of all dims but the last with a table
 * (cpu_index_copy_units). `fill` is one element. */
#define CPU_INDEX_RANK 8
struct cpu_index_copy {
    int32_t rank, size;
    int64_t src_dims[CPU_INDEX_RANK], dst_dims[CPU_INDEX_RANK];
    const int32_t *table[CPU_INDEX_RANK];
    uint64_t fill; /* the element's bytes, first byte lowest */
};

static inline int64_t cpu_index_copy_units(const struct cpu_index_copy *p)
{
    int64_t n = 1;

    for (int i = 0; i + 1 < p->rank; i++) {
        n *= p->dst_dims[i];
    }
    return n;
}

/* Units [begin, end): rows along the last dimension. */
typedef void cpu_index_copy_fn(const struct cpu_index_copy *p, const void *src, void *dst, int64_t begin,
                               int64_t end);

enum cpu_pad_mode { CPU_PAD_CONSTANT, CPU_PAD_EDGE, CPU_PAD_REFLECT, CPU_PAD_SYMMETRIC };

/* Where place `i` of a padded axis of n elements comes from, counted from its first element; -1: the fill
 * value, also where the mode cannot be met. Not per ISA. */
int64_t cpu_pad_index(int64_t i, int64_t n, enum cpu_pad_mode mode);

/* Fill table[0 .. begin + n + end) for one axis of length n; pads may be negative (crop). False when the mode
 * cannot be met (reflect: pads < n, symmetric: pads <= n, edge: n > 0). Not per ISA. */
bool cpu_pad_table(int32_t *table, int64_t n, int64_t begin, int64_t end, enum cpu_pad_mode mode);

struct cpu_move {
    const char *name;
    enum cpu_isa isa;
    cpu_copy_fn *copy;
    cpu_gather_fn *gather;
    cpu_index_copy_fn *index_copy;
};

CPU_KERNEL_GETTER(move, move)

#endif
