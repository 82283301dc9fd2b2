#include "graph.h"

#include "extension.h"
#include "map.h"
#include "texts.h"
#include "vt/checked.h"

#include <stdlib.h>

/* Append to a growing array in the arena: old copies die with the graph, so growth doubles. */
static int append(struct vt_graph *graph, void *list, int *n, int *cap, size_t size, const void *item)
{
    void **array = list;

    if (*n == *cap) {
        int wider = *cap ? *cap * 2 : 4;
        void *grown;

        if (wider > VT_MAX_NODES) {
            return VT_E_RANGE;
        }
        grown = vt_arena_array(&graph->arena, (size_t)wider, size);
        if (!grown) {
            return VT_E_NOMEM;
        }
        if (*n) {
            memcpy(grown, *array, (size_t)*n * size);
        }
        *array = grown;
        *cap = wider;
    }
    memcpy((char *)*array + (size_t)*n * size, item, size);
    ++*n;
    return VT_OK;
}

struct vt_graph *vt_graph_create(const char *name)
{
    struct vt_graph *graph = calloc(1, sizeof(*graph));

    if (graph) {
        graph->name = vt_arena_strdup(&graph->arena, name ? name : "");
        if (!graph->name) {
            free(graph);
            return NULL;
        }
    }
    return graph;
}

void vt_graph_destroy(struct vt_graph *graph)
{
    if (!graph) {
        return;
    }
    for (int i = 0; i < graph->n_nodes; i++) {
        for (int b = 0; b < graph->nodes[i]->n_bodies; b++) {
            vt_graph_destroy(graph->nodes[i]->bodies[b].graph);
        }
    }
    for (int i = 0; i < graph->n_blobs; i++) {
        vt_blob_unref(graph->blobs[i]);
    }
    for (int i = 0; i < graph->n_extensions; i++) {
        vt_extension_unref(graph->extensions[i]);
    }
    vt_arena_finish(&graph->values);
    vt_arena_finish(&graph->arena);
    free(graph);
}

int vt_graph_hold_blob(struct vt_graph *graph, struct vt_blob *blob)
{
    int status;

    for (int i = 0; i < graph->n_blobs; i++) {
        if (graph->blobs[i] == blob) {
            return VT_OK;
        }
    }
    status =
        append(graph, &graph->blobs, &graph->n_blobs, &graph->cap_blobs, sizeof(struct vt_blob *), &blob);
    if (status == VT_OK) {
        vt_blob_ref(blob);
    }
    return status;
}

/* The operation's code stays loaded as long as the graph. */
static int hold_extension(struct vt_graph *graph, const struct vt_op_def *op)
{
    struct vt_extension *extension = vt_extension_of(op);
    int status = VT_OK;
    bool held = !extension;

    for (int i = 0; i < graph->n_extensions; i++) {
        held |= graph->extensions[i] == extension;
    }
    if (!held) {
        status = append(graph, &graph->extensions, &graph->n_extensions, &graph->cap_extensions,
                        sizeof(struct vt_extension *), &extension);
        if (status == VT_OK) {
            vt_extension_ref(extension);
        }
    }
    return status;
}

static int enlist(struct vt_graph *graph, struct vt_node *node)
{
    size_t size = sizeof(struct vt_node *);
    int status = append(graph, &graph->nodes, &graph->n_nodes, &graph->cap_nodes, size, &node);

    if (status == VT_OK && vt_node_is(node, "Parameter")) {
        status = append(graph, &graph->params, &graph->n_params, &graph->cap_params, size, &node);
    } else if (status == VT_OK && vt_node_is(node, "Result")) {
        status = append(graph, &graph->results, &graph->n_results, &graph->cap_results, size, &node);
    } else if (status == VT_OK && (node->op->flags & VT_OP_SINK)) {
        status = append(graph, &graph->sinks, &graph->n_sinks, &graph->cap_sinks, size, &node);
    }
    return status;
}

static int attrs_init(struct vt_node *node)
{
    int n = 0;

    while (node->op->attrs && node->op->attrs[n].name) {
        n++;
    }
    if (n) {
        node->attrs = vt_arena_array(&node->graph->arena, (size_t)n, sizeof(*node->attrs));
        if (!node->attrs) {
            return VT_E_NOMEM;
        }
    }
    for (int i = 0; i < n; i++) {
        node->attrs[i] = node->op->attrs[i].def;
    }
    return VT_OK;
}

static int outputs_init(struct vt_node *node, int n_out)
{
    node->out = vt_arena_array(&node->graph->arena, (size_t)n_out, sizeof(*node->out));
    if (!node->out) {
        return VT_E_NOMEM;
    }
    node->n_out = n_out;
    for (int i = 0; i < n_out; i++) {
        node->out[i].v.shape.rank = -1;
    }
    return VT_OK;
}

