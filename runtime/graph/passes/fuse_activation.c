/* Activations that exporters spell out become one operation: GELU in both forms, Swish, Mish, HSwish,
 * HSigmoid, Sigmoid, SoftPlus, Clamp. Products are taken apart into a number and factors, so that the order
 * in which they were written does not matter. */
#include "passes.h"

#include "element.h"
#include "match.h"

#include <math.h>

#define MAX_FACTORS 4

static const char *const pass = "fuse_activation";

struct product {
    double number;
    struct vt_port factor[MAX_FACTORS];
    int n;
    bool ok;
};

/* ---- looking */

static bool is_float(struct vt_port port)
{
    return port.node && vt_is_float(vt_port_output(port)->v.type);
}

static bool arithmetic(const struct vt_node *node, const char *op)
{
    return vt_node_is(node, op) && node->op->opset > 0 && vt_attr_is(node, "auto_broadcast", "numpy");
}

/* Multiply the port into the product: through Multiply, and Divide by a number. Only the outermost node may
 * have other readers. */
static void collect(struct vt_port port, struct product *p, int depth)
{
    struct vt_node *node = port.node;
    struct vt_port other;
    bool first;
    double v;

    if (depth < 6 && (depth == 0 || vt_match_single(port)) && node->n_in == 2 &&
        (arithmetic(node, "Multiply") || arithmetic(node, "Divide"))) {
        bool divide = vt_node_is(node, "Divide");

        if (vt_match_with_scalar(node, &v, &other, &first) && !(divide && (first || v == 0))) {
            p->number *= divide ? 1 / v : v;
            collect(other, p, depth + 1);
            return;
        }
        if (!divide) {
            collect(node->in[0], p, depth + 1);
            collect(node->in[1], p, depth + 1);
            return;
        }
    }
    if (p->n == MAX_FACTORS) {
        p->ok = false;
        return;
    }
    p->factor[p->n++] = port;
}

static struct product product_of(struct vt_port port)
{
    struct product p = {.number = 1, .ok = true};

    collect(port, &p, 0);
    return p;
}

/* x plus a number, by an Add or Subtract that nobody else reads. */
static bool plus_number(struct vt_port port, double *number, struct vt_port *x)
{
    struct vt_node *node = port.node;
    bool first;

    if (!vt_match_single(port) || !(arithmetic(node, "Add") || arithmetic(node, "Subtract")) ||
        !vt_match_with_scalar(node, number, x, &first)) {
        return false;
    }
    if (vt_node_is(node, "Subtract")) {
        *number = -*number;
        return !first;
    }
    return true;
}

/* The input of a unary operation that nobody else reads. */
static bool inner(struct vt_port port, const char *op, struct vt_port *x)
{
    struct vt_node *node = vt_match_inner(port, op);

    if (node) {
        *x = node->in[0];
    }
    return node != NULL;
}

static bool clamped(struct vt_port port, double low, double high, struct vt_port *x)
{
    struct vt_node *node = vt_match_inner(port, "Clamp");

    if (!node || vt_attr_f64(node, "min") != low || vt_attr_f64(node, "max") != high) {
        return false;
    }
    *x = node->in[0];
    return true;
}

/* ---- powers of x */

/* The product is number * x^exponent. */
static bool is_power(const struct product *p, struct vt_port x, int exponent)
{
    int have = 0;

    for (int i = 0; i < p->n; i++) {
        struct vt_node *node = vt_match_inner(p->factor[i], "Power");
        double v;

        if (vt_match_same(p->factor[i], x)) {
            have++;
        } else if (node && vt_match_same(node->in[0], x) && vt_match_scalar(node->in[1], x, &v) &&
                   v == floor(v) && v > 0 && v < 8) {
            have += (int)v;
        } else {
            return false;
        }
    }
    return p->ok && have == exponent;
}

/* ---- GELU: x * 0.5 * (1 + f(x)) */

