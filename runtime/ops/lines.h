/* A tensor seen as lines along a set of axes: what normalizations work on. */
#ifndef VT_LINES_H
#define VT_LINES_H

#include "graph.h"

/* Element i of line o is at linear index outer[o] + inner[i]. */
struct vt_lines {
    int64_t n_outer, n_inner;
    int64_t *outer, *inner;
};

/* Bit i of `mask`: axis i runs along the lines. Must be finished after success. */
int vt_lines_init(struct vt_lines *lines, const struct vt_tensor *t, unsigned mask, struct vt_error *err);
void vt_lines_finish(struct vt_lines *lines);

/* The axes that an integer tensor lists, negative ones counted from the back; no tensor (type dynamic): none.
 */
int vt_axes_mask(const struct vt_tensor *axes, int rank, unsigned *mask, struct vt_error *err);

/* The same while inferring, from input `input`; passes when its values or the rank are not known yet. */
int vt_infer_axes(struct vt_infer *c, int input, int rank);

#endif
