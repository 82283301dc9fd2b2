#ifndef VT_COLOR_CONVERT_H
#define VT_COLOR_CONVERT_H

#include "vt/op.h"

int vt_color_convert_ref(struct vt_eval *e);

#endif
