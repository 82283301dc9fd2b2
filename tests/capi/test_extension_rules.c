/* What is asked of extensions, and what becomes of those that do something else. */
#include "extension_test.h"

#include "vintner.h"

/* ---- what must be refused */

static void test_bad_files(void **state)
{
    static const struct {
        const char *name, *message;
    } rows[] = {
        {"no_entry", "OpenVINO in C++"},
        {"null", "refuses to work with a runtime of ABI 1.0"},
        {"major", "it has ABI 2.0, this runtime has ABI 1.0"},
        {"small", "its table is smaller"},
        {"nameless", "its table has no name"},
        {"no_ops", "lists 0 operations"},
        {"ops_null", "operations at NULL"},
        {"op_null", "operation 0 is NULL"},
        {"op_small", "operation 0 is smaller"},
        {"op_nameless", "it has no name"},
        {"op_no_opset", "operation Odd: it has no opset"},
        {"twice", "operation Odd: it is there twice in extension"},
        {"no_infer", "operation Odd: its infer is NULL"},
        {"no_evaluate", "operation Odd: its evaluate is NULL"},
        {"inputs", "takes 3 to 1 inputs"},
        {"outputs", "it has 0 outputs"},
        {"flags", "its flags 0x100"},
        {"ours", "operation Softmax: the runtime has it in opset8 itself"},
        {"reserved", "operation Parameter: an extension cannot define that"},
        {"attrs_null", "it has 1 attributes, but attrs is NULL"},
        {"attrs_small", "attr_size is too small"},
        {"attrs_many", "65 attributes; there may be 64"},
        {"attr_name", "an attribute has no name"},
        {"attr_type", "attribute 'a' has the type 9"},
        {"attr_default", "attribute 'a' cannot have its default \"x\""},
        {"attr_range", "attribute 'a' cannot have its default \"3\""},
        {"attr_twice", "two attributes have the name 'a'"},
    };
    ov_core_t *core = new_core();
    char path[512];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(path, sizeof(path), "%sextension_%s.so", EXTENSIONS, rows[i].name);
        CHECK(ov_core_add_extension(core, path), GENERAL_ERROR, rows[i].message);
        CHECK(ov_core_add_extension(core, path), GENERAL_ERROR, path);
        assert_false(is_loaded(path));
    }
    CHECK(ov_core_add_extension(core, in_folder("nosuch.so")), GENERAL_ERROR, "No such file");
    CHECK(ov_core_add_extension(core, CUSTOM_MODEL), GENERAL_ERROR, "model.xml' cannot be loaded");
    CHECK(ov_core_add_extension(core, folder), GENERAL_ERROR, "cannot be loaded");
    CHECK(ov_core_add_extension(core, ""), GENERAL_ERROR, "");
    ov_core_free(core);
}

static void test_twice(void **state)
{
    ov_core_t *core = core_with(CUSTOM);

    (void)state;
    PASS(ov_core_add_extension(core, CUSTOM)); /* the same again */
    copy_file(CUSTOM, in_folder("copy.so"), "");
    CHECK(ov_core_add_extension(core, in_folder("copy.so")), GENERAL_ERROR, CUSTOM);
    CHECK(ov_core_add_extension(core, in_folder("copy.so")), GENERAL_ERROR, "ScaledSwish (extension)");
    PASS(ov_core_add_extension(core, ODD));
    ov_core_free(core);
    assert_false(is_loaded(CUSTOM));
    assert_false(is_loaded(in_folder("copy.so")));
}

/* ---- attributes */

static void check_probe(ov_core_t *core, const char *device, const char *data, const float *want)
{
    ov_tensor_t *x = new_f32(1, 2, 0, 0), *y = NULL;

    PASS(compile_and_run(core, one_op("Probe", "extension", data, "2", 1, 1), device, x, &y));
    for (size_t i = 0; i < 16; i++) {
        if (fabsf(element(y, i) - want[i]) > 1e-6f) {
            fail_msg("%s: value %zu is %g, not %g", data, i, (double)element(y, i), (double)want[i]);
        }
    }
    ov_tensor_free(x);
    ov_tensor_free(y);
}

static char warning[1024];

static void on_log(const char *text)
{
    if (strstr(text, "has no attribute")) {
        snprintf(warning, sizeof(warning), "%s", text);
    }
}

