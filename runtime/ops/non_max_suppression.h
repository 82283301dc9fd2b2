#ifndef VT_NON_MAX_SUPPRESSION_H
#define VT_NON_MAX_SUPPRESSION_H

#include "boxes.h"
#include "vt/op.h"

/* Inputs 0 and 1, boxes [batch, boxes, values] and scores [batch, classes, boxes]: float types and shapes
 * that fit. Dimensions are as far known as both tell. */
int vt_nms_inputs(struct vt_infer *c, int64_t values, struct vt_dim *batch, struct vt_dim *classes,
                  struct vt_dim *boxes);

/* Writes n selected boxes as the outputs of the operation: [image, class, box], and where there are more
 * outputs [image, class, score] and n. */
int vt_nms_store(struct vt_eval *e, const struct vt_pick *list, int64_t n);

int vt_non_max_suppression_ref(struct vt_eval *e);

#endif
