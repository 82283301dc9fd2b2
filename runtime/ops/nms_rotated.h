#ifndef VT_NMS_ROTATED_H
#define VT_NMS_ROTATED_H

#include "graph.h"

/* Suppression as in NonMaxSuppression, of boxes [centre x, centre y, width, height, angle]. */
int vt_nms_rotated_ref(struct vt_eval *e);

#endif
