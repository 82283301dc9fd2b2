#include "host_graph.h"

#include "binary.h"
#include "graph.h"
#include "hash.h"
#include "heap.h"
#include "host_build.h"
#include "map.h"
#include "passes.h"
#include "state.h"

#include <stdlib.h>

/* ---- graphs ----------------------------------------------------------------------------------------------
 */

static const char *graph_name(const struct vt_graph *graph)
{
    return graph->name;
}

static int graph_n_nodes(const struct vt_graph *graph)
{
    return graph->n_nodes;
}

static struct vt_node *graph_node(const struct vt_graph *graph, int index)
{
    return index >= 0 && index < graph->n_nodes ? graph->nodes[index] : NULL;
}

static int graph_n_params(const struct vt_graph *graph)
{
    return graph->n_params;
}

static struct vt_node *graph_param(const struct vt_graph *graph, int index)
{
    return index >= 0 && index < graph->n_params ? graph->params[index] : NULL;
}

static int graph_n_results(const struct vt_graph *graph)
{
    return graph->n_results;
}

static struct vt_node *graph_result(const struct vt_graph *graph, int index)
{
    return index >= 0 && index < graph->n_results ? graph->results[index] : NULL;
}

static size_t graph_bytes(const struct vt_graph *graph)
{
    return graph->arena.bytes + graph->values.bytes;
}

static struct vt_graph *graph_part(const struct vt_graph *graph, const bool *inside, struct vt_edge *edges,
                                   int *n_edges, struct vt_error *err)
{
    size_t inputs = 1;
    struct vt_port *ports;
    struct vt_graph *part;

    for (int i = 0; i < graph->n_nodes; i++) {
        inputs += (size_t)graph->nodes[i]->n_in;
    }
    ports = calloc(inputs, sizeof(*ports));
    if (!ports) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    part = vt_graph_part(graph, inside, ports, n_edges, err);
    for (int i = 0; part && i < *n_edges; i++) {
        edges[i] = (struct vt_edge){ports[i].node, ports[i].index};
    }
    free(ports);
    return part;
}

static const struct vt_body_map *node_body_maps(const struct vt_node *node, int body, int *n)
{
    bool there = body >= 0 && body < node->n_bodies;

    *n = there ? node->bodies[body].n_maps : 0;
    return there ? node->bodies[body].maps : NULL;
}

