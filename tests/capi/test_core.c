/* The core: last error, reading, compiling, properties, versions. */
#include "capi_test.h"

#include <pthread.h>
#include <unistd.h>

static void *read_last(void *out)
{
    *(const char **)out = ov_get_last_err_msg();
    return NULL;
}

static void test_last_error(void **state)
{
    ov_core_t *core = new_core(), *other = NULL;
    ov_model_t *model = NULL;
    const char *first, *second, *elsewhere = NULL;
    pthread_t thread;

    (void)state;
    assert_null(ov_get_last_err_msg());
    CHECK(ov_core_read_model(core, "/nosuch.xml", NULL, &model), GENERAL_ERROR, "/nosuch.xml");
    assert_null(model);
    /* Stays through successes and NULL arguments, is seen by other threads, is a new copy each time. */
    CHECK(ov_core_read_model(core, "/nosuch.xml", NULL, &model), GENERAL_ERROR, "");
    assert_int_equal(ov_core_create(&other), OK);
    assert_int_equal(ov_core_create(NULL), INVALID_C_PARAM);
    first = ov_get_last_err_msg();
    second = ov_get_last_err_msg();
    assert_non_null(first);
    assert_string_equal(first, second);
    assert_ptr_not_equal(first, second);
    assert_int_equal(pthread_create(&thread, NULL, read_last, &elsewhere), 0);
    pthread_join(thread, NULL);
    assert_text(elsewhere, first);
    ov_free(first);
    ov_free(second);
    ov_core_free(other);
    assert_null(ov_get_last_err_msg());
    ov_core_free(core);
}

static void test_error_texts(void **state)
{
    (void)state;
    assert_string_equal(ov_get_error_info(OK), "success");
    assert_string_equal(ov_get_error_info(NOT_IMPLEMENTED), "it's not implement");
    assert_string_equal(ov_get_error_info(INVALID_C_PARAM), "invalid c input parameters");
    assert_string_equal(ov_get_error_info(UNKNOW_EXCEPTION), "unknown exception");
    assert_string_equal(ov_get_error_info((ov_status_e)1), "unknown exception");
    assert_string_equal(ov_get_error_info((ov_status_e)-18), "unknown exception");
    assert_string_equal(ov_get_error_info((ov_status_e)-100), "unknown exception");
}

static void test_null(void **state)
{
    ov_core_t *core = new_core(), *none = NULL;
    ov_model_t *model = read_text(core, MODEL_TWO), *m = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_remote_context_t *context = NULL;
    ov_property_t property = {"NUM_STREAMS", "1"};
    ov_core_version_list_t versions;
    char *value = NULL;

    (void)state;
    BAD(ov_core_create(NULL));
    BAD(ov_core_create_with_config(NULL, &none));
    BAD(ov_core_create_with_config_unicode(NULL, &none));
    BAD(ov_get_openvino_version(NULL));
    BAD(ov_core_read_model(NULL, "x", NULL, &m));
    BAD(ov_core_read_model(core, NULL, NULL, &m));
    BAD(ov_core_read_model(core, "x", NULL, NULL));
    BAD(ov_core_read_model_unicode(core, NULL, NULL, &m));
    BAD(ov_core_read_model_from_memory_buffer(core, NULL, 4, NULL, &m));
    BAD(ov_core_read_model_from_memory_buffer(core, "junk", 0, NULL, &m));
    BAD(ov_core_read_model_from_memory_buffer(core, "junk", 4, NULL, NULL));
    BAD(ov_core_compile_model(NULL, model, "CPU", 0, &compiled));
    BAD(ov_core_compile_model(core, NULL, "CPU", 0, &compiled));
    BAD(ov_core_compile_model(core, model, "CPU", 0, NULL));
    BAD(ov_core_compile_model(core, model, "CPU", 1, &compiled, "NUM_STREAMS"));
    BAD(ov_core_compile_model_props(core, model, "CPU", 2, NULL, &compiled));
    BAD(ov_core_compile_model_from_file(core, NULL, "CPU", 0, &compiled));
    BAD(ov_core_compile_model_from_file_props(core, NULL, "CPU", 0, NULL, &compiled));
    BAD(ov_core_compile_model_from_file_unicode(core, NULL, "CPU", 0, &compiled));
    BAD(ov_core_set_property(NULL, "CPU", "NUM_STREAMS", "1"));
    BAD(ov_core_set_properties(core, "CPU", 0, &property));
    BAD(ov_core_set_properties(core, "CPU", 1, NULL));
    BAD(ov_core_get_property(core, "CPU", NULL, &value));
    BAD(ov_core_get_property(core, "CPU", "NUM_STREAMS", NULL));
    BAD(ov_core_get_available_devices(core, NULL));
    BAD(ov_core_get_versions_by_device_name(core, NULL, &versions));
    BAD(ov_core_import_model(core, NULL, 10, "CPU", &compiled));
    BAD(ov_core_import_model(core, "junk", 4, NULL, &compiled));
    BAD(ov_core_add_extension(core, NULL));
    BAD(ov_core_get_default_context(core, NULL, &context));
    BAD(ov_core_create_context(core, "CPU", 1, &context, "A"));
    BAD(ov_core_compile_model_with_context(core, model, NULL, 0, &compiled));
    CHECK(ov_core_get_property(core, NULL, "NUM_STREAMS", &value), UNKNOW_EXCEPTION, "");
    CHECK(ov_core_set_property(core, "CPU", NULL, "1"), UNKNOW_EXCEPTION, "");
    CHECK(ov_core_set_property(core, "CPU", "NUM_STREAMS", NULL), UNKNOW_EXCEPTION, "");
    assert_null(compiled);
    assert_null(value);
    /* All of these take NULL. */
    ov_model_free(NULL);
    ov_compiled_model_free(NULL);
    ov_infer_request_free(NULL);
    ov_tensor_free(NULL);
    ov_output_port_free(NULL);
    ov_output_const_port_free(NULL);
    ov_available_devices_free(NULL);
    ov_core_versions_free(NULL);
    ov_version_free(NULL);
    ov_profiling_info_list_free(NULL);
    ov_partial_shape_free(NULL);
    ov_layout_free(NULL);
    ov_remote_context_free(NULL);
    ov_preprocess_prepostprocessor_free(NULL);
    ov_free(NULL);
    ov_model_free(model);
    ov_core_free(core);
}

