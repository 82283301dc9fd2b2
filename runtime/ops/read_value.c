#include "read_value.h"

#include "shape.h"

static int infer_3(struct vt_infer *c)
{
    vt_infer_like(c, 0, 0);
    return VT_OK;
}

/* The declared type and shape of the variable; the initial value is only the first of many. */
static int infer_6(struct vt_infer *c)
{
    enum vt_type type = vt_attr_type_of(c->node, "variable_type");
    const struct vt_pshape *shape = vt_attr_shape(c->node, "variable_shape");
    const struct vt_value *init = c->n_in ? c->in[0] : NULL;
    struct vt_pshape both;
    char a[200], b[200];

    if (init && init->type != VT_DYNAMIC && type != VT_DYNAMIC && init->type != type) {
        return vt_fail(c->err, VT_E_TYPE, "variable '%s' is %s, its initial value %s",
                       vt_attr_str(c->node, "variable_id"), vt_type_info(type)->name,
                       vt_type_info(init->type)->name);
    }
    if (init && shape && !vt_pshape_meet(&init->shape, shape, &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "variable '%s' has shape %s, its initial value %s",
                       vt_attr_str(c->node, "variable_id"), vt_pshape_text(shape, a, sizeof(a)),
                       vt_pshape_text(&init->shape, b, sizeof(b)));
    }
    type = type == VT_DYNAMIC && init ? init->type : type;
    if (shape) {
        vt_infer_set(c, 0, type, shape);
    } else {
        vt_infer_unknown(c, 0, type);
    }
    return VT_OK;
}

static const struct vt_attr_def attrs_3[] = {
    {"variable_id", VT_ATTR_STR, .required = true},
    {0},
};

static const struct vt_attr_def attrs_6[] = {
    {"variable_id", VT_ATTR_STR, .required = true},
    {"variable_type", VT_ATTR_TYPE},
    {"variable_shape", VT_ATTR_SHAPE},
    {0},
};

#define READ  (VT_OP_STATEFUL | VT_OP_DATA_SHAPE | VT_OP_NO_FOLD)
#define WRITE (VT_OP_STATEFUL | VT_OP_SINK | VT_OP_NO_FOLD)

const struct vt_op_def vt_op_read_value[] = {
    {.name = "ReadValue",
     .opset = 3,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = READ,
     .attrs = attrs_3,
     .infer = infer_3,
     .eval = vt_read_value_ref},
    {.name = "ReadValue",
     .opset = 6,
     .min_in = 0,
     .max_in = 1,
     .n_out = 1,
     .flags = READ,
     .attrs = attrs_6,
     .infer = infer_6,
     .eval = vt_read_value_ref},
    {.name = "Assign",
     .opset = 3,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = WRITE,
     .attrs = attrs_3,
     .infer = vt_infer_unary,
     .eval = vt_assign_ref},
    {.name = "Assign",
     .opset = 6,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = WRITE,
     .attrs = attrs_6,
     .infer = vt_infer_unary,
     .eval = vt_assign_ref},
    {0},
};
