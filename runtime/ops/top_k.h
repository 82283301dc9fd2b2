#ifndef VT_TOP_K_H
#define VT_TOP_K_H

#include "vt/op.h"

int vt_top_k_ref(struct vt_eval *e);

#endif
