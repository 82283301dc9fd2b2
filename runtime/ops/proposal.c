/* Proposal-1 and -4; the latter has the scores as a second output. */
#include "proposal.h"

#include "shape.h"

static int check(struct vt_infer *c, struct vt_dim *batch)
{
    const struct vt_pshape *scores = &c->in[0]->shape, *deltas = &c->in[1]->shape, *size = &c->in[2]->shape;
    int64_t ratios, scales;
    struct vt_dim both;

    vt_attr_f64s(c->node, "ratio", &ratios);
    vt_attr_f64s(c->node, "scale", &scales);
    if (ratios < 1 || scales < 1 || ratios > 1024 || scales > 1024) {
        return vt_fail(c->err, VT_E_INVALID, "there must be ratios and scales, at most 1024 of each");
    }
    *batch = vt_dim_any();
    for (int i = 0; i < 2; i++) {
        const struct vt_pshape *shape = &c->in[i]->shape;
        int64_t channels = (i == 0 ? 2 : 4) * ratios * scales;

        if (shape->rank >= 0 && (shape->rank != 4 || !vt_dim_can_be(shape->dims[1], channels))) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must be [N, %lld, H, W]", i, (long long)channels);
        }
        if (shape->rank == 4 && !vt_dim_meet(*batch, shape->dims[0], batch)) {
            return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ in the number of images");
        }
    }
    for (int i = 2; scores->rank == 4 && deltas->rank == 4 && i < 4; i++) {
        if (!vt_dim_meet(scores->dims[i], deltas->dims[i], &both)) {
            return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ on axis %d", i);
        }
    }
    if (size->rank >= 0 &&
        (size->rank > 2 || size->rank < 1 ||
         (!vt_dim_can_be(size->dims[size->rank - 1], 3) && !vt_dim_can_be(size->dims[size->rank - 1], 4)))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 must have 3 or 4 elements");
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape boxes = {2, {vt_dim_any(), vt_dim_fixed(5)}};
    struct vt_dim batch;
    enum vt_type type;
    int status = vt_infer_same_float(c, 0, 2, &type);

    status = status ? status : check(c, &batch);
    if (status) {
        return status;
    }
    boxes.dims[0] = vt_dim_mul(batch, vt_dim_fixed(vt_attr_i64(c->node, "post_nms_topn")));
    vt_infer_set(c, 0, type, &boxes);
    if (c->n_out > 1) {
        boxes.rank = 1;
        vt_infer_set(c, 1, type, &boxes);
    }
    return VT_OK;
}

#define COUNT(NAME, LEAST)                                                                                   \
    {                                                                                                        \
        NAME, VT_ATTR_I64, .required = true, .min = LEAST, .max = INT32_MAX                                  \
    }

static const struct vt_attr_def attrs[] = {
    COUNT("base_size", 1),
    COUNT("pre_nms_topn", 1),
    COUNT("post_nms_topn", 1),
    COUNT("feat_stride", 1),
    COUNT("min_size", 0),
    {"nms_thresh", VT_ATTR_F64, .required = true},
    {"ratio", VT_ATTR_F64S, .required = true},
    {"scale", VT_ATTR_F64S, .required = true},
    {"clip_before_nms", VT_ATTR_BOOL, .def.i = 1},
    {"clip_after_nms", VT_ATTR_BOOL},
    {"normalize", VT_ATTR_BOOL},
    {"box_size_scale", VT_ATTR_F64, .def.f = 1},
    {"box_coordinate_scale", VT_ATTR_F64, .def.f = 1},
    {"framework", VT_ATTR_STR, .def.s = ""},
    {0},
};

#define PROPOSAL(OPSET, OUTPUTS)                                                                             \
    {                                                                                                        \
        .name = "Proposal", .opset = OPSET, .min_in = 3, .max_in = 3, .n_out = OUTPUTS, .attrs = attrs,      \
        .infer = infer, .eval = vt_proposal_ref                                                              \
    }

const struct vt_op_def vt_op_proposal[] = {
    PROPOSAL(1, 1),
    PROPOSAL(4, 2),
    {0},
};
