/* Loop and TensorIterator. */
#ifndef VT_LOOP_H
#define VT_LOOP_H

#include "body.h"

/* Where iteration `i` of a sliced input of `n` elements begins, and how many iterations there are. A negative
 * start or end counts from one past the end; a negative stride walks back from start. The count is negative
 * when the range does not fit. */
int64_t vt_slice_begin(const struct vt_body_map *m, int64_t n, int64_t i);
int64_t vt_slice_count(const struct vt_body_map *m, int64_t n);

int vt_loop_ref(struct vt_eval *e);
int vt_tensor_iterator_ref(struct vt_eval *e);

#endif
