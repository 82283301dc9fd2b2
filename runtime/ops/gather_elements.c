#include "gather_elements.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape;
    struct vt_pshape out = *index;
    char a[200], b[200];
    int axis, status = vt_infer_integral(c, 1, "indices");

    if (status == VT_OK) {
        status =
            vt_infer_axis(c, vt_attr_i64(c->node, "axis"), data->rank < 0 ? index->rank : data->rank, &axis);
    }
    if (status) {
        return status;
    }
    if (data->rank >= 0 && index->rank >= 0 && data->rank != index->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "data has rank %d, indices rank %d", data->rank, index->rank);
    }
    if (out.rank < 0) {
        out = *data;
    }
    for (int i = 0; i < out.rank; i++) {
        if (i == axis) {
            out.dims[i] = index->rank < 0 ? vt_dim_any() : index->dims[i];
        } else if (data->rank >= 0 && index->rank >= 0 &&
                   !vt_dim_meet(data->dims[i], index->dims[i], &out.dims[i])) {
            return vt_fail(c->err, VT_E_SHAPE,
                           "data %s and indices %s differ at dimension %d, which is not axis %d",
                           vt_pshape_text(data, a, sizeof(a)), vt_pshape_text(index, b, sizeof(b)), i, axis);
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"axis", VT_ATTR_I64, .required = true},
    {0},
};

const struct vt_op_def vt_op_gather_elements[] = {
    {.name = "GatherElements",
     .opset = 6,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_gather_elements_ref},
    {0},
};