static bool is_erf(struct vt_port port, struct vt_port x)
{
    struct vt_port arg;
    struct product p;

    if (!inner(port, "Erf", &arg)) {
        return false;
    }
    p = product_of(arg);
    return p.ok && p.n == 1 && vt_match_same(p.factor[0], x) && vt_match_near(p.number, M_SQRT1_2);
}

/* sqrt(2/pi) * (x + 0.044715 x^3), or with x taken out: x * (1 + 0.044715 x^2). */
static bool is_tanh_arg(struct vt_port port, struct vt_port x)
{
    struct product p = product_of(port), cube;
    struct vt_port rest;
    double one;

    if (!p.ok || !vt_match_near(p.number, sqrt(2 / M_PI))) {
        return false;
    }
    if (p.n == 1 && arithmetic(p.factor[0].node, "Add") && vt_match_single(p.factor[0])) {
        for (int i = 0; i < 2; i++) {
            if (vt_match_same(p.factor[0].node->in[i], x)) {
                cube = product_of(p.factor[0].node->in[1 - i]);
                return vt_match_near(cube.number, 0.044715) && is_power(&cube, x, 3);
            }
        }
    }
    for (int i = 0; p.n == 2 && i < 2; i++) {
        if (vt_match_same(p.factor[i], x) && plus_number(p.factor[1 - i], &one, &rest) && one == 1) {
            cube = product_of(rest);
            return vt_match_near(cube.number, 0.044715) && is_power(&cube, x, 2);
        }
    }
    return false;
}

static bool is_tanh(struct vt_port port, struct vt_port x)
{
    struct vt_port arg;

    return inner(port, "Tanh", &arg) && is_tanh_arg(arg, x);
}

/* number * x * (a * f + b) with number * a = number * b = 1/2: which f. */
static bool is_half_line(struct vt_port port, double number, struct vt_port *f)
{
    struct product p;
    struct vt_port rest;
    double b;

    if (!plus_number(port, &b, &rest)) {
        return false;
    }
    p = product_of(rest);
    *f = p.factor[0];
    return p.ok && p.n == 1 && vt_match_near(number * b, 0.5) && vt_match_near(number * p.number, 0.5);
}

static struct vt_node *gelu(struct vt_node *node, const struct product *p, struct vt_error *err)
{
    for (int i = 0; p->n == 2 && i < 2; i++) {
        struct vt_port x = p->factor[i], f;
        bool exact;

        if (!is_half_line(p->factor[1 - i], p->number, &f)) {
            continue;
        }
        exact = is_erf(f, x);
        if (exact || is_tanh(f, x)) {
            struct vt_node *now = vt_node_build(node->graph, "Gelu", 7, node->name, 1, &x, err);

            if (now) {
                vt_attr_set_str(now, "approximation_mode", exact ? "ERF" : "TANH");
            }
            return now;
        }
    }
    return NULL;
}

/* ---- x * gate(x) */

/* sigmoid(x) or sigmoid(beta * x). */
static bool is_sigmoid_of(struct vt_port port, struct vt_port x, double *beta)
{
    struct vt_port arg;
    struct product p;

    if (!inner(port, "Sigmoid", &arg)) {
        return false;
    }
    *beta = 1;
    if (vt_match_same(arg, x)) {
        return true;
    }
    p = product_of(arg);
    *beta = p.number;
    return p.ok && p.n == 1 && vt_match_same(p.factor[0], x);
}

static struct vt_node *swish(struct vt_node *node, struct vt_port x, double beta, struct vt_error *err)
{
    struct vt_port in[2] = {x};
    struct vt_tensor t;

    if (beta != 1) {
        struct vt_node *constant = NULL;

        vt_tensor_describe(&t, vt_port_output(x)->v.type, 0, NULL);
        if (vt_tensor_alloc(&t, err) == VT_OK) {
            vt_set_f64(&t, 0, beta);
            constant = vt_constant_create(node->graph, "beta", &t, NULL, err);
            vt_tensor_free(&t);
        }
        if (!constant) {
            return NULL;
        }
        in[1] = vt_port_of(constant, 0);
    }
    return vt_node_build(node->graph, "Swish", 4, node->name, beta == 1 ? 1 : 2, in, err);
}