struct vt_node *vt_node_create(struct vt_graph *graph, const struct vt_op_def *op, const char *name, int n_in,
                               int n_out, struct vt_error *err)
{
    struct vt_node *node;
    bool variadic = op->flags & VT_OP_VARIADIC;

    if (n_in < op->min_in || (!variadic && n_in > op->max_in)) {
        vt_fail(err, VT_E_INVALID, "node '%s': %s takes %d%s%.0d inputs, not %d", name, op->name, op->min_in,
                variadic ? " or more" : " to ", variadic ? 0 : op->max_in, n_in);
        return NULL;
    }
    if (n_out < 0) {
        n_out = op->n_out < 0 ? 1 : op->n_out;
    }
    if (op->n_out >= 0 && n_out != op->n_out) {
        vt_fail(err, VT_E_INVALID, "node '%s': %s has %d outputs, not %d", name, op->name, op->n_out, n_out);
        return NULL;
    }
    if (n_in > VT_MAX_NODES || n_out > VT_MAX_NODES || graph->n_nodes >= VT_MAX_NODES) {
        vt_fail(err, VT_E_RANGE, "node '%s': more nodes or ports than the limit of %d", name, VT_MAX_NODES);
        return NULL;
    }
    node = vt_arena_alloc(&graph->arena, sizeof(*node));
    if (node) {
        node->op = op;
        node->graph = graph;
        node->name = vt_arena_strdup(&graph->arena, name ? name : "");
        node->in = vt_arena_array(&graph->arena, (size_t)n_in, sizeof(*node->in));
        node->n_in = n_in;
        node->id = graph->next_id++;
        node->index = graph->n_nodes;
    }
    if (!node || !node->name || !node->in || attrs_init(node) || outputs_init(node, n_out) ||
        hold_extension(graph, op) || enlist(graph, node)) {
        vt_fail(err, VT_E_NOMEM, "node '%s': out of memory", name);
        return NULL;
    }
    return node;
}

struct vt_node *vt_node_build(struct vt_graph *graph, const char *op, int opset, const char *name, int n_in,
                              const struct vt_port *in, struct vt_error *err)
{
    const struct vt_op_def *def = vt_op_find(op, opset);
    struct vt_node *node;

    if (!def) {
        vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s (opset%d), node '%s'", op, opset, name);
        return NULL;
    }
    node = vt_node_create(graph, def, name, n_in, -1, err);
    for (int i = 0; node && i < n_in; i++) {
        if (vt_node_set_input(node, i, in[i])) {
            vt_fail(err, VT_E_NOMEM, "node '%s': out of memory", name);
            return NULL;
        }
    }
    return node;
}

static void drop_use(struct vt_output *out, const struct vt_node *node, int input)
{
    for (int i = 0; i < out->n_uses; i++) {
        if (out->uses[i].node == node && out->uses[i].input == input) {
            out->uses[i] = out->uses[--out->n_uses];
            return;
        }
    }
}

int vt_node_set_input(struct vt_node *node, int input, struct vt_port src)
{
    struct vt_use use = {node, input};

    if (input < 0 || input >= node->n_in || (src.node && (src.index < 0 || src.index >= src.node->n_out))) {
        return VT_E_RANGE;
    }
    if (src.node) {
        struct vt_output *out = vt_port_output(src);
        int status = append(node->graph, &out->uses, &out->n_uses, &out->cap_uses, sizeof(use), &use);

        if (status) {
            return status;
        }
    }
    if (node->in[input].node) {
        drop_use(vt_port_output(node->in[input]), node, input);
    }
    node->in[input] = src;
    return VT_OK;
}

int vt_node_add_input(struct vt_node *node, struct vt_port src)
{
    struct vt_port *wider = vt_arena_array(&node->graph->arena, (size_t)node->n_in + 1, sizeof(*wider));
    int status;

    if (!wider) {
        return VT_E_NOMEM;
    }
    memcpy(wider, node->in, (size_t)node->n_in * sizeof(*wider));
    node->in = wider;
    node->n_in++;
    status = vt_node_set_input(node, node->n_in - 1, src);
    if (status) {
        node->n_in--;
        return status;
    }
    return node->n_in - 1;
}

/* From here on a copy is a blob of its own, which clones of the graph share instead of copying it again. */
#define SHARED_FROM 256

/* Where the data of a new constant lives. */
static int place_constant(struct vt_node *node, const struct vt_tensor *t, struct vt_blob *blob)
{
    struct vt_graph *graph = node->graph;
    struct vt_blob *copy = NULL;
    int status = VT_OK;

    node->constant = *t;
    if (t->type == VT_STRING && blob && !vt_blob_holds(blob, t->data, t->bytes)) {
        blob = NULL;
    }
    if (!blob && t->bytes && (t->bytes >= SHARED_FROM || t->type == VT_STRING)) {
        copy = blob = t->type == VT_STRING ? vt_strings_keep(t) : vt_blob_copy(t->data, t->bytes);
        if (!copy) {
            return VT_E_NOMEM;
        }
        node->constant.data = (void *)(uintptr_t)copy->data;
    }
    if (blob) {
        status = vt_graph_hold_blob(graph, blob);
        node->blob = blob;
        vt_blob_unref(copy);
    } else if (t->bytes) {
        node->constant.data = vt_arena_copy(&graph->arena, t->data, t->bytes);
        status = node->constant.data ? VT_OK : VT_E_NOMEM;
    }
    return status;
}

