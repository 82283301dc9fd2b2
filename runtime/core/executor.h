/* Threads that take jobs from a queue, first come first served. */
#ifndef VT_EXECUTOR_H
#define VT_EXECUTOR_H

#include "vt/status.h"

struct vt_executor;

/* Part of what is to be run; not touched by the executor once `run` was called. */
struct vt_job {
    struct vt_job *next;
    void (*run)(struct vt_job *job);
};

/* VT_E_NOMEM when no thread can be started. */
int vt_executor_create(int threads, struct vt_executor **executor, struct vt_error *err);

/* The queue must be empty. Waits for jobs that run, except when called from inside of one: then its thread
 * ends by itself after it. NULL is allowed. */
void vt_executor_destroy(struct vt_executor *executor);

/* From any thread. The job must not be in a queue. */
void vt_executor_push(struct vt_executor *executor, struct vt_job *job);

#endif
