/* Requests on several threads at once, cancelling, profiles. */
#include "cpu_test.h"

#include <dirent.h>
#include <pthread.h>

#define THREADS 4
#define SHAPES  24
#define ROUNDS  3

static struct vt_model *model_of(const char *shape)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", shape), a, b;

    random_seed(5);
    a = net_conv(g, x, 16, 3);
    b = net_unary(g, "Relu", 1, net_conv(g, a, 16, 1), "");
    net_result(g, net_conv(g, net_concat(g, 2, (struct vt_port[]){a, b}, 1), 8, 3));
    net_result(g, net_unary(g, "Softmax", 8, b, "axis=1"));
    return net_finish(g);
}

static struct vt_buffer *input_of(int shape)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(VT_F32, 4, (int64_t[]){1, 8, 4 + shape, 9}, &b, ERR));
    random_seed((uint64_t)shape);
    fill_tensor(&b->t);
    return b;
}

/* What a thread does; cmocka's checks belong to the main thread. */
struct work {
    struct vt_request *request;
    struct vt_buffer *in[SHAPES];
    const struct outputs *want;
    int first, n_shapes;
    const char *problem;
};

static void *work_run(void *arg)
{
    struct work *w = arg;
    struct vt_error err = {0};

    for (int k = 0; k < ROUNDS * w->n_shapes && !w->problem; k++) {
        int shape = (w->first + k) % w->n_shapes;

        if (vt_request_set(w->request, VT_INPUT, 0, w->in[shape], &err) ||
            vt_request_infer(w->request, &err)) {
            w->problem = "an inference failed";
            break;
        }
        for (int o = 0; o < 2; o++) {
            struct vt_buffer *out = NULL;
            const struct vt_tensor *want = &w->want[shape].t[o];

            if (vt_request_get(w->request, VT_OUTPUT, o, &out, &err)) {
                w->problem = "no output";
                break;
            }
            if (out->t.bytes != want->bytes || memcmp(out->t.data, want->data, want->bytes) != 0) {
                w->problem = "other bits than alone";
            }
            vt_buffer_unref(out);
        }
    }
    return NULL;
}

