/* A pool of threads that split a loop. One caller uses a pool at a time: the caller is thread 0, and the pool
 * adds threads - 1 workers. Workers spin for tens of microseconds after the last work and then sleep, so that
 * regions in close succession are handed over in well under a microsecond and an idle pool takes no CPU time.
 *
 * Workers flush subnormals to zero for good (vt/fp.h) unless they are told to keep them; the caller sets that
 * for itself, once per inference, by vt_pool_enter. A
 * call from inside a task, on this or any other pool, runs inline on the calling thread. Tasks must not exit
 * the thread. */
#ifndef VT_POOL_H
#define VT_POOL_H

#include "vt/host.h"

#include <stdint.h>

#define VT_POOL_MAX_THREADS 1024

typedef void vt_pool_task_fn(void *arg, int64_t index);
typedef void vt_pool_static_fn(void *arg, int thread, int threads);

/* 1 <= threads <= VT_POOL_MAX_THREADS; 1 makes no thread at all. NULL on failure, with err set. */
struct vt_pool *vt_pool_create(int threads, struct vt_error *err);

/* The same on chosen processors. The list is copied. VT_E_INVALID when the system refuses it. */
struct vt_pool *vt_pool_create_on(const struct vt_pool_options *options, struct vt_error *err);

/* No call may be running. NULL is allowed. */
void vt_pool_destroy(struct vt_pool *pool);

/* Number of threads, caller included; 1 for NULL. */
int vt_pool_threads(const struct vt_pool *pool);

/* Call fn(arg, i) once for each i in [0, count), on whichever thread is free, and return when all are done.
 * Waits for no worker that has not begun a task. With a NULL pool, one thread or one task everything runs on
 * the caller. */
void vt_pool_run(struct vt_pool *pool, vt_pool_task_fn *fn, void *arg, int64_t count);

/* Call fn(arg, t, threads) once on every thread t of the pool, all at the same time; thread t is always the
 * same one, so what it touched last time may still be in its cache. Inline (nested, or a NULL pool) it is
 * fn(arg, 0, 1). */
void vt_pool_static(struct vt_pool *pool, vt_pool_static_fn *fn, void *arg);

/* Between them the calling thread is thread 0 of the pool: on its processors, with the floating-point mode of
 * its workers. Neither allocates; one caller at a time. */
void vt_pool_enter(struct vt_pool *pool);
void vt_pool_leave(struct vt_pool *pool);

#endif
