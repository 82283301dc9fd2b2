#ifndef VT_BINARY_CONVOLUTION_H
#define VT_BINARY_CONVOLUTION_H

#include "conv_shape.h"

int vt_binary_convolution_ref(struct vt_eval *e);

#endif
