/* Unary element-wise operations and activations. */
#include "unary.h"

#include "element.h"
#include "graph.h"
#include "move.h"
#include "shape.h"

static int infer_numeric(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;

    if (type == VT_BOOLEAN || type == VT_STRING) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    return vt_infer_unary(c);
}

static int infer_clamp(struct vt_infer *c)
{
    double low = vt_attr_f64(c->node, "min"), high = vt_attr_f64(c->node, "max");

    if (!(low <= high)) {
        return vt_fail(c->err, VT_E_INVALID, "attribute min=%g is above max=%g", low, high);
    }
    return infer_numeric(c);
}

static int infer_test(struct vt_infer *c)
{
    int status = vt_infer_unary_float(c);

    c->out[0].type = VT_BOOLEAN;
    return status;
}

static int infer_not(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;

    if (type != VT_BOOLEAN && type != VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be boolean, not %s", vt_type_info(type)->name);
    }
    vt_infer_set(c, 0, VT_BOOLEAN, &c->in[0]->shape);
    return VT_OK;
}

static int infer_bits(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;

    if (type != VT_DYNAMIC && !vt_is_integral(type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of an integer or boolean type, not %s",
                       vt_type_info(type)->name);
    }
    return vt_infer_unary(c);
}

/* Inputs 1.. are parameters: scalars, or one element in rank 1 where `loose`. */
static int infer_params(struct vt_infer *c, bool loose)
{
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, c->n_in - 1, &type);
    char text[256];

    for (int i = 1; status == VT_OK && i < c->n_in; i++) {
        const struct vt_pshape *s = c->in[i] ? &c->in[i]->shape : NULL;

        if (s && s->rank >= 0 && s->rank != 0 && !(loose && s->rank == 1 && vt_dim_can_be(s->dims[0], 1))) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must be a scalar, its shape is %s", i,
                           vt_pshape_text(s, text, sizeof(text)));
        }
    }
    return status ? status : infer_numeric(c);
}

static int infer_swish(struct vt_infer *c)
{
    int status = vt_infer_unary_float(c);

    return status ? status : infer_params(c, false);
}

/* Models keep Selu's parameters as scalars or as one element in rank 1. */
static int infer_loose_params(struct vt_infer *c)
{
    return infer_params(c, true);
}

static int infer_prelu(struct vt_infer *c)
{
    const struct vt_pshape *x = &c->in[0]->shape, *slope = &c->in[1]->shape;
    struct vt_pshape both = *x;
    char a[256], b[256];
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 1, &type);

    if (status) {
        return status;
    }
    if (slope->rank == 1 && x->rank >= 2 &&
        (vt_dim_can_be(slope->dims[0], 1) || vt_dim_meet(slope->dims[0], x->dims[1], &both.dims[1]))) {
        return infer_numeric(c);
    }
    if (x->rank >= 0 && slope->rank >= 0 && (!vt_pshape_broadcast(&both, slope) || both.rank != x->rank)) {
        return vt_fail(c->err, VT_E_SHAPE, "slope (input 1) of shape %s does not fit data of shape %s",
                       vt_pshape_text(slope, a, sizeof(a)), vt_pshape_text(x, b, sizeof(b)));
    }
    return infer_numeric(c);
}

/* ---- bounds: every rule here is monotone */

static struct vt_interval rising(const struct vt_infer *c, const struct vt_interval *in)
{
    const struct vt_unary *op = vt_unary_find(c->node->op->name, c->in[0]->type);
    double p[VT_UNARY_PARAMS];

    vt_unary_params(c->node, p);
    return (struct vt_interval){op->whole(in[0].lo, p, false), op->whole(in[0].hi, p, false)};
}

static struct vt_interval falling(const struct vt_infer *c, const struct vt_interval *in)
{
    struct vt_interval r = rising(c, in);

    return (struct vt_interval){r.hi, r.lo};
}

static struct vt_interval negative(const struct vt_infer *c, const struct vt_interval *in)
{
    (void)c;
    return vt_interval_neg(in[0]);
}

static struct vt_interval absolute(const struct vt_infer *c, const struct vt_interval *in)
{
    struct vt_interval n = vt_interval_neg(in[0]);

    (void)c;
    if (in[0].lo >= 0) {
        return in[0];
    }
    return in[0].hi <= 0 ? n : (struct vt_interval){0, n.hi > in[0].hi ? n.hi : in[0].hi};
}

static int bounds_rising(struct vt_infer *c)
{
    return vt_bounds_each(c, rising);
}

static int bounds_falling(struct vt_infer *c)
{
    return vt_bounds_each(c, falling);
}

static int bounds_negative(struct vt_infer *c)
{
    return vt_bounds_each(c, negative);
}

