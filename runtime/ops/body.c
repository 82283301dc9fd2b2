#include "body.h"

#include "heap.h"
#include "shape.h"

static bool is_input(enum vt_body_map_kind kind)
{
    return kind == VT_MAP_INPUT || kind == VT_MAP_SLICED || kind == VT_MAP_MERGED || kind == VT_MAP_COUNTER;
}

static bool within(int i, int n)
{
    return i >= 0 && i < n;
}

static bool map_fits(const struct vt_node *node, const struct vt_body *body, const struct vt_body_map *m)
{
    const struct vt_graph *g = body->graph;
    bool to_body = is_input(m->kind), outer = true;

    if (m->kind == VT_MAP_MERGED && !within(m->back, g->n_results)) {
        return false;
    }
    if (m->kind != VT_MAP_COUNTER && m->kind != VT_MAP_CONDITION) {
        outer = within(m->outer, to_body ? node->n_in : node->n_out);
    }
    return outer && within(m->inner, to_body ? g->n_params : g->n_results);
}

int vt_body_check(const struct vt_node *node, const struct vt_body *body, struct vt_error *err)
{
    int n_params = body->graph->n_params, status = VT_OK;
    int *sources = vt_temp_zero((size_t)n_params + (size_t)node->n_out + 1, sizeof(*sources));

    if (!sources) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (!map_fits(node, body, m)) {
            status =
                vt_fail(err, VT_E_FORMAT, "entry %d of the port map names a port that does not exist", i);
        } else if (is_input(m->kind)) {
            sources[m->inner]++;
        } else if (m->kind != VT_MAP_CONDITION) {
            sources[n_params + m->outer]++;
        }
    }
    for (int i = 0; i < n_params && status == VT_OK; i++) {
        if (sources[i] != 1) {
            status = vt_fail(err, VT_E_FORMAT, "parameter '%s' of the body has %d sources in the port map",
                             body->graph->params[i]->name, sources[i]);
        }
    }
    for (int i = 0; i < node->n_out && status == VT_OK; i++) {
        if (sources[n_params + i] != 1) {
            status = vt_fail(err, VT_E_FORMAT, "output %d has %d sources in the port map", i,
                             sources[n_params + i]);
        }
    }
    vt_temp_free(sources);
    return status;
}

int vt_body_set_param(const struct vt_body *body, int param, enum vt_type type, const struct vt_pshape *shape)
{
    struct vt_node *node = body->graph->params[param];
    int status = vt_attr_set_i64(node, "element_type", type);

    return status ? status : vt_attr_set_shape(node, "shape", shape);
}

int vt_body_infer(const struct vt_body *body, struct vt_error *err)
{
    int status = vt_graph_sort(body->graph, err);

    return status ? status : vt_graph_infer(body->graph, err);
}

const struct vt_value *vt_body_param(const struct vt_body *body, int param)
{
    return &body->graph->params[param]->out[0].v;
}

const struct vt_value *vt_body_result(const struct vt_body *body, int result)
{
    return &body->graph->results[result]->out[0].v;
}

int vt_body_leave_open(struct vt_infer *c)
{
    for (int i = 0; i < c->n_out; i++) {
        vt_infer_unknown(c, i, c->node->out[i].v.type);
    }
    return VT_OK;
}

int vt_body_output(struct vt_eval *e, int port, const struct vt_tensor *t)
{
    int status = vt_eval_output(e, port, t->type, t->rank, t->dims);

    if (status == VT_OK && e->out[port].bytes) {
        memcpy(e->out[port].data, t->data, e->out[port].bytes);
    }
    return status;
}
