/* Operations of Detectron networks. */
#ifndef VT_DETECTRON_H
#define VT_DETECTRON_H

#include "graph.h"

/* Priors around the middle of each cell of a grid. */
int vt_detectron_grid_ref(struct vt_eval *e);

/* The boxes that score best, sorted; rows that are left over are 0. */
int vt_detectron_top_ref(struct vt_eval *e);

/* ROIAlign on that level of a pyramid that suits a box's size. */
int vt_detectron_features_ref(struct vt_eval *e);

/* Boxes moved by the deltas of each class but the first, thinned out; rows that are left over are 0. More
 * than max_detections_per_image come by score, less by class and then by score. Boxes are cut at 0 only. */
int vt_detectron_output_ref(struct vt_eval *e);

#endif
