#include "request.h"

#include "executor.h"
#include "shape.h"

#include <stdlib.h>
#include <time.h>

enum request_state { IDLE, RUNS_HERE, RUNS_ASYNC };

/* The tensor of one port. */
struct slot {
    struct vt_buffer *buffer;  /* NULL until somebody needs it */
    struct vt_buffer *scratch; /* written instead of a buffer that shares memory with an input, then copied */
    uint32_t bound;            /* generation of the buffer that the plugin knows; 0: none */
    bool fixed;                /* output of static shape: bound before the run */
};

/* The words of a request work together like this: `state` says who may use tensors and plugin object, whoever
 * moves it away from IDLE owns them. `started` and `finished` count asynchronous inferences; one has finished
 * when its callback has returned, so a waiter waits for the number that it found. Between, during the
 * callback, the state is IDLE already; a start in that time is kept in `deferred` until the callback returns.
 */
struct vt_request {
    struct vt_job job; /* first member */
    struct vt_compiled *compiled;
    const struct vt_request_fns *fns;
    void *impl;
    struct slot *slots[2];
    bool overlaps; /* some scratch is in use */

    atomic_int state;
    atomic_bool cancelled;
    atomic_int waiters;

    pthread_mutex_t lock; /* around everything below */
    pthread_cond_t done;
    uint64_t started, finished;
    bool ever; /* something has run */
    int result;
    struct vt_error error;
    void (*callback)(void *arg);
    void *callback_arg;
    bool in_callback, deferred;
    pthread_t callback_thread;
    bool closing; /* being destroyed: no more callbacks */
    bool orphan;  /* destroyed inside of its callback */
};

static void run_job(struct vt_job *job);

/* ---- life */

int vt_request_create(struct vt_compiled *compiled, struct vt_request **request, struct vt_error *err)
{
    struct vt_request *r = calloc(1, sizeof(*r));
    pthread_condattr_t attr;
    int status = VT_OK;

    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int side = 0; side < 2; side++) {
        r->slots[side] = calloc((size_t)compiled->n_io[side] + 1, sizeof(struct slot));
        if (!r->slots[side]) {
            status = vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    if (status == VT_OK) {
        status = compiled->fns->create_request(compiled->impl, &r->impl, err);
        if (status) {
            vt_fail(err, status, "device %s cannot create a request", compiled->device);
        }
    }
    if (status) {
        free(r->slots[0]);
        free(r->slots[1]);
        free(r);
        return status;
    }
    for (int i = 0; i < compiled->n_io[VT_OUTPUT]; i++) {
        const struct vt_io *io = &compiled->io[VT_OUTPUT][i];

        r->slots[VT_OUTPUT][i].fixed = io->type != VT_DYNAMIC && vt_pshape_is_static(&io->shape);
    }
    r->job.run = run_job;
    r->compiled = vt_compiled_ref(compiled);
    r->fns = compiled->request_fns;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->done, &attr);
    pthread_condattr_destroy(&attr);
    *request = r;
    return VT_OK;
}

static void release(struct vt_request *r)
{
    r->fns->destroy(r->impl);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < r->compiled->n_io[side]; i++) {
            vt_buffer_unref(r->slots[side][i].buffer);
            vt_buffer_unref(r->slots[side][i].scratch);
        }
        free(r->slots[side]);
    }
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->done);
    vt_compiled_unref(r->compiled);
    free(r);
}

static bool inside_callback(const struct vt_request *r)
{
    return r->in_callback && pthread_equal(r->callback_thread, pthread_self());
}

void vt_request_destroy(struct vt_request *request)
{
    if (!request) {
        return;
    }
    pthread_mutex_lock(&request->lock);
    request->closing = true;
    if (inside_callback(request)) {
        request->orphan = true;
        pthread_mutex_unlock(&request->lock);
        return;
    }
    atomic_fetch_add(&request->waiters, 1);
    while (request->finished < request->started || atomic_load(&request->state) == RUNS_HERE) {
        pthread_cond_wait(&request->done, &request->lock);
    }
    pthread_mutex_unlock(&request->lock);
    release(request);
}

