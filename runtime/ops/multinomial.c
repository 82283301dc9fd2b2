#include "multinomial.h"

#include "element.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *probs = &c->in[0]->shape, *count = &c->in[1]->shape;
    struct vt_pshape shape = {.rank = 2, .dims = {probs->dims[0], vt_dim_any()}};
    struct vt_dim samples;
    enum vt_type type;
    int n, status = vt_infer_index_type(c, "convert_type", &type);

    if (status) {
        return status;
    }
    if (c->in[0]->type != VT_DYNAMIC && !vt_is_float(c->in[0]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "probs (input 0) must be of a float type, not %s",
                       vt_type_info(c->in[0]->type)->name);
    }
    if (probs->rank >= 0 && probs->rank != 2) {
        return vt_fail(c->err, VT_E_SHAPE, "probs (input 0) must have rank 2, not %d", probs->rank);
    }
    if (count->rank > 1 || (count->rank == 1 && !vt_dim_can_be(count->dims[0], 1))) {
        return vt_fail(c->err, VT_E_SHAPE, "num_samples (input 1) must have one element");
    }
    if (probs->rank < 0) {
        shape.dims[0] = vt_dim_any();
    }
    if (vt_infer_bounds(c, 1, &samples, 1, &n) && n == 1) {
        if (samples.min == samples.max && samples.min < 0) {
            return vt_fail(c->err, VT_E_INVALID, "num_samples (input 1) is %lld", (long long)samples.min);
        }
        shape.dims[1] = (struct vt_dim){samples.min < 0 ? 0 : samples.min, samples.max};
    }
    vt_infer_set(c, 0, type, &shape);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"convert_type", VT_ATTR_TYPE, .required = true},
    {"with_replacement", VT_ATTR_BOOL, .required = true},
    {"log_probs", VT_ATTR_BOOL, .required = true},
    {"global_seed", VT_ATTR_I64},
    {"op_seed", VT_ATTR_I64},
    {0},
};

const struct vt_op_def vt_op_multinomial[] = {
    {.name = "Multinomial",
     .opset = 13,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_RANDOM | VT_OP_NO_FOLD,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_multinomial_ref},
    {0},
};
