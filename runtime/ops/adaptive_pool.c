/* AdaptiveAvgPool and AdaptiveMaxPool: the output's spatial shape is an input. */
#include "adaptive_pool.h"

#include "element.h"
#include "shape.h"

static int infer_shape(struct vt_infer *c, struct vt_pshape *shape)
{
    const struct vt_pshape *data = &c->in[0]->shape, *target = &c->in[1]->shape;
    struct vt_dim dims[VT_MAX_RANK];
    int length = vt_infer_length(c, 1), n;

    *shape = *data;
    if (data->rank >= 0 && (data->rank < 3 || data->rank > 5)) {
        return vt_fail(c->err, VT_E_SHAPE, "data (input 0) must have rank 3, 4 or 5, not %d", data->rank);
    }
    if (target->rank >= 0 && target->rank != 1) {
        return vt_fail(c->err, VT_E_SHAPE, "output_shape (input 1) must have rank 1, not %d", target->rank);
    }
    if (c->in[1]->type != VT_DYNAMIC && !vt_is_integral(c->in[1]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "output_shape (input 1) must be of an integer type, not %s",
                       vt_type_info(c->in[1]->type)->name);
    }
    if (length >= 0 && (length < 1 || length > 3 || (data->rank >= 0 && length != data->rank - 2))) {
        return vt_fail(c->err, VT_E_SHAPE, "output_shape (input 1) has %d elements, but data has rank %d",
                       length, data->rank);
    }
    if (data->rank < 0 && length >= 0) {
        *shape = (struct vt_pshape){.rank = length + 2, .dims = {vt_dim_any(), vt_dim_any()}};
    }
    for (int i = 2; i < shape->rank; i++) {
        shape->dims[i] = vt_dim_any();
    }
    if (shape->rank < 0 || !vt_infer_bounds(c, 1, dims, VT_MAX_RANK, &n) || n != shape->rank - 2) {
        return VT_OK;
    }
    for (int i = 0; i < n; i++) {
        if (dims[i].max < 0 && dims[i].min == dims[i].max) {
            return vt_fail(c->err, VT_E_SHAPE, "output_shape (input 1) element %d is %lld", i,
                           (long long)dims[i].min);
        }
        shape->dims[i + 2] = dims[i];
        shape->dims[i + 2].min = dims[i].min < 0 ? 0 : dims[i].min;
    }
    return VT_OK;
}

static int infer_type(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;

    if (type == VT_BOOLEAN || type == VT_STRING) {
        return vt_fail(c->err, VT_E_TYPE, "data (input 0) must be of a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    return VT_OK;
}

static int infer_avg(struct vt_infer *c)
{
    struct vt_pshape shape;
    int status = infer_type(c);

    if (status == VT_OK) {
        status = infer_shape(c, &shape);
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, c->in[0]->type, &shape);
    }
    return status;
}

static int infer_max(struct vt_infer *c)
{
    enum vt_type index;
    int status = infer_avg(c);

    status = status ? status : vt_infer_index_type(c, "index_element_type", &index);
    if (status == VT_OK) {
        vt_infer_set(c, 1, index, &c->out[0].shape);
    }
    return status;
}

static const struct vt_attr_def max_attrs[] = {
    {"index_element_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

const struct vt_op_def vt_op_adaptive_pool[] = {
    {.name = "AdaptiveAvgPool",
     .opset = 8,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .infer = infer_avg,
     .eval = vt_adaptive_avg_pool_ref},
    {.name = "AdaptiveMaxPool",
     .opset = 8,
     .min_in = 2,
     .max_in = 2,
     .n_out = 2,
     .attrs = max_attrs,
     .infer = infer_max,
     .eval = vt_adaptive_max_pool_ref},
    {0},
};
