/* BATCH: gathering, time running out, cancelling, and which models have a batch. */
#include "virtual_test.h"

#include <pthread.h>

static struct vt_core *core;
static struct vt_model *model;

static int set_up(void **state)
{
    reset_knobs(state);
    core = test_core();
    model = test_softmax("1,5", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_model_unref(model);
    vt_core_destroy(core);
    return 0;
}

#define FOREVER PAIRS("AUTO_BATCH_TIMEOUT", "100000")

static void start(struct vt_request *r, float seed)
{
    fill_input(r, 0, seed);
    assert_ok(vt_request_start(r, ERR));
}

static void finish(struct vt_request *r, float seed)
{
    assert_ok(vt_request_wait(r, ERR));
    check_softmax(r, 1, 5, seed);
}

static void test_gathers(void **state)
{
    struct vt_compiled *compiled = compile_for(core, model, "BATCH:KNOBS(4)", FOREVER);
    struct vt_request *r[4];

    (void)state;
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "4");
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    assert_property(compiled, "AUTO_BATCH_TIMEOUT", "100000");
    assert_property(compiled, "NUM_STREAMS", "1");
    assert_property(compiled, "PERF_COUNT", "NO");
    for (int i = 0; i < 4; i++) {
        r[i] = request_of(compiled);
    }
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 4; i++) {
            start(r[i], (float)(4 * round + i));
        }
        for (int i = 0; i < 4; i++) {
            finish(r[i], (float)(4 * round + i));
        }
        assert_int_equal(atomic_load(&knobs()->runs), round);
    }
    for (int i = 0; i < 4; i++) {
        vt_request_destroy(r[i]);
    }
    vt_compiled_unref(compiled);
}

static void test_time_runs_out(void **state)
{
    struct vt_compiled *compiled =
        compile_for(core, model, "BATCH:KNOBS(4)", PAIRS("AUTO_BATCH_TIMEOUT", "20"));
    struct vt_request *r[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        r[i] = request_of(compiled);
        start(r[i], (float)i);
    }
    for (int i = 0; i < 3; i++) {
        finish(r[i], (float)i);
    }
    assert_int_equal(atomic_load(&knobs()->runs), 3);
    fill_input(r[0], 0, 9);
    assert_ok(vt_request_infer(r[0], ERR));
    check_softmax(r[0], 1, 5, 9);
    assert_int_equal(atomic_load(&knobs()->runs), 4);
    for (int i = 0; i < 3; i++) {
        vt_request_destroy(r[i]);
    }
    assert_ok(vt_compiled_set_property(compiled, "AUTO_BATCH_TIMEOUT", "7", ERR));
    assert_property(compiled, "AUTO_BATCH_TIMEOUT", "7");
    assert_fails(vt_compiled_set_property(compiled, "AUTO_BATCH_TIMEOUT", "-7", ERR), VT_E_INVALID, "-7");
    assert_fails(vt_compiled_set_property(compiled, "PERF_COUNT", "YES", ERR), VT_E_UNSUPPORTED,
                 "PERF_COUNT");
    vt_compiled_unref(compiled);
}

/* Who is cancelled makes room for another. */
static void test_cancel(void **state)
{
    struct vt_compiled *compiled = compile_for(core, model, "BATCH:KNOBS(2)", FOREVER);
    struct vt_request *a = request_of(compiled), *b = request_of(compiled), *c = request_of(compiled);

    (void)state;
    for (int i = 0; i < 20; i++) {
        int runs = atomic_load(&knobs()->runs);

        start(a, 1);
        sleep_ms(i % 3);
        vt_request_cancel(a);
        assert_fails(vt_request_wait(a, ERR), VT_E_CANCELLED, "cancelled");
        start(b, 2);
        start(c, 3);
        finish(b, 2);
        finish(c, 3);
        assert_int_equal(atomic_load(&knobs()->runs), runs + 1);
    }
    vt_request_destroy(a);
    vt_request_destroy(b);
    vt_request_destroy(c);
    vt_compiled_unref(compiled);
}

