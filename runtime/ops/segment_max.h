#ifndef VT_SEGMENT_MAX_H
#define VT_SEGMENT_MAX_H

#include "vt/op.h"

int vt_segment_max_ref(struct vt_eval *e);

#endif
