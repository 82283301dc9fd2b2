/* Finding, opening and refusing plugins; devices, versions; lists of plugins in XML. */
#include "core_test.h"
#include "discover.h"
#include "module.h"

#include <dlfcn.h>
#include <unistd.h>

#ifndef VARIANTS
#error "VARIANTS is the folder with the plugins of variant.c"
#endif

/* A core that sees all variants. */
static struct vt_core *variants_core(void)
{
    const char *refdev = getenv("VT_PLUGIN_PATH");
    struct vt_core *core = NULL;
    char *old = strdup(refdev ? refdev : ""), path[1024];

    snprintf(path, sizeof(path), "%s:%s:/no/such/folder", VARIANTS, old);
    setenv("VT_PLUGIN_PATH", path, 1);
    assert_ok(vt_core_create("", &core, ERR));
    setenv("VT_PLUGIN_PATH", old, 1);
    free(old);
    return core;
}

static void assert_refused(struct vt_core *core, const char *device, int code, const char *part)
{
    struct vt_model *model = test_softmax("1,4", 1);
    struct vt_compiled *compiled = NULL;
    char *text = NULL;

    /* Again and again, and whichever way it is asked for. */
    assert_fails(vt_core_compile(core, model, device, NULL, &compiled, ERR), code, part);
    assert_fails(vt_core_compile(core, model, device, NULL, &compiled, ERR), code, part);
    assert_fails(vt_core_get_property(core, device, "PERF_COUNT", &text, ERR), code, part);
    vt_model_unref(model);
}

static void test_refused(void **state)
{
    struct vt_core *core = variants_core();

    (void)state;
    assert_refused(core, "OTHERMAJOR", VT_E_ABI, "its plugin table has ABI 1.");
    assert_refused(core, "OTHERMAJOR", VT_E_ABI, "libvt_plugin_othermajor.so");
    assert_refused(core, "NOCOMPILE", VT_E_ABI, "its plugin table lacks the method 'compile'");
    assert_refused(core, "SHORT", VT_E_ABI, "its request table lacks the method 'cancel'");
    assert_refused(core, "REFUSES", VT_E_ABI, "refuses to work with a runtime of ABI 0.");
    assert_refused(core, "NOENTRY", VT_E_ABI, "does not export vt_plugin_entry");
    vt_core_destroy(core);
}

/* Built against an older, shorter table: what it lacks is not used. */
static void test_old_abi(void **state)
{
    struct vt_core *core = variants_core();
    struct vt_model *model = test_softmax("1,4", 1), *runtime = NULL;
    struct vt_compiled *compiled = NULL;
    struct vt_request *request = NULL;
    struct vt_state_store *states = NULL;
    const struct vt_profile *profile;
    struct vt_memory_stats stats;
    int n;

    (void)state;
    assert_ok(vt_core_compile(core, model, "OLDABI", NULL, &compiled, ERR));
    assert_ok(vt_request_create(compiled, &request, ERR));
    assert_ok(vt_request_infer(request, ERR));
    assert_ok(vt_request_profile(request, &profile, &n, ERR));
    assert_int_equal(n, 0);
    assert_fails(vt_request_states(request, &states, ERR), VT_E_UNSUPPORTED, "not implemented:");
    assert_fails(vt_compiled_runtime_model(compiled, &runtime, ERR), VT_E_UNSUPPORTED, "not implemented:");
    assert_fails(vt_compiled_memory(compiled, &stats, ERR), VT_E_UNSUPPORTED, "not implemented:");
    vt_request_destroy(request);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    vt_core_destroy(core);
}

