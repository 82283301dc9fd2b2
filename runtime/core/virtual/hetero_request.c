/* Requests of HETERO: one request of each part, run in their order. */
#include "buffer.h"
#include "hetero.h"
#include "state.h"

#include <stdlib.h>

struct request {
    struct vt_hetero *hetero;
    void **sub;               /* per part */
    struct vt_buffer **edges; /* NULL until a dynamic one is written for the first time */
    uint32_t **bound;         /* per part and input: generation of the edge's buffer that it knows */
    atomic_int at;            /* part that runs */
    atomic_bool cancelled;
    struct vt_state_store states; /* those of all parts in one chain */
    struct vt_profile *profile;

    int (*output)(void *ctx, int port, struct vt_tensor *t); /* of this run */
    void *ctx;
    struct vt_error *err;
};

static const struct vt_request_fns *fns_of(const struct request *r, int part)
{
    return r->hetero->parts[part].compiled->request_fns;
}

/* ---- states: each part owns a list; a chain of them looks like one store */

static struct vt_state_store *states_of(const struct request *r, int part)
{
    const struct vt_request_fns *fns = fns_of(r, part);

    return r->sub[part] && VT_TABLE_HAS(fns, states) ? fns->states(r->sub[part]) : NULL;
}

static void chain_states(struct request *r)
{
    struct vt_state **end = &r->states.first;

    for (int i = 0; i < r->hetero->n_parts; i++) {
        struct vt_state_store *store = states_of(r, i);

        if (store && store->first) {
            *end = store->first;
            while (*end) {
                end = &(*end)->next;
            }
        }
    }
}

/* Every list ends where the next one begins, before its owner frees it. */
static void unchain_states(struct request *r)
{
    for (int i = 0; i < r->hetero->n_parts; i++) {
        struct vt_state_store *store = states_of(r, i);

        for (int k = i + 1; store && k < r->hetero->n_parts; k++) {
            struct vt_state_store *next = states_of(r, k);
            struct vt_state **at = &store->first;

            while (next && next->first && *at && *at != next->first) {
                at = &(*at)->next;
            }
            if (next && next->first && *at) {
                *at = NULL;
                break;
            }
        }
    }
    r->states.first = NULL;
}

static struct vt_state_store *states(void *request)
{
    struct request *r = request;

    for (int i = 0; i < r->hetero->n_parts; i++) {
        if (states_of(r, i)) {
            return &r->states;
        }
    }
    return NULL;
}

/* ---- life */

static void destroy(void *request)
{
    struct request *r = request;
    struct vt_hetero *h = r->hetero;

    if (r->sub) {
        unchain_states(r);
    }
    for (int i = 0; i < h->n_parts; i++) {
        if (r->sub && r->sub[i]) {
            fns_of(r, i)->destroy(r->sub[i]);
        }
        if (r->bound) {
            free(r->bound[i]);
        }
    }
    for (int i = 0; r->edges && i < h->n_edges; i++) {
        vt_buffer_unref(r->edges[i]);
    }
    free(r->sub);
    free(r->bound);
    free(r->edges);
    free(r->profile);
    free(r);
}

/* Between parts strings are views, as they are inside of one. */
static int create_edge(struct vt_buffer **edge, enum vt_type type, int rank, const int64_t *dims,
                       struct vt_error *err)
{
    int status = vt_buffer_create(type, rank, dims, edge, err);

    if (status == VT_OK) {
        (*edge)->views = true;
    }
    return status;
}

static int make_edge(struct request *r, int edge, struct vt_error *err)
{
    const struct vt_hetero_edge *e = &r->hetero->edges[edge];
    int64_t dims[VT_MAX_RANK];

    if (e->type == VT_DYNAMIC || !vt_pshape_is_static(&e->shape)) {
        return VT_OK;
    }
    for (int i = 0; i < e->shape.rank; i++) {
        dims[i] = e->shape.dims[i].min;
    }
    return create_edge(&r->edges[edge], e->type, e->shape.rank, dims, err);
}

/* Outputs into edges whose memory is there already. */
static int bind_edges(struct request *r, int index, struct vt_error *err)
{
    const struct vt_hetero_part *part = &r->hetero->parts[index];
    int status = VT_OK;

    for (int i = 0; i < part->n_out && status == VT_OK; i++) {
        struct vt_buffer *b = part->out[i].port < 0 ? r->edges[part->out[i].edge] : NULL;

        status = b ? fns_of(r, index)->bind_output(r->sub[index], i, &b->t, b->capacity, err) : VT_OK;
    }
    return status;
}

static int make_sub(struct request *r, int index, struct vt_error *err)
{
    struct vt_hetero_part *part = &r->hetero->parts[index];
    const struct vt_compiled *c = part->compiled;
    int status;

    r->bound[index] = calloc((size_t)part->n_in + 1, sizeof(uint32_t));
    if (!r->bound[index]) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    status = c->fns->create_request(c->impl, &r->sub[index], err);
    if (status) {
        return vt_fail(err, status, "device %s cannot create a request", c->device);
    }
    return bind_edges(r, index, err);
}

int vt_hetero_create_request(void *compiled, void **request, struct vt_error *err)
{
    struct vt_hetero *h = compiled;
    struct request *r = calloc(1, sizeof(*r));
    size_t n = (size_t)h->n_parts;
    int status = VT_OK;

    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->hetero = h;
    r->sub = calloc(n, sizeof(*r->sub));
    r->bound = calloc(n, sizeof(*r->bound));
    r->edges = calloc((size_t)h->n_edges + 1, sizeof(*r->edges));
    if (!r->sub || !r->bound || !r->edges) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < h->n_edges && status == VT_OK; i++) {
        status = make_edge(r, i, err);
    }
    for (int i = 0; i < h->n_parts && status == VT_OK; i++) {
        status = make_sub(r, i, err);
    }
    if (status) {
        destroy(r);
        return status;
    }
    chain_states(r);
    *request = r;
    return VT_OK;
}

