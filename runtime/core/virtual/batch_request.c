/* Requests of BATCH: joining a gathering, or running alone. */
#include "batch_gathering.h"

#include <stdlib.h>

struct request {
    struct vt_batch *batch;
    struct vt_bindings bindings;
    void *alone;   /* request of the model of one row, made when it is needed */
    uint32_t seen; /* version of the bindings that `alone` knows */
    bool ran_alone;
    atomic_bool cancelled;
    struct vt_gathering *waits_in; /* under the batch's lock */
    struct vt_profile *profile;    /* a copy of the last gathering's */
    int n_profile;
};

static const struct vt_compiled *plain(const struct vt_batch *b)
{
    return b->members.items[0].compiled;
}

/* ---- requests: life and bindings */

static void destroy(void *request)
{
    struct request *r = request;

    if (r->alone) {
        plain(r->batch)->request_fns->destroy(r->alone);
    }
    vt_bindings_finish(&r->bindings);
    free(r->profile);
    free(r);
}

int vt_batch_create_request(void *compiled, void **request, struct vt_error *err)
{
    struct vt_batch *b = compiled;
    struct request *r = calloc(1, sizeof(*r));
    int status;

    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->batch = b;
    status = vt_bindings_init(&r->bindings, b->n_io, err);
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

/* ---- alone */

static int run_alone(struct request *r, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
                     struct vt_error *err)
{
    const struct vt_compiled *c = plain(r->batch);
    int status = VT_OK;

    r->ran_alone = true;
    if (!r->alone) {
        void *alone = NULL;

        status = c->fns->create_request(c->impl, &alone, err);
        pthread_mutex_lock(&r->batch->lock);
        r->alone = status ? NULL : alone;
        pthread_mutex_unlock(&r->batch->lock);
    }
    if (status == VT_OK) {
        status = vt_bindings_tell(&r->bindings, c->request_fns, r->alone, &r->seen, err);
    }
    if (status == VT_OK) {
        /* In this order: a cancel that is not seen here finds `alone` and reaches it. */
        vt_member_begin(c->request_fns, r->alone);
        if (atomic_load(&r->cancelled)) {
            status = vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
        }
    }
    return status ? status : c->request_fns->run(r->alone, output, ctx, err);
}

/* ---- together. All of these are called with the lock held and return with it held. */

/* A row of the open gathering; negative when there is none to join. */
static int join(struct vt_batch *b, struct request *r, struct vt_gathering **joined)
{
    struct vt_gathering *g = vt_batch_open_gathering(b);
    int row = 0;

    if (!g) {
        return -1;
    }
    while (g->taken[row]) {
        row++;
    }
    g->taken[row] = true;
    g->inside++;
    if (++g->members == b->size) {
        g->phase = VT_GATHERING_FULL;
        b->open = NULL;
    }
    r->waits_in = g;
    *joined = g;
    return row;
}

/* The last to leave makes the gathering ready for others. */
static void leave(struct vt_batch *b, struct request *r, struct vt_gathering *g)
{
    r->waits_in = NULL;
    if (--g->inside == 0) {
        if (b->open == g) {
            b->open = NULL;
        }
        g->phase = VT_GATHERING_IDLE;
    }
}

static void expire(struct vt_batch *b, struct vt_gathering *g)
{
    g->phase = VT_GATHERING_EXPIRED;
    if (b->open == g) {
        b->open = NULL;
    }
    pthread_cond_broadcast(&g->changed);
}

/* Inputs of static shape are bound to memory; nothing else reaches a plugin. */
static void copy_inputs(struct request *r, struct vt_gathering *g, int row)
{
    for (int i = 0; i < r->batch->n_io[VT_INPUT]; i++) {
        size_t bytes = r->batch->rows[VT_INPUT][i].bytes;

        if (bytes) {
            memcpy((char *)g->io[VT_INPUT][i]->t.data + (size_t)row * bytes,
                   r->bindings.io[VT_INPUT][i].t.data, bytes);
        }
    }
}

static int no_output(void *ctx, int port, struct vt_tensor *t)
{
    (void)ctx;
    (void)port;
    (void)t;
    return VT_E_INTERNAL;
}

static void run_gathering(struct vt_batch *b, struct vt_gathering *g)
{
    const struct vt_request_fns *fns = b->many->request_fns;
    int status;

    pthread_mutex_unlock(&b->lock);
    /* When it fails the members run alone, and whose fault it was gets the message. */
    status = fns->run(g->sub, no_output, NULL, NULL);
    g->n_profile = 0;
    if (b->profiles && VT_TABLE_HAS(fns, profile) && fns->profile(g->sub, &g->profile, &g->n_profile)) {
        g->n_profile = 0;
    }
    pthread_mutex_lock(&b->lock);
    g->status = status;
    g->phase = VT_GATHERING_DONE;
    pthread_cond_broadcast(&g->changed);
}

/* Until it is done, expired, or this request was cancelled while others still may come. */
static void await(struct vt_batch *b, struct request *r, struct vt_gathering *g)
{
    while (g->phase == VT_GATHERING_OPEN || g->phase == VT_GATHERING_FULL) {
        if (g->phase == VT_GATHERING_FULL) {
            pthread_cond_wait(&g->changed, &b->lock);
        } else if (atomic_load(&r->cancelled)) {
            return;
        } else if (pthread_cond_timedwait(&g->changed, &b->lock, &g->deadline) &&
                   g->phase == VT_GATHERING_OPEN) {
            expire(b, g);
        }
    }
}

/* Runs without the lock. */
static int copy_outputs(struct request *r, struct vt_gathering *g, int row,
                        int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx)
{
    for (int i = 0; i < r->batch->n_io[VT_OUTPUT]; i++) {
        const struct vt_binding *b = &r->bindings.io[VT_OUTPUT][i];
        struct vt_tensor t = r->batch->rows[VT_OUTPUT][i];

        if (b->bound && b->capacity >= t.bytes) {
            t.data = b->t.data;
        } else {
            int status = output(ctx, i, &t);

            if (status) {
                return status;
            }
        }
        if (t.bytes) {
            memcpy(t.data, (char *)g->io[VT_OUTPUT][i]->t.data + (size_t)row * t.bytes, t.bytes);
        }
    }
    return VT_OK;
}

static void copy_profile(struct request *r, const struct vt_gathering *g)
{
    size_t bytes = (size_t)g->n_profile * sizeof(*r->profile);
    struct vt_profile *copy = g->n_profile ? realloc(r->profile, bytes) : NULL;

    r->n_profile = copy ? g->n_profile : 0;
    if (copy) {
        r->profile = copy;
        memcpy(copy, g->profile, bytes);
    }
}

/* *alone tells that it did not come to a result. */
static int run_together(struct request *r, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
                        bool *alone, struct vt_error *err)
{
    struct vt_batch *b = r->batch;
    struct vt_gathering *g = NULL;
    int row, status = VT_OK;

    *alone = true;
    pthread_mutex_lock(&b->lock);
    row = join(b, r, &g);
    if (row < 0) {
        pthread_mutex_unlock(&b->lock);
        return VT_OK;
    }
    pthread_mutex_unlock(&b->lock);
    copy_inputs(r, g, row);
    pthread_mutex_lock(&b->lock);
    if (++g->copied == b->size && g->phase == VT_GATHERING_FULL) {
        run_gathering(b, g);
    } else {
        await(b, r, g);
    }
    if (g->phase == VT_GATHERING_DONE && g->status == VT_OK) {
        *alone = r->ran_alone = false;
        pthread_mutex_unlock(&b->lock);
        status = copy_outputs(r, g, row, output, ctx);
        copy_profile(r, g);
        pthread_mutex_lock(&b->lock);
    } else if (g->phase == VT_GATHERING_OPEN) {
        /* Cancelled: the row is for somebody else. */
        g->taken[row] = false;
        g->members--;
        g->copied--;
        *alone = false;
        status = vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
    }
    leave(b, r, g);
    pthread_mutex_unlock(&b->lock);
    return status;
}

static int run(void *request, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err)
{
    struct request *r = request;
    bool alone = true;
    int status = VT_OK;

    if (r->batch->many) {
        status = run_together(r, output, ctx, &alone, err);
    }
    return status || !alone ? status : run_alone(r, output, ctx, err);
}

static void begin(void *request)
{
    atomic_store(&((struct request *)request)->cancelled, false);
}

/* A batch that runs is not stopped for the sake of one row. */
static void cancel(void *request)
{
    struct request *r = request;
    void *alone;

    atomic_store(&r->cancelled, true);
    pthread_mutex_lock(&r->batch->lock);
    if (r->waits_in) {
        pthread_cond_broadcast(&r->waits_in->changed);
    }
    alone = r->alone;
    pthread_mutex_unlock(&r->batch->lock);
    if (alone) {
        plain(r->batch)->request_fns->cancel(alone);
    }
}

static int profile(void *request, const struct vt_profile **list, int *n)
{
    struct request *r = request;
    const struct vt_request_fns *fns = plain(r->batch)->request_fns;

    *list = r->profile;
    *n = r->n_profile;
    return r->ran_alone && r->alone && VT_TABLE_HAS(fns, profile) ? fns->profile(r->alone, list, n) : VT_OK;
}

const struct vt_request_fns vt_batch_request_fns = {
    .abi = VT_ABI_HEADER(struct vt_request_fns),
    .destroy = destroy,
    .bind_input = bind_input,
    .bind_output = bind_output,
    .run = run,
    .cancel = cancel,
    .profile = profile,
    .begin = begin,
};