static int set_param_shapes(struct vt_graph *graph, const struct vt_pshape *const *shapes)
{
    for (int i = 0; i < graph->n_params; i++) {
        int status = vt_attr_set_shape(graph->params[i], "shape", shapes[i]);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* On failure the graph is as it was. */
static int graph_reshape(struct vt_graph *graph, const struct vt_pshape *shapes, struct vt_error *err)
{
    static const struct vt_pshape any = {.rank = -1};
    size_t n = (size_t)graph->n_params + 1;
    const struct vt_pshape **old = calloc(n, sizeof(*old)), **now = calloc(n, sizeof(*now));
    int status = old && now ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");

    for (int i = 0; status == VT_OK && i < graph->n_params; i++) {
        old[i] = vt_attr_shape(graph->params[i], "shape");
        old[i] = old[i] ? old[i] : &any;
        now[i] = &shapes[i];
    }
    if (status == VT_OK) {
        status = set_param_shapes(graph, now);
        status = status ? vt_fail(err, status, "out of memory") : vt_graph_infer(graph, err);
        if (status && set_param_shapes(graph, old) == VT_OK) {
            vt_graph_infer(graph, NULL);
        }
    }
    free(old);
    free(now);
    return status;
}

/* ---- nodes -----------------------------------------------------------------------------------------------
 */

static const char *node_op(const struct vt_node *node)
{
    return node->op->name;
}

static int node_opset(const struct vt_node *node)
{
    return node->op->opset;
}

static unsigned node_flags(const struct vt_node *node)
{
    return node->op->flags;
}

static const char *node_fused(const struct vt_node *node)
{
    return node->fused_names;
}

static int node_index(const struct vt_node *node)
{
    return node->index;
}

static int node_n_in(const struct vt_node *node)
{
    return node->n_in;
}

static int node_n_out(const struct vt_node *node)
{
    return node->n_out;
}

static struct vt_edge node_in(const struct vt_node *node, int input)
{
    if (input < 0 || input >= node->n_in) {
        return (struct vt_edge){NULL, 0};
    }
    return (struct vt_edge){node->in[input].node, node->in[input].index};
}

static int node_n_uses(const struct vt_node *node, int output)
{
    return output >= 0 && output < node->n_out ? node->out[output].n_uses : 0;
}

static struct vt_node *node_use(const struct vt_node *node, int output, int use, int *input)
{
    if (use < 0 || use >= node_n_uses(node, output)) {
        return NULL;
    }
    *input = node->out[output].uses[use].input;
    return node->out[output].uses[use].node;
}

static const struct vt_value *node_value(const struct vt_node *node, int output)
{
    return output >= 0 && output < node->n_out ? &node->out[output].v : NULL;
}

static const struct vt_tensor *node_constant(const struct vt_node *node)
{
    return vt_node_is(node, "Constant") ? &node->constant : NULL;
}

static void node_constant_drop(const struct vt_node *node)
{
    if (node->blob && node->constant.bytes) {
        vt_blob_dontneed(node->blob, node->constant.data, node->constant.bytes);
    }
}

static bool node_constant_absent(const struct vt_node *node)
{
    return node->blob && node->blob->hole;
}

static const struct vt_blob *node_constant_blob(const struct vt_node *node, uint64_t *offset)
{
    if (!node->blob || !node->blob->path) {
        return NULL;
    }
    *offset = (uint64_t)((const char *)node->constant.data - (const char *)node->blob->data);
    return node->blob;
}

static const char *blob_file(const struct vt_blob *blob, int64_t *mtime)
{
    *mtime = blob->mtime;
    return blob->path;
}

static bool node_has_eval(const struct vt_node *node)
{
    return node->op->eval != NULL;
}

static int node_n_bodies(const struct vt_node *node)
{
    return node->n_bodies;
}

static struct vt_graph *node_body(const struct vt_node *node, int body)
{
    return body >= 0 && body < node->n_bodies ? node->bodies[body].graph : NULL;
}

/* ---- variable states -------------------------------------------------------------------------------------
 */

/* What a ReadValue says of its variable: its attributes, or what it gives. */
static void describe_state(struct vt_state *state, const struct vt_node *node)
{
    if (!vt_node_is(node, "ReadValue") || state->type != VT_DYNAMIC) {
        return;
    }
    state->type = node->out[0].v.type;
    state->shape = node->out[0].v.shape;
    if (node->op->opset >= 6) {
        const struct vt_pshape *shape = vt_attr_shape(node, "variable_shape");

        state->type = vt_attr_type_of(node, "variable_type");
        state->shape = shape ? *shape : (struct vt_pshape){.rank = -1};
    }
}

/* A variable that a fused operation holds. */
static bool add_held(struct vt_state_store *states, const struct vt_node *node, const char *id,
                     const char *shape)
{
    struct vt_state *state = vt_state_get(states, vt_attr_str(node, id));
    const struct vt_pshape *declared = vt_attr_shape(node, shape);

    if (state && state->type == VT_DYNAMIC) {
        state->type = node->out[0].v.type;
        state->shape = declared ? *declared : state->shape;
    }
    return state;
}

static bool add_read(struct vt_state_store *states, const struct vt_node *node)
{
    struct vt_state *state = vt_state_get(states, vt_attr_str(node, "variable_id"));

    if (state) {
        describe_state(state, node);
    }
    return state;
}

/* The fused operations of a graph, each of which holds two variables, and the reads of others. */
struct holders {
    const struct vt_node **fused, **reads;
    int n_fused, n_reads;
};

/* The variable whose place among the model's this is: a held one says so, the others follow in their order.
 */
static bool add_place(struct vt_state_store *states, const struct holders *h, int64_t place, int *next)
{
    for (int i = 0; i < h->n_fused; i++) {
        if (vt_attr_i64(h->fused[i], "key_place") == place) {
            return add_held(states, h->fused[i], "variable_id", "key_shape");
        }
        if (vt_attr_i64(h->fused[i], "value_place") == place) {
            return add_held(states, h->fused[i], "value_id", "value_shape");
        }
    }
    return *next >= h->n_reads || add_read(states, h->reads[(*next)++]);
}

/* In the model's order, which fusing has lost. */
static bool add_in_order(struct vt_state_store *states, const struct vt_graph *graph)
{
    struct holders h = {.fused = calloc((size_t)graph->n_nodes + 1, sizeof(*h.fused)),
                        .reads = calloc((size_t)graph->n_nodes + 1, sizeof(*h.reads))};
    bool ok = h.fused && h.reads;
    int next = 0;

    for (int i = 0; ok && i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (vt_node_is(node, "CachedAttention")) {
            h.fused[h.n_fused++] = node;
        } else if (vt_node_is(node, "ReadValue")) {
            h.reads[h.n_reads++] = node;
        }
    }
    for (int64_t place = 0; ok && h.n_fused && place < 2 * h.n_fused + h.n_reads; place++) {
        ok = add_place(states, &h, place, &next);
    }
    /* Places that no model of this runtime has. */
    for (int i = 0; ok && i < h.n_fused; i++) {
        ok = add_held(states, h.fused[i], "variable_id", "key_shape") &&
             add_held(states, h.fused[i], "value_id", "value_shape");
    }
    free(h.fused);
    free(h.reads);
    return ok;
}

static bool add_states(struct vt_state_store *states, const struct vt_graph *graph)
{
    if (!add_in_order(states, graph)) {
        return false;
    }
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (node->op->flags & VT_OP_STATEFUL && !add_read(states, node)) {
            return false;
        }
        for (int b = 0; b < node->n_bodies; b++) {
            if (!add_states(states, node->bodies[b].graph)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- variable states that grow */

static void fill_view(const struct vt_state *state, struct vt_state_view *view)
{
    *view = (struct vt_state_view){
        .t = state->value, .axis = state->axis, .room = state->room, .set = state->set};
    if (!state->room) {
        view->axis = -1;
    }
}

static struct vt_state *state_named(struct vt_state_store *states, const char *name, struct vt_error *err)
{
    struct vt_state *state = vt_state_get(states, name);

    if (!state) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return state;
}

static int state_view(struct vt_state_store *states, const char *name, struct vt_state_view *view,
                      struct vt_error *err)
{
    struct vt_state *state = state_named(states, name, err);

    if (!state) {
        return VT_E_NOMEM;
    }
    fill_view(state, view);
    return VT_OK;
}

static int state_extend(struct vt_state_store *states, const char *name, const struct vt_tensor *want,
                        int axis, struct vt_state_view *view, struct vt_error *err)
{
    struct vt_state *state = state_named(states, name, err);
    int status = state ? vt_state_extend(state, want, axis, err) : VT_E_NOMEM;

    if (status == VT_OK) {
        fill_view(state, view);
    }
    return status;
}

static int state_reorder(struct vt_state_store *states, const char *name, const int64_t *index, int64_t n,
                         struct vt_error *err)
{
    struct vt_state *state = state_named(states, name, err);

    if (!state) {
        return VT_E_NOMEM;
    }
    return state->set ? vt_state_reorder(state, index, n, err) : VT_OK;
}

static struct vt_state_store *states_create(const struct vt_graph *graph, struct vt_error *err)
{
    struct vt_state_store *states = vt_states_create();

    if (!states || !add_states(states, graph)) {
        vt_fail(err, VT_E_NOMEM, "out of memory for the variable states of model '%s'", graph->name);
        vt_states_destroy(states);
        return NULL;
    }
    return states;
}

static void states_cancel(struct vt_state_store *states, bool cancelled)
{
    atomic_store_explicit(&states->cancelled, cancelled, memory_order_relaxed);
}

/* ---- files -----------------------------------------------------------------------------------------------
 */

static const void *blob_data(const struct vt_blob *blob, size_t *bytes)
{
    *bytes = blob->size;
    return blob->data;
}

static void fill_nodes(struct vt_host *host)
{
    host->node_name = vt_node_name;
    host->node_op = node_op;
    host->node_opset = node_opset;
    host->node_flags = node_flags;
    host->node_fused = node_fused;
    host->node_index = node_index;
    host->node_n_in = node_n_in;
    host->node_n_out = node_n_out;
    host->node_in = node_in;
    host->node_n_uses = node_n_uses;
    host->node_use = node_use;
    host->node_value = node_value;
    host->node_constant = node_constant;
    host->node_constant_drop = node_constant_drop;
    host->node_n_bodies = node_n_bodies;
    host->node_body = node_body;
    host->attr_i64 = vt_attr_i64;
    host->attr_f64 = vt_attr_f64;
    host->attr_str = vt_attr_str;
    host->attr_i64s = vt_attr_i64s;
    host->attr_f64s = vt_attr_f64s;
}

void vt_host_fill_graph(struct vt_host *host)
{
    host->graph_clone = vt_graph_clone;
    host->graph_destroy = vt_graph_destroy;
    host->graph_name = graph_name;
    host->graph_passes = vt_passes_run;
    host->graph_reshape = graph_reshape;
    host->graph_n_nodes = graph_n_nodes;
    host->graph_node = graph_node;
    host->graph_n_params = graph_n_params;
    host->graph_param = graph_param;
    host->graph_n_results = graph_n_results;
    host->graph_result = graph_result;
    fill_nodes(host);
    host->node_shapes = vt_node_shapes;
    host->node_eval = vt_node_eval;
    host->node_has_eval = node_has_eval;
    host->states_create = states_create;
    host->states_destroy = vt_states_destroy;
    host->states_reset = vt_states_reset;
    vt_host_fill_build(host);
    host->blob_map = vt_blob_map;
    host->blob_data = blob_data;
    host->blob_unref = vt_blob_unref;
    host->graph_write = vt_graph_write;
    host->graph_read = vt_graph_read;
    host->node_constant_absent = node_constant_absent;
    host->node_constant_blob = node_constant_blob;
    host->blob_file = blob_file;
    host->blob_ref = vt_blob_ref;
    host->hash = vt_hash;
    host->states_cancel = states_cancel;
    host->state_view = state_view;
    host->state_extend = state_extend;
    host->state_reorder = state_reorder;
    host->graph_clone_shaped = vt_graph_clone_shaped;
    host->graph_bytes = graph_bytes;
    host->states_begin = vt_states_begin;
    host->graph_part = graph_part;
    host->node_body_maps = node_body_maps;
    host->heap_create = vt_heap_create;
    host->heap_destroy = vt_heap_destroy;
    host->heap_alloc = vt_heap_alloc;
    host->heap_free = vt_heap_free;
    host->heap_reset = vt_heap_reset;
    host->node_eval_in = vt_node_eval_in;
}