/* A layer of an IR file may have attributes that nobody wants: the log says so. */
static void test_unknown_attribute(void **state)
{
    ov_core_t *core = core_with(ODD);
    ov_model_t *model = NULL;

    (void)state;
    ov_util_set_log_callback(on_log);
    PASS(read_status(core, one_op("Probe", "extension", "need=\"1\" count=\"9\"", "2", 1, 1), &model));
    assert_string_equal(warning, "");
    ov_model_free(model);
    PASS(read_status(core, one_op("Probe", "extension", "need=\"1\" needs=\"2\"", "2", 1, 1), &model));
    assert_non_null(strstr(warning, "layer 'odd' (Probe): extension 'odd' has no attribute 'needs'"));
    ov_util_reset_log_callback();
    ov_model_free(model);
    ov_core_free(core);
}

static void probe_on(ov_core_t *unused, const char *device)
{
    static const float defaults[16] = {7, 0.5f, 1, 0, 2, 2, 1.5f, 4, 3, 4, 0, 1, 0, 1, 0, 103};
    static const float given[16] = {9, 0.25f, 0, 1, 3, -5, 7, 9, -1, -1, 1, 1, 0, 1, 0, 103};
    ov_core_t *core = core_with(ODD);

    (void)unused;
    check_probe(core, device, "need=\"1\"", defaults);
    check_probe(
        core, device,
        "need=\"1\" count=\"9\" ratio=\"0.25\" flag=\"false\" mode=\"Far\" list=\"1,2,-5\" reals=\"0, 7\" "
        "type=\"i32\" shape=\"...\"",
        (const float[16]){9, 0.25f, 0, 0, 3, -5, 7, 9, -1, -1, 1, 1, 0, 1, 0, 103});
    check_probe(
        core, device,
        "need=\"1\" count=\"9\" ratio=\"0.25\" flag=\"0\" mode=\"far\" list=\"1,2,-5\" reals=\"0, 7\" "
        "type=\"i32\" shape=\"...\" unknown=\"is left out\"",
        given);
    ov_core_free(core);
}

static void test_attributes(void **state)
{
    static const struct {
        const char *data, *message;
    } rows[] = {
        {"count=\"3\"", "attribute 'need' is required and missing"},
        {"need=\"1\" count=\"0\"", "attribute count=\"0\" is outside 1..9"},
        {"need=\"1\" count=\"x\"", "attribute count=\"x\" cannot be read"},
        {"need=\"1\" ratio=\"0.8\"", "attribute ratio=\"0.8\" is outside 0.25..0.75"},
        {"need=\"1\" ratio=\"nan\"", "attribute ratio=\"nan\" is outside"},
        {"need=\"1\" mode=\"middle\"", "must be one of near|far"},
        {"need=\"1\" list=\"1,6\"", "attribute list=\"1,6\" is outside -5..5"},
        {"need=\"1\" type=\"f31\"", "attribute type=\"f31\""},
    };
    ov_core_t *core = core_with(ODD);
    ov_model_t *model = NULL;

    (void)state;
    on_each_device(probe_on);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK(read_status(core, one_op("Probe", "extension", rows[i].data, "2", 1, 1), &model), GENERAL_ERROR,
              rows[i].message);
    }
    CHECK(read_status(core, one_op("Probe", "extension", "need=\"1\"", "2", 3, 1), &model), GENERAL_ERROR,
          "Probe takes 1 to 2 inputs, not 3");
    CHECK(read_status(core, one_op("Probe", "extension", "need=\"1\"", "2", 1, 2), &model), GENERAL_ERROR,
          "Probe has 1 outputs, not 2");
    ov_core_free(core);
}

/* ---- counts, names, values */

static void many_on(ov_core_t *unused, const char *device)
{
    ov_core_t *core = core_with(ODD);
    ov_tensor_t *x = new_f32(1, 3, 0, -2), *y = NULL;

    (void)unused;
    PASS(compile_and_run(core, one_op("Many", "org.example", "", "3", 5, 3), device, x, &y));
    assert_true(element(y, 0) == -10 && element(y, 2) == 0);
    ov_tensor_free(y);
    /* Not the runtime's own Relu, which would give zeros. */
    PASS(compile_and_run(core, one_op("Relu", "extension", "", "3", 1, 1), device, x, &y));
    assert_true(element(y, 0) == -2);
    ov_tensor_free(y);
    PASS(compile_and_run(core, one_op("ReLU", "opset1", "", "3", 1, 1), device, x, &y));
    assert_true(element(y, 0) == 0);
    ov_tensor_free(y);
    PASS(compile_and_run(core, one_op("Later", "opset77", "", "3", 1, 1), device, x, &y));
    assert_true(element(y, 0) == -2);
    ov_tensor_free(y);
    ov_tensor_free(x);
    ov_core_free(core);
}

