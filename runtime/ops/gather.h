#ifndef VT_GATHER_H
#define VT_GATHER_H

#include "vt/op.h"

int vt_gather_ref(struct vt_eval *e);

#endif
