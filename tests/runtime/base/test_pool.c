#include "cores.h"
#include "pool.h"
#include "unit.h"
#include "vt/fp.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define COUNT 1000

struct hits {
    struct vt_pool *pool;
    atomic_int seen[COUNT];
    long plain[COUNT]; /* written by whichever thread, read by the caller afterwards */
};

static void hit(void *arg, int64_t index)
{
    struct hits *hits = arg;

    atomic_fetch_add_explicit(&hits->seen[index], 1, memory_order_relaxed);
    hits->plain[index] = 3 * index + 1;
}

static void test_exactly_once(void **state)
{
    static const int threads[] = {1, 2, 3, 4, 7};

    (void)state;
    for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
        struct vt_pool *pool = vt_pool_create(threads[t], NULL);

        assert_non_null(pool);
        assert_int_equal(vt_pool_threads(pool), threads[t]);
        for (int count = 0; count <= COUNT; count = count < 20 ? count + 1 : count * 3) {
            struct hits hits = {.pool = pool};

            vt_pool_run(pool, hit, &hits, count);
            for (int i = 0; i < COUNT; i++) {
                assert_int_equal(hits.seen[i], i < count);
                assert_int_equal(hits.plain[i], i < count ? 3 * i + 1 : 0);
            }
        }
        vt_pool_destroy(pool);
    }
}

/* Regions in close succession: a late worker must not take a task of one job for another's. */
static void test_many_short_regions(void **state)
{
    struct vt_pool *pool = vt_pool_create(4, NULL);
    struct hits *hits = calloc(1, sizeof(*hits));

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int count = 2 + i % 5;

        vt_pool_run(pool, hit, hits, count);
        for (int k = 0; k < 7; k++) {
            assert_int_equal(hits->seen[k], k < count);
            hits->seen[k] = 0;
        }
        if (i % 5000 == 0) {
            usleep(1000); /* let the workers go to sleep now and then */
        }
    }
    free(hits);
    vt_pool_destroy(pool);
}

struct roll {
    int threads;
    atomic_int calls;
    pthread_t who[8];
};

static void roll_call(void *arg, int thread, int threads)
{
    struct roll *roll = arg;

    if (thread == 0) {
        roll->threads = threads;
    }
    roll->who[thread] = pthread_self();
    atomic_fetch_add(&roll->calls, 1);
}

static void test_static_runs_on_every_thread(void **state)
{
    struct vt_pool *pool = vt_pool_create(4, NULL);
    struct roll first = {0}, again;

    (void)state;
    vt_pool_static(pool, roll_call, &first);
    assert_int_equal(first.calls, 4);
    assert_int_equal(first.threads, 4);
    assert_true(pthread_equal(first.who[0], pthread_self()));
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < i; k++) {
            assert_false(pthread_equal(first.who[i], first.who[k]));
        }
    }
    for (int i = 0; i < 2000; i++) {
        struct hits hits = {.pool = pool};

        again = (struct roll){0};
        vt_pool_static(pool, roll_call, &again);
        vt_pool_run(pool, hit, &hits, i % 4);
        assert_int_equal(again.calls, 4);
        for (int k = 0; k < 4; k++) {
            assert_true(pthread_equal(again.who[k], first.who[k]));
        }
    }
    vt_pool_destroy(pool);
}

static void test_no_pool(void **state)
{
    struct hits hits = {0};
    struct roll roll = {0};

    (void)state;
    vt_pool_run(NULL, hit, &hits, 10);
    assert_int_equal(hits.seen[9], 1);
    vt_pool_static(NULL, roll_call, &roll);
    assert_int_equal(roll.calls, 1);
    assert_int_equal(roll.threads, 1);
    assert_int_equal(vt_pool_threads(NULL), 1);
    vt_pool_destroy(NULL);
}

static void nested_static(void *arg, int thread, int threads)
{
    struct hits *hits = arg;

    atomic_fetch_add(&hits->seen[COUNT - 1], thread == 0 && threads == 1);
}

static void nested_hit(void *arg, int64_t index)
{
    atomic_fetch_add(&((struct hits *)arg)->seen[index], 1);
}