static void test_read(void **state)
{
    static const char text[] = MODEL_TWO;
    ov_core_t *core = new_core();
    ov_model_t *model = NULL;
    ov_tensor_t *weights = new_f32(2, 1, 4, 0);
    char path[] = "/tmp/vintner-capi-XXXXXX";
    wchar_t wide[sizeof(path)];
    int fd;

    (void)state;
    CHECK(ov_core_read_model(core, "", NULL, &model), GENERAL_ERROR, "");
    CHECK(ov_core_read_model(core, "/tmp", NULL, &model), GENERAL_ERROR, "");
    CHECK(ov_core_read_model_from_memory_buffer(core, "junk", 4, NULL, &model), GENERAL_ERROR, "");
    CHECK(ov_core_read_model_from_memory_buffer(core, text, 300, NULL, &model), GENERAL_ERROR, "");
    CHECK(ov_core_read_model_unicode(core, L"/n\u00f6.xml", NULL, &model), GENERAL_ERROR, "/n\u00f6.xml");
    CHECK(ov_core_read_model_unicode(core, L"/\xd800.xml", NULL, &model), GENERAL_ERROR, "code point");
    assert_null(model);

    /* With and without the NUL; weights that nothing needs. */
    PASS(ov_core_read_model_from_memory_buffer(core, text, sizeof(text), weights, &model));
    ov_tensor_free(weights);
    ov_model_free(model);

    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    PASS(ov_core_read_model(core, path, "", &model));
    ov_model_free(model);
    mbstowcs(wide, path, sizeof(path));
    PASS(ov_core_read_model_unicode(core, wide, L"", &model));
    ov_model_free(model);
    unlink(path);
    ov_core_free(core);
}

/* A model that reads its weights from a tensor keeps that tensor's memory where it is. */
static void test_weights_stay(void **state)
{
    static const char text[] = "<net name='w' version='11'><layers>"
                               "<layer id='0' name='c' type='Const' version='opset1'><data "
                               "element_type='f32' shape='4' offset='0' size='16'/>"
                               "<output><port id='0' precision='FP32'><dim>4</dim></port></output></layer>"
                               "<layer id='1' name='r' type='Result' version='opset1'><input><port id='0' "
                               "precision='FP32'><dim>4</dim></port>"
                               "</input></layer></layers><edges><edge from-layer='0' from-port='0' "
                               "to-layer='1' to-port='0'/></edges></net>";
    ov_core_t *core = new_core();
    ov_model_t *model = NULL;
    ov_tensor_t *weights = new_f32(2, 1, 4, 0);
    int64_t more[] = {1, 4096};
    ov_shape_t shape = {2, more};

    (void)state;
    PASS(ov_core_read_model_from_memory_buffer(core, text, strlen(text), weights, &model));
    CHECK(ov_tensor_set_shape(weights, shape), REQUEST_BUSY, "uses the memory of this tensor");
    ov_model_free(model);
    PASS(ov_tensor_set_shape(weights, shape));
    ov_tensor_free(weights);
    ov_core_free(core);
}

