#include "program.h"

#include "element.h"
#include "match.h"

#include <math.h>

/* ---- adding steps */

static bool add_step(struct vt_program *p, int kind, int input, double a, double b)
{
    double *s = p->steps + p->n * VT_POST_STEP, *last = s - VT_POST_STEP;

    if (kind == VT_POST_AFFINE && p->n && (int)last[0] == VT_POST_AFFINE) {
        double scale = a * last[2], shift = a * last[3] + b;

        if (isfinite((float)scale) && isfinite((float)shift)) {
            last[2] = scale;
            last[3] = shift;
            return true;
        }
    }
    if (p->n == VT_POST_MAX_STEPS) {
        return false;
    }
    s[0] = kind;
    s[1] = input;
    s[2] = a;
    s[3] = b;
    p->n++;
    return true;
}

static bool add_unary(struct vt_program *p, int kind, double a, double b)
{
    return add_step(p, kind, -1, a, b);
}

static bool add_binary(struct vt_program *p, int kind, struct vt_port operand)
{
    if (p->n_operands == VT_POST_MAX_STEPS || !vt_match_is_f32(operand) ||
        (p->accept && !p->accept(p->accept_ctx, operand))) {
        return false;
    }
    if (!add_step(p, kind, p->first + p->n_operands, 0, 0)) {
        return false;
    }
    p->operands[p->n_operands++] = operand;
    return true;
}

/* ---- unary operations without and with parameters */

static const struct {
    const char *op;
    int kind;
    double a, b;
} unary[] = {
    {"Relu", VT_POST_RELU, 0, 0},       {"Abs", VT_POST_ABS, 0, 0},
    {"Negative", VT_POST_NEG, 0, 0},    {"Sqrt", VT_POST_SQRT, 0, 0},
    {"Exp", VT_POST_EXP, 0, 0},         {"Log", VT_POST_LOG, 0, 0},
    {"Tanh", VT_POST_TANH, 0, 0},       {"Erf", VT_POST_ERF, 0, 0},
    {"Sigmoid", VT_POST_SIGMOID, 0, 0}, {"HSwish", VT_POST_HSWISH, 0, 0},
    {"Mish", VT_POST_MISH, 0, 0},       {"HSigmoid", VT_POST_HSIGMOID, 1.0 / 6, 0.5},
    {"Floor", VT_POST_FLOOR, 0, 0},     {"SoftPlus", VT_POST_SOFTPLUS, 0, 0},
    {"Ceiling", VT_POST_CEIL, 0, 0},
};

static bool constant_of(const struct vt_node *node, int input, double *value)
{
    return input < node->n_in && vt_match_scalar(node->in[input], node->in[0], value);
}

/* 1: appended, 0: not one of these, -1: one of these, but it does not fit. */
static int append_unary(struct vt_program *p, const struct vt_node *node)
{
    double a = 1, b = 0;
    bool ok;

    for (size_t i = 0; i < sizeof(unary) / sizeof(unary[0]); i++) {
        if (vt_node_is(node, unary[i].op)) {
            return add_unary(p, unary[i].kind, unary[i].a, unary[i].b) ? 1 : -1;
        }
    }
    if (vt_node_is(node, "Clamp")) {
        ok = add_unary(p, VT_POST_CLAMP, vt_attr_f64(node, "min"), vt_attr_f64(node, "max"));
    } else if (vt_node_is(node, "Elu")) {
        ok = add_unary(p, VT_POST_ELU, vt_attr_f64(node, "alpha"), 0);
    } else if (vt_node_is(node, "Gelu")) {
        bool form = node->op->opset >= 7 && vt_attr_is(node, "approximation_mode", "TANH");

        ok = add_unary(p, form ? VT_POST_GELU_TANH : VT_POST_GELU_ERF, 0, 0);
    } else if (vt_node_is(node, "Round")) {
        ok = vt_attr_is(node, "mode", "half_to_even") && add_unary(p, VT_POST_ROUND_EVEN, 0, 0);
    } else if (vt_node_is(node, "Swish")) {
        ok = (node->n_in < 2 || constant_of(node, 1, &a)) && add_unary(p, VT_POST_SWISH, a, 0);
    } else if (vt_node_is(node, "HardSigmoid")) {
        ok = constant_of(node, 1, &a) && constant_of(node, 2, &b) && add_unary(p, VT_POST_HSIGMOID, a, b);
    } else {
        return 0;
    }
    return ok ? 1 : -1;
}

