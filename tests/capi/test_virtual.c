/* AUTO, MULTI, HETERO and BATCH through the C API: what OpenVINO's answer, where the CPU is the only device.
 */
#include "capi_test.h"

#include <unistd.h>

static ov_core_t *core;
static ov_model_t *model;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(ov_core_create(&core), OK);
    assert_int_equal(ov_core_read_model_from_memory_buffer(core, MODEL_TWO, strlen(MODEL_TWO), NULL, &model),
                     OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ov_model_free(model);
    ov_core_free(core);
    return 0;
}

static void assert_value(const ov_compiled_model_t *compiled, const char *key, const char *expected)
{
    char *value = NULL;

    PASS(ov_compiled_model_get_property(compiled, key, &value));
    assert_string_equal(value, expected);
    ov_free(value);
}

/* sum = a + b, through a request of the compiled model. */
static void check_inference(ov_compiled_model_t *compiled)
{
    ov_infer_request_t *request = NULL;
    ov_tensor_t *a = NULL, *b = NULL, *sum = NULL;
    float *x, *y, *z;

    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_get_tensor(request, "a_t", &a));
    PASS(ov_infer_request_get_tensor(request, "alias", &b));
    PASS(ov_tensor_data(a, (void **)&x));
    PASS(ov_tensor_data(b, (void **)&y));
    for (int i = 0; i < 3; i++) {
        x[i] = (float)i;
        y[i] = 10;
    }
    PASS(ov_infer_request_start_async(request));
    PASS(ov_infer_request_wait(request));
    PASS(ov_infer_request_get_tensor(request, "total", &sum));
    PASS(ov_tensor_data(sum, (void **)&z));
    for (int i = 0; i < 3; i++) {
        assert_true(z[i] == (float)i + 10);
    }
    ov_tensor_free(a);
    ov_tensor_free(b);
    ov_tensor_free(sum);
    ov_infer_request_free(request);
}

static void test_devices(void **state)
{
    /* NULL is AUTO. */
    static const char *const names[] = {NULL,           "AUTO",           "AUTO:CPU",
                                        "AUTO:CPU,GPU", "AUTO:GPU,CPU",   "MULTI:CPU",
                                        "HETERO:CPU",   "HETERO:CPU,GPU", "BATCH:CPU"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ov_compiled_model_t *compiled = NULL;

        PASS(ov_core_compile_model(core, model, names[i], 0, &compiled));
        assert_value(compiled, "EXECUTION_DEVICES", "CPU");
        assert_value(compiled, "NETWORK_NAME", "two");
        check_inference(compiled);
        ov_compiled_model_free(compiled);
    }
}

static void test_batch(void **state)
{
    ov_compiled_model_t *compiled = NULL;

    (void)state;
    PASS(ov_core_compile_model(core, model, "BATCH:CPU(2)", 2, &compiled, "AUTO_BATCH_TIMEOUT", "5"));
    assert_value(compiled, "EXECUTION_DEVICES", "CPU");
    assert_value(compiled, "AUTO_BATCH_TIMEOUT", "5");
    check_inference(compiled);
    PASS(ov_compiled_model_set_property(compiled, "AUTO_BATCH_TIMEOUT", "6"));
    assert_value(compiled, "AUTO_BATCH_TIMEOUT", "6");
    ov_compiled_model_free(compiled);
}

static void test_refusals(void **state)
{
    static const char *const names[] = {"HETERO:XPU,CPU", "AUTO:XPU", "MULTI", "HETERO", "BATCH", "AUTO:GPU"};
    ov_compiled_model_t *compiled = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHECK(ov_core_compile_model(core, model, names[i], 0, &compiled), GENERAL_ERROR, "");
        assert_null(compiled);
    }
    CHECK(ov_core_compile_model(core, model, "AUTO:CPU", 2, &compiled, "NOSUCH", "1"), GENERAL_ERROR,
          "NOSUCH");
}

