/* Gatherings of BATCH: memory and life. */
#include "batch_gathering.h"

#include <stdlib.h>
#include <time.h>

static void destroy_gathering(const struct vt_batch *b, struct vt_gathering *g)
{
    if (g->sub) {
        b->many->request_fns->destroy(g->sub);
    }
    for (int side = 0; side < 2; side++) {
        for (int i = 0; g->io[side] && i < b->n_io[side]; i++) {
            vt_buffer_unref(g->io[side][i]);
        }
        free(g->io[side]);
    }
    free(g->taken);
    pthread_cond_destroy(&g->changed);
    free(g);
}

void vt_batch_finish_gatherings(struct vt_batch *b)
{
    while (b->all) {
        struct vt_gathering *g = b->all;

        b->all = g->next;
        destroy_gathering(b, g);
    }
}

/* Memory for all rows of a port, bound for good. */
static int make_port(const struct vt_batch *b, struct vt_gathering *g, int side, int port,
                     struct vt_error *err)
{
    const struct vt_tensor *row = &b->rows[side][port];
    const struct vt_request_fns *fns = b->many->request_fns;
    int64_t dims[VT_MAX_RANK];
    struct vt_buffer *all;
    int status;

    memcpy(dims, row->dims, sizeof(dims));
    dims[0] = b->size;
    status = vt_buffer_create(row->type, row->rank, dims, &g->io[side][port], err);
    if (status) {
        return status;
    }
    all = g->io[side][port];
    if (all->t.bytes) {
        memset(all->t.data, 0, all->t.bytes);
    }
    return side == VT_INPUT ? fns->bind_input(g->sub, port, &all->t, err)
                            : fns->bind_output(g->sub, port, &all->t, all->capacity, err);
}

static int create_gathering(struct vt_batch *b, struct vt_gathering **made, struct vt_error *err)
{
    struct vt_gathering *g = calloc(1, sizeof(*g));
    pthread_condattr_t attr;
    int status;

    if (!g) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &attr);
    pthread_condattr_destroy(&attr);
    g->taken = calloc((size_t)b->size, sizeof(bool));
    g->io[VT_INPUT] = calloc((size_t)b->n_io[VT_INPUT] + 1, sizeof(struct vt_buffer *));
    g->io[VT_OUTPUT] = calloc((size_t)b->n_io[VT_OUTPUT] + 1, sizeof(struct vt_buffer *));
    status =
        g->taken && g->io[VT_INPUT] && g->io[VT_OUTPUT] ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
    status = status ? status : b->many->fns->create_request(b->many->impl, &g->sub, err);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < b->n_io[side] && status == VT_OK; i++) {
            status = make_port(b, g, side, i, err);
        }
    }
    if (status) {
        destroy_gathering(b, g);
        return status;
    }
    *made = g;
    return VT_OK;
}

static void set_deadline(struct timespec *t, int ms)
{
    clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_sec += ms / 1000;
    t->tv_nsec += (long)(ms % 1000) * 1000000;
    if (t->tv_nsec >= 1000000000) {
        t->tv_sec++;
        t->tv_nsec -= 1000000000;
    }
}

struct vt_gathering *vt_batch_open_gathering(struct vt_batch *b)
{
    struct vt_gathering *g = b->open;

    if (g) {
        return g;
    }
    for (g = b->all; g && g->phase != VT_GATHERING_IDLE; g = g->next) {
    }
    if (!g) {
        if (create_gathering(b, &g, NULL)) {
            return NULL;
        }
        g->next = b->all;
        b->all = g;
    }
    g->phase = VT_GATHERING_OPEN;
    g->members = g->copied = g->inside = 0;
    g->status = VT_OK;
    memset(g->taken, 0, (size_t)b->size * sizeof(bool));
    set_deadline(&g->deadline, atomic_load(&b->timeout_ms));
    b->open = g;
    return g;
}
