#ifndef VT_MVN_H
#define VT_MVN_H

#include "vt/op.h"

int vt_mvn_ref(struct vt_eval *e);

#endif