static bool is_mish_gate(struct vt_port port, struct vt_port x)
{
    struct vt_port soft, arg;

    return inner(port, "Tanh", &soft) && inner(soft, "SoftPlus", &arg) && vt_match_same(arg, x);
}

/* clamp(x + 3, 0, 6), whose sixth is the gate. */
static bool is_hard_gate(struct vt_port port, struct vt_port x)
{
    struct vt_port sum, arg;
    double three;

    return clamped(port, 0, 6, &sum) && plus_number(sum, &three, &arg) && three == 3 && vt_match_same(arg, x);
}

static struct vt_node *gated(struct vt_node *node, const struct product *p, struct vt_error *err)
{
    for (int i = 0; p->n == 2 && i < 2; i++) {
        struct vt_port x = p->factor[i], gate = p->factor[1 - i], arg;
        double beta;

        if (p->number == 1 && is_sigmoid_of(gate, x, &beta)) {
            return swish(node, x, beta, err);
        }
        if (p->number == 1 && is_mish_gate(gate, x)) {
            return vt_node_build(node->graph, "Mish", 4, node->name, 1, &x, err);
        }
        if ((p->number == 1 && inner(gate, "HSigmoid", &arg) && vt_match_same(arg, x)) ||
            (vt_match_near(p->number, 1.0 / 6) && is_hard_gate(gate, x))) {
            return vt_node_build(node->graph, "HSwish", 4, node->name, 1, &x, err);
        }
    }
    return NULL;
}

/* ---- HSigmoid: clamp(x + 3, 0, 6) / 6, clamp(x / 6 + 1/2, 0, 1), HardSigmoid(1/6, 1/2) */

static struct vt_node *hsigmoid(struct vt_node *node, struct vt_port x, struct vt_error *err)
{
    return vt_node_build(node->graph, "HSigmoid", 5, node->name, 1, &x, err);
}

static struct vt_node *sixth_of_clamp(struct vt_node *node, const struct product *p, struct vt_error *err)
{
    struct vt_port sum, x;
    double three;

    if (p->n == 1 && vt_match_near(p->number, 1.0 / 6) && clamped(p->factor[0], 0, 6, &sum) &&
        plus_number(sum, &three, &x) && three == 3) {
        return hsigmoid(node, x, err);
    }
    return NULL;
}

static struct vt_node *clamp_of_line(struct vt_node *node, struct vt_error *err)
{
    struct vt_port x;
    struct product p;
    double half;

    if (vt_attr_f64(node, "min") != 0 || vt_attr_f64(node, "max") != 1 ||
        !plus_number(node->in[0], &half, &x) || half != 0.5) {
        return NULL;
    }
    p = product_of(x);
    return p.ok && p.n == 1 && vt_match_single(x) && vt_match_near(p.number, 1.0 / 6)
               ? hsigmoid(node, p.factor[0], err)
               : NULL;
}

static struct vt_node *hard_sigmoid(struct vt_node *node, struct vt_error *err)
{
    double a, b;

    if (vt_match_scalar(node->in[1], node->in[0], &a) && vt_match_near(a, 1.0 / 6) &&
        vt_match_scalar(node->in[2], node->in[0], &b) && b == 0.5) {
        return hsigmoid(node, node->in[0], err);
    }
    return NULL;
}

/* ---- 1 / (1 + exp(-x)), log(1 + exp(x)) */

static bool is_exp_plus_one(struct vt_port port, struct vt_port *arg)
{
    struct vt_port e;
    double one;

    return plus_number(port, &one, &e) && one == 1 && inner(e, "Exp", arg);
}

static struct vt_node *sigmoid(struct vt_node *node, struct vt_port below, struct vt_error *err)
{
    struct vt_port arg, x;
    struct product p;

