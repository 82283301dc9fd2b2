/* Moving elements unchanged: the shared part of the references of Reshape, Transpose, Concat, Slice, Pad, ...
 *
 * Places and strides count elements. Sub-byte types work everywhere, strings too: elements are views
 * (vt/strings.h). */
#ifndef VT_MOVE_H
#define VT_MOVE_H

#include "element.h"
#include "vt/op.h"

#define VT_MOVE_MAX_RANK (2 * VT_MAX_RANK) /* DepthToSpace and its like split axes in two */

/* Copy `n` consecutive elements. */
void vt_move_run(struct vt_tensor *dst, int64_t to, const struct vt_tensor *src, int64_t from, int64_t n);

/* Set `n` consecutive elements to zero. */
void vt_zero_run(struct vt_tensor *dst, int64_t to, int64_t n);

/* Copy a block of `rank` (at most VT_MOVE_MAX_RANK) dimensions `dims`, each side with a first place and
 * strides of its own (which may be 0 or negative). */
void vt_move_block(int rank, const int64_t *dims, struct vt_tensor *dst, int64_t to,
                   const int64_t *to_strides, const struct vt_tensor *src, int64_t from,
                   const int64_t *from_strides);

/* Row-major strides of `dims`. */
void vt_move_strides(int rank, const int64_t *dims, int64_t *strides);

/* A tensor cut along an axis: element (o, i, k) lies at (o * n + i) * inner + k. */
struct vt_lines {
    int64_t outer, n, inner;
};
struct vt_lines vt_lines_of(const struct vt_tensor *t, int64_t axis);

/* Index `i` wrapped once when negative; false, and place 0, when it is outside of 0..n-1 even so. */
static inline bool vt_wrap_index(int64_t i, int64_t n, int64_t *place)
{
    bool inside;

    i = i < 0 ? i + n : i;
    inside = i >= 0 && i < n;
    *place = inside ? i : 0;
    return inside;
}

/* Normalized axis for evaluation, where inference has checked it. */
static inline int64_t vt_eval_axis(int64_t axis, int rank)
{
    return axis < 0 ? axis + rank : axis;
}

/* Reference of operations whose output 0 holds the elements of input 0 in the same order. */
int vt_copy_ref(struct vt_eval *e);

#endif
