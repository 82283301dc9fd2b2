/* DeformableConvolution-1 and -8. */
#include "deformable_convolution.h"

#include "element.h"
#include "shape.h"

static int check_ranks(struct vt_infer *c)
{
    for (int i = 0; i < c->n_in; i++) {
        if (c->in[i] && c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank != 4) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have 4 axes, not %d", i, c->in[i]->shape.rank);
        }
    }
    return VT_OK;
}

/* Offsets and factors: `values` channels for each tap of each deformable group, over the output's extents. */
static int check_field(struct vt_infer *c, int input, int64_t values, struct vt_pshape *out)
{
    struct vt_dim channels = vt_dim_mul(vt_dim_mul(vt_infer_dim(c, 2, 2), vt_infer_dim(c, 2, 3)),
                                        vt_dim_fixed(values * vt_attr_i64(c->node, "deformable_group")));

    if (!vt_dim_meet(channels, vt_infer_dim(c, input, 1), &channels)) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "the channels of input %d are not %lld for each kernel tap and deformable group",
                       input, (long long)values);
    }
    if (!vt_dim_meet(out->dims[0], vt_infer_dim(c, input, 0), &out->dims[0]) ||
        !vt_dim_meet(out->dims[2], vt_infer_dim(c, input, 2), &out->dims[2]) ||
        !vt_dim_meet(out->dims[3], vt_infer_dim(c, input, 3), &out->dims[3])) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d does not fit the batch or the extents of the output",
                       input);
    }
    return VT_OK;
}

static int check_channels(struct vt_infer *c)
{
    struct vt_dim in = vt_dim_mul(vt_infer_dim(c, 2, 1), vt_dim_fixed(vt_attr_i64(c->node, "group")));
    struct vt_dim out = vt_infer_dim(c, 2, 0), data = vt_infer_dim(c, 0, 1);
    int64_t group = vt_attr_i64(c->node, "group"), deformable = vt_attr_i64(c->node, "deformable_group");

    if (!vt_dim_meet(in, data, &in)) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "the channels of input 0 do not fit the weights (input 2) in %lld groups",
                       (long long)group);
    }
    if (out.min == out.max && out.max >= 0 && out.max % group != 0) {
        return vt_fail(c->err, VT_E_SHAPE, "%lld output channels do not make %lld groups", (long long)out.max,
                       (long long)group);
    }
    if (data.min == data.max && data.max >= 0 && data.max % deformable != 0) {
        return vt_fail(c->err, VT_E_SHAPE, "%lld channels do not make %lld deformable groups",
                       (long long)data.max, (long long)deformable);
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = {4, {vt_infer_dim(c, 0, 0), vt_infer_dim(c, 2, 0), vt_dim_any(), vt_dim_any()}};
    struct vt_window window;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, c->n_in - 1, &type);

    status = status ? status : check_ranks(c);
    status = status ? status : check_channels(c);
    status = status ? status : vt_window_read(c->node, 2, &window, c->err);
    if (status) {
        return status;
    }
    if (type != VT_DYNAMIC && !vt_is_float(type)) {
        return vt_fail(c->err, VT_E_UNSUPPORTED, "not implemented: DeformableConvolution of %s",
                       vt_type_info(type)->name);
    }
    for (int i = 0; i < 2 && status == VT_OK; i++) {
        status = vt_window_out(&window, i, vt_infer_dim(c, 0, 2 + i), vt_infer_dim(c, 2, 2 + i),
                               &out.dims[2 + i], c->err);
    }
    status = status ? status : check_field(c, 1, 2, &out);
    if (status == VT_OK && c->n_in > 3 && c->in[3]) {
        status = check_field(c, 3, 1, &out);
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
    }
    return status;
}

#define ATTRS                                                                                                \
    VT_WINDOW_ATTRS, {"group", VT_ATTR_I64, .def.i = 1, .min = 1, .max = INT32_MAX},                         \
    {                                                                                                        \
        "deformable_group", VT_ATTR_I64, .def.i = 1, .min = 1, .max = 1 << 20                                \
    }

static const struct vt_attr_def attrs_1[] = {
    ATTRS,
    {0},
};

static const struct vt_attr_def attrs_8[] = {
    ATTRS,
    {"bilinear_interpolation_pad", VT_ATTR_BOOL},
    {0},
};

#define DEFORMABLE(OPSET, MAX_IN, ATTRS_)                                                                    \
    {                                                                                                        \
        .name = "DeformableConvolution", .opset = OPSET, .min_in = 3, .max_in = MAX_IN, .n_out = 1,          \
        .attrs = ATTRS_, .infer = infer, .eval = vt_deformable_convolution_ref                               \
    }

const struct vt_op_def vt_op_deformable_convolution[] = {
    DEFORMABLE(1, 3, attrs_1),
    DEFORMABLE(8, 4, attrs_8),
    {0},
};
