/* From a divided graph to the models of its parts. */
#include "graph.h"
#include "hetero.h"
#include "partition.h"

#include <stdlib.h>

int vt_cut_init(struct vt_cut *cut, struct vt_hetero *hetero, const int *part_of, struct vt_error *err)
{
    const struct vt_graph *graph = hetero->graph;

    *cut = (struct vt_cut){.hetero = hetero, .part_of = part_of, .max_out = 1};
    for (int i = 0; i < graph->n_nodes; i++) {
        cut->max_out = graph->nodes[i]->n_out > cut->max_out ? graph->nodes[i]->n_out : cut->max_out;
    }
    cut->edge_of = calloc((size_t)graph->n_nodes + 1, (size_t)cut->max_out * sizeof(int));
    return cut->edge_of ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
}

void vt_cut_finish(struct vt_cut *cut)
{
    free(cut->edge_of);
}

static int *edge_slot(const struct vt_cut *cut, const struct vt_node *node, int port)
{
    return &cut->edge_of[node->index * cut->max_out + port];
}

/* Whether another part, not just a Result here, reads an output. */
static bool leaves(const struct vt_cut *cut, const struct vt_node *node, int port)
{
    const struct vt_output *out = &node->out[port];

    for (int i = 0; i < out->n_uses; i++) {
        if (cut->part_of[out->uses[i].node->index] != cut->part_of[node->index]) {
            return true;
        }
    }
    return false;
}

static int add_edge(struct vt_cut *cut, const struct vt_node *node, int port, struct vt_error *err)
{
    struct vt_hetero *h = cut->hetero;

    if (h->n_edges == cut->capacity) {
        int capacity = cut->capacity ? 2 * cut->capacity : 8;
        struct vt_hetero_edge *wider = realloc(h->edges, (size_t)capacity * sizeof(*wider));

        if (!wider) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        h->edges = wider;
        cut->capacity = capacity;
    }
    h->edges[h->n_edges++] =
        (struct vt_hetero_edge){.type = node->out[port].v.type, .shape = node->out[port].v.shape};
    *edge_slot(cut, node, port) = h->n_edges;
    return VT_OK;
}

/* One part under construction: `copy` has the nodes of the whole in the same places, behind them what the
 * cuts add; `wires` belong to the Parameters and Results among the latter. */
struct build {
    struct vt_cut *cut;
    int index;
    struct vt_graph *copy;
    int n_whole;            /* nodes of the whole */
    struct vt_node **ports; /* Parameters and Results that stand for edges */
    int *edges;             /* theirs */
    int n_ports, capacity;
};

static int remember(struct build *b, struct vt_node *port, int edge, struct vt_error *err)
{
    if (b->n_ports == b->capacity) {
        int capacity = b->capacity ? 2 * b->capacity : 8;
        struct vt_node **ports = realloc(b->ports, (size_t)capacity * sizeof(*ports));
        int *edges;

        b->ports = ports ? ports : b->ports;
        edges = ports ? realloc(b->edges, (size_t)capacity * sizeof(*edges)) : NULL;
        if (!edges) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        b->edges = edges;
        b->capacity = capacity;
    }
    b->ports[b->n_ports] = port;
    b->edges[b->n_ports++] = edge;
    return VT_OK;
}

/* The Parameter that stands for an edge here; NULL with an error. */
static struct vt_node *edge_param(struct build *b, const struct vt_node *src, int port, struct vt_error *err)
{
    const struct vt_value *v = &src->out[port].v;
    int edge = *edge_slot(b->cut, src, port) - 1;
    struct vt_node *param;
    char name[256];

    for (int i = 0; i < b->n_ports; i++) {
        if (b->edges[i] == edge && vt_node_is(b->ports[i], "Parameter")) {
            return b->ports[i];
        }
    }
    snprintf(name, sizeof(name), "%.200s:%d", src->name, port);
    param = vt_node_build(b->copy, "Parameter", 1, name, 0, NULL, err);
    if (!param || vt_attr_set_text(param, "element_type", vt_type_info(v->type)->name, err) ||
        remember(b, param, edge, err)) {
        return NULL;
    }
    if (v->shape.rank >= 0 && vt_attr_set_shape(param, "shape", &v->shape)) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    param->out[0].v.type = v->type;
    param->out[0].v.shape = v->shape;
    return param;
}

static bool is_ours(const struct build *b, int node)
{
    return b->cut->part_of[node] == b->index;
}

