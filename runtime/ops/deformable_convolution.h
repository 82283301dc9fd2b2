#ifndef VT_DEFORMABLE_CONVOLUTION_H
#define VT_DEFORMABLE_CONVOLUTION_H

#include "conv_shape.h"

/* Each kernel tap reads the data between four elements, at its own place plus an offset (y, x) that input 1
 * gives for every output element, and times a factor from input 3 where that is there.
 *
 * Opset 1, and opset 8 without bilinear_interpolation_pad: a place must be inside of the data, or it reads 0;
 * neighbours beyond the last row or column are the last. With it: places up to one element outside read
 * between the data and zeros. */
int vt_deformable_convolution_ref(struct vt_eval *e);

#endif
