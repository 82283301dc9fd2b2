/* Requests of AUTO and MULTI: bindings are kept here and told to the device that an inference goes to. */
#include "relay.h"

#include <stdlib.h>

struct request {
    struct vt_relay *relay;
    void **sub;     /* per member, NULL until an inference goes there */
    uint32_t *seen; /* per member: the version of the bindings that it knows */
    struct vt_bindings bindings;
    atomic_int
        at; /* member of the last inference, whose request is there; -1 before the first of a spread one */
    atomic_bool cancelled;
    bool pinned;          /* states bind it to that member */
    pthread_mutex_t lock; /* between cancelling and dropping what is cancelled */
};

static const struct vt_compiled *compiled_at(const struct request *r, int at)
{
    return r->relay->members.items[at].compiled;
}

static void drop_sub(struct request *r, int at)
{
    if (r->sub[at]) {
        compiled_at(r, at)->request_fns->destroy(r->sub[at]);
        r->sub[at] = NULL;
        r->seen[at] = 0;
        vt_relay_release(r->relay, at);
    }
}

static void destroy(void *request)
{
    struct request *r = request;

    for (int i = 0; r->sub && r->seen && i < r->relay->members.n; i++) {
        drop_sub(r, i);
    }
    pthread_mutex_destroy(&r->lock);
    free(r->sub);
    free(r->seen);
    vt_bindings_finish(&r->bindings);
    free(r);
}

/* VT_E_NOT_READY, without a message, when the member is not used any more: another is to be picked. */
static int require_sub(struct request *r, int at, struct vt_error *err)
{
    const struct vt_compiled *c;
    int status;

    if (r->sub[at]) {
        return VT_OK;
    }
    if (!vt_relay_retain(r->relay, at)) {
        return VT_E_NOT_READY;
    }
    c = compiled_at(r, at);
    status = c->fns->create_request(c->impl, &r->sub[at], err);
    if (status) {
        vt_fail(err, status, "device %s cannot create a request", c->device);
        r->sub[at] = NULL;
        vt_relay_release(r->relay, at);
    }
    return status;
}

/* Inferences are at member `at` from now on. What AUTO left is not needed any more. */
static void move_to(struct request *r, int at)
{
    int old = atomic_load_explicit(&r->at, memory_order_relaxed);

    if (old == at) {
        return;
    }
    atomic_store(&r->at, at);
    if (!r->relay->spread && old >= 0) {
        pthread_mutex_lock(&r->lock);
        drop_sub(r, old);
        pthread_mutex_unlock(&r->lock);
    }
}

/* The member that an inference of no particular one goes to. */
static int pick(struct vt_relay *relay)
{
    struct vt_members *m = &relay->members;
    unsigned first = relay->round_robin ? atomic_fetch_add(&relay->turn, 1) : 0;
    int best = -1, least = INT32_MAX;

    if (!relay->spread) {
        return atomic_load(&relay->current);
    }
    for (int i = 0; i < m->n; i++) {
        int at = (int)((first + (unsigned)i) % (unsigned)m->n);
        int load = atomic_load(&m->items[at].running) - m->items[at].concurrency;

        if (!vt_member_is_ready(&m->items[at])) {
            continue;
        }
        if (load < 0) {
            return at;
        }
        if (load < least) {
            best = at;
            least = load;
        }
    }
    return best;
}

static int none_left(int status, struct vt_error *err)
{
    return vt_fail(err, status == VT_E_NOT_READY ? VT_E_DEVICE : status,
                   "no device is left to run the model");
}

/* The first member of a request: AUTO's current one, by turns with MULTI, where states are spread with the
 * requests that own them. */
static int place(struct request *r, struct vt_error *err)
{
    struct vt_relay *relay = r->relay;
    unsigned turn = relay->spread ? atomic_fetch_add(&relay->turn, 1) : 0;
    int status = VT_E_NOT_READY, at = -1;

    /* AUTO may be changing the device right now: its new one is ready. */
    for (int i = 0; status == VT_E_NOT_READY && i <= relay->members.n; i++) {
        at = relay->spread ? (int)((turn + (unsigned)i) % (unsigned)relay->members.n)
                           : atomic_load(&relay->current);
        status = require_sub(r, at, err);
    }
    if (status) {
        return none_left(status, err);
    }
    atomic_store(&r->at, at);
    r->pinned = relay->spread;
    return VT_OK;
}

int vt_relay_create_request(void *compiled, void **request, struct vt_error *err)
{
    struct vt_relay *relay = compiled;
    struct request *r = calloc(1, sizeof(*r));
    size_t n = (size_t)relay->members.n;
    int status;

    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->relay = relay;
    pthread_mutex_init(&r->lock, NULL);
    r->sub = calloc(n, sizeof(*r->sub));
    r->seen = calloc(n, sizeof(*r->seen));
    status = vt_bindings_init(&r->bindings, relay->n_io, err);
    if (status == VT_OK && (!r->sub || !r->seen)) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    atomic_init(&r->at, -1);
    if (status == VT_OK && (!relay->spread || relay->stateful)) {
        status = place(r, err);
    }
    if (status) {
        destroy(r);
        return status;
    }
    *request = r;
    return VT_OK;
}

