#include "roi_pooling.h"

#include "shape.h"

/* Maps [N, C, H, W] and boxes [number, 5], an image and a box each -> [number, channels, height, width]. */
static int infer_rois(struct vt_infer *c, struct vt_dim channels, int64_t height, int64_t width)
{
    const struct vt_pshape *boxes = &c->in[1]->shape;
    struct vt_pshape out = {4, {vt_dim_any(), channels, vt_dim_fixed(height), vt_dim_fixed(width)}};

    if (c->in[0]->shape.rank >= 0 && c->in[0]->shape.rank != 4) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have 4 axes [N, C, H, W], not %d",
                       c->in[0]->shape.rank);
    }
    if (boxes->rank >= 0 && (boxes->rank != 2 || !vt_dim_can_be(boxes->dims[1], 5))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 must be [number of boxes, 5]");
    }
    if (boxes->rank == 2) {
        out.dims[0] = boxes->dims[0];
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *maps = &c->in[0]->shape;

    return infer_rois(c, maps->rank == 4 ? maps->dims[1] : vt_dim_any(), vt_attr_i64(c->node, "pooled_h"),
                      vt_attr_i64(c->node, "pooled_w"));
}

static int infer_psroi(struct vt_infer *c)
{
    const struct vt_pshape *maps = &c->in[0]->shape;
    int64_t outputs = vt_attr_i64(c->node, "output_dim"), group = vt_attr_i64(c->node, "group_size"), parts;

    parts = group * group;
    if (vt_attr_is(c->node, "mode", "bilinear")) {
        parts = vt_attr_i64(c->node, "spatial_bins_x") * vt_attr_i64(c->node, "spatial_bins_y");
    }
    if (maps->rank == 4 && !vt_dim_can_be(maps->dims[1], outputs * parts)) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have %lld channels, output_dim times the parts",
                       (long long)(outputs * parts));
    }
    return infer_rois(c, vt_dim_fixed(outputs), group, group);
}

#define SIZE(NAME, ...)                                                                                      \
    {                                                                                                        \
        NAME, VT_ATTR_I64, .min = 1, .max = 1 << 15, __VA_ARGS__                                             \
    }

static const struct vt_attr_def attrs[] = {
    SIZE("pooled_h", .required = true),
    SIZE("pooled_w", .required = true),
    {"spatial_scale", VT_ATTR_F64, .required = true},
    {"method", VT_ATTR_STR, .def.s = "max", .allowed = "max|bilinear"},
    {"output_size", VT_ATTR_I64S}, /* the pooled size once more, in files of later versions */
    {"output_roi", VT_ATTR_I64S},
    {0},
};

static const struct vt_attr_def psroi_attrs[] = {
    SIZE("output_dim", .required = true),
    SIZE("group_size", .def.i = 1),
    {"spatial_scale", VT_ATTR_F64, .required = true},
    {"mode", VT_ATTR_STR, .def.s = "average", .allowed = "average|bilinear"},
    SIZE("spatial_bins_x", .def.i = 1),
    SIZE("spatial_bins_y", .def.i = 1),
    {0},
};

const struct vt_op_def vt_op_roi_pooling[] = {
    {.name = "ROIPooling",
     .opset = 1, /* introduced by opset2 */
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_roi_pooling_ref},
    {.name = "PSROIPooling",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = psroi_attrs,
     .infer = infer_psroi,
     .eval = vt_psroi_pooling_ref},
    {0},
};
