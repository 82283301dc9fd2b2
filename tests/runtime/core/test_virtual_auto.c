/* AUTO: names, lists, the choice, the start on the CPU, falling back, states. */
#include "buffer.h"
#include "compiled.h"
#include "virtual_test.h"

#include <pthread.h>

static struct vt_core *core;
static struct vt_model *model;

static int set_up(void **state)
{
    reset_knobs(state);
    core = test_core();
    model = test_softmax("2,5", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_model_unref(model);
    vt_core_destroy(core);
    return 0;
}

static void assert_runs_on(const char *device, const char *executes, const char *priorities)
{
    struct vt_compiled *compiled = compile_for(core, model, device, NULL);
    struct vt_request *r = request_of(compiled);

    assert_property(compiled, "EXECUTION_DEVICES", executes);
    assert_property(compiled, "MULTI_DEVICE_PRIORITIES", priorities);
    infer_softmax(r, 1);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

static void test_lists(void **state)
{
    (void)state;
    assert_runs_on("AUTO:REFDEV", "REFDEV", "REFDEV");
    assert_runs_on("AUTO:REFDEV,KNOBS", "REFDEV", "REFDEV,KNOBS");
    assert_runs_on("AUTO: KNOBS , REFDEV", "KNOBS", "KNOBS,REFDEV");
    assert_runs_on("AUTO:CPU,REFDEV", "CPU", "CPU,REFDEV");
    assert_runs_on("AUTO:GPU,CPU", "CPU", "CPU");
    assert_runs_on("AUTO:-CPU,-KNOBS", "REFDEV", "REFDEV");
    assert_runs_on("AUTO:KNOBS,REFDEV,-KNOBS", "REFDEV", "REFDEV");
    assert_runs_on("AUTO:REFDEV,REFDEV", "REFDEV", "REFDEV");
    assert_runs_on("AUTO:REFDEV,", "REFDEV", "REFDEV");
    assert_runs_on("AUTO:", "CPU", "CPU,REFDEV,KNOBS");
    assert_runs_on("AUTO:-REFDEV,-KNOBS", "CPU", "CPU");
}

static void assert_refused(const char *device, int code, const char *part)
{
    struct vt_compiled *compiled = NULL;

    assert_fails(try_compile(core, model, device, NULL, &compiled), code, part);
    assert_null(compiled);
}

static void test_bad_lists(void **state)
{
    (void)state;
    assert_refused("AUTO:XPU", VT_E_NOT_FOUND, "there is no device \"XPU\"");
    assert_refused("AUTO:XPU,CPU", VT_E_NOT_FOUND, "there is no device \"XPU\"");
    assert_refused("AUTO:cpu", VT_E_NOT_FOUND, "\"cpu\"");
    assert_refused("AUTO:GPU", VT_E_DEVICE, "none of the devices \"GPU\" is there");
    assert_refused("AUTO:CPU,,REFDEV", VT_E_INVALID, "entry without name");
    assert_refused("AUTO:CPU(0)", VT_E_INVALID, "number in parentheses");
    assert_refused("AUTO:CPU(x)", VT_E_INVALID, "number in parentheses");
    assert_refused("AUTO:HETERO", VT_E_INVALID, "HETERO cannot be one of the devices of AUTO");
    assert_refused("AUTO:-CPU,-REFDEV,-KNOBS", VT_E_DEVICE, "no device is left");
    assert_refused("AUTO:REFDEV.3", VT_E_DEVICE, "REFDEV.3");
    assert_refused("MULTI", VT_E_INVALID, "MULTI needs a list of devices");
    assert_refused("HETERO", VT_E_INVALID, "HETERO needs a list of devices");
    assert_refused("BATCH", VT_E_INVALID, "BATCH needs a list of devices");
    assert_refused("BATCH:CPU,REFDEV", VT_E_INVALID, "BATCH takes one device");
    assert_refused("AUTO.0", VT_E_NOT_FOUND, "AUTO.0");
}

/* AUTO is no device that one finds, but one that has a version. */
static void test_names(void **state)
{
    struct vt_version_info info[4];
    char **names, *value;
    int n;

    (void)state;
    assert_ok(vt_core_devices(core, &names, &n, ERR));
    for (int i = 0; i < n; i++) {
        assert_string_not_equal(names[i], "AUTO");
        assert_string_not_equal(names[i], "HETERO");
    }
    free(names);
    assert_int_equal(vt_core_versions(core, "AUTO", info, 4, ERR), 1);
    assert_string_equal(info[0].device, "AUTO");
    assert_int_equal(vt_core_versions(core, "MULTI:REFDEV,CPU", info, 4, ERR), 3);
    assert_string_equal(info[0].device, "CPU");
    assert_string_equal(info[1].device, "MULTI");
    assert_string_equal(info[2].device, "REFDEV");
    assert_int_equal(vt_core_versions(core, "BATCH:CPU(4)", info, 1, ERR), 2);
    assert_string_equal(info[0].device, "BATCH");
    assert_int_equal(vt_core_versions(core, "AUTO:GPU,CPU", info, 4, ERR), 2);
    assert_string_equal(info[1].device, "CPU");
    assert_fails(vt_core_versions(core, "AUTO:XPU", info, 4, ERR), VT_E_NOT_FOUND, "XPU");

    assert_ok(vt_core_get_property(core, "AUTO", "FULL_DEVICE_NAME", &value, ERR));
    assert_string_equal(value, "AUTO");
    free(value);
    assert_fails(vt_core_get_property(core, "AUTO:CPU", "FULL_DEVICE_NAME", &value, ERR), VT_E_INVALID,
                 "of the device AUTO itself");
    assert_fails(vt_core_set_property(core, "HETERO:CPU", "MULTI_DEVICE_PRIORITIES", "CPU", ERR),
                 VT_E_INVALID, "of the device HETERO itself");
}

static void assert_round_trip(const char *device, const char *key, const char *set, const char *got)
{
    char *value = NULL;

    assert_ok(vt_core_set_property(core, device, key, set, ERR));
    assert_ok(vt_core_get_property(core, device, key, &value, ERR));
    assert_string_equal(value, got);
    free(value);
}

static void test_properties(void **state)
{
    struct vt_compiled *compiled;
    char *value;

    (void)state;
    assert_ok(vt_core_get_property(core, "AUTO", "SUPPORTED_PROPERTIES", &value, ERR));
    assert_non_null(strstr(value, "ENABLE_STARTUP_FALLBACK"));
    assert_null(strstr(value, "AVAILABLE_DEVICES"));
    free(value);
    assert_round_trip("AUTO", "ENABLE_STARTUP_FALLBACK", "false", "NO");
    assert_round_trip("AUTO", "SCHEDULE_POLICY", "ROUND_ROBIN", "ROUND_ROBIN");
    assert_round_trip("AUTO", "MULTI_DEVICE_PRIORITIES", "REFDEV,CPU", "REFDEV,CPU");
    assert_round_trip("HETERO", "MULTI_DEVICE_PRIORITIES", "CPU", "CPU");
    assert_round_trip("BATCH", "AUTO_BATCH_TIMEOUT", "500", "500");
    assert_fails(vt_core_set_property(core, "AUTO", "NUM_STREAMS", "2", ERR), VT_E_NOT_FOUND, "NUM_STREAMS");
    assert_fails(vt_core_set_property(core, "AUTO", "MODEL_PRIORITY", "URGENT", ERR), VT_E_INVALID,
                 "LOW|MEDIUM|HIGH");
    assert_fails(vt_core_set_property(core, "AUTO", "FULL_DEVICE_NAME", "x", ERR), VT_E_NOT_FOUND, "read");

    compiled = compile_for(core, model, "AUTO", NULL);
    assert_property(compiled, "MULTI_DEVICE_PRIORITIES", "REFDEV,CPU");
    assert_property(compiled, "EXECUTION_DEVICES", "REFDEV");
    assert_property(compiled, "PERFORMANCE_HINT", "LATENCY");
    assert_property(compiled, "MODEL_PRIORITY", "MEDIUM");
    assert_property(compiled, "LOADED_FROM_CACHE", "NO");
    assert_property(compiled, "NETWORK_NAME", "softmax");
    vt_compiled_unref(compiled);

    compiled = compile_for(core, model, "AUTO:REFDEV", PAIRS("NUM_STREAMS", "3"));
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "3");
    vt_compiled_unref(compiled);
    compiled =
        compile_for(core, model, "AUTO:REFDEV", PAIRS("DEVICE_PROPERTIES", "{REFDEV:{NUM_STREAMS:2}}"));
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "2");
    assert_ok(vt_compiled_get_property(compiled, "DEVICE_PROPERTIES", &value, ERR));
    assert_non_null(strstr(value, "{REFDEV:{"));
    assert_non_null(strstr(value, "NUM_STREAMS:2"));
    free(value);
    vt_compiled_unref(compiled);
    assert_fails(try_compile(core, model, "AUTO:REFDEV", PAIRS("NOSUCH", "1"), &compiled), VT_E_NOT_FOUND,
                 "NOSUCH is known neither to AUTO nor to its devices");
    assert_fails(try_compile(core, model, "AUTO:REFDEV", PAIRS("MULTI_DEVICE_PRIORITIES", "CPU"), &compiled),
                 VT_E_INVALID, "\"CPU\", differ");
    compiled = compile_for(core, model, "AUTO:REFDEV", PAIRS("MULTI_DEVICE_PRIORITIES", "REFDEV"));
    vt_compiled_unref(compiled);
    assert_fails(try_compile(core, model, "AUTO:REFDEV", PAIRS("PERFORMANCE_HINT", "FAST"), &compiled),
                 VT_E_INVALID, "FAST");
}

