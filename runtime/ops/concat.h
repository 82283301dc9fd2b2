#ifndef VT_CONCAT_H
#define VT_CONCAT_H

#include "vt/op.h"

int vt_concat_ref(struct vt_eval *e);

#endif