struct vt_compiled *vt_request_compiled(const struct vt_request *request)
{
    return request->compiled;
}

/* ---- tensors */

static const char *side_name(enum vt_side side)
{
    return side == VT_INPUT ? "input" : "output";
}

static const char *port_name(const struct vt_io *io)
{
    return io->n_names ? io->names[0] : io->node_name;
}

static int busy(const struct vt_request *r, struct vt_error *err)
{
    if (atomic_load_explicit(&r->state, memory_order_acquire) != IDLE) {
        return vt_fail(err, VT_E_BUSY, "the request is running");
    }
    return VT_OK;
}

static int check_index(const struct vt_request *r, enum vt_side side, int index, struct vt_error *err)
{
    if (index < 0 || index >= r->compiled->n_io[side]) {
        return vt_fail(err, VT_E_RANGE, "the model has %d %ss, there is no %s %d", r->compiled->n_io[side],
                       side_name(side), side_name(side), index);
    }
    return VT_OK;
}

static int check_type(const struct vt_io *io, enum vt_side side, int index, const struct vt_tensor *t,
                      struct vt_error *err)
{
    if (io->type != VT_DYNAMIC && io->type != t->type) {
        return vt_fail(err, VT_E_TYPE, "%s %d '%s' has the element type %s, the tensor has %s",
                       side_name(side), index, port_name(io), vt_type_info(io->type)->name,
                       vt_type_info(t->type)->name);
    }
    return VT_OK;
}

static int check_fit(const struct vt_io *io, enum vt_side side, int index, const struct vt_tensor *t,
                     struct vt_error *err)
{
    char want[VT_SHAPE_TEXT], have[VT_SHAPE_TEXT];
    int status = check_type(io, side, index, t, err);

    if (status == VT_OK && !vt_pshape_accepts(&io->shape, t->rank, t->dims)) {
        status = vt_fail(err, VT_E_SHAPE, "%s %d '%s' takes the shape %s, the tensor has %s", side_name(side),
                         index, port_name(io), vt_pshape_text(&io->shape, want, sizeof(want)),
                         vt_shape_text(t->rank, t->dims, have));
    }
    return status;
}

int vt_request_set(struct vt_request *request, enum vt_side side, int index, struct vt_buffer *buffer,
                   struct vt_error *err)
{
    struct slot *slot;
    int status = busy(request, err);

    status = status ? status : check_index(request, side, index, err);
    if (status == VT_OK) {
        const struct vt_io *io = &request->compiled->io[side][index];

        /* An empty tensor as an output is a wish for memory that grows. */
        if (side == VT_OUTPUT && vt_tensor_count(&buffer->t) == 0) {
            status = check_type(io, side, index, &buffer->t, err);
        } else {
            status = check_fit(io, side, index, &buffer->t, err);
        }
    }
    if (status) {
        return status;
    }
    slot = &request->slots[side][index];
    vt_buffer_ref(buffer);
    vt_buffer_unref(slot->buffer);
    slot->buffer = buffer;
    slot->bound = 0;
    return VT_OK;
}

/* Dynamic dims begin as 0. An output whose shape is not known has no memory before it is written. */
static int make_buffer(struct vt_request *r, enum vt_side side, int index, struct vt_error *err)
{
    const struct vt_io *io = &r->compiled->io[side][index];
    struct slot *slot = &r->slots[side][index];
    enum vt_type type = io->type == VT_DYNAMIC ? VT_F32 : io->type;
    int rank = io->shape.rank < 0 ? 1 : io->shape.rank, status;
    int64_t dims[VT_MAX_RANK] = {0};
    bool known = vt_pshape_is_static(&io->shape);

    for (int i = 0; i < io->shape.rank; i++) {
        dims[i] = vt_dim_is_static(io->shape.dims[i]) ? io->shape.dims[i].min : 0;
    }
    if (side == VT_OUTPUT && !known) {
        status = vt_buffer_create_empty(type, rank, dims, &slot->buffer, err);
    } else {
        status = vt_buffer_create(type, rank, dims, &slot->buffer, err);
    }
    if (status) {
        vt_context(err, "%s %d '%s': ", side_name(side), index, port_name(io));
    }
    return status;
}

