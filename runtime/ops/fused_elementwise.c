#include "fused_elementwise.h"

#include "element.h"
#include "post_ref.h"
#include "shape.h"

/* A chain of element-wise operations as one node: its program starts with input 0; the result has the
 * broadcast shape of all inputs. */
static int infer(struct vt_infer *c)
{
    struct vt_pshape shape = c->in[0]->shape;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, c->n_in - 1, &type);

    if (status) {
        return status;
    }
    if (type != VT_DYNAMIC && !vt_is_float(type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a float type, not %s",
                       vt_type_info(type)->name);
    }
    status = vt_post_infer(c, &shape, true);
    vt_infer_set(c, 0, type, &shape);
    return status;
}

static const struct vt_attr_def attrs[] = {
    VT_POST_ATTR,
    {0},
};

const struct vt_op_def vt_op_fused_elementwise[] = {
    {.name = "Elementwise",
     .opset = 0,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_VARIADIC | VT_OP_ELEMENTWISE,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_fused_elementwise_ref},
    {0},
};
