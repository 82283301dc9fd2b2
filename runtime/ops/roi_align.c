#include "roi_align.h"

#include "shape.h"

/* Maps [N, C, H, W], boxes [number, columns], images [number] -> [number, C, pooled_h, pooled_w]. */
static int infer_boxes(struct vt_infer *c, int64_t columns)
{
    const struct vt_pshape *maps = &c->in[0]->shape, *boxes = &c->in[1]->shape, *images = &c->in[2]->shape;
    struct vt_pshape out = {4,
                            {vt_dim_any(), vt_dim_any(), vt_dim_fixed(vt_attr_i64(c->node, "pooled_h")),
                             vt_dim_fixed(vt_attr_i64(c->node, "pooled_w"))}};
    int status = vt_infer_integral(c, 2, "batch_indices");

    if (status) {
        return status;
    }
    if (maps->rank >= 0 && maps->rank != 4) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have 4 axes [N, C, H, W], not %d", maps->rank);
    }
    if (boxes->rank >= 0 && (boxes->rank != 2 || !vt_dim_can_be(boxes->dims[1], columns))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 must be [number of boxes, %lld]", (long long)columns);
    }
    if (maps->rank == 4) {
        out.dims[1] = maps->dims[1];
    }
    if (boxes->rank == 2) {
        out.dims[0] = boxes->dims[0];
    }
    if (images->rank >= 0 &&
        (images->rank != 1 || !vt_dim_meet(out.dims[0], images->dims[0], &out.dims[0]))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 must have one element a box");
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    return infer_boxes(c, 4);
}

static int infer_rotated(struct vt_infer *c)
{
    return infer_boxes(c, 5);
}

#define COMMON                                                                                               \
    {"pooled_h", VT_ATTR_I64, .required = true, .min = 1, .max = 1 << 15},                                   \
        {"pooled_w", VT_ATTR_I64, .required = true, .min = 1, .max = 1 << 15},                               \
        {"sampling_ratio", VT_ATTR_I64, .required = true, .min = 0, .max = 1 << 15},                         \
    {                                                                                                        \
        "spatial_scale", VT_ATTR_F64, .required = true                                                       \
    }

static const struct vt_attr_def attrs_3[] = {
    COMMON,
    {"mode", VT_ATTR_STR, .required = true, .allowed = "avg|max"},
    {0},
};

static const struct vt_attr_def attrs_9[] = {
    COMMON,
    {"mode", VT_ATTR_STR, .required = true, .allowed = "avg|max"},
    {"aligned_mode", VT_ATTR_STR, .def.s = "asymmetric",
     .allowed = "asymmetric|half_pixel_for_nn|half_pixel"},
    {0},
};

/* What ONNX calls the maximum: of the neighbours of all samples, each by its weight. */
static const struct vt_attr_def attrs_0[] = {
    COMMON,
    {"mode", VT_ATTR_STR, .required = true, .allowed = "max_neighbour"},
    {"aligned_mode", VT_ATTR_STR, .def.s = "asymmetric",
     .allowed = "asymmetric|half_pixel_for_nn|half_pixel"},
    {0},
};

static const struct vt_attr_def attrs_rotated[] = {
    COMMON,
    {"clockwise_mode", VT_ATTR_BOOL},
    {0},
};

#define ROI(NAME, OPSET, ATTRS, INFER, EVAL)                                                                 \
    {                                                                                                        \
        .name = NAME, .opset = OPSET, .min_in = 3, .max_in = 3, .n_out = 1, .attrs = ATTRS, .infer = INFER,  \
        .eval = EVAL                                                                                         \
    }

const struct vt_op_def vt_op_roi_align[] = {
    ROI("ROIAlign", 0, attrs_0, infer, vt_roi_align_ref),
    ROI("ROIAlign", 3, attrs_3, infer, vt_roi_align_ref),
    ROI("ROIAlign", 9, attrs_9, infer, vt_roi_align_ref),
    ROI("ROIAlignRotated", 15, attrs_rotated, infer_rotated, vt_roi_align_rotated_ref),
    {0},
};
