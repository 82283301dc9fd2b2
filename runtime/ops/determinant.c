/* Determinant (internal): of the square matrices in the last two axes; of no rows it is 1. */
#include "determinant.h"

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
        out.rank -= 2;
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

const struct vt_op_def vt_op_determinant[] = {
    {.name = "Determinant",
     .opset = 0,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .infer = infer,
     .eval = vt_determinant_ref},
    {0},
};
