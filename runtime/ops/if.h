#ifndef VT_IF_H
#define VT_IF_H

#include "vt/op.h"

int vt_if_ref(struct vt_eval *e);

#endif