static int bind_input(void *request, int port, const struct vt_tensor *t, struct vt_error *err)
{
    (void)err;
    vt_bindings_put(&((struct request *)request)->bindings, VT_INPUT, port, t, 0);
    return VT_OK;
}

static int bind_output(void *request, int port, const struct vt_tensor *t, size_t capacity,
                       struct vt_error *err)
{
    (void)err;
    vt_bindings_put(&((struct request *)request)->bindings, VT_OUTPUT, port, t, capacity);
    return VT_OK;
}

static int run_at(struct request *r, int at, int (*output)(void *ctx, int port, struct vt_tensor *t),
                  void *ctx, struct vt_error *err)
{
    struct vt_member *m = &r->relay->members.items[at];
    int status = require_sub(r, at, err);

    if (status == VT_OK) {
        status = vt_bindings_tell(&r->bindings, m->compiled->request_fns, r->sub[at], &r->seen[at], err);
    }
    if (status == VT_OK) {
        /* In this order: a cancel that is not seen here comes after `at` and reaches the member. */
        move_to(r, at);
        vt_member_begin(m->compiled->request_fns, r->sub[at]);
        if (atomic_load(&r->cancelled)) {
            return vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
        }
        if (r->relay->spread) {
            atomic_fetch_add(&m->running, 1);
        }
        status = m->compiled->request_fns->run(r->sub[at], output, ctx, err);
        if (r->relay->spread) {
            atomic_fetch_sub(&m->running, 1);
        }
    }
    return status == VT_OK || status == VT_E_NOT_READY
               ? status
               : vt_fail(err, status, "device %s: the inference failed", m->name);
}

static int run(void *request, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err)
{
    struct request *r = request;
    /* A stateful inference may have changed its states before it failed: it is not repeated elsewhere. */
    bool moves = r->relay->fallback && !r->relay->stateful;
    int at = r->pinned ? atomic_load(&r->at) : pick(r->relay), status = VT_E_NOT_READY;

    /* Each round is for a member that was ready and is no more: there are few of them. */
    for (int i = 0; i <= 2 * r->relay->members.n && at >= 0; i++) {
        struct vt_error own;

        vt_error_clear(&own); /* all of its text is not written for nothing */
        status = run_at(r, at, output, ctx, moves ? &own : err);
        if (status == VT_E_NOT_READY) {
            at = pick(r->relay);
            continue;
        }
        r->pinned |= r->relay->stateful;
        if (status == VT_OK || !moves) {
            return status;
        }
        at = vt_auto_replace(r->relay, at, status, &own);
        if (at < 0) {
            return vt_fail(err, status, "%s", own.text);
        }
        at = r->relay->spread ? pick(r->relay) : at;
    }
    return none_left(status, err);
}

static void begin(void *request)
{
    atomic_store(&((struct request *)request)->cancelled, false);
}

static void cancel(void *request)
{
    struct request *r = request;
    int at;

    atomic_store(&r->cancelled, true);
    pthread_mutex_lock(&r->lock);
    at = atomic_load(&r->at);
    if (at >= 0) {
        compiled_at(r, at)->request_fns->cancel(r->sub[at]);
    }
    pthread_mutex_unlock(&r->lock);
}

/* The member of the last inference, or one that there could be; negative when there is none. */
static int some_member(struct request *r)
{
    int at = atomic_load(&r->at);

    at = at >= 0 ? at : pick(r->relay);
    if (at >= 0 && require_sub(r, at, NULL) == VT_OK) {
        move_to(r, at);
        return at;
    }
    return -1;
}

/* Whoever looks at the states may set them. */
static struct vt_state_store *states(void *request)
{
    struct request *r = request;
    int at = some_member(r);
    const struct vt_request_fns *fns = at >= 0 ? compiled_at(r, at)->request_fns : NULL;

    if (!fns || !VT_TABLE_HAS(fns, states)) {
        return NULL;
    }
    r->pinned |= r->relay->stateful;
    return fns->states(r->sub[at]);
}

static int profile(void *request, const struct vt_profile **list, int *n)
{
    struct request *r = request;
    int at = some_member(r);
    const struct vt_request_fns *fns = at >= 0 ? compiled_at(r, at)->request_fns : NULL;

    *list = NULL;
    *n = 0;
    return fns && VT_TABLE_HAS(fns, profile) ? fns->profile(r->sub[at], list, n) : VT_OK;
}

const struct vt_request_fns vt_relay_request_fns = {
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
