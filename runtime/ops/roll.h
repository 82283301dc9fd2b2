#ifndef VT_ROLL_H
#define VT_ROLL_H

#include "vt/op.h"

int vt_roll_ref(struct vt_eval *e);

#endif
