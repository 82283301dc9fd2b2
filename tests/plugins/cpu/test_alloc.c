/* Nothing is allocated by an inference after the first ones of its shapes. The C library's allocation
 * functions and mmap are replaced by ones that count. */
#include "../../alloc_count.h"
#include "cpu_test.h"

/* That the counting works: an allocation between start and stop is seen, also one of the plugin's. */
static void test_counts(void **state)
{
    void *volatile p;
    struct vt_buffer *b = NULL;

    (void)state;
    count_start();
    p = malloc(10);
    assert_ok(vt_buffer_create(VT_F32, 0, NULL, &b, ERR));
    count_stop();
    free(p);
    vt_buffer_unref(b);
    assert_true(atomic_load(&allocations) >= 2);
}

static int infer_counted(struct vt_request *r)
{
    int status, n;

    count_start();
    status = vt_request_infer(r, &test_error);
    n = count_stop();
    assert_int_equal(status, VT_OK);
    return n;
}

static struct vt_graph *network(const char *shape)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", shape), a, b, y, flat;

    random_seed(3);
    a = net_conv(g, x, 16, 3);
    b = net_unary(g, "Relu", 1, net_conv(g, a, 16, 1), "");
    y = net_concat(g, 2, (struct vt_port[]){a, b}, 1);
    y = net_unary(g, "MaxPool", 1, y, "strides=1,1;pads_begin=1,1;pads_end=1,1;kernel=3,3");
    flat = net_binary(g, "Reshape", 1, y, net_i64s(g, 3, (int64_t[]){0, 0, -1}), "special_zero=true");
    y = net_binary(g, "MatMul", 1, flat, flat, "transpose_b=true");
    net_result(g, net_unary(g, "Softmax", 8, y, "axis=2"));
    net_result(g, net_binary(g, "ReduceMean", 1, flat, net_i64(g, 2), "keep_dims=true"));
    net_result(g, net_binary(g, "Transpose", 1, flat, net_i64s(g, 3, (int64_t[]){0, 2, 1}), ""));
    net_result(g, net_binary(g, "Add", 1, b, net_f32(g, 1), ""));
    return g;
}

static struct vt_buffer *picture(int64_t height)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(VT_F32, 4, (int64_t[]){1, 8, height, 9}, &b, ERR));
    fill_tensor(&b->t);
    return b;
}

static void test_static(void **state)
{
    static const char *const configs[] = {"INFERENCE_NUM_THREADS=1", "INFERENCE_NUM_THREADS=2",
                                          "INFERENCE_NUM_THREADS=2;PERF_COUNT=YES", "NUM_STREAMS=2"};

    (void)state;
    for (int c = 0; c < 4; c++) {
        struct vt_model *model = net_finish(network("1,8,11,9"));
        struct vt_compiled *compiled = compile_for(model, "CPU", configs[c]);
        struct vt_request *r = request_of(compiled);
        struct vt_buffer *in = picture(11);

        bind_inputs(r, 1, &in);
        assert_ok(vt_request_infer(r, ERR));
        for (int i = 0; i < 5; i++) {
            assert_int_equal(infer_counted(r), 0);
        }
        vt_request_destroy(r);
        vt_buffer_unref(in);
        vt_compiled_unref(compiled);
        vt_model_unref(model);
    }
}

/* Shapes seen before, the largest first so that outputs need not grow. */
static void test_dynamic(void **state)
{
    struct vt_model *model = net_finish(network("1,8,?,9"));
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2");
    struct vt_request *r = request_of(compiled);
    struct vt_buffer *in[50];

    (void)state;
    for (int i = 0; i < 50; i++) {
        in[i] = picture(52 - i);
    }
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 50; i++) {
            bind_inputs(r, 1, &in[i]);
            if (round < 2) {
                assert_ok(vt_request_infer(r, ERR));
            } else {
                assert_int_equal(infer_counted(r), 0);
            }
        }
    }
    vt_request_destroy(r);
    drop_inputs(50, in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* Bodies run as plans, in memory that stays. */
static void test_body(void **state)
{
    struct vt_model *model = NULL;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *in[MAX_PORTS];
    int n;

    (void)state;
    assert_ok(vt_core_read_file(the_core(), IR_DATA "/tensor_iterator.xml", NULL, &model, ERR));
    compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2");
    r = request_of(compiled);
    n = random_inputs(model, in);
    bind_inputs(r, n, in);
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(infer_counted(r), 0);
    vt_request_destroy(r);
    drop_inputs(n, in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_static),
        cmocka_unit_test(test_dynamic),
        cmocka_unit_test(test_body),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