/* The CPU answers until the other device has compiled; then the same requests go there. */
static void test_start_on_cpu(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled;
    struct vt_request *early, *late;

    (void)state;
    atomic_store(&k->hold_compile, 1);
    compiled = compile_for(core, model, "AUTO:KNOBS,CPU", NULL);
    assert_property(compiled, "EXECUTION_DEVICES", "(CPU)");
    early = request_of(compiled);
    infer_softmax(early, 1);
    assert_int_equal(atomic_load(&k->runs), 0);
    atomic_store(&k->hold_compile, 0);
    await_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    infer_softmax(early, 2);
    assert_int_equal(atomic_load(&k->runs), 1);
    late = request_of(compiled);
    infer_softmax(late, 3);
    assert_int_equal(atomic_load(&k->runs), 2);
    vt_request_destroy(early);
    vt_request_destroy(late);
    vt_compiled_unref(compiled);
}

static void assert_holds(struct vt_compiled *compiled, const char *device, bool expected)
{
    char *value = NULL, name[32];

    snprintf(name, sizeof(name), "%s:{", device);
    assert_ok(vt_compiled_get_property(compiled, "DEVICE_PROPERTIES", &value, ERR));
    if ((strstr(value, name) != NULL) != expected) {
        fail_msg("%s in %s", name, value);
    }
    free(value);
}

