#include "model.h"

#include "graph.h"

#include <stdlib.h>

/* ---- ports */

static void describe_param(const struct vt_node *node, struct vt_io *io)
{
    *io = (struct vt_io){.node_name = node->name,
                         .names = node->out[0].names,
                         .n_names = node->out[0].n_names,
                         .type = node->out[0].v.type,
                         .shape = node->out[0].v.shape};
}

/* A Result has the tensor names of what it reads; names of its own come first. */
static void describe_result(const struct vt_node *node, struct vt_io *io)
{
    const struct vt_output *src = vt_port_output(node->in[0]);

    *io = (struct vt_io){.node_name = node->name,
                         .names = src->names,
                         .n_names = src->n_names,
                         .type = src->v.type,
                         .shape = src->v.shape};
    if (node->n_out && node->out[0].n_names) {
        io->names = node->out[0].names;
        io->n_names = node->out[0].n_names;
    }
}

static void describe_ports(const struct vt_graph *graph, struct vt_io *in, struct vt_io *out)
{
    for (int i = 0; i < graph->n_params; i++) {
        describe_param(graph->params[i], &in[i]);
    }
    for (int i = 0; i < graph->n_results; i++) {
        describe_result(graph->results[i], &out[i]);
    }
}

static int check_results(const struct vt_graph *graph, struct vt_error *err)
{
    for (int i = 0; i < graph->n_results; i++) {
        if (!vt_node_src(graph->results[i], 0)) {
            return vt_fail(err, VT_E_FORMAT, "node '%s' (Result): nothing is connected to it",
                           graph->results[i]->name);
        }
    }
    return VT_OK;
}

int vt_model_refresh(struct vt_model *model, struct vt_error *err)
{
    struct vt_graph *graph = model->graph;
    struct vt_io *in, *out;
    int status = check_results(graph, err);

    status = status ? status : vt_graph_sort(graph, err);
    status = status ? status : vt_graph_infer(graph, err);
    if (status) {
        return status;
    }
    in = calloc((size_t)graph->n_params + 1, sizeof(*in));
    out = calloc((size_t)graph->n_results + 1, sizeof(*out));
    if (!in || !out) {
        free(in);
        free(out);
        return vt_fail(err, VT_E_NOMEM, "out of memory for model '%s'", graph->name);
    }
    describe_ports(graph, in, out);
    free(model->io[VT_INPUT]);
    free(model->io[VT_OUTPUT]);
    model->io[VT_INPUT] = in;
    model->io[VT_OUTPUT] = out;
    model->n_io[VT_INPUT] = graph->n_params;
    model->n_io[VT_OUTPUT] = graph->n_results;
    return VT_OK;
}

/* ---- life */

int vt_model_create(struct vt_graph *graph, struct vt_model **model, struct vt_error *err)
{
    struct vt_model *made = calloc(1, sizeof(*made));
    int status;

    if (!made) {
        vt_graph_destroy(graph);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    made->graph = graph;
    atomic_init(&made->refs, 1);
    status = vt_model_refresh(made, err);
    if (status) {
        vt_model_unref(made);
        return status;
    }
    *model = made;
    return VT_OK;
}

int vt_model_clone(const struct vt_model *model, struct vt_model **copy, struct vt_error *err)
{
    struct vt_graph *graph = vt_graph_clone(model->graph, err);

    if (!graph) {
        return vt_failed(err);
    }
    return vt_model_create(graph, copy, err);
}

struct vt_model *vt_model_ref(struct vt_model *model)
{
    atomic_fetch_add_explicit(&model->refs, 1, memory_order_relaxed);
    return model;
}

void vt_model_unref(struct vt_model *model)
{
    if (model && atomic_fetch_sub_explicit(&model->refs, 1, memory_order_acq_rel) == 1) {
        vt_graph_destroy(model->graph);
        free(model->io[VT_INPUT]);
        free(model->io[VT_OUTPUT]);
        free(model);
    }
}

const char *vt_model_name(const struct vt_model *model)
{
    return model->graph->name;
}

bool vt_model_is_dynamic(const struct vt_model *model)
{
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < model->n_io[side]; i++) {
            if (!vt_pshape_is_static(&model->io[side][i].shape)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- reshape */

/* The shapes that the Parameters declare, `n` of them replaced. */
static void wanted_shapes(const struct vt_graph *graph, int n, const int *index,
                          const struct vt_pshape *shapes, struct vt_pshape *wanted)
{
    for (int i = 0; i < graph->n_params; i++) {
        wanted[i] = graph->params[i]->out[0].v.shape;
    }
    for (int i = 0; i < n; i++) {
        wanted[index[i]] = shapes[i];
    }
}

static int set_shapes(struct vt_graph *graph, const struct vt_pshape *shapes)
{
    for (int i = 0; i < graph->n_params; i++) {
        int status = vt_attr_set_shape(graph->params[i], "shape", &shapes[i]);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

static int apply_shapes(struct vt_model *model, const struct vt_pshape *before,
                        const struct vt_pshape *wanted, struct vt_error *err)
{
    struct vt_graph *graph = model->graph;
    int status = set_shapes(graph, wanted);

    if (status) {
        vt_fail(err, status, "out of memory reshaping model '%s'", graph->name);
    } else {
        status = vt_graph_infer(graph, err);
    }
    if (status && set_shapes(graph, before) == VT_OK) {
        vt_graph_infer(graph, NULL);
    }
    describe_ports(graph, model->io[VT_INPUT], model->io[VT_OUTPUT]);
    return status;
}

int vt_model_reshape(struct vt_model *model, int n, const int *index, const struct vt_pshape *shapes,
                     struct vt_error *err)
{
    size_t count = (size_t)model->graph->n_params + 1;
    struct vt_pshape *before, *wanted;
    int status;

    for (int i = 0; i < n; i++) {
        if (index[i] < 0 || index[i] >= model->graph->n_params) {
            return vt_fail(err, VT_E_RANGE, "model '%s' has %d inputs, there is no input %d",
                           model->graph->name, model->graph->n_params, index[i]);
        }
    }
    before = calloc(count, sizeof(*before));
    wanted = calloc(count, sizeof(*wanted));
    if (before && wanted) {
        wanted_shapes(model->graph, 0, NULL, NULL, before);
        wanted_shapes(model->graph, n, index, shapes, wanted);
        status = apply_shapes(model, before, wanted, err);
    } else {
        status = vt_fail(err, VT_E_NOMEM, "out of memory reshaping model '%s'", model->graph->name);
    }
    free(before);
    free(wanted);
    return status;
}
