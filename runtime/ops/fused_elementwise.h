#ifndef VT_OP_FUSED_ELEMENTWISE_H
#define VT_OP_FUSED_ELEMENTWISE_H

#include "vt/op.h"

/* "Elementwise" of the internal opset: runs the program of attribute "post" (vt/post.h). */
int vt_fused_elementwise_ref(struct vt_eval *e);

#endif
