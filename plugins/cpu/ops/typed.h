/* Which typed kernel an operation is: enum cpu_binary_op, enum cpu_compare_op, or -1. */
#ifndef CPU_OPS_TYPED_H
#define CPU_OPS_TYPED_H

#include "vt/tensor.h"

int cpu_find_binary(const char *op);
int cpu_find_compare(const char *op);

/* Booleans are bytes of 0 and 1. */
static inline int cpu_byte_type(enum vt_type type)
{
    return type == VT_BOOLEAN ? VT_U8 : (int)type;
}

#endif