static int bounds_absolute(struct vt_infer *c)
{
    return vt_bounds_each(c, absolute);
}

/* ---- rows */

static const struct vt_attr_def clamp_attrs[] = {
    {"min", VT_ATTR_F64, .required = true},
    {"max", VT_ATTR_F64, .required = true},
    {0},
};

static const struct vt_attr_def elu_attrs[] = {
    {"alpha", VT_ATTR_F64, .required = true},
    {0},
};

static const struct vt_attr_def gelu_attrs[] = {
    {"approximation_mode", VT_ATTR_STR, .def.s = "ERF", .allowed = "ERF|TANH"},
    {0},
};

static const struct vt_attr_def round_attrs[] = {
    {"mode", VT_ATTR_STR, .def.s = "half_to_even", .allowed = "half_to_even|half_away_from_zero"},
    {0},
};

static const struct vt_attr_def isinf_attrs[] = {
    {"detect_negative", VT_ATTR_BOOL, .def.i = 1},
    {"detect_positive", VT_ATTR_BOOL, .def.i = 1},
    {0},
};

/* clang-format off */
#define ROWS(op_name, first_opset, least, most, infer_fn, eval_fn, ...)                                       \
    {                                                                                                        \
        .name = op_name, .opset = first_opset, .min_in = least, .max_in = most, .n_out = 1,                  \
        .flags = VT_OP_ELEMENTWISE, .infer = infer_fn, .eval = eval_fn, __VA_ARGS__                          \
    }
#define ROW(op_name, first_opset, infer_fn, ...)                                                             \
    ROWS(op_name, first_opset, 1, 1, infer_fn, vt_unary_ref, __VA_ARGS__)

const struct vt_op_def vt_op_unary[] = {
    ROW("Abs", 1, infer_numeric, .bounds = bounds_absolute),
    ROW("Acos", 1, infer_numeric),
    ROW("Acosh", 4, infer_numeric),
    ROW("Asin", 1, infer_numeric),
    ROW("Asinh", 4, infer_numeric),
    ROW("Atan", 1, infer_numeric),
    ROW("Atanh", 4, infer_numeric),
    ROW("Ceiling", 1, infer_numeric, .bounds = bounds_rising),
    ROW("Clamp", 1, infer_clamp, .attrs = clamp_attrs, .bounds = bounds_rising),
    ROW("Cos", 1, infer_numeric),
    ROW("Cosh", 1, infer_numeric),
    ROW("Elu", 1, infer_numeric, .attrs = elu_attrs),
    ROW("Erf", 1, infer_numeric),
    ROW("ErfInv", 17, vt_infer_unary_float),
    ROW("Exp", 1, infer_numeric),
    ROW("Floor", 1, infer_numeric, .bounds = bounds_rising),
    ROW("Gelu", 2, vt_infer_unary_float),
    ROW("Gelu", 7, vt_infer_unary_float, .attrs = gelu_attrs),
    ROW("HSigmoid", 5, infer_numeric),
    ROW("HSwish", 4, infer_numeric),
    ROW("Log", 1, infer_numeric),
    ROW("LogicalNot", 1, infer_not, .bounds = bounds_falling),
    ROW("BitwiseNot", 13, infer_bits, .bounds = bounds_falling),
    ROW("Mish", 4, vt_infer_unary_float),
    ROW("Negative", 1, infer_numeric, .bounds = bounds_negative),
    ROW("Relu", 1, infer_numeric, .bounds = bounds_rising),
    ROW("Round", 5, infer_numeric, .attrs = round_attrs, .bounds = bounds_rising),
    ROW("Sigmoid", 1, infer_numeric),
    ROW("Sign", 1, infer_numeric, .bounds = bounds_rising),
    ROW("Sin", 1, infer_numeric),
    ROW("Sinh", 1, infer_numeric),
    ROW("SoftPlus", 4, vt_infer_unary_float),
    ROW("SoftSign", 9, vt_infer_unary_float),
    ROW("Sqrt", 1, infer_numeric),
    ROW("Tan", 1, infer_numeric),
    ROW("Tanh", 1, infer_numeric),
    ROW("IsFinite", 10, infer_test),
    ROW("IsInf", 10, infer_test, .attrs = isinf_attrs),
    ROW("IsNaN", 10, infer_test),
    ROWS("Identity", 16, 1, 1, vt_infer_unary, vt_copy_ref, .moves = 1),
    ROWS("Swish", 4, 1, 2, infer_swish, vt_unary_ref),
    ROWS("Selu", 1, 3, 3, infer_loose_params, vt_unary_ref),
    ROWS("HardSigmoid", 1, 3, 3, infer_loose_params, vt_unary_ref),
    ROWS("PRelu", 1, 2, 2, infer_prelu, vt_prelu_ref),
    {0},
};
/* clang-format on */
