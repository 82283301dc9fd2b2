/* Weights that stay as the model stores them: few bits, with scales and zero points. */
#ifndef VT_COMPRESSED_WEIGHTS_H
#define VT_COMPRESSED_WEIGHTS_H

#include "vt/op.h"

int vt_compressed_weights_ref(struct vt_eval *e);

#endif
