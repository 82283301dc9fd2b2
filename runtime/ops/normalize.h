#ifndef VT_NORMALIZE_H
#define VT_NORMALIZE_H

#include "vt/op.h"

int vt_normalize_l2_ref(struct vt_eval *e);
int vt_grn_ref(struct vt_eval *e);
int vt_lrn_ref(struct vt_eval *e);
int vt_group_normalization_ref(struct vt_eval *e);

#endif
