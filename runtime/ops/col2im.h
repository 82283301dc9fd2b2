#ifndef VT_COL2IM_H
#define VT_COL2IM_H

#include "vt/op.h"

int vt_col2im_ref(struct vt_eval *e);

#endif
