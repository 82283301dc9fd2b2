#ifndef VT_OP_FAKE_QUANTIZE_H
#define VT_OP_FAKE_QUANTIZE_H

#include "vt/op.h"

/* Inputs: data, input low and high, output low and high; to the nearest (even) of `levels` steps. */
int vt_fake_quantize_ref(struct vt_eval *e);

/* Inputs: data, scale, shift (optional); through an 8-bit float that saturates, and back. */
int vt_fake_convert_ref(struct vt_eval *e);

#endif
