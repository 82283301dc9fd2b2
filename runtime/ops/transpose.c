#include "transpose.h"

#include "shape.h"

static int permute(struct vt_infer *c, const int64_t *order, int n, struct vt_pshape *out)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    uint32_t seen = 0;
    int status, axis;

    if (n == 0) {
        for (int i = 0; i < src->rank; i++) {
            out->dims[i] = src->dims[src->rank - 1 - i];
        }
        return VT_OK;
    }
    if (n != src->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (order) has %d elements, input 0 has rank %d", n,
                       src->rank);
    }
    for (int i = 0; i < n; i++) {
        status = vt_infer_axis(c, order[i], n, &axis);
        if (status) {
            return status;
        }
        if (seen >> axis & 1) {
            return vt_fail(c->err, VT_E_INVALID, "input 1 (order) names axis %d twice", axis);
        }
        seen |= 1u << axis;
        out->dims[i] = src->dims[axis];
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = src->rank};
    int64_t order[VT_MAX_RANK];
    int n, status = vt_infer_list(c, 1, "order", VT_MAX_RANK);

    if (status) {
        return status;
    }

    if (vt_infer_i64s(c, 1, order, VT_MAX_RANK, &n)) {
        if (src->rank < 0) {
            out.rank = n ? n : -1;
            for (int i = 0; i < n; i++) {
                out.dims[i] = vt_dim_any();
            }
        } else {
            status = permute(c, order, n, &out);
        }
    } else {
        out.rank = out.rank < 0 ? vt_infer_length(c, 1) : out.rank;
        out.rank = out.rank == 0 && src->rank < 0 ? -1 : out.rank;
        for (int i = 0; i < out.rank && i < VT_MAX_RANK; i++) {
            out.dims[i] = vt_dim_any();
        }
    }
    if (out.rank > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", out.rank, VT_MAX_RANK);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

const struct vt_op_def vt_op_transpose[] = {
    {.name = "Transpose",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer,
     .eval = vt_transpose_ref},
    {0},
};
