#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *shape = vt_attr_shape(c->node, "shape");

    if (shape) {
        vt_infer_set(c, 0, vt_attr_type_of(c->node, "element_type"), shape);
    } else {
        vt_infer_unknown(c, 0, vt_attr_type_of(c->node, "element_type"));
    }
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"element_type", VT_ATTR_TYPE, .required = true},
    {"shape", VT_ATTR_SHAPE},
    {0},
};

const struct vt_op_def vt_op_parameter[] = {
    {.name = "Parameter", .opset = 1, .n_out = 1, .flags = VT_OP_NO_FOLD, .attrs = attrs, .infer = infer},
    {0},
};
