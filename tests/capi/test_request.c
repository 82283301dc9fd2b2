/* Requests: binding, inference, ownership, asynchronous runs, callbacks, cancelling, profiles. */
#include "capi_test.h"

#include "vintner.h"

#include <pthread.h>
#include <semaphore.h>

/* a_t = 1 2 3, b_t = -3 -3 -3: sum = -2 -1 0, act = 0 0 0. */
static void feed(ov_infer_request_t *r)
{
    ov_tensor_t *a = new_f32(2, 1, 3, 1), *b = new_f32(2, 1, 3, -3);

    PASS(ov_infer_request_set_tensor(r, "a_t", a));
    PASS(ov_infer_request_set_tensor(r, "alias", b));
    ov_tensor_free(a);
    ov_tensor_free(b);
}

static void check_sum(ov_infer_request_t *r)
{
    ov_tensor_t *sum = NULL, *act = NULL;

    PASS(ov_infer_request_get_tensor(r, "total", &sum));
    PASS(ov_infer_request_get_output_tensor_by_index(r, 1, &act));
    for (size_t i = 0; i < 3; i++) {
        float want = -2 + 2 * (float)i;

        assert_true(element(sum, i) == want);
        assert_true(element(act, i) == (want > 0 ? want : 0));
    }
    ov_tensor_free(sum);
    ov_tensor_free(act);
}

static void infer(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_TWO, device);

    feed(r);
    PASS(ov_infer_request_infer(r));
    check_sum(r);
    PASS(ov_infer_request_wait(r));
    PASS(ov_infer_request_wait_for(r, 0));
    PASS(ov_infer_request_cancel(r));
    PASS(ov_infer_request_infer(r));
    ov_infer_request_free(r);
}

static void test_infer(void **state)
{
    (void)state;
    on_each_device(infer);
}

static void check_binding(ov_infer_request_t *r)
{
    ov_tensor_t *fits = new_f32(2, 1, 3, 0), *wrong = new_f32(2, 2, 3, 0), *rank = new_f32(1, 3, 0, 0);
    ov_tensor_t *ints = NULL, *got = NULL;
    int64_t dims[] = {1, 3};
    ov_shape_t shape = {2, dims};

    PASS(ov_tensor_create(I32, shape, &ints));
    CHECK(ov_infer_request_set_input_tensor(r, fits), GENERAL_ERROR, "2 inputs");
    CHECK(ov_infer_request_get_output_tensor(r, &got), GENERAL_ERROR, "2 outputs");
    CHECK(ov_infer_request_set_input_tensor_by_index(r, 2, fits), GENERAL_ERROR, "");
    CHECK(ov_infer_request_set_output_tensor_by_index(r, SIZE_MAX, fits), GENERAL_ERROR, "");
    CHECK(ov_infer_request_get_input_tensor_by_index(r, 9, &got), GENERAL_ERROR, "");
    CHECK(ov_infer_request_get_tensor(r, "nosuch", &got), GENERAL_ERROR, "nosuch");
    CHECK(ov_infer_request_get_tensor(r, "add", &got), GENERAL_ERROR, "");
    CHECK(ov_infer_request_set_tensor(r, "", fits), GENERAL_ERROR, "");
    CHECK(ov_infer_request_set_tensor(r, "a_t", wrong), GENERAL_ERROR, "[2,3]");
    CHECK(ov_infer_request_set_tensor(r, "a_t", rank), GENERAL_ERROR, "");
    CHECK(ov_infer_request_set_tensor(r, "a_t", ints), GENERAL_ERROR, "i32");
    CHECK(ov_infer_request_set_tensor(r, "sum", wrong), GENERAL_ERROR, "");
    BAD(ov_infer_request_set_tensor(r, NULL, fits));
    BAD(ov_infer_request_set_tensor(r, "a_t", NULL));
    BAD(ov_infer_request_set_tensor(NULL, "a_t", fits));
    BAD(ov_infer_request_get_tensor(r, "a_t", NULL));
    BAD(ov_infer_request_set_tensor_by_port(r, NULL, fits));
    BAD(ov_infer_request_get_tensor_by_const_port(r, NULL, &got));
    BAD(ov_infer_request_set_input_tensor_by_index(r, 0, NULL));
    BAD(ov_infer_request_get_input_tensor_by_index(NULL, 0, &got));
    BAD(ov_infer_request_infer(NULL));
    BAD(ov_infer_request_start_async(NULL));
    BAD(ov_infer_request_wait(NULL));
    BAD(ov_infer_request_wait_for(NULL, 1));
    BAD(ov_infer_request_cancel(NULL));
    BAD(ov_infer_request_set_callback(r, NULL));
    BAD(ov_infer_request_get_profiling_info(r, NULL));
    assert_null(got);
    ov_tensor_free(fits);
    ov_tensor_free(wrong);
    ov_tensor_free(rank);
    ov_tensor_free(ints);
}

