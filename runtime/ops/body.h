/* What If, Loop and TensorIterator share: wiring a body's parameters and results to the node.
 *
 * A body is inferred in place while a model is read or reshaped; evaluation leaves it untouched, so that
 * several requests may run it at once. */
#ifndef VT_BODY_H
#define VT_BODY_H

#include "graph.h"

/* The maps name existing inputs, outputs, parameters and results, and give every parameter and every output
 * exactly one source. */
int vt_body_check(const struct vt_node *node, const struct vt_body *body, struct vt_error *err);

/* Declare type and shape of a body's parameter. */
int vt_body_set_param(const struct vt_body *body, int param, enum vt_type type,
                      const struct vt_pshape *shape);

/* Sort the body and infer it from its parameters. */
int vt_body_infer(const struct vt_body *body, struct vt_error *err);

/* What is known of a body's parameter or result. */
const struct vt_value *vt_body_param(const struct vt_body *body, int param);
const struct vt_value *vt_body_result(const struct vt_body *body, int result);

/* All outputs keep the type that they were inferred with and have a shape that only evaluation tells. */
int vt_body_leave_open(struct vt_infer *c);

/* Copy a tensor to output `port`. */
int vt_body_output(struct vt_eval *e, int port, const struct vt_tensor *t);

#endif
