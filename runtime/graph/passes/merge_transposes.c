/* Transposes next to each other become one, cancel each other through element-wise operations in between, and
 * become the transpose flags of matrix products. */
#include "passes.h"

#include "element.h"
#include "match.h"

#define MAX_DEPTH 8

static const char *const pass = "merge_transposes";

struct order {
    int n;
    int64_t axis[VT_MAX_RANK];
};

/* The order of a Transpose of known rank, a permutation for sure. */
static bool order_of(const struct vt_node *node, struct order *o)
{
    uint32_t seen = 0;

    if (!vt_node_is(node, "Transpose") || !vt_match_i64s(node->in[1], o->axis, VT_MAX_RANK, &o->n) ||
        o->n == 0) {
        return false;
    }
    for (int i = 0; i < o->n; i++) {
        if (o->axis[i] < 0 || o->axis[i] >= o->n) {
            return false;
        }
        seen |= 1u << o->axis[i];
    }
    return seen == (1u << o->n) - 1;
}

static bool is_identity(const struct order *o)
{
    for (int i = 0; i < o->n; i++) {
        if (o->axis[i] != i) {
            return false;
        }
    }
    return true;
}

static bool same_order(const struct order *a, const struct order *b)
{
    return a->n == b->n && memcmp(a->axis, b->axis, (size_t)a->n * sizeof(a->axis[0])) == 0;
}

/* First `inner`, then `outer`. */
static bool compose(const struct order *outer, const struct order *inner, struct order *both)
{
    *both = *outer;
    for (int i = 0; i < outer->n && outer->n == inner->n; i++) {
        both->axis[i] = inner->axis[outer->axis[i]];
    }
    return outer->n == inner->n;
}

/* `node` becomes a Transpose of x by `o`, or x itself. */
static int replace_by(struct vt_node *node, struct vt_port x, const struct order *o, struct vt_error *err)
{
    struct vt_node *order, *now;

    if (is_identity(o)) {
        return vt_rewrite_bypass(pass, node, 0, x);
    }
    order = vt_constant_i64s(node->graph, node->in[1].node->name, 1, o->n, o->axis, err);
    now = order ? vt_node_build(node->graph, "Transpose", 1, node->name, 2,
                                (struct vt_port[]){x, vt_port_of(order, 0)}, err)
                : NULL;
    if (!now) {
        return vt_failed(err);
    }
    return vt_rewrite_replace(pass, node, now, err);
}

/* ---- Transpose(Transpose(x)) */

static int merge_pair(struct vt_node *node, const struct order *outer, bool *done, struct vt_error *err)
{
    struct vt_node *below = node->in[0].node;
    struct order inner, both;

    *done = order_of(below, &inner) && compose(outer, &inner, &both);
    return *done ? replace_by(node, below->in[0], &both, err) : VT_OK;
}

/* ---- through element-wise operations: outer(f(inner(x), inner(y))) = (outer inner)(f(x, y)) */

static bool one_number(struct vt_port port)
{
    const struct vt_tensor *t = vt_match_constant(port);

    return t && vt_tensor_count(t) == 1 && t->rank == 0;
}

/* A tree of element-wise operations whose leaves are Transposes by one order, or numbers; each is read by the
 * tree alone. */
static bool is_tree(struct vt_port port, struct order *leaves, int depth)
{
    struct vt_node *node = port.node;
    struct order o;

    if (one_number(port)) {
        return true;
    }
    if (!vt_match_single(port)) {
        return false;
    }
    if (order_of(node, &o)) {
        if (leaves->n == 0) {
            *leaves = o;
        }
        return same_order(leaves, &o);
    }
    if (depth == MAX_DEPTH || !vt_match_elementwise(node) || vt_node_is(node, "PRelu") || node->n_in < 1) {
        return false;
    }
    for (int i = 0; i < node->n_in; i++) {
        if (!is_tree(node->in[i], leaves, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* Take the leaves' Transposes out and infer what is above them. */
static int strip(struct vt_node *node, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < node->n_in && status == VT_OK; i++) {
        struct vt_node *src = node->in[i].node;

        if (vt_node_is(src, "Transpose")) {
            status = vt_node_set_input(node, i, src->in[0]);
            vt_rewrite_prune(src);
        } else if (!one_number(node->in[i])) {
            status = strip(src, err);
        }
    }
    return status ? status : vt_node_infer(node, err);
}

static int merge_through(struct vt_node *node, const struct order *outer, struct vt_error *err)
{
    struct vt_port below = node->in[0];
    struct order leaves = {0}, both;
    int status;

    if (!vt_match_single(below) || !is_tree(below, &leaves, 0) || leaves.n == 0 ||
        !compose(outer, &leaves, &both) || !is_identity(&both)) {
        return VT_OK;
    }
    status = strip(below.node, err);
    return status ? status : vt_rewrite_bypass(pass, node, 0, below);
}

/* ---- MatMul(Transpose(x)) */

static bool swaps_last_two(const struct order *o)
{
    struct order swapped = {.n = o->n};

    for (int i = 0; i < o->n; i++) {
        swapped.axis[i] = i;
    }
    if (o->n < 2) {
        return false;
    }
    swapped.axis[o->n - 1] = o->n - 2;
    swapped.axis[o->n - 2] = o->n - 1;
    return same_order(o, &swapped);
}

static int fold_into_matmul(struct vt_node *node, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < 2 && status == VT_OK; i++) {
        struct vt_node *below = node->in[i].node;
        const char *flag = i ? "transpose_b" : "transpose_a";
        struct order o;

        /* One that others read is made anyway, and reading it is as fast. */
        if (!vt_match_single(node->in[i]) || !order_of(below, &o) || !swaps_last_two(&o)) {
            continue;
        }
        status = vt_attr_set_i64(node, flag, !vt_attr_bool(node, flag));
        if (status == VT_OK) {
            vt_node_fused(node, below);
            status = vt_node_set_input(node, i, below->in[0]);
            vt_rewrite_prune(below);
        }
        status = status ? status : vt_node_infer(node, err);
    }
    return status;
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    struct order o;
    bool done;
    int status;

    if (vt_node_is(node, "MatMul") || vt_node_is(node, "FusedMatMul")) {
        return fold_into_matmul(node, err);
    }
    if (!order_of(node, &o)) {
        return VT_OK;
    }
    if (is_identity(&o)) {
        return vt_rewrite_bypass(pass, node, 0, node->in[0]);
    }
    status = merge_pair(node, &o, &done, err);
    return status || done ? status : merge_through(node, &o, err);
}

int vt_pass_merge_transposes(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        if (!graph->nodes[i]->dead) {
            status = visit(graph->nodes[i], err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
