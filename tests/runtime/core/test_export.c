/* Export and import: the head that the core writes around what the plugin writes. */
#include "core_test.h"

struct file {
    unsigned char data[3 * 4096];
    size_t n;
};

static int write_file(void *ctx, const void *data, size_t bytes)
{
    struct file *f = ctx;

    if (f->n + bytes > sizeof(f->data)) {
        return VT_E_IO;
    }
    memcpy(f->data + f->n, data, bytes);
    f->n += bytes;
    return VT_OK;
}

static int write_nothing(void *ctx, const void *data, size_t bytes)
{
    (void)ctx;
    (void)data;
    (void)bytes;
    return VT_E_IO;
}

static struct vt_core *exporting_core(void)
{
    struct vt_core *core = NULL;
    char *old = strdup(getenv("VT_PLUGIN_PATH")), path[2048];

    snprintf(path, sizeof(path), "%s:%s", VARIANTS, old);
    setenv("VT_PLUGIN_PATH", path, 1);
    assert_ok(vt_core_create(NULL, &core, ERR));
    setenv("VT_PLUGIN_PATH", old, 1);
    free(old);
    return core;
}

static void export_softmax(struct vt_core *core, const char *shape, struct file *f)
{
    struct vt_model *model = test_softmax(shape, 1);
    struct vt_compiled *compiled = NULL;

    assert_ok(vt_core_compile(core, model, "EXPORTS", NULL, &compiled, ERR));
    assert_ok(vt_compiled_export(compiled, write_file, f, ERR));
    assert_fails(vt_compiled_export(compiled, write_nothing, NULL, ERR), VT_E_IO, "cannot be written");
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_round_trip(void **state)
{
    struct vt_core *core = exporting_core();
    struct vt_compiled *back = NULL;
    struct file f = {0};
    char *text = NULL;

    (void)state;
    export_softmax(core, "?,2..5,..7,4", &f);
    assert_int_equal((f.n - sizeof("hello")) % 4096, 0);
    assert_ok(vt_core_import(core, "EXPORTS", f.data, f.n, NULL, &back, ERR));
    assert_int_equal(back->n_io[VT_INPUT], 1);
    assert_int_equal(back->n_io[VT_OUTPUT], 1);
    assert_string_equal(back->io[VT_INPUT][0].node_name, "x");
    assert_int_equal(vt_io_find(back->io[VT_OUTPUT], 1, "y_t"), 0);
    assert_int_equal(back->io[VT_INPUT][0].type, VT_F32);
    assert_int_equal(back->io[VT_INPUT][0].shape.rank, 4);
    assert_int_equal(back->io[VT_INPUT][0].shape.dims[0].max, -1);
    assert_int_equal(back->io[VT_INPUT][0].shape.dims[1].min, 2);
    assert_int_equal(back->io[VT_INPUT][0].shape.dims[2].max, 7);
    assert_ok(vt_compiled_get_property(back, "NETWORK_NAME", &text, ERR));
    assert_string_equal(text, "softmax");
    free(text);
    vt_compiled_unref(back);

    f.n = 0;
    export_softmax(core, "...", &f);
    assert_ok(vt_core_import(core, "EXPORTS", f.data, f.n, NULL, &back, ERR));
    assert_int_equal(back->io[VT_OUTPUT][0].shape.rank, -1);
    vt_compiled_unref(back);
    vt_core_destroy(core);
}

/* Any byte of the head changed, and any cut, is noticed. */
static void test_damage(void **state)
{
    struct vt_core *core = exporting_core();
    struct vt_compiled *back = NULL;
    struct file f = {0};

    (void)state;
    export_softmax(core, "1,4", &f);
    for (size_t i = 0; i < f.n; i++) {
        int status;

        f.data[i] ^= 0x10;
        status = vt_core_import(core, "EXPORTS", f.data, f.n, NULL, &back, ERR);
        assert_true(status == VT_E_FORMAT || status == VT_E_ABI);
        f.data[i] ^= 0x10;
    }
    for (size_t n = 0; n < f.n; n++) {
        unsigned char *cut = malloc(n + 1);

        memcpy(cut, f.data, n);
        assert_fails(vt_core_import(core, "EXPORTS", cut, n, NULL, &back, ERR), VT_E_FORMAT, "");
        free(cut);
    }
    assert_null(back);
    vt_core_destroy(core);
}

static void test_other_devices(void **state)
{
    struct vt_core *core = exporting_core();
    struct vt_model *model = test_softmax("1,4", 1);
    struct vt_compiled *compiled = NULL;
    struct file f = {0};

    (void)state;
    export_softmax(core, "1,4", &f);
    assert_fails(vt_core_import(core, "REFDEV", f.data, f.n, NULL, &compiled, ERR), VT_E_UNSUPPORTED,
                 "not implemented: import");
    assert_fails(vt_core_import(core, "XPU", f.data, f.n, NULL, &compiled, ERR), VT_E_NOT_FOUND, "XPU");
    assert_ok(vt_core_compile(core, model, "REFDEV", NULL, &compiled, ERR));
    assert_fails(vt_compiled_export(compiled, write_file, &f, ERR), VT_E_UNSUPPORTED,
                 "not implemented: export");
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    vt_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_other_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
