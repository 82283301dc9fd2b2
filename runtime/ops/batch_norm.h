#ifndef VT_BATCH_NORM_H
#define VT_BATCH_NORM_H

#include "vt/op.h"

int vt_batch_norm_ref(struct vt_eval *e);

/* The input that holds the data: version 1 has gamma and beta in front of it. */
int vt_batch_norm_data(const struct vt_node *node);

#endif
