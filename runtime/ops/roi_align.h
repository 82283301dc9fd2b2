#ifndef VT_ROI_ALIGN_H
#define VT_ROI_ALIGN_H

#include "vt/op.h"

int vt_roi_align_ref(struct vt_eval *e);
int vt_roi_align_rotated_ref(struct vt_eval *e);

/* The mean of all cells of one box whose corners x1, y1, x2, y2 are in elements of image 0 of `maps`, into
 * row `box` of output 0; the node's sampling_ratio applies. A box is one element wide and high at least. */
int vt_roi_align_box(struct vt_eval *e, const struct vt_tensor *maps, int64_t box, const float edge[4]);

#endif
