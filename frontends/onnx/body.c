/* Sub-graphs of If, Loop and Scan. */
#include "control.h"

#include <string.h>

int onnx_body_begin(struct onnx_node *n, struct onnx_body *b, const struct onnx_graph *def)
{
    int status;

    *b = (struct onnx_body){.def = def};
    b->graph = n->t->host->graph_create(def->name, n->t->err);
    if (!b->graph) {
        return onnx_host_failed(n, n->t->err->code);
    }
    status = onnx_scope_init(n->t, &b->scope, n->scope, b->graph, true);
    status = status ? status : onnx_define_inits(n->t, &b->scope, def);
    return onnx_pass(n, status);
}

void onnx_body_drop(struct onnx_node *n, struct onnx_body *b)
{
    if (b->graph) {
        n->t->host->graph_destroy(b->graph);
        b->graph = NULL;
    }
}

int onnx_body_param(struct onnx_node *n, struct onnx_body *b, int input, enum vt_type type,
                    const struct vt_pshape *shape)
{
    struct onnx_entry *e = onnx_define(n->t, &b->scope, b->def->in[input].name, ONNX_VALUE);

    if (e) {
        e->value.node = onnx_param(n->t, &b->scope, e->name, type, shape);
    }
    return e && e->value.node ? b->scope.n_params - 1 : onnx_pass(n, n->t->err->code);
}

int onnx_body_nodes(struct onnx_node *n, struct onnx_body *b)
{
    return onnx_pass(n, onnx_translate_nodes(n->t, &b->scope, b->def->nodes, b->def->n_nodes));
}

struct onnx_value onnx_body_output(struct onnx_node *n, struct onnx_body *b, int output)
{
    struct onnx_entry *e;
    int status = n->status ? n->status : onnx_output_entry(n->t, &b->scope, b->def->out[output].name, &e);

    if (status) {
        onnx_pass(n, status);
        return ONNX_ABSENT;
    }
    if (e->kind != ONNX_VALUE) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: output '%s' of its graph '%s' is no tensor", e->name,
                  b->def->name);
        return ONNX_ABSENT;
    }
    return e->value;
}

int onnx_body_result(struct onnx_node *n, struct onnx_body *b, const char *name, struct onnx_value value)
{
    const struct vt_host *host = n->t->host;
    const char *label = n->status ? NULL : onnx_arena_printf(&n->t->m->arena, "%s/sink_port_0", name);
    struct vt_node *node;
    int status;

    if (!label) {
        return onnx_fail(n, VT_E_NOMEM, "out of memory");
    }
    node = host->node_create(b->graph, "Result", 1, label, 1, 1, n->t->err);
    status = node ? host->node_connect(node, 0, value.node, value.port, n->t->err) : n->t->err->code;
    return status ? onnx_host_failed(n, status) : b->n_results++;
}

int onnx_body_finish(struct onnx_node *n, struct onnx_body *b)
{
    const struct vt_host *host = n->t->host;

    if (n->status) {
        return n->status;
    }
    if (host->graph_finish(b->graph, n->t->err)) {
        return onnx_host_failed(n, n->t->err->code);
    }
    b->results = onnx_alloc(n, (size_t)b->n_results * sizeof(*b->results));
    for (int i = 0; b->results && i < b->n_results; i++) {
        b->results[i] = *host->node_value(host->graph_result(b->graph, i), 0);
        b->results[i].bounds = NULL; /* may go with the graph */
        b->results[i].constant = NULL;
    }
    return n->status;
}

int onnx_body_captures(const struct onnx_body *b)
{
    int count = 0;

    for (const struct onnx_capture *c = b->scope.captures; c; c = c->next) {
        count++;
    }
    return count;
}

int onnx_map(struct onnx_node *n, struct vt_node *node, int index, const struct vt_body_map *map)
{
    int status = n->status ? n->status : n->t->host->node_map_body(node, index, map, n->t->err);

    return status ? onnx_host_failed(n, status) : VT_OK;
}

/* The place of a Parameter among those of its graph. */
static int param_index(const struct vt_host *host, const struct vt_graph *graph, const struct vt_node *param)
{
    for (int i = 0; i < host->graph_n_params(graph); i++) {
        if (host->graph_param(graph, i) == param) {
            return i;
        }
    }
    return -1;
}

int onnx_body_attach(struct onnx_node *n, struct vt_node *node, struct onnx_body *b, int index, int input)
{
    const struct vt_host *host = n->t->host;
    struct vt_graph *graph = b->graph;

    if (n->status) {
        return n->status;
    }
    if (host->node_add_body(node, b->graph, n->t->err)) {
        return onnx_host_failed(n, n->t->err->code);
    }
    b->graph = NULL; /* the node's now */
    for (const struct onnx_capture *c = b->scope.captures; c && !n->status; c = c->next, input++) {
        struct vt_body_map map = {VT_MAP_INPUT, .outer = input, .inner = param_index(host, graph, c->param)};

        if (host->node_connect(node, input, c->outer.node, c->outer.port, n->t->err)) {
            return onnx_host_failed(n, n->t->err->code);
        }
        onnx_map(n, node, index, &map);
    }
    return n->status;
}

bool onnx_body_widen(struct vt_pshape *shape, const struct vt_pshape *back, bool give_up)
{
    bool fits = true;

    if (shape->rank < 0) {
        return true;
    }
    if (back->rank != shape->rank) {
        shape->rank = -1;
        return false;
    }
    for (int i = 0; i < shape->rank; i++) {
        struct vt_dim *a = &shape->dims[i], b = back->dims[i];
        bool inside = b.min >= a->min && (a->max < 0 || (b.max >= 0 && b.max <= a->max));

        if (!inside) {
            *a = vt_dim_any();
            fits = false;
        }
    }
    if (!fits && give_up) {
        shape->rank = -1;
    }
    return fits;
}
