#include "host_build.h"

#include "extension.h"
#include "graph.h"
#include "map.h"

static int no_memory(const struct vt_node *node, struct vt_error *err)
{
    return vt_fail(err, VT_E_NOMEM, "node '%s' (%s): out of memory", node->name, node->op->name);
}

static struct vt_graph *graph_create(const char *name, struct vt_error *err)
{
    struct vt_graph *graph = vt_graph_create(name);

    if (!graph) {
        vt_fail(err, VT_E_NOMEM, "out of memory for model '%s'", name ? name : "");
    }
    return graph;
}

static struct vt_node *node_create(struct vt_graph *graph, const char *op, int opset, const char *name,
                                   int n_in, int n_out, struct vt_error *err)
{
    const struct vt_op_def *def = vt_op_find(op, opset);

    if (!def) {
        vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s (opset%d), node '%s'", op, opset, name);
        return NULL;
    }
    if (def->n_out >= 0 && n_out <= def->n_out) {
        n_out = -1;
    }
    return vt_node_create(graph, def, name, n_in, n_out, err);
}

static struct vt_node *node_create_unknown(struct vt_graph *graph, const char *op, const char *opset,
                                           const char *name, int n_in, int n_out, struct vt_error *err)
{
    const struct vt_op_def *def = vt_extension_find(op, opset);

    if (def) {
        return vt_node_create(graph, def, name, n_in, def->n_out >= 0 && n_out <= def->n_out ? -1 : n_out,
                              err);
    }
    return vt_unknown_create(graph, op, opset, name, n_in, n_out, err);
}

static int node_connect(struct vt_node *node, int input, struct vt_node *src, int port, struct vt_error *err)
{
    if (input < 0 || input >= node->n_in) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s) has %d inputs, there is no input %d", node->name,
                       node->op->name, node->n_in, input);
    }
    if (port < 0 || port >= src->n_out) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s) has %d outputs, there is no output %d", src->name,
                       src->op->name, src->n_out, port);
    }
    return vt_node_set_input(node, input, vt_port_of(src, port)) ? no_memory(node, err) : VT_OK;
}

static int node_set_attr(struct vt_node *node, const char *name, const char *text, struct vt_error *err)
{
    if (node->op->flags & VT_OP_UNKNOWN) {
        int status = vt_unknown_set_attr(node, name, text);

        return status == VT_E_NOMEM ? no_memory(node, err) : status;
    }
    return vt_attr_set_text(node, name, text, err);
}

static int node_declare_output(struct vt_node *node, int output, enum vt_type type,
                               const struct vt_pshape *shape, struct vt_error *err)
{
    int status = node->op->flags & VT_OP_EXTENSION ? VT_OK : vt_unknown_declare(node, output, type, shape);

    if (status) {
        vt_fail(err, status, "node '%s' (%s): output %d cannot be declared", node->name, node->op->name,
                output);
    }
    return status;
}

static int node_add_tensor_name(struct vt_node *node, int output, const char *name, struct vt_error *err)
{
    if (output < 0 || output >= node->n_out) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s) has %d outputs, there is no output %d", node->name,
                       node->op->name, node->n_out, output);
    }
    return vt_output_add_name(node->graph, &node->out[output], name) ? no_memory(node, err) : VT_OK;
}

/* Entries keep the order of the file. */
static int add_rt_info(struct vt_graph *graph, struct vt_rt_info **list, const char *name,
                       const char *version, const char *value)
{
    struct vt_rt_info *item = vt_arena_alloc(&graph->arena, sizeof(*item));

    if (!item) {
        return VT_E_NOMEM;
    }
    item->name = vt_arena_strdup(&graph->arena, name);
    item->version = vt_arena_strdup(&graph->arena, version);
    item->value = vt_arena_strdup(&graph->arena, value);
    if (!item->name || (version && !item->version) || (value && !item->value)) {
        return VT_E_NOMEM;
    }
    while (*list) {
        list = &(*list)->next;
    }
    *list = item;
    return VT_OK;
}

static int node_add_rt_info(struct vt_node *node, const char *name, const char *version, const char *value,
                            struct vt_error *err)
{
    int status = add_rt_info(node->graph, &node->rt_info, name, version, value);

    return status ? no_memory(node, err) : VT_OK;
}

int vt_node_set_rt_info(struct vt_node *node, const char *name, const char *value, struct vt_error *err)
{
    struct vt_rt_info *item = vt_node_rt_info(node, name);

    if (!item) {
        return node_add_rt_info(node, name, "0", value, err);
    }
    item->value = vt_arena_strdup(&node->graph->arena, value);
    return item->value ? VT_OK : no_memory(node, err);
}

static int graph_add_rt_info(struct vt_graph *graph, const char *path, const char *value,
                             struct vt_error *err)
{
    int status = add_rt_info(graph, &graph->rt_info, path, NULL, value);

    return status ? vt_fail(err, status, "out of memory for model '%s'", graph->name) : VT_OK;
}

static struct vt_node *constant_create(struct vt_graph *graph, const char *name, const struct vt_tensor *t,
                                       struct vt_blob *blob, struct vt_error *err)
{
    if (blob && t->bytes && !vt_blob_holds(blob, t->data, t->bytes)) {
        vt_fail(err, VT_E_RANGE, "constant '%s': its data lies outside of the weights", name);
        return NULL;
    }
    return vt_constant_create(graph, name, t, blob, err);
}

