#include "random_uniform.h"

#include "element.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    enum vt_type type = vt_attr_type_of(c->node, "output_type");
    struct vt_pshape shape = {.rank = -1};
    struct vt_dim dims[VT_MAX_RANK];
    int length = vt_infer_length(c, 0), n;

    if (type != VT_I32 && type != VT_I64 && type != VT_F16 && type != VT_BF16 && type != VT_F32 &&
        type != VT_F64) {
        return vt_fail(c->err, VT_E_TYPE, "attribute output_type must be i32, i64 or a float type, not %s",
                       vt_type_info(type)->name);
    }
    for (int i = 1; i < 3; i++) {
        const struct vt_pshape *s = &c->in[i]->shape;

        if (c->in[i]->type != type && c->in[i]->type != VT_DYNAMIC) {
            return vt_fail(c->err, VT_E_TYPE, "input %d must be of output_type %s, not %s", i,
                           vt_type_info(type)->name, vt_type_info(c->in[i]->type)->name);
        }
        if (s->rank > 1 || (s->rank == 1 && !vt_dim_can_be(s->dims[0], 1))) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have one element", i);
        }
    }
    if (c->in[0]->shape.rank > 1 || length > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "shape (input 0) must have rank 1 and at most %d elements",
                       VT_MAX_RANK);
    }
    if (length >= 0) {
        shape.rank = length;
        for (int i = 0; i < length; i++) {
            shape.dims[i] = vt_dim_any();
        }
    }
    if (vt_infer_bounds(c, 0, dims, VT_MAX_RANK, &n) && (length < 0 || n == length)) {
        shape.rank = n;
        for (int i = 0; i < n; i++) {
            if (dims[i].min == dims[i].max && dims[i].min < 0) {
                return vt_fail(c->err, VT_E_SHAPE, "shape (input 0) element %d is %lld", i,
                               (long long)dims[i].min);
            }
            shape.dims[i] = dims[i];
            shape.dims[i].min = dims[i].min < 0 ? 0 : dims[i].min;
        }
    }
    vt_infer_set(c, 0, type, &shape);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"output_type", VT_ATTR_TYPE, .required = true},
    {"global_seed", VT_ATTR_I64},
    {"op_seed", VT_ATTR_I64},
    {"alignment", VT_ATTR_STR, .def.s = "tensorflow", .allowed = "tensorflow|pytorch"},
    {0},
};

const struct vt_op_def vt_op_random_uniform[] = {
    {.name = "RandomUniform",
     .opset = 8,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_RANDOM | VT_OP_NO_FOLD,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_random_uniform_ref},
    {0},
};
