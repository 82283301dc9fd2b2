/* Short-time Fourier transform and its inverse. */
#ifndef VT_STFT_H
#define VT_STFT_H

#include "vt/op.h"

int vt_stft_ref(struct vt_eval *e);
int vt_istft_ref(struct vt_eval *e);

#endif