/* A batch that fails is run one by one; the trouble is that of the one who has it. */
static void test_failure(void **state)
{
    struct vt_compiled *compiled = compile_for(core, model, "BATCH:KNOBS(2)", FOREVER);
    struct vt_request *a = request_of(compiled), *b = request_of(compiled);
    int failed = 0;

    (void)state;
    atomic_store(&knobs()->fail_run, 1);
    start(a, 1);
    start(b, 2);
    finish(a, 1);
    finish(b, 2);
    assert_int_equal(atomic_load(&knobs()->runs), 3);
    atomic_store(&knobs()->fail_run, 2);
    start(a, 1);
    start(b, 2);
    failed += vt_request_wait(a, ERR) == VT_E_DEVICE;
    failed += vt_request_wait(b, ERR) == VT_E_DEVICE;
    assert_int_equal(failed, 1);
    vt_request_destroy(a);
    vt_request_destroy(b);
    vt_compiled_unref(compiled);
}

struct client {
    struct vt_compiled *compiled;
    int id;
    bool ok;
};

/* cmocka's checks are for one thread. */
static void *be_client(void *arg)
{
    struct client *c = arg;
    struct vt_request *r = NULL;
    struct vt_buffer *in = NULL, *out = NULL;

    c->ok = !vt_request_create(c->compiled, &r, NULL) && !vt_request_get(r, VT_INPUT, 0, &in, NULL) &&
            !vt_request_get(r, VT_OUTPUT, 0, &out, NULL);
    for (int round = 0; round < 60 && c->ok; round++) {
        float seed = (float)(c->id * 100 + round), sum = 0;

        for (int i = 0; i < 5; i++) {
            ((float *)in->t.data)[i] = sinf(seed + (float)i);
            sum += expf(sinf(seed + (float)i));
        }
        c->ok = !vt_request_infer(r, NULL);
        for (int i = 0; i < 5; i++) {
            c->ok &= fabsf(((float *)out->t.data)[i] - expf(sinf(seed + (float)i)) / sum) < 1e-5f;
        }
    }
    vt_buffer_unref(in);
    vt_buffer_unref(out);
    vt_request_destroy(r);
    return NULL;
}

/* Seven clients never fill batches of four evenly. */
static void test_clients(void **state)
{
    struct vt_compiled *compiled =
        compile_for(core, model, "BATCH:KNOBS(4)", PAIRS("AUTO_BATCH_TIMEOUT", "2"));
    struct client clients[7];
    pthread_t threads[7];

    (void)state;
    for (int i = 0; i < 7; i++) {
        clients[i] = (struct client){compiled, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, be_client, &clients[i]), 0);
    }
    for (int i = 0; i < 7; i++) {
        pthread_join(threads[i], NULL);
        assert_true(clients[i].ok);
    }
    assert_true(atomic_load(&knobs()->runs) < 7 * 60);
    vt_compiled_unref(compiled);
}

static void test_load(void **state)
{
    struct vt_compiled *compiled =
        compile_for(core, model, "BATCH:CPU(4)", PAIRS("AUTO_BATCH_TIMEOUT", "50", "NUM_STREAMS", "2"));
    struct vt_request *r[8];

    (void)state;
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "8");
    for (int i = 0; i < 8; i++) {
        r[i] = request_of(compiled);
    }
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 8; i++) {
            start(r[i], (float)(8 * round + i));
        }
        for (int i = 0; i < 8; i++) {
            finish(r[i], (float)(8 * round + i));
        }
    }
    for (int i = 0; i < 8; i++) {
        vt_request_destroy(r[i]);
    }
    vt_compiled_unref(compiled);
}

