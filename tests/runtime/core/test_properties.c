/* Properties of the core, of devices before and after their plugins are open, and of compiled models. */
#include "core_test.h"

static void assert_property(struct vt_core *core, const char *device, const char *key, const char *want)
{
    char *text = NULL;

    assert_ok(vt_core_get_property(core, device, key, &text, ERR));
    assert_string_equal(text, want);
    free(text);
}

static void test_open_device(void **state)
{
    struct vt_core *core = test_core();
    char *text = NULL;

    (void)state;
    assert_property(core, "REFDEV", "PERF_COUNT", "NO");
    assert_ok(vt_core_set_property(core, "REFDEV", "PERF_COUNT", "true", ERR));
    assert_property(core, "REFDEV", "PERF_COUNT", "YES");
    assert_property(core, "REFDEV.0", "PERF_COUNT", "YES");
    assert_property(core, "REFDEV", "FULL_DEVICE_NAME", "Reference device");
    assert_property(core, "REFDEV", "AVAILABLE_DEVICES", "");
    assert_property(core, "REFDEV", "SUPPORTED_PROPERTIES",
                    "SUPPORTED_PROPERTIES AVAILABLE_DEVICES FULL_DEVICE_NAME OPTIMIZATION_CAPABILITIES "
                    "PERF_COUNT NUM_STREAMS INFERENCE_PRECISION_HINT");
    assert_fails(vt_core_set_property(core, "REFDEV", "NOSUCH", "1", ERR), VT_E_NOT_FOUND,
                 "device REFDEV has no property NOSUCH");
    assert_fails(vt_core_set_property(core, "REFDEV", "OPTIMIZATION_CAPABILITIES", "1", ERR), VT_E_NOT_FOUND,
                 "can only be read");
    assert_fails(vt_core_set_property(core, "REFDEV", "NUM_STREAMS", "x", ERR), VT_E_INVALID,
                 "property NUM_STREAMS: 'x' is no number from 1 to 64");
    assert_fails(vt_core_get_property(core, "REFDEV", "NOSUCH", &text, ERR), VT_E_NOT_FOUND, "NOSUCH");
    assert_fails(vt_core_set_property(core, "XPU", "PERF_COUNT", "1", ERR), VT_E_NOT_FOUND, "XPU");
    vt_core_destroy(core);
}

/* Anything may be set before; it is judged at the first use, and then again at every use. */
static void test_pending(void **state)
{
    struct vt_core *core = test_core(), *bad = test_core();
    struct vt_model *model = test_softmax("1,4", 1);
    struct vt_compiled *compiled = NULL;
    char *text = NULL;

    (void)state;
    assert_ok(vt_core_set_property(core, "REFDEV", "NUM_STREAMS", "2", ERR));
    assert_ok(vt_core_set_property(core, "REFDEV", "NUM_STREAMS", "3", ERR));
    assert_property(core, "REFDEV", "NUM_STREAMS", "3");
    assert_ok(vt_core_set_property(bad, "REFDEV", "NOSUCH", "1", ERR));
    for (int i = 0; i < 2; i++) {
        assert_fails(vt_core_get_property(bad, "REFDEV", "PERF_COUNT", &text, ERR), VT_E_NOT_FOUND,
                     "device REFDEV has no property NOSUCH");
        assert_fails(vt_core_compile(bad, model, "REFDEV", NULL, &compiled, ERR), VT_E_NOT_FOUND, "NOSUCH");
    }
    vt_model_unref(model);
    vt_core_destroy(core);
    vt_core_destroy(bad);
}

static void test_global(void **state)
{
    struct vt_core *core = test_core();
    char *text = NULL;

    (void)state;
    assert_property(core, "", "CACHE_DIR", "");
    assert_property(core, "", "ENABLE_MMAP", "YES");
    assert_property(core, "", "FORCE_TBB_TERMINATE", "NO");
    assert_ok(vt_core_set_property(core, "", "ENABLE_MMAP", "false", ERR));
    assert_property(core, "", "ENABLE_MMAP", "NO");
    assert_fails(vt_core_set_property(core, "", "ENABLE_MMAP", "maybe", ERR), VT_E_INVALID, "YES and NO");
    assert_fails(vt_core_get_property(core, "REFDEV", "ENABLE_MMAP", &text, ERR), VT_E_NOT_FOUND,
                 "ENABLE_MMAP");
    assert_ok(vt_core_set_property(core, "", "CACHE_DIR", "/some/where", ERR));
    assert_property(core, "REFDEV", "CACHE_DIR", "/some/where");
    assert_ok(vt_core_set_property(core, "REFDEV", "CACHE_DIR", "/else", ERR));
    assert_property(core, "REFDEV", "CACHE_DIR", "/else");
    assert_property(core, "", "CACHE_DIR", "/some/where");
    assert_fails(vt_core_get_property(core, "", "NUM_STREAMS", &text, ERR), VT_E_NOT_FOUND, "NUM_STREAMS");
    vt_core_destroy(core);
}

/* Without a device: for those that are open and those that will be. */
static void test_everywhere(void **state)
{
    struct vt_core *core = test_core();

    (void)state;
    assert_ok(vt_core_set_property(core, "", "PERF_COUNT", "YES", ERR));
    assert_ok(vt_core_set_property(core, "", "ONLY_OF_ANOTHER_DEVICE", "YES", ERR));
    assert_property(core, "REFDEV", "PERF_COUNT", "YES");
    assert_ok(vt_core_set_property(core, "", "PERF_COUNT", "NO", ERR));
    assert_property(core, "REFDEV", "PERF_COUNT", "NO");
    assert_fails(vt_core_set_property(core, "", "NOSUCH", "1", ERR), VT_E_NOT_FOUND, "NOSUCH");
    assert_fails(vt_core_set_property(core, "", "PERF_COUNT", "x", ERR), VT_E_INVALID, "'x'");
    vt_core_destroy(core);
}

