#ifndef VT_OP_BUCKETIZE_H
#define VT_OP_BUCKETIZE_H

#include "vt/op.h"

/* How many of the sorted bounds (input 1) lie before each element; with_right_bound says whether a bound
 * belongs to the bucket on its left. */
int vt_bucketize_ref(struct vt_eval *e);

#endif