static void test_profile(void **state)
{
    struct vt_compiled *compiled = compile_for(core, model, "BATCH:REFDEV(2)",
                                               PAIRS("AUTO_BATCH_TIMEOUT", "100000", "PERF_COUNT", "YES"));
    struct vt_request *a = request_of(compiled), *b = request_of(compiled);
    const struct vt_profile *list;
    int n;

    (void)state;
    start(a, 1);
    start(b, 2);
    finish(a, 1);
    finish(b, 2);
    assert_ok(vt_request_profile(a, &list, &n, ERR));
    assert_int_equal(n, model->graph->n_nodes);
    assert_int_equal(list[1].status, VT_PROFILE_EXECUTED);
    vt_request_destroy(a);
    vt_request_destroy(b);
    vt_compiled_unref(compiled);
}

/* ---- which models have a batch */

/* Whether two inferences of a model for BATCH:REFDEV(2) become one. */
static void assert_batched(struct vt_graph *g, bool expected)
{
    struct vt_model *m = test_finish(g);
    struct vt_compiled *compiled = compile_for(core, m, "BATCH:KNOBS(2)", NULL);

    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", expected ? "2" : "1");
    assert_int_equal(atomic_load(&knobs()->compiles), expected ? 2 : 1);
    atomic_store(&knobs()->compiles, 0);
    vt_compiled_unref(compiled);
    vt_model_unref(m);
}

static struct vt_node *with_ints(struct vt_graph *g, const char *op, int opset, struct vt_node *x, int64_t n,
                                 const int64_t *values)
{
    struct vt_port in[2] = {vt_port_of(x, 0), vt_port_of(vt_constant_i64s(g, "ints", 1, n, values, ERR), 0)};
    struct vt_node *node = vt_node_build(g, op, opset, op, 2, in, ERR);

    assert_non_null(node);
    return node;
}

static struct vt_graph *begin(const char *shape, struct vt_node **x)
{
    struct vt_graph *g = vt_graph_create("rows");

    *x = test_param(g, "x", "f32", shape, "x_t");
    return g;
}

static struct vt_graph *end(struct vt_graph *g, struct vt_node *y)
{
    test_unary(g, "Result", 1, "y", y, NULL);
    return g;
}

static void test_rows(void **state)
{
    static const int64_t first = 0, second = 1, fixed[2] = {1, 12}, folded[2] = {3, 4}, open[2] = {0, 12},
                         swap[2] = {1, 0}, keep[3] = {0, 2, 1};
    struct vt_node *x, *y;
    struct vt_graph *g;

    (void)state;
    g = begin("1,3,4", &x);
    assert_batched(end(g, test_unary(g, "Relu", 1, "y", x, NULL)), true);
    g = begin("2,3,4", &x);
    assert_batched(end(g, test_unary(g, "Relu", 1, "y", x, NULL)), false);
    g = begin("?,3,4", &x);
    assert_batched(end(g, test_unary(g, "Relu", 1, "y", x, NULL)), false);

    g = begin("1,3,4", &x);
    y = test_unary(g, "Softmax", 8, "y", x, NULL);
    assert_ok(vt_attr_set_text(y, "axis", "0", ERR));
    assert_batched(end(g, y), false);

    g = begin("1,3,4", &x);
    y = with_ints(g, "ReduceMean", 1, x, 1, &first);
    assert_ok(vt_attr_set_text(y, "keep_dims", "true", ERR));
    assert_batched(end(g, test_unary(g, "Relu", 1, "y", x, NULL)), true);
    g = begin("1,3,4", &x);
    y = with_ints(g, "ReduceMean", 1, x, 1, &first);
    assert_ok(vt_attr_set_text(y, "keep_dims", "true", ERR));
    {
        struct vt_port in[2] = {vt_port_of(x, 0), vt_port_of(y, 0)};

        assert_batched(end(g, vt_node_build(g, "Subtract", 1, "sub", 2, in, ERR)), false);
    }
    g = begin("1,3,4", &x);
    assert_batched(end(g, with_ints(g, "ReduceMean", 1, x, 1, &second)), true);

    g = begin("1,3,4", &x);
    y = with_ints(g, "Reshape", 1, x, 2, folded);
    assert_batched(end(g, y), false);
    /* The 1 means the batch. */
    g = begin("1,3,4", &x);
    y = with_ints(g, "Reshape", 1, x, 2, fixed);
    assert_batched(end(g, y), true);
    g = begin("1,3,4", &x);
    y = with_ints(g, "Reshape", 1, x, 2, open);
    assert_ok(vt_attr_set_text(y, "special_zero", "true", ERR));
    assert_batched(end(g, y), true);

    g = begin("1,4", &x);
    assert_batched(end(g, with_ints(g, "Transpose", 1, x, 2, swap)), false);
    g = begin("1,3,4", &x);
    assert_batched(end(g, with_ints(g, "Transpose", 1, x, 3, keep)), true);
    g = begin("1,3,4", &x);
    assert_batched(end(g, test_unary(g, "ShapeOf", 3, "y", x, NULL)), false);
    g = begin("1,3,4", &x);
    assert_batched(end(g, test_unary(g, "NonZero", 3, "y", x, NULL)), false);
}

