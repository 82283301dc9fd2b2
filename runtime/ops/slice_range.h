/* The range of one axis that Slice, StridedSlice and SliceScatter take, by numpy's rule. */
#ifndef VT_SLICE_RANGE_H
#define VT_SLICE_RANGE_H

#include "vt/tensor.h"

struct vt_slice_range {
    int64_t first, step, count;
};

/* Range start:stop:step (step not 0) of an axis of `n` elements: negative ends count from the back, then they
 * are clamped. INT64_MAX for n stands for "unbounded", the count is then very large. */
struct vt_slice_range vt_slice_range_of(int64_t start, int64_t stop, int64_t step, int64_t n);

/* Length of that range over a dimension that is only an interval; `start` and `stop` are exact or intervals
 * that hold no -1 unless they are exactly -1 (see vt_infer_bounds). */
struct vt_dim vt_slice_length(struct vt_dim start, struct vt_dim stop, int64_t step, struct vt_dim n);

#endif