static void binding(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_TWO, device);

    check_binding(r);
    ov_infer_request_free(r);
}

static void test_binding(void **state)
{
    (void)state;
    on_each_device(binding);
}

/* Ports of the compiled model, of its model, and of another reading of the same file. */
static void ports(ov_core_t *core, const char *device)
{
    ov_model_t *model = read_text(core, MODEL_TWO), *again = read_text(core, MODEL_TWO);
    ov_model_t *stranger = read_text(core, MODEL_ONE("1,3"));
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *r = NULL;
    ov_output_const_port_t *port = NULL;
    ov_output_port_t *mutable = NULL;
    ov_tensor_t *a = new_f32(2, 1, 3, 1), *b = new_f32(2, 1, 3, -3), *got = NULL;

    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &r));
    PASS(ov_compiled_model_input_by_index(compiled, 0, &port));
    PASS(ov_infer_request_set_tensor_by_const_port(r, port, a));
    ov_output_const_port_free(port);
    PASS(ov_model_input_by_index(model, 1, &mutable));
    PASS(ov_infer_request_set_tensor_by_port(r, mutable, b));
    ov_output_port_free(mutable);
    PASS(ov_infer_request_infer(r));
    check_sum(r);
    PASS(ov_model_const_output_by_index(again, 0, &port));
    PASS(ov_infer_request_get_tensor_by_const_port(r, port, &got));
    assert_true(element(got, 0) == -2);
    ov_tensor_free(got);
    ov_output_const_port_free(port);
    PASS(ov_model_input_by_name(again, "a_t", &mutable));
    PASS(ov_infer_request_get_tensor_by_port(r, mutable, &got));
    assert_true(element(got, 2) == 3);
    ov_tensor_free(got);
    ov_output_port_free(mutable);
    PASS(ov_model_const_input(stranger, &port));
    CHECK(ov_infer_request_set_tensor_by_const_port(r, port, a), GENERAL_ERROR, "x_t");
    ov_output_const_port_free(port);
    ov_tensor_free(a);
    ov_tensor_free(b);
    ov_infer_request_free(r);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_model_free(again);
    ov_model_free(stranger);
}

static void test_ports(void **state)
{
    (void)state;
    on_each_device(ports);
}

/* Core, model and compiled model go before the request, the request before its tensors. */
static void ownership(ov_core_t *core, const char *device)
{
    ov_core_t *own = new_core();
    ov_infer_request_t *r = new_request(own, MODEL_TWO, device);
    ov_tensor_t *first = NULL, *second = NULL, *in = NULL;
    void *x, *y;

    (void)core;
    ov_core_free(own);
    feed(r);
    PASS(ov_infer_request_infer(r));
    PASS(ov_infer_request_get_tensor(r, "sum", &first));
    PASS(ov_infer_request_get_tensor(r, "total", &second));
    PASS(ov_infer_request_get_input_tensor_by_index(r, 0, &in));
    PASS(ov_tensor_data(first, &x));
    PASS(ov_tensor_data(second, &y));
    assert_ptr_equal(x, y);
    ov_tensor_free(first);
    ov_infer_request_free(r);
    assert_true(element(second, 0) == -2);
    assert_true(element(in, 0) == 1);
    ov_tensor_free(second);
    ov_tensor_free(in);
}

static void test_ownership(void **state)
{
    (void)state;
    on_each_device(ownership);
}

static void assert_rows(const ov_tensor_t *tensor, int64_t rows)
{
    ov_shape_t shape = {0};

    PASS(ov_tensor_get_shape(tensor, &shape));
    assert_int_equal(shape.rank, 2);
    assert_int_equal(shape.dims[0], rows);
    PASS(ov_shape_free(&shape));
}