static void nest(void *arg, int64_t index)
{
    struct hits *hits = arg;

    (void)index;
    vt_pool_run(hits->pool, nested_hit, hits, 10);
    vt_pool_static(hits->pool, nested_static, hits);
}

static void nest_whole(void *arg, int thread, int threads)
{
    (void)threads;
    nest(arg, thread);
}

static void test_nested_runs_inline(void **state)
{
    struct hits hits = {.pool = vt_pool_create(3, NULL)};

    (void)state;
    vt_pool_run(hits.pool, nest, &hits, 50);
    vt_pool_static(hits.pool, nest_whole, &hits);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(hits.seen[i], 53);
    }
    assert_int_equal(hits.seen[COUNT - 1], 53);
    /* The flag that says "inside a task" must be gone again. */
    hits.seen[COUNT - 1] = 0;
    vt_pool_run(hits.pool, nested_hit, &hits, 5);
    assert_int_equal(hits.seen[0], 54);
    vt_pool_destroy(hits.pool);
}

static void test_create_destroy(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct vt_pool *pool = vt_pool_create(1 + i % 5, NULL);
        struct hits hits = {.pool = pool};

        assert_non_null(pool);
        if (i % 3) {
            vt_pool_run(pool, hit, &hits, 8);
            assert_int_equal(hits.seen[7], 1);
        }
        vt_pool_destroy(pool);
    }
}

static void test_bad_counts(void **state)
{
    struct vt_error err = {0};

    (void)state;
    assert_null(vt_pool_create(0, &err));
    assert_int_equal(err.code, VT_E_RANGE);
    vt_error_clear(&err);
    assert_null(vt_pool_create(VT_POOL_MAX_THREADS + 1, &err));
    assert_int_equal(err.code, VT_E_RANGE);
    assert_null(vt_pool_create(-3, NULL));
}

static void *own_pool(void *arg)
{
    struct vt_pool *pool = vt_pool_create(3, NULL);
    struct hits *hits = calloc(1, sizeof(*hits));
    long bad = 0;

    (void)arg;
    for (int i = 0; i < 500; i++) {
        vt_pool_run(pool, hit, hits, 64);
    }
    for (int i = 0; i < 64; i++) {
        bad += hits->seen[i] != 500;
    }
    free(hits);
    vt_pool_destroy(pool);
    return (void *)bad;
}

static void test_pools_side_by_side(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, own_pool, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *bad = NULL;

        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
}

static double process_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_idle_takes_no_time(void **state)
{
    struct vt_pool *pool = vt_pool_create(4, NULL);
    struct hits hits = {.pool = pool};
    double before;

    (void)state;
    vt_pool_run(pool, hit, &hits, 100);
    usleep(50000);
    before = process_seconds();
    usleep(300000);
    /* Spinning, three workers would have taken hundreds of milliseconds. */
    assert_true(process_seconds() - before < 0.02);
    vt_pool_run(pool, hit, &hits, 100);
    assert_int_equal(hits.seen[99], 2);
    vt_pool_destroy(pool);
}

static void wait_long(void *arg, int thread, int threads)
{
    (void)arg;
    (void)threads;
    if (thread) {
        usleep(200000);
    }
}

static void test_waiting_caller_sleeps(void **state)
{
    struct vt_pool *pool = vt_pool_create(2, NULL);
    double before = process_seconds();

    (void)state;
    vt_pool_static(pool, wait_long, NULL);
    assert_true(process_seconds() - before < 0.1);
    vt_pool_destroy(pool);
}

/* Not folded by the compiler, so that the mode of the running thread decides. */
static float halve(volatile float x)
{
    volatile float half = 0.5f;

    return x * half;
}

static void check_flush(void *arg, int thread, int threads)
{
    int *flushed = arg;

    (void)threads;
    flushed[thread] = halve(1.17549435e-38f) == 0.0f;
}

