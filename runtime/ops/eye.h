#ifndef VT_EYE_H
#define VT_EYE_H

#include "vt/op.h"

int vt_eye_ref(struct vt_eval *e);

#endif
