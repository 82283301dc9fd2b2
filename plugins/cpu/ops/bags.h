/* What joins rows: which accumulators a type takes, and indices. */
#ifndef CPU_OPS_BAGS_H
#define CPU_OPS_BAGS_H

#include "impl.h"
#include "kernels/bags.h"

/* False where there are no loops for the type. */
bool cpu_bag_type_of(enum vt_type type, enum cpu_bag_type *bag);

static inline bool cpu_is_index(const struct cpu_arg *arg)
{
    return arg->type == VT_I32 || arg->type == VT_I64;
}

static inline int64_t cpu_index_at(const void *index, bool wide, int64_t i)
{
    return wide ? ((const int64_t *)index)[i] : ((const int32_t *)index)[i];
}

#endif