static int cut_inputs(struct build *b, const struct vt_node *whole, struct vt_error *err)
{
    for (int k = 0; k < whole->n_in; k++) {
        const struct vt_node *src = whole->in[k].node;
        struct vt_node *param;

        if (!src || is_ours(b, src->index) || b->cut->part_of[src->index] == VT_NO_PART) {
            continue;
        }
        param = edge_param(b, src, whole->in[k].index, err);
        if (!param) {
            return vt_failed(err);
        }
        if (vt_node_set_input(b->copy->nodes[whole->index], k, vt_port_of(param, 0))) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    return VT_OK;
}

static int cut_outputs(struct build *b, const struct vt_node *whole, struct vt_error *err)
{
    for (int k = 0; k < whole->n_out && !vt_node_is(whole, "Result"); k++) {
        struct vt_port port = vt_port_of(b->copy->nodes[whole->index], k);
        struct vt_node *result;
        char name[256];
        int status;

        if (!leaves(b->cut, whole, k)) {
            continue;
        }
        snprintf(name, sizeof(name), "%.200s:%d/result", whole->name, k);
        result = vt_node_build(b->copy, "Result", 1, name, 1, &port, err);
        status = result ? add_edge(b->cut, whole, k, err) : VT_E_NOMEM;
        status = status ? status : remember(b, result, *edge_slot(b->cut, whole, k) - 1, err);
        if (status) {
            return vt_fail(err, status, "out of memory");
        }
    }
    return VT_OK;
}

/* Results and Assigns of other parts go, then all that only they needed, then Parameters that nobody reads.
 */
static int drop_others(struct build *b, struct vt_error *err)
{
    struct vt_graph *copy = b->copy;
    int status;

    for (int i = 0; i < b->n_whole; i++) {
        const struct vt_node *node = copy->nodes[i];
        bool root = vt_node_is(node, "Result") || (node->op->flags & VT_OP_SINK);

        if (root && !is_ours(b, i)) {
            vt_node_remove(copy->nodes[i]);
        }
    }
    status = vt_graph_sort(copy, err);
    for (int i = 0; i < copy->n_params && status == VT_OK; i++) {
        if (!copy->params[i]->out[0].n_uses) {
            vt_node_remove(copy->params[i]);
        }
    }
    return status ? status : vt_graph_sort(copy, err);
}

/* The wire of a Parameter or Result: `whole` has those of the whole model in their order. */
static struct vt_wire wire_of(const struct build *b, const struct vt_node *port, struct vt_node *const *whole,
                              int n_whole)
{
    for (int i = 0; i < n_whole; i++) {
        if (whole[i] == port) {
            return (struct vt_wire){.port = i};
        }
    }
    for (int i = 0; i < b->n_ports; i++) {
        if (b->ports[i] == port) {
            return (struct vt_wire){.port = -1, .edge = b->edges[i]};
        }
    }
    return (struct vt_wire){-1, -1};
}

static int wire_ports(struct build *b, struct vt_node *const *params, struct vt_node *const *results,
                      struct vt_error *err)
{
    struct vt_hetero *h = b->cut->hetero;
    struct vt_hetero_part *part = &h->parts[b->index];

    part->n_in = b->copy->n_params;
    part->n_out = b->copy->n_results;
    part->in = calloc((size_t)part->n_in + 1, sizeof(*part->in));
    part->out = calloc((size_t)part->n_out + 1, sizeof(*part->out));
    if (!part->in || !part->out) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < part->n_in; i++) {
        part->in[i] = wire_of(b, b->copy->params[i], params, h->n_io[VT_INPUT]);
    }
    for (int i = 0; i < part->n_out; i++) {
        part->out[i] = wire_of(b, b->copy->results[i], results, h->n_io[VT_OUTPUT]);
    }
    return VT_OK;
}

static int cut_graph(struct build *b, struct vt_error *err)
{
    const struct vt_graph *graph = b->cut->hetero->graph;
    size_t n_params = (size_t)graph->n_params, n_results = (size_t)graph->n_results;
    struct vt_node **params = calloc(n_params + 1, sizeof(*params));
    struct vt_node **results = calloc(n_results + 1, sizeof(*results));
    int status = params && results ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK) {
        memcpy(params, b->copy->params, n_params * sizeof(*params));
        memcpy(results, b->copy->results, n_results * sizeof(*results));
    }
    for (int i = 0; i < graph->n_nodes && status == VT_OK; i++) {
        if (is_ours(b, i)) {
            status = cut_inputs(b, graph->nodes[i], err);
            status = status ? status : cut_outputs(b, graph->nodes[i], err);
        }
    }
    status = status ? status : drop_others(b, err);
    status = status ? status : wire_ports(b, params, results, err);
    free(params);
    free(results);
    return status;
}

int vt_cut_part(struct vt_cut *cut, int index, struct vt_model **model, struct vt_error *err)
{
    const struct vt_graph *graph = cut->hetero->graph;
    struct build b = {.cut = cut, .index = index, .n_whole = graph->n_nodes};
    int status;

    b.copy = vt_graph_clone(graph, err);
    status = b.copy ? cut_graph(&b, err) : VT_E_NOMEM;
    free(b.ports);
    free(b.edges);
    if (status) {
        vt_graph_destroy(b.copy);
        return vt_fail(err, status, "out of memory");
    }
    return vt_model_create(b.copy, model, err);
}
