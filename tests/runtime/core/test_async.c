/* Asynchronous inference: order of callback and wait, busy states, cancelling, requests freed early. */
#include "core_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* Long enough to look at while it runs: about a tenth of a second. */
static struct vt_request *slow_request(void)
{
    return test_request("64,256", 100, NULL, NULL);
}

struct log {
    struct vt_request *request;
    atomic_int calls;
    int restarts;    /* how often the callback starts the request again */
    int wait_inside; /* what wait_for(0) says inside */
    int get_inside;
    int free_inside;
};

static void callback(void *arg)
{
    struct log *log = arg;
    struct vt_buffer *out = NULL;

    log->wait_inside = vt_request_wait_for(log->request, 0, NULL);
    log->get_inside = vt_request_get(log->request, VT_OUTPUT, 0, &out, NULL);
    vt_buffer_unref(out);
    if (log->restarts-- > 0) {
        assert_ok(vt_request_start(log->request, NULL));
    }
    if (log->free_inside) {
        vt_request_destroy(log->request);
    }
    usleep(20000);
    atomic_fetch_add(&log->calls, 1);
}

static void test_states(void **state)
{
    struct vt_request *r = slow_request();
    struct vt_buffer *b = NULL, *in = NULL;
    const struct vt_profile *list;
    int n;

    (void)state;
    assert_int_equal(vt_request_wait(r, NULL), VT_OK);
    assert_int_equal(vt_request_wait_for(r, 0, NULL), VT_E_NOT_READY);
    assert_int_equal(vt_request_wait_for(r, 10, NULL), VT_E_NOT_READY);
    assert_fails(vt_request_wait_for(r, -1, ERR), VT_E_INVALID, "-1");
    vt_request_cancel(r);
    assert_ok(vt_request_get(r, VT_INPUT, 0, &in, ERR));
    assert_ok(vt_request_start(r, ERR));
    assert_int_equal(vt_request_wait_for(r, 0, NULL), VT_E_NOT_READY);
    assert_fails(vt_request_start(r, ERR), VT_E_BUSY, "running");
    assert_fails(vt_request_infer(r, ERR), VT_E_BUSY, "running");
    assert_fails(vt_request_get(r, VT_OUTPUT, 0, &b, ERR), VT_E_BUSY, "running");
    assert_fails(vt_request_set(r, VT_INPUT, 0, in, ERR), VT_E_BUSY, "running");
    assert_fails(vt_request_profile(r, &list, &n, ERR), VT_E_BUSY, "running");
    assert_fails(vt_request_set_callback(r, callback, NULL, ERR), VT_E_BUSY, "running");
    assert_ok(vt_request_wait_for(r, INT64_MAX, ERR));
    assert_ok(vt_request_wait(r, ERR));
    assert_ok(vt_request_wait_for(r, 0, ERR));
    assert_ok(vt_request_infer(r, ERR));
    assert_ok(vt_request_wait_for(r, 0, ERR));
    vt_buffer_unref(in);
    vt_request_destroy(r);
}

static void test_callback_before_wait(void **state)
{
    struct log log = {.request = test_request("1,4", 1, NULL, NULL)};

    (void)state;
    assert_ok(vt_request_set_callback(log.request, callback, &log, ERR));
    for (int i = 1; i <= 3; i++) {
        assert_ok(vt_request_start(log.request, ERR));
        assert_ok(i % 2 ? vt_request_wait(log.request, ERR) : vt_request_wait_for(log.request, 60000, ERR));
        assert_int_equal(atomic_load(&log.calls), i);
        assert_int_equal(log.wait_inside, VT_E_NOT_READY);
        assert_int_equal(log.get_inside, VT_OK);
    }
    assert_ok(vt_request_infer(log.request, ERR)); /* calls nothing */
    assert_int_equal(atomic_load(&log.calls), 3);
    assert_ok(vt_request_set_callback(log.request, NULL, NULL, ERR));
    assert_ok(vt_request_start(log.request, ERR));
    assert_ok(vt_request_wait(log.request, ERR));
    assert_int_equal(atomic_load(&log.calls), 3);
    vt_request_destroy(log.request);
}

/* A callback that starts its request again: the first wait returns after the first callback. */
static void test_restart(void **state)
{
    struct log log = {.request = test_request("1,4", 1, NULL, NULL), .restarts = 4};

    (void)state;
    assert_ok(vt_request_set_callback(log.request, callback, &log, ERR));
    assert_ok(vt_request_start(log.request, ERR));
    assert_ok(vt_request_wait(log.request, ERR));
    assert_true(atomic_load(&log.calls) >= 1);
    while (atomic_load(&log.calls) < 5) {
        assert_ok(vt_request_wait(log.request, ERR));
    }
    vt_request_destroy(log.request);
    assert_int_equal(atomic_load(&log.calls), 5);
}

static void *cancel_soon(void *arg)
{
    usleep(5000);
    vt_request_cancel(arg);
    return NULL;
}

static void test_cancel(void **state)
{
    struct log log = {.request = slow_request()};
    struct vt_request *r = log.request;
    pthread_t thread;

    (void)state;
    assert_ok(vt_request_set_callback(r, callback, &log, ERR));
    assert_ok(vt_request_start(r, ERR));
    vt_request_cancel(r);
    assert_fails(vt_request_wait(r, ERR), VT_E_CANCELLED, "cancelled");
    assert_int_equal(atomic_load(&log.calls), 1);
    assert_fails(vt_request_wait(r, ERR), VT_E_CANCELLED, "cancelled");
    assert_fails(vt_request_wait_for(r, 0, ERR), VT_E_CANCELLED, "cancelled");
    vt_request_cancel(r); /* idle: no effect on the next */
    assert_ok(vt_request_start(r, ERR));
    assert_ok(vt_request_wait(r, ERR));
    assert_ok(vt_request_start(r, ERR));
    usleep(3000);
    vt_request_cancel(r);
    assert_fails(vt_request_wait_for(r, 60000, ERR), VT_E_CANCELLED, "cancelled");
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, r), 0);
    assert_fails(vt_request_infer(r, ERR), VT_E_CANCELLED, "cancelled");
    pthread_join(thread, NULL);
    assert_ok(vt_request_infer(r, ERR));
    vt_request_destroy(r);
}

