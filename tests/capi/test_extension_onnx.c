/* Operators of extensions in ONNX models: a domain is the set. */
#include "extension_test.h"

struct wire {
    unsigned char bytes[2048];
    size_t n;
};

static void put_number(struct wire *w, uint64_t v)
{
    do {
        assert_true(w->n < sizeof(w->bytes));
        w->bytes[w->n++] = (unsigned char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v);
}

static void put_int(struct wire *w, unsigned field, int64_t v)
{
    put_number(w, field << 3);
    put_number(w, (uint64_t)v);
}

static void put_raw(struct wire *w, const void *data, size_t n)
{
    assert_true(w->n + n <= sizeof(w->bytes));
    memcpy(w->bytes + w->n, data, n);
    w->n += n;
}

static void put_float(struct wire *w, unsigned field, float v)
{
    put_number(w, field << 3 | 5);
    put_raw(w, &v, sizeof(v));
}

static void put_bytes(struct wire *w, unsigned field, const void *data, size_t n)
{
    put_number(w, field << 3 | 2);
    put_number(w, n);
    put_raw(w, data, n);
}

static void put_text(struct wire *w, unsigned field, const char *text)
{
    put_bytes(w, field, text, strlen(text));
}

static void put_part(struct wire *w, unsigned field, const struct wire *part)
{
    put_bytes(w, field, part->bytes, part->n);
}

/* AttributeProto.AttributeType */
enum kind { FLOAT = 1, INT = 2, TEXT = 3, FLOATS = 6, INTS = 7 };

static void put_attr(struct wire *node, const char *name, enum kind kind, const char *text)
{
    struct wire a = {.n = 0};

    put_text(&a, 1, name);
    for (const char *at = text; kind != TEXT;) {
        char *end;
        double v = strtod(at, &end);

        if (kind == FLOAT || kind == FLOATS) {
            put_float(&a, kind == FLOAT ? 2 : 7, (float)v);
        } else {
            put_int(&a, kind == INT ? 3 : 8, (int64_t)v);
        }
        if (*end != ',') {
            break;
        }
        at = end + 1;
    }
    if (kind == TEXT) {
        put_text(&a, 4, text);
    }
    put_int(&a, 20, kind);
    put_part(node, 5, &a);
}

/* A graph's input (with a shape) or output. */
static void put_info(struct wire *graph, unsigned field, const char *name)
{
    struct wire info = {.n = 0}, type = {.n = 0}, tensor = {.n = 0}, shape = {.n = 0}, dim = {.n = 0};

    put_text(&info, 1, name);
    put_int(&tensor, 1, 1);
    put_int(&dim, 1, 3);
    put_part(&shape, 1, &dim);
    if (field == 11) {
        put_part(&tensor, 2, &shape);
    }
    put_part(&type, 1, &tensor);
    put_part(&info, 2, &type);
    put_part(graph, field, &info);
}

static void put_import(struct wire *model, const char *domain, int version)
{
    struct wire import = {.n = 0};

    put_text(&import, 1, domain);
    put_int(&import, 2, version);
    put_part(model, 8, &import);
}

/* x [3] -> a node with the given attributes -> y0, y1 */
static ov_status_e read_onnx(ov_core_t *core, const struct wire *attrs, const char *domain, const char *op,
                             int n_out, ov_model_t **model)
{
    struct wire w = {.n = 0}, graph = {.n = 0}, node = *attrs;

    put_text(&node, 1, "x");
    put_info(&graph, 11, "x");
    for (int i = 0; i < n_out; i++) {
        put_text(&node, 2, i ? "y1" : "y0");
        put_info(&graph, 12, i ? "y1" : "y0");
    }
    put_text(&node, 4, op);
    put_text(&node, 7, domain);
    put_part(&graph, 1, &node);
    put_text(&graph, 2, "g");
    put_int(&w, 1, 8);
    put_part(&w, 7, &graph);
    put_import(&w, domain, 1);
    put_import(&w, "", 17);
    return ov_core_read_model_from_memory_buffer(core, (const char *)w.bytes, w.n, NULL, model);
}

/* Runs the model, which it frees, on -2, -1, 0. */
static void check(ov_core_t *core, ov_model_t *model, const char *name, size_t index, float want)
{
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *x = new_f32(1, 3, 0, -2), *y = NULL;

    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_set_input_tensor_by_index(request, 0, x));
    PASS(ov_infer_request_infer(request));
    PASS(ov_infer_request_get_tensor(request, name, &y));
    assert_true(element(y, index) == want);
    ov_tensor_free(x);
    ov_tensor_free(y);
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
}

static void test_outputs(void **state)
{
    ov_core_t *core = core_with(ODD), *plain = new_core();
    struct wire none = {.n = 0};
    ov_model_t *model = NULL;

    (void)state;
    PASS(read_onnx(core, &none, "org.example", "Many", 2, &model));
    check(core, model, "y1", 0, -1);
    PASS(read_onnx(core, &none, "org.example", "Many", 1, &model));
    check(core, model, "y0", 1, -1);
    CHECK(read_onnx(core, &none, "extension", "Counter", 2, &model), GENERAL_ERROR, "Counter has 1 outputs");
    CHECK(read_onnx(plain, &none, "org.example", "Many", 2, &model), GENERAL_ERROR, "org.example.Many");
    CHECK(read_onnx(core, &none, "org.example", "Few", 2, &model), GENERAL_ERROR, "org.example.Few");
    ov_core_free(core);
    ov_core_free(plain);
}

static void test_attributes(void **state)
{
    static const size_t places[] = {1, 3, 4, 5, 6, 9};
    static const float wants[] = {0.25f, 1, 3, -5, 7.5f, 6};
    ov_core_t *core = core_with(ODD);
    struct wire attrs = {.n = 0}, other;
    ov_model_t *model = NULL;

    (void)state;
    CHECK(read_onnx(core, &attrs, "extension", "Probe", 1, &model), GENERAL_ERROR,
          "attribute 'need' is required");
    put_attr(&attrs, "need", INT, "1");
    put_attr(&attrs, "ratio", FLOAT, "0.25");
    put_attr(&attrs, "mode", TEXT, "far");
    put_attr(&attrs, "list", INTS, "1,2,-5");
    put_attr(&attrs, "reals", FLOATS, "0.5,7.5");
    put_attr(&attrs, "shape", INTS, "1,2,6");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        PASS(read_onnx(core, &attrs, "extension", "Probe", 1, &model));
        check(core, model, "y0", places[i], wants[i]);
    }
    other = attrs;
    put_attr(&other, "other", INT, "1");
    CHECK(read_onnx(core, &other, "extension", "Probe", 1, &model), GENERAL_ERROR, "no attribute 'other'");
    other = attrs;
    put_attr(&other, "count", FLOAT, "0.5");
    CHECK(read_onnx(core, &other, "extension", "Probe", 1, &model), GENERAL_ERROR, "count=\"0.5\"");
    ov_core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_attributes),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
