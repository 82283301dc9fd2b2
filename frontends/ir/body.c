/* Sub-graphs of If, Loop and TensorIterator: the bodies, and how their parameters and results are wired. */
#include "read.h"

struct wiring {
    struct ir_net *net; /* the outer one */
    struct ir_layer *layer;
    const struct ir_elem *map, *back_edges; /* back_edges NULL: none */
    struct ir_net body;
    int index;           /* of the body */
    bool *params, *outs; /* what is wired already: body parameters, node outputs */
};

static int optional_i64(const struct wiring *w, const struct ir_elem *e, const char *name, int64_t standard,
                        int64_t *value)
{
    int status;

    *value = standard;
    if (!ir_attr(e, name)) {
        return VT_OK;
    }
    status = ir_need_i64(w->net->r, e, w->layer, name, value);
    if (status == VT_OK && (*value > IR_MAX_DIM || *value < -IR_MAX_DIM)) {
        return ir_fail(w->net->r, e, w->layer, VT_E_RANGE, "%s=\"%lld\" is beyond the limit of %lld", name,
                       (long long)*value, (long long)IR_MAX_DIM);
    }
    return status;
}

static int read_slice(const struct wiring *w, const struct ir_elem *e, struct vt_body_map *map)
{
    int status = optional_i64(w, e, "axis", 0, &map->axis);

    status = status ? status : optional_i64(w, e, "start", 0, &map->start);
    status = status ? status : optional_i64(w, e, "end", -1, &map->end);
    status = status ? status : optional_i64(w, e, "stride", 1, &map->stride);
    status = status ? status : optional_i64(w, e, "part_size", 1, &map->part_size);
    if (status == VT_OK && map->part_size < 1) {
        return ir_fail(w->net->r, e, w->layer, VT_E_RANGE, "part_size=\"%lld\" is less than 1",
                       (long long)map->part_size);
    }
    return status;
}

static int add_map(const struct wiring *w, const struct ir_elem *e, const struct vt_body_map *map)
{
    const struct ir_reader *r = w->net->r;

    return r->host->node_map_body(w->layer->node, w->index, map, r->err) ? ir_context(r, e) : VT_OK;
}

/* The body's layer that `attribute` names; it must be a parameter or a result, as asked. */
static int inner_layer(const struct wiring *w, const struct ir_elem *e, const char *attribute, bool param,
                       struct ir_layer **inner)
{
    const struct ir_reader *r = w->net->r;
    int64_t id;
    int status = ir_need_i64(r, e, w->layer, attribute, &id);

    if (status) {
        return status;
    }
    *inner = ir_net_find(&w->body, id);
    if (!*inner || (param ? (*inner)->param : (*inner)->result) < 0) {
        return ir_fail(r, e, w->layer, VT_E_FORMAT, "%s=\"%lld\" is no %s of the body", attribute,
                       (long long)id, param ? "parameter" : "result");
    }
    return VT_OK;
}

/* The body result that feeds a parameter back, or -1. */
static int find_back_edge(const struct wiring *w, const struct ir_layer *param, int *back)
{
    *back = -1;
    for (const struct ir_elem *e = ir_child(w->back_edges, "edge"); e; e = ir_next(e, "edge")) {
        struct ir_layer *to, *from;
        int status = inner_layer(w, e, "to-layer", true, &to);

        status = status ? status : inner_layer(w, e, "from-layer", false, &from);
        if (status) {
            return status;
        }
        if (to == param && *back >= 0) {
            return ir_fail(w->net->r, e, w->layer, VT_E_FORMAT,
                           "two back edges end at layer %lld of the body", (long long)to->id);
        }
        if (to == param) {
            *back = from->result;
        }
    }
    return VT_OK;
}

static int map_input(const struct wiring *w, const struct ir_elem *e)
{
    const struct ir_reader *r = w->net->r;
    const char *purpose = ir_attr(e, "purpose");
    struct vt_body_map map = {0};
    struct ir_layer *inner;
    int64_t port;
    int status = ir_need_i64(r, e, w->layer, "external_port_id", &port);

    status = status ? status : inner_layer(w, e, "internal_layer_id", true, &inner);
    status = status ? status : read_slice(w, e, &map);
    if (status) {
        return status;
    }
    if (w->params[inner->param]) {
        return ir_fail(r, e, w->layer, VT_E_FORMAT, "parameter '%.200s' of the body is wired twice",
                       inner->name);
    }
    w->params[inner->param] = true;
    map.inner = inner->param;
    if (purpose && strcmp(purpose, "current_iteration") == 0) {
        map.kind = VT_MAP_COUNTER;
        return add_map(w, e, &map);
    }
    map.outer = ir_find_port(w->layer->in, w->layer->n_in, port, 0);
    if (map.outer < 0) {
        return ir_fail(r, e, w->layer, VT_E_FORMAT, "external_port_id=\"%lld\" is no input", (long long)port);
    }
    status = find_back_edge(w, inner, &map.back);
    if (status) {
        return status;
    }
    map.kind = map.back >= 0 ? VT_MAP_MERGED : ir_attr(e, "axis") ? VT_MAP_SLICED : VT_MAP_INPUT;
    return add_map(w, e, &map);
}

