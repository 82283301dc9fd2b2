/* What joins rows: which accumulators a type takes. */
#ifndef CPU_OPS_BAGS_H
#define CPU_OPS_BAGS_H

#include "impl.h"
#include "kernels/bags.h"

/* False where there are no loops for the type. */
bool cpu_bag_type_of(enum vt_type type, enum cpu_bag_type *bag);

#endif