int vt_request_get(struct vt_request *request, enum vt_side side, int index, struct vt_buffer **buffer,
                   struct vt_error *err)
{
    int status = busy(request, err);

    status = status ? status : check_index(request, side, index, err);
    if (status == VT_OK && !request->slots[side][index].buffer) {
        status = make_buffer(request, side, index, err);
    }
    if (status == VT_OK) {
        *buffer = vt_buffer_ref(request->slots[side][index].buffer);
    }
    return status;
}

/* ---- before and after a run */

static int bind_input(struct vt_request *r, int index, struct vt_error *err)
{
    struct slot *slot = &r->slots[VT_INPUT][index];
    int status = VT_OK;

    if (!slot->buffer) {
        status = make_buffer(r, VT_INPUT, index, err);
    }
    if (status == VT_OK) {
        status = check_fit(&r->compiled->io[VT_INPUT][index], VT_INPUT, index, &slot->buffer->t, err);
    }
    if (status == VT_OK) {
        status = r->fns->bind_input(r->impl, index, &slot->buffer->t, err);
        if (status) {
            return vt_fail(err, status, "device %s does not take the tensor of input %d", r->compiled->device,
                           index);
        }
        slot->bound = slot->buffer->generation;
    }
    return status;
}

static int fixed_dims(const struct vt_io *io, int64_t dims[VT_MAX_RANK])
{
    for (int i = 0; i < io->shape.rank; i++) {
        dims[i] = io->shape.dims[i].min;
    }
    return io->shape.rank;
}

/* Whoever holds the tensor may have changed its shape; an output takes the shape of its port. */
static int bind_output(struct vt_request *r, int index, struct vt_error *err)
{
    const struct vt_io *io = &r->compiled->io[VT_OUTPUT][index];
    struct slot *slot = &r->slots[VT_OUTPUT][index];
    struct vt_buffer *target;
    int64_t dims[VT_MAX_RANK];
    int rank = fixed_dims(io, dims), status = VT_OK;

    if (!slot->buffer) {
        status = make_buffer(r, VT_OUTPUT, index, err);
    } else if (!vt_pshape_accepts(&io->shape, slot->buffer->t.rank, slot->buffer->t.dims)) {
        status = vt_buffer_reshape(slot->buffer, rank, dims, err);
    }
    if (status == VT_OK && slot->scratch) {
        status = vt_buffer_reshape(slot->scratch, rank, dims, err);
    }
    if (status) {
        return vt_context(err, "output %d '%s': ", index, port_name(io));
    }
    target = slot->scratch ? slot->scratch : slot->buffer;
    status = r->fns->bind_output(r->impl, index, &target->t, target->capacity, err);
    if (status) {
        return vt_fail(err, status, "device %s does not take the tensor of output %d", r->compiled->device,
                       index);
    }
    slot->bound = slot->buffer->generation;
    return VT_OK;
}

static bool shares_memory(const struct vt_buffer *a, const struct vt_buffer *b)
{
    uintptr_t x = (uintptr_t)a->t.data, y = (uintptr_t)b->t.data;

    return a == b || (x < y + b->t.bytes && y < x + a->capacity);
}

static bool shares_with_input(const struct vt_request *r, const struct vt_buffer *buffer)
{
    for (int i = 0; i < r->compiled->n_io[VT_INPUT]; i++) {
        const struct vt_buffer *in = r->slots[VT_INPUT][i].buffer;

        if (in && shares_memory(buffer, in)) {
            return true;
        }
    }
    return false;
}

