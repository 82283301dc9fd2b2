/* If: the branch that is taken for sure in the place of the node, or OpenVINO's If. */
#include "control.h"

/* The nodes of a branch in this graph. */
static int inline_branch(struct onnx_node *n, const struct onnx_graph *g)
{
    struct onnx_entry *e;
    struct onnx_scope s;
    int status = onnx_scope_init(n->t, &s, n->scope, n->graph, false);

    status = status ? status : onnx_define_inits(n->t, &s, g);
    for (int i = 0; i < n->n_out && !status; i++) {
        status = onnx_names_put(&n->t->m->arena, &s.results, g->out[i].name, (void *)(uintptr_t)g)
                     ? VT_OK
                     : VT_E_NOMEM;
    }
    status = status ? status : onnx_translate_nodes(n->t, &s, g->nodes, g->n_nodes);
    for (int i = 0; i < n->n_out && !status && !n->status; i++) {
        status = onnx_output_entry(n->t, &s, g->out[i].name, &e);
        status = status ? status : onnx_out_entry(n, i, e);
    }
    return onnx_pass(n, status);
}

static int make_branch(struct onnx_node *n, struct onnx_body *b, const struct onnx_graph *g)
{
    if (onnx_body_begin(n, b, g) || onnx_body_nodes(n, b)) {
        return n->status;
    }
    for (int i = 0; i < n->n_out && !n->status; i++) {
        struct onnx_value v = onnx_body_output(n, b, i);

        onnx_body_result(n, b, g->out[i].name, v);
    }
    return onnx_body_finish(n, b);
}

static int join(struct onnx_node *n, struct onnx_value condition, struct onnx_body b[2])
{
    const struct vt_host *host = n->t->host;
    int captures[2] = {onnx_body_captures(&b[0]), onnx_body_captures(&b[1])}, input = 1;
    struct vt_node *node = host->node_create(n->graph, "If", 8, onnx_node_label(n->def),
                                             1 + captures[0] + captures[1], n->n_out, n->t->err);

    if (!node || host->node_connect(node, 0, condition.node, condition.port, n->t->err)) {
        return onnx_host_failed(n, n->t->err->code);
    }
    for (int k = 0; k < 2 && !n->status; k++) {
        onnx_body_attach(n, node, &b[k], k, input);
        input += captures[k];
        for (int i = 0; i < n->n_out && !n->status; i++) {
            onnx_map(n, node, k, &(struct vt_body_map){VT_MAP_OUTPUT, .outer = i, .inner = i});
        }
    }
    if (!n->status && host->node_infer(node, n->t->err)) {
        return onnx_host_failed(n, n->t->err->code);
    }
    for (int i = 0; i < n->n_out && !n->status; i++) {
        onnx_out(n, i, (struct onnx_value){node, i});
    }
    return n->status;
}

int onnx_if(struct onnx_node *n)
{
    const struct onnx_graph *branches[2] = {onnx_attr_graph(n, "then_branch"),
                                            onnx_attr_graph(n, "else_branch")};
    struct onnx_value condition = onnx_in(n, 0);
    struct onnx_body b[2] = {{0}, {0}};
    const int64_t *known;
    int64_t count;

    if (n->status) {
        return n->status;
    }
    for (int k = 0; k < 2; k++) {
        if (!branches[k] || branches[k]->n_out < n->n_out || branches[k]->n_in) {
            return onnx_fail(n, VT_E_FORMAT,
                             "attribute '%s' is missing, has inputs or has fewer outputs than %d",
                             k ? "else_branch" : "then_branch", n->n_out);
        }
    }
    known = onnx_known(n, condition, &count);
    if (known && count == 1) {
        return inline_branch(n, branches[known[0] ? 0 : 1]);
    }
    condition = onnx_convert(n, condition, VT_BOOLEAN);
    if (make_branch(n, &b[0], branches[0]) == VT_OK && make_branch(n, &b[1], branches[1]) == VT_OK) {
        join(n, condition, b);
    }
    onnx_body_drop(n, &b[0]);
    onnx_body_drop(n, &b[1]);
    return n->status;
}