/* ---- binary operations */

static bool append_power(struct vt_program *p, double exponent)
{
    if (exponent == 2) {
        return add_unary(p, VT_POST_SQUARE, 0, 0);
    }
    if (exponent == 0.5) {
        return add_unary(p, VT_POST_SQRT, 0, 0);
    }
    if (exponent == -1) {
        return add_unary(p, VT_POST_RECIP, 0, 0);
    }
    return add_unary(p, VT_POST_POW, exponent, 0);
}

static bool append_divide(struct vt_program *p, double c, bool first)
{
    if (first) {
        return add_unary(p, VT_POST_RECIP, 0, 0) && (c == 1 || add_unary(p, VT_POST_AFFINE, c, 0));
    }
    return c != 0 && isfinite((float)(1 / c)) && add_unary(p, VT_POST_AFFINE, 1 / c, 0);
}

/* The other input is the number `c`; `first`: it is input 0. */
static bool append_with_scalar(struct vt_program *p, const struct vt_node *node, double c, bool first)
{
    if (!isfinite(c)) {
        return false;
    }
    if (vt_node_is(node, "Add")) {
        return add_unary(p, VT_POST_AFFINE, 1, c);
    }
    if (vt_node_is(node, "Subtract")) {
        return add_unary(p, VT_POST_AFFINE, first ? -1 : 1, first ? c : -c);
    }
    if (vt_node_is(node, "Multiply")) {
        return add_unary(p, VT_POST_AFFINE, c, 0);
    }
    if (vt_node_is(node, "Divide")) {
        return append_divide(p, c, first);
    }
    if (vt_node_is(node, "Maximum")) {
        return c == 0 ? add_unary(p, VT_POST_RELU, 0, 0) : add_unary(p, VT_POST_CLAMP, c, INFINITY);
    }
    if (vt_node_is(node, "Minimum")) {
        return add_unary(p, VT_POST_CLAMP, -INFINITY, c);
    }
    if (vt_node_is(node, "SquaredDifference")) {
        return add_unary(p, VT_POST_AFFINE, 1, -c) && add_unary(p, VT_POST_SQUARE, 0, 0);
    }
    return vt_node_is(node, "Power") && !first && append_power(p, c);
}

static const struct {
    const char *op;
    int kind, swapped; /* the chain is input 0, or input 1 */
} binary[] = {
    {"Add", VT_POST_ADD, VT_POST_ADD},      {"Subtract", VT_POST_SUB, VT_POST_RSUB},
    {"Multiply", VT_POST_MUL, VT_POST_MUL}, {"Divide", VT_POST_DIV, VT_POST_RDIV},
    {"Maximum", VT_POST_MAX, VT_POST_MAX},  {"Minimum", VT_POST_MIN, VT_POST_MIN},
};

static bool append_binary(struct vt_program *p, const struct vt_node *node, int side)
{
    struct vt_port other = node->in[1 - side];

    if (vt_match_same(node->in[0], node->in[1])) {
        return vt_node_is(node, "Multiply") && add_unary(p, VT_POST_SQUARE, 0, 0);
    }
    for (size_t i = 0; i < sizeof(binary) / sizeof(binary[0]); i++) {
        if (vt_node_is(node, binary[i].op)) {
            return add_binary(p, side ? binary[i].swapped : binary[i].kind, other);
        }
    }
    return vt_node_is(node, "SquaredDifference") && add_binary(p, VT_POST_SUB, other) &&
           add_unary(p, VT_POST_SQUARE, 0, 0);
}

/* A slope per channel (rank 1, for axis 1) as a constant that broadcasts to the data. */
static struct vt_port slope_operand(const struct vt_node *node)
{
    const struct vt_pshape *data = &vt_port_output(node->in[0])->v.shape;
    const struct vt_pshape *slope = &vt_port_output(node->in[1])->v.shape;
    struct vt_port none = {NULL, 0};
    struct vt_node *now;