static void dynamic(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_ONE("?,4"), device);
    ov_tensor_t *in = NULL, *out = NULL, *own = new_f32(2, 2, 4, 0), *wrong = new_f32(2, 2, 5, 0);
    int64_t dims[] = {3, 4};
    ov_shape_t shape = {2, dims};
    float memory[8];
    ov_tensor_t *host = NULL;
    void *data = NULL;

    PASS(ov_infer_request_get_input_tensor(r, &in));
    PASS(ov_infer_request_get_output_tensor(r, &out));
    assert_rows(in, 0);
    assert_rows(out, 0);
    PASS(ov_infer_request_infer(r));
    assert_rows(out, 0);
    PASS(ov_tensor_set_shape(in, shape));
    PASS(ov_tensor_data(in, &data));
    memset(data, 0, 3 * 4 * sizeof(float));
    PASS(ov_infer_request_infer(r));
    assert_rows(out, 3);
    CHECK(ov_infer_request_set_input_tensor(r, wrong), GENERAL_ERROR, "");
    PASS(ov_infer_request_set_output_tensor(r, own));
    PASS(ov_infer_request_infer(r));
    assert_rows(own, 3);
    dims[0] = 2;
    PASS(ov_tensor_create_from_host_ptr(F32, shape, memory, &host));
    PASS(ov_infer_request_set_output_tensor(r, host));
    CHECK(ov_infer_request_infer(r), GENERAL_ERROR, "cannot grow");
    assert_rows(host, 2);
    ov_tensor_free(in);
    ov_tensor_free(out);
    ov_tensor_free(own);
    ov_tensor_free(wrong);
    ov_tensor_free(host);
    ov_infer_request_free(r);
}

static void test_dynamic(void **state)
{
    (void)state;
    on_each_device(dynamic);
}

/* ---- asynchronous */

struct gate {
    sem_t entered, leave;
    ov_infer_request_t *request;
    ov_status_e wait_inside;
    int calls;
};

static void gate_init(struct gate *gate, ov_infer_request_t *request)
{
    *gate = (struct gate){.request = request, .wait_inside = UNEXPECTED};
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->leave, 0, 0);
}

static void gate_finish(struct gate *gate)
{
    sem_destroy(&gate->entered);
    sem_destroy(&gate->leave);
}

/* Stays inside until it is let go: with one stream nothing else runs meanwhile. */
static void hold(void *arg)
{
    struct gate *gate = arg;

    gate->wait_inside = ov_infer_request_wait_for(gate->request, 0);
    gate->calls++;
    sem_post(&gate->entered);
    sem_wait(&gate->leave);
}

static void count(void *arg)
{
    ((struct gate *)arg)->calls++;
}

static void async(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_TWO, device);
    struct gate gate;

    gate_init(&gate, r);
    {
        ov_callback_t callback = {count, &gate};

        PASS(ov_infer_request_set_callback(r, &callback));
        memset(&callback, 0, sizeof(callback));
    }
    feed(r);
    PASS(ov_infer_request_wait(r));
    CHECK(ov_infer_request_wait_for(r, 0), RESULT_NOT_READY, NULL);
    CHECK(ov_infer_request_wait_for(r, -1), GENERAL_ERROR, "");
    PASS(ov_infer_request_start_async(r));
    PASS(ov_infer_request_wait(r));
    assert_int_equal(gate.calls, 1);
    PASS(ov_infer_request_wait(r));
    PASS(ov_infer_request_wait_for(r, INT64_MAX));
    check_sum(r);
    PASS(ov_infer_request_infer(r));
    assert_int_equal(gate.calls, 1);
    {
        ov_callback_t none = {NULL, NULL};

        PASS(ov_infer_request_set_callback(r, &none));
    }
    PASS(ov_infer_request_start_async(r));
    PASS(ov_infer_request_wait_for(r, 60000));
    assert_int_equal(gate.calls, 1);
    ov_infer_request_free(r);
    gate_finish(&gate);
}

static void test_async(void **state)
{
    (void)state;
    on_each_device(async);
}