/* What the CPU needed is freed when the last request has left it, and made again when it has to help out. */
static void test_helper_goes(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled;
    struct vt_request *a, *b;

    (void)state;
    atomic_store(&k->hold_compile, 1);
    compiled = compile_for(core, model, "AUTO:KNOBS,CPU", NULL);
    a = request_of(compiled);
    b = request_of(compiled);
    infer_softmax(a, 1);
    atomic_store(&k->hold_compile, 0);
    await_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    assert_holds(compiled, "CPU", true);
    infer_softmax(a, 2);
    assert_holds(compiled, "CPU", true);
    infer_softmax(b, 3);
    assert_holds(compiled, "CPU", false);
    atomic_store(&k->fail_run, 1);
    infer_softmax(b, 4);
    assert_property(compiled, "EXECUTION_DEVICES", "CPU");
    assert_holds(compiled, "CPU", true);
    assert_holds(compiled, "KNOBS", false);
    infer_softmax(a, 5);
    assert_int_equal(atomic_load(&k->runs), 3);
    vt_request_destroy(a);
    vt_request_destroy(b);
    vt_compiled_unref(compiled);
}

/* Inferences go on while the device appears, and core and compiled model go before it does. */
static void test_switch_under_load(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled;
    struct vt_request *r[3];

    (void)state;
    atomic_store(&k->hold_compile, 1);
    compiled = compile_for(core, model, "AUTO:KNOBS,CPU", NULL);
    for (int i = 0; i < 3; i++) {
        r[i] = request_of(compiled);
    }
    vt_compiled_unref(compiled);
    for (int round = 0; round < 300 && atomic_load(&k->runs) < 20; round++) {
        if (round == 20) {
            atomic_store(&k->hold_compile, 0);
        }
        for (int i = 0; i < 3; i++) {
            fill_input(r[i], 0, (float)(round + i));
            assert_ok(vt_request_start(r[i], ERR));
        }
        for (int i = 0; i < 3; i++) {
            assert_ok(vt_request_wait(r[i], ERR));
            check_softmax(r[i], 2, 5, (float)(round + i));
        }
        sleep_ms(atomic_load(&k->runs) ? 0 : 1);
    }
    assert_true(atomic_load(&k->runs) >= 20);
    for (int i = 0; i < 3; i++) {
        vt_request_destroy(r[i]);
    }
}