static bool in_list(char **names, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_devices(void **state)
{
    struct vt_core *core = variants_core();
    struct vt_model *model = test_softmax("1,4", 1);
    struct vt_compiled *compiled = NULL;
    char **names = NULL, *text = NULL;
    int n = 0;

    (void)state;
    assert_ok(vt_core_devices(core, &names, &n, ERR));
    assert_true(in_list(names, n, "REFDEV"));
    assert_true(in_list(names, n, "OLDABI"));
    assert_true(in_list(names, n, "TWODEVICES.0"));
    assert_true(in_list(names, n, "TWODEVICES.1"));
    assert_false(in_list(names, n, "NODEVICE"));
    assert_false(in_list(names, n, "SHORT"));
    assert_null(names[n]);
    free(names);

    assert_ok(vt_core_get_property(core, "TWODEVICES", "AVAILABLE_DEVICES", &text, ERR));
    assert_string_equal(text, "0 1");
    free(text);
    assert_ok(vt_core_get_property(core, "TWODEVICES.1", "FULL_DEVICE_NAME", &text, ERR));
    assert_string_equal(text, "Second device");
    free(text);
    assert_ok(vt_core_compile(core, model, "TWODEVICES", NULL, &compiled, ERR));
    assert_string_equal(compiled->device, "TWODEVICES.0");
    vt_compiled_unref(compiled);
    assert_ok(vt_core_compile(core, model, "TWODEVICES.1", NULL, &compiled, ERR));
    assert_string_equal(compiled->device, "TWODEVICES.1");
    vt_compiled_unref(compiled);
    assert_fails(vt_core_compile(core, model, "TWODEVICES.2", NULL, &compiled, ERR), VT_E_NOT_FOUND,
                 "there is no device \"TWODEVICES.2\"");
    assert_fails(vt_core_compile(core, model, "REFDEV.0", NULL, &compiled, ERR), VT_E_NOT_FOUND,
                 "there is no device \"REFDEV.0\"");
    assert_fails(vt_core_compile(core, model, "NODEVICE", NULL, &compiled, ERR), VT_E_DEVICE,
                 "no device NODEVICE: no driver is installed");
    assert_fails(vt_core_compile(core, model, "XPU", NULL, &compiled, ERR), VT_E_NOT_FOUND,
                 "there is no device \"XPU\"");
    assert_fails(vt_core_compile(core, model, "refdev", NULL, &compiled, ERR), VT_E_NOT_FOUND, "refdev");
    assert_fails(vt_core_compile(core, model, "", NULL, &compiled, ERR), VT_E_NOT_FOUND, "\"\"");
    assert_fails(vt_core_compile(core, model, "AUTO.0", NULL, &compiled, ERR), VT_E_NOT_FOUND, "AUTO.0");
    vt_model_unref(model);
    vt_core_destroy(core);
}

static void test_versions(void **state)
{
    struct vt_core *core = test_core();
    struct vt_version_info info = {0};

    (void)state;
    assert_int_equal(vt_core_versions(core, "REFDEV", &info, 1, ERR), 1);
    assert_string_equal(info.device, "REFDEV");
    assert_string_equal(info.version, "0.1.0");
    assert_int_equal(vt_core_versions(core, "REFDEV.0", &info, 1, ERR), 1);
    assert_fails(vt_core_versions(core, "XPU", &info, 1, ERR), VT_E_NOT_FOUND, "XPU");
    vt_core_destroy(core);
}

/* Nothing is opened before it is needed. */
static void test_lazy(void **state)
{
    struct vt_core *core = variants_core();
    char path[1024], *text = NULL;
    void *handle;

    (void)state;
    snprintf(path, sizeof(path), "%s/libvt_plugin_lazy.so", VARIANTS);
    handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    assert_null(handle);
    assert_ok(vt_core_get_property(core, "LAZY", "PERF_COUNT", &text, ERR));
    free(text);
    handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    assert_non_null(handle);
    dlclose(handle);
    vt_core_destroy(core);
}

/* The first use of a plugin from several threads at once, all with one model. */
struct shared {
    struct vt_core *core;
    struct vt_model *model;
};

static void *use_core(void *arg)
{
    struct shared *s = arg;
    struct vt_compiled *compiled = NULL;
    struct vt_error err = {0};
    char *text = NULL, **names = NULL;
    int n, status = vt_core_compile(s->core, s->model, "REFDEV", NULL, &compiled, &err);

    status = status ? status : vt_core_get_property(s->core, "OLDABI", "PERF_COUNT", &text, &err);
    status = status ? status : vt_core_devices(s->core, &names, &n, &err);
    status = status ? status : vt_core_set_property(s->core, "", "CACHE_DIR", "x", &err);
    free(text);
    free(names);
    vt_compiled_unref(compiled);
    return status ? arg : NULL;
}

static void test_threads(void **state)
{
    struct shared s = {variants_core(), test_softmax("1,4", 1)};
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_core, &s), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    vt_model_unref(s.model);
    vt_core_destroy(s.core);
}

