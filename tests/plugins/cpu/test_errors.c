/* What the CPU plugin refuses, and how it says so. */
#include "cpu_test.h"

static int compile_with(const char *key, const char *value)
{
    struct vt_graph *g = net_create();
    struct vt_model *model;
    struct vt_config config = {1, &key, &value};
    struct vt_compiled *compiled = NULL;
    int status;

    net_result(g, net_unary(g, "Relu", 1, net_param(g, 1, (int64_t[]){3}), ""));
    model = net_finish(g);
    status = vt_core_compile(the_core(), model, "CPU", &config, &compiled, ERR);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    return status;
}

static void test_properties(void **state)
{
    static const char *const bad[][2] = {{"INFERENCE_NUM_THREADS", "-1"},
                                         {"INFERENCE_NUM_THREADS", "two"},
                                         {"NUM_STREAMS", "-3"},
                                         {"NUM_STREAMS", "1.5"},
                                         {"PERF_COUNT", "maybe"},
                                         {"INFERENCE_PRECISION_HINT", "i8"},
                                         {"PERFORMANCE_HINT", "FAST"},
                                         {"EXECUTION_MODE_HINT", "fast"},
                                         {"CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE", "2"},
                                         {"SCHEDULING_CORE_TYPE", "NO_CORE"}};
    static const char *const good[][2] = {{"INFERENCE_NUM_THREADS", "1"},
                                          {"NUM_STREAMS", "2"},
                                          {"PERF_COUNT", "YES"},
                                          {"INFERENCE_PRECISION_HINT", "f32"},
                                          {"PERFORMANCE_HINT", "THROUGHPUT"},
                                          {"EXECUTION_MODE_HINT", "ACCURACY"}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fails(compile_with(bad[i][0], bad[i][1]), VT_E_INVALID, bad[i][0]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_ok(compile_with(good[i][0], good[i][1]));
    }
    assert_true(compile_with("FULL_DEVICE_NAME", "mine") < 0);
    assert_non_null(strstr(test_error.text, "read"));
    assert_fails(compile_with("NO_SUCH_PROPERTY", "1"), VT_E_NOT_FOUND, "NO_SUCH_PROPERTY");
}

/* The message names operation, opset and node. */
static void test_unknown_operation(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 1, (int64_t[]){3});
    struct vt_node *node = vt_unknown_create(g, "Frobnicate", "opset15", "frob", 1, 1, ERR);
    struct vt_pshape shape = {.rank = 1, .dims = {{3, 3}}};
    struct vt_model *model;
    struct vt_compiled *compiled = NULL;

    (void)state;
    assert_non_null(node);
    assert_ok(vt_node_set_input(node, 0, x));
    assert_ok(vt_unknown_declare(node, 0, VT_F32, &shape));
    assert_ok(vt_node_infer(node, ERR));
    net_result(g, vt_port_of(node, 0));
    model = net_finish(g);
    assert_int_equal(vt_core_compile(the_core(), model, "CPU", NULL, &compiled, ERR), VT_E_UNSUPPORTED);
    assert_null(compiled);
    assert_non_null(strstr(test_error.text, "not implemented: Frobnicate"));
    assert_non_null(strstr(test_error.text, "opset15"));
    assert_non_null(strstr(test_error.text, "frob"));
    vt_model_unref(model);
}

/* A reference that fails at the inference names the node; the request can be used again. */
static void test_failing_step(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 1, (int64_t[]){4}), shape = net_param_as(g, "i64", "1"), y;
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *in[2];

    (void)state;
    y = net_binary(g, "Reshape", 1, net_unary(g, "Relu", 1, x, ""), shape, "special_zero=false");
    net_result(g, y);
    model = net_finish(g);
    random_inputs(model, in);
    compiled = compile_for(model, "CPU", NULL);
    r = request_of(compiled);
    bind_inputs(r, 2, in);
    *(int64_t *)in[1]->t.data = 5;
    assert_true(vt_request_infer(r, ERR) < 0);
    assert_non_null(strstr(test_error.text, "Reshape"));
    *(int64_t *)in[1]->t.data = 4;
    assert_ok(vt_request_infer(r, ERR));
    vt_request_destroy(r);
    drop_inputs(2, in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* A shape that an operation cannot take is found when its plan is made; other shapes still run. */
static void test_failing_plan(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", "?,?"), y;
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;

    (void)state;
    y = net_binary(g, "MatMul", 1, x, net_random(g, VT_F32, 2, (int64_t[]){4, 3}, false), "");
    net_result(g, net_binary(g, "Add", 1, y, net_random(g, VT_F32, 2, (int64_t[]){5, 3}, false), ""));
    model = net_finish(g);
    compiled = compile_for(model, "CPU", NULL);
    r = request_of(compiled);
    for (int i = 0; i < 6; i++) {
        struct vt_buffer *in = NULL;
        int64_t rows = i % 3 == 2 ? 4 : 5;

        assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){rows, 4}, &in, ERR));
        fill_tensor(&in->t);
        bind_inputs(r, 1, &in);
        if (rows == 5) {
            assert_ok(vt_request_infer(r, ERR));
        } else {
            assert_true(vt_request_infer(r, ERR) < 0);
            assert_true(test_error.text[0]);
        }
        vt_buffer_unref(in);
    }
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* Compiling does not walk over the elements of a huge picture, whatever comes of it later. */
static void test_huge_pooling(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, (int64_t[]){1, 1, (int64_t)1 << 40, 5});
    struct vt_model *model;
    struct vt_compiled *compiled = NULL;

    (void)state;
    net_result(g, net_unary(g, "MaxPool", 1, x, "kernel=2,2;strides=2,2;pads_begin=0,0;pads_end=0,0"));
    model = net_finish(g);
    (void)vt_core_compile(the_core(), model, "CPU", NULL, &compiled, ERR);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* A product of dimensions that wraps; an open one keeps the model from being planned at once. */
static void test_huge_shape(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_compiled *compiled = NULL;
    struct vt_model *model;

    (void)state;
    net_result(g, net_unary(g, "Relu", 1, net_param_as(g, "f32", "4,4611686018427387904"), ""));
    net_result(g, net_unary(g, "Relu", 1, net_param_as(g, "f32", "?"), ""));
    model = net_finish(g);
    assert_fails(vt_core_compile(the_core(), model, "CPU", NULL, &compiled, ERR), VT_E_NOMEM,
                 "out of memory");
    vt_model_unref(model);
}

/* A limit that is no number lets no box through. */
static void test_nan_limit(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[3] = {net_param(g, 3, (int64_t[]){1, 2, 4}), net_param(g, 3, (int64_t[]){1, 1, 2}),
                            net_param(g, 0, NULL)};
    struct vt_buffer *buffers[3];
    struct vt_model *model;
    struct outputs o = {0};

    (void)state;
    net_result(g, net_op(g, "NonMaxSuppression", 9, 3, in, ""));
    model = net_finish(g);
    assert_int_equal(random_inputs(model, buffers), 3);
    *(float *)buffers[2]->t.data = NAN;
    run_once(model, "CPU", NULL, 3, buffers, &o);
    assert_int_equal(o.t[0].dims[0], 0);
    outputs_free(&o);
    drop_inputs(3, buffers);
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties),   cmocka_unit_test(test_unknown_operation),
        cmocka_unit_test(test_failing_step), cmocka_unit_test(test_failing_plan),
        cmocka_unit_test(test_huge_pooling), cmocka_unit_test(test_huge_shape),
        cmocka_unit_test(test_nan_limit),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