/* An output in the memory of an input would be written while the input is still needed. */
static int find_overlaps(struct vt_request *r, struct vt_error *err)
{
    r->overlaps = false;
    for (int i = 0; i < r->compiled->n_io[VT_OUTPUT]; i++) {
        struct slot *slot = &r->slots[VT_OUTPUT][i];
        bool shares = slot->buffer && shares_with_input(r, slot->buffer);

        if (shares && !slot->scratch) {
            const struct vt_tensor *t = &slot->buffer->t;
            int status;

            if (t->type == VT_STRING) {
                return vt_fail(err, VT_E_UNSUPPORTED,
                               "not implemented: output %d shares its strings with an input", i);
            }
            status = vt_buffer_create(t->type, t->rank, t->dims, &slot->scratch, err);
            if (status) {
                return status;
            }
            slot->bound = 0;
        } else if (!shares && slot->scratch) {
            vt_buffer_unref(slot->scratch);
            slot->scratch = NULL;
            slot->bound = 0;
        }
        r->overlaps |= shares;
    }
    return VT_OK;
}

static bool is_bound(const struct slot *slot)
{
    return slot->buffer && slot->buffer->generation == slot->bound;
}

static int bind_all(struct vt_request *r, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < r->compiled->n_io[VT_INPUT] && status == VT_OK; i++) {
        if (!is_bound(&r->slots[VT_INPUT][i])) {
            status = bind_input(r, i, err);
        }
    }
    status = status ? status : find_overlaps(r, err);
    for (int i = 0; i < r->compiled->n_io[VT_OUTPUT] && status == VT_OK; i++) {
        struct slot *slot = &r->slots[VT_OUTPUT][i];

        if (slot->fixed) {
            status = is_bound(slot) ? VT_OK : bind_output(r, i, err);
        } else {
            slot->bound = slot->buffer ? slot->buffer->generation : 0;
        }
    }
    return status;
}

/* Nothing has changed since the last run: the usual case, and all that it costs. */
static bool all_bound(const struct vt_request *r)
{
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < r->compiled->n_io[side]; i++) {
            if (!is_bound(&r->slots[side][i])) {
                return false;
            }
        }
    }
    return true;
}

/* The plugin's question for memory of an output. */
static int give_output(void *ctx, int port, struct vt_tensor *t)
{
    struct vt_request *r = ctx;
    struct slot *slot;
    struct vt_buffer *target;
    struct vt_error *err = &r->error;
    int status = check_index(r, VT_OUTPUT, port, err);

    if (status) {
        return status;
    }
    slot = &r->slots[VT_OUTPUT][port];
    if (!slot->buffer) {
        status = vt_buffer_create(t->type, t->rank, t->dims, &slot->buffer, err);
        if (status) {
            return status;
        }
    }
    target = slot->scratch ? slot->scratch : slot->buffer;
    if (target->t.type != t->type) {
        if (r->compiled->io[VT_OUTPUT][port].type != VT_DYNAMIC || target->t.data) {
            return vt_fail(err, VT_E_TYPE, "output %d has the element type %s, its tensor has %s", port,
                           vt_type_info(t->type)->name, vt_type_info(target->t.type)->name);
        }
        target->t.type = t->type;
    }
    if (target->t.rank != t->rank || !target->t.data ||
        memcmp(target->t.dims, t->dims, (size_t)t->rank * sizeof(t->dims[0]))) {
        status = vt_buffer_reshape(target, t->rank, t->dims, err);
        if (status) {
            vt_context(err, "output %d '%s': ", port, port_name(&r->compiled->io[VT_OUTPUT][port]));
            return status;
        }
    }
    if (target == slot->buffer && !slot->fixed) {
        slot->bound = target->generation;
    }
    t->data = target->t.data;
    t->bytes = target->t.bytes;
    return VT_OK;
}

