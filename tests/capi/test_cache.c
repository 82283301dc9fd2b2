/* Compiled models in files: export, import, CACHE_DIR, on the digits that are shipped. */
#include "capi_test.h"
#include "vintner.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[] = "/tmp/test_capi_cache_XXXXXX";
static int run_count;

/* A folder of its own for each test; not made yet. */
static const char *new_dir(void)
{
    static char dir[64];

    snprintf(dir, sizeof(dir), "%s/%d/deep", scratch, run_count++);
    return dir;
}

/* The only file in the folder whose name has the ending; NULL when there is none. */
static const char *only_file(const char *dir, const char *ending)
{
    static char path[512];
    struct dirent *entry;
    DIR *d = opendir(dir);
    int n = 0;

    assert_non_null(d);
    while ((entry = readdir(d))) {
        size_t length = strlen(entry->d_name);

        if (length > strlen(ending) && strcmp(entry->d_name + length - strlen(ending), ending) == 0) {
            snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
            n++;
        }
    }
    closedir(d);
    assert_true(n <= 1);
    return n ? path : NULL;
}

static char *read_all(const char *path, size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    char *data;

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(f);
    rewind(f);
    data = malloc(*bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, f), *bytes);
    fclose(f);
    return data;
}

static void write_all(const char *path, const void *data, size_t bytes)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
}

static void assert_cached(ov_compiled_model_t *compiled, const char *yes)
{
    char *value = NULL;

    PASS(ov_compiled_model_get_property(compiled, "LOADED_FROM_CACHE", &value));
    assert_string_equal(value, yes);
    ov_free(value);
}

/* The ten outputs for a fixed picture. */
static void run(ov_compiled_model_t *compiled, float out[10])
{
    ov_infer_request_t *request = NULL;
    ov_tensor_t *tensor = NULL;
    void *data = NULL;
    size_t bytes = 0;

    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_get_input_tensor(request, &tensor));
    PASS(ov_tensor_data(tensor, &data));
    PASS(ov_tensor_get_byte_size(tensor, &bytes));
    assert_int_equal(bytes % sizeof(float), 0);
    for (size_t i = 0; i < bytes / sizeof(float); i++) {
        ((float *)data)[i] = (float)(i * 7 % 23) / 23.0f;
    }
    ov_tensor_free(tensor);
    PASS(ov_infer_request_infer(request));
    PASS(ov_infer_request_get_output_tensor(request, &tensor));
    PASS(ov_tensor_data(tensor, &data));
    PASS(ov_tensor_get_byte_size(tensor, &bytes));
    assert_int_equal(bytes, 10 * sizeof(float));
    memcpy(out, data, bytes);
    assert_true(out[0] != out[1]);
    ov_tensor_free(tensor);
    ov_infer_request_free(request);
}

static void assert_same_results(ov_compiled_model_t *a, ov_compiled_model_t *b)
{
    float x[10], y[10];

    run(a, x);
    run(b, y);
    assert_memory_equal(x, y, sizeof(x));
}

static ov_compiled_model_t *compile_file(ov_core_t *core, const char *dir)
{
    ov_compiled_model_t *compiled = NULL;

    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 2, &compiled, ov_property_key_cache_dir, dir));
    return compiled;
}

/* ---- export and import */

/* What a file held stays with those who have mapped it when it is exported to again, and when that fails. */
static void test_export_over(void **state)
{
    ov_core_t *core = new_core();
    ov_compiled_model_t *compiled = NULL, *mapped = NULL;
    char path[128], *first, *second;
    size_t n_first = 0, n_second = 0;

    (void)state;
    snprintf(path, sizeof(path), "%s/over.blob", scratch);
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 0, &compiled));
    PASS(ov_compiled_model_export_model(compiled, path));
    first = read_all(path, &n_first);
    PASS(vt_core_import_model_file(core, path, "CPU", &mapped));
    PASS(ov_compiled_model_export_model(mapped, path));
    second = read_all(path, &n_second);
    assert_int_equal(n_first, n_second);
    assert_same_results(compiled, mapped);
    {
        struct rlimit old, tight;

        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        tight = (struct rlimit){100, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        CHECK(ov_compiled_model_export_model(compiled, path), GENERAL_ERROR, "written: File too large");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    }
    free(first);
    first = read_all(path, &n_first);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    assert_same_results(compiled, mapped);
    CHECK(ov_compiled_model_export_model(compiled, scratch), GENERAL_ERROR, "it is a folder");
    PASS(ov_compiled_model_export_model(compiled, "/dev/null"));
    unlink(path);
    free(first);
    free(second);
    ov_compiled_model_free(mapped);
    ov_compiled_model_free(compiled);
    ov_core_free(core);
}