static void test_counts(void **state)
{
    ov_core_t *core = core_with(ODD);
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;

    (void)state;
    on_each_device(many_on);
    CHECK(read_status(core, one_op("Many", "org.example", "", "3", 0, 1), &model), GENERAL_ERROR,
          "Many takes 1 or more inputs");
    /* The set counts, too. */
    PASS(read_status(core, one_op("Many", "extension", "", "3", 1, 1), &model));
    CHECK(ov_core_compile_model(core, model, "CPU", 0, &compiled), NOT_IMPLEMENTED, "Many (extension)");
    ov_model_free(model);
    ov_core_free(core);
}

/* Two nodes of `type` on the same constant: what they differ by, and the first one added to x. */
static const char *two_scalars(const char *type)
{
    static char text[4096];

    snprintf(
        text, sizeof(text),
        "<net name=\"two\" version=\"11\"><layers>" LAYER_PARAM(
            "0", "x", "2",
            "x") "<layer id=\"1\" name=\"w\" type=\"Const\" version=\"opset1\"><data element_type=\"f32\" "
                 "shape=\"2\" "
                 "offset=\"0\" size=\"8\"/><output><port id=\"1\" precision=\"FP32\"/></output></layer>"
                 "<layer id=\"2\" name=\"a\" type=\"%s\" version=\"extension\"><input><port "
                 "id=\"0\"/></input><output>"
                 "<port id=\"1\" precision=\"FP32\"/></output></layer>"
                 "<layer id=\"3\" name=\"b\" type=\"%s\" version=\"extension\"><input><port "
                 "id=\"0\"/></input><output>"
                 "<port id=\"1\" precision=\"FP32\"/></output></layer>"
                 "<layer id=\"4\" name=\"sub\" type=\"Subtract\" version=\"opset1\"><input><port "
                 "id=\"0\"/><port "
                 "id=\"1\"/></input><output><port id=\"2\" precision=\"FP32\"/></output></layer>"
                 "<layer id=\"5\" name=\"add\" type=\"Add\" version=\"opset1\"><input><port id=\"0\"/><port "
                 "id=\"1\"/></input><output><port id=\"2\" "
                 "precision=\"FP32\"/></output></layer>" LAYER_RESULT("6", "r0")
                     LAYER_RESULT("7", "r1") "</layers><edges>" EDGE("1", "1", "2", "0")
                         EDGE("1", "1", "3", "0") EDGE("2", "1", "4", "0") EDGE("3", "1", "4", "1")
                             EDGE("2", "1", "5", "0") EDGE("0", "0", "5", "1") EDGE("4", "2", "6", "0")
                                 EDGE("5", "2", "7", "0") "</edges></net>",
        type, type);
    return text;
}

/* What the two nodes differ by, and how much the first one grows from one inference to the next. */
static void measure(ov_core_t *core, const char *type, float *apart, float *growth)
{
    const char *text = two_scalars(type);
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *tensor = NULL, *x = new_f32(1, 2, 0, 0);
    float last = 0;

    PASS(ov_core_read_model_from_memory_buffer(core, text, strlen(text), x, &model));
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_set_tensor(request, "x", x));
    for (int i = 0; i < 2; i++) {
        PASS(ov_infer_request_infer(request));
        PASS(ov_infer_request_get_output_tensor_by_index(request, 1, &tensor));
        *growth = element(tensor, 0) - last;
        last = element(tensor, 0);
        ov_tensor_free(tensor);
    }
    PASS(ov_infer_request_get_output_tensor_by_index(request, 0, &tensor));
    *apart = fabsf(element(tensor, 0));
    ov_tensor_free(tensor);
    ov_tensor_free(x);
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
}

static void test_folding(void **state)
{
    ov_core_t *core = core_with(ODD);
    float apart, growth;

    (void)state;
    /* Pure: computed once for all. */
    measure(core, "Fixed", &apart, &growth);
    assert_true(growth == 0);
    /* Random: neither. */
    measure(core, "Counter", &apart, &growth);
    assert_true(apart == 1 && growth == 2);
    /* Merged, but not computed in advance. */
    measure(core, "Unfolded", &apart, &growth);
    assert_true(apart == 0 && growth == 1);
    ov_core_free(core);
}

