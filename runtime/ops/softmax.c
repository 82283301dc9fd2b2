#include "softmax.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    int axis;
    int status = vt_infer_unary_float(c);

    return status ? status : vt_infer_axis(c, vt_attr_i64(c->node, "axis"), c->in[0]->shape.rank, &axis);
}

static const struct vt_attr_def attrs[] = {
    {"axis", VT_ATTR_I64, .def.i = 1},
    {0},
};

/* Version 1 forbids a negative axis in its text, but models have it, and the rule for both is the same. */
const struct vt_op_def vt_op_softmax[] = {
    {.name = "Softmax",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_softmax_ref},
    {.name = "Softmax",
     .opset = 8,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_softmax_ref},
    {.name = "LogSoftmax",
     .opset = 5,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_softmax_ref},
    {0},
};
