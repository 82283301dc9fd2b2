/* Requests. */
#include "model.h"

#include <stdlib.h>

struct cpu_request {
    struct cpu_model *model;
    struct vt_tensor *inputs, *outputs; /* bound views; outputs with data NULL are asked for */
    size_t *capacity;
    struct vt_state_store *states;
    atomic_int cancelled;
    bool begun; /* cancels were forgotten by begin() already */
    struct vt_profile *profile;
    int n_profile, room_profile;
    const struct cpu_plan *profiled; /* whose texts the profile points to */
    struct cpu_plan *last;           /* kept in use so that its texts live */
};

/* ---- one inference
 * ------------------------------------------------------------------------------------------------- */

typedef int output_fn(void *ctx, int port, struct vt_tensor *t);

struct sink {
    struct cpu_request *r;
    output_fn *output;
    void *ctx;
};

static void *output_memory(void *ctx, int port, const struct vt_tensor *want, int *status,
                           struct vt_error *err)
{
    const struct sink *sink = ctx;
    const struct cpu_request *r = sink->r;
    struct vt_tensor t = *want;

    if (r->outputs[port].data && r->capacity[port] >= want->bytes) {
        bool same = r->outputs[port].rank == want->rank;

        for (int i = 0; same && i < want->rank; i++) {
            same = r->outputs[port].dims[i] == want->dims[i];
        }
        if (same) {
            return r->outputs[port].data;
        }
    }
    t.data = NULL;
    *status = sink->output(sink->ctx, port, &t);
    if (*status) {
        vt_fail(err, *status, "no memory for output %d (%zu bytes)", port, want->bytes);
    }
    return t.data;
}

static struct vt_profile profile_row(const struct vt_host *host, const struct vt_node *node,
                                     const char *kernel, enum vt_profile_status status)
{
    return (struct vt_profile){
        .status = status,
        .node_name = node ? host->node_name(node) : kernel,
        .node_type = node                             ? host->node_op(node)
                     : strcmp(kernel, "reorder") == 0 ? "Reorder"
                                                      : "Subgraph",
        .exec_type = kernel,
    };
}

/* The profile has one row a step; its texts belong to the plan, which the request keeps. */
static int prepare_profile(struct cpu_request *r, struct cpu_plan *plan, struct vt_error *err)
{
    const struct vt_host *host = r->model->host;

    if (!r->model->config.perf_count || r->profiled == plan) {
        return VT_OK;
    }
    r->n_profile = 0;
    r->profiled = NULL;
    if (!r->profile || r->room_profile < plan->n_steps) {
        free(r->profile);
        r->profile = calloc((size_t)plan->n_steps + 1, sizeof(*r->profile));
        r->room_profile = r->profile ? plan->n_steps : 0;
    }
    if (!r->profile) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < plan->n_steps; i++) {
        const struct cpu_step *step = &plan->steps[i];

        r->profile[i] = profile_row(host, step->node, step->kernel, VT_PROFILE_EXECUTED);
    }
    r->n_profile = plan->n_steps;
    r->profiled = plan;
    if (r->last) {
        cpu_plan_release(r->last);
    }
    r->last = plan;
    atomic_fetch_add(&plan->users, 1);
    return VT_OK;
}

static int run_on_stream(struct cpu_request *r, struct cpu_stream *s, const struct cpu_plan *plan,
                         output_fn *output, void *ctx, struct vt_error *err)
{
    struct cpu_model *model = r->model;
    struct sink sink = {r, output, ctx};
    struct cpu_ports ports = {r->inputs, output_memory, &sink};
    struct cpu_run run = {.host = model->host,
                          .model = model,
                          .cancelled = &r->cancelled,
                          .pool = s->pool,
                          .threads = model->config.threads,
                          .states = r->states,
                          .heap = s->heap,
                          .err = err};
    int status;

    model->host->pool_enter(s->pool);
    status = cpu_run_plan(&run, plan, &s->frame, &ports, model->config.perf_count ? r->profile : NULL);
    model->host->pool_leave(s->pool);
    if (s->heap) {
        model->host->heap_reset(s->heap);
    }
    return status;
}

/* Between steps, and inside of those that run a sub-graph by its reference. */
static void set_cancelled(struct cpu_request *r, bool cancelled)
{
    const struct vt_host *host = r->model->host;

    atomic_store_explicit(&r->cancelled, cancelled, memory_order_relaxed);
    if (VT_TABLE_HAS(host, states_cancel)) {
        host->states_cancel(r->states, cancelled);
    }
}

