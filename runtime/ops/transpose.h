#ifndef VT_TRANSPOSE_H
#define VT_TRANSPOSE_H

#include "vt/op.h"

int vt_transpose_ref(struct vt_eval *e);

#endif
