#ifndef VT_INVERSE_H
#define VT_INVERSE_H

#include "vt/op.h"

int vt_inverse_ref(struct vt_eval *e);

#endif
