/* GenerateProposals-9 and ExperimentalDetectronGenerateProposalsSingleImage-6. */
#include "generate_proposals.h"

#include "shape.h"

static int check(struct vt_infer *c, const int *ranks, enum vt_type *type)
{
    int status = vt_infer_same_float(c, 0, 3, type);

    for (int i = 0; i < 4 && status == VT_OK; i++) {
        int rank = c->in[i]->shape.rank;

        if (rank >= 0 && rank != ranks[i]) {
            status = vt_fail(c->err, VT_E_SHAPE, "input %d must have %d axes, not %d", i, ranks[i], rank);
        }
    }
    return status;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape boxes = {2, {vt_dim_any(), vt_dim_fixed(4)}}, scores = {1, {vt_dim_any()}};
    struct vt_pshape counts = {1, {vt_dim_any()}};
    enum vt_type type, count_type;
    int status = check(c, (const int[]){2, 4, 4, 4}, &type);

    status = status ? status : vt_infer_index_type(c, "roi_num_type", &count_type);
    if (status) {
        return status;
    }
    for (int i = 0; i < 4; i++) {
        if (i != 1 && c->in[i]->shape.rank > 0 &&
            !vt_dim_meet(counts.dims[0], c->in[i]->shape.dims[0], &counts.dims[0])) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d is for another number of images", i);
        }
    }
    vt_infer_set(c, 0, type, &boxes);
    vt_infer_set(c, 1, type, &scores);
    vt_infer_set(c, 2, count_type, &counts);
    return VT_OK;
}

static int infer_single(struct vt_infer *c)
{
    int64_t count = vt_attr_i64(c->node, "post_nms_count");
    struct vt_pshape boxes = {2, {vt_dim_fixed(count), vt_dim_fixed(4)}}, scores = {1, {vt_dim_fixed(count)}};
    enum vt_type type;
    int status = check(c, (const int[]){1, 2, 3, 3}, &type);

    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &boxes);
        vt_infer_set(c, 1, type, &scores);
    }
    return status;
}

#define ATTRS                                                                                                \
    {"min_size", VT_ATTR_F64, .required = true}, {"nms_threshold", VT_ATTR_F64, .required = true},           \
        {"pre_nms_count", VT_ATTR_I64, .required = true, .min = 0, .max = INT32_MAX},                        \
    {                                                                                                        \
        "post_nms_count", VT_ATTR_I64, .required = true, .min = 0, .max = INT32_MAX                          \
    }

static const struct vt_attr_def attrs[] = {
    ATTRS,
    {"normalized", VT_ATTR_BOOL, .def.i = 1},
    {"nms_eta", VT_ATTR_F64, .def.f = 1},
    {"roi_num_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

static const struct vt_attr_def single_attrs[] = {
    ATTRS,
    {0},
};

const struct vt_op_def vt_op_generate_proposals[] = {
    {.name = "GenerateProposals",
     .opset = 9,
     .min_in = 4,
     .max_in = 4,
     .n_out = 3,
     .flags = VT_OP_DATA_SHAPE,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_generate_proposals_ref},
    {.name = "ExperimentalDetectronGenerateProposalsSingleImage",
     .opset = 6,
     .min_in = 4,
     .max_in = 4,
     .n_out = 2,
     .attrs = single_attrs,
     .infer = infer_single,
     .eval = vt_detectron_proposals_ref},
    {0},
};