static void many(const char *shape, int n_shapes, const char *config)
{
    struct vt_model *model = model_of(shape);
    struct vt_compiled *compiled = compile_for(model, "CPU", config);
    struct outputs want[SHAPES];
    struct work work[THREADS] = {0};
    pthread_t threads[THREADS];

    for (int i = 0; i < n_shapes; i++) {
        struct vt_buffer *in = input_of(i);

        run_once(model, "CPU", "INFERENCE_NUM_THREADS=1", 1, &in, &want[i]);
        vt_buffer_unref(in);
    }
    for (int t = 0; t < THREADS; t++) {
        work[t] = (struct work){
            .request = request_of(compiled), .want = want, .first = t * 5, .n_shapes = n_shapes};
        for (int i = 0; i < n_shapes; i++) {
            work[t].in[i] = input_of(i);
        }
    }
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_create(&threads[t], NULL, work_run, &work[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
    }
    for (int t = 0; t < THREADS; t++) {
        if (work[t].problem) {
            fail_msg("thread %d: %s", t, work[t].problem);
        }
        drop_inputs(n_shapes, work[t].in);
        vt_request_destroy(work[t].request);
    }
    for (int i = 0; i < n_shapes; i++) {
        outputs_free(&want[i]);
    }
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_static(void **state)
{
    (void)state;
    many("1,8,4,9", 1, "NUM_STREAMS=1;INFERENCE_NUM_THREADS=2");
    many("1,8,4,9", 1, "NUM_STREAMS=2;INFERENCE_NUM_THREADS=4");
}

/* More shapes than plans are kept, so that plans go while others run. */
static void test_shapes(void **state)
{
    (void)state;
    many("1,8,?,9", SHAPES, "NUM_STREAMS=2;INFERENCE_NUM_THREADS=2");
    many("1,8,?,9", SHAPES, "NUM_STREAMS=3;INFERENCE_NUM_THREADS=3;PERF_COUNT=YES");
}

static void test_asynchronous(void **state)
{
    struct vt_model *model = model_of("1,8,4,9");
    struct vt_compiled *compiled = compile_for(model, "CPU", "NUM_STREAMS=2");
    struct vt_request *r[6];
    struct vt_buffer *in = input_of(0);
    struct outputs want, have;

    (void)state;
    run_once(model, "CPU", "INFERENCE_NUM_THREADS=1", 1, &in, &want);
    for (int i = 0; i < 6; i++) {
        r[i] = request_of(compiled);
        bind_inputs(r[i], 1, &in);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 6; i++) {
            assert_ok(vt_request_start(r[i], ERR));
        }
        for (int i = 0; i < 6; i++) {
            assert_ok(vt_request_wait(r[i], ERR));
            collect(r[i], 2, &have);
            assert_same_bits(&want, &have, "asynchronously");
            outputs_free(&have);
        }
    }
    outputs_free(&want);
    for (int i = 0; i < 6; i++) {
        vt_request_destroy(r[i]);
    }
    vt_buffer_unref(in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* A cancelled inference says so, and the next one runs. */
static void test_cancel(void **state)
{
    struct vt_model *model = model_of("1,8,?,9");
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2");
    struct vt_request *r = request_of(compiled);
    struct vt_buffer *in = input_of(20);
    int cancelled = 0;

    (void)state;
    bind_inputs(r, 1, &in);
    vt_request_cancel(r); /* idle: nothing happens */
    assert_ok(vt_request_infer(r, ERR));
    for (int i = 0; i < 200; i++) {
        int status;

        assert_ok(vt_request_start(r, ERR));
        vt_request_cancel(r);
        status = vt_request_wait(r, ERR);
        assert_true(status == VT_OK || status == VT_E_CANCELLED);
        cancelled += status == VT_E_CANCELLED;
    }
    assert_true(cancelled > 0);
    assert_ok(vt_request_infer(r, ERR));
    vt_request_destroy(r);
    vt_buffer_unref(in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_profile(void **state)
{
    static const char *const configs[] = {"PERF_COUNT=YES", "PERF_COUNT=NO"};
    struct vt_model *model = model_of("1,8,?,9");

    (void)state;
    for (int c = 0; c < 2; c++) {
        struct vt_compiled *compiled = compile_for(model, "CPU", configs[c]);
        struct vt_request *r = request_of(compiled);
        const struct vt_profile *list;
        int n, convolutions = 0;

        for (int i = 0; i < 20; i++) { /* the profile is that of the last plan */
            struct vt_buffer *in = input_of(i);

            bind_inputs(r, 1, &in);
            assert_ok(vt_request_infer(r, ERR));
            vt_buffer_unref(in);
        }
        assert_ok(vt_request_profile(r, &list, &n, ERR));
        for (int i = 0; i < n; i++) {
            assert_int_equal(list[i].status, c ? VT_PROFILE_NOT_RUN : VT_PROFILE_EXECUTED);
            assert_true(list[i].real_us >= 0 && list[i].cpu_us >= 0);
            assert_true(!c || (list[i].real_us == 0 && list[i].cpu_us == 0));
            assert_non_null(list[i].node_name);
            assert_non_null(list[i].exec_type);
            convolutions += strstr(list[i].node_type, "Convolution") != NULL;
        }
        assert_int_equal(convolutions, 3);
        vt_request_destroy(r);
        vt_compiled_unref(compiled);
    }
    vt_model_unref(model);
}

static int running(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;

    assert_non_null(tasks);
    for (struct dirent *d; (d = readdir(tasks));) {
        n += d->d_name[0] != '.';
    }
    closedir(tasks);
    return n;
}

/* Three threads, on two processors as well: VT_CPU_THREADS is set for one of this test's runs. The same bits
 * come out as of one. */
static void test_three(void **state)
{
    struct vt_model *model = model_of("1,8,?,9");
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *in = input_of(12);
    struct outputs want, have;
    char *value = NULL;
    int before = running();

    (void)state;
    compiled = compile_for(model, "CPU", "NUM_STREAMS=1;INFERENCE_NUM_THREADS=3");
    assert_ok(vt_compiled_get_property(compiled, "INFERENCE_NUM_THREADS", &value, ERR));
    if (strcmp(value, "3") != 0 && !getenv("VT_CPU_THREADS")) {
        free(value);
        vt_buffer_unref(in);
        vt_compiled_unref(compiled);
        vt_model_unref(model);
        skip();
    }
    assert_string_equal(value, "3");
    free(value);
    r = request_of(compiled);
    bind_inputs(r, 1, &in);
    assert_ok(vt_request_infer(r, ERR));
    assert_true(running() >= before + 2); /* the caller is the third */
    collect(r, 2, &have);
    run_once(model, "CPU", "INFERENCE_NUM_THREADS=1", 1, &in, &want);
    assert_same_bits(&want, &have, "on three threads");
    outputs_free(&want);
    outputs_free(&have);
    vt_request_destroy(r);
    vt_buffer_unref(in);
    vt_compiled_unref(compiled);
    many("1,8,?,9", 4, "NUM_STREAMS=1;INFERENCE_NUM_THREADS=3");
    many("1,8,4,9", 1, "NUM_STREAMS=2;INFERENCE_NUM_THREADS=6");
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static), cmocka_unit_test(test_shapes),  cmocka_unit_test(test_asynchronous),
        cmocka_unit_test(test_cancel), cmocka_unit_test(test_profile), cmocka_unit_test(test_three),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