/* One stream: a request in the queue is cancelled before it runs. */
static void test_cancel_queued(void **state)
{
    struct vt_request *first = slow_request(), *second = NULL;

    (void)state;
    assert_ok(vt_request_create(vt_request_compiled(first), &second, ERR));
    assert_ok(vt_request_start(first, ERR));
    assert_ok(vt_request_start(second, ERR));
    vt_request_cancel(second);
    assert_fails(vt_request_wait(second, ERR), VT_E_CANCELLED, "cancelled");
    assert_ok(vt_request_wait(first, ERR));
    vt_request_destroy(first);
    vt_request_destroy(second);
}

static void test_failure(void **state)
{
    struct log log = {.request = test_request("1..5,4", 1, NULL, NULL)};
    struct vt_buffer *in = NULL;

    (void)state;
    assert_ok(vt_request_set_callback(log.request, callback, &log, ERR));
    assert_ok(vt_request_get(log.request, VT_INPUT, 0, &in, ERR));
    assert_ok(vt_buffer_reshape(in, 2, (int64_t[]){9, 4}, ERR));
    assert_ok(vt_request_start(log.request, ERR));
    assert_fails(vt_request_wait(log.request, ERR), VT_E_SHAPE, "takes the shape [1..5,4]");
    assert_int_equal(atomic_load(&log.calls), 1);
    assert_fails(vt_request_wait(log.request, ERR), VT_E_SHAPE, "takes the shape [1..5,4]");
    assert_fails(vt_request_wait_for(log.request, 0, ERR), VT_E_SHAPE, "takes the shape [1..5,4]");
    vt_buffer_unref(in);
    vt_request_destroy(log.request);
}

static void test_free_while_running(void **state)
{
    struct log log = {.request = slow_request()};
    struct vt_buffer *out = NULL;

    (void)state;
    assert_ok(vt_request_set_callback(log.request, callback, &log, ERR));
    assert_ok(vt_request_get(log.request, VT_OUTPUT, 0, &out, ERR));
    assert_ok(vt_request_start(log.request, ERR));
    vt_request_destroy(log.request);
    assert_int_equal(atomic_load(&log.calls), 0);
    assert_true(((float *)out->t.data)[0] > 0); /* it ran to the end */
    vt_buffer_unref(out);
}

/* The last owner of everything, freed on the compiled model's own thread; also with a restart in the air. */
static void test_free_in_callback(void **state)
{
    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct log log = {
            .request = test_request("1,4", 1, NULL, NULL), .free_inside = 1, .restarts = restarts};

        assert_ok(vt_request_set_callback(log.request, callback, &log, ERR));
        assert_ok(vt_request_start(log.request, ERR));
        while (!atomic_load(&log.calls)) {
            usleep(1000);
        }
        usleep(20000);
        assert_int_equal(atomic_load(&log.calls), 1);
    }
}

/* ---- many requests on several streams, each restarted by whoever finds it ready */

#define REQUESTS 8
#define ROUNDS   200

struct worker {
    struct vt_request *request;
    atomic_int done;
};

static void count_and_restart(void *arg)
{
    struct worker *w = arg;

    if (atomic_fetch_add(&w->done, 1) + 1 < ROUNDS) {
        assert_ok(vt_request_start(w->request, NULL));
    }
}

static void test_many(void **state)
{
    struct worker workers[REQUESTS] = {0};
    struct vt_request *first = test_request("2,8", 3, "NUM_STREAMS", "4");

    (void)state;
    for (int i = 0; i < REQUESTS; i++) {
        assert_ok(vt_request_create(vt_request_compiled(first), &workers[i].request, ERR));
        assert_ok(vt_request_set_callback(workers[i].request, count_and_restart, &workers[i], ERR));
        assert_ok(vt_request_start(workers[i].request, ERR));
    }
    for (int i = 0; i < REQUESTS; i++) {
        while (atomic_load(&workers[i].done) < ROUNDS) {
            assert_ok(vt_request_wait(workers[i].request, ERR));
        }
        vt_request_destroy(workers[i].request);
        assert_int_equal(atomic_load(&workers[i].done), ROUNDS);
    }
    vt_request_destroy(first);
}

static void *infer_often(void *arg)
{
    struct vt_request *r = arg;
    struct vt_error err = {0};
    int status = VT_OK;

    for (int i = 0; i < 100 && !status; i++) {
        status = i % 2 ? vt_request_infer(r, &err) : vt_request_start(r, &err);
        status = status ? status : vt_request_wait(r, &err);
    }
    return status ? (void *)r : NULL;
}

/* Requests of one compiled model in threads of the user's. */
static void test_threads(void **state)
{
    struct vt_request *first = test_request("?,8", 3, "NUM_STREAMS", "2"), *requests[4];
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_ok(vt_request_create(vt_request_compiled(first), &requests[i], ERR));
        assert_int_equal(pthread_create(&threads[i], NULL, infer_often, requests[i]), 0);
    }
    vt_request_destroy(first);
    for (int i = 0; i < 4; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        assert_null(failed);
        vt_request_destroy(requests[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_callback_before_wait),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_queued),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_free_while_running),
        cmocka_unit_test(test_free_in_callback),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
