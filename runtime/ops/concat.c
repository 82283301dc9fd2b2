#include "concat.h"

#include "shape.h"

#define CONCAT_INPUTS INT32_MAX

static int join(struct vt_infer *c, int input, int axis, struct vt_pshape *out)
{
    const struct vt_pshape *s = &c->in[input]->shape;
    char a[200], b[200];

    if (s->rank != out->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d has rank %d, earlier inputs rank %d", input, s->rank,
                       out->rank);
    }
    for (int i = 0; i < out->rank; i++) {
        if (i == axis) {
            out->dims[i] = vt_dim_add(out->dims[i], s->dims[i]);
        } else if (!vt_dim_meet(out->dims[i], s->dims[i], &out->dims[i])) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d of shape %s cannot join %s along axis %d", input,
                           vt_pshape_text(s, a, sizeof(a)), vt_pshape_text(&c->in[0]->shape, b, sizeof(b)),
                           axis);
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = {.rank = -1};
    enum vt_type type;
    bool unknown = false;
    int axis = -1, status = vt_infer_same_type(c, 0, c->n_in - 1, &type);

    for (int i = 0; i < c->n_in && status == VT_OK; i++) {
        if (!c->in[i]) {
            return vt_fail(c->err, VT_E_INVALID, "input %d is left out", i);
        }
        if (c->in[i]->shape.rank < 0) {
            unknown = true;
        } else if (out.rank < 0) {
            out = c->in[i]->shape;
            status = vt_infer_axis(c, vt_attr_i64(c->node, "axis"), out.rank, &axis);
        } else {
            status = join(c, i, axis, &out);
        }
    }
    if (unknown && axis >= 0) {
        out.dims[axis] = (struct vt_dim){out.dims[axis].min, -1};
    }
    vt_infer_set(c, 0, type, &out);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"axis", VT_ATTR_I64, .required = true},
    {0},
};

const struct vt_op_def vt_op_concat[] = {
    {.name = "Concat",
     .opset = 1,
     .min_in = 1,
     .max_in = CONCAT_INPUTS,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA | VT_OP_VARIADIC,
     .moves = ~0u,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_concat_ref},
    {0},
};
