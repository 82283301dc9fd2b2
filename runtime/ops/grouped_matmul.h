#ifndef VT_GROUPED_MATMUL_H
#define VT_GROUPED_MATMUL_H

#include "vt/op.h"

int vt_grouped_matmul_ref(struct vt_eval *e);

#endif
