#include "roll.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *shift = &c->in[1]->shape, *axes = &c->in[2]->shape;
    struct vt_dim both;
    int64_t values[VT_MAX_RANK];
    int n, status = vt_infer_integral(c, 1, "shift");

    status = status ? status : vt_infer_integral(c, 2, "axes");
    status = status ? status : vt_infer_list(c, 1, "shift", VT_MAX_RANK);
    status = status ? status : vt_infer_list(c, 2, "axes", VT_MAX_RANK);
    if (status == VT_OK && shift->rank == 1 && axes->rank == 1 && !vt_dim_can_be(shift->dims[0], 1) &&
        !vt_dim_meet(shift->dims[0], axes->dims[0], &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "shift has %lld elements, axes has %lld",
                       (long long)shift->dims[0].min, (long long)axes->dims[0].min);
    }
    if (vt_infer_i64s(c, 2, values, VT_MAX_RANK, &n)) {
        for (int i = 0; i < n && status == VT_OK; i++) {
            int axis;

            status = vt_infer_axis(c, values[i], c->in[0]->shape.rank, &axis);
        }
    }
    vt_infer_like(c, 0, 0);
    return status;
}

const struct vt_op_def vt_op_roll[] = {
    {.name = "Roll",
     .opset = 7,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer,
     .eval = vt_roll_ref},
    {0},
};
