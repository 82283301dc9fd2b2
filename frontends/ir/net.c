/* A <net> or a body: its layers, its edges, and the graph made of them. */
#include "read.h"

#include <stdlib.h>

static int compare_ids(const void *a, const void *b)
{
    int64_t x = (*(struct ir_layer *const *)a)->id, y = (*(struct ir_layer *const *)b)->id;

    return (x > y) - (x < y);
}

struct ir_layer *ir_net_find(const struct ir_net *net, int64_t id)
{
    int low = 0, high = net->n_layers;

    if (id >= 0 && id < net->n_layers && net->by_id[id]->id == id) {
        return net->by_id[id]; /* numbered without gaps */
    }
    while (low < high) {
        int mid = (low + high) / 2;

        if (net->by_id[mid]->id < id) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < net->n_layers && net->by_id[low]->id == id ? net->by_id[low] : NULL;
}

static int parse_layers(struct ir_net *net)
{
    struct ir_reader *r = net->r;
    const struct ir_elem *list = ir_child(net->elem, "layers");
    bool sorted = true;

    if (!list) {
        return ir_fail(r, net->elem, NULL, VT_E_FORMAT, "<%s> has no <layers>", net->elem->name);
    }
    net->n_layers = ir_count(list, "layer");
    net->layers = ir_doc_alloc(&r->doc, (size_t)net->n_layers + 1, sizeof(*net->layers));
    net->by_id = ir_doc_alloc(&r->doc, (size_t)net->n_layers + 1, sizeof(*net->by_id));
    if (!net->layers || !net->by_id) {
        return ir_fail(r, list, NULL, VT_E_NOMEM, "out of memory");
    }
    net->n_layers = 0;
    for (const struct ir_elem *e = ir_child(list, "layer"); e; e = ir_next(e, "layer")) {
        struct ir_layer *layer = &net->layers[net->n_layers];
        int status = ir_layer_parse(net, e, layer);

        if (status) {
            return status;
        }
        net->by_id[net->n_layers] = layer;
        sorted &= !net->n_layers || layer[-1].id < layer->id;
        net->n_layers++;
    }
    if (!sorted) {
        qsort(net->by_id, (size_t)net->n_layers, sizeof(*net->by_id), compare_ids);
    }
    for (int i = 1; i < net->n_layers; i++) {
        if (net->by_id[i]->id == net->by_id[i - 1]->id) {
            return ir_fail(r, net->by_id[i]->elem, net->by_id[i], VT_E_FORMAT,
                           "layer '%.200s' at line %d has the same id", net->by_id[i - 1]->name,
                           net->by_id[i - 1]->elem->line);
        }
    }
    return VT_OK;
}

struct edge {
    int64_t from_layer, from_port, to_layer, to_port;
};

static int connect(struct ir_net *net, const struct ir_elem *e, const struct edge *edge)
{
    const struct ir_reader *r = net->r;
    struct ir_layer *from = ir_net_find(net, edge->from_layer), *to = ir_net_find(net, edge->to_layer);
    int output, input;

    if (!from || !to) {
        return ir_fail(r, e, NULL, VT_E_FORMAT, "an edge names layer %lld, which does not exist",
                       (long long)(from ? edge->to_layer : edge->from_layer));
    }
    output = ir_find_port(from->out, from->n_out, edge->from_port, from->n_in);
    if (output < 0) {
        return ir_fail(r, e, from, VT_E_FORMAT, "an edge leaves output port %lld, which does not exist",
                       (long long)edge->from_port);
    }
    input = ir_find_port(to->in, to->n_in, edge->to_port, 0);
    if (input < 0) {
        return ir_fail(r, e, to, VT_E_FORMAT, "an edge ends at input port %lld, which does not exist",
                       (long long)edge->to_port);
    }
    if (to->in[input].connected) {
        return ir_fail(r, e, to, VT_E_FORMAT, "two edges end at input port %lld", (long long)edge->to_port);
    }
    to->in[input].connected = true;
    if (r->version < 11 && !net->depth && to->result >= 0) {
        return ir_legacy_result(net, to, from, output);
    }
    return r->host->node_connect(to->node, input, from->src, output, r->err) ? ir_context(r, e) : VT_OK;
}

static int read_edges(struct ir_net *net)
{
    const struct ir_reader *r = net->r;
    const struct ir_elem *list = ir_child(net->elem, "edges");

    for (const struct ir_elem *e = ir_child(list, "edge"); e; e = ir_next(e, "edge")) {
        struct edge edge;
        int status = ir_need_i64(r, e, NULL, "from-layer", &edge.from_layer);

        status = status ? status : ir_need_i64(r, e, NULL, "from-port", &edge.from_port);
        status = status ? status : ir_need_i64(r, e, NULL, "to-layer", &edge.to_layer);
        status = status ? status : ir_need_i64(r, e, NULL, "to-port", &edge.to_port);
        status = status ? status : connect(net, e, &edge);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* Once the edges are there: a conversion that a result made necessary bears the names instead. */
static int add_names(const struct ir_net *net)
{
    int status = VT_OK;

    for (int i = 0; i < net->n_layers && status == VT_OK; i++) {
        status = ir_layer_add_names(net->r, &net->layers[i]);
    }
    return status;
}

static int check_inputs(const struct ir_net *net)
{
    for (int i = 0; i < net->n_layers; i++) {
        const struct ir_layer *layer = &net->layers[i];

        for (int k = 0; k < layer->n_in; k++) {
            if (!layer->in[k].connected) {
                return ir_fail(net->r, layer->in[k].elem, layer, VT_E_FORMAT,
                               "no edge ends at input port %lld", (long long)layer->in[k].id);
            }
        }
    }
    return VT_OK;
}

static int build_layers(struct ir_net *net)
{
    bool legacy = net->r->version < 11 && !net->depth;

    for (int i = 0; i < net->n_layers; i++) {
        struct ir_layer *layer = &net->layers[i];
        int status = ir_layer_build(net, layer);

        if (status == VT_OK && legacy && layer->param >= 0) {
            status = ir_legacy_param(net, layer);
        }
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* The line of the layer that the host's message is about. */
static const struct ir_elem *blamed(const struct ir_net *net)
{
    const char *quote = strstr(net->r->err->text, "node '");

    for (int i = 0; quote && i < net->n_layers; i++) {
        size_t n = strlen(net->layers[i].name);

        if (strncmp(quote + 6, net->layers[i].name, n) == 0 && quote[6 + n] == '\'') {
            return net->layers[i].elem;
        }
    }
    return NULL;
}

static int finish(struct ir_net *net)
{
    if (net->r->host->graph_finish(net->graph, net->r->err)) {
        return ir_context(net->r, blamed(net));
    }
    return VT_OK;
}

int ir_net_read(struct ir_net *net)
{
    struct ir_reader *r = net->r;
    const char *name = ir_attr(net->elem, "name");
    int status;

    if (net->depth > IR_MAX_BODIES) {
        return ir_fail(r, net->elem, NULL, VT_E_RANGE, "sub-graphs are nested more than %d deep",
                       IR_MAX_BODIES);
    }
    status = parse_layers(net);
    if (status) {
        return status;
    }
    net->graph = r->host->graph_create(name ? name : "", r->err);
    if (!net->graph) {
        return ir_context(r, net->elem);
    }
    status = build_layers(net);
    status = status ? status : read_edges(net);
    status = status ? status : check_inputs(net);
    status = status ? status : add_names(net);
    status = status ? status : ir_net_rt_info(net);
    status = status ? status : finish(net);
    if (status) {
        r->host->graph_destroy(net->graph);
        net->graph = NULL;
    }
    return status;
}
