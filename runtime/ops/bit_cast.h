#ifndef VT_BIT_CAST_H
#define VT_BIT_CAST_H

#include "vt/op.h"

int vt_bit_cast_ref(struct vt_eval *e);

#endif
