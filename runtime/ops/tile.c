#include "tile.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = -1};
    struct vt_dim repeats[VT_MAX_RANK];
    int n = vt_infer_length(c, 1);
    bool known = vt_infer_bounds(c, 1, repeats, VT_MAX_RANK, &n);

    vt_infer_unknown(c, 0, c->in[0]->type);
    if (n > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", n, VT_MAX_RANK);
    }
    if (src->rank < 0 || n < 0) {
        return VT_OK;
    }
    out.rank = n > src->rank ? n : src->rank;
    for (int i = 0; i < out.rank; i++) {
        int s = i - (out.rank - src->rank), r = i - (out.rank - n);
        struct vt_dim d = s < 0 ? vt_dim_fixed(1) : src->dims[s];
        struct vt_dim by = r < 0 ? vt_dim_fixed(1) : known ? repeats[r] : vt_dim_any();

        /* A negative count is taken as 0. */
        by = vt_dim_is_static(by) && by.min < 0 ? vt_dim_fixed(0) : by.min < 0 ? vt_dim_any() : by;
        out.dims[i] = vt_dim_mul(d, by);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

const struct vt_op_def vt_op_tile[] = {
    {.name = "Tile",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer,
     .eval = vt_tile_ref},
    {0},
};