static void test_export(void **state)
{
    ov_core_t *core = new_core();
    ov_compiled_model_t *compiled = NULL, *back = NULL;
    ov_output_const_port_t *port = NULL;
    char path[128], *data, *name = NULL;
    size_t bytes = 0;

    (void)state;
    snprintf(path, sizeof(path), "%s/digits.blob", scratch);
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 0, &compiled));
    PASS(ov_compiled_model_export_model(compiled, path));
    data = read_all(path, &bytes);
    PASS(ov_core_import_model(core, data, bytes, "CPU", &back));
    memset(data, 0, bytes); /* it may be gone from here on */
    assert_same_results(compiled, back);
    assert_cached(back, "NO");
    PASS(ov_compiled_model_input(back, &port));
    PASS(ov_port_get_any_name(port, &name));
    assert_true(strlen(name) > 0);
    ov_free(name);
    ov_output_const_port_free(port);

    /* What was imported can be exported again, to the same bytes but for nothing. */
    free(data);
    data = read_all(path, &bytes);
    snprintf(path, sizeof(path), "%s/again.blob", scratch);
    PASS(ov_compiled_model_export_model(back, path));
    ov_compiled_model_free(back);
    {
        size_t more = 0;
        char *again = read_all(path, &more);

        back = NULL;
        assert_int_equal(more, bytes);
        PASS(ov_core_import_model(core, again, more, "CPU", &back));
        assert_same_results(compiled, back);
        ov_compiled_model_free(back);
        free(again);
    }
    back = NULL;
    PASS(vt_core_import_model_file(core, path, "CPU", &back));
    assert_same_results(compiled, back);
    ov_compiled_model_free(back);
    back = NULL;
    CHECK(vt_core_import_model_file(core, "/nosuch.blob", "CPU", &back), GENERAL_ERROR, "/nosuch.blob");
    CHECK(vt_core_import_model_file(core, DIGITS, "CPU", &back), GENERAL_ERROR, "no compiled model");
    CHECK(vt_core_import_model_file(core, path, "XPU", &back), GENERAL_ERROR, "XPU");
    CHECK(vt_core_import_model_file(core, NULL, "CPU", &back), INVALID_C_PARAM, NULL);
    CHECK(vt_core_import_model_file(core, path, "CPU", NULL), INVALID_C_PARAM, NULL);
    CHECK(ov_core_import_model(core, data, bytes, "XPU", &back), GENERAL_ERROR, "XPU");
    CHECK(ov_core_import_model(core, data, bytes / 2, "CPU", &back), GENERAL_ERROR, "compile it anew");
    CHECK(ov_core_import_model(core, data, 8, "CPU", &back), GENERAL_ERROR, "no compiled model");
    CHECK(ov_core_import_model(core, "junkjunkjunkjunkjunkjunkjunk", 28, "CPU", &back), GENERAL_ERROR,
          "no compiled model");
    assert_null(back);
    free(data);
    ov_compiled_model_free(compiled);
    ov_core_free(core);
}

/* ---- CACHE_DIR */

static void test_from_file(void **state)
{
    const char *dir = new_dir();
    ov_core_t *core = new_core();
    ov_compiled_model_t *plain = NULL, *first, *second;

    (void)state;
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 0, &plain));
    assert_cached(plain, "NO");
    first = compile_file(core, dir);
    assert_cached(first, "NO");
    assert_non_null(only_file(dir, ".blob"));
    assert_null(only_file(dir, ".tmp"));
    second = compile_file(core, dir);
    assert_cached(second, "YES");
    assert_same_results(plain, second);
    ov_compiled_model_free(second);

    /* Set for the core, and by another core; threads do not matter, the mode does. */
    ov_core_free(core);
    core = new_core();
    PASS(ov_core_set_property(core, NULL, ov_property_key_cache_dir, dir));
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 4, &second, "INFERENCE_NUM_THREADS", "1",
                                         "ENABLE_MMAP", "NO"));
    assert_cached(second, "YES");
    assert_same_results(plain, second);
    ov_compiled_model_free(second);
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 2, &second, "EXECUTION_MODE_HINT", "ACCURACY"));
    assert_cached(second, "NO");
    ov_compiled_model_free(second);
    ov_compiled_model_free(first);
    ov_compiled_model_free(plain);
    ov_core_free(core);
}

