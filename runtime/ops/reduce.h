#ifndef VT_OP_REDUCE_H
#define VT_OP_REDUCE_H

#include "vt/op.h"

/* Mark the axes (values, negative ones count from the back, repetitions are one) in `reduced`. A scalar may
 * be "reduced" over axis 0 or -1, which changes nothing. VT_E_RANGE naming the axis that is outside of
 * `rank`. */
int vt_reduce_axes(const int64_t *axes, int64_t n, int rank, bool *reduced, struct vt_error *err);

/* ReduceSum, Mean, Max, Min, Prod, L1, L2, LogicalAnd, LogicalOr over the axes in input 1. Integer means and
 * L2 truncate. Over no elements: the neutral one, 0 for a mean, the least (greatest) finite value for Max
 * (Min). */
int vt_reduce_ref(struct vt_eval *e);

#endif
