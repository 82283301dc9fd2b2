/* Convolutions, plain, grouped, transposed and fused: what their schemas, inference and reference share. */
#ifndef VT_CONVOLUTION_H
#define VT_CONVOLUTION_H

#include "conv_shape.h"

/* How weights are laid out and which way data flows. */
bool vt_conv_grouped(const struct vt_node *node); /* [G, O/G, I/G, k...] (transposed [G, I/G, O/G, k...]) */
bool vt_conv_transposed(const struct vt_node *node); /* ...BackpropData */

/* Reference of all of them: result = post((data (*) weights * scale) + bias); the plain operations have none
 * of scale, bias and post. */
int vt_convolution_ref(struct vt_eval *e);

/* Shape of output 0: [N, O, spatial...]; checks ranks, channels and attributes. Input 2 of the plain
 * transposed operations and the attribute output_shape of the fused one give its spatial extents. */
int vt_convolution_shape(struct vt_infer *c, struct vt_pshape *out);

#endif
