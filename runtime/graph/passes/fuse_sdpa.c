/* softmax(q k^T scale + mask) v, spelt out, becomes ScaledDotProductAttention. The scale may be at the query,
 * at the key, at their product, or in parts at several of them. */
#include "passes.h"

#include "match.h"

#include <math.h>

static const char *const pass = "fuse_sdpa";

struct attention {
    struct vt_node *product, *softmax, *scores, *add; /* add NULL: no mask */
    struct vt_port q, k, v, mask;
    double scale;
    bool flipped;             /* k is [.., size, length] */
    struct vt_node *taken[4]; /* scaling */
    int n_taken;
};

static int rank_of(struct vt_port port)
{
    return vt_port_output(port)->v.shape.rank;
}

static bool arithmetic(const struct vt_node *node, const char *op)
{
    return vt_node_is(node, op) && vt_match_elementwise(node) && node->n_in == 2;
}

/* Look through a product with, or a quotient by, one number that nobody else reads. */
static void strip_scale(struct attention *a, struct vt_port *port)
{
    struct vt_node *node = port->node;
    struct vt_port other;
    double number;
    bool first;

    if (a->n_taken == 4 || !vt_match_single(*port) ||
        (!arithmetic(node, "Multiply") && !arithmetic(node, "Divide")) ||
        !vt_match_with_scalar(node, &number, &other, &first)) {
        return;
    }
    if (vt_node_is(node, "Divide")) {
        if (first || number == 0) {
            return;
        }
        number = 1 / number;
    }
    a->scale *= number;
    a->taken[a->n_taken++] = node;
    *port = other;
}

/* Whether a Transpose swaps the last two axes and no others. */
static bool swaps_last(const struct vt_node *node)
{
    int64_t order[VT_MAX_RANK];
    int n;

    if (!vt_node_is(node, "Transpose") || !vt_match_i64s(node->in[1], order, VT_MAX_RANK, &n) || n < 2) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (order[i] != (i < n - 2 ? i : i == n - 2 ? n - 1 : n - 2)) {
            return false;
        }
    }
    return true;
}

/* The product of query and key below a port, scaled or not. */
static bool match_scores(struct attention *a, struct vt_port port)
{
    a->n_taken = 0;
    a->scale = 1;
    strip_scale(a, &port);
    a->scores = vt_match_inner(port, "MatMul");
    if (!a->scores || vt_attr_bool(a->scores, "transpose_a")) {
        return false;
    }
    a->q = a->scores->in[0];
    a->k = a->scores->in[1];
    a->flipped = !vt_attr_bool(a->scores, "transpose_b");
    strip_scale(a, &a->q);
    strip_scale(a, &a->k);
    if (a->flipped && swaps_last(a->k.node)) {
        a->flipped = false;
        a->k = a->k.node->in[0];
        strip_scale(a, &a->k);
    }
    /* What is another Transpose becomes one with that which turns it; anything else would cost one more. */
    return !a->flipped || vt_node_is(a->k.node, "Transpose");
}

static bool fits(const struct attention *a)
{
    const struct vt_port in[] = {a->q, a->k, a->v};
    int rank = rank_of(vt_port_of(a->product, 0));

    for (int i = 0; i < 3; i++) {
        if (!vt_match_is_f32(in[i]) || rank_of(in[i]) < 2 || rank_of(in[i]) > rank) {
            return false;
        }
    }
    return !a->mask.node || (vt_match_is_f32(a->mask) && rank_of(a->mask) >= 0 &&
                             rank_of(a->mask) <= rank_of(vt_port_of(a->scores, 0)));
}

static bool match(struct vt_node *node, struct attention *a)
{
    int64_t axis;

    *a = (struct attention){.product = node};
    if (!vt_node_is(node, "MatMul") || vt_attr_bool(node, "transpose_a") ||
        vt_attr_bool(node, "transpose_b") || rank_of(vt_port_of(node, 0)) < 3) {
        return false;
    }
    a->softmax = vt_match_inner(node->in[0], "Softmax");
    a->v = node->in[1];
    if (!a->softmax) {
        return false;
    }
    axis = vt_attr_i64(a->softmax, "axis");
    if (axis != -1 && axis != rank_of(node->in[0]) - 1) {
        return false;
    }
    if (match_scores(a, a->softmax->in[0])) {
        return fits(a);
    }
    a->add = vt_match_inner(a->softmax->in[0], "Add");
    for (int i = 0; a->add && arithmetic(a->add, "Add") && i < 2; i++) {
        a->mask = a->add->in[1 - i];
        if (match_scores(a, a->add->in[i])) {
            return fits(a);
        }
    }
    return false;
}

/* ---- */

static struct vt_node *unflipped(const struct attention *a, struct vt_error *err)
{
    int rank = rank_of(a->k);
    int64_t order[VT_MAX_RANK], dims[] = {rank};
    struct vt_tensor t;
    struct vt_node *constant;

    for (int i = 0; i < rank; i++) {
        order[i] = i < rank - 2 ? i : i == rank - 2 ? rank - 1 : rank - 2;
    }
    vt_tensor_describe(&t, VT_I64, 1, dims);
    t.data = order;
    constant = vt_constant_create(a->product->graph, a->scores->name, &t, NULL, err);
    return constant ? vt_node_build(a->product->graph, "Transpose", 1, a->scores->name, 2,
                                    (struct vt_port[]){a->k, {constant, 0}}, err)
                    : NULL;
}

/* Whether the operation scales like that by itself. */
static bool usual_scale(const struct attention *a)
{
    const struct vt_pshape *q = &vt_port_output(a->q)->v.shape;

    return vt_dim_is_static(q->dims[q->rank - 1]) && q->dims[q->rank - 1].min > 0 &&
           vt_match_near(a->scale, 1 / sqrt((double)q->dims[q->rank - 1].min));
}

static struct vt_node *scale_constant(const struct attention *a, struct vt_error *err)
{
    float scale = (float)a->scale;
    struct vt_tensor t;

    vt_tensor_describe(&t, VT_F32, 0, NULL);
    t.data = &scale;
    return vt_constant_create(a->product->graph, a->scores->name, &t, NULL, err);
}

static int build(struct attention *a, struct vt_error *err)
{
    struct vt_port in[5] = {a->q, a->k, a->v, a->mask};
    int n = a->mask.node ? 4 : 3;
    struct vt_node *now = NULL, *made = NULL;

    if (a->flipped) {
        made = unflipped(a, err);
        if (!made || vt_node_infer(made, err)) {
            return vt_failed(err);
        }
        in[1] = vt_port_of(made, 0);
    }
    if (!usual_scale(a)) {
        in[4].node = scale_constant(a, err);
        n = 5;
        if (!in[4].node) {
            return vt_failed(err);
        }
    }
    now = vt_node_build(a->product->graph, "ScaledDotProductAttention", 13, a->product->name, n, in, err);
    if (!now) {
        return vt_failed(err);
    }
    vt_node_fused(now, a->scores);
    for (int i = 0; i < a->n_taken; i++) {
        vt_node_fused(now, a->taken[i]);
    }
    if (a->add) {
        vt_node_fused(now, a->add);
    }
    vt_node_fused(now, a->softmax);
    return vt_rewrite_replace(pass, a->product, now, err);
}

int vt_pass_fuse_sdpa(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        struct attention a;

        if (!graph->nodes[i]->dead && match(graph->nodes[i], &a)) {
            status = build(&a, err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
