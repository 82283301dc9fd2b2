#include "non_zero.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 2, .dims = {vt_dim_any(), vt_dim_any()}};
    struct vt_dim all = vt_dim_fixed(1);
    enum vt_type type = vt_attr_type_of(c->node, "output_type");

    if (type != VT_I32 && type != VT_I64) {
        return vt_fail(c->err, VT_E_TYPE, "output_type must be i32 or i64, not %s", vt_type_info(type)->name);
    }
    if (src->rank >= 0) {
        for (int i = 0; i < src->rank; i++) {
            all = vt_dim_mul(all, src->dims[i]);
        }
        out.dims[0] = vt_dim_fixed(src->rank ? src->rank : 1); /* a scalar counts as a list of one */
        out.dims[1] = (struct vt_dim){0, all.max};
    }
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

const struct vt_op_def vt_op_non_zero[] = {
    {.name = "NonZero",
     .opset = 3,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_DATA_SHAPE,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_non_zero_ref},
    {0},
};
