#include "executor.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct vt_executor {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct vt_job *first, **last;
    bool stop;
    bool orphan; /* destroyed by one of its own threads, which frees it at its end */
    int threads;
    pthread_t handles[];
};

static _Thread_local struct vt_executor *current;

static void release(struct vt_executor *executor)
{
    pthread_mutex_destroy(&executor->lock);
    pthread_cond_destroy(&executor->wake);
    free(executor);
}

static struct vt_job *take(struct vt_executor *executor)
{
    struct vt_job *job;

    pthread_mutex_lock(&executor->lock);
    while (!executor->first && !executor->stop) {
        pthread_cond_wait(&executor->wake, &executor->lock);
    }
    job = executor->first;
    if (job) {
        executor->first = job->next;
        if (!executor->first) {
            executor->last = &executor->first;
        }
    }
    pthread_mutex_unlock(&executor->lock);
    return job;
}

static void *work(void *arg)
{
    struct vt_executor *executor = arg;
    struct vt_job *job;

    current = executor;
    pthread_setname_np(pthread_self(), "vt_async");
    while ((job = take(executor))) {
        job->run(job);
        /* Only this thread may have set `orphan`, by destroying the executor from inside of the job. */
        if (executor->orphan && executor->threads == 0) {
            release(executor);
            return NULL;
        }
    }
    return NULL;
}

int vt_executor_create(int threads, struct vt_executor **executor, struct vt_error *err)
{
    struct vt_executor *made;

    if (threads < 1) {
        threads = 1;
    }
    made = calloc(1, sizeof(*made) + (size_t)threads * sizeof(pthread_t));
    if (!made) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->wake, NULL);
    made->last = &made->first;
    while (made->threads < threads && !pthread_create(&made->handles[made->threads], NULL, work, made)) {
        made->threads++;
    }
    if (!made->threads) {
        release(made);
        return vt_fail(err, VT_E_NOMEM, "cannot start a thread for asynchronous inferences");
    }
    *executor = made;
    return VT_OK;
}

void vt_executor_destroy(struct vt_executor *executor)
{
    bool inside = false;
    int threads;

    if (!executor) {
        return;
    }
    pthread_mutex_lock(&executor->lock);
    executor->stop = true;
    pthread_cond_broadcast(&executor->wake);
    pthread_mutex_unlock(&executor->lock);
    threads = executor->threads;
    for (int i = 0; i < threads; i++) {
        if (current == executor && pthread_equal(executor->handles[i], pthread_self())) {
            pthread_detach(executor->handles[i]);
            inside = true;
        } else {
            pthread_join(executor->handles[i], NULL);
        }
    }
    if (inside) {
        executor->threads = 0;
        executor->orphan = true;
    } else {
        release(executor);
    }
}

void vt_executor_push(struct vt_executor *executor, struct vt_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&executor->lock);
    *executor->last = job;
    executor->last = &job->next;
    pthread_cond_signal(&executor->wake);
    pthread_mutex_unlock(&executor->lock);
}
