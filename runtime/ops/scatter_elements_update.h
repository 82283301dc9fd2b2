#ifndef VT_SCATTER_ELEMENTS_UPDATE_H
#define VT_SCATTER_ELEMENTS_UPDATE_H

#include "vt/op.h"

int vt_scatter_elements_update_ref(struct vt_eval *e);

#endif
