#include "gather_nd.h"

#include "shape.h"

/* Version 5 joins the batch dimensions to one. */
static void put_batch(struct vt_infer *c, const struct vt_dim *dims, int batch, struct vt_pshape *out)
{
    struct vt_dim all = vt_dim_fixed(1);

    for (int i = 0; i < batch; i++) {
        if (c->node->op->opset >= 8) {
            out->dims[out->rank++] = dims[i];
        }
        all = vt_dim_mul(all, dims[i]);
    }
    if (batch && c->node->op->opset < 8) {
        out->dims[out->rank++] = all;
    }
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape;
    struct vt_pshape out = {.rank = 0};
    struct vt_dim batch_dims[VT_MAX_RANK];
    int batch = (int)vt_attr_i64(c->node, "batch_dims"), status = vt_infer_integral(c, 1, "indices");
    int64_t depth;

    vt_infer_unknown(c, 0, c->in[0]->type);
    if (status || data->rank < 0 || index->rank < 0) {
        return status;
    }
    if (index->rank < 1 || batch >= index->rank || batch >= data->rank) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "batch_dims %d does not fit data of rank %d and indices of rank %d", batch, data->rank,
                       index->rank);
    }
    for (int i = 0; i < batch; i++) {
        if (!vt_dim_meet(data->dims[i], index->dims[i], &batch_dims[i])) {
            return vt_fail(c->err, VT_E_SHAPE, "batch dimension %d of data and indices differ", i);
        }
    }
    if (!vt_dim_is_static(index->dims[index->rank - 1])) {
        return VT_OK;
    }
    depth = index->dims[index->rank - 1].min;
    if (depth < 1 || depth > data->rank - batch) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "the last dimension of the indices is %lld, data of rank %d allows 1..%d",
                       (long long)depth, data->rank, data->rank - batch);
    }
    if (index->rank - 1 + data->rank - batch - depth > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "the result's rank is above the limit of %d", VT_MAX_RANK);
    }
    put_batch(c, batch_dims, batch, &out);
    for (int i = batch; i < index->rank - 1; i++) {
        out.dims[out.rank++] = index->dims[i];
    }
    for (int i = batch + (int)depth; i < data->rank; i++) {
        out.dims[out.rank++] = data->dims[i];
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"batch_dims", VT_ATTR_I64, .min = 0, .max = VT_MAX_RANK},
    {0},
};

#define ROW(version)                                                                                         \
    {                                                                                                        \
        .name = "GatherND", .opset = version, .min_in = 2, .max_in = 2, .n_out = 1,                          \
        .flags = VT_OP_MOVES_DATA, .moves = 1, .attrs = attrs, .infer = infer, .eval = vt_gather_nd_ref      \
    }

const struct vt_op_def vt_op_gather_nd[] = {
    ROW(5),
    ROW(8),
    {0},
};
