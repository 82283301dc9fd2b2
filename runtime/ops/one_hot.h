#ifndef VT_ONE_HOT_H
#define VT_ONE_HOT_H

#include "vt/op.h"

int vt_one_hot_ref(struct vt_eval *e);

#endif
