/* One core and one compiled model used by several threads at once; meant to be run under ThreadSanitizer too.
 * Threads report through their result: the test library's own state belongs to the main thread. */
#include "capi_test.h"

#include <pthread.h>

#define N_THREADS 4
#define ROUNDS    25

struct shared {
    ov_core_t *core;
    const char *device;
    ov_compiled_model_t *compiled;
};

#define NEED(call)                                                                                           \
    do {                                                                                                     \
        if ((call) != OK) {                                                                                  \
            return #call;                                                                                    \
        }                                                                                                    \
    } while (0)

static const char *infer_once(ov_infer_request_t *r, int64_t round)
{
    ov_tensor_t *in = NULL, *out = NULL;
    void *data;
    float got;

    NEED(ov_infer_request_get_input_tensor_by_index(r, 0, &in));
    NEED(ov_tensor_data(in, &data));
    for (int i = 0; i < 3; i++) {
        ((float *)data)[i] = (float)round;
    }
    ov_tensor_free(in);
    if (round % 2) {
        NEED(ov_infer_request_infer(r));
    } else {
        NEED(ov_infer_request_start_async(r));
        NEED(ov_infer_request_wait(r));
    }
    NEED(ov_infer_request_get_tensor(r, "act", &out));
    NEED(ov_tensor_data(out, &data));
    got = *(float *)data;
    ov_tensor_free(out);
    return got == (float)round ? NULL : "another result";
}

static const char *zero_second_input(ov_infer_request_t *r)
{
    ov_tensor_t *in = NULL;
    void *data;

    NEED(ov_infer_request_get_tensor(r, "b_t", &in));
    NEED(ov_tensor_data(in, &data));
    memset(data, 0, 3 * sizeof(float));
    ov_tensor_free(in);
    return NULL;
}

static void *use_compiled(void *arg)
{
    const struct shared *s = arg;
    ov_infer_request_t *r = NULL;
    const char *failure = NULL;

    if (ov_compiled_model_create_infer_request(s->compiled, &r) != OK) {
        return "no request";
    }
    failure = zero_second_input(r);
    for (int64_t i = 1; i <= ROUNDS && !failure; i++) {
        failure = infer_once(r, i);
    }
    ov_infer_request_free(r);
    return (void *)failure;
}

static const char *compile_once(const struct shared *s)
{
    static const char text[] = MODEL_TWO;
    ov_model_t *model = NULL, *none = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_output_const_port_t *port = NULL;
    char *value = NULL;

    NEED(ov_core_read_model_from_memory_buffer(s->core, text, strlen(text), NULL, &model));
    NEED(ov_core_compile_model(s->core, model, s->device, 0, &compiled));
    NEED(ov_compiled_model_input_by_index(s->compiled, 1, &port));
    ov_output_const_port_free(port);
    NEED(ov_compiled_model_get_property(s->compiled, "NETWORK_NAME", &value));
    ov_free(value);
    NEED(ov_core_get_property(s->core, s->device, "NUM_STREAMS", &value));
    ov_free(value);
    if (ov_core_read_model(s->core, "/nosuch.xml", NULL, &none) != GENERAL_ERROR) {
        return "a file that is not there was read";
    }
    ov_free(ov_get_last_err_msg());
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    return NULL;
}

static void *use_core(void *arg)
{
    const char *failure = NULL;

    for (int i = 0; i < 5 && !failure; i++) {
        failure = compile_once(arg);
    }
    return (void *)failure;
}

static void all_at_once(ov_core_t *core, const char *device)
{
    ov_model_t *model = read_text(core, MODEL_TWO);
    struct shared shared = {core, device, NULL};
    pthread_t threads[2 * N_THREADS];

    PASS(ov_core_compile_model(core, model, device, 2, &shared.compiled, "NUM_STREAMS", "2"));
    ov_model_free(model);
    for (int i = 0; i < 2 * N_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, i % 2 ? use_core : use_compiled, &shared), 0);
    }
    for (int i = 0; i < 2 * N_THREADS; i++) {
        void *failure = NULL;

        pthread_join(threads[i], &failure);
        if (failure) {
            print_error("%s: %s\n", device, (const char *)failure);
        }
        assert_null(failure);
    }
    ov_compiled_model_free(shared.compiled);
}

static void test_all_at_once(void **state)
{
    (void)state;
    on_each_device(all_at_once);
}

/* One thread waits, another one cancels, the request runs again and again. */
static void *cancel_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (ov_infer_request_cancel(arg) != OK) {
            return "cancel";
        }
    }
    return NULL;
}

static void *wait_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        ov_status_e status = ov_infer_request_wait_for(arg, 1);

        if (status != OK && status != RESULT_NOT_READY && status != INFER_CANCELLED) {
            return "wait_for";
        }
    }
    return NULL;
}

static void cancel_and_wait(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_TWO, device);
    pthread_t threads[2];
    void *failure = NULL;

    assert_int_equal(pthread_create(&threads[0], NULL, cancel_often, r), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, wait_often, r), 0);
    for (int i = 0; i < ROUNDS; i++) {
        ov_status_e status;

        assert_int_equal(ov_infer_request_start_async(r), OK);
        status = ov_infer_request_wait(r);
        assert_true(status == OK || status == INFER_CANCELLED);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &failure);
        assert_null(failure);
    }
    PASS(ov_infer_request_infer(r));
    ov_infer_request_free(r);
}

static void test_cancel_and_wait(void **state)
{
    (void)state;
    on_each_device(cancel_and_wait);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_cancel_and_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
