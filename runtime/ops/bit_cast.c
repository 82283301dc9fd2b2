/* BitCast (internal): the same bits as elements of another type of the same width. */
#include "bit_cast.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    enum vt_type from = c->in[0]->type, to = vt_attr_type_of(c->node, "destination_type");

    if (to == VT_DYNAMIC || !vt_type_info(to)->bits ||
        (from != VT_DYNAMIC && vt_type_info(from)->bits != vt_type_info(to)->bits)) {
        return vt_fail(c->err, VT_E_TYPE, "no elements of %s have the bits of %s", vt_type_info(to)->name,
                       vt_type_info(from)->name);
    }
    vt_infer_set(c, 0, to, &c->in[0]->shape);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"destination_type", VT_ATTR_TYPE, .required = true},
    {0},
};

const struct vt_op_def vt_op_bit_cast[] = {
    {.name = "BitCast",
     .opset = 0,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_bit_cast_ref},
    {0},
};
