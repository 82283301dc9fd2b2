/* Requests: life, running in this thread or another, waiting, cancelling. */
#include "request_impl.h"

#include <stdlib.h>
#include <time.h>

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
        r->slots[side] = calloc((size_t)compiled->n_io[side] + 1, sizeof(struct vt_slot));
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
    while (request->finished < request->started || atomic_load(&request->state) == VT_RUNS_HERE) {
        pthread_cond_wait(&request->done, &request->lock);
    }
    pthread_mutex_unlock(&request->lock);
    release(request);
}

struct vt_compiled *vt_request_compiled(const struct vt_request *request)
{
    return request->compiled;
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
    if (!vt_request_is_bound(r)) {
        status = vt_request_bind(r, err);
    }
    if (status == VT_OK && r->gathers) {
        vt_request_gather(r);
    }
    if (status == VT_OK) {
        status = r->fns->run(r->impl, vt_request_give_output, r, err);
    }
    /* The plugin may have missed a cancellation that came in its first moments. */
    if (atomic_load_explicit(&r->cancelled, memory_order_relaxed)) {
        vt_error_clear(err);
        return vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
    }
    if (status == VT_OK && r->overlaps) {
        status = vt_request_copy_scratch(r, err);
    }
    return status ? vt_fail(err, status, "device %s: the inference failed", r->compiled->device) : VT_OK;
}

/* ---- running */

static int claim(struct vt_request *r, enum vt_request_state state, struct vt_error *err)
{
    int idle = VT_IDLE;

    if (!atomic_compare_exchange_strong(&r->state, &idle, (int)state)) {
        return vt_fail(err, VT_E_BUSY, "the request is running");
    }
    atomic_store_explicit(&r->cancelled, false, memory_order_relaxed);
    if (VT_TABLE_HAS(r->fns, begin)) {
        r->fns->begin(r->impl);
    }
    return VT_OK;
}

static int copy_error(const struct vt_error *from, int code, struct vt_error *err)
{
    return code ? vt_fail(err, code, "%s", from->text) : VT_OK;
}

int vt_request_infer(struct vt_request *request, struct vt_error *err)
{
    int status = claim(request, VT_RUNS_HERE, err);

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
    atomic_store(&request->state, VT_IDLE);
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
    int status = executor ? claim(request, VT_RUNS_ASYNC, err) : VT_E_NOMEM;

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
    atomic_store(&r->state, VT_IDLE);
    pthread_mutex_unlock(&r->lock);
    if (callback) {
        callback(arg);
    }
    pthread_mutex_lock(&r->lock);
    r->in_callback = false;
    r->finished++;
    again = r->deferred && !r->closing;
    if (r->deferred && r->closing) {
        atomic_store(&r->state, VT_IDLE);
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
    while (!status && !timeout && (r->finished < ticket || atomic_load(&r->state) == VT_RUNS_HERE)) {
        timeout =
            until ? pthread_cond_timedwait(&r->done, &r->lock, until) : pthread_cond_wait(&r->done, &r->lock);
    }
    if (r->finished < ticket || atomic_load(&r->state) == VT_RUNS_HERE || (until && !r->ever)) {
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
        return vt_fail(err, VT_E_INVALID, "the time to wait is %lld ms; give 0 or more",
                       (long long)milliseconds);
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
    if (atomic_load(&request->state) != VT_IDLE) {
        atomic_store(&request->cancelled, true);
        request->fns->cancel(request->impl);
    }
}

int vt_request_set_callback(struct vt_request *request, void (*fn)(void *arg), void *arg,
                            struct vt_error *err)
{
    int status = vt_request_check_idle(request, err);

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
    int status = vt_request_check_idle(request, err);

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
    int status = vt_request_check_idle(request, err);

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
