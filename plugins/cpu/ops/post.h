/* The attribute "post" of fused operations as the epilogue of a kernel. */
#ifndef CPU_OPS_POST_H
#define CPU_OPS_POST_H

#include "impl.h"
#include "kernels/epilogue.h"

/* The kernel's form, with operands to fill in for each run. */
struct cpu_post {
    struct cpu_epilogue form;
    int input[VT_POST_MAX_STEPS]; /* step input that gives src, or -1: constant or unary */
};

/* Where operands may vary: the result's logical dims, split into batch axes, row axes and the column axis.
 * The kernel numbers rows in the order of the row axes and columns along `column`. */
struct cpu_post_axes {
    int rank, column;
    int n_batch, batch[CPU_BATCH_DIMS];
    int n_row, row[VT_MAX_RANK];
};

/* Whether all operands from input `first` on have shapes that an epilogue can take. */
bool cpu_post_supported(const struct cpu_op *op, const struct cpu_post_axes *axes, const char **reason);

/* The input that an addition which leads the program adds, if it has the shape of the result and so is read
 * element by element in step with it; else -1. */
int cpu_post_leading_sum(const struct cpu_op *op);

/* Fill `post` from the attribute; bias is input `bias` (left out: none). */
int cpu_post_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_step *step,
                     const struct cpu_post_axes *axes, int bias, struct cpu_post *post, struct vt_error *err);

/* The epilogue of this run; `local` is the caller's. NULL when there is nothing to do. */
const struct cpu_epilogue *cpu_post_bind(const struct cpu_post *post, const struct cpu_step *step,
                                         const struct cpu_run *run, struct cpu_epilogue *local);

#endif