static void compile_variants(ov_core_t *core, const char *device)
{
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_property_t none = {NULL, "1"}, empty = {"NUM_STREAMS", NULL}, good = {"NUM_STREAMS", "2"};
    char *value = NULL;

    PASS(ov_core_compile_model_props(core, model, device, 0, NULL, &compiled));
    ov_compiled_model_free(compiled);
    PASS(ov_core_compile_model_props(core, model, device, 1, &good, &compiled));
    PASS(ov_compiled_model_get_property(compiled, "NUM_STREAMS", &value));
    assert_text(value, "2");
    PASS(ov_compiled_model_get_property(compiled, "NETWORK_NAME", &value));
    assert_text(value, "two");
    PASS(ov_compiled_model_get_property(compiled, "EXECUTION_DEVICES", &value));
    assert_text(value, device);
    CHECK(ov_compiled_model_get_property(compiled, "NOSUCH", &value), GENERAL_ERROR, "NOSUCH");
    BAD(ov_compiled_model_get_property(compiled, NULL, &value));
    CHECK(ov_compiled_model_set_property(compiled, "NUM_STREAMS", "1"), GENERAL_ERROR, "");
    CHECK(ov_compiled_model_set_property(compiled, NULL, "1"), UNKNOW_EXCEPTION, "");
    BAD(ov_compiled_model_set_properties(compiled, 0, &good));
    BAD(ov_compiled_model_set_properties(compiled, 1, NULL));
    BAD(ov_compiled_model_export_model(compiled, NULL));
    CHECK(ov_compiled_model_export_model(compiled, "/nosuch/x.blob"), GENERAL_ERROR, "/nosuch/x.blob");
    BAD(ov_compiled_model_create_infer_request(compiled, NULL));
    BAD(ov_compiled_model_get_runtime_model(compiled, NULL));
    BAD(ov_compiled_model_get_context(compiled, NULL));
    ov_compiled_model_free(compiled);

    compiled = NULL;
    CHECK(ov_core_compile_model_props(core, model, device, 1, &none, &compiled), GENERAL_ERROR, "key");
    CHECK(ov_core_compile_model_props(core, model, device, 1, &empty, &compiled), GENERAL_ERROR,
          "NUM_STREAMS");
    CHECK(ov_core_compile_model(core, model, device, 2, &compiled, "NUM_STREAMS", NULL), UNKNOW_EXCEPTION,
          "");
    CHECK(ov_core_compile_model(core, model, device, 2, &compiled, "NOSUCH", "1"), GENERAL_ERROR, "NOSUCH");
    CHECK(ov_core_compile_model(core, model, device, 2, &compiled, "NUM_STREAMS", "abc"), GENERAL_ERROR,
          "NUM_STREAMS");
    assert_null(compiled);
    ov_model_free(model);
}

static void test_compile(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_remote_context_t *context = NULL;

    (void)state;
    on_each_device(compile_variants);
    CHECK(ov_core_compile_model(core, model, "", 0, &compiled), GENERAL_ERROR, "");
    CHECK(ov_core_compile_model(core, model, "XPU", 0, &compiled), GENERAL_ERROR, "XPU");
    CHECK(ov_core_compile_model(core, model, "cpu", 0, &compiled), GENERAL_ERROR, "cpu");
    CHECK(ov_core_compile_model_from_file(core, "/nosuch.xml", "CPU", 0, &compiled), GENERAL_ERROR,
          "/nosuch.xml");
    CHECK(ov_core_import_model(core, "junkjunkjunkjunk", 16, "XPU", &compiled), GENERAL_ERROR, "XPU");
    CHECK(ov_core_get_default_context(core, "XPU", &context), GENERAL_ERROR, "");
    CHECK(ov_core_create_context(core, "XPU", 0, &context), GENERAL_ERROR, "");
    CHECK(ov_core_add_extension(core, "/nosuch.so"), GENERAL_ERROR, "");
    assert_null(compiled);
    ov_model_free(model);
    ov_core_free(core);
}

/* More properties than fit into the list on the stack; the last one wins. */
static void many_properties(ov_core_t *core, const char *device)
{
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_property_t list[40];
    char *value = NULL;

    for (int i = 0; i < 40; i++) {
        list[i] = (ov_property_t){"NUM_STREAMS", i == 39 ? "2" : "1"};
    }
    PASS(ov_core_compile_model_props(core, model, device, 40, list, &compiled));
    PASS(ov_compiled_model_get_property(compiled, "NUM_STREAMS", &value));
    assert_text(value, "2");
    ov_compiled_model_free(compiled);
    list[39].value = NULL;
    CHECK(ov_core_compile_model_props(core, model, device, 40, list, &compiled), GENERAL_ERROR, "39");
    BAD(ov_core_compile_model_props(core, model, device, SIZE_MAX, list, &compiled));
    ov_model_free(model);
}