static int map_output(const struct wiring *w, const struct ir_elem *e)
{
    const struct ir_reader *r = w->net->r;
    const char *purpose = ir_attr(e, "purpose");
    struct vt_body_map map = {0};
    struct ir_layer *inner;
    int64_t port;
    int status = ir_need_i64(r, e, w->layer, "external_port_id", &port);

    status = status ? status : inner_layer(w, e, "internal_layer_id", false, &inner);
    status = status ? status : read_slice(w, e, &map);
    if (status) {
        return status;
    }
    map.inner = inner->result;
    if (purpose && strcmp(purpose, "execution_condition") == 0) {
        map.kind = VT_MAP_CONDITION;
        status = add_map(w, e, &map);
    }
    if (status || port < 0) {
        return status; /* a negative port: for the loop's own use */
    }
    map.outer = ir_find_port(w->layer->out, w->layer->n_out, port, w->layer->n_in);
    if (map.outer < 0 || w->outs[map.outer]) {
        return ir_fail(r, e, w->layer, VT_E_FORMAT, "external_port_id=\"%lld\" is %s", (long long)port,
                       map.outer < 0 ? "no output" : "wired twice");
    }
    w->outs[map.outer] = true;
    map.kind = ir_attr(e, "axis") ? VT_MAP_CONCAT : VT_MAP_OUTPUT;
    return add_map(w, e, &map);
}

static int check_wired(const struct wiring *w)
{
    const struct ir_reader *r = w->net->r;

    for (int i = 0; i < w->body.n_layers; i++) {
        const struct ir_layer *l = &w->body.layers[i];

        if (l->param >= 0 && !w->params[l->param]) {
            return ir_fail(r, l->elem, w->layer, VT_E_FORMAT,
                           "parameter '%.200s' of the body is not in the port map", l->name);
        }
    }
    for (int i = 0; i < w->layer->n_out; i++) {
        if (!w->outs[i]) {
            return ir_fail(r, w->layer->out[i].elem, w->layer, VT_E_FORMAT,
                           "output port %lld is not in the port map", (long long)w->layer->out[i].id);
        }
    }
    return VT_OK;
}

static int wire(struct wiring *w)
{
    struct ir_reader *r = w->net->r;
    int status = VT_OK;

    w->params = ir_doc_alloc(&r->doc, (size_t)w->body.n_params + 1, sizeof(bool));
    w->outs = ir_doc_alloc(&r->doc, (size_t)w->layer->n_out + 1, sizeof(bool));
    if (!w->params || !w->outs) {
        return ir_fail(r, w->layer->elem, w->layer, VT_E_NOMEM, "out of memory");
    }
    for (const struct ir_elem *e = ir_child(w->map, "input"); e && !status; e = ir_next(e, "input")) {
        status = map_input(w, e);
    }
    for (const struct ir_elem *e = ir_child(w->map, "output"); e && !status; e = ir_next(e, "output")) {
        status = map_output(w, e);
    }
    return status ? status : check_wired(w);
}

static int build_body(struct ir_net *net, struct ir_layer *layer, const char *name, const char *map,
                      int index)
{
    struct ir_reader *r = net->r;
    struct wiring w = {.net = net, .layer = layer, .index = index};
    int status;

    w.body = (struct ir_net){.r = r, .elem = ir_child(layer->elem, name), .depth = net->depth + 1};
    w.map = ir_child(layer->elem, map);
    w.back_edges = ir_child(layer->elem, "back_edges");
    if (!w.body.elem || !w.map) {
        return ir_fail(r, layer->elem, layer, VT_E_FORMAT, "<%s> is missing", w.body.elem ? map : name);
    }
    status = ir_net_read(&w.body);
    if (status) {
        return status;
    }
    if (r->host->node_add_body(layer->node, w.body.graph, r->err)) {
        r->host->graph_destroy(w.body.graph);
        return ir_context(r, layer->elem);
    }
    return wire(&w);
}

int ir_bodies_build(struct ir_net *net, struct ir_layer *layer)
{
    int status;

    if (strcmp(layer->type, "TensorIterator") == 0 || strcmp(layer->type, "Loop") == 0 ||
        ir_child(layer->elem, "body")) {
        return build_body(net, layer, "body", "port_map", 0);
    }
    if (strcmp(layer->type, "If") != 0 && !ir_child(layer->elem, "then_body")) {
        return VT_OK;
    }
    status = build_body(net, layer, "then_body", "then_port_map", 0);
    return status ? status : build_body(net, layer, "else_body", "else_port_map", 1);
}
