#include "shuffle_channels.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    int64_t group = vt_attr_i64(c->node, "group");
    int axis, status = vt_infer_axis(c, vt_attr_i64(c->node, "axis"), src->rank, &axis);

    if (status == VT_OK && axis >= 0 && vt_dim_is_static(src->dims[axis]) && src->dims[axis].min % group) {
        return vt_fail(c->err, VT_E_SHAPE, "dimension %lld of axis %d is no multiple of group %lld",
                       (long long)src->dims[axis].min, axis, (long long)group);
    }
    vt_infer_like(c, 0, 0);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"axis", VT_ATTR_I64, .def.i = 1},
    {"group", VT_ATTR_I64, .def.i = 1, .min = 1, .max = INT32_MAX},
    {0},
};

const struct vt_op_def vt_op_shuffle_channels[] = {
    {.name = "ShuffleChannels",
     .opset = 1, /* introduced by opset3, yet IR files say opset1 */
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_shuffle_channels_ref},
    {0},
};
