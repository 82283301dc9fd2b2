/* ExperimentalDetectron: DetectionOutput, PriorGridGenerator, ROIFeatureExtractor and TopKROIs, all of
 * opset 6. */
#include "detectron.h"

#include "shape.h"

static int check(struct vt_infer *c, const int *ranks, enum vt_type *type)
{
    int status = vt_infer_same_float(c, 0, c->n_in - 1, type);

    for (int i = 0; i < c->n_in && status == VT_OK; i++) {
        int rank, right = ranks[i < 4 ? i : 3];

        if (!c->in[i]) { /* of any number of levels */
            return vt_fail(c->err, VT_E_INVALID, "input %d is not connected", i);
        }
        rank = c->in[i]->shape.rank;
        if (rank >= 0 && rank != right) {
            status = vt_fail(c->err, VT_E_SHAPE, "input %d must have %d axes, not %d", i, right, rank);
        }
    }
    if (status == VT_OK && c->in[0]->shape.rank == 2 && !vt_dim_can_be(c->in[0]->shape.dims[1], 4)) {
        status = vt_fail(c->err, VT_E_SHAPE, "the boxes (input 0) must have 4 numbers each");
    }
    return status;
}

static int infer_grid(struct vt_infer *c)
{
    struct vt_pshape out = {
        4, {vt_infer_dim(c, 1, 2), vt_infer_dim(c, 1, 3), vt_infer_dim(c, 0, 0), vt_dim_fixed(4)}};
    enum vt_type type;
    int status = check(c, (const int[]){2, 4, 4, 4}, &type);

    if (status == VT_OK && vt_attr_bool(c->node, "flatten")) {
        out.rank = 2;
        out.dims[0] = vt_dim_mul(vt_dim_mul(out.dims[0], out.dims[1]), out.dims[2]);
        out.dims[1] = vt_dim_fixed(4);
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
    }
    return status;
}

static int infer_top(struct vt_infer *c)
{
    struct vt_pshape out = {2, {vt_dim_fixed(vt_attr_i64(c->node, "max_rois")), vt_dim_fixed(4)}};
    struct vt_dim both;
    enum vt_type type;
    int status = check(c, (const int[]){2, 1, 1, 1}, &type);

    if (status == VT_OK && !vt_dim_meet(vt_infer_dim(c, 0, 0), vt_infer_dim(c, 1, 0), &both)) {
        status = vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ in the number of boxes");
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
    }
    return status;
}

static int infer_features(struct vt_infer *c)
{
    int64_t size = vt_attr_i64(c->node, "output_size"), n_scales;
    struct vt_pshape out = {4, {vt_infer_dim(c, 0, 0), vt_dim_any(), vt_dim_fixed(size), vt_dim_fixed(size)}};
    struct vt_pshape boxes = {2, {out.dims[0], vt_dim_fixed(4)}};
    enum vt_type type;
    int status = check(c, (const int[]){2, 4, 4, 4}, &type);

    vt_attr_i64s(c->node, "pyramid_scales", &n_scales);
    if (status == VT_OK && n_scales != c->n_in - 1) {
        status = vt_fail(c->err, VT_E_INVALID, "%lld pyramid_scales for %d levels", (long long)n_scales,
                         c->n_in - 1);
    }
    for (int i = 1; i < c->n_in && status == VT_OK; i++) {
        if (!vt_dim_can_be(vt_infer_dim(c, i, 0), 1) ||
            !vt_dim_meet(out.dims[1], vt_infer_dim(c, i, 1), &out.dims[1])) {
            status = vt_fail(c->err, VT_E_SHAPE,
                             "input %d must hold one image of as many channels as the others", i);
        }
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
        vt_infer_set(c, 1, type, &boxes);
    }
    return status;
}

