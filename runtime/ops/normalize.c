/* Normalizations by sums of squares and by groups of channels. */
#include "normalize.h"

#include "lines.h"
#include "shape.h"

static int infer_axes(struct vt_infer *c)
{
    int status = vt_infer_unary_float(c);

    return status ? status : vt_infer_axes(c, 1, c->in[0]->shape.rank);
}

static int infer_grn(struct vt_infer *c)
{
    int rank = c->in[0]->shape.rank;

    if (rank >= 0 && rank < 2) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have 2 axes or more, not %d", rank);
    }
    return vt_infer_unary_float(c);
}

static int infer_groups(struct vt_infer *c)
{
    struct vt_pshape shape = c->in[0]->shape;
    int64_t groups = vt_attr_i64(c->node, "num_groups");
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 2, &type);

    status = status ? status : infer_grn(c);
    if (status) {
        return status;
    }
    if (shape.rank > 1 && vt_dim_is_static(shape.dims[1]) && shape.dims[1].min % groups) {
        return vt_fail(c->err, VT_E_SHAPE, "%lld channels cannot form %lld groups",
                       (long long)shape.dims[1].min, (long long)groups);
    }
    for (int i = 1; i < 3; i++) {
        struct vt_pshape want = {.rank = 1, .dims = {shape.rank > 1 ? shape.dims[1] : vt_dim_any()}}, both;
        char text[256];

        if (!vt_pshape_meet(&c->in[i]->shape, &want, &both)) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have one element per channel, not shape %s", i,
                           vt_pshape_text(&c->in[i]->shape, text, sizeof(text)));
        }
    }
    return VT_OK;
}

static const struct vt_attr_def l2_attrs[] = {
    {"eps", VT_ATTR_F64, .required = true},
    {"eps_mode", VT_ATTR_STR, .required = true, .allowed = "add|max"},
    {0},
};

static const struct vt_attr_def grn_attrs[] = {
    {"bias", VT_ATTR_F64, .required = true},
    {0},
};

static const struct vt_attr_def lrn_attrs[] = {
    {"alpha", VT_ATTR_F64, .required = true},
    {"beta", VT_ATTR_F64, .required = true},
    {"bias", VT_ATTR_F64, .required = true},
    {"size", VT_ATTR_I64, .required = true, .min = 1, .max = INT32_MAX},
    {0},
};

static const struct vt_attr_def group_attrs[] = {
    {"num_groups", VT_ATTR_I64, .required = true, .min = 1, .max = INT64_MAX},
    {"epsilon", VT_ATTR_F64, .required = true},
    {0},
};

const struct vt_op_def vt_op_normalize[] = {
    {.name = "NormalizeL2",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = l2_attrs,
     .infer = infer_axes,
     .eval = vt_normalize_l2_ref},
    {.name = "GRN",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = grn_attrs,
     .infer = infer_grn,
     .eval = vt_grn_ref},
    {.name = "LRN",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = lrn_attrs,
     .infer = infer_axes,
     .eval = vt_lrn_ref},
    {.name = "GroupNormalization",
     .opset = 12,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .attrs = group_attrs,
     .infer = infer_groups,
     .eval = vt_group_normalization_ref},
    {0},
};