/* infer sees elements that follow from shapes. */
static void test_known_values(void **state)
{
    static const char text[] = "<net name=\"k\" version=\"11\"><layers>" LAYER_PARAM(
        "0", "x", "2,5", "x") "<layer id=\"1\" name=\"shape\" type=\"ShapeOf\" version=\"opset3\"><data "
                              "output_type=\"i64\"/><input><port "
                              "id=\"0\"/></input><output><port id=\"1\" precision=\"I64\"/></output></layer>"
                              "<layer id=\"2\" name=\"ones\" type=\"Shaped\" "
                              "version=\"extension\"><input><port id=\"0\"/></input><output>"
                              "<port id=\"1\" precision=\"FP32\"/></output></layer>" LAYER_RESULT(
                                  "3", "r") "</layers><edges>" EDGE("0", "0", "1", "0")
                                  EDGE("1", "1", "2", "0") EDGE("2", "1", "3", "0") "</edges></net>";
    ov_core_t *core = core_with(ODD);
    ov_model_t *model = read_text(core, text);
    ov_output_const_port_t *port = NULL;
    ov_partial_shape_t shape = {0}, wanted = {0};
    ov_dimension_t dims[2] = {{3, 3}, {1, 8}};
    char *words;

    (void)state;
    PASS(ov_model_const_output(model, &port));
    PASS(ov_port_get_partial_shape(port, &shape));
    words = (char *)ov_partial_shape_to_string(shape);
    assert_text(words, "{2,5}");
    ov_partial_shape_free(&shape);
    ov_output_const_port_free(port);
    PASS(ov_partial_shape_create(2, dims, &wanted));
    PASS(ov_model_reshape_input_by_name(model, "x", wanted));
    ov_partial_shape_free(&wanted);
    PASS(ov_model_const_output(model, &port));
    PASS(ov_port_get_partial_shape(port, &shape));
    assert_int_equal(ov_rank_is_dynamic(shape.rank), 0);
    assert_true(shape.dims[0].min == 0 &&
                shape.dims[0].max == -1); /* one element open, and it says nothing */
    ov_partial_shape_free(&shape);
    ov_output_const_port_free(port);
    ov_model_free(model);
    ov_core_free(core);
}

/* ---- lies: nothing may crash, everything is said */

static void liar(ov_core_t *core, const char *device, const char *type, const char *how, const char *shape,
                 ov_status_e status, const char *message)
{
    char data[64];
    ov_tensor_t *x = new_f32(1, 3, 0, 0), *y = NULL;

    snprintf(data, sizeof(data), "how=\"%s\"", how);
    CHECK(compile_and_run(core, one_op(type, "extension", data, shape, 1, 1), device, x, &y), status,
          message);
    ov_tensor_free(y);
    ov_tensor_free(x);
}

static void lies_on(ov_core_t *unused, const char *device)
{
    static const struct {
        const char *how, *message;
    } rows[] = {
        {"rank", "infer gives output 0 the rank 99"},
        {"dim", "infer gives output 0 the dimension -3"},
        {"interval", "infer gives output 0 the dimension 5..4"},
        {"type", "infer gives output 0 the element type 77"},
        {"string", "infer gives output 0 the element type 23"},
        {"silent", "infer of the extension"},
        {"message", "node 'odd' (Liar): input 0 has 1 dimensions, and that is wrong"},
        {"forgotten", "a message whose answer was forgotten"},
        {"memory", "outputs have no memory during infer"},
        {"typeless", "element type"},
        {"grows", "contradicts what it said of output 0"},
        {"retypes", "contradicts what it said of output 0"},
        {"open", "output 0"},
        {"evaluate", "it cannot be computed"},
        {"resize", "a shape that infer did not allow for"},
        {"index", "there is no output 7"},
    };
    static const char *const shapes[] = {"3", "?"};
    ov_core_t *core = core_with(ODD);

    (void)unused;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            /* With an open shape there is nothing yet that could be contradicted. */
            if (k == 0 || (strcmp(rows[i].how, "grows") && strcmp(rows[i].how, "resize"))) {
                liar(core, device, "Liar", rows[i].how, shapes[k], GENERAL_ERROR, rows[i].message);
            }
        }
        liar(core, device, "Liar", "struct", shapes[k], OK, NULL);
        liar(core, device, "DataLiar", "good", shapes[k], OK, NULL);
        liar(core, device, "DataLiar", "empty", shapes[k], OK, NULL);
        liar(core, device, "DataLiar", "rank", shapes[k], GENERAL_ERROR, "infer did not allow for");
        liar(core, device, "DataLiar", "rank99", shapes[k], GENERAL_ERROR, "infer did not allow for");
        liar(core, device, "DataLiar", "dim", shapes[k], GENERAL_ERROR, "infer did not allow for");
        liar(core, device, "DataLiar", "bound", shapes[k], GENERAL_ERROR, "infer did not allow for");
        liar(core, device, "DataLiar", "negative", shapes[k], GENERAL_ERROR, "cannot have -1 elements");
        liar(core, device, "DataLiar", "nothing", shapes[k], GENERAL_ERROR,
             "leaves output 0 without a shape");
    }
    ov_core_free(core);
}

