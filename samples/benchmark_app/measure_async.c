/* The loop that keeps several requests running. */
#include "bench.h"
#include "console.h"

#include <pthread.h>
#include <stdlib.h>

struct pool;

struct slot {
    struct pool *pool;
    size_t index;
    int64_t started;
    size_t group;           /* of the data shapes */
    ov_callback_t callback; /* OpenVINO keeps the pointer that it is given, not a copy */
};

/* Idle requests in the order in which they finished, and the latencies. The callbacks, on threads of the
   runtime, and the loop share it under `lock`. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t size, first, idle; /* of the ring of idle requests */
    size_t *ring;
    struct slot *slots;
    double *latencies;
    size_t *groups; /* NULL: nobody asks */
    size_t latency_count, capacity;
    bool out_of_memory;
};

static void on_done(void *args)
{
    struct slot *slot = args;
    struct pool *pool = slot->pool;
    int64_t now = console_clock();
    pthread_mutex_lock(&pool->lock);
    if (pool->latency_count == pool->capacity) {
        size_t more = 2 * pool->capacity;
        double *grown = realloc(pool->latencies, more * sizeof(*grown));
        pool->out_of_memory |= !grown;
        pool->latencies = grown ? grown : pool->latencies;
        size_t *wider = pool->groups && grown ? realloc(pool->groups, more * sizeof(*wider)) : NULL;
        pool->out_of_memory |= pool->groups && !wider;
        pool->groups = wider ? wider : pool->groups;
        pool->capacity = grown && (wider || !pool->groups) ? more : pool->capacity;
    }
    if (pool->latency_count < pool->capacity) {
        if (pool->groups) {
            pool->groups[pool->latency_count] = slot->group;
        }
        pool->latencies[pool->latency_count++] = (double)(now - slot->started) / 1e6;
    }
    pool->ring[(pool->first + pool->idle++) % pool->size] = slot->index;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static size_t take_idle(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->idle) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    size_t index = pool->ring[pool->first];
    pool->first = (pool->first + 1) % pool->size;
    pool->idle--;
    pthread_mutex_unlock(&pool->lock);
    return index;
}

static int pool_init(struct pool *pool, struct bench *b)
{
    size_t n = b->request_count;
    *pool = (struct pool){.size = n, .idle = n, .capacity = 4096};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->ring = calloc(n, sizeof(*pool->ring));
    pool->slots = calloc(n, sizeof(*pool->slots));
    pool->latencies = calloc(pool->capacity, sizeof(*pool->latencies));
    if (b->options.group_latencies == 1) {
        pool->groups = calloc(pool->capacity, sizeof(*pool->groups));
    }
    if (!pool->ring || !pool->slots || !pool->latencies ||
        (b->options.group_latencies == 1 && !pool->groups)) {
        return message_fail(&b->message, "no memory");
    }
    for (size_t i = 0; i < n; i++) {
        pool->ring[i] = i;
        struct slot *slot = &pool->slots[i];
        *slot = (struct slot){pool, i, 0, 0, {on_done, slot}};
        if (runtime_check(ov_infer_request_set_callback(b->requests[i], &slot->callback), &b->message,
                          "setting a callback") < 0) {
            return -1;
        }
    }
    return 0;
}

static void pool_finish(struct pool *pool)
{
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool->ring);
    free(pool->slots);
    free(pool->latencies);
    free(pool->groups);
}

/* Starts inference number `iteration` on the next idle request. */
static int start_next(struct bench *b, struct pool *pool, size_t iteration)
{
    size_t index = take_idle(pool);
    ov_infer_request_t *request = b->requests[index];
    /* The request is idle but for the tail of its callback; waiting also tells whether its last inference
     * failed. */
    if (runtime_check(ov_infer_request_wait(request), &b->message, "inference") < 0 ||
        (!b->inference_only && bench_bind_inputs(b, index, iteration) < 0)) {
        return -1;
    }
    pool->slots[index].group = iteration % b->group_count;
    pool->slots[index].started = console_clock();
    return runtime_check(ov_infer_request_start_async(request), &b->message, "starting inference %zu",
                         iteration);
}

/* Waits for all that was started; the first failure counts. */
static int drain(struct bench *b)
{
    int rc = 0;
    for (size_t i = 0; i < b->request_count; i++) {
        struct message ignored;
        if (runtime_check(ov_infer_request_wait(b->requests[i]), rc == 0 ? &b->message : &ignored,
                          "inference") < 0) {
            rc = -1;
        }
    }
    return rc;
}

static int run(struct bench *b, struct pool *pool)
{
    size_t iteration = 0;
    int64_t begin = console_clock(), now = begin, limit = b->time_limit_ms * 1000000;
    /* The last round is completed, so that every request has run equally often. */
    while ((int64_t)iteration < b->iteration_limit || now - begin < limit || iteration % b->request_count) {
        bench_pace(b, begin, iteration);
        if (start_next(b, pool, iteration) < 0) {
            return -1;
        }
        b->frames += (double)b->batches[iteration % b->group_count];
        iteration++;
        now = console_clock();
        console_progress(limit ? (double)(now - begin) / (double)limit
                               : (double)iteration / (double)b->iteration_limit);
    }
    if (drain(b) < 0) {
        return -1;
    }
    b->duration_ms = (double)(console_clock() - begin) / 1e6;
    return 0;
}

/* Waits until every callback has returned its request. */
static void settle(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->idle < pool->size) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

int bench_measure_async(struct bench *b)
{
    struct pool pool;
    int rc = pool_init(&pool, b);
    if (rc == 0) {
        rc = run(b, &pool);
        if (rc < 0) {
            struct message first = b->message;
            drain(b);
            b->message = first;
        } else {
            settle(&pool);
        }
    }
    if (rc == 0 && pool.out_of_memory) {
        rc = message_fail(&b->message, "no memory for the latencies");
    }
    if (rc == 0) {
        b->latencies = pool.latencies;
        b->latency_count = pool.latency_count;
        b->groups = pool.groups;
        pool.latencies = NULL;
        pool.groups = NULL;
    }
    /* The requests go first: a callback that still runs must find the pool alive. */
    for (size_t i = 0; rc < 0 && i < b->request_count; i++) {
        ov_infer_request_free(b->requests[i]);
        b->requests[i] = NULL;
    }
    pool_finish(&pool);
    return rc;
}
