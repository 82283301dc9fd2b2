#ifndef VT_GRID_SAMPLE_H
#define VT_GRID_SAMPLE_H

#include "vt/op.h"

int vt_grid_sample_ref(struct vt_eval *e);

#endif
