#include "reverse.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    bool mask = vt_attr_is(c->node, "mode", "mask");
    int64_t axes[VT_MAX_RANK];
    int n, status = vt_infer_list(c, 1, "axes", VT_MAX_RANK);

    if (mask && c->in[1]->type != VT_DYNAMIC && c->in[1]->type != VT_BOOLEAN) {
        return vt_fail(c->err, VT_E_TYPE, "input 1 (axes) must be boolean in mode mask, not %s",
                       vt_type_info(c->in[1]->type)->name);
    }
    if (mask && src->rank >= 0 && vt_infer_length(c, 1) >= 0 && vt_infer_length(c, 1) != src->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (axes) has %d elements, input 0 has rank %d",
                       vt_infer_length(c, 1), src->rank);
    }
    if (status == VT_OK && !mask && src->rank >= 0 && vt_infer_i64s(c, 1, axes, VT_MAX_RANK, &n)) {
        for (int i = 0; i < n && status == VT_OK; i++) {
            int axis;

            status = vt_infer_axis(c, axes[i], src->rank, &axis);
        }
    }
    vt_infer_like(c, 0, 0);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"mode", VT_ATTR_STR, .required = true, .def.s = "index", .allowed = "index|mask"},
    {0},
};

const struct vt_op_def vt_op_reverse[] = {
    {.name = "Reverse",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_reverse_ref},
    {0},
};
