#ifndef VT_OP_SOFTMAX_H
#define VT_OP_SOFTMAX_H

#include "vt/op.h"

/* Softmax and LogSoftmax over one axis. */
int vt_softmax_ref(struct vt_eval *e);

#endif
