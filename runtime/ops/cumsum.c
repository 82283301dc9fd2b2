#include "cumsum.h"

#include "element.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;
    int64_t value;
    int axis, n;

    if (type == VT_BOOLEAN || type == VT_STRING) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    if (c->n_in > 1 && c->in[1]) {
        if (c->in[1]->shape.rank > 1 ||
            (c->in[1]->shape.rank == 1 && !vt_dim_can_be(c->in[1]->shape.dims[0], 1))) {
            return vt_fail(c->err, VT_E_SHAPE, "axis (input 1) must be a scalar");
        }
        if (c->in[1]->type != VT_DYNAMIC && !vt_is_integral(c->in[1]->type)) {
            return vt_fail(c->err, VT_E_TYPE, "axis (input 1) must be of an integer type, not %s",
                           vt_type_info(c->in[1]->type)->name);
        }
    }
    vt_infer_like(c, 0, 0);
    return vt_infer_i64s(c, 1, &value, 1, &n) && n == 1 ? vt_infer_axis(c, value, c->in[0]->shape.rank, &axis)
                                                        : VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"exclusive", VT_ATTR_BOOL},
    {"reverse", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_cumsum[] = {
    {.name = "CumSum",
     .opset = 3,
     .min_in = 1,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_cumsum_ref},
    {0},
};
