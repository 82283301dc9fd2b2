/* Properties of the CPU: text forms, what they are on this machine, and what they do. */
#include "cpu_test.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

static char *value_of(const char *key)
{
    char *text = NULL;

    assert_ok(vt_core_get_property(the_core(), "CPU", key, &text, ERR));
    return text;
}

static void assert_core(const char *key, const char *want)
{
    char *text = value_of(key);

    assert_string_equal(text, want);
    free(text);
}

static void assert_compiled(struct vt_compiled *compiled, const char *key, const char *want)
{
    char *text = NULL;

    assert_ok(vt_compiled_get_property(compiled, key, &text, ERR));
    if (strcmp(text, want)) {
        fail_msg("%s is '%s', not '%s' [%s]", key, text, want, test_case);
    }
    free(text);
}

static int available(void)
{
    char *range = value_of("RANGE_FOR_STREAMS");
    int n = atoi(range + 2);

    assert_true(strncmp(range, "1 ", 2) == 0 && n >= 1);
    free(range);
    return n;
}

static struct vt_model *relu_model(void)
{
    struct vt_graph *g = net_create();

    net_result(g, net_unary(g, "Relu", 1, net_param(g, 1, (int64_t[]){1 << 16}), ""));
    return net_finish(g);
}

/* Set, and read back from the device; NULL: refused. */
static void test_text_forms(void **state)
{
    static const char *const rows[][3] = {
        {"NUM_STREAMS", "AUTO", "1"},
        {"NUM_STREAMS", "NUMA", "1"},
        {"NUM_STREAMS", "-1", "1"},
        {"NUM_STREAMS", "-2", "1"},
        {"NUM_STREAMS", "-3", NULL},
        {"NUM_STREAMS", "0", "0"},
        {"NUM_STREAMS", "1000", "1000"},
        {"NUM_STREAMS", "2x", NULL},
        {"NUM_STREAMS", "99999999999999999999", NULL},
        {"INFERENCE_NUM_THREADS", "100", "100"},
        {"INFERENCE_NUM_THREADS", "-1", NULL},
        {"INFERENCE_NUM_THREADS", "0", "0"},
        {"PERFORMANCE_HINT", "CUMULATIVE_THROUGHPUT", "CUMULATIVE_THROUGHPUT"},
        {"PERFORMANCE_HINT", "latency", NULL},
        {"PERFORMANCE_HINT", "", NULL},
        {"PERFORMANCE_HINT", "LATENCY", "LATENCY"},
        {"EXECUTION_MODE_HINT", "ACCURACY", "ACCURACY"},
        {"EXECUTION_MODE_HINT", "x", NULL},
        {"INFERENCE_PRECISION_HINT", "FP32", "f32"},
        {"INFERENCE_PRECISION_HINT", "bf16", "f32"},
        {"INFERENCE_PRECISION_HINT", "undefined", "dynamic"},
        {"INFERENCE_PRECISION_HINT", "f99", NULL},
        {"ENABLE_CPU_PINNING", "on", "YES"},
        {"ENABLE_CPU_PINNING", "False", "NO"},
        {"ENABLE_CPU_PINNING", "2", NULL},
        {"ENABLE_CPU_RESERVATION", "YES", "YES"},
        {"ENABLE_CPU_RESERVATION", "NO", "NO"},
        {"SCHEDULING_CORE_TYPE", "ECORE_ONLY", "ECORE_ONLY"},
        {"SCHEDULING_CORE_TYPE", "", NULL},
        {"MODEL_DISTRIBUTION_POLICY", "TENSOR_PARALLEL", "TENSOR_PARALLEL"},
        {"MODEL_DISTRIBUTION_POLICY", "", ""},
        {"MODEL_DISTRIBUTION_POLICY", "PIPELINE_PARALLEL", NULL},
        {"CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE", "0.8", "0.8"},
        {"CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE", "2", NULL},
        {"TBB_PARTITIONER", "AUTO", "AUTO"},
        {"TBB_PARTITIONER", "x", NULL},
        {"DYNAMIC_QUANTIZATION_GROUP_SIZE", "-1", "18446744073709551615"},
        {"DYNAMIC_QUANTIZATION_GROUP_SIZE", "-2", NULL},
        {"KV_CACHE_PRECISION", "u8", "u8"},
        {"KV_CACHE_PRECISION", "x", NULL},
        {"KEY_CACHE_GROUP_SIZE", "32", "32"},
        {"LOG_LEVEL", "LOG_TRACE", "LOG_TRACE"},
        {"LOG_LEVEL", "debug", NULL},
        {"DEVICE_ID", "", ""},
        {"DEVICE_ID", "0", NULL},
        {"WEIGHTS_PATH", "/some/where", ""},
        {"ENABLE_WEIGHTLESS", "YES", "YES"},
        {"EXCLUSIVE_ASYNC_REQUESTS", "NO", "NO"},
        {"EXCLUSIVE_ASYNC_REQUESTS", "YES", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *before = value_of(rows[i][0]);

        snprintf(test_case, sizeof(test_case), "%s=%s", rows[i][0], rows[i][1]);
        if (rows[i][2]) {
            assert_ok(vt_core_set_property(the_core(), "CPU", rows[i][0], rows[i][1], ERR));
            assert_core(rows[i][0], rows[i][2]);
        } else {
            assert_fails(vt_core_set_property(the_core(), "CPU", rows[i][0], rows[i][1], ERR), VT_E_INVALID,
                         rows[i][0]);
            assert_non_null(strstr(test_error.text, "allowed: "));
            assert_core(rows[i][0], before);
        }
        free(before);
    }
    core_teardown(NULL);
}

static void test_lists(void **state)
{
    struct vt_model *model = relu_model();
    struct vt_compiled *compiled = compile_for(model, "CPU", NULL);
    char *keys[2], *text;

    (void)state;
    keys[0] = value_of("SUPPORTED_PROPERTIES");
    assert_ok(vt_compiled_get_property(compiled, "SUPPORTED_PROPERTIES", &keys[1], ERR));
    assert_true(
        strncmp(keys[0], "SUPPORTED_PROPERTIES AVAILABLE_DEVICES RANGE_FOR_ASYNC_INFER_REQUESTS ", 69) == 0);
    assert_true(strncmp(keys[1], "SUPPORTED_PROPERTIES NETWORK_NAME OPTIMAL_NUMBER_OF_INFER_REQUESTS ", 67) ==
                0);
    assert_null(strstr(keys[0], "EXCLUSIVE_ASYNC_REQUESTS"));
    assert_null(strstr(keys[1], "WEIGHTS_PATH"));
    for (int list = 0; list < 2; list++) {
        for (char *rest = keys[list], *key; (key = strsep(&rest, " "));) {
            assert_true(*key);
            assert_ok(list ? vt_compiled_get_property(compiled, key, &text, ERR)
                           : vt_core_get_property(the_core(), "CPU", key, &text, ERR));
            free(text);
        }
        free(keys[list]);
    }
    assert_compiled(compiled, "EXCLUSIVE_ASYNC_REQUESTS", "NO");
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* Streams and threads of a compiled model on a machine of any size. */
static void test_streams(void **state)
{
    int all = available();
    struct {
        const char *config, *hint;
        int streams, threads;
    } rows[] = {
        {"", "LATENCY", 1, all},
        {"PERFORMANCE_HINT=THROUGHPUT", "THROUGHPUT", all, all},
        {"PERFORMANCE_HINT=CUMULATIVE_THROUGHPUT", "CUMULATIVE_THROUGHPUT", all, all},
        {"PERFORMANCE_HINT=THROUGHPUT;PERFORMANCE_HINT_NUM_REQUESTS=1", "THROUGHPUT", 1, all},
        {"PERFORMANCE_HINT=THROUGHPUT;NUM_STREAMS=1", "THROUGHPUT", 1, all},
        {"NUM_STREAMS=AUTO", "THROUGHPUT", all, all},
        {"NUM_STREAMS=0", "LATENCY", 0, 0},
        {"NUM_STREAMS=100000", "LATENCY", all, all},
        {"INFERENCE_NUM_THREADS=1", "LATENCY", 1, 1},
        {"INFERENCE_NUM_THREADS=100000", "LATENCY", 1, all},
        {"INFERENCE_NUM_THREADS=1;NUM_STREAMS=2", "LATENCY", 1, 1},
    };
    struct vt_model *model = relu_model();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vt_compiled *compiled = compile_for(model, "CPU", rows[i].config);
        char text[32];

        snprintf(test_case, sizeof(test_case), "%s", rows[i].config);
        snprintf(text, sizeof(text), "%d", rows[i].streams);
        assert_compiled(compiled, "NUM_STREAMS", text);
        snprintf(text, sizeof(text), "%d", rows[i].streams ? rows[i].streams : 1);
        assert_compiled(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", text);
        snprintf(text, sizeof(text), "%d", rows[i].threads);
        assert_compiled(compiled, "INFERENCE_NUM_THREADS", text);
        assert_compiled(compiled, "PERFORMANCE_HINT", rows[i].hint);
        vt_compiled_unref(compiled);
    }
    vt_model_unref(model);
}

/* Compiled models tell what is executed, not what was asked for. */
static void test_executed(void **state)
{
    struct vt_model *model = relu_model();
    struct vt_compiled *compiled =
        compile_for(model, "CPU",
                    "INFERENCE_PRECISION_HINT=dynamic;KV_CACHE_PRECISION=u8;TBB_PARTITIONER=AUTO;"
                    "DYNAMIC_QUANTIZATION_GROUP_SIZE=32");

    (void)state;
    assert_compiled(compiled, "INFERENCE_PRECISION_HINT", "f32");
    assert_compiled(compiled, "KV_CACHE_PRECISION", "f32");
    assert_compiled(compiled, "TBB_PARTITIONER", "STATIC");
    assert_compiled(compiled, "DYNAMIC_QUANTIZATION_GROUP_SIZE", "0");
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* How many of this process's worker threads may run on one processor alone. */
static int pinned_workers(int *workers)
{
    DIR *tasks = opendir("/proc/self/task");
    int pinned = 0;

    assert_non_null(tasks);
    *workers = 0;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        char path[300], name[32] = "";
        cpu_set_t set;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        if (file && fgets(name, sizeof(name), file) && strcmp(name, "vintner\n") == 0) {
            ++*workers;
            pinned += !sched_getaffinity(atoi(entry->d_name), sizeof(set), &set) && CPU_COUNT(&set) == 1;
        }
        if (file) {
            fclose(file);
        }
    }
    closedir(tasks);
    return pinned;
}

static void test_pinning(void **state)
{
    static const struct {
        const char *config;
        bool pin;
    } rows[] = {{"", false},
                {"ENABLE_CPU_PINNING=YES", true},
                {"ENABLE_CPU_PINNING=YES;PERFORMANCE_HINT=THROUGHPUT", true},
                {"ENABLE_CPU_RESERVATION=YES;INFERENCE_NUM_THREADS=1", true}};
    struct vt_model *model = relu_model();
    struct vt_buffer *in;
    cpu_set_t before, after;
    int workers;

    (void)state;
    assert_int_equal(random_inputs(model, &in), 1);
    sched_getaffinity(0, sizeof(before), &before);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vt_compiled *compiled = compile_for(model, "CPU", rows[i].config);
        struct vt_request *r = request_of(compiled);
        int pinned = pinned_workers(&workers);

        assert_int_equal(pinned, rows[i].pin || available() == 1 ? workers : 0);
        assert_compiled(compiled, "ENABLE_CPU_PINNING", rows[i].pin ? "YES" : "NO");
        bind_inputs(r, 1, &in);
        assert_ok(vt_request_infer(r, ERR));
        /* The caller was a thread of the stream and is free again. */
        sched_getaffinity(0, sizeof(after), &after);
        assert_true(CPU_EQUAL(&before, &after));
        vt_request_destroy(r);
        vt_compiled_unref(compiled);
    }
    drop_inputs(1, &in);
    vt_model_unref(model);
}

/* Processors are given back with the model; while all are taken, others get a clear answer. */
static void test_reservation(void **state)
{
    const char *key = "ENABLE_CPU_RESERVATION", *yes = "YES";
    struct vt_config config = {1, &key, &yes};
    struct vt_model *model = relu_model();

    (void)state;
    for (int round = 0; round < 2; round++) {
        struct vt_compiled *compiled = compile_for(model, "CPU", "ENABLE_CPU_RESERVATION=YES"), *other = NULL;
        int status = vt_core_compile(the_core(), model, "CPU", &config, &other, ERR);

        /* A quota below the number of processors leaves some. */
        if (status) {
            assert_int_equal(status, VT_E_DEVICE);
            assert_non_null(strstr(test_error.text, "ENABLE_CPU_RESERVATION"));
        }
        vt_compiled_unref(other);
        vt_compiled_unref(compiled);
    }
    vt_model_unref(model);
}

/* 2^-130 times one: zero when denormals are flushed, itself when they are kept, on every thread. */
static void test_denormals(void **state)
{
    static const char *const configs[] = {"", "CPU_DENORMALS_OPTIMIZATION=YES",
                                          "CPU_DENORMALS_OPTIMIZATION=NO"};
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 1, (int64_t[]){1 << 18});
    struct vt_model *model;
    struct vt_buffer *in;

    (void)state;
    net_result(g, net_binary(g, "Multiply", 1, x, net_f32(g, 0.5f), ""));
    model = net_finish(g);
    assert_int_equal(random_inputs(model, &in), 1);
    for (int i = 0; i < 1 << 18; i++) {
        ((float *)in->t.data)[i] = 0x1p-129f;
    }
    for (int c = 0; c < 3; c++) {
        struct outputs out;

        run_once(model, "CPU", configs[c], 1, &in, &out);
        for (int i = 0; i < 1 << 18; i++) {
            uint32_t bits = ((uint32_t *)out.t[0].data)[i];

            if (bits != (c == 2 ? 1u << 19 : 0)) {
                fail_msg("element %d has the bits %x with '%s'", i, bits, configs[c]);
            }
        }
        outputs_free(&out);
    }
    drop_inputs(1, &in);
    vt_model_unref(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_forms), cmocka_unit_test(test_lists),   cmocka_unit_test(test_streams),
        cmocka_unit_test(test_executed),   cmocka_unit_test(test_pinning), cmocka_unit_test(test_reservation),
        cmocka_unit_test(test_denormals),
    };

    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
