#ifndef VT_PAD_H
#define VT_PAD_H

#include "vt/op.h"

int vt_pad_ref(struct vt_eval *e);

#endif