static void test_compiled_properties(void **state)
{
    ov_compiled_model_t *compiled = NULL;
    char *optimal = NULL;

    (void)state;
    PASS(ov_core_compile_model(core, model, "AUTO:CPU", 2, &compiled, "PERFORMANCE_HINT", "LATENCY"));
    assert_value(compiled, "PERFORMANCE_HINT", "LATENCY");
    assert_value(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "1");
    assert_value(compiled, "MULTI_DEVICE_PRIORITIES", "CPU");
    assert_value(compiled, "MODEL_PRIORITY", "MEDIUM");
    assert_value(compiled, "LOADED_FROM_CACHE", "NO");
    assert_value(compiled, "PERF_COUNT", "NO");
    ov_compiled_model_free(compiled);

    PASS(ov_core_compile_model(core, model, "CPU", 2, &compiled, "PERFORMANCE_HINT", "THROUGHPUT"));
    PASS(ov_compiled_model_get_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", &optimal));
    ov_compiled_model_free(compiled);
    PASS(ov_core_compile_model(core, model, "MULTI:CPU", 0, &compiled));
    assert_value(compiled, "PERFORMANCE_HINT", "THROUGHPUT");
    assert_value(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", optimal);
    ov_free(optimal);
    ov_compiled_model_free(compiled);

    PASS(ov_core_compile_model(core, model, "HETERO:CPU", 0, &compiled));
    assert_value(compiled, "HETERO_NUMBER_OF_SUBMODELS", "1");
    assert_value(compiled, "MULTI_DEVICE_PRIORITIES", "CPU");
    ov_compiled_model_free(compiled);
}

static void remove_folder(const char *path)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

/* What devices compiled for a virtual one is kept and found again. */
static void test_cache(void **state)
{
    static const char *const names[] = {"AUTO:CPU", "HETERO:CPU", "MULTI:CPU", "BATCH:CPU(2)"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char folder[] = "/tmp/vintner_virtual_XXXXXX";

        assert_non_null(mkdtemp(folder));
        for (int round = 0; round < 2; round++) {
            ov_compiled_model_t *compiled = NULL;

            PASS(ov_core_compile_model(core, model, names[i], 2, &compiled, "CACHE_DIR", folder));
            assert_value(compiled, "LOADED_FROM_CACHE", round ? "YES" : "NO");
            check_inference(compiled);
            ov_compiled_model_free(compiled);
        }
        remove_folder(folder);
    }
}

static void test_export(void **state)
{
    char path[] = "/tmp/vintner_virtual_XXXXXX";
    ov_compiled_model_t *compiled = NULL;
    int fd = mkstemp(path);
    char *blob;
    long bytes;
    FILE *f;

    (void)state;
    assert_true(fd >= 0);
    PASS(ov_core_compile_model(core, model, "HETERO:CPU", 0, &compiled));
    PASS(ov_compiled_model_export_model(compiled, path));
    ov_compiled_model_free(compiled);
    close(fd);
    f = fopen(path, "rb"); /* another file has the name now */
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    bytes = ftell(f);
    rewind(f);
    blob = malloc((size_t)bytes);
    assert_int_equal(fread(blob, 1, (size_t)bytes, f), (size_t)bytes);
    fclose(f);
    remove(path);
    PASS(ov_core_import_model(core, blob, (size_t)bytes, "HETERO:CPU", &compiled));
    free(blob);
    assert_value(compiled, "EXECUTION_DEVICES", "CPU");
    check_inference(compiled);
    ov_compiled_model_free(compiled);

    PASS(ov_core_compile_model(core, model, "AUTO:CPU", 0, &compiled));
    CHECK(ov_compiled_model_export_model(compiled, path), GENERAL_ERROR, "not implemented: export");
    remove(path);
    ov_compiled_model_free(compiled);
}

static void test_versions(void **state)
{
    ov_core_version_list_t list;

    (void)state;
    PASS(ov_core_get_versions_by_device_name(core, "MULTI:CPU", &list));
    assert_int_equal(list.size, 2);
    assert_string_equal(list.versions[0].device_name, "CPU");
    assert_string_equal(list.versions[1].device_name, "MULTI");
    ov_core_versions_free(&list);
    PASS(ov_core_get_versions_by_device_name(core, "BATCH:CPU(4)", &list));
    assert_int_equal(list.size, 2);
    assert_string_equal(list.versions[0].device_name, "BATCH");
    ov_core_versions_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices),  cmocka_unit_test(test_batch),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_compiled_properties),
        cmocka_unit_test(test_versions), cmocka_unit_test(test_cache),
        cmocka_unit_test(test_export),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
