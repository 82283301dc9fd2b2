#ifndef VT_OP_ADAPTIVE_POOL_H
#define VT_OP_ADAPTIVE_POOL_H

#include "vt/op.h"

/* Output element i of n over a length l covers floor(i * l / n) .. ceil((i + 1) * l / n) - 1, in each spatial
 * dimension. Means of integers truncate; the index of a maximum is that of the first one, counted within its
 * channel. */
int vt_adaptive_avg_pool_ref(struct vt_eval *e);
int vt_adaptive_max_pool_ref(struct vt_eval *e);

#endif