static int copy_scratch(struct vt_request *r, struct vt_error *err)
{
    for (int i = 0; i < r->compiled->n_io[VT_OUTPUT]; i++) {
        struct slot *slot = &r->slots[VT_OUTPUT][i];
        struct vt_tensor *src = slot->scratch ? &slot->scratch->t : NULL;
        int status = src ? vt_buffer_reshape(slot->buffer, src->rank, src->dims, err) : VT_OK;

        if (status) {
            return vt_context(err, "output %d '%s': ", i, port_name(&r->compiled->io[VT_OUTPUT][i]));
        }
        if (src && src->bytes) {
            memcpy(slot->buffer->t.data, src->data, src->bytes);
        }
    }
    return VT_OK;
}

/* `error` is the request's own: an inference in another thread has nobody else to tell. */
static int run(struct vt_request *r)
{
    struct vt_error *err = &r->error;
    int status = VT_OK;

    err->code = 0;
    if (atomic_load_explicit(&r->cancelled, memory_order_relaxed)) {
        return vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
    }
    if (!all_bound(r)) {
        status = bind_all(r, err);
    }
    if (status == VT_OK) {
        status = r->fns->run(r->impl, give_output, r, err);
    }
    /* The plugin may have missed a cancellation that came in its first moments. */
    if (atomic_load_explicit(&r->cancelled, memory_order_relaxed)) {
        vt_error_clear(err);
        return vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
    }
    if (status == VT_OK && r->overlaps) {
        status = copy_scratch(r, err);
    }
    return status ? vt_fail(err, status, "device %s: the inference failed", r->compiled->device) : VT_OK;
}

/* ---- running */

static int claim(struct vt_request *r, enum request_state state, struct vt_error *err)
{
    int idle = IDLE;

    if (!atomic_compare_exchange_strong(&r->state, &idle, (int)state)) {
        return vt_fail(err, VT_E_BUSY, "the request is running");
    }
    atomic_store_explicit(&r->cancelled, false, memory_order_relaxed);
    return VT_OK;
}

static int copy_error(const struct vt_error *from, int code, struct vt_error *err)
{
    return code ? vt_fail(err, code, "%s", from->text) : VT_OK;
}

int vt_request_infer(struct vt_request *request, struct vt_error *err)
{
    int status = claim(request, RUNS_HERE, err);

    if (status) {
        return status;
    }
    status = run(request);
    if (status != request->result || !request->ever) {
        pthread_mutex_lock(&request->lock);
        request->result = status;
        request->ever = true;
        pthread_mutex_unlock(&request->lock);
    }
    copy_error(&request->error, status, err);
    atomic_store(&request->state, IDLE);
    if (atomic_load(&request->waiters)) {
        pthread_mutex_lock(&request->lock);
        pthread_cond_broadcast(&request->done);
        pthread_mutex_unlock(&request->lock);
    }
    return status;
}

int vt_request_start(struct vt_request *request, struct vt_error *err)
{
    struct vt_executor *executor = vt_compiled_executor(request->compiled, err);
    bool deferred;
    int status = executor ? claim(request, RUNS_ASYNC, err) : VT_E_NOMEM;

    if (status) {
        return status;
    }
    pthread_mutex_lock(&request->lock);
    request->started++;
    deferred = request->in_callback;
    request->deferred = deferred;
    pthread_mutex_unlock(&request->lock);
    if (!deferred) {
        vt_executor_push(executor, &request->job);
    }
    return VT_OK;
}

/* On a thread of the executor. Once `finished` has caught up and the lock is released, the request may be
 * gone.
 */
