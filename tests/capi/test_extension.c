/* Extensions: operations from shared objects, in all that models go through. */
#include "extension_test.h"

#include "vintner.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

/* ---- the sample: a model in a file, on every device */

static float swish(float x)
{
    return 0.5f * x / (1 + expf(-2 * x));
}

/* Elements first, first + 1, ... */
static void check_sample(const ov_compiled_model_t *compiled, int64_t n, float first)
{
    ov_tensor_t *x = new_f32(1, n, 0, first), *values = NULL, *places = NULL;
    ov_infer_request_t *request = NULL;
    void *data = NULL;
    size_t found = 0, got = 0;

    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_set_tensor(request, "x", x));
    PASS(ov_infer_request_infer(request));
    PASS(ov_infer_request_get_tensor(request, "values", &values));
    PASS(ov_infer_request_get_tensor(request, "places", &places));
    PASS(ov_tensor_get_size(values, &got));
    if (got) {
        PASS(ov_tensor_data(places, &data));
    }
    for (int64_t i = 0; i < n; i++) {
        float want = swish(first + (float)i);

        if (want > 0.25f) {
            assert_true(found < got);
            assert_true(fabsf(element(values, found) - want) < 1e-6f);
            assert_int_equal(((int64_t *)data)[found], i);
            found++;
        }
    }
    assert_int_equal(found, got);
    ov_tensor_free(x);
    ov_tensor_free(values);
    ov_tensor_free(places);
    ov_infer_request_free(request);
}

static void sample_on(ov_core_t *core, const char *device)
{
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;

    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    check_sample(compiled, 5, -1);
    check_sample(compiled, 2, -7); /* nothing is found */
    check_sample(compiled, 9, 0.25f);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
}

static void test_sample(void **state)
{
    ov_core_t *core = core_with(CUSTOM);
    ov_available_devices_t devices = all_devices(core);
    char name[64];

    (void)state;
    for (size_t i = 0; i < devices.size; i++) {
        sample_on(core, devices.devices[i]);
        snprintf(name, sizeof(name), "HETERO:%s", devices.devices[i]);
        sample_on(core, name);
        snprintf(name, sizeof(name), "AUTO:%s", devices.devices[i]);
        sample_on(core, name);
        snprintf(name, sizeof(name), "MULTI:%s", devices.devices[i]);
        sample_on(core, name);
        snprintf(name, sizeof(name), "BATCH:%s(4)", devices.devices[i]);
        sample_on(core, name);
    }
    ov_available_devices_free(&devices);
    sample_on(core, "AUTO");
    ov_core_free(core);
}

/* An element-wise operation of a fixed shape behind BATCH: its rows are not known to be independent. */
static void test_batch(void **state)
{
    ov_core_t *core = core_with(CUSTOM);
    ov_tensor_t *x = new_f32(2, 1, 4, -1), *y = NULL;

    (void)state;
    PASS(compile_and_run(core, one_op("ScaledSwish", "extension", "beta=\"2\" scale=\"0.5\"", "1,4", 1, 1),
                         "BATCH:CPU(4)", x, &y));
    for (size_t i = 0; i < 4; i++) {
        assert_true(fabsf(element(y, i) - swish((float)i - 1)) < 1e-6f);
    }
    ov_tensor_free(x);
    ov_tensor_free(y);
    ov_core_free(core);
}

static void test_without(void **state)
{
    ov_core_t *core = new_core(), *other = core_with(CUSTOM);
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;

    (void)state;
    /* Extensions are the core's to which they were added. */
    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    CHECK(ov_core_compile_model(core, model, "CPU", 0, &compiled), NOT_IMPLEMENTED,
          "ScaledSwish (extension)");
    ov_model_free(model);
    /* A model is read with what its core has then; what it has goes with it. */
    PASS(ov_core_read_model(other, CUSTOM_MODEL, NULL, &model));
    ov_core_free(other);
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    check_sample(compiled, 3, 0);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
}

static void test_odd_path(void **state)
{
    ov_core_t *core = new_core();

    (void)state;
    BAD(ov_core_add_extension(NULL, CUSTOM));
    BAD(ov_core_add_extension(core, NULL));
    copy_file(CUSTOM, in_folder("\xc3\xbc mit Leerzeichen.so"), "");
    PASS(ov_core_add_extension(core, in_folder("\xc3\xbc mit Leerzeichen.so")));
    sample_on(core, "CPU");
    ov_core_free(core);
    unlink(in_folder("\xc3\xbc mit Leerzeichen.so"));
}

/* ---- how long the shared object stays */

