/* NMSRotated-13. */
#include "nms_rotated.h"

#include "element.h"
#include "shape.h"

static int check(struct vt_infer *c)
{
    const struct vt_pshape *box = &c->in[0]->shape, *score = &c->in[1]->shape;
    struct vt_dim both;

    for (int i = 0; i < 2; i++) {
        enum vt_type type = c->in[i]->type;

        if (type != VT_DYNAMIC && !vt_is_float(type)) {
            return vt_fail(c->err, VT_E_TYPE, "input %d must be of a float type, not %s", i,
                           vt_type_info(type)->name);
        }
        if (c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank != 3) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have 3 axes, not %d", i, c->in[i]->shape.rank);
        }
    }
    if (box->rank == 3 && !vt_dim_can_be(box->dims[2], 5)) {
        return vt_fail(c->err, VT_E_SHAPE, "the last axis of input 0 must have 5 elements");
    }
    if (box->rank == 3 && score->rank == 3 &&
        (!vt_dim_meet(box->dims[0], score->dims[0], &both) ||
         !vt_dim_meet(box->dims[1], score->dims[2], &both))) {
        return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ in batch or number of boxes");
    }
    for (int i = 2; i < 5; i++) {
        int status = vt_infer_list(c, i, i == 2 ? "the number of boxes" : "a threshold", 1);

        if (status) {
            return status;
        }
    }
    return vt_infer_integral(c, 2, "the number of boxes");
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape selected = {.rank = 2, .dims = {vt_dim_any(), vt_dim_fixed(3)}};
    struct vt_pshape one = {.rank = 1, .dims = {vt_dim_fixed(1)}};
    enum vt_type type = vt_attr_type_of(c->node, "output_type");
    int status = check(c);

    if (status) {
        return status;
    }
    if (type != VT_I32 && type != VT_I64) {
        return vt_fail(c->err, VT_E_TYPE, "attribute output_type must be i32 or i64, not %s",
                       vt_type_info(type)->name);
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
