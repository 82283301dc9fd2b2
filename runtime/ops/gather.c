#include "gather.h"

#include "element.h"
#include "shape.h"

/* 0 for version 1; a negative one counts from the back of the indices. */
static int find_batch(struct vt_infer *c, int axis, int *batch)
{
    const struct vt_pshape *index = &c->in[1]->shape;
    int64_t b = c->node->op->opset >= 7 ? vt_attr_i64(c->node, "batch_dims") : 0;

    *batch = 0;
    if (b < 0 && index->rank < 0) {
        *batch = -1;
        return VT_OK;
    }
    b += b < 0 ? index->rank : 0;
    if (b < 0 || (index->rank >= 0 && b > index->rank) || (axis >= 0 && b > axis)) {
        return vt_fail(c->err, VT_E_RANGE, "batch_dims %lld does not fit axis %d and indices of rank %d",
                       (long long)vt_attr_i64(c->node, "batch_dims"), axis, index->rank);
    }
    *batch = (int)b;
    return VT_OK;
}

/* Shape where the axis is known. */
static int build(struct vt_infer *c, int axis, int batch)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape;
    struct vt_pshape out = {.rank = 0};
    int rank = data->rank + index->rank - 1 - batch;

    if (rank > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", rank, VT_MAX_RANK);
    }
    for (int i = 0; i < axis; i++) {
        out.dims[out.rank] = data->dims[i];
        if (i < batch && !vt_dim_meet(data->dims[i], index->dims[i], &out.dims[out.rank])) {
            return vt_fail(c->err, VT_E_SHAPE, "batch dimension %d of data and indices differ", i);
        }
        out.rank++;
    }
    for (int i = batch; i < index->rank; i++) {
        out.dims[out.rank++] = index->dims[i];
    }
    for (int i = axis + 1; i < data->rank; i++) {
        out.dims[out.rank++] = data->dims[i];
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape;
    struct vt_pshape out = {.rank = -1};
    int64_t value;
    bool known;
    int axis = -1, batch, status = vt_infer_integral(c, 1, "indices");

    if (data->rank == 0) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 (data) must have at least rank 1");
    }
    status = status ? status : vt_infer_scalar(c, 2, "axis", &value, &known);
    if (status == VT_OK && known) {
        status = vt_infer_axis(c, value, data->rank, &axis);
    }
    status = status ? status : find_batch(c, axis, &batch);
    if (status) {
        return status;
    }
    if (data->rank >= 0 && index->rank >= 0 && axis >= 0 && batch >= 0) {
        return build(c, axis, batch);
    }
    if (data->rank >= 0 && index->rank >= 0 && batch >= 0) {
        out.rank = data->rank + index->rank - 1 - batch;
        if (out.rank > VT_MAX_RANK) {
            return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", out.rank, VT_MAX_RANK);
        }
        for (int i = 0; i < out.rank; i++) {
            out.dims[i] = vt_dim_any();
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"batch_dims", VT_ATTR_I64},
    {0},
};

#define ROW(version, attributes)                                                                             \
    {                                                                                                        \
        .name = "Gather", .opset = version, .min_in = 3, .max_in = 3, .n_out = 1, .flags = VT_OP_MOVES_DATA, \
        .moves = 1, .attrs = attributes, .infer = infer, .eval = vt_gather_ref                               \
    }

const struct vt_op_def vt_op_gather[] = {
    ROW(1, NULL),
    ROW(7, attrs),
    ROW(8, attrs),
    {0},
};
