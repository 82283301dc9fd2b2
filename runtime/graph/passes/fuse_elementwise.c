/* Chains of element-wise operations of f32, each the only reader of the one before, become one pass over
 * memory: "Elementwise" with a program (vt/post.h). From the first step on a chain has the shape of its
 * result, so no step runs on more elements than it did. */
#include "passes.h"

#include "match.h"
#include "program.h"

#define MAX_CHAIN 64

struct chain {
    struct vt_program program;
    struct vt_port start, tail;
    struct vt_node *taken[MAX_CHAIN];
    int n_taken;
};

/* The first step makes the shape; the later ones must keep it. */
static bool accept(const void *ctx, struct vt_port operand)
{
    const struct chain *c = ctx;

    return c->n_taken == 0 ||
           vt_match_fits(&vt_port_output(operand)->v.shape, &vt_port_output(c->tail)->v.shape);
}

/* The input that the chain comes in by: not a constant, and of the result's shape where one is. */
static int first_side(const struct vt_node *node)
{
    int best = 0;

    if (node->n_in != 2) {
        return 0;
    }
    for (int i = 1; i >= 0; i--) {
        if (vt_match_constant_chain(node->in[1 - i])) {
            return i;
        }
        if (vt_match_same_shape(&vt_port_output(node->in[i])->v.shape, &node->out[0].v.shape)) {
            best = i;
        }
    }
    return best;
}

static bool take(struct chain *c, struct vt_node *node, int side)
{
    if (c->n_taken == MAX_CHAIN || !vt_program_append(&c->program, node, side)) {
        return false;
    }
    c->taken[c->n_taken++] = node;
    c->tail = vt_port_of(node, 0);
    return true;
}

static bool begin(struct chain *c, struct vt_node *node)
{
    int side = first_side(node);

    *c = (struct chain){.start = node->n_in ? node->in[side] : (struct vt_port){NULL, 0}};
    c->program.first = 1;
    c->program.accept = accept;
    c->program.accept_ctx = c;
    if (!c->start.node || vt_match_constant_chain(c->start)) {
        return false;
    }
    if (vt_node_is(node, "Elementwise")) {
        /* Its operands may widen the result: the program goes on where it stops. */
        c->taken[c->n_taken++] = node;
        c->tail = vt_port_of(node, 0);
        return vt_program_load(&c->program, node, 1);
    }
    return take(c, node, side);
}

static int build(struct chain *c, struct vt_error *err)
{
    struct vt_port in[VT_POST_MAX_STEPS + 1] = {c->start};
    struct vt_node *last = c->tail.node, *now;

    for (int i = 0; i < c->program.n_operands; i++) {
        in[i + 1] = c->program.operands[i];
    }
    now = vt_node_build(last->graph, "Elementwise", 0, last->name, c->program.n_operands + 1, in, err);
    if (!now) {
        return vt_failed(err);
    }
    for (int i = 0; i < c->n_taken - 1; i++) {
        vt_node_fused(now, c->taken[i]);
    }
    if (vt_program_store(&c->program, now)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return vt_rewrite_replace("fuse_elementwise", last, now, err);
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    struct chain c;
    struct vt_node *next;
    int side;

    if (!vt_match_elementwise(node) || !begin(&c, node)) {
        return VT_OK;
    }
    while ((next = vt_match_consumer(c.tail, &side)) && take(&c, next, side)) {
    }
    return c.n_taken > 1 ? build(&c, err) : VT_OK;
}

int vt_pass_fuse_elementwise(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        if (!graph->nodes[i]->dead) {
            status = visit(graph->nodes[i], err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