static void test_flush_to_zero(void **state)
{
    struct vt_pool *pool = vt_pool_create(3, NULL);
    int flushed[3] = {-1, -1, -1};
    uint64_t old;

    (void)state;
    vt_pool_static(pool, check_flush, flushed);
    assert_int_equal(flushed[0], 0);
    assert_int_equal(flushed[1], 1);
    assert_int_equal(flushed[2], 1);
    old = vt_fp_begin();
    vt_pool_static(pool, check_flush, flushed);
    assert_int_equal(flushed[0], 1);
    vt_fp_end(old);
    assert_true(halve(1.17549435e-38f) > 0.0f);
    /* Nested pairs: the inner one must not turn the outer one off. */
    old = vt_fp_begin();
    vt_fp_end(vt_fp_begin());
    assert_true(halve(1.17549435e-38f) == 0.0f);
    vt_fp_end(old);
    vt_pool_destroy(pool);
}

static void note_mask(void *arg, int thread, int threads)
{
    cpu_set_t *sets = arg;

    (void)threads;
    assert_int_equal(sched_getaffinity(0, sizeof(cpu_set_t), &sets[thread]), 0);
}

/* On chosen processors, each thread on one or all on all; the caller only between enter and leave. */
static void test_processors(void **state)
{
    int cpus[VT_POOL_MAX_THREADS], n = 0, wrong = -1, gone = VT_MAX_CPUS - 1;
    struct vt_pool_options options = {.threads = 3, .cpus = cpus, .pin = true};
    cpu_set_t all, now, sets[3];
    struct vt_error err = {0};
    struct vt_pool *pool;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    for (int i = 0; i < CPU_SETSIZE && n < VT_POOL_MAX_THREADS; i++) {
        if (CPU_ISSET(i, &all)) {
            cpus[n++] = i;
        }
    }
    options.n_cpus = n;
    for (int pin = 1; pin >= 0; pin--) {
        options.pin = pin;
        pool = vt_pool_create_on(&options, NULL);
        assert_non_null(pool);
        vt_pool_enter(pool);
        vt_pool_static(pool, note_mask, sets);
        vt_pool_leave(pool);
        for (int t = 0; t < 3; t++) {
            assert_int_equal(CPU_COUNT(&sets[t]), pin ? 1 : n);
            assert_true(CPU_ISSET(cpus[t % n], &sets[t]));
        }
        assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
        assert_true(CPU_EQUAL(&all, &now));
        vt_pool_destroy(pool);
    }
    options.cpus = &wrong;
    options.n_cpus = 1;
    assert_null(vt_pool_create_on(&options, &err));
    assert_int_equal(err.code, VT_E_RANGE);
    options.n_cpus = 0;
    assert_null(vt_pool_create_on(&options, NULL));
    /* A processor that is not there: the system refuses, and nothing is left behind. */
    vt_error_clear(&err);
    options.cpus = &gone;
    options.n_cpus = 1;
    assert_null(vt_pool_create_on(&options, &err));
    assert_true(err.code != 0);
}

/* Threads that keep subnormals, whatever the one that makes the pool does. */
static void test_keep_subnormals(void **state)
{
    struct vt_pool_options options = {.threads = 3, .keep_subnormals = true};
    int flushed[3] = {-1, -1, -1};
    uint64_t old = vt_fp_begin();
    struct vt_pool *pool = vt_pool_create_on(&options, NULL);

    (void)state;
    vt_pool_enter(pool);
    vt_pool_static(pool, check_flush, flushed);
    vt_pool_leave(pool);
    assert_true(halve(1.17549435e-38f) == 0.0f);
    vt_fp_end(old);
    for (int t = 0; t < 3; t++) {
        assert_int_equal(flushed[t], 0);
    }
    vt_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_once),
        cmocka_unit_test(test_many_short_regions),
        cmocka_unit_test(test_static_runs_on_every_thread),
        cmocka_unit_test(test_no_pool),
        cmocka_unit_test(test_nested_runs_inline),
        cmocka_unit_test(test_create_destroy),
        cmocka_unit_test(test_bad_counts),
        cmocka_unit_test(test_pools_side_by_side),
        cmocka_unit_test(test_idle_takes_no_time),
        cmocka_unit_test(test_waiting_caller_sleeps),
        cmocka_unit_test(test_flush_to_zero),
        cmocka_unit_test(test_processors),
        cmocka_unit_test(test_keep_subnormals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
