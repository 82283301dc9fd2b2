/* Binary element-wise operations with broadcasting: arithmetic, comparisons, logic, bits. */
#include "binary.h"

#include "auto_broadcast.h"
#include "element.h"
#include "graph.h"
#include "shape.h"

static int wrong_type(struct vt_infer *c, enum vt_type type, const char *want)
{
    return vt_fail(c->err, VT_E_TYPE, "inputs must be of %s type, not %s", want, vt_type_info(type)->name);
}

/* Type and shape; the result is boolean when `out` says so. */
static int infer_as(struct vt_infer *c, enum vt_type out)
{
    struct vt_pshape shape;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 1, &type);

    if (status == VT_OK) {
        status = vt_infer_auto_broadcast(c, 0, 1, &shape);
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, out == VT_DYNAMIC ? type : out, &shape);
    }
    return status;
}

static int infer_arithmetic(struct vt_infer *c)
{
    int status = infer_as(c, VT_DYNAMIC);
    enum vt_type type = c->out[0].type;

    if (status == VT_OK && (type == VT_BOOLEAN || type == VT_STRING)) {
        return wrong_type(c, type, "a numeric");
    }
    return status;
}

static int infer_equality(struct vt_infer *c)
{
    return infer_as(c, VT_BOOLEAN);
}

static int infer_order(struct vt_infer *c)
{
    int status = infer_as(c, VT_BOOLEAN);

    for (int i = 0; i < 2 && status == VT_OK; i++) {
        status = c->in[i]->type == VT_STRING ? wrong_type(c, VT_STRING, "a numeric or boolean") : VT_OK;
    }
    return status;
}

static int infer_floats(struct vt_infer *c)
{
    int status = infer_as(c, VT_DYNAMIC);
    enum vt_type type = c->out[0].type;

    return status == VT_OK && type != VT_DYNAMIC && !vt_is_float(type) ? wrong_type(c, type, "a float")
                                                                       : status;
}

static int infer_logical(struct vt_infer *c)
{
    int status = infer_as(c, VT_DYNAMIC);
    enum vt_type type = c->out[0].type;

    if (status == VT_OK && type != VT_BOOLEAN && type != VT_DYNAMIC) {
        return wrong_type(c, type, "boolean");
    }
    c->out[0].type = VT_BOOLEAN;
    return status;
}

static int infer_bits(struct vt_infer *c)
{
    int status = infer_as(c, VT_DYNAMIC);
    enum vt_type type = c->out[0].type;

    if (status == VT_OK && type != VT_DYNAMIC && !vt_is_integral(type)) {
        return wrong_type(c, type, "an integer or boolean");
    }
    return status;
}

static int infer_shift(struct vt_infer *c)
{
    int status = infer_bits(c);

    return status == VT_OK && c->out[0].type == VT_BOOLEAN ? wrong_type(c, VT_BOOLEAN, "an integer") : status;
}

static struct vt_interval rule(const struct vt_infer *c, const struct vt_interval *in)
{
    const struct vt_binary *op = vt_binary_find(c->node->op->name);

    if (vt_interval_exact(in[0]) && vt_interval_exact(in[1])) {
        int64_t v = op->whole(in[0].lo, in[1].lo, c->in[0]->type == VT_U64);

        return (struct vt_interval){v, v};
    }
    if (op->range) {
        return op->range(in[0], in[1]);
    }
    return c->out[0].type == VT_BOOLEAN ? (struct vt_interval){0, 1} : vt_interval_any();
}

static int bounds(struct vt_infer *c)
{
    return vt_bounds_each(c, rule);
}

static const struct vt_attr_def attrs[] = {
    VT_AUTO_BROADCAST_ATTR,
    {0},
};

static const struct vt_attr_def divide_attrs[] = {
    VT_AUTO_BROADCAST_ATTR,
    {"m_pythondiv", VT_ATTR_BOOL, .def.i = 1}, /* has no effect: integers always truncate */
    {0},
};

#define ROW(op_name, first_opset, infer_fn, attr_rows)                                                       \
    {                                                                                                        \
        .name = op_name, .opset = first_opset, .min_in = 2, .max_in = 2, .n_out = 1,                         \
        .flags = VT_OP_ELEMENTWISE | ((infer_fn) == infer_equality ? VT_OP_STRINGS : 0), .attrs = attr_rows, \
        .infer = infer_fn, .eval = vt_binary_ref, .bounds = bounds                                           \
    }

const struct vt_op_def vt_op_binary[] = {
    ROW("Add", 1, infer_arithmetic, attrs),
    ROW("Subtract", 1, infer_arithmetic, attrs),
    ROW("Multiply", 1, infer_arithmetic, attrs),
    ROW("Divide", 1, infer_arithmetic, divide_attrs),
    ROW("Maximum", 1, infer_arithmetic, attrs),
    ROW("Minimum", 1, infer_arithmetic, attrs),
    ROW("Mod", 1, infer_arithmetic, attrs),
    ROW("FloorMod", 1, infer_arithmetic, attrs),
    ROW("Atan2", 17, infer_floats, attrs),
    ROW("Power", 1, infer_arithmetic, attrs),
    ROW("SquaredDifference", 1, infer_arithmetic, attrs),
    ROW("Equal", 1, infer_equality, attrs),
    ROW("NotEqual", 1, infer_equality, attrs),
    ROW("Less", 1, infer_order, attrs),
    ROW("LessEqual", 1, infer_order, attrs),
    ROW("Greater", 1, infer_order, attrs),
    ROW("GreaterEqual", 1, infer_order, attrs),
    ROW("LogicalAnd", 1, infer_logical, attrs),
    ROW("LogicalOr", 1, infer_logical, attrs),
    ROW("LogicalXor", 1, infer_logical, attrs),
    ROW("Xor", 1, infer_logical, attrs),
    ROW("BitwiseAnd", 13, infer_bits, attrs),
    ROW("BitwiseOr", 13, infer_bits, attrs),
    ROW("BitwiseXor", 13, infer_bits, attrs),
    ROW("BitwiseLeftShift", 15, infer_shift, attrs),
    ROW("BitwiseRightShift", 15, infer_shift, attrs),
    {0},
};
