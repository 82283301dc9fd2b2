/* What the files of requests share: request.c (running and waiting), request_tensor.c (tensors of the ports).
 */
#ifndef VT_REQUEST_IMPL_H
#define VT_REQUEST_IMPL_H

#include "executor.h"
#include "request.h"

#include <pthread.h>

enum vt_request_state { VT_IDLE, VT_RUNS_HERE, VT_RUNS_ASYNC };

/* The tensor of one port. */
struct vt_slot {
    struct vt_buffer *buffer;  /* NULL until somebody needs it */
    struct vt_buffer *scratch; /* stands for a buffer with which the plugin cannot work directly: an output
                                  that shares memory with an input, a region that is not dense */
    uint32_t bound;            /* generation of the buffer that the plugin knows; 0: none */
    bool fixed;                /* output of static shape: bound before the run */
};

/* The words of a request work together like this: `state` says who may use tensors and plugin object, whoever
 * moves it away from VT_IDLE owns them. `started` and `finished` count asynchronous inferences; one has
 * finished when its callback has returned, so a waiter waits for the number that it found. Between, during
 * the callback, the state is VT_IDLE already; a start in that time is kept in `deferred` until the callback
 * returns.
 */
struct vt_request {
    struct vt_job job; /* first member */
    struct vt_compiled *compiled;
    const struct vt_request_fns *fns;
    void *impl;
    struct vt_slot *slots[2];
    bool overlaps; /* some scratch of an output is in use */
    bool gathers;  /* some scratch of an input is in use */

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

/* VT_E_BUSY while it runs. */
int vt_request_check_idle(const struct vt_request *request, struct vt_error *err);

/* Tell the plugin about every tensor that changed since the last run, and which outputs it may write
 * directly.
 */
int vt_request_bind(struct vt_request *request, struct vt_error *err);

/* Whether vt_request_bind has nothing to do: the usual case, and all that it costs. */
bool vt_request_is_bound(const struct vt_request *request);

/* The plugin's question for memory of an output; `ctx` is the request, whose error is written. */
int vt_request_give_output(void *ctx, int port, struct vt_tensor *t);

/* Before a run: inputs that are regions get to where the plugin reads them. */
void vt_request_gather(struct vt_request *request);

/* After a run: outputs that were written aside get to their place. */
int vt_request_copy_scratch(struct vt_request *request, struct vt_error *err);

#endif
