/* DetectionOutput-1 and -8. */
#include "detection_output.h"

#include "shape.h"

static int check(struct vt_infer *c, struct vt_dim *batch)
{
    for (int i = 0; i < c->n_in; i++) {
        int rank = i == 2 ? 3 : 2;

        if (c->in[i] && c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank != rank) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have %d axes, not %d", i, rank,
                           c->in[i]->shape.rank);
        }
    }
    if (c->n_in == 4) {
        return vt_fail(c->err, VT_E_INVALID, "inputs 3 and 4 come together or not at all");
    }
    if (!vt_dim_meet(vt_infer_dim(c, 0, 0), vt_infer_dim(c, 1, 0), batch)) {
        return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ in the number of images");
    }
    if (!vt_dim_can_be(vt_infer_dim(c, 2, 1), vt_attr_bool(c->node, "variance_encoded_in_target") ? 1 : 2)) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "axis 1 of input 2 must hold boxes and, unless they are encoded in the "
                       "target, variances");
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = {4, {vt_dim_fixed(1), vt_dim_fixed(1), vt_dim_any(), vt_dim_fixed(7)}};
    int64_t n_keep, top = vt_attr_i64(c->node, "top_k");
    const int64_t *keep = vt_attr_i64s(c->node, "keep_top_k", &n_keep);
    struct vt_dim batch, rows = vt_infer_dim(c, 1, 1);
    enum vt_type type;
    int status = vt_infer_same_float(c, 0, c->n_in - 1, &type);

    status = status ? status : check(c, &batch);
    if (status) {
        return status;
    }
    if (n_keep < 1) {
        return vt_fail(c->err, VT_E_INVALID, "attribute keep_top_k is empty");
    }
    if (keep[0] > 0) {
        rows = vt_dim_fixed(keep[0]);
    } else if (top > 0) {
        struct vt_dim priors = vt_dim_div(vt_infer_dim(c, 2, 2), vt_attr_bool(c->node, "normalized") ? 4 : 5);
        int64_t classes = c->node->op->opset < 8 ? vt_attr_i64(c->node, "num_classes")
                          : priors.min == priors.max && priors.max > 0 && rows.min == rows.max
                              ? rows.max / priors.max
                              : -1;

        rows = classes < 0 ? vt_dim_any() : vt_dim_mul(vt_dim_fixed(top), vt_dim_fixed(classes));
    }
    out.dims[2] = vt_dim_mul(batch, rows);
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

#define ATTRS                                                                                                \
    {"background_label_id", VT_ATTR_I64, .min = -1, .max = INT32_MAX},                                       \
        {"top_k", VT_ATTR_I64, .def.i = -1, .min = -1, .max = INT32_MAX},                                    \
        {"variance_encoded_in_target", VT_ATTR_BOOL},                                                        \
        {"keep_top_k", VT_ATTR_I64S, .required = true, .min = -1, .max = INT32_MAX},                         \
        {"code_type", VT_ATTR_STR, .def.s = "caffe.PriorBoxParameter.CORNER",                                \
         .allowed = "caffe.PriorBoxParameter.CORNER|caffe.PriorBoxParameter.CENTER_SIZE"},                   \
        {"share_location", VT_ATTR_BOOL, .def.i = 1}, {"nms_threshold", VT_ATTR_F64, .required = true},      \
        {"confidence_threshold", VT_ATTR_F64}, {"clip_after_nms", VT_ATTR_BOOL},                             \
        {"clip_before_nms", VT_ATTR_BOOL}, {"decrease_label_id", VT_ATTR_BOOL},                              \
        {"normalized", VT_ATTR_BOOL}, {"input_height", VT_ATTR_I64, .def.i = 1, .min = 1, .max = INT32_MAX}, \
        {"input_width", VT_ATTR_I64, .def.i = 1, .min = 1, .max = INT32_MAX},                                \
    {                                                                                                        \
        "objectness_score", VT_ATTR_F64                                                                      \
    }

static const struct vt_attr_def attrs_1[] = {
    {"num_classes", VT_ATTR_I64, .required = true, .min = 1, .max = INT32_MAX},
    ATTRS,
    {0},
};

static const struct vt_attr_def attrs_8[] = {
    ATTRS,
    {0},
};

#define DETECTION(OPSET, ATTRS_)                                                                             \
    {                                                                                                        \
        .name = "DetectionOutput", .opset = OPSET, .min_in = 3, .max_in = 5, .n_out = 1, .attrs = ATTRS_,    \
        .infer = infer, .eval = vt_detection_output_ref                                                      \
    }

const struct vt_op_def vt_op_detection_output[] = {
    DETECTION(1, attrs_1),
    DETECTION(8, attrs_8),
    {0},
};
