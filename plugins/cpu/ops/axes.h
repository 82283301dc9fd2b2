/* Axes that an operation takes together: those of reductions and normalisations. */
#ifndef CPU_OPS_AXES_H
#define CPU_OPS_AXES_H

#include "impl.h"

/* A tensor as dense [outer][axis][inner]. */
struct cpu_middle {
    int64_t outer, axis, inner;
};

/* Bit i: axis i is in the list; false when that is no constant, or names an axis that is not there. */
bool cpu_axes_mask(const struct cpu_arg *axes, int rank, unsigned *mask);

/* The axes of the mask as the middle, in the memory order of a layout; false when there are none, or they are
 * not neighbours there. Axes of size 1 count as whatever suits. */
bool cpu_axes_middle(const struct cpu_arg *arg, unsigned mask, enum cpu_layout layout, struct cpu_middle *m);

#endif
