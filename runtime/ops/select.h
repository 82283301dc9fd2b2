#ifndef VT_OP_SELECT_H
#define VT_OP_SELECT_H

#include "vt/op.h"

/* Where the condition (input 0) holds input 1, else input 2. */
int vt_select_ref(struct vt_eval *e);

#endif
