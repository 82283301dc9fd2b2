/* What the operations share that read or write by indices. */
#ifndef CPU_OPS_INDICES_H
#define CPU_OPS_INDICES_H

#include "impl.h"

/* The axis of input 0 that the constant `input` says, counted from the front; false: not constant, or none.
 */
bool cpu_axis_in(const struct cpu_op *op, int input, int64_t *axis);

/* shared_input() of what writes over its data. */
int cpu_shared_data(const struct cpu_op *op, const struct cpu_option *option);

/* Fails with element `at` of the indices, which is outside of its axis. */
int cpu_index_outside(struct cpu_run *run, const void *index, bool wide, int64_t at);

#endif