static void device_properties(ov_core_t *core, const char *device)
{
    ov_property_t list[] = {{"NUM_STREAMS", "2"}, {"PERF_COUNT", "YES"}};
    char *value = NULL;

    PASS(ov_core_get_property(core, device, ov_property_key_supported_properties, &value));
    assert_non_null(strstr(value, "SUPPORTED_PROPERTIES"));
    assert_true(value[strlen(value) - 1] != ' ');
    ov_free(value);
    PASS(ov_core_set_properties(core, device, 2, list));
    PASS(ov_core_get_property(core, device, ov_property_key_num_streams, &value));
    assert_text(value, "2");
    PASS(ov_core_set_property(core, device, ov_property_key_num_streams, "1"));
    PASS(ov_core_get_property(core, device, ov_property_key_num_streams, &value));
    assert_text(value, "1");
    value = NULL;
    CHECK(ov_core_set_property(core, device, "NOSUCH", "1"), GENERAL_ERROR, "NOSUCH");
    CHECK(ov_core_get_property(core, device, "NOSUCH", &value), GENERAL_ERROR, "NOSUCH");
    assert_null(value);
    many_properties(core, device);
}

static void test_properties(void **state)
{
    static const ov_encryption_callbacks no_callbacks = {NULL, NULL};
    ov_core_t *core = new_core();
    char *value = NULL;

    (void)state;
    on_each_device(device_properties);
    PASS(ov_core_set_property(core, NULL, ov_property_key_cache_dir, "/tmp/cache"));
    PASS(ov_core_get_property(core, "", ov_property_key_cache_dir, &value));
    assert_text(value, "/tmp/cache");
    PASS(ov_core_set_property(core, "", "ENABLE_MMAP", "false"));
    PASS(ov_core_get_property(core, "", "ENABLE_MMAP", &value));
    assert_text(value, "NO");
    CHECK(ov_core_get_property(core, "", "NUM_STREAMS", &value), GENERAL_ERROR, "NUM_STREAMS");
    CHECK(ov_core_set_property(core, "XPU", "NUM_STREAMS", "1"), GENERAL_ERROR, "XPU");
    CHECK(ov_core_set_property(core, "", "CACHE_ENCRYPTION_CALLBACKS", (const char *)&no_callbacks),
          GENERAL_ERROR, "both functions are needed");
    ov_core_free(core);
}

static void device_version(ov_core_t *core, const char *device)
{
    ov_core_version_list_t list = {0};

    PASS(ov_core_get_versions_by_device_name(core, device, &list));
    assert_int_equal(list.size, 1);
    assert_string_equal(list.versions[0].device_name, device);
    assert_non_null(list.versions[0].version.buildNumber);
    assert_non_null(list.versions[0].version.description);
    ov_core_versions_free(&list);
    assert_null(list.versions);
}

static void test_versions(void **state)
{
    ov_core_t *core = new_core();
    ov_core_version_list_t list = {0};
    ov_version_t version = {0};

    (void)state;
    PASS(ov_get_openvino_version(&version));
    assert_non_null(strstr(version.buildNumber, "2026.4.1"));
    ov_version_free(&version);
    assert_null(version.buildNumber);
    assert_null(version.description);
    on_each_device(device_version);
    CHECK(ov_core_get_versions_by_device_name(core, "XPU", &list), NOT_FOUND, NULL);
    CHECK(ov_core_get_versions_by_device_name(core, "", &list), NOT_FOUND, NULL);
    ov_core_free(core);
}

static void test_config_file(void **state)
{
    ov_core_t *core = NULL;

    (void)state;
    CHECK(ov_core_create_with_config("/nosuch.xml", &core), GENERAL_ERROR, "/nosuch.xml");
    CHECK(ov_core_create_with_config_unicode(L"/n\u00f6such.xml", &core), GENERAL_ERROR, "/n\u00f6such.xml");
    assert_null(core);
    PASS(ov_core_create_with_config("", &core));
    ov_core_free(core);
    PASS(ov_core_create_with_config_unicode(L"", &core));
    ov_core_free(core);
}

static int logged;

static void count_lines(const char *message)
{
    assert_non_null(message);
    logged++;
}

/* Callbacks can be set and taken away at any time; which lines come is the logger's affair. */
static void test_log_callback(void **state)
{
    (void)state;
    ov_util_set_log_callback(count_lines);
    ov_core_free(new_core());
    ov_util_set_log_callback(NULL);
    ov_core_free(new_core());
    ov_util_reset_log_callback();
    assert_true(logged >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_error),   cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_null),         cmocka_unit_test(test_read),
        cmocka_unit_test(test_weights_stay), cmocka_unit_test(test_compile),
        cmocka_unit_test(test_properties),   cmocka_unit_test(test_versions),
        cmocka_unit_test(test_config_file),  cmocka_unit_test(test_log_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
