#ifndef VT_GENERATE_PROPOSALS_H
#define VT_GENERATE_PROPOSALS_H

#include "graph.h"

/* Anchors moved by deltas, cut to the image, the best ones first and thinned out. */
int vt_generate_proposals_ref(struct vt_eval *e);

/* The same for one image, with outputs of fixed size: what is not used is 0. */
int vt_detectron_proposals_ref(struct vt_eval *e);

#endif