static void lifetime_on(ov_core_t *unused, const char *device)
{
    ov_core_t *core = core_with(CUSTOM);
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *x = new_f32(1, 3, 0, 1), *y = NULL;

    (void)unused;
    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    ov_core_free(core);
    ov_model_free(model);
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    ov_compiled_model_free(compiled);
    assert_true(is_loaded(CUSTOM));
    PASS(ov_infer_request_set_tensor(request, "x", x));
    PASS(ov_infer_request_infer(request));
    PASS(ov_infer_request_get_tensor(request, "values", &y));
    assert_true(fabsf(element(y, 2) - swish(3)) < 1e-6f);
    ov_infer_request_free(request);
    ov_tensor_free(x);
    ov_tensor_free(y);
    assert_false(is_loaded(CUSTOM));
}

static void test_lifetime(void **state)
{
    ov_core_t *core = core_with(CUSTOM);
    ov_model_t *model = NULL;
    bool dynamic = false;

    (void)state;
    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    ov_core_free(core);
    assert_true(is_loaded(CUSTOM));
    dynamic = ov_model_is_dynamic(model);
    assert_true(dynamic);
    ov_model_free(model);
    assert_false(is_loaded(CUSTOM));
    on_each_device(lifetime_on);
}

/* ---- saving, exporting, caching */

static void test_save(void **state)
{
    ov_core_t *core = core_with(CUSTOM), *plain = new_core();
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    size_t bytes;
    char *text;

    (void)state;
    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    PASS(vt_model_save(model, in_folder("saved.xml"), NULL, NULL));
    ov_model_free(model);
    text = contents(in_folder("saved.xml"), &bytes);
    assert_non_null(strstr(text, "type=\"ScaledSwish\" version=\"extension\""));
    assert_non_null(strstr(text, "beta=\"2\" scale=\"0.5\""));
    assert_non_null(strstr(text, "limit=\"0.25\""));
    free(text);
    PASS(ov_core_read_model(core, in_folder("saved.xml"), NULL, &model));
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    check_sample(compiled, 4, -1);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    /* The same without the extension: the stand-ins keep everything. */
    PASS(ov_core_read_model(plain, in_folder("saved.xml"), NULL, &model));
    PASS(vt_model_save(model, in_folder("again.xml"), NULL, NULL));
    ov_model_free(model);
    PASS(ov_core_read_model(core, in_folder("again.xml"), NULL, &model));
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    check_sample(compiled, 4, -1);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
    ov_core_free(plain);
}

static void export_on(ov_core_t *plain, const char *device)
{
    ov_core_t *core = core_with(CUSTOM), *changed = new_core();
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    const char *blob = in_folder("model.blob");
    ov_status_e status;

    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    ov_model_free(model);
    status = ov_compiled_model_export_model(compiled, blob);
    ov_compiled_model_free(compiled);
    compiled = NULL;
    if (status == OK) {
        CHECK(vt_core_import_model_file(plain, blob, device, &compiled), GENERAL_ERROR,
              "ov_core_add_extension");
        PASS(vt_core_import_model_file(core, blob, device, &compiled));
        ov_core_free(core);
        check_sample(compiled, 5, -1);
        ov_compiled_model_free(compiled);
        /* A copy that is not the same to the last byte is another build. */
        copy_file(CUSTOM, in_folder("changed.so"), "x");
        PASS(ov_core_add_extension(changed, in_folder("changed.so")));
        CHECK(vt_core_import_model_file(changed, blob, device, &compiled), GENERAL_ERROR, "another build");
        core = NULL;
    }
    if (core) {
        ov_core_free(core);
    }
    ov_core_free(changed);
}

static void test_export(void **state)
{
    ov_core_t *core = new_core();

    (void)state;
    on_each_device(export_on);
    export_on(core, "HETERO:CPU");
    ov_core_free(core);
}

static int count_blobs(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        n += strstr(e->d_name, ".blob") != NULL;
    }
    closedir(dir);
    return n;
}

static void check_cached(ov_core_t *core, const char *from_cache)
{
    ov_compiled_model_t *compiled = NULL;
    char *value = NULL;

    PASS(ov_core_compile_model_from_file(core, CUSTOM_MODEL, "CPU", 2, &compiled, "CACHE_DIR",
                                         in_folder("cache")));
    PASS(ov_compiled_model_get_property(compiled, "LOADED_FROM_CACHE", &value));
    assert_text(value, from_cache);
    check_sample(compiled, 5, -1);
    ov_compiled_model_free(compiled);
}