/* ---- plugins.xml */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int core_from(const char *path, const char *text, struct vt_core **core)
{
    write_file(path, text);
    return vt_core_create(path, core, ERR);
}

static void test_xml(void **state)
{
    char dir[] = "/tmp/vt_loader_XXXXXX", path[64], text[2048], **names = NULL;
    struct vt_core *core = NULL;
    int n = 0;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/plugins.xml", dir);
    assert_fails(vt_core_create("/no/such/plugins.xml", &core, ERR), VT_E_NOT_FOUND, "/no/such/plugins.xml");

    snprintf(text, sizeof(text),
             "<?xml version=\"1.0\"?>\n<!-- one -->\n<ie>\n <plugins>\n"
             "  <plugin name=\"MINE\" location='%s/libvt_plugin_oldabi.so'>\n"
             "   <properties><property key=\"A\" value=\"B\"/></properties>\n  </plugin>\n"
             "  <plugin name=\"GONE\" location=\"libnosuch&amp;.so\"/>\n </plugins>\n</ie>\n",
             VARIANTS);
    assert_ok(core_from(path, text, &core));
    assert_ok(vt_core_devices(core, &names, &n, ERR));
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "MINE");
    free(names);
    assert_refused(core, "GONE", VT_E_IO, "device GONE: cannot load the plugin: libnosuch&.so");
    assert_refused(core, "REFDEV", VT_E_NOT_FOUND, "there is no device \"REFDEV\"");
    vt_core_destroy(core);

    assert_fails(core_from(path, "<ie><plug", &core), VT_E_FORMAT, "plugins.xml:1:10:");
    assert_fails(core_from(path, "<ie>\n<plugins>\n</ie>", &core), VT_E_FORMAT,
                 "plugins.xml:3:5: an end tag");
    assert_fails(core_from(path, "", &core), VT_E_FORMAT, "the file ends too early");
    assert_fails(core_from(path, "<net/>", &core), VT_E_FORMAT, "expected <ie><plugins>");
    assert_fails(core_from(path, "<ie><plugins><plugin name=\"A\"/></plugins></ie>", &core), VT_E_FORMAT,
                 "name and location");
    assert_fails(core_from(path, "<ie><plugins><plugin name \"A\"/></plugins></ie>", &core), VT_E_FORMAT,
                 "'='");
    assert_fails(core_from(path, "<ie><plugins>text</plugins></ie>", &core), VT_E_FORMAT, "text between");
    assert_fails(core_from(path, "<ie><plugins><plugin name=\"&x;\"", &core), VT_E_FORMAT, "entity");
    assert_fails(core_from(path, "<!-- ", &core), VT_E_FORMAT, "ends too early");
    unlink(path);
    rmdir(dir);
}

/* No prefix of a good file makes the reader read past its end. */
static void test_xml_cut(void **state)
{
    static const char text[] = "<?xml version=\"1.0\"?><!-- c --><ie ><plugins><plugin name=\"A&lt;\" "
                               "location = 'x'/><plugin name=\"B\" location=\"y\"></plugin></plugins></ie>";
    char path[] = "/tmp/vt_loader_XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (size_t n = 0; n <= sizeof(text) - 1; n++) {
        struct vt_found_list list = {0};
        char *cut = strndup(text, n);
        int status;

        write_file(path, cut);
        status = vt_discover_xml(&list, path, ERR);
        assert_int_equal(status, n == sizeof(text) - 1 ? VT_OK : VT_E_FORMAT);
        vt_found_finish(&list);
        free(cut);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lazy),    cmocka_unit_test(test_refused),  cmocka_unit_test(test_old_abi),
        cmocka_unit_test(test_devices), cmocka_unit_test(test_versions), cmocka_unit_test(test_xml),
        cmocka_unit_test(test_xml_cut), cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
