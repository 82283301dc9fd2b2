#ifndef VT_ROI_POOLING_H
#define VT_ROI_POOLING_H

#include "vt/op.h"

int vt_roi_pooling_ref(struct vt_eval *e);
int vt_psroi_pooling_ref(struct vt_eval *e);

#endif
