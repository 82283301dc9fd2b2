#ifndef VT_DEFORMABLE_PSROI_POOLING_H
#define VT_DEFORMABLE_PSROI_POOLING_H

#include "graph.h"

/* Position-sensitive pooling of boxes [image, x1, y1, x2, y2] whose cells input 2 may shift: the mean of
 * spatial_bins_x * spatial_bins_y samples between the elements of the channel that belongs to the cell. */
int vt_deformable_psroi_pooling_ref(struct vt_eval *e);

#endif