static int request_run(void *request, output_fn *output, void *ctx, struct vt_error *err)
{
    struct cpu_request *r = request;
    struct cpu_plan *plan;
    struct cpu_stream *stream;
    int status;

    /* Not at the end: a cancellation may come when the last step is done, and must not hit the next run. */
    if (!r->begun) {
        set_cancelled(r, false);
    }
    r->begun = false;
    if (VT_TABLE_HAS(r->model->host, states_begin)) {
        r->model->host->states_begin(r->states);
    }
    status = cpu_plans_get(&r->model->plans, r->inputs, &plan, err);
    if (status) {
        return status;
    }
    status = prepare_profile(r, plan, err);
    if (status == VT_OK) {
        stream = cpu_stream_take(r->model);
        status = run_on_stream(r, stream, plan, output, ctx, err);
        cpu_stream_give(r->model, stream);
    }
    cpu_plan_release(plan);
    return status;
}

/* ---- the request table
 * --------------------------------------------------------------------------------------------- */

static void request_destroy(void *request)
{
    struct cpu_request *r = request;

    if (!r) {
        return;
    }
    if (r->last) {
        cpu_plan_release(r->last);
    }
    if (r->states) {
        r->model->host->states_destroy(r->states);
    }
    free(r->profile);
    free(r->inputs);
    free(r->outputs);
    free(r->capacity);
    free(r);
}

int cpu_request_create(void *compiled, void **request, struct vt_error *err)
{
    struct cpu_model *model = compiled;
    struct cpu_request *r = calloc(1, sizeof(*r));

    if (r) {
        r->model = model;
        r->inputs = calloc((size_t)model->n_params + 1, sizeof(*r->inputs));
        r->outputs = calloc((size_t)model->n_results + 1, sizeof(*r->outputs));
        r->capacity = calloc((size_t)model->n_results + 1, sizeof(*r->capacity));
    }
    if (!r || !r->inputs || !r->outputs || !r->capacity) {
        request_destroy(r);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->states = model->host->states_create(model->graph, err);
    if (!r->states) {
        request_destroy(r);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *request = r;
    return VT_OK;
}

static int bind_input(void *request, int port, const struct vt_tensor *t, struct vt_error *err)
{
    struct cpu_request *r = request;

    (void)err;
    r->inputs[port] = *t;
    return VT_OK;
}

static int bind_output(void *request, int port, const struct vt_tensor *t, size_t capacity,
                       struct vt_error *err)
{
    struct cpu_request *r = request;

    (void)err;
    r->outputs[port] = t ? *t : (struct vt_tensor){0};
    r->capacity[port] = capacity;
    return VT_OK;
}

static void request_begin(void *request)
{
    set_cancelled(request, false);
    ((struct cpu_request *)request)->begun = true;
}

static void request_cancel(void *request)
{
    set_cancelled(request, true);
}

static struct vt_state_store *request_states(void *request)
{
    return ((struct cpu_request *)request)->states;
}

/* Rows without times: the steps of a static model's plan; of a dynamic one the nodes that will have steps. */
static int list_steps(struct cpu_request *r)
{
    const struct cpu_model *model = r->model;
    const struct vt_host *host = model->host;
    const struct cpu_plan *plan = model->plans.fixed;
    int n = plan ? plan->n_steps : host->graph_n_nodes(model->graph);

    r->profile = calloc((size_t)n + 1, sizeof(*r->profile));
    if (!r->profile) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < n; i++) {
        const struct vt_node *node = plan ? plan->steps[i].node : host->graph_node(model->graph, i);

        if (!plan && (!host->node_n_in(node) || strcmp(host->node_op(node), "Result") == 0)) {
            continue;
        }
        r->profile[r->n_profile++] =
            profile_row(host, node, plan ? plan->steps[i].kernel : "undef", VT_PROFILE_NOT_RUN);
    }
    return VT_OK;
}

static int request_profile(void *request, const struct vt_profile **list, int *n)
{
    struct cpu_request *r = request;

    if (!r->profile && list_steps(r)) {
        return VT_E_NOMEM;
    }
    *list = r->profile;
    *n = r->n_profile;
    return VT_OK;
}

const struct vt_request_fns cpu_request_fns = {
    .abi = VT_ABI_HEADER(struct vt_request_fns),
    .destroy = request_destroy,
    .bind_input = bind_input,
    .bind_output = bind_output,
    .run = request_run,
    .cancel = request_cancel,
    .states = request_states,
    .profile = request_profile,
    .begin = request_begin,
};
