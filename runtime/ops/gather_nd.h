#ifndef VT_GATHER_ND_H
#define VT_GATHER_ND_H

#include "vt/op.h"

int vt_gather_nd_ref(struct vt_eval *e);

#endif