static void test_cache(void **state)
{
    ov_core_t *core = core_with(CUSTOM), *plain = new_core(), *changed = new_core();
    ov_compiled_model_t *compiled = NULL;
    ov_model_t *model = NULL;

    (void)state;
    check_cached(core, "NO");
    check_cached(core, "YES");
    assert_int_equal(count_blobs(in_folder("cache")), 1);
    /* Without the extension the cached form is not found, and the model cannot be compiled. */
    CHECK(ov_core_compile_model_from_file(plain, CUSTOM_MODEL, "CPU", 2, &compiled, "CACHE_DIR",
                                          in_folder("cache")),
          NOT_IMPLEMENTED, "ScaledSwish");
    copy_file(CUSTOM, in_folder("changed.so"), "x");
    PASS(ov_core_add_extension(changed, in_folder("changed.so")));
    check_cached(changed, "NO");
    check_cached(changed, "YES");
    assert_int_equal(count_blobs(in_folder("cache")), 2);
    /* From the graph. */
    for (int i = 0; i < 2; i++) {
        char *value = NULL;

        PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
        PASS(ov_core_compile_model(core, model, "CPU", 2, &compiled, "CACHE_DIR", in_folder("cache")));
        PASS(ov_compiled_model_get_property(compiled, "LOADED_FROM_CACHE", &value));
        assert_text(value, i ? "YES" : "NO");
        check_sample(compiled, 5, -1);
        ov_compiled_model_free(compiled);
        ov_model_free(model);
    }
    ov_core_free(core);
    ov_core_free(plain);
    ov_core_free(changed);
}

/* ---- several threads */

static void *run_many(void *arg)
{
    ov_compiled_model_t *compiled = arg;
    ov_infer_request_t *request = NULL;

    if (ov_compiled_model_create_infer_request(compiled, &request)) {
        return NULL;
    }
    for (int64_t i = 0; i < 50; i++) {
        int64_t n = 1 + i % 7;
        ov_shape_t shape = {1, &n};
        ov_tensor_t *x = NULL, *y = NULL;
        void *data = NULL;
        bool good = ov_tensor_create(F32, shape, &x) == OK && ov_tensor_data(x, &data) == OK;

        for (int64_t k = 0; k < n; k++) {
            ((float *)data)[k] = 2;
        }
        good = good && ov_infer_request_set_tensor(request, "x", x) == OK &&
               ov_infer_request_infer(request) == OK &&
               ov_infer_request_get_tensor(request, "values", &y) == OK &&
               ov_tensor_get_size(y, &(size_t){0}) == OK && ov_tensor_data(y, &data) == OK &&
               fabsf(((float *)data)[n - 1] - swish(2)) < 1e-6f;
        ov_tensor_free(x);
        ov_tensor_free(y);
        if (!good) {
            ov_infer_request_free(request);
            return NULL;
        }
    }
    ov_infer_request_free(request);
    return compiled;
}

static void test_threads(void **state)
{
    ov_core_t *core = core_with(CUSTOM);
    ov_compiled_model_t *compiled = NULL;
    pthread_t threads[3];

    (void)state;
    PASS(ov_core_compile_model_from_file(core, CUSTOM_MODEL, "CPU", 2, &compiled, "NUM_STREAMS", "2"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, compiled), 0);
    }
    for (int i = 0; i < 3; i++) {
        void *answer = NULL;

        pthread_join(threads[i], &answer);
        assert_non_null(answer);
    }
    ov_compiled_model_free(compiled);
    ov_core_free(core);
}

static void test_query(void **state)
{
    ov_core_t *core = core_with(CUSTOM);
    ov_model_t *model = NULL;
    vt_query_t query = {0};
    int found = 0;

    (void)state;
    PASS(ov_core_read_model(core, CUSTOM_MODEL, NULL, &model));
    PASS(vt_core_query_model(core, model, "CPU", 0, NULL, &query));
    for (size_t i = 0; i < query.size; i++) {
        if (strcmp(query.nodes[i].node_type, "ScaledSwish") == 0) {
            assert_string_equal(query.nodes[i].device, "CPU");
            found++;
        }
    }
    assert_int_equal(found, 1);
    vt_query_free(&query);
    ov_model_free(model);
    ov_core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),   cmocka_unit_test(test_batch),    cmocka_unit_test(test_without),
        cmocka_unit_test(test_odd_path), cmocka_unit_test(test_lifetime), cmocka_unit_test(test_save),
        cmocka_unit_test(test_export),   cmocka_unit_test(test_cache),    cmocka_unit_test(test_threads),
        cmocka_unit_test(test_query),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
