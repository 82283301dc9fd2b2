/* Split and VariadicSplit. */
#ifndef VT_SPLIT_H
#define VT_SPLIT_H

#include "vt/op.h"

#define VT_SPLIT_MAX_PARTS 1024

int vt_split_ref(struct vt_eval *e);

#endif
