#ifndef VT_LAYER_NORM_H
#define VT_LAYER_NORM_H

#include "vt/op.h"

int vt_layer_norm_ref(struct vt_eval *e);

#endif
