/* MulticlassNms and MatrixNms: the best boxes of each class of each image. */
#ifndef VT_MULTICLASS_NMS_H
#define VT_MULTICLASS_NMS_H

#include "vt/op.h"

int vt_multiclass_nms_ref(struct vt_eval *e);
int vt_matrix_nms_ref(struct vt_eval *e);

#endif