/* Two requests of one stream: while the first one's callback is held, the second one runs. */
static void busy(ov_core_t *core, const char *device)
{
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *a = NULL, *b = NULL;
    ov_tensor_t *tensor = new_f32(2, 1, 3, 0), *none = NULL;
    ov_profiling_info_list_t profile;
    struct gate gate, other;
    ov_callback_t held = {hold, &gate}, counted = {count, &other};

    PASS(ov_core_compile_model(core, model, device, 2, &compiled, "NUM_STREAMS", "1"));
    PASS(ov_compiled_model_create_infer_request(compiled, &a));
    PASS(ov_compiled_model_create_infer_request(compiled, &b));
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    gate_init(&gate, a);
    gate_init(&other, b);
    feed(a);
    feed(b);
    PASS(ov_infer_request_set_callback(a, &held));
    PASS(ov_infer_request_set_callback(b, &counted));
    PASS(ov_infer_request_start_async(a));
    sem_wait(&gate.entered);
    assert_int_equal(gate.wait_inside, RESULT_NOT_READY);

    PASS(ov_infer_request_start_async(b));
    CHECK(ov_infer_request_start_async(b), REQUEST_BUSY, "running");
    CHECK(ov_infer_request_infer(b), REQUEST_BUSY, "running");
    CHECK(ov_infer_request_set_tensor(b, "a_t", tensor), REQUEST_BUSY, "running");
    CHECK(ov_infer_request_get_tensor(b, "sum", &none), REQUEST_BUSY, "running");
    CHECK(ov_infer_request_get_profiling_info(b, &profile), REQUEST_BUSY, "running");
    CHECK(ov_infer_request_set_callback(b, &counted), REQUEST_BUSY, "running");
    CHECK(ov_infer_request_wait_for(b, 0), RESULT_NOT_READY, NULL);
    assert_null(none);
    PASS(ov_infer_request_cancel(b));
    sem_post(&gate.leave);
    CHECK(ov_infer_request_wait(b), INFER_CANCELLED, "cancel");
    CHECK(ov_infer_request_wait_for(b, 1000), INFER_CANCELLED, "cancel");
    assert_int_equal(other.calls, 1);
    PASS(ov_infer_request_start_async(b));
    PASS(ov_infer_request_wait(b));
    assert_int_equal(other.calls, 2);
    check_sum(b);

    /* A request that is freed while it runs is waited for and calls nobody. */
    PASS(ov_infer_request_wait(a));
    PASS(ov_infer_request_start_async(a));
    sem_wait(&gate.entered);
    PASS(ov_infer_request_start_async(b));
    sem_post(&gate.leave);
    ov_infer_request_free(b);
    ov_infer_request_free(a);
    assert_int_equal(gate.calls, 2);
    ov_tensor_free(tensor);
    gate_finish(&gate);
    gate_finish(&other);
}

static void test_busy(void **state)
{
    (void)state;
    on_each_device(busy);
}

static void restart(void *arg)
{
    struct gate *gate = arg;

    if (++gate->calls < 3) {
        assert_int_equal(ov_infer_request_start_async(gate->request), OK);
    } else {
        sem_post(&gate->entered);
    }
}

static void chain(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_TWO, device);
    struct gate gate;
    ov_callback_t callback = {restart, &gate};

    gate_init(&gate, r);
    feed(r);
    PASS(ov_infer_request_set_callback(r, &callback));
    PASS(ov_infer_request_start_async(r));
    sem_wait(&gate.entered);
    PASS(ov_infer_request_wait(r));
    assert_int_equal(gate.calls, 3);
    check_sum(r);
    ov_infer_request_free(r);
    gate_finish(&gate);
}

static void test_restart_in_callback(void **state)
{
    (void)state;
    on_each_device(chain);
}

/* A failing inference tells its message at each wait. */
static void failing(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_ONE("1,3"), device);
    ov_tensor_t *in = NULL;
    int64_t dims[] = {2, 3};
    ov_shape_t shape = {2, dims};

    PASS(ov_infer_request_get_input_tensor(r, &in));
    PASS(ov_tensor_set_shape(in, shape));
    CHECK(ov_infer_request_infer(r), GENERAL_ERROR, "[2,3]");
    PASS(ov_infer_request_start_async(r));
    CHECK(ov_infer_request_wait(r), GENERAL_ERROR, "[2,3]");
    CHECK(ov_infer_request_wait_for(r, 1000), GENERAL_ERROR, "[2,3]");
    ov_tensor_free(in);
    ov_infer_request_free(r);
}

static void test_failing(void **state)
{
    (void)state;
    on_each_device(failing);
}

static void profile(ov_core_t *core, const char *device)
{
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *r = NULL;
    ov_profiling_info_list_t list = {0};
    vt_compiled_model_memory_t memory;
    ov_status_e status;

    PASS(ov_core_compile_model(core, model, device, 2, &compiled, "PERF_COUNT", "YES"));
    PASS(ov_compiled_model_create_infer_request(compiled, &r));
    feed(r);
    PASS(ov_infer_request_infer(r));
    PASS(ov_infer_request_get_profiling_info(r, &list));
    for (size_t i = 0; i < list.size; i++) {
        assert_true(list.profiling_infos[i].node_name[0] != 0);
        assert_true(list.profiling_infos[i].node_type[0] != 0);
        assert_non_null(list.profiling_infos[i].exec_type);
        assert_true(list.profiling_infos[i].real_time >= 0);
        assert_in_range(list.profiling_infos[i].status, NOT_RUN, EXECUTED);
    }
    ov_profiling_info_list_free(&list);
    assert_null(list.profiling_infos);
    assert_int_equal(list.size, 0);

    BAD(vt_compiled_model_memory(NULL, &memory));
    BAD(vt_compiled_model_memory(compiled, NULL));
    memory = (vt_compiled_model_memory_t){UINT64_MAX, UINT64_MAX, UINT64_MAX};
    status = vt_compiled_model_memory(compiled, &memory);
    assert_true(status == NOT_IMPLEMENTED || (status == OK && memory.weights < 1 << 20));
    ov_infer_request_free(r);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
}

