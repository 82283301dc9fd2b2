#ifndef VT_OP_UNARY_H
#define VT_OP_UNARY_H

#include "bounds.h"

/* The arithmetic of an operation that maps each element of its first input by itself. */
struct vt_unary {
    const char *name;
    double (*real)(double x, const double *p);
    /* Exact, wrapping; u64 comes as its bits with is_unsigned. NULL: `real`, rounded to nearest even and
     * saturated, NaN the least value. */
    int64_t (*whole)(int64_t x, const double *p, bool is_unsigned);
};

#define VT_UNARY_PARAMS 2

/* NULL for a name that is no unary operation. On booleans the bits are the logical values. */
const struct vt_unary *vt_unary_find(const char *name, enum vt_type type);

/* Parameters of a node that lie in attributes. */
void vt_unary_params(const struct vt_node *node, double *p);

/* All unary element-wise operations, with those whose parameters are scalar inputs (Swish, Selu,
 * HardSigmoid). */
int vt_unary_ref(struct vt_eval *e);

/* x >= 0 ? x : x * slope; a slope of rank 1 that fits axis 1 lies along it, others broadcast by numpy's rule.
 */
int vt_prelu_ref(struct vt_eval *e);

#endif
