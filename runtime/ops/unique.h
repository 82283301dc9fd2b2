#ifndef VT_UNIQUE_H
#define VT_UNIQUE_H

#include "vt/op.h"

int vt_unique_ref(struct vt_eval *e);

#endif
