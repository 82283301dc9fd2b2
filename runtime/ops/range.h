#ifndef VT_OP_RANGE_H
#define VT_OP_RANGE_H

#include "vt/op.h"

/* start, start + step, ... before stop (inputs 0, 1, 2). */
int vt_range_ref(struct vt_eval *e);

#endif
