/* Copies of graphs: deep ones that outlive their original (strings and attribute arrays are copied too), and
 * those for one set of shapes, which read the constants of their original. */
#include "graph.h"

#include <stdlib.h>

static const struct vt_rt_info *copy_rt_info(struct vt_arena *arena, const struct vt_rt_info *from,
                                             struct vt_rt_info **to)
{
    for (; from; from = from->next) {
        struct vt_rt_info *item = vt_arena_alloc(arena, sizeof(*item));

        if (!item) {
            return from;
        }
        item->name = vt_arena_strdup(arena, from->name);
        item->version = vt_arena_strdup(arena, from->version);
        item->value = vt_arena_strdup(arena, from->value);
        *to = item;
        to = &item->next;
    }
    return NULL;
}

static bool copy_attr(struct vt_arena *arena, enum vt_attr_type type, union vt_attr_value *value)
{
    switch (type) {
    case VT_ATTR_STR: value->s = vt_arena_strdup(arena, value->s); return true;
    case VT_ATTR_I64S:
        if (value->i64s.n) {
            value->i64s.v = vt_arena_copy(arena, value->i64s.v, (size_t)value->i64s.n * sizeof(int64_t));
        }
        return !value->i64s.n || value->i64s.v;
    case VT_ATTR_F64S:
        if (value->f64s.n) {
            value->f64s.v = vt_arena_copy(arena, value->f64s.v, (size_t)value->f64s.n * sizeof(double));
        }
        return !value->f64s.n || value->f64s.v;
    case VT_ATTR_SHAPE:
        if (value->shape) {
            value->shape = vt_arena_copy(arena, value->shape, sizeof(*value->shape));
            return value->shape;
        }
        return true;
    default: return true;
    }
}

static struct vt_graph *copy_graph(const struct vt_graph *graph, const struct vt_pshape *shapes, bool shares,
                                   bool body, struct vt_error *err);

static int copy_outputs(struct vt_node *to, const struct vt_node *from, bool names)
{
    for (int i = 0; i < from->n_out; i++) {
        to->out[i].v.type = from->out[i].v.type;
        to->out[i].v.shape = from->out[i].v.shape;
        for (int k = 0; names && k < from->out[i].n_names; k++) {
            if (vt_output_add_name(to->graph, &to->out[i], from->out[i].names[k])) {
                return VT_E_NOMEM;
            }
        }
    }
    return VT_OK;
}

static int copy_bodies(struct vt_node *to, const struct vt_node *from, bool shares, struct vt_error *err)
{
    struct vt_arena *arena = &to->graph->arena;

    if (!from->n_bodies) {
        return VT_OK;
    }
    to->bodies = vt_arena_array(arena, (size_t)from->n_bodies, sizeof(*to->bodies));
    if (!to->bodies) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < from->n_bodies; i++) {
        const struct vt_body *b = &from->bodies[i];

        to->bodies[i].graph = copy_graph(b->graph, NULL, shares, true, err);
        if (!to->bodies[i].graph) {
            return VT_E_NOMEM;
        }
        to->n_bodies = i + 1;
        if (b->n_maps) {
            size_t room = 1;

            while (room < (size_t)b->n_maps) {
                room *= 2; /* what adding one more counts on */
            }
            to->bodies[i].maps = vt_arena_array(arena, room, sizeof(*b->maps));
            if (!to->bodies[i].maps) {
                return VT_E_NOMEM;
            }
            memcpy(to->bodies[i].maps, b->maps, (size_t)b->n_maps * sizeof(*b->maps));
        }
        to->bodies[i].n_maps = b->n_maps;
    }
    return VT_OK;
}

static int copy_constant(struct vt_node *to, const struct vt_node *from, bool shares)
{
    to->constant = from->constant;
    if (shares) {
        to->blob = from->blob;
        return VT_OK;
    }
    if (from->blob) {
        to->blob = from->blob;
        return vt_graph_hold_blob(to->graph, from->blob);
    }
    if (from->constant.data) {
        to->constant.data = vt_arena_copy(&to->graph->arena, from->constant.data, from->constant.bytes);
        return to->constant.data ? VT_OK : VT_E_NOMEM;
    }
    return VT_OK;
}

static struct vt_node *clone_node(struct vt_graph *graph, const struct vt_node *from, bool shares,
                                  struct vt_error *err)
{
    const struct vt_op_def *op = from->op;
    struct vt_node *to;

    if (op->flags & VT_OP_UNKNOWN) {
        op = vt_unknown_copy_op(&graph->arena, op);
    }
    to = op ? vt_node_create(graph, op, from->name, from->n_in, from->n_out, err) : NULL;
    if (!to) {
        return NULL;
    }
    to->attrs_given = from->attrs_given;
    for (int i = 0; from->op->attrs && from->op->attrs[i].name; i++) {
        to->attrs[i] = from->attrs[i];
        if (!copy_attr(&graph->arena, from->op->attrs[i].type, &to->attrs[i])) {
            return NULL;
        }
    }
    to->fused_names = vt_arena_strdup(&graph->arena, from->fused_names);
    if (copy_outputs(to, from, !shares) || copy_bodies(to, from, shares, err) ||
        copy_constant(to, from, shares) ||
        (!shares && copy_rt_info(&graph->arena, from->rt_info, &to->rt_info))) {
        return NULL;
    }
    return to;
}

