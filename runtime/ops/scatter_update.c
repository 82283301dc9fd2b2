#include "scatter_update.h"

#include "shape.h"

static int check_updates(struct vt_infer *c, int axis)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape, *updates = &c->in[2]->shape;
    struct vt_pshape want = {.rank = 0}, both;
    char a[200], b[200];

    if (data->rank < 0 || index->rank < 0 || axis < 0 || data->rank - 1 + index->rank > VT_MAX_RANK) {
        return VT_OK;
    }
    for (int i = 0; i < axis; i++) {
        want.dims[want.rank++] = data->dims[i];
    }
    for (int i = 0; i < index->rank; i++) {
        want.dims[want.rank++] = index->dims[i];
    }
    for (int i = axis + 1; i < data->rank; i++) {
        want.dims[want.rank++] = data->dims[i];
    }
    if (!vt_pshape_meet(&want, updates, &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 (updates) has shape %s, wanted %s",
                       vt_pshape_text(updates, a, sizeof(a)), vt_pshape_text(&want, b, sizeof(b)));
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    enum vt_type type, updates = c->in[2]->type;
    int64_t value;
    bool known;
    int axis = -1, status = vt_infer_integral(c, 1, "indices");

    status = status ? status : vt_infer_scalar(c, 3, "axis", &value, &known);
    type = c->in[0]->type == VT_DYNAMIC ? updates : c->in[0]->type;
    if (status == VT_OK && updates != VT_DYNAMIC && updates != type) {
        return vt_fail(c->err, VT_E_TYPE, "input 2 (updates) is %s, input 0 is %s",
                       vt_type_info(updates)->name, vt_type_info(type)->name);
    }
    if (status == VT_OK && known) {
        status = vt_infer_axis(c, value, c->in[0]->shape.rank, &axis);
    }
    status = status ? status : check_updates(c, axis);
    vt_infer_set(c, 0, type, &c->in[0]->shape);
    return status;
}

const struct vt_op_def vt_op_scatter_update[] = {
    {.name = "ScatterUpdate",
     .opset = 3,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1 | 4,
     .infer = infer,
     .eval = vt_scatter_update_ref},
    {0},
};
