#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_tensor *t = &c->node->constant;
    struct vt_pshape shape = vt_pshape_of(t);

    vt_infer_set(c, 0, t->type, &shape);
    c->out[0].constant = t;
    return VT_OK;
}

/* Bounds are read from the constant itself where they are needed. */
static int bounds(struct vt_infer *c)
{
    (void)c;
    return VT_OK;
}

const struct vt_op_def vt_op_constant[] = {
    {.name = "Constant", .opset = 1, .n_out = 1, .flags = VT_OP_NO_FOLD, .infer = infer, .bounds = bounds},
    {0},
};
