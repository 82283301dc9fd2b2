#include "gather_tree.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 3, &type);
    const struct vt_pshape *lengths = &c->in[2]->shape, *end = &c->in[3]->shape;

    if (status) {
        return status;
    }
    if (!vt_pshape_meet(&c->in[0]->shape, &c->in[1]->shape, &out)) {
        return vt_fail(c->err, VT_E_SHAPE, "step_ids and parent_idx must have the same shape");
    }
    if (out.rank >= 0 && out.rank != 3) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 (step_ids) must have rank 3, not %d", out.rank);
    }
    if ((lengths->rank >= 0 && lengths->rank != 1) ||
        (lengths->rank == 1 && out.rank == 3 && !vt_dim_meet(out.dims[1], lengths->dims[0], &out.dims[1]))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 (max_seq_len) must have one element for each batch");
    }
    if (end->rank > 1 || (end->rank == 1 && !vt_dim_can_be(end->dims[0], 1))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 3 (end_token) must be a scalar");
    }
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

const struct vt_op_def vt_op_gather_tree[] = {
    {.name = "GatherTree",
     .opset = 1,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .infer = infer,
     .eval = vt_gather_tree_ref},
    {0},
};
