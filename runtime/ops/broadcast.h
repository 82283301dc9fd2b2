#ifndef VT_BROADCAST_H
#define VT_BROADCAST_H

#include "vt/op.h"

int vt_broadcast_ref(struct vt_eval *e);

#endif
