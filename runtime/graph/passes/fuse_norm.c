/* Normalisations over trailing axes with their scale and shift become "LayerNorm" of the internal opset,
 * whether a model has them as MVN or spelt out: (x - mean) / sqrt(mean((x - mean)^2) + eps), and RMS norms
 * without the mean. */
#include "passes.h"

#include "element.h"
#include "match.h"

#include <stdlib.h>

/* Normalised elements: more than any model has, and a bound for the constants made here. */
#define MAX_ELEMENTS ((int64_t)1 << 20)

struct norm {
    struct vt_node *root; /* computes the normalised value */
    struct vt_port data;
    int axes;
    double eps;
    bool outside, rms;
    struct vt_node *taken[2]; /* Multiply, Add */
    int n_taken;
    struct vt_port gamma, beta;
};

static int rank_of(struct vt_port port)
{
    return vt_port_output(port)->v.shape.rank;
}

/* How many axes when they are exactly the last ones of the rank, else 0. */
static int trailing_axes(struct vt_port axes, int rank)
{
    int64_t v[VT_MAX_RANK];
    uint32_t seen = 0;
    int n;

    if (rank < 1 || !vt_match_i64s(axes, v, VT_MAX_RANK, &n) || n < 1 || n > rank) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        int64_t axis = v[i] < 0 ? v[i] + rank : v[i];

        if (axis < rank - n || axis >= rank) {
            return 0;
        }
        seen |= 1u << (axis - (rank - n));
    }
    return seen == (1u << n) - 1 ? n : 0;
}

static bool arithmetic(const struct vt_node *node, const char *op)
{
    return vt_node_is(node, op) && vt_match_elementwise(node) && node->n_in == 2;
}

/* ---- the patterns */

static bool match_mvn(struct vt_node *node, struct norm *m)
{
    if (!vt_node_is(node, "MVN") || node->op->opset < 6 || !vt_attr_bool(node, "normalize_variance")) {
        return false;
    }
    m->data = node->in[0];
    m->axes = trailing_axes(node->in[1], rank_of(m->data));
    m->eps = vt_attr_f64(node, "eps");
    m->outside = vt_attr_is(node, "eps_mode", "outside_sqrt");
    return m->axes > 0;
}

/* The mean of a port over trailing axes that stay as ones. */
static bool is_mean(struct vt_port port, struct vt_port *of, int *axes)
{
    struct vt_node *node = port.node;

    if (!vt_node_is(node, "ReduceMean") || !vt_attr_bool(node, "keep_dims")) {
        return false;
    }
    *of = node->in[0];
    *axes = trailing_axes(node->in[1], rank_of(*of));
    return *axes > 0;
}

/* One scalar added by a node that nobody else reads. */
static bool is_plus(struct vt_port port, double *number, struct vt_port *x)
{
    bool first;

    return vt_match_single(port) && arithmetic(port.node, "Add") &&
           vt_match_with_scalar(port.node, number, x, &first);
}

/* x to a power that nobody else reads. */
static bool is_power(struct vt_port port, double exponent, struct vt_port *x)
{
    struct vt_node *node = port.node;
    double v;

    if (!vt_match_single(port)) {
        return false;
    }
    *x = node->in[0];
    if (exponent == 0.5 && vt_node_is(node, "Sqrt")) {
        return true;
    }
    return arithmetic(node, "Power") && vt_match_scalar(node->in[1], node->in[0], &v) && v == exponent;
}

/* sqrt(variance + eps), or sqrt(variance) + eps. */
static bool is_deviation(struct vt_port port, struct norm *m, struct vt_port *variance)
{
    struct vt_port x;

    if (is_power(port, 0.5, &x)) {
        m->outside = false;
        return is_plus(x, &m->eps, variance);
    }
    m->outside = true;
    return is_plus(port, &m->eps, &x) && is_power(x, 0.5, variance);
}

static bool is_inverse_deviation(struct vt_port port, struct norm *m, struct vt_port *variance)
{
    struct vt_port x;
    bool first;
    double one;

    if (is_power(port, -0.5, &x)) {
        m->outside = false;
        return is_plus(x, &m->eps, variance);
    }
    if (is_power(port, -1, &x)) {
        return is_deviation(x, m, variance);
    }
    return vt_match_single(port) && arithmetic(port.node, "Divide") &&
           vt_match_with_scalar(port.node, &one, &x, &first) && first && one == 1 &&
           is_deviation(x, m, variance);
}

/* The square of `value`, or the squared difference that `value` is the difference of. */
static bool is_square(struct vt_port port, struct vt_port value)
{
    struct vt_node *node = port.node;
    struct vt_port x;

    if (is_power(port, 2, &x)) {
        return vt_match_same(x, value);
    }
    if (vt_match_single(port) && arithmetic(node, "Multiply")) {
        return vt_match_same(node->in[0], value) && vt_match_same(node->in[1], value);
    }
    return vt_match_single(port) && arithmetic(node, "SquaredDifference") &&
           arithmetic(value.node, "Subtract") && vt_match_same(node->in[0], value.node->in[0]) &&
           vt_match_same(node->in[1], value.node->in[1]);
}

/* value / deviation(value): what is left to find out is whether `value` is x minus its mean. */
static bool match_ratio(struct vt_port value, struct vt_port variance, struct norm *m)
{
    struct vt_port square, x;
    int axes;

    if (!vt_match_single(variance) || !is_mean(variance, &square, &m->axes) || !is_square(square, value)) {
        return false;
    }
    m->data = value;
    m->rms = true;
    if (arithmetic(value.node, "Subtract") && is_mean(value.node->in[1], &x, &axes) && axes == m->axes &&
        vt_match_same(x, value.node->in[0])) {
        m->data = x;
        m->rms = false;
    }
    return true;
}

