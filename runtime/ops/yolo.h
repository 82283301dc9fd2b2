#ifndef VT_YOLO_H
#define VT_YOLO_H

#include "vt/op.h"

int vt_region_yolo_ref(struct vt_eval *e);
int vt_reorg_yolo_ref(struct vt_eval *e);

#endif
