#ifndef VT_DETERMINANT_H
#define VT_DETERMINANT_H

#include "vt/op.h"

int vt_determinant_ref(struct vt_eval *e);

#endif
