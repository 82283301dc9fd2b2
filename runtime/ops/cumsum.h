#ifndef VT_OP_CUMSUM_H
#define VT_OP_CUMSUM_H

#include "vt/op.h"

/* Running sums along one axis; integers wrap. */
int vt_cumsum_ref(struct vt_eval *e);

#endif
