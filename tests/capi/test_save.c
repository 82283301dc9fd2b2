/* Saving a model: arguments, options, errors. What is written is tested in tests/runtime/core. */
#include "capi_test.h"

#include "vintner.h"

#include <unistd.h>

static char folder[] = "/tmp/vintner-capi-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[2][128];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static void test_save(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, MODEL_TWO), *back = NULL;
    vt_save_options_t options = {sizeof(options), VT_SAVE_FP16};
    ov_output_const_port_t *port = NULL;
    size_t n = 0;

    (void)state;
    assert_non_null(mkdtemp(folder));
    PASS(vt_model_save(model, in_folder("two.xml"), NULL, NULL));
    PASS(vt_model_save(model, in_folder("three.xml"), in_folder("weights"), &options));
    ov_model_free(model);
    PASS(ov_core_read_model(core, in_folder("two.xml"), NULL, &back));
    PASS(ov_model_outputs_size(back, &n));
    assert_int_equal(n, 2);
    PASS(ov_model_const_input_by_name(back, "alias", &port));
    ov_output_const_port_free(port);
    ov_model_free(back);
    PASS(ov_core_read_model(core, in_folder("three.xml"), in_folder("weights"), &back));
    ov_model_free(back);
    ov_core_free(core);
    assert_int_equal(unlink(in_folder("two.xml")) | unlink(in_folder("two.bin")), 0);
    assert_int_equal(unlink(in_folder("three.xml")) | unlink(in_folder("weights")) | rmdir(folder), 0);
}

static void test_wrong_arguments(void **state)
{
    struct {
        vt_save_options_t known;
        uint64_t more;
    } newer = {{sizeof(newer), 0}, 0};
    vt_save_options_t options = {sizeof(options), 0};
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, MODEL_TWO);

    (void)state;
    BAD(vt_model_save(NULL, "/nowhere/m.xml", NULL, NULL));
    BAD(vt_model_save(model, NULL, NULL, NULL));
    BAD(vt_model_save(model, "", NULL, NULL));
    BAD(vt_model_save(model, "/nowhere/m.xml", "", NULL));
    options.size = 4;
    BAD(vt_model_save(model, "/nowhere/m.xml", NULL, &options));
    options = (vt_save_options_t){sizeof(options), 2};
    BAD(vt_model_save(model, "/nowhere/m.xml", NULL, &options));
    newer.more = 1;
    BAD(vt_model_save(model, "/nowhere/m.xml", NULL, &newer.known));
    /* A newer program that asks for nothing new. */
    newer.more = 0;
    CHECK(vt_model_save(model, "/nowhere/m.xml", NULL, &newer.known), GENERAL_ERROR, "'/nowhere/m.xml'");
    CHECK(vt_model_save(model, "m.bin", NULL, NULL), GENERAL_ERROR, "both the text and the weights");
    ov_model_free(model);
    ov_core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_wrong_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
