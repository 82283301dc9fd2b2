#ifndef VT_POOL_H
#define VT_POOL_H

#include "conv_shape.h"

int vt_max_pool_ref(struct vt_eval *e);
int vt_avg_pool_ref(struct vt_eval *e);

#endif