/* Lists (params, results, sinks) keep the original's order, which may differ from that of the nodes. */
static void restore_order(struct vt_node **list, struct vt_node *const *original, int n, struct vt_node **map)
{
    for (int i = 0; i < n; i++) {
        list[i] = map[original[i]->index];
    }
}

static bool clone_into(struct vt_graph *copy, const struct vt_graph *graph, struct vt_node **map, bool shares,
                       struct vt_error *err)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *from = graph->nodes[i];

        map[i] = clone_node(copy, from, shares, err);
        if (!map[i]) {
            return false;
        }
        for (int k = 0; k < from->n_in; k++) {
            struct vt_port src = from->in[k];

            if (src.node) {
                src.node = map[src.node->index];
                if (vt_node_set_input(map[i], k, src)) {
                    return false;
                }
            }
        }
    }
    restore_order(copy->params, graph->params, graph->n_params, map);
    restore_order(copy->results, graph->results, graph->n_results, map);
    restore_order(copy->sinks, graph->sinks, graph->n_sinks, map);
    return shares || !copy_rt_info(&copy->arena, graph->rt_info, &copy->rt_info);
}

static int give_shapes(struct vt_graph *graph, const struct vt_pshape *shapes)
{
    int status = VT_OK;

    for (int i = 0; shapes && i < graph->n_params && status == VT_OK; i++) {
        status = vt_attr_set_shape(graph->params[i], "shape", &shapes[i]);
    }
    return status;
}

static struct vt_graph *copy_graph(const struct vt_graph *graph, const struct vt_pshape *shapes, bool shares,
                                   bool body, struct vt_error *err)
{
    struct vt_graph *copy = vt_graph_create(graph->name);
    struct vt_node **map = calloc(graph->n_nodes ? (size_t)graph->n_nodes : 1, sizeof(*map));

    if (!copy || !map || !clone_into(copy, graph, map, shares, err) || give_shapes(copy, shapes)) {
        vt_fail(err, VT_E_NOMEM, "out of memory copying model '%s'", graph->name);
        vt_graph_destroy(copy);
        copy = NULL;
    } else {
        copy->depth = graph->depth;
        /* Bounds and constants of values are not shared: infer them anew. A body need not fit, since it may
         * be the branch of an If that is never taken: its node tells. */
        if (vt_graph_infer(copy, body ? NULL : err) && !body) {
            vt_graph_destroy(copy);
            copy = NULL;
        }
    }
    free(map);
    return copy;
}

struct vt_graph *vt_graph_clone(const struct vt_graph *graph, struct vt_error *err)
{
    return copy_graph(graph, NULL, false, false, err);
}

struct vt_graph *vt_graph_clone_shaped(const struct vt_graph *graph, const struct vt_pshape *shapes,
                                       struct vt_error *err)
{
    return copy_graph(graph, shapes, true, false, err);
}

/* ---- a body in the place of its node */

/* What stands for each node of the body outside: parameters for what the node reads. */
static int map_params(const struct vt_node *node, const struct vt_body *body, struct vt_port *map)
{
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_INPUT) {
            map[body->graph->params[m->inner]->index] = node->in[m->outer];
        } else if (m->kind != VT_MAP_OUTPUT) {
            return VT_E_UNSUPPORTED;
        }
    }
    for (int i = 0; i < body->graph->n_params; i++) {
        if (!map[body->graph->params[i]->index].node) {
            return VT_E_UNSUPPORTED;
        }
    }
    return body->graph->n_sinks ? VT_E_UNSUPPORTED : VT_OK;
}

/* Output `index` of a node of the body, outside. */
static struct vt_port outside(const struct vt_port *map, struct vt_port inside)
{
    struct vt_port port = map[inside.node->index];

    return vt_node_is(inside.node, "Parameter") ? port : (struct vt_port){port.node, inside.index};
}

static int copy_inside(struct vt_graph *graph, const struct vt_node *from, struct vt_port *map,
                       struct vt_error *err)
{
    struct vt_node *to = clone_node(graph, from, false, err);

    if (!to) {
        return VT_E_NOMEM;
    }
    map[from->index] = vt_port_of(to, 0);
    for (int i = 0; i < to->n_out; i++) {
        to->out[i].n_names = 0; /* names of tensors belong to the body */
    }
    for (int i = 0; i < from->n_in; i++) {
        if (from->in[i].node && vt_node_set_input(to, i, outside(map, from->in[i]))) {
            return VT_E_NOMEM;
        }
    }
    return VT_OK;
}

