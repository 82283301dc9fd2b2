/* Static builds: plugins and frontends are part of the program. */
#include "core_test.h"
#include "discover.h"

static void test_found(void **state)
{
    struct vt_found_list list = {0};
    bool cpu = false, ir = false, onnx = false;

    (void)state;
    unsetenv("VT_PLUGIN_PATH");
    assert_ok(vt_discover(&list, ERR));
    for (int i = 0; i < list.n; i++) {
        cpu |= list.items[i].plugin && strcmp(list.items[i].name, "CPU") == 0;
        ir |= list.items[i].frontend && strcmp(list.items[i].name, "ir") == 0;
        onnx |= list.items[i].frontend && strcmp(list.items[i].name, "onnx") == 0;
    }
    assert_true(cpu && ir && onnx);
    vt_found_finish(&list);
}

static void test_used(void **state)
{
    static const char ir[] = "<?xml version=\"1.0\"?><net name=\"n\" version=\"11\"><layers/><edges/></net>";
    struct vt_core *core = test_core();
    struct vt_model *m = NULL;
    char *name = NULL;

    (void)state;
    assert_ok(vt_core_get_property(core, "CPU", "FULL_DEVICE_NAME", &name, ERR));
    free(name);
    assert_ok(vt_core_read_memory(core, ir, sizeof(ir) - 1, NULL, &m, ERR));
    vt_model_unref(m);
    vt_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
