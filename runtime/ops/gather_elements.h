#ifndef VT_GATHER_ELEMENTS_H
#define VT_GATHER_ELEMENTS_H

#include "vt/op.h"

int vt_gather_elements_ref(struct vt_eval *e);

#endif
