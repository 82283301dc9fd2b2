#include "pool.h"

#include "shape.h"

static int pooled_shape(struct vt_infer *c, struct vt_pshape *out)
{
    const struct vt_pshape *data = &c->in[0]->shape;
    struct vt_window w;
    int64_t n;
    int status;

    vt_attr_i64s(c->node, "kernel", &n);
    *out = (struct vt_pshape){.rank = -1};
    if (n < 1 || n > VT_MAX_SPATIAL) {
        return vt_fail(c->err, VT_E_INVALID, "attribute kernel must have 1 to 3 numbers, not %lld",
                       (long long)n);
    }
    if (data->rank >= 0 && data->rank != n + 2) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 has %d axes, a kernel of %lld axes wants %lld",
                       data->rank, (long long)n, (long long)n + 2);
    }
    status = vt_window_read(c->node, (int)n, &w, c->err);
    out->rank = (int)n + 2;
    for (int i = 0; i < 2; i++) {
        out->dims[i] = data->rank >= 0 ? data->dims[i] : vt_dim_any();
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_dim in = data->rank >= 0 ? data->dims[2 + i] : vt_dim_any();

        status = vt_window_out(&w, i, in, vt_dim_fixed(w.kernel[i]), &out->dims[2 + i], c->err);
    }
    return status;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    int axis, status = pooled_shape(c, &out);

    if (status) {
        return status;
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    if (c->n_out > 1) {
        enum vt_type type;

        status = vt_infer_index_type(c, "index_element_type", &type);
        if (status) {
            return status;
        }
        vt_infer_set(c, 1, type, &out);
        return vt_infer_axis(c, vt_attr_i64(c->node, "axis"), out.rank, &axis);
    }
    return VT_OK;
}

#define POOL_ATTRS(ROUNDING)                                                                                 \
    {"kernel", VT_ATTR_I64S, .required = true, .min = 1, .max = INT32_MAX},                                  \
        {"rounding_type", VT_ATTR_STR, .def.s = "floor", .allowed = ROUNDING},                               \
        {"strides", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},                                               \
        {"pads_begin", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},                                            \
        {"pads_end", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},                                              \
    {                                                                                                        \
        "auto_pad", VT_ATTR_STR, .def.s = "explicit",                                                        \
                                 .allowed = "explicit|notset|same_upper|same_lower|valid"                    \
    }

#define MAX_ATTRS                                                                                            \
    {"dilations", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},                                                 \
        {"index_element_type", VT_ATTR_TYPE, .def.i = VT_I64},                                               \
    {                                                                                                        \
        "axis", VT_ATTR_I64                                                                                  \
    }

static const struct vt_attr_def max_attrs_1[] = {
    POOL_ATTRS("floor|ceil"),
    {0},
};

static const struct vt_attr_def max_attrs_8[] = {
    POOL_ATTRS("floor|ceil"),
    MAX_ATTRS,
    {0},
};

static const struct vt_attr_def max_attrs_14[] = {
    POOL_ATTRS("floor|ceil|ceil_torch"),
    MAX_ATTRS,
    {0},
};

static const struct vt_attr_def avg_attrs_1[] = {
    POOL_ATTRS("floor|ceil"),
    {"exclude-pad", VT_ATTR_BOOL, .required = true},
    {0},
};

static const struct vt_attr_def avg_attrs_14[] = {
    POOL_ATTRS("floor|ceil|ceil_torch"),
    {"exclude-pad", VT_ATTR_BOOL, .required = true},
    {0},
};

static const struct vt_attr_def avg_attrs_16[] = {
    POOL_ATTRS("floor|ceil|ceil_torch"),
    {"dilations", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},
    {"exclude-pad", VT_ATTR_BOOL, .required = true},
    {0},
};

#define POOL(NAME, OPSET, OUTPUTS, ATTRS, EVAL)                                                              \
    {                                                                                                        \
        .name = NAME, .opset = OPSET, .min_in = 1, .max_in = 1, .n_out = OUTPUTS, .attrs = ATTRS,            \
        .infer = infer, .eval = EVAL                                                                         \
    }

const struct vt_op_def vt_op_pool[] = {
    POOL("MaxPool", 1, 1, max_attrs_1, vt_max_pool_ref),
    POOL("MaxPool", 8, 2, max_attrs_8, vt_max_pool_ref),
    POOL("MaxPool", 14, 2, max_attrs_14, vt_max_pool_ref),
    POOL("AvgPool", 1, 1, avg_attrs_1, vt_avg_pool_ref),
    POOL("AvgPool", 14, 1, avg_attrs_14, vt_avg_pool_ref),
    POOL("AvgPool", 16, 1, avg_attrs_16, vt_avg_pool_ref),
    {0},
};