/* Cancelling hits requests of devices that come and go. */
static void test_cancel_while_switching(void **state)
{
    struct knobs *k = knobs();
    int cancelled = 0;

    (void)state;
    for (int round = 0; round < 10; round++) {
        struct vt_compiled *compiled;
        struct vt_request *r[3];

        atomic_store(&k->hold_compile, 1);
        compiled = compile_for(core, model, "AUTO:KNOBS,CPU", NULL);
        for (int i = 0; i < 3; i++) {
            r[i] = request_of(compiled);
        }
        for (int step = 0; step < 12; step++) {
            atomic_store(&k->hold_compile, step < 3);
            if (step == 9) {
                atomic_store(&k->fail_run, 1);
            }
            for (int i = 0; i < 3; i++) {
                fill_input(r[i], 0, (float)i);
                assert_ok(vt_request_start(r[i], ERR));
            }
            for (int i = 0; i < 3; i++) {
                if ((step + i) % 2) {
                    vt_request_cancel(r[i]);
                }
            }
            for (int i = 0; i < 3; i++) {
                int status = vt_request_wait(r[i], ERR);

                cancelled += status == VT_E_CANCELLED;
                if (status == VT_OK) {
                    check_softmax(r[i], 2, 5, (float)i);
                } else {
                    assert_int_equal(status, VT_E_CANCELLED);
                }
            }
        }
        for (int i = 0; i < 3; i++) {
            vt_request_destroy(r[i]);
        }
        vt_compiled_unref(compiled);
        atomic_store(&k->fail_run, 0);
    }
    assert_true(cancelled > 0);
}

/* One inference without the core around it, which keeps wishes to cancel of its own. */
struct bare {
    const struct vt_request_fns *fns;
    void *request;
    int status;
};

static void *run_bare(void *arg)
{
    struct bare *b = arg;

    b->status = b->fns->run(b->request, NULL, NULL, NULL);
    return NULL;
}

static void check_keeps_cancels(const char *device)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled = compile_for(core, model, device, NULL);
    struct bare b = {.fns = compiled->request_fns};
    struct vt_buffer *x = NULL, *y = NULL;
    pthread_t thread;

    assert_ok(compiled->fns->create_request(compiled->impl, &b.request, ERR));
    assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){2, 5}, &x, ERR));
    assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){2, 5}, &y, ERR));
    memset(x->t.data, 0, x->t.bytes);
    assert_ok(b.fns->bind_input(b.request, 0, &x->t, ERR));
    assert_ok(b.fns->bind_output(b.request, 0, &y->t, y->capacity, ERR));
    assert_true(VT_TABLE_HAS(b.fns, begin));
    /* before the run */
    b.fns->begin(b.request);
    b.fns->cancel(b.request);
    assert_fails(b.fns->run(b.request, NULL, NULL, ERR), VT_E_CANCELLED, "cancelled");
    /* before the run of the device behind it */
    b.fns->begin(b.request);
    atomic_store(&k->hold_run, 1);
    assert_int_equal(pthread_create(&thread, NULL, run_bare, &b), 0);
    for (int i = 0; i < 20000 && !atomic_load(&k->running); i++) {
        sleep_ms(1);
    }
    b.fns->cancel(b.request);
    atomic_store(&k->hold_run, 0);
    pthread_join(thread, NULL);
    assert_int_equal(b.status, VT_E_CANCELLED);
    /* forgotten by the next one */
    b.fns->begin(b.request);
    assert_ok(b.fns->run(b.request, NULL, NULL, ERR));
    assert_near(((float *)y->t.data)[0], 0.2f);
    b.fns->destroy(b.request);
    vt_buffer_unref(x);
    vt_buffer_unref(y);
    vt_compiled_unref(compiled);
}

