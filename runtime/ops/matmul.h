#ifndef VT_MATMUL_H
#define VT_MATMUL_H

#include "vt/op.h"

/* Shape of A x B after transposes (of sides with two axes or more), with numpy's rules for vectors and
 * batches.
 */
int vt_matmul_shape(struct vt_infer *c, struct vt_pshape *out);

/* MatMul and FusedMatMul: post((A x B) * scale + bias); scale and bias belong to the columns. */
int vt_matmul_ref(struct vt_eval *e);

#endif