static void test_in_memory(void **state)
{
    const char *dir = new_dir();
    ov_core_t *core = new_core();
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL, *loaded = NULL;
    ov_partial_shape_t shape;
    int64_t dims[4] = {3, 1, 28, 28};
    ov_output_const_port_t *port = NULL;

    (void)state;
    PASS(ov_core_set_property(core, "CPU", ov_property_key_cache_dir, dir));
    PASS(ov_core_read_model(core, DIGITS, NULL, &model));
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    assert_cached(compiled, "NO");
    PASS(ov_core_compile_model(core, model, "CPU", 0, &loaded));
    assert_cached(loaded, "YES");
    assert_same_results(compiled, loaded);
    ov_compiled_model_free(compiled);
    ov_compiled_model_free(loaded);

    /* Another shape is another model. */
    PASS(ov_model_const_input(model, &port));
    PASS(ov_port_get_partial_shape(port, &shape));
    assert_true(shape.rank.max >= 1 && shape.rank.max <= 4);
    for (int64_t i = 1; i < shape.rank.max; i++) {
        dims[i] = shape.dims[i].max;
    }
    ov_partial_shape_free(&shape);
    ov_output_const_port_free(port);
    PASS(ov_partial_shape_create_static(4, dims, &shape));
    PASS(ov_model_reshape_single_input(model, shape));
    ov_partial_shape_free(&shape);
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    assert_cached(compiled, "NO");
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
}

static char last_log[1024];

static void on_log(const char *text)
{
    if (strstr(text, "made anew")) {
        snprintf(last_log, sizeof(last_log), "%s", text);
    }
}

/* A file that cannot be used is replaced, and the log says why. */
static void test_damaged(void **state)
{
    const char *dir = new_dir(), *path;
    ov_core_t *core = new_core();
    ov_compiled_model_t *compiled = compile_file(core, dir), *other = NULL;
    char *data, *bad;
    size_t bytes = 0;

    (void)state;
    path = only_file(dir, ".blob");
    data = read_all(path, &bytes);
    bad = malloc(bytes);
    ov_util_set_log_callback(on_log);
    for (int round = 0; round < 4; round++) {
        memcpy(bad, data, bytes);
        bad[round == 0 ? 9 : round == 1 ? 40 : round == 2 ? 4096 + 200 : bytes - 70] ^= 0x40;
        write_all(path, bad, round == 3 ? bytes / 2 : bytes);
        last_log[0] = 0;
        other = compile_file(core, dir);
        assert_cached(other, "NO");
        assert_non_null(strstr(last_log, path));
        assert_same_results(compiled, other);
        ov_compiled_model_free(other);
        other = compile_file(core, dir);
        assert_cached(other, "YES");
        ov_compiled_model_free(other);
    }
    ov_util_reset_log_callback();
    free(bad);
    free(data);
    ov_compiled_model_free(compiled);
    ov_core_free(core);
}

static void copy_file(const char *from, const char *to)
{
    size_t bytes = 0;
    char *data = read_all(from, &bytes);

    write_all(to, data, bytes);
    free(data);
}

static ov_compiled_model_t *compile_small(ov_core_t *core, const char *path, const char *dir,
                                          const char *cached)
{
    ov_compiled_model_t *compiled = NULL;

    PASS(ov_core_compile_model_from_file(core, path, "CPU", 4, &compiled, ov_property_key_cache_dir, dir,
                                         ov_property_key_cache_mode, "OPTIMIZE_SIZE"));
    assert_cached(compiled, cached);
    return compiled;
}

/* Weights stay in the model's file, which must be as it was. */
static void test_small(void **state)
{
    const char *dir = new_dir();
    char xml[128], bin[128], *data;
    ov_core_t *core = new_core();
    ov_compiled_model_t *plain = NULL, *loaded;
    struct timespec times[2] = {{1000000000, 5}, {1000000000, 5}};
    size_t small = 0, weights = 0;

    (void)state;
    snprintf(xml, sizeof(xml), "%s/copy.xml", scratch);
    snprintf(bin, sizeof(bin), "%s/copy.bin", scratch);
    copy_file(DIGITS, xml);
    copy_file(DIGITS_BIN, bin);
    PASS(ov_core_compile_model_from_file(core, xml, "CPU", 0, &plain));
    ov_compiled_model_free(compile_small(core, xml, dir, "NO"));
    free(read_all(only_file(dir, ".blob"), &small));
    data = read_all(bin, &weights);
    assert_true(small < weights);
    loaded = compile_small(core, xml, dir, "YES");
    assert_same_results(plain, loaded);
    ov_compiled_model_free(loaded);

    ov_util_set_log_callback(on_log);
    last_log[0] = 0;
    assert_int_equal(utimensat(AT_FDCWD, bin, times, 0), 0);
    ov_compiled_model_free(compile_small(core, xml, dir, "NO"));
    assert_non_null(strstr(last_log, "were changed"));
    ov_util_reset_log_callback();
    ov_compiled_model_free(compile_small(core, xml, dir, "YES"));

    /* Other weights, other model. */
    ov_compiled_model_free(plain);
    data[weights / 2] ^= 1;
    write_all(bin, data, weights);
    PASS(ov_core_compile_model_from_file(core, xml, "CPU", 2, &plain, "CACHE_DIR", dir));
    assert_cached(plain, "NO");
    free(data);
    ov_compiled_model_free(plain);
    ov_core_free(core);
}

