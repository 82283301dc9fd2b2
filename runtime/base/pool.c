#include "pool.h"

#include "vt/fp.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SPIN_NS    50000
#define CACHE_LINE 64

struct worker {
    struct vt_pool *pool;
    int thread;
    pthread_t handle;
};

/* How the words work together:
 *
 * The caller writes the job's plain fields, then `pending`, then `left`, then `epoch`. A worker may read the
 * plain fields only while the job cannot end, that is after it took a task from `left` or, for a static job,
 * after it saw the odd epoch, because then `pending` cannot reach zero before the worker has subtracted its
 * part. A worker that is late for one job may take tasks of the next; that does no harm.
 *
 * Both sleeps follow Dekker's pattern in the sequentially consistent order: the sleeper announces itself and
 * then looks at the word once more, the waker changes the word and then looks for sleepers. */
struct vt_pool {
    int threads;
    struct worker *workers;

    vt_pool_task_fn *task;
    vt_pool_static_fn *whole;
    void *arg;
    int64_t count;

    _Alignas(CACHE_LINE)
        atomic_uint epoch; /* changes with each job; odd for static jobs; workers sleep on it */
    atomic_bool stop;
    _Alignas(CACHE_LINE) atomic_int sleepers;
    _Alignas(CACHE_LINE) _Atomic int64_t left; /* tasks nobody has taken yet */
    _Alignas(CACHE_LINE) atomic_uint pending;  /* 1 until all is done; the caller sleeps on it */
    atomic_bool caller_sleeps;
    _Alignas(CACHE_LINE) _Atomic int64_t
        unfinished; /* tasks (or workers of a static job) that are not done */
};

static _Thread_local bool in_task;

static void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void futex_wait(atomic_uint *word, unsigned value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* Spin while *word is `value`, at most SPIN_NS; true when it changed. */
static bool spin_while(atomic_uint *word, unsigned value)
{
    int64_t end = 0;

    for (;;) {
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != value) {
                return true;
            }
            cpu_relax();
        }
        if (!end) {
            end = now_ns() + SPIN_NS;
        } else if (now_ns() > end) {
            return false;
        }
    }
}

static unsigned wait_epoch(struct vt_pool *pool, unsigned seen)
{
    unsigned epoch;

    if (!spin_while(&pool->epoch, seen)) {
        atomic_fetch_add(&pool->sleepers, 1);
        while (atomic_load(&pool->epoch) == seen) {
            futex_wait(&pool->epoch, seen);
        }
        atomic_fetch_sub(&pool->sleepers, 1);
    }
    epoch = atomic_load_explicit(&pool->epoch, memory_order_acquire);
    return epoch;
}

/* Subtract what this thread finished; the one that reaches zero ends the job. */
static void report(struct vt_pool *pool, int64_t done)
{
    if (done && atomic_fetch_sub_explicit(&pool->unfinished, done, memory_order_acq_rel) == done) {
        atomic_store(&pool->pending, 0);
        if (atomic_load(&pool->caller_sleeps)) {
            futex_wake(&pool->pending, 1);
        }
    }
}

static void take_tasks(struct vt_pool *pool)
{
    int64_t left = atomic_load_explicit(&pool->left, memory_order_relaxed), done = 0;

    while (left > 0) {
        /* Taking a task acquires the job's fields: all changes of `left` continue the caller's release. */
        if (atomic_compare_exchange_weak_explicit(&pool->left, &left, left - 1, memory_order_acquire,
                                                  memory_order_relaxed)) {
            pool->task(pool->arg, pool->count - left);
            done++;
            left = atomic_load_explicit(&pool->left, memory_order_relaxed);
        }
    }
    report(pool, done);
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct vt_pool *pool = worker->pool;
    unsigned epoch = 0;

    vt_fp_begin();
    in_task = true;
    for (;;) {
        epoch = wait_epoch(pool, epoch);
        if (atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
            return NULL;
        }
        if (epoch & 1) {
            pool->whole(pool->arg, worker->thread, pool->threads);
            report(pool, 1);
        } else {
            take_tasks(pool);
        }
    }
}

