#ifndef VT_NON_ZERO_H
#define VT_NON_ZERO_H

#include "vt/op.h"

int vt_non_zero_ref(struct vt_eval *e);

#endif