static bool match_explicit(struct vt_node *node, struct norm *m)
{
    struct vt_port variance;

    if (arithmetic(node, "Divide")) {
        return is_deviation(node->in[1], m, &variance) && match_ratio(node->in[0], variance, m);
    }
    for (int i = 0; arithmetic(node, "Multiply") && i < 2; i++) {
        if (is_inverse_deviation(node->in[1 - i], m, &variance) && match_ratio(node->in[i], variance, m)) {
            return true;
        }
    }
    return false;
}

/* ---- scale and shift */

/* A constant that varies over the normalised axes only, whose extents are known. */
static bool is_affine(const struct norm *m, struct vt_port port)
{
    const struct vt_pshape *data = &vt_port_output(m->data)->v.shape;
    const struct vt_tensor *t = vt_match_constant(port);
    int64_t n = 1;

    if (!t || t->rank > data->rank || !vt_is_float(t->type)) {
        return false;
    }
    for (int i = data->rank - m->axes; i < data->rank; i++) {
        if (!vt_dim_is_static(data->dims[i]) || data->dims[i].min < 1 ||
            __builtin_mul_overflow(n, data->dims[i].min, &n) || n > MAX_ELEMENTS) {
            return false;
        }
    }
    for (int i = 0; i < t->rank; i++) {
        int axis = i + data->rank - t->rank;

        if (t->dims[i] != 1 && (axis < data->rank - m->axes || t->dims[i] != data->dims[axis].min)) {
            return false;
        }
    }
    return true;
}

static void take_affine(struct norm *m)
{
    struct vt_port tail = vt_port_of(m->root, 0);
    struct vt_node *node;
    int side;

    node = vt_match_consumer(tail, &side);
    if (node && arithmetic(node, "Multiply") && is_affine(m, node->in[1 - side])) {
        m->gamma = node->in[1 - side];
        m->taken[m->n_taken++] = node;
        node = vt_match_consumer(vt_port_of(node, 0), &side);
    }
    if (node && arithmetic(node, "Add") && is_affine(m, node->in[1 - side])) {
        m->beta = node->in[1 - side];
        m->taken[m->n_taken++] = node;
    }
}

/* The constant with one element for each normalised one. */
static struct vt_node *full_constant(const struct norm *m, struct vt_port port, struct vt_error *err)
{
    const struct vt_pshape *data = &vt_port_output(m->data)->v.shape;
    struct vt_tensor src = *vt_match_constant(port), t;
    int64_t dims[VT_MAX_RANK], index[VT_MAX_RANK] = {0};
    struct vt_node *node = NULL;

    for (int i = 0; i < m->axes; i++) {
        dims[i] = data->dims[data->rank - m->axes + i].min;
    }
    for (; src.rank > m->axes; src.rank--) {
        memmove(src.dims, src.dims + 1, sizeof(src.dims[0]) * (size_t)(src.rank - 1)); /* leading ones */
    }
    vt_tensor_describe(&t, VT_F32, m->axes, dims);
    if (vt_tensor_alloc(&t, err) == VT_OK) {
        for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
            vt_set_f64(&t, i, vt_get_f64(&src, vt_broadcast_offset(&src, m->axes, index)));
            vt_next_index(m->axes, dims, index);
        }
        node = vt_constant_create(m->root->graph, port.node->name, &t, NULL, err);
        vt_tensor_free(&t);
    }
    return node;
}

static int build(struct norm *m, struct vt_error *err)
{
    struct vt_node *last = m->n_taken ? m->taken[m->n_taken - 1] : m->root, *now, *gamma = NULL, *beta = NULL;
    struct vt_port in[3] = {m->data};
    int n = m->beta.node ? 3 : m->gamma.node ? 2 : 1;

    if (m->gamma.node) {
        gamma = full_constant(m, m->gamma, err);
        in[1] = (struct vt_port){gamma, 0};
    }
    if (m->beta.node) {
        beta = full_constant(m, m->beta, err);
        in[2] = (struct vt_port){beta, 0};
    }
    if ((m->gamma.node && !gamma) || (m->beta.node && !beta)) {
        return vt_failed(err);
    }
    now = vt_node_build(m->root->graph, "LayerNorm", 0, m->root->name, n, in, err);
    if (!now) {
        return vt_failed(err);
    }
    vt_attr_set_i64(now, "axes_count", m->axes);
    vt_attr_set_f64(now, "eps", m->eps);
    vt_attr_set_str(now, "eps_mode", m->outside ? "outside_sqrt" : "inside_sqrt");
    vt_attr_set_i64(now, "rms", m->rms);
    if (last != m->root) {
        vt_node_fused(now, m->root);
    }
    for (int i = 0; i + 1 < m->n_taken; i++) {
        vt_node_fused(now, m->taken[i]);
    }
    return vt_rewrite_replace("fuse_norm", last, now, err);
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    struct norm m = {.root = node};
    bool mvn = match_mvn(node, &m);

    if (node->n_out != 1 || node->out[0].v.type != VT_F32 || (!mvn && !match_explicit(node, &m)) ||
        m.eps < 0 || !vt_match_is_f32(m.data)) {
        return VT_OK;
    }
    take_affine(&m);
    return mvn && m.n_taken == 0 ? VT_OK : build(&m, err);
}

int vt_pass_fuse_norm(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        if (!graph->nodes[i]->dead) {
            status = visit(graph->nodes[i], err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
