#ifndef VT_PROPOSAL_H
#define VT_PROPOSAL_H

#include "graph.h"

/* Region proposals of Faster R-CNN: anchors at each place of the feature map, moved by deltas, best ones
 * first and thinned out. Each image gives post_nms_topn rows [image, x1, y1, x2, y2]; the first unused one
 * begins with -1, the rest is 0. */
int vt_proposal_ref(struct vt_eval *e);

#endif