static int compile_with(struct vt_core *core, struct vt_model *model, const char *key, const char *value,
                        struct vt_compiled **compiled, struct vt_error *err)
{
    return vt_core_compile(core, model, "REFDEV", &(struct vt_config){1, &key, &value}, compiled, err);
}

static void test_compile_config(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *model = test_softmax("1,4", 1);
    struct vt_compiled *compiled = NULL;
    char *text = NULL;

    (void)state;
    assert_ok(vt_core_set_property(core, "REFDEV", "NUM_STREAMS", "2", ERR));
    assert_fails(compile_with(core, model, "NOSUCH", "1", &compiled, ERR), VT_E_NOT_FOUND,
                 "property NOSUCH is not known to device REFDEV");
    assert_fails(compile_with(core, model, "OPTIMIZATION_CAPABILITIES", "1", &compiled, ERR), VT_E_NOT_FOUND,
                 "can only be read");
    assert_fails(compile_with(core, model, "NUM_STREAMS", "0", &compiled, ERR), VT_E_INVALID, "from 1 to 64");
    assert_fails(compile_with(core, model, "CACHE_MODE", "x", &compiled, ERR), VT_E_INVALID, "OPTIMIZE_SIZE");
    assert_ok(compile_with(core, model, "ENABLE_MMAP", "NO", &compiled, ERR));
    vt_compiled_unref(compiled);
    assert_ok(compile_with(core, model, "NUM_STREAMS", "5", &compiled, ERR));
    assert_property(core, "REFDEV", "NUM_STREAMS", "2");

    assert_ok(vt_compiled_get_property(compiled, "NUM_STREAMS", &text, ERR));
    assert_string_equal(text, "5");
    free(text);
    assert_ok(vt_compiled_get_property(compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", &text, ERR));
    assert_string_equal(text, "5");
    free(text);
    assert_ok(vt_compiled_get_property(compiled, "NETWORK_NAME", &text, ERR));
    assert_string_equal(text, "softmax");
    free(text);
    assert_ok(vt_compiled_get_property(compiled, "EXECUTION_DEVICES", &text, ERR));
    assert_string_equal(text, "REFDEV");
    free(text);
    assert_ok(vt_compiled_get_property(compiled, "SUPPORTED_PROPERTIES", &text, ERR));
    assert_string_equal(text, "SUPPORTED_PROPERTIES NETWORK_NAME OPTIMAL_NUMBER_OF_INFER_REQUESTS "
                              "EXECUTION_DEVICES OPTIMIZATION_CAPABILITIES PERF_COUNT NUM_STREAMS "
                              "INFERENCE_PRECISION_HINT");
    free(text);
    assert_fails(vt_compiled_get_property(compiled, "NOSUCH", &text, ERR), VT_E_NOT_FOUND, "NOSUCH");
    assert_fails(vt_compiled_set_property(compiled, "NUM_STREAMS", "1", ERR), VT_E_UNSUPPORTED,
                 "not implemented:");
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    vt_core_destroy(core);
}

static void assert_streams(struct vt_core *core, struct vt_model *model, const char *nested, const char *want)
{
    const char *keys[] = {"DEVICE_PROPERTIES", "NUM_STREAMS"}, *values[] = {nested, "7"};
    struct vt_compiled *compiled = NULL;
    char *text = NULL;

    assert_ok(vt_core_compile(core, model, "REFDEV", &(struct vt_config){2, keys, values}, &compiled, ERR));
    assert_ok(vt_compiled_get_property(compiled, "NUM_STREAMS", &text, ERR));
    assert_string_equal(text, want);
    free(text);
    vt_compiled_unref(compiled);
}

static void test_device_properties(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{REFDEV",
        "{REFDEV:}",
        "{REFDEV:{NUM_STREAMS}}",
        "{REFDEV:{NUM_STREAMS:}}",
        "x",
        "{REFDEV:{NUM_STREAMS:2}",
        "{REFDEV:{NUM_STREAMS:2}} x",
        "{:{NUM_STREAMS:2}}",
    };
    struct vt_core *core = test_core();
    struct vt_model *model = test_softmax("1,4", 1);
    struct vt_compiled *compiled = NULL;

    (void)state;
    assert_streams(core, model, "{REFDEV:{NUM_STREAMS:3}}", "3");
    assert_streams(core, model, " { CPU:{X:y}, REFDEV : { PERF_COUNT:YES , NUM_STREAMS : 4 } } ", "4");
    assert_streams(core, model, "{CPU:{NUM_STREAMS:3}}", "7");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fails(compile_with(core, model, "DEVICE_PROPERTIES", bad[i], &compiled, ERR), VT_E_INVALID,
                     "its form is");
    }
    assert_fails(compile_with(core, model, "DEVICE_PROPERTIES", "{REFDEV:{NOSUCH:1}}", &compiled, ERR),
                 VT_E_NOT_FOUND, "NOSUCH");
    vt_model_unref(model);
    vt_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_device),    cmocka_unit_test(test_pending),
        cmocka_unit_test(test_global),         cmocka_unit_test(test_everywhere),
        cmocka_unit_test(test_compile_config), cmocka_unit_test(test_device_properties),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
