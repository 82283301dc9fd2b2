#ifndef VT_NON_MAX_SUPPRESSION_H
#define VT_NON_MAX_SUPPRESSION_H

#include "vt/op.h"

int vt_non_max_suppression_ref(struct vt_eval *e);

#endif
