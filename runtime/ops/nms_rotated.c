/* NMSRotated-13. */
#include "nms_rotated.h"

#include "non_max_suppression.h"
#include "shape.h"

static int check(struct vt_infer *c)
{
    struct vt_dim batch, classes, boxes;
    int status = vt_nms_inputs(c, 5, &batch, &classes, &boxes);

    for (int i = 2; i < 5 && status == VT_OK; i++) {
        status = vt_infer_list(c, i, i == 2 ? "the number of boxes" : "a threshold", 1);
    }
    return status ? status : vt_infer_integral(c, 2, "the number of boxes");
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape selected = {.rank = 2, .dims = {vt_dim_any(), vt_dim_fixed(3)}};
    struct vt_pshape one = {.rank = 1, .dims = {vt_dim_fixed(1)}};
    enum vt_type type;
    int status = check(c);

    status = status ? status : vt_infer_index_type(c, "output_type", &type);
    if (status) {
        return status;
    }
    vt_infer_set(c, 0, type, &selected);
    vt_infer_set(c, 1, VT_F32, &selected);
    vt_infer_set(c, 2, type, &one);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"sort_result_descending", VT_ATTR_BOOL, .def.i = 1},
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {"clockwise", VT_ATTR_BOOL, .def.i = 1},
    {0},
};

const struct vt_op_def vt_op_nms_rotated[] = {
    {.name = "NMSRotated",
     .opset = 13,
     .min_in = 5,
     .max_in = 5,
     .n_out = 3,
     .flags = VT_OP_DATA_SHAPE,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_nms_rotated_ref},
    {0},
};
