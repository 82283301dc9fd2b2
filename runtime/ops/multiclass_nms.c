/* MulticlassNms-8, -9 and MatrixNms-8. */
#include "multiclass_nms.h"

#include "element.h"
#include "shape.h"

static bool per_class(const struct vt_infer *c)
{
    return c->n_in > 2 && c->in[2];
}

static int check(struct vt_infer *c, enum vt_type *type, struct vt_dim *batch)
{
    const struct vt_pshape *box = &c->in[0]->shape, *score = &c->in[1]->shape;
    struct vt_dim first, boxes;
    int score_rank = per_class(c) ? 2 : 3, status = vt_infer_same_type(c, 0, 1, type);

    *batch = vt_dim_any();
    if (status) {
        return status;
    }
    if (*type != VT_DYNAMIC && !vt_is_float(*type)) {
        return vt_fail(c->err, VT_E_TYPE, "boxes and scores must be of a float type, not %s",
                       vt_type_info(*type)->name);
    }
    if (box->rank >= 0 && (box->rank != 3 || !vt_dim_can_be(box->dims[2], 4))) {
        return vt_fail(c->err, VT_E_SHAPE, "boxes (input 0) must have 3 axes, the last one of 4 elements");
    }
    if (score->rank >= 0 && score->rank != score_rank) {
        return vt_fail(c->err, VT_E_SHAPE, "scores (input 1) must have %d axes, not %d", score_rank,
                       score->rank);
    }
    if (box->rank == 3) {
        *batch = box->dims[0];
    }
    if (box->rank == 3 && score->rank >= 0 &&
        (!vt_dim_meet(box->dims[0], score->dims[0], &first) ||
         !vt_dim_meet(box->dims[1], score->dims[score_rank - 1], &boxes))) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "inputs 0 and 1 differ in their first axis or in the number of boxes");
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape boxes = {2, {vt_dim_any(), vt_dim_fixed(6)}},
                     indices = {2, {vt_dim_any(), vt_dim_fixed(1)}};
    struct vt_pshape counts = {1, {vt_dim_any()}};
    enum vt_type type, index_type;
    int status = check(c, &type, &counts.dims[0]);

    status = status ? status : vt_infer_index_type(c, "output_type", &index_type);
    if (status) {
        return status;
    }
    if (per_class(c)) {
        const struct vt_pshape *rois = &c->in[2]->shape;

        status = vt_infer_integral(c, 2, "the number of boxes of each image");
        if (status) {
            return status;
        }
        if (rois->rank >= 0 && rois->rank != 1) {
            return vt_fail(c->err, VT_E_SHAPE, "input 2 must have 1 axis, not %d", rois->rank);
        }
        counts.dims[0] = rois->rank == 1 ? rois->dims[0] : vt_dim_any();
    }
    vt_infer_set(c, 0, type, &boxes);
    vt_infer_set(c, 1, index_type, &indices);
    vt_infer_set(c, 2, index_type, &counts);
    return VT_OK;
}

#define ATTRS                                                                                                \
    {"sort_result_type", VT_ATTR_STR, .def.s = "none", .allowed = "classid|score|none"},                     \
        {"sort_result_across_batch", VT_ATTR_BOOL}, {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},          \
        {"score_threshold", VT_ATTR_F64},                                                                    \
        {"nms_top_k", VT_ATTR_I64, .def.i = -1, .min = -1, .max = INT32_MAX},                                \
        {"keep_top_k", VT_ATTR_I64, .def.i = -1, .min = -1, .max = INT32_MAX},                               \
        {"background_class", VT_ATTR_I64, .def.i = -1, .min = -1, .max = INT32_MAX},                         \
    {                                                                                                        \
        "normalized", VT_ATTR_BOOL, .def.i = 1                                                               \
    }

static const struct vt_attr_def attrs[] = {
    ATTRS,
    {"iou_threshold", VT_ATTR_F64},
    {"nms_eta", VT_ATTR_F64, .def.f = 1},
    {0},
};

static const struct vt_attr_def matrix_attrs[] = {
    ATTRS,
    {"decay_function", VT_ATTR_STR, .def.s = "linear", .allowed = "linear|gaussian"},
    {"gaussian_sigma", VT_ATTR_F64, .def.f = 2},
    {"post_threshold", VT_ATTR_F64},
    {0},
};

#define NMS(NAME, OPSET, MAX_IN, ATTRS_, EVAL)                                                               \
    {                                                                                                        \
        .name = NAME, .opset = OPSET, .min_in = 2, .max_in = MAX_IN, .n_out = 3, .flags = VT_OP_DATA_SHAPE,  \
        .attrs = ATTRS_, .infer = infer, .eval = EVAL                                                        \
    }

const struct vt_op_def vt_op_multiclass_nms[] = {
    NMS("MulticlassNms", 8, 2, attrs, vt_multiclass_nms_ref),
    NMS("MulticlassNms", 9, 3, attrs, vt_multiclass_nms_ref),
    NMS("MatrixNms", 8, 2, matrix_attrs, vt_matrix_nms_ref),
    {0},
};
