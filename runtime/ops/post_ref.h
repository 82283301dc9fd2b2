/* Element-wise programs (vt/post.h) for the inference and the references of every operation that carries one.
 * Operations list the attribute by VT_POST_ATTR in their schema. */
#ifndef VT_POST_REF_H
#define VT_POST_REF_H

#include "vt/op.h"
#include "vt/post.h"

#define VT_POST_ATTR                                                                                         \
    {                                                                                                        \
        "post", VT_ATTR_F64S                                                                                 \
    }

/* Check the attribute "post" of the node: length, kinds, input numbers, and that each operand is of a float
 * type and broadcasts into *shape, the shape of the result. With `grow` operands may widen *shape
 * (Elementwise); without, a message says which operand does not fit. */
int vt_post_infer(struct vt_infer *c, struct vt_pshape *shape, bool grow);

/* One step that needs no operand: f(acc) for kinds from VT_POST_FIRST_UNARY on, NaN for others. */
double vt_post_unary(int kind, double acc, double a, double b);

/* One step with an operand x: kinds before VT_POST_FIRST_UNARY. */
double vt_post_binary(int kind, double acc, double x);

/* Run the node's whole program on `acc`, the element at `index` of a result of rank `rank`. Operands are read
 * from e->in. */
double vt_post_apply(const struct vt_eval *e, double acc, int rank, const int64_t *index);

#endif
