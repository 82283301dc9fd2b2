#ifndef VT_SDPA_H
#define VT_SDPA_H

#include "vt/op.h"

/* Input numbers of ScaledDotProductAttention; those from the mask on may be left out. */
enum { VT_SDPA_QUERY, VT_SDPA_KEY, VT_SDPA_VALUE, VT_SDPA_MASK, VT_SDPA_SCALE, VT_SDPA_SINK };

int vt_sdpa_ref(struct vt_eval *e);

/* For operations that find their keys at run time: the mask must broadcast to the scores. */
int vt_sdpa_check_mask(struct vt_eval *e);

#endif