int vt_node_add_body(struct vt_node *node, struct vt_graph *body, struct vt_error *err)
{
    struct vt_graph *graph = node->graph;
    struct vt_body *wider;

    if (node->op->flags & VT_OP_EXTENSION) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: sub-graphs in extensions, node '%s' (%s)",
                       node->name, node->op->name);
    }
    if (body->depth + 1 > VT_MAX_GRAPH_DEPTH) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s): sub-graphs are nested more than %d deep", node->name,
                       node->op->name, VT_MAX_GRAPH_DEPTH);
    }
    wider = vt_arena_array(&graph->arena, (size_t)node->n_bodies + 1, sizeof(*wider));
    if (!wider) {
        return no_memory(node, err);
    }
    if (node->n_bodies) {
        memcpy(wider, node->bodies, (size_t)node->n_bodies * sizeof(*wider));
    }
    wider[node->n_bodies].graph = body;
    node->bodies = wider;
    node->n_bodies++;
    if (graph->depth < body->depth + 1) {
        graph->depth = body->depth + 1;
    }
    return VT_OK;
}

int vt_node_map_body(struct vt_node *node, int body, const struct vt_body_map *map, struct vt_error *err)
{
    struct vt_body *b;
    struct vt_body_map *wider;

    if (body < 0 || body >= node->n_bodies) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s) has no body %d", node->name, node->op->name, body);
    }
    b = &node->bodies[body];
    if (!vt_body_map_fits(node, b->graph, map)) {
        return vt_fail(err, VT_E_RANGE, "node '%s' (%s): body %d is mapped to a port that does not exist",
                       node->name, node->op->name, body);
    }
    /* Room for the next power of two, so that many maps take linear memory. */
    if ((b->n_maps & (b->n_maps - 1)) == 0) {
        size_t n = (size_t)b->n_maps;

        wider = vt_arena_array(&node->graph->arena, n ? 2 * n : 1, sizeof(*wider));
        if (!wider) {
            return no_memory(node, err);
        }
        if (n) {
            memcpy(wider, b->maps, n * sizeof(*wider));
        }
        b->maps = wider;
    }
    b->maps[b->n_maps++] = *map;
    return VT_OK;
}

/* "Softmax-8"; operations of no standard set go by their name alone. */
static const char *label_of(const struct vt_op_def *op, char text[256])
{
    snprintf(text, 256, op->opset < 0 ? "%.240s" : "%.240s-%d", op->name, op->opset);
    return text;
}

int vt_node_check(const struct vt_node *node, struct vt_error *err)
{
    const struct vt_attr_def *attrs = node->op->attrs;
    char label[256];

    for (int i = 0; i < node->n_in && i < node->op->min_in; i++) {
        if (!node->in[i].node) {
            return vt_fail(err, VT_E_INVALID, "node '%s' (%s): input %d is required and not connected",
                           node->name, label_of(node->op, label), i);
        }
    }
    for (int i = 0; attrs && attrs[i].name && i < 64; i++) {
        if (attrs[i].required && !(node->attrs_given >> i & 1)) {
            return vt_fail(err, VT_E_INVALID, "node '%s' (%s): attribute '%s' is required and missing",
                           node->name, label_of(node->op, label), attrs[i].name);
        }
    }
    return VT_OK;
}

int vt_graph_finish(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err);

    for (int i = 0; status == VT_OK && i < graph->n_nodes; i++) {
        status = vt_node_check(graph->nodes[i], err);
    }
    return status ? status : vt_graph_infer(graph, err);
}

static int node_infer(struct vt_node *node, struct vt_error *err)
{
    int status = vt_node_check(node, err);

    return status ? status : vt_node_infer(node, err);
}

static int node_set_name(struct vt_node *node, const char *name, struct vt_error *err)
{
    const char *copy = vt_arena_strdup(&node->graph->arena, name);

    if (!copy) {
        return no_memory(node, err);
    }
    node->name = copy;
    return VT_OK;
}

static struct vt_node *constant_clone(struct vt_graph *graph, const struct vt_node *constant,
                                      const char *name, struct vt_error *err)
{
    if (!vt_node_is(constant, "Constant")) {
        vt_fail(err, VT_E_INVALID, "node '%s' (%s) is no Constant", constant->name, constant->op->name);
        return NULL;
    }
    return vt_constant_create(graph, name, &constant->constant, constant->blob, err);
}

static bool extension_op(const char *op, const char *opset)
{
    return vt_extension_find(op, opset) != NULL;
}

static const char *extension_name(const char *op, const char *opset)
{
    const struct vt_op_def *def = vt_extension_find(op, opset);

    return def ? vt_extension_of(def)->name : NULL;
}

void vt_host_fill_build(struct vt_host *host)
{
    host->graph_create = graph_create;
    host->node_create = node_create;
    host->node_connect = node_connect;
    host->node_set_attr = node_set_attr;
    host->node_add_tensor_name = node_add_tensor_name;
    host->node_add_rt_info = node_add_rt_info;
    host->graph_add_rt_info = graph_add_rt_info;
    host->constant_create = constant_create;
    host->node_add_body = vt_node_add_body;
    host->node_map_body = vt_node_map_body;
    host->graph_finish = vt_graph_finish;
    host->op_known = vt_op_known;
    host->node_create_unknown = node_create_unknown;
    host->node_declare_output = node_declare_output;
    host->node_infer = node_infer;
    host->node_set_name = node_set_name;
    host->constant_clone = constant_clone;
    host->extension_op = extension_op;
    host->extension_name = extension_name;
}