/* x [1,4] times a matrix of weights, and the number of rows in a computation. */
static void test_products(void **state)
{
    struct vt_node *x, *w;
    struct vt_graph *g;
    struct vt_tensor t;
    int64_t dims[2] = {4, 4};
    float data[16] = {0};
    struct vt_port in[2];

    (void)state;
    assert_true(vt_tensor_describe(&t, VT_F32, 2, dims));
    t.data = data;
    g = begin("1,4", &x);
    w = vt_constant_create(g, "w", &t, NULL, ERR);
    in[0] = vt_port_of(x, 0);
    in[1] = vt_port_of(w, 0);
    assert_batched(end(g, vt_node_build(g, "MatMul", 1, "mm", 2, in, ERR)), true);

    g = begin("1,4", &x);
    in[0] = in[1] = vt_port_of(x, 0);
    w = vt_node_build(g, "MatMul", 1, "mm", 2, in, ERR);
    assert_ok(vt_attr_set_text(w, "transpose_b", "true", ERR));
    assert_batched(end(g, w), false);

    g = begin("1,4", &x);
    w = test_unary(g, "Convert", 1, "number", test_unary(g, "ShapeOf", 3, "shape", x, NULL), NULL);
    assert_ok(vt_attr_set_text(w, "destination_type", "f32", ERR));
    {
        static const int64_t zero = 0, axis = 0;
        struct vt_port from[3] = {vt_port_of(w, 0), vt_port_of(vt_constant_i64s(g, "i", 0, 1, &zero, ERR), 0),
                                  vt_port_of(vt_constant_i64s(g, "axis", 0, 1, &axis, ERR), 0)};

        in[0] = vt_port_of(x, 0);
        in[1] = vt_port_of(vt_node_build(g, "Gather", 8, "rows", 3, from, ERR), 0);
    }
    assert_batched(end(g, vt_node_build(g, "Multiply", 1, "product", 2, in, ERR)), false);
}

static void test_refusals(void **state)
{
    struct vt_model *counter = test_counter();
    struct vt_compiled *compiled;

    (void)state;
    assert_fails(try_compile(core, counter, "BATCH:CPU(2)", NULL, &compiled), VT_E_UNSUPPORTED,
                 "not implemented: BATCH of a model with variable states");
    vt_model_unref(counter);
    compiled = compile_for(core, model, "BATCH:CPU", NULL);
    assert_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "1");
    vt_compiled_unref(compiled);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gathers),  TEST(test_time_runs_out), TEST(test_cancel),  TEST(test_failure),
        TEST(test_clients),  TEST(test_load),          TEST(test_profile), TEST(test_rows),
        TEST(test_products), TEST(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