struct vt_node *vt_constant_create(struct vt_graph *graph, const char *name, const struct vt_tensor *t,
                                   struct vt_blob *blob, struct vt_error *err)
{
    struct vt_node *node = vt_node_create(graph, vt_op_find("Constant", 1), name, 0, 1, err);

    if (!node) {
        return NULL;
    }
    if (place_constant(node, t, blob)) {
        vt_fail(err, VT_E_NOMEM, "constant '%s': out of memory (%zu bytes)", name, t->bytes);
        return NULL;
    }
    return vt_node_infer(node, err) ? NULL : node;
}

struct vt_node *vt_constant_i64s(struct vt_graph *graph, const char *name, int rank, int64_t n,
                                 const int64_t *values, struct vt_error *err)
{
    struct vt_tensor t;

    vt_tensor_describe(&t, VT_I64, rank, &n);
    t.data = (void *)values;
    return vt_constant_create(graph, name, &t, NULL, err);
}

struct vt_node *vt_constant_f32(struct vt_graph *graph, const char *name, float value, struct vt_error *err)
{
    struct vt_tensor t;

    vt_tensor_describe(&t, VT_F32, 0, NULL);
    t.data = &value;
    return vt_constant_create(graph, name, &t, NULL, err);
}

int vt_output_add_name(struct vt_graph *graph, struct vt_output *out, const char *name)
{
    size_t n = (size_t)out->n_names;
    char *copy = vt_arena_strdup(&graph->arena, name);

    /* The array has room for the next power of two: doubling keeps the arena linear in the names. */
    if ((n & (n - 1)) == 0) {
        const char **wider = vt_arena_array(&graph->arena, n ? 2 * n : 1, sizeof(*wider));

        if (!wider) {
            return VT_E_NOMEM;
        }
        if (n) {
            memcpy(wider, out->names, n * sizeof(*wider));
        }
        out->names = wider;
    }
    if (!copy) {
        return VT_E_NOMEM;
    }
    out->names[out->n_names++] = copy;
    return VT_OK;
}

int vt_port_replace(struct vt_port old, struct vt_port now)
{
    struct vt_output *from = vt_port_output(old), *to = vt_port_output(now);

    for (int i = 0; i < from->n_names; i++) {
        int status = vt_output_add_name(now.node->graph, to, from->names[i]);

        if (status) {
            return status;
        }
    }
    from->n_names = 0;
    while (from->n_uses) {
        struct vt_use use = from->uses[from->n_uses - 1];
        int status = vt_node_set_input(use.node, use.input, now);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

void vt_node_remove(struct vt_node *node)
{
    struct vt_port none = {NULL, 0};

    for (int i = 0; i < node->n_in; i++) {
        vt_node_set_input(node, i, none);
    }
    node->dead = true;
}

void vt_node_fused(struct vt_node *by, const struct vt_node *original)
{
    const char *name = original->fused_names ? original->fused_names : original->name;

    by->fused_names = by->fused_names ? vt_arena_printf(&by->graph->arena, "%s,%s", by->fused_names, name)
                                      : vt_arena_strdup(&by->graph->arena, name);
}

bool vt_node_is(const struct vt_node *node, const char *op_name)
{
    /* An unknown operation may bear a known name in a version that is not: its attributes are other ones. */
    return strcmp(node->op->name, op_name) == 0 && !(node->op->flags & VT_OP_UNKNOWN);
}

const char *vt_node_name(const struct vt_node *node)
{
    return node->name;
}

bool vt_graph_find_tensor(const struct vt_graph *graph, const char *name, struct vt_port *port)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        struct vt_node *node = graph->nodes[i];

        for (int o = 0; o < node->n_out; o++) {
            for (int k = 0; k < node->out[o].n_names; k++) {
                if (strcmp(node->out[o].names[k], name) == 0) {
                    *port = vt_port_of(node, o);
                    return true;
                }
            }
        }
    }
    return false;
}

struct vt_rt_info *vt_node_rt_info(const struct vt_node *node, const char *name)
{
    struct vt_rt_info *item = node->rt_info;

    while (item && strcmp(item->name, name)) {
        item = item->next;
    }
    return item;
}

static bool within(int index, int count)
{
    return index >= 0 && index < count;
}

bool vt_body_map_fits(const struct vt_node *node, const struct vt_graph *body, const struct vt_body_map *map)
{
    switch (map->kind) {
    case VT_MAP_INPUT:
    case VT_MAP_SLICED: return within(map->outer, node->n_in) && within(map->inner, body->n_params);
    case VT_MAP_MERGED:
        return within(map->outer, node->n_in) && within(map->inner, body->n_params) &&
               within(map->back, body->n_results);
    case VT_MAP_OUTPUT:
    case VT_MAP_CONCAT: return within(map->outer, node->n_out) && within(map->inner, body->n_results);
    case VT_MAP_CONDITION: return within(map->inner, body->n_results);
    case VT_MAP_COUNTER: return within(map->inner, body->n_params);
    }
    return false;
}
