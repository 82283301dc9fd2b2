#ifndef VT_OP_RANDOM_UNIFORM_H
#define VT_OP_RANDOM_UNIFORM_H

#include "vt/op.h"

/* Values in minval (input 1) .. maxval (input 2), excluded: from Philox (alignment tensorflow) or MT19937
 * (pytorch). Every run begins the sequence of its seeds anew; two seeds of 0 give another one each time. */
int vt_random_uniform_ref(struct vt_eval *e);

#endif
