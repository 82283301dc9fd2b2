#include "scatter_nd_update.h"

#include "shape.h"

static int check_updates(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape, *updates = &c->in[2]->shape;
    struct vt_pshape want = {.rank = 0}, both;
    char a[200], b[200];
    int64_t depth;

    if (data->rank < 0 || index->rank < 0) {
        return VT_OK;
    }
    if (index->rank < 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (indices) must have at least rank 1");
    }
    if (!vt_dim_is_static(index->dims[index->rank - 1])) {
        return VT_OK;
    }
    depth = index->dims[index->rank - 1].min;
    if (depth > data->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "the last dimension of the indices is %lld, above data's rank %d",
                       (long long)depth, data->rank);
    }
    if (index->rank - 1 + data->rank - depth > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "the rank of the updates is above the limit of %d", VT_MAX_RANK);
    }
    for (int i = 0; i < index->rank - 1; i++) {
        want.dims[want.rank++] = index->dims[i];
    }
    for (int i = (int)depth; i < data->rank; i++) {
        want.dims[want.rank++] = data->dims[i];
    }
    /* A lone scalar update may come with rank 1. */
    if (!vt_pshape_meet(&want, updates, &both) &&
        !(want.rank == 0 && updates->rank == 1 && vt_dim_can_be(updates->dims[0], 1))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 (updates) has shape %s, wanted %s",
                       vt_pshape_text(updates, a, sizeof(a)), vt_pshape_text(&want, b, sizeof(b)));
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type, updates = c->in[2]->type;
    int status = vt_infer_integral(c, 1, "indices");

    if (status == VT_OK && type != VT_DYNAMIC && updates != VT_DYNAMIC && updates != type) {
        return vt_fail(c->err, VT_E_TYPE, "input 2 (updates) is %s, input 0 is %s",
                       vt_type_info(updates)->name, vt_type_info(type)->name);
    }
    status = status ? status : check_updates(c);
    vt_infer_like(c, 0, 0);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"reduction", VT_ATTR_STR, .def.s = "none", .allowed = "none|sum|sub|prod|min|max"},
    {0},
};

const struct vt_op_def vt_op_scatter_nd_update[] = {
    {.name = "ScatterNDUpdate",
     .opset = 4,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1 | 4,
     .infer = infer,
     .eval = vt_scatter_nd_update_ref},
    {.name = "ScatterNDUpdate",
     .opset = 15,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_scatter_nd_update_ref},
    {0},
};