/* ---- binding: the ports of the whole are ports of parts */

static int bind_input(void *request, int port, const struct vt_tensor *t, struct vt_error *err)
{
    struct request *r = request;
    int status = VT_OK;

    for (int p = 0; p < r->hetero->n_parts; p++) {
        const struct vt_hetero_part *part = &r->hetero->parts[p];

        for (int i = 0; i < part->n_in && status == VT_OK; i++) {
            if (part->in[i].port == port) {
                status = fns_of(r, p)->bind_input(r->sub[p], i, t, err);
            }
        }
    }
    return status;
}

static int bind_output(void *request, int port, const struct vt_tensor *t, size_t capacity,
                       struct vt_error *err)
{
    struct request *r = request;
    int status = VT_OK;

    for (int p = 0; p < r->hetero->n_parts; p++) {
        const struct vt_hetero_part *part = &r->hetero->parts[p];

        for (int i = 0; i < part->n_out && status == VT_OK; i++) {
            if (part->out[i].port == port) {
                status = fns_of(r, p)->bind_output(r->sub[p], i, t, capacity, err);
            }
        }
    }
    return status;
}

/* ---- running */

/* Memory for an output of the part that runs. */
static int give_output(void *ctx, int port, struct vt_tensor *t)
{
    struct request *r = ctx;
    const struct vt_hetero_part *part = &r->hetero->parts[atomic_load(&r->at)];
    struct vt_buffer **b;
    int status = VT_OK;

    if (port < 0 || port >= part->n_out) {
        return vt_fail(r->err, VT_E_RANGE, "a part of the model has %d outputs, there is no output %d",
                       part->n_out, port);
    }
    if (part->out[port].port >= 0) {
        return r->output(r->ctx, part->out[port].port, t);
    }
    b = &r->edges[part->out[port].edge];
    if (!*b || (*b)->t.type != t->type) {
        uint32_t generation = *b ? (*b)->generation : 0;

        vt_buffer_unref(*b);
        *b = NULL;
        status = create_edge(b, t->type, t->rank, t->dims, r->err);
        if (status == VT_OK) {
            (*b)->generation = generation + 1;
        }
    } else if ((*b)->t.rank != t->rank ||
               memcmp((*b)->t.dims, t->dims, (size_t)t->rank * sizeof(t->dims[0]))) {
        status = vt_buffer_reshape(*b, t->rank, t->dims, r->err);
    }
    if (status == VT_OK) {
        t->data = (*b)->t.data;
        t->bytes = (*b)->t.bytes;
    }
    return status;
}

/* Tell a part about edges that changed since it ran. */
static int bind_changed(struct request *r, int index, struct vt_error *err)
{
    const struct vt_hetero_part *part = &r->hetero->parts[index];

    for (int i = 0; i < part->n_in; i++) {
        struct vt_buffer *b = part->in[i].port < 0 ? r->edges[part->in[i].edge] : NULL;
        int status;

        if (!b || r->bound[index][i] == b->generation) {
            continue;
        }
        status = fns_of(r, index)->bind_input(r->sub[index], i, &b->t, err);
        if (status) {
            return status;
        }
        r->bound[index][i] = b->generation;
    }
    return VT_OK;
}

static int run_part(struct request *r, int index, struct vt_error *err)
{
    const struct vt_hetero_part *part = &r->hetero->parts[index];
    int status;

    /* In this order: a cancel that is not seen here comes after `at` and reaches the part. */
    atomic_store(&r->at, index);
    vt_member_begin(fns_of(r, index), r->sub[index]);
    if (atomic_load(&r->cancelled)) {
        return vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
    }
    status = bind_changed(r, index, err);
    status = status ? status : fns_of(r, index)->run(r->sub[index], give_output, r, err);
    return status ? vt_fail(err, status, "device %s: the inference failed", part->compiled->device) : VT_OK;
}

static int run(void *request, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err)
{
    struct request *r = request;
    int status = VT_OK;

    r->output = output;
    r->ctx = ctx;
    r->err = err;
    for (int i = 0; i < r->hetero->n_parts && status == VT_OK; i++) {
        status = run_part(r, i, err);
    }
    return status;
}

static void begin(void *request)
{
    atomic_store(&((struct request *)request)->cancelled, false);
}

static void cancel(void *request)
{
    struct request *r = request;
    int at = atomic_load(&r->at);

    atomic_store(&r->cancelled, true);
    fns_of(r, at)->cancel(r->sub[at]);
}

static int profile(void *request, const struct vt_profile **list, int *n)
{
    struct request *r = request;
    int count = 0;

    for (int i = 0; i < r->hetero->n_parts; i++) {
        const struct vt_request_fns *fns = fns_of(r, i);
        const struct vt_profile *part = NULL;
        struct vt_profile *wider;
        int n_part = 0, status;

        status = VT_TABLE_HAS(fns, profile) ? fns->profile(r->sub[i], &part, &n_part) : VT_OK;
        if (status) {
            return status;
        }
        wider = realloc(r->profile, (size_t)(count + n_part + 1) * sizeof(*wider));
        if (!wider) {
            return VT_E_NOMEM;
        }
        r->profile = wider;
        if (n_part) {
            memcpy(wider + count, part, (size_t)n_part * sizeof(*wider));
        }
        count += n_part;
    }
    *list = r->profile;
    *n = count;
    return VT_OK;
}

const struct vt_request_fns vt_hetero_request_fns = {
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
