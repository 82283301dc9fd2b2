/* Broadcast shapes of a node as the element-wise kernels want them: in the order of the result's memory. */
#ifndef CPU_OPS_BROADCAST_H
#define CPU_OPS_BROADCAST_H

#include "impl.h"
#include "kernels/eltwise.h"

/* Elements from one index to the next along each axis of `rank` axes, the operand aligned at the right; 0
 * where it repeats. `v` is the operand's value, NULL for a dense plain constant. */
void cpu_operand_strides(const struct cpu_arg *arg, const struct cpu_value *v, int rank, ptrdiff_t *stride);

/* Plan for output 0 over inputs 0..n-1, which are bound as `step` says. False when the kernels cannot take
 * it. */
bool cpu_broadcast_plan(struct cpu_build *b, const struct cpu_op *op, const struct cpu_step *step, int n,
                        struct cpu_bcast *plan);

/* Whether a plan will be possible: ranks, number of inputs, numpy broadcasting. */
bool cpu_broadcast_fits(const struct cpu_op *op, int n, const char **reason);

/* Plain and, from rank 3 on, channels-last ways of an element-wise node of about `ns` nanoseconds. */
int cpu_broadcast_options(const struct cpu_op *op, double ns, struct cpu_option *o);

#endif