/* A virtual device passes on from when on no cancel may be lost. */
static void test_keeps_cancels(void **state)
{
    (void)state;
    check_keeps_cancels("KNOBS");
    check_keeps_cancels("AUTO:KNOBS");
    check_keeps_cancels("MULTI:KNOBS");
    check_keeps_cancels("HETERO:KNOBS");
    check_keeps_cancels("BATCH:KNOBS");
}

static void test_no_startup_fallback(void **state)
{
    struct vt_compiled *compiled =
        compile_for(core, model, "AUTO:KNOBS,CPU", PAIRS("ENABLE_STARTUP_FALLBACK", "NO"));

    (void)state;
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    vt_compiled_unref(compiled);
}

static void test_compile_fails(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled;

    (void)state;
    atomic_store(&k->fail_compile, 1);
    assert_runs_on("AUTO:KNOBS,REFDEV", "REFDEV", "KNOBS,REFDEV");
    compiled = compile_for(core, model, "AUTO:KNOBS,CPU", NULL);
    await_property(compiled, "EXECUTION_DEVICES", "CPU");
    vt_compiled_unref(compiled);
    assert_refused("AUTO:KNOBS", VT_E_DEVICE, "no device compiles the model");
    assert_refused("AUTO:KNOBS", VT_E_DEVICE, "told to fail");
}

static void test_run_fails(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled = compile_for(core, model, "AUTO:KNOBS,REFDEV", NULL);
    struct vt_request *r = request_of(compiled);

    (void)state;
    infer_softmax(r, 1);
    /* A wrong call would be wrong anywhere. */
    atomic_store(&k->bad_run, 1);
    assert_fails(vt_request_infer(r, ERR), VT_E_SHAPE, "told to dislike the shape");
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    atomic_store(&k->fail_run, 1);
    infer_softmax(r, 2);
    assert_property(compiled, "EXECUTION_DEVICES", "REFDEV");
    infer_softmax(r, 3);
    assert_int_equal(atomic_load(&k->runs), 3);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);

    compiled = compile_for(core, model, "AUTO:KNOBS,REFDEV", PAIRS("ENABLE_RUNTIME_FALLBACK", "NO"));
    r = request_of(compiled);
    atomic_store(&k->fail_run, 1);
    assert_fails(vt_request_infer(r, ERR), VT_E_DEVICE, "told to fail");
    infer_softmax(r, 4);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

/* The state counts on, wherever newer requests run. */
static void test_states_stay(void **state)
{
    struct knobs *k = knobs();
    struct vt_model *counter = test_counter();
    struct vt_state_store *states = NULL;
    struct vt_compiled *compiled;
    struct vt_request *old, *idle, *looked_at, *fresh;

    (void)state;
    atomic_store(&k->hold_compile, 1);
    compiled = compile_for(core, counter, "AUTO:KNOBS,CPU", NULL);
    old = request_of(compiled);
    idle = request_of(compiled);
    looked_at = request_of(compiled);
    assert_ok(vt_request_states(looked_at, &states, ERR));
    put_input(old, 1);
    assert_ok(vt_request_infer(old, ERR));
    assert_ok(vt_request_infer(old, ERR));
    assert_near(first_output(old), 2);
    atomic_store(&k->hold_compile, 0);
    await_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    assert_ok(vt_request_infer(old, ERR));
    assert_near(first_output(old), 3);
    put_input(looked_at, 1);
    assert_ok(vt_request_infer(looked_at, ERR));
    assert_int_equal(atomic_load(&k->runs), 0);
    put_input(idle, 5);
    assert_ok(vt_request_infer(idle, ERR));
    assert_ok(vt_request_infer(idle, ERR));
    assert_near(first_output(idle), 10);
    assert_int_equal(atomic_load(&k->runs), 2);
    fresh = request_of(compiled);
    put_input(fresh, 7);
    /* It may have written its state before it failed, so nobody else repeats it. */
    atomic_store(&k->fail_run, 1);
    assert_fails(vt_request_infer(fresh, ERR), VT_E_DEVICE, "told to fail");
    assert_ok(vt_request_infer(fresh, ERR));
    assert_near(first_output(fresh), 7);
    vt_request_destroy(old);
    vt_request_destroy(idle);
    vt_request_destroy(looked_at);
    vt_request_destroy(fresh);
    vt_compiled_unref(compiled);
    vt_model_unref(counter);
}

