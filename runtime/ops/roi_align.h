#ifndef VT_ROI_ALIGN_H
#define VT_ROI_ALIGN_H

#include "vt/op.h"

int vt_roi_align_ref(struct vt_eval *e);
int vt_roi_align_rotated_ref(struct vt_eval *e);

#endif
