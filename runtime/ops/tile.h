#ifndef VT_TILE_H
#define VT_TILE_H

#include "vt/op.h"

int vt_tile_ref(struct vt_eval *e);

#endif