static void test_lies(void **state)
{
    (void)state;
    on_each_device(lies_on);
}

/* ---- cancelling, tables of the program */

static void cancel_on(ov_core_t *unused, const char *device)
{
    ov_core_t *core = core_with(ODD);
    ov_model_t *model = read_text(core, one_op("Patient", "extension", "", "3", 1, 1));
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *x = new_f32(1, 3, 0, 0);

    (void)unused;
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_set_input_tensor(request, x));
    PASS(ov_infer_request_start_async(request));
    CHECK(ov_infer_request_wait_for(request, 20), RESULT_NOT_READY, NULL);
    PASS(ov_infer_request_cancel(request));
    CHECK(ov_infer_request_wait(request), INFER_CANCELLED, "cancelled");
    ov_tensor_free(x);
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
}

static void test_cancel(void **state)
{
    (void)state;
    on_each_device(cancel_on);
}

static int twice_infer(vt_extension_infer_t *c)
{
    *c->outputs[0] = *c->inputs[0];
    return 0;
}

static int twice_evaluate(vt_extension_evaluate_t *c)
{
    for (size_t i = 0; i < c->outputs[0]->bytes / sizeof(float); i++) {
        ((float *)c->outputs[0]->data)[i] = 2 * ((const float *)c->inputs[0]->data)[i];
    }
    return 0;
}

static void test_own_table(void **state)
{
    static const vt_extension_op_t twice = {.size = sizeof(twice),
                                            .name = "Twice",
                                            .opset = "extension",
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .n_outputs = 1,
                                            .infer = twice_infer,
                                            .evaluate = twice_evaluate};
    static const vt_extension_op_t *const ops[] = {&twice};
    static const vt_extension_t table = {VT_EXTENSION_ABI(vt_extension_t), "the test's own", NULL, 1, ops},
                                copy = {VT_EXTENSION_ABI(vt_extension_t), "a copy", NULL, 1, ops},
                                bad = {VT_EXTENSION_ABI(vt_extension_t), NULL, NULL, 1, ops};
    ov_core_t *core = new_core();
    ov_tensor_t *x = new_f32(1, 3, 0, 1), *y = NULL;
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    char *cached = NULL;

    (void)state;
    BAD(vt_core_add_operations(NULL, &table));
    BAD(vt_core_add_operations(core, NULL));
    CHECK(vt_core_add_operations(core, &bad), GENERAL_ERROR, "its table has no name");
    PASS(vt_core_add_operations(core, &table));
    PASS(vt_core_add_operations(core, &table));
    CHECK(
        vt_core_add_operations(core, &copy), GENERAL_ERROR,
        "extension 'a copy': the extension 'the test's own', which was added before, has an operation Twice");
    PASS(ov_core_add_extension(core, CUSTOM));
    for (int i = 0; i < 2; i++) {
        model = read_text(core, one_op("Twice", "extension", "", "3", 1, 1));
        PASS(ov_core_compile_model(core, model, "CPU", 2, &compiled, "CACHE_DIR", in_folder("own")));
        PASS(ov_compiled_model_get_property(compiled, "LOADED_FROM_CACHE", &cached));
        assert_text(cached, i ? "YES" : "NO");
        PASS(run(compiled, x, &y));
        assert_true(element(y, 0) == 2 && element(y, 2) == 6);
        ov_tensor_free(y);
        ov_compiled_model_free(compiled);
        ov_model_free(model);
    }
    ov_tensor_free(x);
    ov_core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files),    cmocka_unit_test(test_twice),
        cmocka_unit_test(test_attributes),   cmocka_unit_test(test_unknown_attribute),
        cmocka_unit_test(test_counts),       cmocka_unit_test(test_folding),
        cmocka_unit_test(test_known_values), cmocka_unit_test(test_lies),
        cmocka_unit_test(test_cancel),       cmocka_unit_test(test_own_table),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