    if (slope->rank != 1 || data->rank == 1) {
        return node->in[1]; /* broadcast by numpy's rule */
    }
    if (data->rank < 2 || !vt_node_is(node->in[1].node, "Constant")) {
        return none;
    }
    now = vt_node_create(node->graph, node->in[1].node->op, node->in[1].node->name, 0, 1, NULL);
    if (!now) {
        return none;
    }
    now->constant = node->in[1].node->constant;
    now->blob = node->in[1].node->blob;
    now->constant.rank = data->rank - 1;
    for (int i = 1; i < now->constant.rank; i++) {
        now->constant.dims[i] = 1;
    }
    return vt_node_infer(now, NULL) == VT_OK ? vt_port_of(now, 0) : none;
}

static bool append_prelu(struct vt_program *p, const struct vt_node *node)
{
    struct vt_port operand;
    double slope;

    if (vt_match_scalar(node->in[1], node->in[0], &slope)) {
        return add_unary(p, VT_POST_LEAKY, slope, 0);
    }
    operand = slope_operand(node);
    return operand.node && vt_match_fits(&vt_port_output(operand)->v.shape, &node->out[0].v.shape) &&
           add_binary(p, VT_POST_PRELU, operand);
}

/* ---- a whole program */

static bool commutes(int kind)
{
    return kind == VT_POST_ADD || kind == VT_POST_MUL || kind == VT_POST_MAX || kind == VT_POST_MIN;
}

/* The chain may take the place of input 0, or of the operand of a first step that commutes. */
static bool append_program(struct vt_program *p, const struct vt_node *node, int side)
{
    int64_t n;
    const double *s = vt_attr_f64s(node, "post", &n);

    if (side && (n < VT_POST_STEP || !commutes((int)s[0]) || (int)s[1] != side)) {
        return false;
    }
    for (int i = 0; i < n / VT_POST_STEP; i++, s += VT_POST_STEP) {
        int kind = (int)s[0], input = (int)s[1];
        bool ok;

        if (kind >= VT_POST_FIRST_UNARY) {
            ok = add_unary(p, kind, s[2], s[3]);
        } else if (i && input == side) {
            return false; /* the chain's value would be needed twice */
        } else {
            ok = add_binary(p, kind, node->in[side && i == 0 ? 0 : input]);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool append(struct vt_program *p, struct vt_node *node, int side)
{
    double c;
    int done;

    if (vt_node_is(node, "Elementwise")) {
        return append_program(p, node, side);
    }
    if (side == 0) {
        done = append_unary(p, node);
        if (done) {
            return done > 0;
        }
        if (vt_node_is(node, "PRelu")) {
            return append_prelu(p, node);
        }
    }
    if (node->n_in != 2 || side > 1 || vt_node_is(node, "PRelu") || vt_node_is(node, "Swish")) {
        return false;
    }
    if (vt_match_scalar(node->in[1 - side], node->in[side], &c)) {
        struct vt_program before = *p;

        if (append_with_scalar(p, node, c, side == 1)) {
            return true;
        }
        *p = before;
    }
    return append_binary(p, node, side);
}

bool vt_program_append(struct vt_program *p, struct vt_node *node, int side)
{
    struct vt_program before = *p;

    if (vt_match_elementwise(node) && append(p, node, side)) {
        return true;
    }
    *p = before;
    return false;
}

bool vt_program_load(struct vt_program *p, const struct vt_node *node, int first)
{
    int64_t n;
    const double *s = vt_attr_f64s(node, "post", &n);

    if (node->n_in - first > VT_POST_MAX_STEPS || n > VT_POST_MAX_STEPS * VT_POST_STEP) {
        return false;
    }
    for (int i = first; i < node->n_in; i++) {
        if (!node->in[i].node) {
            return false;
        }
        p->operands[p->n_operands++] = node->in[i];
    }
    if (n) {
        memcpy(p->steps, s, (size_t)n * sizeof(*s));
    }
    p->n = (int)(n / VT_POST_STEP);
    return true;
}

int vt_program_store(const struct vt_program *p, struct vt_node *node)
{
    return vt_attr_set_f64s(node, "post", p->n * VT_POST_STEP, p->steps);
}
