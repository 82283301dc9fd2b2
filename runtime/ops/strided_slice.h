#ifndef VT_STRIDED_SLICE_H
#define VT_STRIDED_SLICE_H

#include "vt/op.h"

/* One step of a strided slice, in the order of the specification's elements: either takes source axis `src`
 * or (src -1) makes a new axis of length 1. `at` is the place in begin/end/strides, -1: the whole axis. */
struct vt_strided_axis {
    int src, at;
    bool shrink, whole_begin, whole_end;
};

#define VT_STRIDED_MAX_AXES (2 * VT_MAX_RANK)

/* Expand the masks of a node for input rank `rank` and `n` elements of begin. Returns the number of axes, or
 * -1 when the specification names more axes than there are. */
int vt_strided_axes(const struct vt_node *node, int rank, int n, struct vt_strided_axis *axes);

int vt_strided_slice_ref(struct vt_eval *e);

#endif