    if (!is_exp_plus_one(below, &arg)) {
        return NULL;
    }
    if (!inner(arg, "Negative", &x)) {
        p = product_of(arg);
        if (!p.ok || p.n != 1 || p.number != -1 || !vt_match_single(arg)) {
            return NULL;
        }
        x = p.factor[0];
    }
    return vt_node_build(node->graph, "Sigmoid", 1, node->name, 1, &x, err);
}

static struct vt_node *reciprocal(struct vt_node *node, struct vt_error *err)
{
    struct vt_port x;
    bool first;
    double v;

    if (!vt_match_with_scalar(node, &v, &x, &first)) {
        return NULL;
    }
    if (vt_node_is(node, "Divide") ? first && v == 1 : !first && v == -1) {
        return sigmoid(node, x, err);
    }
    return NULL;
}

static struct vt_node *softplus(struct vt_node *node, struct vt_error *err)
{
    struct vt_port x;

    return is_exp_plus_one(node->in[0], &x)
               ? vt_node_build(node->graph, "SoftPlus", 4, node->name, 1, &x, err)
               : NULL;
}

/* ---- Clamp out of Minimum, Maximum and Relu */

static bool bound(const struct vt_node *node, bool *upper, double *value, struct vt_port *x)
{
    bool first;

    *upper = vt_node_is(node, "Minimum");
    if (vt_node_is(node, "Relu")) {
        *value = 0;
        *x = node->in[0];
        return true;
    }
    return (arithmetic(node, "Minimum") || arithmetic(node, "Maximum")) &&
           vt_match_with_scalar(node, value, x, &first);
}

static struct vt_node *clamp(struct vt_node *node, struct vt_error *err)
{
    struct vt_port below, x;
    struct vt_node *now;
    bool upper, other;
    double a, b;

    if (!bound(node, &upper, &a, &below) || !vt_match_single(below) || !bound(below.node, &other, &b, &x) ||
        upper == other || (upper ? b > a : a > b)) {
        return NULL;
    }
    now = vt_node_build(node->graph, "Clamp", 1, node->name, 1, &x, err);
    if (now) {
        vt_attr_set_f64(now, "min", upper ? b : a);
        vt_attr_set_f64(now, "max", upper ? a : b);
    }
    return now;
}

/* ---- the pass */

static struct vt_node *of_product(struct vt_node *node, struct vt_error *err)
{
    struct product p = product_of(vt_port_of(node, 0));
    struct vt_node *now;

    if (!p.ok || p.n == 0) {
        return NULL;
    }
    now = gelu(node, &p, err);
    now = now ? now : gated(node, &p, err);
    return now ? now : sixth_of_clamp(node, &p, err);
}

static struct vt_node *match(struct vt_node *node, struct vt_error *err)
{
    struct vt_node *now = NULL;

    if (arithmetic(node, "Divide") || arithmetic(node, "Power")) {
        now = reciprocal(node, err);
    }
    if (!now && (arithmetic(node, "Multiply") || arithmetic(node, "Divide"))) {
        now = of_product(node, err);
    } else if (vt_node_is(node, "Clamp")) {
        now = clamp_of_line(node, err);
    } else if (vt_node_is(node, "HardSigmoid")) {
        now = hard_sigmoid(node, err);
    } else if (vt_node_is(node, "Log")) {
        now = softplus(node, err);
    } else if (!now) {
        now = clamp(node, err);
    }
    return now;
}

int vt_pass_fuse_activation(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i], *now;
        struct vt_error failed = {0};

        if (node->dead || node->n_out != 1 || node->n_in < 1 || !is_float(vt_port_of(node, 0)) ||
            !is_float(node->in[0])) {
            continue;
        }
        now = match(node, &failed);
        if (now) {
            status = vt_rewrite_replace(pass, node, now, err);
        } else if (failed.code) {
            status = vt_fail(err, failed.code, "%s", failed.text);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
