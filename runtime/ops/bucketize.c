#include "bucketize.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *buckets = &c->in[1]->shape;
    enum vt_type type;
    int status = vt_infer_index_type(c, "output_type", &type);

    if (status) {
        return status;
    }
    if (buckets->rank >= 0 && buckets->rank != 1) {
        return vt_fail(c->err, VT_E_SHAPE, "buckets (input 1) must have rank 1, not %d", buckets->rank);
    }
    for (int i = 0; i < 2; i++) {
        if (c->in[i]->type == VT_BOOLEAN || c->in[i]->type == VT_STRING) {
            return vt_fail(c->err, VT_E_TYPE, "input %d must be of a numeric type, not %s", i,
                           vt_type_info(c->in[i]->type)->name);
        }
    }
    vt_infer_set(c, 0, type, &c->in[0]->shape);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {"with_right_bound", VT_ATTR_BOOL, .def.i = 1},
    {0},
};

const struct vt_op_def vt_op_bucketize[] = {
    {.name = "Bucketize",
     .opset = 3,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_bucketize_ref},
    {0},
};
