#include "inverse.h"

#include "element.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = *src;
    struct vt_dim side;

    if (c->in[0]->type != VT_DYNAMIC && !vt_is_float(c->in[0]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a float type, not %s",
                       vt_type_info(c->in[0]->type)->name);
    }
    if (src->rank >= 0) {
        if (src->rank < 2 || !vt_dim_meet(src->dims[src->rank - 2], src->dims[src->rank - 1], &side)) {
            return vt_fail(c->err, VT_E_SHAPE, "input 0 must be square matrices [..., n, n]");
        }
        out.dims[src->rank - 2] = out.dims[src->rank - 1] = side;
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"adjoint", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_inverse[] = {
    {.name = "Inverse",
     .opset = 14,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_inverse_ref},
    {0},
};
