/* Sub-graphs: the bodies, and how their parameters and results are wired to the node. */
#include "save_impl.h"

static bool is_input(const struct vt_body_map *m)
{
    return m->kind == VT_MAP_INPUT || m->kind == VT_MAP_SLICED || m->kind == VT_MAP_MERGED ||
           m->kind == VT_MAP_COUNTER;
}

static int inner_id(const struct vt_save_net *net, const struct vt_body_map *m)
{
    const struct vt_graph *body = net->graph;

    return net->ids[(is_input(m) ? body->params : body->results)[m->inner]->index];
}

static void write_slice(struct vt_xml *x, const struct vt_body_map *m)
{
    vt_xml_attr_i64(x, "start", m->start);
    vt_xml_attr_i64(x, "end", m->end);
    vt_xml_attr_i64(x, "stride", m->stride);
    vt_xml_attr_i64(x, "part_size", m->part_size);
}

static void write_map(struct vt_save_net *net, const struct vt_node *node, const struct vt_body_map *m)
{
    struct vt_xml *x = &net->s->xml;
    const char *side = is_input(m) ? "input" : "output";
    bool slice = m->kind == VT_MAP_SLICED || m->kind == VT_MAP_CONCAT;
    int port = is_input(m) ? m->outer : vt_save_n_inputs(node) + m->outer;

    vt_xml_begin(x, side);
    if (slice) {
        vt_xml_attr_i64(x, "axis", m->axis);
    }
    vt_xml_attr_i64(x, "external_port_id",
                    m->kind == VT_MAP_COUNTER || m->kind == VT_MAP_CONDITION ? -1 : port);
    vt_xml_attr_i64(x, "internal_layer_id", inner_id(net, m));
    if (slice) {
        write_slice(x, m);
    } else if (m->kind == VT_MAP_COUNTER) {
        vt_xml_attr(x, "purpose", "current_iteration");
    } else if (m->kind == VT_MAP_CONDITION) {
        vt_xml_attr(x, "purpose", "execution_condition");
    }
    vt_xml_end(x, side);
}

static void write_port_map(struct vt_save_net *net, const struct vt_node *node, const struct vt_body *body,
                           const char *name)
{
    struct vt_xml *x = &net->s->xml;

    vt_xml_begin(x, name);
    for (int i = 0; i < body->n_maps; i++) {
        write_map(net, node, &body->maps[i]);
    }
    vt_xml_end(x, name);
}

static void write_back_edges(struct vt_save_net *net, const struct vt_body *body)
{
    struct vt_xml *x = &net->s->xml;
    bool begun = false;

    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind != VT_MAP_MERGED) {
            continue;
        }
        if (!begun) {
            vt_xml_begin(x, "back_edges");
            begun = true;
        }
        vt_xml_begin(x, "edge");
        vt_xml_attr_i64(x, "from-layer", net->ids[body->graph->results[m->back]->index]);
        vt_xml_attr_i64(x, "to-layer", inner_id(net, m));
        vt_xml_end(x, "edge");
    }
    if (begun) {
        vt_xml_end(x, "back_edges");
    }
}

/* The body comes first: its layers have their numbers only once they are written. */
static int write_body(struct vt_saver *s, const struct vt_node *node, const struct vt_body *body,
                      const char *name, const char *port_map)
{
    struct vt_save_net net;
    int status = vt_save_order(&net, s, body->graph);

    if (status) {
        return status;
    }
    vt_xml_begin(&s->xml, name);
    status = vt_save_net(&net);
    vt_xml_end(&s->xml, name);
    if (!status) {
        write_port_map(&net, node, body, port_map);
        write_back_edges(&net, body);
    }
    vt_save_order_finish(&net);
    return status;
}

int vt_save_bodies(struct vt_saver *s, const struct vt_node *node)
{
    int status;

    if (node->n_bodies > 2) {
        return vt_fail(s->err, VT_E_UNSUPPORTED, "not implemented: saving node '%s' (%s) with %d bodies",
                       node->name, node->op->name, node->n_bodies);
    }
    if (node->n_bodies < 2) {
        return node->n_bodies ? write_body(s, node, node->bodies, "body", "port_map") : VT_OK;
    }
    status = write_body(s, node, &node->bodies[0], "then_body", "then_port_map");
    return status ? status : write_body(s, node, &node->bodies[1], "else_body", "else_port_map");
}
