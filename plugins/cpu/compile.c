/* Compiled models: passes, and plans per set of shapes. */
#include "blob.h"

#include <stdlib.h>

/* What does not depend on shapes. Decompression Converts stay, so that weights are read as the model stores
 * them. */
const char cpu_passes[] =
    "constant_folding,eliminate_nop,cse,fuse_norm,fuse_activation,merge_transposes,fuse_matmul,fuse_conv,"
    "fuse_elementwise";

/* Plans of a dynamic model kept at the same time; the least recently used idle one goes first. */
#define MAX_PLANS 16

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
    struct cpu_plan *plan = cpu_plan_create(model, model->graph, false, err);

    if (!plan) {
        return err && err->code ? err->code : VT_E_NOMEM;
    }
    model->plans = plan;
    model->n_plans = 1;
    return VT_OK;
}

/* A dynamic model cannot be planned yet, but what no implementation covers shall fail now. */
static int check_nodes(struct cpu_model *model, struct vt_error *err)
{
    struct cpu_region temp = {0};
    int status =
        cpu_select(model, model->graph, &temp, err) ? VT_OK : (err && err->code ? err->code : VT_E_NOMEM);

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
    pthread_mutex_init(&model->plan_lock, NULL);
    cpu_weights_init(&model->weights);
    return model;
}

/* What follows the passes. */
static int complete(struct cpu_model *model, struct vt_error *err)
{
    const struct vt_host *host = model->host;

    if (!cpu_weights_sources(&model->weights, host, model->graph)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    model->n_params = host->graph_n_params(model->graph);
    model->n_results = host->graph_n_results(model->graph);
    model->dynamic = !params_static(host, model->graph);
    return model->dynamic ? check_nodes(model, err) : compile_static(model, err);
}

int cpu_model_create(const struct vt_host *host, struct vt_graph *graph, const struct cpu_config *config,
                     struct cpu_model **out, struct vt_error *err)
{
    struct cpu_model *model = begin(host, graph, config, err);
    int status = model ? cpu_streams_create(model, err) : VT_E_NOMEM;

    status = status ? status : host->graph_passes(graph, cpu_passes, err);
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
    while (model->plans) {
        struct cpu_plan *plan = model->plans;

        model->plans = plan->next;
        cpu_plan_destroy(model->host, plan);
    }
    cpu_streams_destroy(model);
    cpu_weights_finish(&model->weights);
    pthread_mutex_destroy(&model->plan_lock);
    cpu_config_finish(model->host, &model->config);
    model->host->graph_destroy(model->graph);
    if (model->blob) {
        model->host->blob_unref(model->blob);
    }
    free(model->covered);
    free(model);
}

/* ---- plans of a dynamic model
 * --------------------------------------------------------------------------------------- */

static bool plan_fits(const struct cpu_plan *plan, const struct vt_tensor *inputs, int n)
{
    for (int i = 0; i < n; i++) {
        if (!vt_pshape_accepts(&plan->key[i], inputs[i].rank, inputs[i].dims)) {
            return false;
        }
    }
    return true;
}

/* Drop the longest unused idle plan when there are too many. A stream may still point to it: it is unbound
 * first. */
static void trim_plans(struct cpu_model *model)
{
    struct cpu_plan **oldest = NULL;

    if (model->n_plans < MAX_PLANS) {
        return;
    }
    for (struct cpu_plan **p = &model->plans; *p; p = &(*p)->next) {
        if (atomic_load(&(*p)->users) == 0 && (!oldest || (*p)->used < (*oldest)->used)) {
            oldest = p;
        }
    }
    if (oldest) {
        struct cpu_plan *plan = *oldest;

        pthread_mutex_lock(&model->stream_lock);
        for (struct cpu_stream *s = model->free_streams; s; s = s->next_free) {
            s->bound = s->bound == plan ? NULL : s->bound;
        }
        pthread_mutex_unlock(&model->stream_lock);
        /* A stream in use is bound to a plan in use, so none but free streams can point here. */
        *oldest = plan->next;
        model->n_plans--;
        cpu_plan_destroy(model->host, plan);
    }
}

/* The shapes' own passes: what depended on shapes is constant now. */
#define SHAPED_PASSES "constant_folding,eliminate_nop,fuse_matmul,fuse_conv,fuse_elementwise"

static int build_for(struct cpu_model *model, const struct vt_tensor *inputs, struct cpu_plan **out,
                     struct vt_error *err)
{
    const struct vt_host *host = model->host;
    struct vt_pshape *shapes = calloc((size_t)model->n_params + 1, sizeof(*shapes));
    struct vt_graph *graph = shapes ? host->graph_clone(model->graph, err) : NULL;
    struct cpu_plan *plan;
    int status;

    if (!graph) {
        free(shapes);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < model->n_params; i++) {
        shapes[i] = vt_pshape_of(&inputs[i]);
    }
    status = host->graph_reshape(graph, shapes, err);
    if (status == VT_OK) {
        status = host->graph_passes(graph, SHAPED_PASSES, err);
    }
    if (status) {
        host->graph_destroy(graph);
        free(shapes);
        return status;
    }
    plan = cpu_plan_create(model, graph, true, err);
    if (plan) {
        plan->key = cpu_region_array(&plan->region, (size_t)model->n_params, sizeof(*plan->key));
        if (plan->key) {
            memcpy(plan->key, shapes, (size_t)model->n_params * sizeof(*shapes));
        } else {
            cpu_plan_destroy(host, plan);
            plan = NULL;
        }
    }
    free(shapes);
    *out = plan;
    return plan ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
}

int cpu_model_plan(struct cpu_model *model, const struct vt_tensor *inputs, struct cpu_plan **out,
                   struct vt_error *err)
{
    struct cpu_plan *plan;
    int status = VT_OK;

    if (!model->dynamic) {
        *out = model->plans;
        return VT_OK;
    }
    pthread_mutex_lock(&model->plan_lock);
    for (plan = model->plans; plan; plan = plan->next) {
        if (plan_fits(plan, inputs, model->n_params)) {
            break;
        }
    }
    if (!plan) {
        trim_plans(model);
        status = build_for(model, inputs, &plan, err);
        if (status == VT_OK) {
            plan->next = model->plans;
            model->plans = plan;
            model->n_plans++;
        }
    }
    if (status == VT_OK) {
        plan->used = ++model->plan_clock;
        atomic_fetch_add(&plan->users, 1);
        *out = plan;
    }
    pthread_mutex_unlock(&model->plan_lock);
    return status;
}

void cpu_plan_release(struct cpu_model *model, struct cpu_plan *plan)
{
    (void)model;
    if (model->dynamic) {
        atomic_fetch_sub(&plan->users, 1);
    }
}
