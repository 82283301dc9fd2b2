#include "pool.h"

#include "cores.h"
#include "vt/fp.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
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
    bool keep_subnormals;
    int *cpus; /* NULL: the system decides; pinned: one for each thread */
    int n_cpus;
    bool pin;
    cpu_set_t *set, *caller_set; /* for one thread at a time; what the caller had before vt_pool_enter */
    bool caller_moved;
    uint64_t caller_fp;

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

    /* The mode is inherited from whoever made the pool. */
    if (pool->keep_subnormals) {
        vt_fp_keep();
    } else {
        vt_fp_begin();
    }
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

/* ---- life */

#define SET_BYTES CPU_ALLOC_SIZE(VT_MAX_CPUS)

static void free_pool(struct vt_pool *pool)
{
    if (pool) {
        free(pool->workers);
        free(pool->cpus);
        free(pool->set);
        free(pool->caller_set);
        free(pool);
    }
}

/* The processors of a thread into pool->set. */
static void fill_set(struct vt_pool *pool, int thread)
{
    CPU_ZERO_S(SET_BYTES, pool->set);
    for (int i = 0; i < pool->n_cpus; i++) {
        if (!pool->pin || i == thread % pool->n_cpus) {
            CPU_SET_S((size_t)pool->cpus[i], SET_BYTES, pool->set);
        }
    }
}

void vt_pool_enter(struct vt_pool *pool)
{
    pool->caller_fp = pool->keep_subnormals ? vt_fp_keep() : vt_fp_begin();
    if (pool->cpus) {
        /* pool->set is the caller's since all workers were started. */
        pool->caller_moved =
            !sched_getaffinity(0, SET_BYTES, pool->caller_set) && !sched_setaffinity(0, SET_BYTES, pool->set);
    }
}

void vt_pool_leave(struct vt_pool *pool)
{
    if (pool->cpus && pool->caller_moved) {
        sched_setaffinity(0, SET_BYTES, pool->caller_set);
    }
    vt_fp_end(pool->caller_fp);
}

static int start_worker(struct vt_pool *pool, struct worker *worker)
{
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);

    if (rc) {
        return rc;
    }
    if (pool->cpus) {
        fill_set(pool, worker->thread);
        rc = pthread_attr_setaffinity_np(&attr, SET_BYTES, pool->set);
    }
    rc = rc ? rc : pthread_create(&worker->handle, &attr, worker_main, worker);
    pthread_attr_destroy(&attr);
    return rc;
}

/* Stop the first `started` workers and free everything. */
static void stop_workers(struct vt_pool *pool, int started)
{
    atomic_store_explicit(&pool->stop, true, memory_order_relaxed);
    publish(pool, false, INT_MAX);
    for (int i = 0; i < started; i++) {
        pthread_join(pool->workers[i].handle, NULL);
    }
    free_pool(pool);
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
        rc = start_worker(pool, worker);
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

static bool allocate(struct vt_pool *pool, const struct vt_pool_options *options)
{
    pool->workers = calloc((size_t)pool->threads, sizeof(*pool->workers));
    if (!pool->workers || !options->cpus) {
        return pool->workers != NULL;
    }
    pool->cpus = malloc((size_t)options->n_cpus * sizeof(*pool->cpus));
    pool->set = malloc(SET_BYTES);
    pool->caller_set = malloc(SET_BYTES);
    if (!pool->cpus || !pool->set || !pool->caller_set) {
        return false;
    }
    memcpy(pool->cpus, options->cpus, (size_t)options->n_cpus * sizeof(*pool->cpus));
    pool->n_cpus = options->n_cpus;
    pool->pin = options->pin;
    return true;
}

static int check_cpus(const struct vt_pool_options *options, struct vt_error *err)
{
    if (options->cpus && options->n_cpus < 1) {
        return vt_fail(err, VT_E_INVALID, "a list of processors for a thread pool is empty");
    }
    for (int i = 0; options->cpus && i < options->n_cpus; i++) {
        if (options->cpus[i] < 0 || options->cpus[i] >= VT_MAX_CPUS) {
            return vt_fail(err, VT_E_RANGE, "there is no processor %d", options->cpus[i]);
        }
    }
    return VT_OK;
}

struct vt_pool *vt_pool_create_on(const struct vt_pool_options *options, struct vt_error *err)
{
    int threads = options->threads;
    struct vt_pool *pool;

    if (threads < 1 || threads > VT_POOL_MAX_THREADS) {
        vt_fail(err, VT_E_RANGE, "a thread pool takes 1 to %d threads, not %d", VT_POOL_MAX_THREADS, threads);
        return NULL;
    }
    if (check_cpus(options, err)) {
        return NULL;
    }
    pool = aligned_alloc(CACHE_LINE, sizeof(*pool));
    if (pool) {
        memset(pool, 0, sizeof(*pool));
        pool->threads = threads;
        pool->keep_subnormals = options->keep_subnormals;
    }
    if (!pool || !allocate(pool, options)) {
        free_pool(pool);
        vt_fail(err, VT_E_NOMEM, "out of memory for a pool of %d threads", threads);
        return NULL;
    }
    if (start_workers(pool, err)) {
        return NULL;
    }
    if (pool->cpus) {
        fill_set(pool, 0);
    }
    return pool;
}

struct vt_pool *vt_pool_create(int threads, struct vt_error *err)
{
    return vt_pool_create_on(&(struct vt_pool_options){.threads = threads}, err);
}