/* Let the workers see a new job (or `stop`) and wake as many sleepers as it can use. */
static void publish(struct vt_pool *pool, bool whole, int64_t helpers)
{
    unsigned epoch = atomic_load_explicit(&pool->epoch, memory_order_relaxed);

    atomic_store(&pool->epoch, ((epoch & ~1u) + 2) | (whole ? 1 : 0));
    if (atomic_load(&pool->sleepers) > 0) {
        futex_wake(&pool->epoch, helpers < INT_MAX ? (int)helpers : INT_MAX);
    }
}

static void wait_done(struct vt_pool *pool)
{
    if (spin_while(&pool->pending, 1)) {
        return;
    }
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->pending)) {
        futex_wait(&pool->pending, 1);
    }
    atomic_store(&pool->caller_sleeps, false);
}

void vt_pool_run(struct vt_pool *pool, vt_pool_task_fn *fn, void *arg, int64_t count)
{
    if (!pool || pool->threads == 1 || count <= 1 || in_task) {
        for (int64_t i = 0; i < count; i++) {
            fn(arg, i);
        }
        return;
    }
    pool->task = fn;
    pool->arg = arg;
    pool->count = count;
    atomic_store_explicit(&pool->unfinished, count, memory_order_relaxed);
    atomic_store_explicit(&pool->pending, 1, memory_order_relaxed);
    atomic_store_explicit(&pool->left, count, memory_order_release);
    publish(pool, false, count - 1);
    in_task = true;
    take_tasks(pool);
    in_task = false;
    wait_done(pool);
}

void vt_pool_static(struct vt_pool *pool, vt_pool_static_fn *fn, void *arg)
{
    if (!pool || pool->threads == 1 || in_task) {
        fn(arg, 0, 1);
        return;
    }
    pool->whole = fn;
    pool->arg = arg;
    atomic_store_explicit(&pool->unfinished, pool->threads - 1, memory_order_relaxed);
    atomic_store_explicit(&pool->pending, 1, memory_order_relaxed);
    publish(pool, true, INT_MAX);
    in_task = true;
    fn(arg, 0, pool->threads);
    in_task = false;
    wait_done(pool);
}

int vt_pool_threads(const struct vt_pool *pool)
{
    return pool ? pool->threads : 1;
}

/* Stop the first `started` workers and free everything. */
static void stop_workers(struct vt_pool *pool, int started)
{
    atomic_store_explicit(&pool->stop, true, memory_order_relaxed);
    publish(pool, false, INT_MAX);
    for (int i = 0; i < started; i++) {
        pthread_join(pool->workers[i].handle, NULL);
    }
    free(pool->workers);
    free(pool);
}

void vt_pool_destroy(struct vt_pool *pool)
{
    if (pool) {
        stop_workers(pool, pool->threads - 1);
    }
}

static int start_workers(struct vt_pool *pool, struct vt_error *err)
{
    sigset_t all, old;
    int started = 0, rc = 0;

    /* The application's signal handlers are not to run on our threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (; started < pool->threads - 1; started++) {
        struct worker *worker = &pool->workers[started];

        worker->pool = pool;
        worker->thread = started + 1;
        rc = pthread_create(&worker->handle, NULL, worker_main, worker);
        if (rc) {
            break;
        }
        pthread_setname_np(worker->handle, "vintner");
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc) {
        vt_fail(err, VT_E_NOMEM, "cannot start worker thread %d of %d: %s", started + 1, pool->threads - 1,
                strerror(rc));
        stop_workers(pool, started);
        return VT_E_NOMEM;
    }
    return VT_OK;
}

struct vt_pool *vt_pool_create(int threads, struct vt_error *err)
{
    struct vt_pool *pool;

    if (threads < 1 || threads > VT_POOL_MAX_THREADS) {
        vt_fail(err, VT_E_RANGE, "a thread pool takes 1 to %d threads, not %d", VT_POOL_MAX_THREADS, threads);
        return NULL;
    }
    pool = aligned_alloc(CACHE_LINE, sizeof(*pool));
    if (pool) {
        memset(pool, 0, sizeof(*pool));
        pool->threads = threads;
        pool->workers = calloc((size_t)threads, sizeof(*pool->workers));
    }
    if (!pool || !pool->workers) {
        free(pool);
        vt_fail(err, VT_E_NOMEM, "out of memory for a pool of %d threads", threads);
        return NULL;
    }
    return start_workers(pool, err) ? NULL : pool;
}
