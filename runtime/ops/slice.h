/* Slice and SliceScatter. */
#ifndef VT_SLICE_H
#define VT_SLICE_H

#include "slice_range.h"
#include "vt/op.h"

/* Ranges of all axes of input 0, from the inputs start, stop, step and (optional) axes that begin at input
 * `first`. */
int vt_slice_ranges(struct vt_eval *e, int first, struct vt_slice_range *ranges);

int vt_slice_ref(struct vt_eval *e);
int vt_slice_scatter_ref(struct vt_eval *e);

#endif