static void *compile_by_itself(void *arg)
{
    ov_core_t *core = NULL;
    ov_compiled_model_t *compiled = NULL;
    bool ok = ov_core_create(&core) == OK;

    for (int i = 0; i < 8 && ok; i++) {
        ok = ov_core_compile_model_from_file(core, DIGITS, "CPU", 2, &compiled, "CACHE_DIR",
                                             (const char *)arg) == OK;
        ov_compiled_model_free(compiled);
        compiled = NULL;
    }
    ov_core_free(core);
    return ok ? arg : NULL;
}

/* All write the same file at once, and read what the others wrote. */
static void test_at_once(void **state)
{
    const char *dir = new_dir();
    pthread_t threads[4];
    void *result;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, compile_by_itself, (void *)(uintptr_t)dir), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    assert_non_null(only_file(dir, ".blob"));
    assert_null(only_file(dir, ".tmp"));
}

static void test_no_folder(void **state)
{
    ov_core_t *core = new_core();
    ov_compiled_model_t *compiled = NULL;

    (void)state;
    CHECK(ov_core_compile_model_from_file(core, DIGITS, "CPU", 2, &compiled, "CACHE_DIR", DIGITS "/below"),
          GENERAL_ERROR, "CACHE_DIR");
    CHECK(ov_core_compile_model_from_file(core, "/nosuch.xml", "CPU", 2, &compiled, "CACHE_DIR", new_dir()),
          GENERAL_ERROR, "/nosuch.xml");
    assert_null(compiled);
    ov_core_free(core);
}

/* ---- encryption: a byte in front, and all bytes changed */

static int encrypted, decrypted;

static void turn(const char *in, const size_t in_size, char *out, char with)
{
    for (size_t i = 0; i < in_size; i++) {
        out[i] = (char)(in[i] ^ with);
    }
}

static void encrypt(const char *in, const size_t in_size, char *out, size_t *out_size)
{
    *out_size = in_size + 1;
    if (out) {
        encrypted++;
        out[0] = '!';
        turn(in, in_size, out + 1, 0x5a);
    }
}

static void decrypt(const char *in, const size_t in_size, char *out, size_t *out_size)
{
    *out_size = in_size - 1;
    if (out) {
        decrypted++;
        turn(in + 1, in_size - 1, out, 0x5a);
    }
}

static void decrypt_badly(const char *in, const size_t in_size, char *out, size_t *out_size)
{
    *out_size = in_size - 1;
    if (out) {
        turn(in + 1, in_size - 1, out, 0x11);
    }
}

static void test_encryption(void **state)
{
    const char *dir = new_dir();
    ov_encryption_callbacks callbacks = {encrypt, decrypt}, wrong = {encrypt, decrypt_badly};
    ov_property_t props[2] = {{ov_property_key_cache_dir, dir},
                              {ov_property_key_cache_encryption_callbacks, &callbacks}};
    ov_core_t *core = new_core();
    ov_compiled_model_t *plain = NULL, *first = NULL, *second = NULL;
    size_t bytes = 0;
    char *data;

    (void)state;
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 0, &plain));
    PASS(ov_core_compile_model_from_file_props(core, DIGITS, "CPU", 2, props, &first));
    assert_cached(first, "NO");
    assert_int_equal(encrypted, 1);
    data = read_all(only_file(dir, ".blob"), &bytes);
    assert_int_equal(data[0], '!');
    assert_null(memmem(data, bytes, "VTMODEL", 7));
    free(data);
    PASS(ov_core_compile_model_from_file(core, DIGITS, "CPU", 4, &second, "CACHE_DIR", dir,
                                         ov_property_key_cache_encryption_callbacks,
                                         (const char *)&callbacks));
    assert_cached(second, "YES");
    assert_int_equal(decrypted, 1);
    assert_same_results(plain, second);
    ov_compiled_model_free(second);
    props[1].value = &wrong;
    PASS(ov_core_compile_model_from_file_props(core, DIGITS, "CPU", 2, props, &second));
    assert_cached(second, "NO");
    assert_same_results(plain, second);
    ov_compiled_model_free(second);
    ov_compiled_model_free(first);
    ov_compiled_model_free(plain);
    ov_core_free(core);
}

static int make_scratch(void **state)
{
    (void)state;
    return mkdtemp(scratch) ? 0 : -1;
}

static int remove_scratch(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", scratch);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export),     cmocka_unit_test(test_export_over),
        cmocka_unit_test(test_from_file),  cmocka_unit_test(test_in_memory),
        cmocka_unit_test(test_damaged),    cmocka_unit_test(test_small),
        cmocka_unit_test(test_at_once),    cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_encryption),
    };

    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
