/* Attention whose keys and values are variables that grow (a language model's cache), as one operation, and
 * what asks for the shape of such a variable. */
#ifndef VT_CACHED_ATTENTION_H
#define VT_CACHED_ATTENTION_H

#include "vt/op.h"

/* Inputs of CachedAttention. Those from the mask on may be left out; from VT_CACHED_AFTER on they only say
 * what must come before. */
enum {
    VT_CACHED_QUERY,
    VT_CACHED_KEY,
    VT_CACHED_VALUE,
    VT_CACHED_MASK,
    VT_CACHED_SCALE,
    VT_CACHED_BEAMS,
    VT_CACHED_AFTER
};

/* Inputs of StateShape; all may be left out. */
enum { VT_STATE_BEAMS, VT_STATE_INITIAL, VT_STATE_APPENDED };

#define VT_CACHED_AXIS 2 /* along which the variables grow */

int vt_cached_attention_ref(struct vt_eval *e);
int vt_state_shape_ref(struct vt_eval *e);

#endif