int vt_node_inline_body(struct vt_node *node, int index, struct vt_error *err)
{
    const struct vt_body *body = &node->bodies[index];
    int status = vt_graph_sort(body->graph, err);
    struct vt_port *map = calloc((size_t)body->graph->n_nodes + 1, sizeof(*map));

    status = status ? status : map ? map_params(node, body, map) : VT_E_NOMEM;
    for (int i = 0; i < body->graph->n_nodes && status == VT_OK; i++) {
        const struct vt_node *from = body->graph->nodes[i];

        if (!vt_node_is(from, "Parameter") && !vt_node_is(from, "Result")) {
            status = copy_inside(node->graph, from, map, err);
        }
    }
    for (int i = 0; i < body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_OUTPUT) {
            status = vt_port_replace(vt_port_of(node, m->outer),
                                     outside(map, body->graph->results[m->inner]->in[0]));
        }
    }
    free(map);
    return status == VT_E_NOMEM
               ? vt_fail(err, status, "node '%s' (%s): out of memory", node->name, node->op->name)
               : status;
}

/* ---- a part of a graph */

struct parting {
    const struct vt_graph *graph;
    const bool *inside;
    struct vt_graph *copy;
    struct vt_node **map;
    struct vt_port *edges;
    struct vt_node **params; /* per edge */
    int n_edges;
    struct vt_error *err;
};

/* What depends on constants alone is copied along. */
static bool constant_alone(const struct vt_node *node, int depth)
{
    if (vt_node_is(node, "Constant")) {
        return true;
    }
    for (int i = 0; i < node->n_in; i++) {
        if (depth == 8 || !node->in[i].node || !constant_alone(node->in[i].node, depth + 1)) {
            return false;
        }
    }
    return node->n_in > 0 &&
           !(node->op->flags & (VT_OP_RANDOM | VT_OP_STATEFUL | VT_OP_BODY | VT_OP_UNKNOWN));
}

static int copy_part(struct parting *p, const struct vt_node *from);

static struct vt_node *param_for(struct parting *p, struct vt_port src)
{
    const struct vt_value *v = &src.node->out[src.index].v;
    struct vt_node *param;

    for (int i = 0; i < p->n_edges; i++) {
        if (p->edges[i].node == src.node && p->edges[i].index == src.index) {
            return p->params[i];
        }
    }
    param = vt_node_build(p->copy, "Parameter", 1, src.node->name, 0, NULL, p->err);
    if (!param || vt_attr_set_i64(param, "element_type", v->type) ||
        vt_attr_set_shape(param, "shape", &v->shape)) {
        return NULL;
    }
    p->edges[p->n_edges] = src;
    p->params[p->n_edges++] = param;
    return param;
}

/* Input `i` of a copied node: from a copied one, or from outside through a parameter. */
static int connect_part(struct parting *p, struct vt_node *to, const struct vt_node *from, int i)
{
    struct vt_port src = from->in[i];

    if (!src.node) {
        return VT_OK;
    }
    if (!p->map[src.node->index] && !p->inside[src.node->index] && constant_alone(src.node, 0)) {
        int status = copy_part(p, src.node);

        if (status) {
            return status;
        }
    }
    if (p->map[src.node->index]) {
        src.node = p->map[src.node->index];
    } else {
        src = (struct vt_port){param_for(p, src), 0};
    }
    return src.node ? vt_node_set_input(to, i, src) : VT_E_NOMEM;
}

static int copy_part(struct parting *p, const struct vt_node *from)
{
    struct vt_node *to = clone_node(p->copy, from, true, p->err);
    int status = to ? VT_OK : VT_E_NOMEM;

    for (int i = 0; i < from->n_in && status == VT_OK; i++) {
        status = connect_part(p, to, from, i);
    }
    p->map[from->index] = to;
    return status;
}

struct vt_graph *vt_graph_part(const struct vt_graph *graph, const bool *inside, struct vt_port *edges,
                               int *n_edges, struct vt_error *err)
{
    size_t n = (size_t)graph->n_nodes + 1, inputs = 1;
    struct parting p = {.graph = graph, .inside = inside, .edges = edges, .err = err};
    int status = VT_E_NOMEM;

    for (int i = 0; i < graph->n_nodes; i++) {
        inputs += (size_t)graph->nodes[i]->n_in;
    }
    p.copy = vt_graph_create(graph->name);
    p.map = calloc(n, sizeof(*p.map));
    p.params = calloc(inputs, sizeof(*p.params));
    if (p.copy && p.map && p.params) {
        status = VT_OK;
    }
    for (int i = 0; i < graph->n_nodes && status == VT_OK; i++) {
        status = inside[i] ? copy_part(&p, graph->nodes[i]) : VT_OK;
    }
    if (status == VT_OK) { /* parameters were made where they were met */
        p.copy->depth = graph->depth;
        status = vt_graph_sort(p.copy, err);
        status = status ? status : vt_graph_infer(p.copy, err);
    }
    if (status) {
        vt_fail(err, status, "out of memory copying a part of model '%s'", graph->name);
        vt_graph_destroy(p.copy);
        p.copy = NULL;
    }
    *n_edges = p.n_edges;
    free(p.map);
    free(p.params);
    return p.copy;
}