static void test_model_priority(void **state)
{
    struct vt_compiled *high, *low, *equal;

    (void)state;
    high = compile_for(core, model, "AUTO:KNOBS,REFDEV", PAIRS("MODEL_PRIORITY", "HIGH"));
    equal = compile_for(core, model, "AUTO:KNOBS,REFDEV", PAIRS("MODEL_PRIORITY", "HIGH"));
    low = compile_for(core, model, "AUTO:KNOBS,REFDEV", PAIRS("MODEL_PRIORITY", "LOW"));
    assert_property(high, "EXECUTION_DEVICES", "KNOBS");
    assert_property(equal, "EXECUTION_DEVICES", "KNOBS");
    assert_property(low, "EXECUTION_DEVICES", "REFDEV");
    vt_compiled_unref(low);
    low = compile_for(core, model, "AUTO:KNOBS", PAIRS("MODEL_PRIORITY", "LOW"));
    assert_property(low, "EXECUTION_DEVICES", "KNOBS");
    vt_compiled_unref(low);
    vt_compiled_unref(high);
    vt_compiled_unref(equal);
    low = compile_for(core, model, "AUTO:KNOBS,REFDEV", PAIRS("MODEL_PRIORITY", "LOW"));
    assert_property(low, "EXECUTION_DEVICES", "KNOBS");
    vt_compiled_unref(low);
}

static void test_dynamic(void **state)
{
    struct vt_model *dynamic = test_softmax("?,5", 1);
    struct vt_compiled *compiled = compile_for(core, dynamic, "AUTO:REFDEV,KNOBS", NULL);
    struct vt_request *r = request_of(compiled);

    (void)state;
    for (int64_t rows = 1; rows < 5; rows++) {
        int64_t dims[2] = {rows, 5};
        struct vt_buffer *b = test_floats(2, dims);

        assert_ok(vt_request_set(r, VT_INPUT, 0, b, ERR));
        vt_buffer_unref(b);
        fill_input(r, 0, (float)rows);
        assert_ok(vt_request_infer(r, ERR));
        check_softmax(r, rows, 5, (float)rows);
    }
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(dynamic);
}

/* The compiled model outlives core and model, with the device still compiling. */
static void test_life(void **state)
{
    struct knobs *k = knobs();
    struct vt_core *own = test_core();
    struct vt_model *short_lived = test_softmax("2,5", 2);
    struct vt_compiled *compiled;

    (void)state;
    atomic_store(&k->hold_compile, 1);
    assert_ok(vt_core_compile(own, short_lived, "AUTO:KNOBS,CPU", NULL, &compiled, ERR));
    vt_core_destroy(own);
    vt_model_unref(short_lived);
    atomic_store(&k->hold_compile, 0);
    await_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    vt_compiled_unref(compiled);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists),
        TEST(test_bad_lists),
        TEST(test_names),
        TEST(test_properties),
        TEST(test_start_on_cpu),
        TEST(test_helper_goes),
        TEST(test_switch_under_load),
        TEST(test_cancel_while_switching),
        TEST(test_keeps_cancels),
        TEST(test_no_startup_fallback),
        TEST(test_compile_fails),
        TEST(test_run_fails),
        TEST(test_states_stay),
        TEST(test_model_priority),
        TEST(test_dynamic),
        TEST(test_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