static int infer_output(struct vt_infer *c)
{
    struct vt_dim most = vt_dim_fixed(vt_attr_i64(c->node, "max_detections_per_image")),
                  n = vt_infer_dim(c, 0, 0);
    struct vt_pshape boxes = {2, {most, vt_dim_fixed(4)}}, list = {1, {most}};
    int64_t classes = vt_attr_i64(c->node, "num_classes"), n_weights;
    enum vt_type type;
    int status = check(c, (const int[]){2, 2, 2, 2}, &type);

    vt_attr_f64s(c->node, "deltas_weights", &n_weights);
    if (status) {
        return status;
    }
    if (n_weights != 4) {
        return vt_fail(c->err, VT_E_INVALID, "deltas_weights must have 4 elements, not %lld",
                       (long long)n_weights);
    }
    if (!vt_dim_can_be(vt_infer_dim(c, 1, 1), 4 * classes) ||
        !vt_dim_can_be(vt_infer_dim(c, 2, 1), classes) || !vt_dim_meet(n, vt_infer_dim(c, 1, 0), &n) ||
        !vt_dim_meet(n, vt_infer_dim(c, 2, 0), &n)) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "inputs 1 and 2 must hold deltas and scores of %lld classes for each box",
                       (long long)classes);
    }
    vt_infer_set(c, 0, type, &boxes);
    vt_infer_set(c, 1, VT_I32, &list);
    vt_infer_set(c, 2, type, &list);
    return VT_OK;
}

#define COUNT(NAME, ...)                                                                                     \
    {                                                                                                        \
        NAME, VT_ATTR_I64, .max = INT32_MAX, __VA_ARGS__                                                     \
    }

static const struct vt_attr_def grid_attrs[] = {
    {"flatten", VT_ATTR_BOOL, .def.i = 1},
    COUNT("h", .min = 0),
    COUNT("w", .min = 0),
    {"stride_x", VT_ATTR_F64},
    {"stride_y", VT_ATTR_F64},
    {0},
};

static const struct vt_attr_def top_attrs[] = {
    COUNT("max_rois", .min = 0),
    {0},
};

static const struct vt_attr_def feature_attrs[] = {
    {"output_size", VT_ATTR_I64, .required = true, .min = 1, .max = 1 << 15},
    {"sampling_ratio", VT_ATTR_I64, .required = true, .min = 0, .max = 1 << 20},
    {"pyramid_scales", VT_ATTR_I64S, .required = true, .min = 1, .max = INT32_MAX},
    {"aligned", VT_ATTR_BOOL},
    {0},
};

static const struct vt_attr_def output_attrs[] = {
    {"score_threshold", VT_ATTR_F64, .required = true},
    {"nms_threshold", VT_ATTR_F64, .required = true},
    COUNT("num_classes", .required = true, .min = 1),
    COUNT("post_nms_count", .required = true, .min = 0),
    COUNT("max_detections_per_image", .required = true, .min = 0),
    {"class_agnostic_box_regression", VT_ATTR_BOOL}, /* has no effect: class 0 never counts */
    {"max_delta_log_wh", VT_ATTR_F64, .required = true},
    {"deltas_weights", VT_ATTR_F64S, .required = true},
    {0},
};

#define DETECTRON(NAME, MIN_IN, MAX_IN, OUTPUTS, FLAGS, ATTRS, INFER, EVAL)                                  \
    {                                                                                                        \
        .name = "ExperimentalDetectron" NAME, .opset = 6, .min_in = MIN_IN, .max_in = MAX_IN,                \
        .n_out = OUTPUTS, .flags = FLAGS, .attrs = ATTRS, .infer = INFER, .eval = EVAL                       \
    }

const struct vt_op_def vt_op_detectron[] = {
    DETECTRON("PriorGridGenerator", 3, 3, 1, 0, grid_attrs, infer_grid, vt_detectron_grid_ref),
    DETECTRON("TopKROIs", 2, 2, 1, 0, top_attrs, infer_top, vt_detectron_top_ref),
    DETECTRON("ROIFeatureExtractor", 2, 2, 2, VT_OP_VARIADIC, feature_attrs, infer_features,
              vt_detectron_features_ref),
    DETECTRON("DetectionOutput", 4, 4, 3, 0, output_attrs, infer_output, vt_detectron_output_ref),
    {0},
};
