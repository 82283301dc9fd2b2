/* BatchToSpace and SpaceToBatch. */
#ifndef VT_BATCH_TO_SPACE_H
#define VT_BATCH_TO_SPACE_H

#include "vt/op.h"

int vt_batch_to_space_ref(struct vt_eval *e);
int vt_space_to_batch_ref(struct vt_eval *e);

#endif
