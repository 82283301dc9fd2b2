#include "mvn.h"

#include "lines.h"
#include "shape.h"

static int infer_1(struct vt_infer *c)
{
    return vt_infer_unary_float(c);
}

static int infer_6(struct vt_infer *c)
{
    int status = vt_infer_unary_float(c);

    return status ? status : vt_infer_axes(c, 1, c->in[0]->shape.rank);
}

static const struct vt_attr_def attrs_1[] = {
    {"across_channels", VT_ATTR_BOOL},
    {"normalize_variance", VT_ATTR_BOOL, .def.i = 1},
    {"eps", VT_ATTR_F64, .def.f = 1e-9},
    {"reduction_axes", VT_ATTR_I64S},
    {0},
};

static const struct vt_attr_def attrs_6[] = {
    {"normalize_variance", VT_ATTR_BOOL, .required = true},
    {"eps", VT_ATTR_F64, .required = true},
    {"eps_mode", VT_ATTR_STR, .def.s = "inside_sqrt", .allowed = "inside_sqrt|outside_sqrt"},
    {0},
};

/* Version 1 came with opset2; its axes are all but the batch, or all but batch and channels, unless
 * reduction_axes lists others. */
const struct vt_op_def vt_op_mvn[] = {
    {.name = "MVN",
     .opset = 2,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs_1,
     .infer = infer_1,
     .eval = vt_mvn_ref},
    {.name = "MVN",
     .opset = 6,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs_6,
     .infer = infer_6,
     .eval = vt_mvn_ref},
    {0},
};
