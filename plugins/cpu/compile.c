/* Compiled models. */
#include "blob.h"

#include <stdlib.h>

/* What does not depend on shapes. Decompression Converts and weights of few bits stay, so that weights are
 * read as the model stores them: those of few bits are looked for before their scales of f16 are folded into
 * f32, and behind what folding uncovers. */
const char cpu_passes[] =
    "inline_if,compress_weights,widen_halves,constant_folding,eliminate_nop,cse,compress_weights,"
    "common_forms,split_einsum,split_batch_norm,fuse_sdpa,fuse_cached_attention,fuse_norm,fuse_activation,"
    "merge_transposes,fuse_matmul,fuse_conv,fuse_elementwise";

static bool params_static(const struct vt_host *host, const struct vt_graph *graph)
{
    int n = host->graph_n_params(graph);

    for (int i = 0; i < n; i++) {
        if (!vt_pshape_is_static(&host->node_value(host->graph_param(graph, i), 0)->shape)) {
            return false;
        }
    }
    return true;
}

static int compile_static(struct cpu_model *model, struct vt_error *err)
{
    struct cpu_plan *plan = cpu_plan_create(model, model->graph, false, false, err);

    if (!plan) {
        return vt_failed(err);
    }
    model->plans.fixed = plan;
    return VT_OK;
}

/* A dynamic model cannot be planned yet, but what no implementation covers shall fail now. */
static int check_nodes(struct cpu_model *model, struct vt_error *err)
{
    struct cpu_region temp = {0};
    int status = cpu_select(model, model->graph, &temp, err) ? VT_OK : vt_failed(err);

    cpu_region_finish(&temp);
    return status;
}

void cpu_config_finish(const struct vt_host *host, const struct cpu_config *config)
{
    if (config->reserve) {
        host->cpus_release(config->cpus, config->n_cpus);
    }
    free(config->cpus);
}

/* Takes the graph over, also on failure. */
static struct cpu_model *begin(const struct vt_host *host, struct vt_graph *graph,
                               const struct cpu_config *config, struct vt_error *err)
{
    struct cpu_model *model = calloc(1, sizeof(*model));

    if (!model) {
        cpu_config_finish(host, config);
        host->graph_destroy(graph);
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    model->host = host;
    model->graph = graph;
    model->config = *config;
    model->isa = cpu_isa_best();
    cpu_weights_init(&model->weights);
    return model;
}

/* What follows the passes. */
static int complete(struct cpu_model *model, struct vt_error *err)
{
    const struct vt_host *host = model->host;
    int status;

    if (!cpu_weights_sources(&model->weights, host, model->graph)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    model->n_params = host->graph_n_params(model->graph);
    model->n_results = host->graph_n_results(model->graph);
    model->dynamic = !params_static(host, model->graph);
    cpu_plans_init(&model->plans, model, model->graph);
    if (!model->dynamic) {
        return compile_static(model, err);
    }
    cpu_plans_open(&model->plans);
    status = check_nodes(model, err);
    if (status == VT_OK && !model->blob) {
        cpu_plans_pack(&model->plans);
    } else if (status == VT_OK) {
        cpu_plans_reserve(&model->plans);
    }
    return status;
}

/* Bodies are planned like the model, so they go through the same. */
static int run_passes(const struct vt_host *host, struct vt_graph *graph, struct vt_error *err)
{
    int status = host->graph_passes(graph, cpu_passes, err);

    for (int i = 0; i < host->graph_n_nodes(graph) && status == VT_OK; i++) {
        const struct vt_node *node = host->graph_node(graph, i);

        for (int b = 0; b < host->node_n_bodies(node) && status == VT_OK; b++) {
            status = run_passes(host, host->node_body(node, b), err);
        }
    }
    return status;
}

int cpu_model_create(const struct vt_host *host, struct vt_graph *graph, const struct cpu_config *config,
                     struct cpu_model **out, struct vt_error *err)
{
    struct cpu_model *model = begin(host, graph, config, err);
    int status = model ? cpu_streams_create(model, err) : VT_E_NOMEM;

    status = status ? status : run_passes(host, graph, err);
    status = status ? status : complete(model, err);
    if (status) {
        cpu_model_destroy(model);
        return status;
    }
    *out = model;
    return VT_OK;
}

static int adopt(struct cpu_model *model, const char *data, const struct cpu_blob_item *item,
                 struct vt_error *err)
{
    const struct vt_host *host = model->host;
    const struct vt_node *node = NULL;
    const struct vt_tensor *t;

    if (item->kind != CPU_BLOB_FORM) {
        return VT_OK;
    }
    if (item->node < (uint64_t)host->graph_n_nodes(model->graph)) {
        node = host->graph_node(model->graph, (int)item->node);
    }
    t = node ? host->node_constant(node) : NULL;
    if (!t || !t->data) {
        return vt_fail(err, VT_E_FORMAT, "the compiled model has weights of a constant that it lacks");
    }
    if (!cpu_weights_adopt(&model->weights, t->data, item->key, data + item->offset, (size_t)item->bytes)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

int cpu_model_load(const struct vt_host *host, struct vt_graph *graph, const struct cpu_config *config,
                   struct vt_blob *blob, const char *data, const struct cpu_blob_item *items, size_t n_items,
                   struct cpu_model **out, struct vt_error *err)
{
    struct cpu_model *model = begin(host, graph, config, err);
    int status = model ? cpu_streams_create(model, err) : VT_E_NOMEM;

    if (status == VT_OK) {
        model->blob = host->blob_ref(blob);
    }
    for (size_t i = 0; i < n_items && status == VT_OK; i++) {
        status = adopt(model, data, &items[i], err);
    }
    status = status ? status : complete(model, err);
    if (status) {
        cpu_model_destroy(model);
        return status;
    }
    *out = model;
    return VT_OK;
}

void cpu_model_destroy(struct cpu_model *model)
{
    if (!model) {
        return;
    }
    cpu_plan_destroy(model->host, model->plans.fixed);
    cpu_plans_finish(&model->plans);
    cpu_streams_destroy(model);
    cpu_weights_finish(&model->weights);
    cpu_config_finish(model->host, &model->config);
    model->host->graph_destroy(model->graph);
    if (model->blob) {
        model->host->blob_unref(model->blob);
    }
    free(model->covered);
    free(model);
}
