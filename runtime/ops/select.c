#include "select.h"

#include "auto_broadcast.h"
#include "bounds.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    struct vt_pshape shape;
    enum vt_type type, condition = c->in[0]->type;
    int status = vt_infer_same_type(c, 1, 2, &type);

    if (status == VT_OK && condition != VT_BOOLEAN && condition != VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_TYPE, "the condition (input 0) must be boolean, not %s",
                       vt_type_info(condition)->name);
    }
    if (status == VT_OK) {
        status = vt_infer_auto_broadcast(c, 1, 2, &shape);
    }
    if (status == VT_OK) {
        status = vt_infer_auto_broadcast_input(c, 0, &shape);
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &shape);
    }
    return status;
}

static struct vt_interval rule(const struct vt_infer *c, const struct vt_interval *in)
{
    (void)c;
    if (vt_interval_exact(in[0])) {
        return in[0].lo ? in[1] : in[2];
    }
    return vt_interval_join(in[1], in[2]);
}

static int bounds(struct vt_infer *c)
{
    return vt_bounds_each(c, rule);
}

static const struct vt_attr_def attrs[] = {
    VT_AUTO_BROADCAST_ATTR,
    {0},
};

const struct vt_op_def vt_op_select[] = {
    {.name = "Select",
     .opset = 1,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_ELEMENTWISE,
     .moves = 2 | 4,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_select_ref,
     .bounds = bounds},
    {0},
};
