/* A request: the steps in order, each by the reference of its node. */
#include "refdev.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct request {
    const struct refdev_compiled *compiled;
    struct vt_tensor *slots;  /* values of this run */
    bool *owned;              /* per slot: its data is this request's to free */
    struct vt_tensor *args;   /* inputs of one step */
    struct vt_tensor *inputs; /* bound by the core */
    struct vt_tensor *outputs;
    bool *bound;                   /* per output: whether `outputs` is to be used */
    struct vt_state_store *states; /* kept over runs */
    struct vt_profile *profile;    /* per step */
    atomic_bool cancelled;
    bool begun; /* cancels were forgotten by begin() already */
};

static void destroy(void *request)
{
    struct request *r = request;

    if (r->states) {
        r->compiled->host->states_destroy(r->states);
    }
    free(r->slots);
    free(r->owned);
    free(r->args);
    free(r->inputs);
    free(r->outputs);
    free(r->bound);
    free(r->profile);
    free(r);
}

static void init_profile(struct request *r)
{
    const struct refdev_compiled *c = r->compiled;

    for (int i = 0; i < c->n_steps; i++) {
        r->profile[i] = (struct vt_profile){.status = VT_PROFILE_NOT_RUN,
                                            .node_name = c->host->node_name(c->steps[i].node),
                                            .node_type = c->host->node_op(c->steps[i].node),
                                            .exec_type = "ref"};
    }
}

int refdev_create_request(void *compiled, void **request, struct vt_error *err)
{
    const struct refdev_compiled *c = compiled;
    struct request *r = calloc(1, sizeof(*r));

    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->compiled = c;
    r->slots = calloc((size_t)c->n_slots + 1, sizeof(*r->slots));
    r->owned = calloc((size_t)c->n_slots + 1, sizeof(*r->owned));
    r->args = calloc((size_t)c->max_in + 1, sizeof(*r->args));
    r->inputs = calloc((size_t)c->n_params + 1, sizeof(*r->inputs));
    r->outputs = calloc((size_t)c->n_results + 1, sizeof(*r->outputs));
    r->bound = calloc((size_t)c->n_results + 1, sizeof(*r->bound));
    r->profile = calloc((size_t)c->n_steps + 1, sizeof(*r->profile));
    r->states = c->host->states_create(c->graph, err);
    if (!r->slots || !r->owned || !r->args || !r->inputs || !r->outputs || !r->bound || !r->profile ||
        !r->states) {
        destroy(r);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    init_profile(r);
    *request = r;
    return VT_OK;
}

static int bind_input(void *request, int port, const struct vt_tensor *t, struct vt_error *err)
{
    (void)err;
    ((struct request *)request)->inputs[port] = *t;
    return VT_OK;
}

static int bind_output(void *request, int port, const struct vt_tensor *t, size_t capacity,
                       struct vt_error *err)
{
    struct request *r = request;

    (void)capacity;
    (void)err;
    r->bound[port] = t != NULL;
    if (t) {
        r->outputs[port] = *t;
    }
    return VT_OK;
}

/* ---- one run */

struct run {
    struct request *r;
    int (*output)(void *ctx, int port, struct vt_tensor *t);
    void *ctx;
    struct vt_error *err;
};

static void release(struct request *r, int slot)
{
    if (r->owned[slot]) {
        r->compiled->host->free(r->slots[slot].data);
        r->owned[slot] = false;
    }
}

static int write_result(struct run *run, const struct refdev_step *s)
{
    struct request *r = run->r;
    const struct vt_tensor *src = &r->slots[s->in[0]];
    struct vt_tensor dst = *src;
    int status;

    if (r->bound[s->result] && r->outputs[s->result].bytes >= src->bytes) {
        dst.data = r->outputs[s->result].data;
    } else {
        status = run->output(run->ctx, s->result, &dst);
        if (status) {
            return status;
        }
    }
    if (src->bytes) {
        memcpy(dst.data, src->data, src->bytes);
    }
    return VT_OK;
}

static int run_step(struct run *run, const struct refdev_step *s)
{
    struct request *r = run->r;
    const struct vt_host *host = r->compiled->host;
    const struct vt_tensor *constant = host->node_constant(s->node);
    int status;

    if (s->param >= 0 || constant) {
        r->slots[s->out] = constant ? *constant : r->inputs[s->param];
        return VT_OK;
    }
    if (s->result >= 0) {
        return write_result(run, s);
    }
    for (int i = 0; i < s->n_in; i++) {
        r->args[i] = s->in[i] >= 0 ? r->slots[s->in[i]] : (struct vt_tensor){.type = VT_DYNAMIC};
    }
    for (int i = 0; i < s->n_out; i++) {
        r->slots[s->out + i] = (struct vt_tensor){0};
    }
    status = host->node_eval(s->node, r->args, &r->slots[s->out], r->states, run->err);
    for (int i = 0; i < s->n_out && status == VT_OK; i++) {
        r->owned[s->out + i] = true;
    }
    return status;
}

static void release_dead(struct request *r, const struct refdev_step *s, int index)
{
    for (int i = 0; i < s->n_in; i++) {
        if (s->in[i] >= 0 && r->compiled->last_use[s->in[i]] == index) {
            release(r, s->in[i]);
        }
    }
    for (int i = 0; i < s->n_out; i++) {
        if (r->compiled->last_use[s->out + i] == index) {
            release(r, s->out + i);
        }
    }
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Between steps, and inside of those that run a sub-graph. */
static void set_cancelled(struct request *r, bool cancelled)
{
    const struct vt_host *host = r->compiled->host;

    atomic_store(&r->cancelled, cancelled);
    if (VT_TABLE_HAS(host, states_cancel)) {
        host->states_cancel(r->states, cancelled);
    }
}

static int run(void *request, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err)
{
    struct request *r = request;
    const struct refdev_compiled *c = r->compiled;
    struct run run = {r, output, ctx, err};
    int status = VT_OK;

    if (!r->begun) {
        set_cancelled(r, false);
    }
    r->begun = false;
    if (VT_TABLE_HAS(c->host, states_begin)) {
        c->host->states_begin(r->states);
    }
    init_profile(r);
    for (int i = 0; i < c->n_steps && status == VT_OK; i++) {
        int64_t begin = c->settings.perf_count ? now_us() : 0;

        if (atomic_load_explicit(&r->cancelled, memory_order_relaxed)) {
            status = vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
            break;
        }
        status = run_step(&run, &c->steps[i]);
        release_dead(r, &c->steps[i], i);
        if (c->settings.perf_count) {
            r->profile[i].status = VT_PROFILE_EXECUTED;
            r->profile[i].real_us = r->profile[i].cpu_us = now_us() - begin;
        }
    }
    for (int i = 0; i < c->n_slots; i++) {
        release(r, i);
    }
    return status;
}

static void begin(void *request)
{
    set_cancelled(request, false);
    ((struct request *)request)->begun = true;
}

static void cancel(void *request)
{
    set_cancelled(request, true);
}

static struct vt_state_store *states(void *request)
{
    return ((struct request *)request)->states;
}

static int profile(void *request, const struct vt_profile **list, int *n)
{
    struct request *r = request;

    *list = r->profile;
    *n = r->compiled->n_steps;
    return VT_OK;
}

const struct vt_request_fns refdev_request_fns = {
    .abi = VT_ABI_HEADER(struct vt_request_fns),
    .destroy = destroy,
    .bind_input = bind_input,
    .bind_output = bind_output,
    .run = run,
    .cancel = cancel,
    .states = states,
    .profile = profile,
    .begin = begin,
};