static void run_job(struct vt_job *job)
{
    struct vt_request *r = (struct vt_request *)job;
    struct vt_executor *executor = r->compiled->executor;
    int status = run(r);
    void (*callback)(void *arg);
    void *arg;
    bool again, orphan;

    pthread_mutex_lock(&r->lock);
    r->result = status;
    r->ever = true;
    callback = r->closing ? NULL : r->callback;
    arg = r->callback_arg;
    r->in_callback = callback != NULL;
    r->callback_thread = pthread_self();
    atomic_store(&r->state, IDLE);
    pthread_mutex_unlock(&r->lock);
    if (callback) {
        callback(arg);
    }
    pthread_mutex_lock(&r->lock);
    r->in_callback = false;
    r->finished++;
    again = r->deferred && !r->closing;
    if (r->deferred && r->closing) {
        atomic_store(&r->state, IDLE);
        r->finished++;
    }
    r->deferred = false;
    orphan = r->orphan;
    pthread_cond_broadcast(&r->done);
    pthread_mutex_unlock(&r->lock);
    if (orphan) {
        release(r);
    } else if (again) {
        vt_executor_push(executor, job);
    }
}

static int wait_until(struct vt_request *r, const struct timespec *until, struct vt_error *err)
{
    uint64_t ticket;
    int status = VT_OK, timeout = 0;

    pthread_mutex_lock(&r->lock);
    ticket = r->started;
    atomic_fetch_add(&r->waiters, 1);
    if (inside_callback(r)) {
        status = VT_E_NOT_READY;
    }
    while (!status && !timeout && (r->finished < ticket || atomic_load(&r->state) == RUNS_HERE)) {
        timeout =
            until ? pthread_cond_timedwait(&r->done, &r->lock, until) : pthread_cond_wait(&r->done, &r->lock);
    }
    if (r->finished < ticket || atomic_load(&r->state) == RUNS_HERE || (until && !r->ever)) {
        status = VT_E_NOT_READY;
    }
    if (!status) {
        status = copy_error(&r->error, r->result, err);
    }
    atomic_fetch_sub(&r->waiters, 1);
    pthread_mutex_unlock(&r->lock);
    return status;
}

int vt_request_wait(struct vt_request *request, struct vt_error *err)
{
    return wait_until(request, NULL, err);
}

int vt_request_wait_for(struct vt_request *request, int64_t milliseconds, struct vt_error *err)
{
    struct timespec until;

    if (milliseconds < 0) {
        return vt_fail(err, VT_E_INVALID, "the time to wait is %lld ms", (long long)milliseconds);
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    /* A century is forever, and no overflow. */
    if (milliseconds > INT64_C(3155760000000)) {
        milliseconds = INT64_C(3155760000000);
    }
    until.tv_sec += (time_t)(milliseconds / 1000);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return wait_until(request, &until, err);
}

void vt_request_cancel(struct vt_request *request)
{
    if (atomic_load(&request->state) != IDLE) {
        atomic_store(&request->cancelled, true);
        request->fns->cancel(request->impl);
    }
}

int vt_request_set_callback(struct vt_request *request, void (*fn)(void *arg), void *arg,
                            struct vt_error *err)
{
    int status = busy(request, err);

    if (status == VT_OK) {
        pthread_mutex_lock(&request->lock);
        request->callback = fn;
        request->callback_arg = arg;
        pthread_mutex_unlock(&request->lock);
    }
    return status;
}

/* ---- what else a device may tell */

int vt_request_profile(struct vt_request *request, const struct vt_profile **list, int *n,
                       struct vt_error *err)
{
    int status = busy(request, err);

    *list = NULL;
    *n = 0;
    if (status || !VT_TABLE_HAS(request->fns, profile)) {
        return status;
    }
    status = request->fns->profile(request->impl, list, n);
    return status ? vt_fail(err, status, "device %s has no profile", request->compiled->device) : VT_OK;
}

int vt_request_states(struct vt_request *request, struct vt_state_store **states, struct vt_error *err)
{
    int status = busy(request, err);

    if (status) {
        return status;
    }
    *states = VT_TABLE_HAS(request->fns, states) ? request->fns->states(request->impl) : NULL;
    if (!*states) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: variable states of device %s",
                       request->compiled->device);
    }
    return VT_OK;
}