/* Without PERF_COUNT, and before the first inference, the same steps are listed without times. */
static void check_not_run(ov_core_t *core, const char *device, const char *text, const char *count, bool run)
{
    ov_model_t *model = read_text(core, text);
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *r = NULL;
    ov_profiling_info_list_t list = {0};
    size_t relu = 0;

    PASS(ov_core_compile_model(core, model, device, 2, &compiled, "PERF_COUNT", count));
    PASS(ov_compiled_model_create_infer_request(compiled, &r));
    if (run) {
        PASS(ov_infer_request_infer(r));
    }
    PASS(ov_infer_request_get_profiling_info(r, &list));
    assert_true(list.size > 0);
    for (size_t i = 0; i < list.size; i++) {
        const ov_profiling_info_t *info = &list.profiling_infos[i];

        assert_int_equal(info->status, NOT_RUN);
        assert_true(info->real_time == 0 && info->cpu_time == 0);
        assert_true(info->node_type[0] != 0 && info->exec_type[0] != 0);
        relu += strcmp(info->node_name, "op") == 0;
    }
    assert_int_equal(relu, 1);
    ov_profiling_info_list_free(&list);
    ov_infer_request_free(r);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
}

static void not_run(ov_core_t *core, const char *device)
{
    check_not_run(core, device, MODEL_ONE("1,2"), "NO", true);
    check_not_run(core, device, MODEL_ONE("1,2"), "NO", false);
    check_not_run(core, device, MODEL_ONE("1,2"), "YES", false);
    check_not_run(core, device, MODEL_ONE("?,2"), "NO", true);
    check_not_run(core, device, MODEL_ONE("?,2"), "YES", false);
}

static void test_profile(void **state)
{
    (void)state;
    on_each_device(profile);
    on_each_device(not_run);
}

/* ---- strings of which only the shape is wanted */

#define MODEL_STRINGS(shape, middle, from)                                                                   \
    "<?xml version=\"1.0\"?><net name=\"texts\" version=\"11\"><layers><layer id=\"0\" name=\"texts\" "      \
    "type=\"Parameter\" version=\"opset1\"><data shape=\"" shape "\" element_type=\"string\"/><output>"      \
    "<port id=\"0\" precision=\"STRING\" names=\"texts_t\"/></output></layer>" middle                        \
    "<layer id=\"2\" name=\"res\" type=\"Result\" version=\"opset1\"><input><port "                          \
    "id=\"0\"/></input></layer>"                                                                             \
    "</layers><edges>" from "</edges></net>"
#define SHAPE_OF                                                                                             \
    "<layer id=\"1\" name=\"shape\" type=\"ShapeOf\" version=\"opset3\"><data output_type=\"i64\"/><input>"  \
    "<port id=\"0\" precision=\"STRING\"/></input><output><port id=\"1\" "                                   \
    "precision=\"I64\"/></output></layer>"

static void strings(ov_core_t *core, const char *device)
{
    const char *texts[] = {"short", "a string that is longer than the inner buffer", ""};
    ov_infer_request_t *r;
    ov_tensor_t *in = NULL, *out = NULL;
    void *data;

    r = new_request(core, MODEL_STRINGS("?", SHAPE_OF, EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0")),
                    device);
    PASS(ov_tensor_create_from_string_array(texts, 3, (ov_shape_t){1, (int64_t[]){3}}, &in));
    PASS(ov_infer_request_set_input_tensor(r, in));
    PASS(ov_infer_request_infer(r));
    PASS(ov_infer_request_get_output_tensor(r, &out));
    PASS(ov_tensor_data(out, &data));
    assert_int_equal(*(int64_t *)data, 3);
    ov_tensor_free(in);
    ov_tensor_free(out);
    ov_infer_request_free(r);
}

static void test_strings(void **state)
{
    (void)state;
    on_each_device(strings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infer),   cmocka_unit_test(test_binding),
        cmocka_unit_test(test_ports),   cmocka_unit_test(test_ownership),
        cmocka_unit_test(test_dynamic), cmocka_unit_test(test_async),
        cmocka_unit_test(test_busy),    cmocka_unit_test(test_restart_in_callback),
        cmocka_unit_test(test_failing), cmocka_unit_test(test_profile),
        cmocka_unit_test(test_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
