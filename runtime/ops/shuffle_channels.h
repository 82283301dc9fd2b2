#ifndef VT_SHUFFLE_CHANNELS_H
#define VT_SHUFFLE_CHANNELS_H

#include "vt/op.h"

int vt_shuffle_channels_ref(struct vt_eval *e);

#endif
