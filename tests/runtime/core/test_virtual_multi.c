/* MULTI and CUMULATIVE_THROUGHPUT: who gets the inferences. */
#include "virtual_test.h"

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

#define STREAMS "DEVICE_PROPERTIES", "{KNOBS:{NUM_STREAMS:2},REFDEV:{NUM_STREAMS:3}}"

static void test_properties(void **state)
{
    struct vt_compiled *compiled = compile_for(core, model, "MULTI:KNOBS,REFDEV", PAIRS(STREAMS));
    char *value;

    (void)state;
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS REFDEV");
    assert_property(compiled, "MULTI_DEVICE_PRIORITIES", "KNOBS,REFDEV");
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "5");
    assert_property(compiled, "PERFORMANCE_HINT", "THROUGHPUT");
    assert_property(compiled, "SCHEDULE_POLICY", "DEVICE_PRIORITY");
    assert_int_equal(vt_compiled_get_property(compiled, "NUM_STREAMS", &value, ERR), VT_E_NOT_FOUND);
    vt_compiled_unref(compiled);
    compiled = compile_for(core, model, "AUTO:KNOBS,REFDEV",
                           PAIRS("PERFORMANCE_HINT", "CUMULATIVE_THROUGHPUT", STREAMS));
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS REFDEV");
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "5");
    vt_compiled_unref(compiled);
}

/* One after the other: the first device is always free. */
static void test_priority(void **state)
{
    struct vt_compiled *compiled = compile_for(core, model, "MULTI:KNOBS,REFDEV", NULL);
    struct vt_request *r = request_of(compiled);

    (void)state;
    for (int i = 0; i < 6; i++) {
        infer_softmax(r, (float)i);
    }
    assert_int_equal(atomic_load(&knobs()->runs), 6);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

static void test_round_robin(void **state)
{
    struct vt_compiled *compiled =
        compile_for(core, model, "MULTI:KNOBS,REFDEV", PAIRS("SCHEDULE_POLICY", "ROUND_ROBIN"));
    struct vt_request *r = request_of(compiled);

    (void)state;
    for (int i = 0; i < 6; i++) {
        infer_softmax(r, (float)i);
    }
    assert_int_equal(atomic_load(&knobs()->runs), 3);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

/* The first device is full, so the others go on. */
static void test_overflow(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled = compile_for(core, model, "MULTI:KNOBS,REFDEV", PAIRS(STREAMS));
    struct vt_request *busy[2], *r = request_of(compiled);

    (void)state;
    atomic_store(&k->hold_run, 1);
    for (int i = 0; i < 2; i++) {
        busy[i] = request_of(compiled);
        fill_input(busy[i], 0, (float)i);
        assert_ok(vt_request_start(busy[i], ERR));
    }
    for (int i = 0; i < 20000 && atomic_load(&k->running) < 2; i++) {
        sleep_ms(1);
    }
    assert_int_equal(atomic_load(&k->running), 2);
    infer_softmax(r, 3);
    infer_softmax(r, 4);
    atomic_store(&k->hold_run, 0);
    for (int i = 0; i < 2; i++) {
        assert_ok(vt_request_wait(busy[i], ERR));
        check_softmax(busy[i], 2, 5, (float)i);
        vt_request_destroy(busy[i]);
    }
    assert_int_equal(atomic_load(&k->runs), 2);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

static void test_load(void **state)
{
    struct vt_compiled *compiled =
        compile_for(core, model, "MULTI:KNOBS,REFDEV,CPU", PAIRS("SCHEDULE_POLICY", "ROUND_ROBIN", STREAMS));
    struct vt_request *r[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        r[i] = request_of(compiled);
    }
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 8; i++) {
            fill_input(r[i], 0, (float)(8 * round + i));
            assert_ok(vt_request_start(r[i], ERR));
        }
        for (int i = 0; i < 8; i++) {
            assert_ok(vt_request_wait(r[i], ERR));
            check_softmax(r[i], 2, 5, (float)(8 * round + i));
        }
    }
    assert_true(atomic_load(&knobs()->runs) > 20);
    for (int i = 0; i < 8; i++) {
        vt_request_destroy(r[i]);
    }
    vt_compiled_unref(compiled);
}

static void test_one_fails(void **state)
{
    struct knobs *k = knobs();
    struct vt_compiled *compiled;
    struct vt_request *r;

    (void)state;
    atomic_store(&k->fail_compile, 1);
    compiled = compile_for(core, model, "MULTI:KNOBS,REFDEV", NULL);
    assert_property(compiled, "EXECUTION_DEVICES", "REFDEV");
    vt_compiled_unref(compiled);
    assert_fails(try_compile(core, model, "MULTI:KNOBS", NULL, &compiled), VT_E_DEVICE, "told to fail");
    atomic_store(&k->fail_compile, 0);

    compiled =
        compile_for(core, model, "AUTO:KNOBS,REFDEV", PAIRS("PERFORMANCE_HINT", "CUMULATIVE_THROUGHPUT"));
    r = request_of(compiled);
    atomic_store(&k->fail_run, 1);
    infer_softmax(r, 1);
    assert_property(compiled, "EXECUTION_DEVICES", "REFDEV");
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

/* Each request keeps its own device, and with it its states. */
static void test_states(void **state)
{
    struct vt_model *counter = test_counter();
    struct vt_compiled *compiled =
        compile_for(core, counter, "MULTI:KNOBS,REFDEV", PAIRS("SCHEDULE_POLICY", "ROUND_ROBIN"));
    struct vt_request *r[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        r[i] = request_of(compiled);
        put_input(r[i], (float)(i + 1));
    }
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 4; i++) {
            assert_ok(vt_request_infer(r[i], ERR));
            assert_near(first_output(r[i]), (float)(round * (i + 1)));
        }
    }
    assert_int_equal(atomic_load(&knobs()->runs), 6);
    for (int i = 0; i < 4; i++) {
        vt_request_destroy(r[i]);
    }
    vt_compiled_unref(compiled);
    vt_model_unref(counter);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_properties), TEST(test_priority),  TEST(test_round_robin), TEST(test_overflow),
        TEST(test_load),       TEST(test_one_fails), TEST(test_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
