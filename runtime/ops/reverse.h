#ifndef VT_REVERSE_H
#define VT_REVERSE_H

#include "vt/op.h"

int vt_reverse_ref(struct vt_eval *e);

#endif
