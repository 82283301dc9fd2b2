/* Arithmetic on intervals of integers, for `bounds` rules. INT64_MIN and INT64_MAX are minus and plus
 * infinity; finite ends saturate to them. */
#ifndef VT_BOUNDS_RULES_H
#define VT_BOUNDS_RULES_H

#include "vt/op.h"

struct vt_interval {
    int64_t lo, hi;
};

static inline bool vt_interval_exact(struct vt_interval v)
{
    return v.lo == v.hi && v.lo != INT64_MIN && v.hi != INT64_MAX;
}

static inline struct vt_interval vt_interval_any(void)
{
    return (struct vt_interval){INT64_MIN, INT64_MAX};
}

struct vt_interval vt_interval_neg(struct vt_interval a);
struct vt_interval vt_interval_add(struct vt_interval a, struct vt_interval b);
struct vt_interval vt_interval_sub(struct vt_interval a, struct vt_interval b);
struct vt_interval vt_interval_mul(struct vt_interval a, struct vt_interval b);
/* Truncating division; anything when b may be 0. */
struct vt_interval vt_interval_div(struct vt_interval a, struct vt_interval b);
/* The same where finite ends are values of the type, else anything: the arithmetic of the type wraps. */
struct vt_interval vt_interval_of_type(struct vt_interval a, enum vt_type type);
struct vt_interval vt_interval_join(struct vt_interval a, struct vt_interval b);

/* What is known of one element of an integer input: its constant value, its bounds, or nothing
 * (vt_interval_any). */
struct vt_interval vt_bounds_at(const struct vt_infer *c, int input, int64_t index);

/* Whether anything is known of the elements of an input. */
bool vt_bounds_known(const struct vt_infer *c, int input);

/* Give output 0 bounds, element by element over its (static) shape with the inputs broadcast to it: `rule`
 * gets one interval an input (at most VT_WALK_INPUTS) and says one for the result. Does nothing when no input
 * is known or an input's shape is not static. */
int vt_bounds_each(struct vt_infer *c,
                   struct vt_interval (*rule)(const struct vt_infer *c, const struct vt_interval *in));

#endif
