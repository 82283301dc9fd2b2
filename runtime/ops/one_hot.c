#include "one_hot.h"

#include "shape.h"

static int check_scalars(struct vt_infer *c)
{
    for (int i = 1; i < 4; i++) {
        const struct vt_pshape *s = &c->in[i]->shape;

        if (s->rank > 1 || (s->rank == 1 && !vt_dim_can_be(s->dims[0], 1))) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must be a scalar", i);
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = src->rank < 0 ? -1 : src->rank + 1};
    struct vt_dim depth = vt_dim_any();
    enum vt_type type;
    int n, axis, status = vt_infer_integral(c, 0, "indices");

    status = status ? status : vt_infer_integral(c, 1, "depth");
    status = status ? status : check_scalars(c);
    status = status ? status : vt_infer_same_type(c, 2, 3, &type);
    status = status ? status : vt_infer_axis(c, vt_attr_i64(c->node, "axis"), out.rank, &axis);
    if (status) {
        return status;
    }
    if (out.rank > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", out.rank, VT_MAX_RANK);
    }
    if (vt_infer_bounds(c, 1, &depth, 1, &n) && vt_dim_is_static(depth) && depth.min < 0) {
        return vt_fail(c->err, VT_E_INVALID, "input 1 (depth) is %lld", (long long)depth.min);
    }
    if (depth.min < 0) {
        depth = vt_dim_any();
    }
    for (int i = 0; i < out.rank; i++) {
        out.dims[i] = i == axis ? depth : src->dims[i < axis ? i : i - 1];
    }
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"axis", VT_ATTR_I64, .def.i = -1},
    {0},
};

static const struct vt_attr_def attrs_16[] = {
    {"axis", VT_ATTR_I64, .def.i = -1},
    {"negative_indices_mode", VT_ATTR_STR, .def.s = "ignore_negative",
     .allowed = "ignore_negative|normalize"},
    {0},
};

const struct vt_op_def vt_op_one_hot[] = {
    {.name = "OneHot",
     .opset = 1,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .moves = 4 | 8,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_one_hot_ref},
    {.name = "OneHot",
     .opset = 16,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .moves = 4 | 8,
     .attrs = attrs_16,
     .infer = infer,
     .eval = vt_one_hot_ref},
    {0},
};
