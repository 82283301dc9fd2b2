/* A graph as the inside of <net>: its layers in order, its edges, its rt_info. */
#include "save_impl.h"

#include <stdlib.h>

static bool is_end(const struct vt_node *node)
{
    return vt_node_is(node, "Result") || (node->op->flags & VT_OP_SINK);
}

/* Parameters and results in the model's order, since that is the order of inputs and outputs. Sinks come
 * last: whoever reads the file finds their variables' readers before. */
static void fill_order(struct vt_save_net *net)
{
    const struct vt_graph *g = net->graph;
    int n = 0;

    for (int i = 0; i < g->n_params; i++) {
        net->order[n++] = g->params[i];
    }
    for (int i = 0; i < g->n_nodes; i++) {
        if (!vt_node_is(g->nodes[i], "Parameter") && !is_end(g->nodes[i])) {
            net->order[n++] = g->nodes[i];
        }
    }
    for (int i = 0; i < g->n_results; i++) {
        net->order[n++] = g->results[i];
    }
    for (int i = 0; i < g->n_sinks; i++) {
        net->order[n++] = g->sinks[i];
    }
    net->n = n;
}

static bool is_sorted(const struct vt_graph *g)
{
    int others = 0;

    for (int i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i]->index != i) {
            return false;
        }
        others += !vt_node_is(g->nodes[i], "Parameter") && !is_end(g->nodes[i]);
    }
    return g->n_params + g->n_results + g->n_sinks + others == g->n_nodes;
}

int vt_save_order(struct vt_save_net *net, struct vt_saver *s, const struct vt_graph *graph)
{
    size_t room = (size_t)graph->n_nodes + 1;

    if (!is_sorted(graph)) {
        return vt_fail(s->err, VT_E_INTERNAL, "model '%s' is to be sorted before it is saved", graph->name);
    }
    *net = (struct vt_save_net){.s = s, .graph = graph};
    net->order = calloc(room, sizeof(*net->order));
    net->ids = calloc(room, sizeof(*net->ids));
    net->compressed = calloc(room, sizeof(*net->compressed));
    if (!net->order || !net->ids || !net->compressed) {
        vt_save_order_finish(net);
        return vt_fail(s->err, VT_E_NOMEM, "out of memory saving model '%s'", graph->name);
    }
    fill_order(net);
    return VT_OK;
}

void vt_save_order_finish(struct vt_save_net *net)
{
    free(net->order);
    free(net->ids);
    free(net->compressed);
}

int vt_save_n_inputs(const struct vt_node *node)
{
    int n = node->n_in;

    while (n && !node->in[n - 1].node) {
        n--;
    }
    return n;
}

static void edge(struct vt_xml *x, int from_layer, int from_port, int to_layer, int to_port)
{
    vt_xml_begin(x, "edge");
    vt_xml_attr_i64(x, "from-layer", from_layer);
    vt_xml_attr_i64(x, "from-port", from_port);
    vt_xml_attr_i64(x, "to-layer", to_layer);
    vt_xml_attr_i64(x, "to-port", to_port);
    vt_xml_end(x, "edge");
}

static void write_edges(struct vt_save_net *net)
{
    struct vt_xml *x = &net->s->xml;

    vt_xml_begin(x, "edges");
    for (int i = 0; i < net->n; i++) {
        const struct vt_node *node = net->order[i];
        int id = net->ids[node->index];

        if (net->compressed[node->index]) {
            edge(x, id - 1, 0, id, 0);
        }
        for (int k = 0; k < vt_save_n_inputs(node); k++) {
            const struct vt_node *src = node->in[k].node;
            int port = net->compressed[src->index] ? 1 : vt_save_n_inputs(src) + node->in[k].index;

            edge(x, net->ids[src->index], port, id, k);
        }
    }
    vt_xml_end(x, "edges");
}

int vt_save_net(struct vt_save_net *net)
{
    struct vt_xml *x = &net->s->xml;
    int status = VT_OK;

    vt_xml_begin(x, "layers");
    for (int i = 0; i < net->n && !status && !x->status; i++) {
        status = vt_save_layer(net, net->order[i]);
    }
    vt_xml_end(x, "layers");
    if (!status) {
        write_edges(net);
        status = vt_save_model_rt_info(net->s, net->graph);
    }
    return status ? status : x->status;
}

/* <net> and what is inside. */
static int write_model(struct vt_saver *s, const struct vt_graph *graph)
{
    struct vt_save_net net;
    int status = vt_save_order(&net, s, graph);

    if (status) {
        return status;
    }
    vt_xml_begin(&s->xml, "net");
    vt_xml_attr(&s->xml, "name", graph->name);
    vt_xml_attr(&s->xml, "version", "11");
    status = vt_save_net(&net);
    vt_xml_end(&s->xml, "net");
    vt_save_order_finish(&net);
    return status ? status : vt_xml_finish(&s->xml);
}

int vt_save_ir(const struct vt_graph *graph, unsigned flags, const struct vt_save_sink *xml,
               const struct vt_save_sink *weights, struct vt_error *err)
{
    static const char head[] = "<?xml version=\"1.0\"?>";
    struct vt_error unseen = {0};
    struct vt_saver *s = calloc(1, sizeof(*s));
    int status;

    if (!s) {
        return vt_fail(err, VT_E_NOMEM, "out of memory saving model '%s'", graph->name);
    }
    s->flags = flags;
    s->err = err ? err : &unseen;
    s->xml.sink = xml;
    s->xml.err = s->err;
    if ((flags & VT_SAVE_F16) && !vt_save_f16_wanted(graph)) {
        s->flags &= ~(unsigned)VT_SAVE_F16;
    }
    status = vt_save_plan_weights(s, graph);
    status = status ? status : xml->write(xml->user, head, sizeof(head) - 1, s->err);
    status = status ? status : write_model(s, graph);
    status = status ? status : vt_save_weights(s, weights);
    free(s->constants);
    free(s);
    return status;
}
