/* Steps that are a few strided copies from inputs to outputs. */
#ifndef CPU_OPS_COPIES_H
#define CPU_OPS_COPIES_H

#include "impl.h"
#include "kernels/copy.h"

struct cpu_one_copy {
    struct cpu_copy plan;
    int in, out;                    /* inputs and outputs of the step */
    int64_t src_offset, dst_offset; /* in bytes */
    int64_t pieces;
};

struct cpu_copies {
    const struct cpu_move *kernel;
    struct cpu_one_copy *list;
    int n;
};

/* Memory for at most `n` copies; NULL when out of memory. */
struct cpu_copies *cpu_copies_create(struct cpu_build *b, const struct cpu_op *op, int n);

/* Add a copy over `rank` dims with strides in elements; false when the kernel cannot take it. */
bool cpu_copies_add(struct cpu_copies *c, const struct cpu_op *op, int in, int out, int rank,
                    const int64_t *dims, const int64_t *src_stride, const int64_t *dst_stride,
                    int64_t src_offset, int64_t dst_offset);

/* Finish the step: `run` stays NULL when there is nothing to copy. */
void cpu_copies_finish(struct cpu_copies *c, struct cpu_step *step);

/* Strides in elements of a value for its logical dims. */
void cpu_value_strides(const struct cpu_value *v, int64_t *strides);

static inline bool cpu_copy_size(enum vt_type type)
{
    int bits = vt_type_info(type)->bits;

    return bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

#endif
