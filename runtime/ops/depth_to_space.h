/* DepthToSpace and SpaceToDepth. */
#ifndef VT_DEPTH_TO_SPACE_H
#define VT_DEPTH_TO_SPACE_H

#include "vt/op.h"

int vt_depth_to_space_ref(struct vt_eval *e);
int vt_space_to_depth_ref(struct vt_eval *e);

#endif
