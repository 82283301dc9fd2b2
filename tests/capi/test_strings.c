/* Strings through the C API: models that move, compare, make and keep them, on every device, several times on
 * one request. */
#include "maker.h"

#include "vintner.h"

#include <unistd.h>

/* The packed form: number, first begin, ends, texts. */
static int strings(struct maker *m, const char *shape, int n, const char *const *texts)
{
    unsigned char form[1024];
    uint32_t head[2] = {(uint32_t)n, 0}, end = 0;
    size_t at = 8 + 4 * (size_t)n;

    memcpy(form, head, sizeof(head));
    for (int i = 0; i < n; i++) {
        memcpy(form + at, texts[i], strlen(texts[i]));
        at += strlen(texts[i]);
        end += (uint32_t)strlen(texts[i]);
        memcpy(form + 8 + 4 * (size_t)i, &end, 4);
    }
    return constant(m, "string", shape, form, at);
}

/* ---- tensors */

struct cpp_string {
    const char *text;
    size_t length;
    char rest[16];
};

static ov_tensor_t *texts_tensor(int rank, const int64_t *dims, size_t n, const char *const *texts)
{
    ov_tensor_t *t = NULL;

    PASS(ov_tensor_create_from_string_array((const char **)(uintptr_t)texts, n,
                                            (ov_shape_t){rank, (int64_t *)(uintptr_t)dims}, &t));
    return t;
}

static void expect_texts(const ov_tensor_t *t, size_t n, const char *const *want)
{
    ov_element_type_e type;
    size_t have;
    void *data;

    PASS(ov_tensor_get_element_type(t, &type));
    assert_int_equal(type, STRING);
    PASS(ov_tensor_get_size(t, &have));
    assert_int_equal(have, n);
    PASS(ov_tensor_data(t, &data));
    for (size_t i = 0; i < n; i++) {
        const struct cpp_string *s = (const struct cpp_string *)data + i;

        assert_int_equal(s->length, strlen(want[i]));
        assert_string_equal(s->text, want[i]); /* ends with a zero byte, as std::string does */
    }
}

static void expect_output(const ov_infer_request_t *request, size_t port, size_t n, const char *const *want)
{
    ov_tensor_t *t = NULL;

    PASS(ov_infer_request_get_output_tensor_by_index(request, port, &t));
    expect_texts(t, n, want);
    ov_tensor_free(t);
}

static ov_infer_request_t *request_of(ov_core_t *core, const struct maker *m, const char *device)
{
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;

    PASS(read_made(core, m, &model));
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    return request;
}

#define LONG_A "a text that does not fit into sixteen bytes"
#define LONG_B "another one, longer than the first of the long texts here"

static const char *const first[4] = {"ab", LONG_A, "", "fifteen bytes.."};
static const char *const second[4] = {LONG_B, "x", "sixteen bytes...", ""};

/* Run the model on each set of [2,2] texts, twice; `want` counts the elements of first, then of second. */
static void check_moves(ov_core_t *core, const struct maker *m, const char *device, size_t n, const int *want)
{
    ov_infer_request_t *request = request_of(core, m, device);

    for (int run = 0; run < 4; run++) {
        const char *const *texts = run & 1 ? second : first;
        ov_tensor_t *in = texts_tensor(2, (int64_t[]){2, 2}, 4, texts);
        const char *all[64];

        for (size_t i = 0; i < n; i++) {
            all[i] = want[i] == -1 ? "" : want[i] == 100 ? "konst" : want[i] == 101 ? LONG_A : texts[want[i]];
        }
        PASS(ov_infer_request_set_input_tensor_by_index(request, 0, in));
        PASS(ov_infer_request_infer(request));
        ov_tensor_free(in); /* what comes out is its own */
        expect_output(request, 0, n, all);
    }
    ov_infer_request_free(request);
}

#define MOVES(...)                                                                                           \
    check_moves(core, &m, device, sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})

static const char *const konst[2] = {"konst", LONG_A};

static void movement(ov_core_t *core, const char *device)
{
    for (int which = 0; which < 22; which++) {
        struct maker m = {0};
        int x = parameter(&m, "string", which % 2 ? "?,2" : "2,2"), c;

        switch (which) {
        case 0:
            result(&m, x);
            MOVES(0, 1, 2, 3);
            break;
        case 1:
            c = strings(&m, "1,2", 2, konst);
            result(&m, LAYER(&m, "Concat", "opset1", "axis=\"0\"", 1, c, x, c, x));
            MOVES(100, 101, 0, 1, 2, 3, 100, 101, 0, 1, 2, 3);
            break;
        case 2:
            result(&m, LAYER(&m, "Reshape", "opset1", "special_zero=\"false\"", 1, x, I64S(&m, 4)));
            MOVES(0, 1, 2, 3);
            break;
        case 3:
            result(&m, LAYER(&m, "Gather", "opset8", "", 1, x, I64S(&m, 1, 0, 1), I64(&m, 0)));
            MOVES(2, 3, 0, 1, 2, 3);
            break;
        case 4:
            result(&m, LAYER(&m, "Slice", "opset8", "", 1, x, I64S(&m, 1), I64S(&m, -10), I64S(&m, -1),
                             I64S(&m, 1)));
            MOVES(1, 0, 3, 2);
            break;
        case 5:
            result(&m, LAYER(&m, "Transpose", "opset1", "", 1, x, I64S(&m, 1, 0)));
            MOVES(0, 2, 1, 3);
            break;
        case 6:
            result(&m, LAYER(&m, "Broadcast", "opset3", "", 1, x, I64S(&m, 2, 2, 2)));
            MOVES(0, 1, 2, 3, 0, 1, 2, 3);
            break;
        case 7:
            result(&m, LAYER(&m, "Tile", "opset1", "", 1, x, I64S(&m, 1, 2)));
            MOVES(0, 1, 0, 1, 2, 3, 2, 3);
            break;
        case 8:
            result(&m, LAYER(&m, "Unsqueeze", "opset1", "", 1, x, I64S(&m, 1)));
            MOVES(0, 1, 2, 3);
            break;
        case 9:
            c = LAYER(&m, "Slice", "opset8", "", 1, x, I64S(&m, 0), I64S(&m, 1), I64S(&m, 1));
            result(&m, LAYER(&m, "Squeeze", "opset1", "", 1, c, I64S(&m, 0)));
            MOVES(0, 1);
            break;
        case 10:
            c = constant(&m, "boolean", "2,2", (unsigned char[]){1, 0, 0, 1}, 4);
            result(&m, LAYER(&m, "Select", "opset1", "", 1, c, x, strings(&m, "2", 2, konst)));
            MOVES(0, 101, 100, 3);
            break;
        case 11:
            c = LAYER(&m, "StridedSlice", "opset1",
                      "begin_mask=\"0,0\" end_mask=\"0,0\" new_axis_mask=\"\" shrink_axis_mask=\"0,1\" "
                      "ellipsis_mask=\"\"",
                      1, x, I64S(&m, 0, 1), I64S(&m, 2, 2), I64S(&m, 1, 1));
            result(&m, c);
            MOVES(1, 3);
            break;
        case 12:
            result(&m,
                   LAYER(&m, "Pad", "opset1", "pad_mode=\"constant\"", 1, x, I64S(&m, 1, 0), I64S(&m, 0, 1)));
            MOVES(-1, -1, -1, 0, 1, -1, 2, 3, -1);
            break;
        case 13:
            c = strings(&m, "", 1, konst);
            result(&m, LAYER(&m, "Pad", "opset1", "pad_mode=\"constant\"", 1, x, I64S(&m, 0, 1),
                             I64S(&m, 0, 0), c));
            MOVES(100, 0, 1, 100, 2, 3);
            break;
        case 14: {
            int split = LAYER(&m, "Split", "opset1", "num_splits=\"2\"", 2, x, I64(&m, 1));

            result(&m, LAYER(&m, "Concat", "opset1", "axis=\"0\"", 1, OUT(split, 1), split));
            MOVES(1, 3, 0, 2);
            break;
        }
        case 15:
            c = numbers(&m, "1,2", 2, (int64_t[]){1, 0});
            result(&m, LAYER(&m, "GatherElements", "opset6", "axis=\"0\"", 1, x, c));
            MOVES(2, 1);
            break;
        case 16:
            c = numbers(&m, "2,2", 4, (int64_t[]){1, 0, 0, 1});
            result(&m, LAYER(&m, "GatherND", "opset8", "batch_dims=\"0\"", 1, x, c));
            MOVES(2, 1);
            break;
        case 17:
            c = strings(&m, "1,2", 2, konst);
            result(&m, LAYER(&m, "ScatterUpdate", "opset3", "", 1, x, I64S(&m, 1), c, I64(&m, 0)));
            MOVES(0, 1, 100, 101);
            break;
        case 18:
            c = strings(&m, "1", 1, konst);
            result(&m, LAYER(&m, "ScatterNDUpdate", "opset4", "", 1, x,
                             numbers(&m, "1,2", 2, (int64_t[]){1, 1}), c));
            MOVES(0, 1, 2, 100);
            break;
        case 19:
            result(&m, LAYER(&m, "Reverse", "opset1", "mode=\"index\"", 1, x, I64S(&m, 0)));
            MOVES(2, 3, 0, 1);
            break;
        case 20:
            result(&m, LAYER(&m, "Roll", "opset7", "", 1, x, I64S(&m, 1), I64S(&m, 1)));
            MOVES(1, 0, 3, 2);
            break;
        case 21:
            c = LAYER(&m, "VariadicSplit", "opset1", "", 2, x, I64(&m, 0), I64S(&m, 1, -1));
            result(&m, LAYER(&m, "Identity", "opset16", "", 1, OUT(c, 1)));
            MOVES(2, 3);
            break;
        }
    }
}

static void expect_i32(const ov_infer_request_t *request, size_t port, size_t n, const int32_t *want)
{
    ov_tensor_t *t = NULL;
    size_t have;
    void *data;

    PASS(ov_infer_request_get_output_tensor_by_index(request, port, &t));
    PASS(ov_tensor_get_size(t, &have));
    assert_int_equal(have, n);
    PASS(ov_tensor_data(t, &data));
    assert_memory_equal(data, want, n * sizeof(*want));
    ov_tensor_free(t);
}

static void set_texts(ov_infer_request_t *request, size_t port, int64_t n, const char *const *texts)
{
    ov_tensor_t *in = texts_tensor(1, &n, (size_t)n, texts);

    PASS(ov_infer_request_set_input_tensor_by_index(request, port, in));
    ov_tensor_free(in);
}

/* Equal with broadcasting, NotEqual, and the shape of strings. */
static void equality(ov_core_t *core, const char *device)
{
    static const char *const texts[4] = {"konst", LONG_A, "kons", LONG_B};
    struct maker m = {0};
    int x = parameter(&m, "string", "?"), c = strings(&m, "2,1", 2, konst);
    ov_infer_request_t *request;

    result(&m, LAYER(&m, "Convert", "opset1", "destination_type=\"i32\"", 1,
                     LAYER(&m, "Equal", "opset1", "", 1, x, c)));
    result(&m, LAYER(&m, "Convert", "opset1", "destination_type=\"i32\"", 1,
                     LAYER(&m, "NotEqual", "opset1", "", 1, c, x)));
    result(&m, LAYER(&m, "ShapeOf", "opset3", "output_type=\"i32\"", 1, x));
    request = request_of(core, &m, device);
    for (int64_t n = 4; n > 0; n -= 2) {
        int32_t length = (int32_t)n;

        set_texts(request, 0, n, texts);
        PASS(ov_infer_request_infer(request));
        expect_i32(request, 0, 2 * (size_t)n,
                   n == 4 ? (int32_t[]){1, 0, 0, 0, 0, 1, 0, 0} : (int32_t[]){1, 0, 0, 1});
        expect_i32(request, 1, 2 * (size_t)n,
                   n == 4 ? (int32_t[]){0, 1, 1, 1, 1, 0, 1, 1} : (int32_t[]){0, 1, 1, 0});
        expect_i32(request, 2, 1, &length);
    }
    ov_infer_request_free(request);
}

/* Strings made from bytes, moved, and taken apart again. */
static void packing(ov_core_t *core, const char *device)
{
    static const char symbols[] = "intel" LONG_A;
    struct maker m = {0};
    int begins = parameter(&m, "i64", "?"), ends = parameter(&m, "i64", "?"),
        bytes = parameter(&m, "u8", "?"), made, back;
    ov_infer_request_t *request;
    ov_tensor_t *t = NULL;
    void *data;

    made = LAYER(&m, "StringTensorPack", "opset15", "", 1, begins, ends, bytes);
    made = LAYER(&m, "Concat", "opset1", "axis=\"0\"", 1, made, strings(&m, "2", 2, konst));
    back = LAYER(&m, "StringTensorUnpack", "opset15", "", 3, made);
    result(&m, made);
    result(&m, back);
    result(&m, OUT(back, 1));
    result(&m, LAYER(&m, "Convert", "opset1", "destination_type=\"i32\"", 1, OUT(back, 2)));
    request = request_of(core, &m, device);
    for (int run = 0; run < 3; run++) {
        int64_t n = 2, total = sizeof(symbols) - 1, b[2] = {5, run}, e[2] = {total, 5};
        const char *want[4] = {LONG_A, &"intel"[run], konst[0], konst[1]};
        int32_t at[5] = {0}, codes[200];
        size_t k = 0;

        PASS(ov_tensor_create_from_host_ptr(I64, (ov_shape_t){1, &n}, b, &t));
        PASS(ov_infer_request_set_input_tensor_by_index(request, 0, t));
        ov_tensor_free(t);
        PASS(ov_tensor_create_from_host_ptr(I64, (ov_shape_t){1, &n}, e, &t));
        PASS(ov_infer_request_set_input_tensor_by_index(request, 1, t));
        ov_tensor_free(t);
        PASS(ov_tensor_create(U8, (ov_shape_t){1, &total}, &t));
        PASS(ov_tensor_data(t, &data));
        memcpy(data, symbols, (size_t)total);
        PASS(ov_infer_request_set_input_tensor_by_index(request, 2, t));
        PASS(ov_infer_request_infer(request));
        memset(data, '-', (size_t)total); /* what was made does not depend on the input any more */
        ov_tensor_free(t);
        expect_output(request, 0, 4, want);
        for (int i = 0; i < 4; i++) {
            at[i + 1] = at[i] + (int32_t)strlen(want[i]);
            for (const char *p = want[i]; *p; p++) {
                codes[k++] = *p;
            }
        }
        expect_i32(request, 1, 4, at);
        expect_i32(request, 2, 4, at + 1);
        expect_i32(request, 3, k, codes);
        e[1] = total + 1;
        PASS(ov_tensor_create(U8, (ov_shape_t){1, &total}, &t));
        PASS(ov_infer_request_set_input_tensor_by_index(request, 2, t));
        ov_tensor_free(t);
        CHECK(ov_infer_request_infer(request), GENERAL_ERROR, "string 1 is from");
    }
    ov_infer_request_free(request);
}

/* A branch that moves strings, one that has its own. */
static void branches(ov_core_t *core, const char *device)
{
    struct maker m = {0};
    int cond = parameter(&m, "boolean", ""), x = parameter(&m, "string", "?"), node;
    char data[4096];
    ov_infer_request_t *request;
    ov_tensor_t *t = NULL;

    strings(&m, "2", 2, konst); /* not used out here: the body reads its bytes */
    snprintf(
        data, sizeof(data),
        "<then_port_map><input external_port_id=\"1\" internal_layer_id=\"0\"/><output "
        "external_port_id=\"2\" "
        "internal_layer_id=\"3\"/></then_port_map><else_port_map><output external_port_id=\"2\" "
        "internal_layer_id=\"1\"/></else_port_map><then_body><layers><layer id=\"0\" name=\"a\" "
        "type=\"Parameter\" version=\"opset1\"><data shape=\"?\" element_type=\"string\"/><output><port "
        "id=\"0\"/></output></layer><layer id=\"1\" name=\"k\" type=\"Const\" version=\"opset1\"><data "
        "element_type=\"string\" shape=\"2\" offset=\"0\" size=\"%zu\"/><output><port id=\"0\"/></output>"
        "</layer><layer id=\"2\" name=\"j\" type=\"Concat\" version=\"opset1\"><data "
        "axis=\"0\"/><input><port "
        "id=\"0\"/><port id=\"1\"/></input><output><port id=\"2\"/></output></layer><layer id=\"3\" "
        "name=\"r\" "
        "type=\"Result\" version=\"opset1\"><input><port id=\"0\"/></input></layer></layers><edges><edge "
        "from-layer=\"0\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/><edge from-layer=\"1\" "
        "from-port=\"0\" "
        "to-layer=\"2\" to-port=\"1\"/><edge from-layer=\"2\" from-port=\"2\" to-layer=\"3\" to-port=\"0\"/>"
        "</edges></then_body><else_body><layers><layer id=\"0\" name=\"k\" type=\"Const\" version=\"opset1\">"
        "<data element_type=\"string\" shape=\"2\" offset=\"0\" size=\"%zu\"/><output><port "
        "id=\"0\"/></output>"
        "</layer><layer id=\"1\" name=\"r\" type=\"Result\" version=\"opset1\"><input><port "
        "id=\"0\"/></input>"
        "</layer></layers><edges><edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" "
        "to-port=\"0\"/></edges>"
        "</else_body>",
        m.bytes, m.bytes);
    node = LAYER(&m, "If", "opset8", data, 1, cond, x);
    result(&m, node);
    request = request_of(core, &m, device);
    for (int run = 0; run < 4; run++) {
        const char *want[] = {LONG_B, "", "konst", LONG_A};
        unsigned char *flag;

        PASS(ov_infer_request_get_input_tensor_by_index(request, 0, &t));
        PASS(ov_tensor_data(t, (void **)&flag));
        *flag = run % 2 == 0;
        ov_tensor_free(t);
        set_texts(request, 1, 2, (const char *[]){LONG_B, ""});
        PASS(ov_infer_request_infer(request));
        expect_output(request, 0, run % 2 ? 2 : 4, run % 2 ? want + 2 : want);
    }
    ov_infer_request_free(request);
}

/* What was read before a variable is written stays what it was. */
static void variables(ov_core_t *core, const char *device)
{
    static const char variable[] = "variable_id=\"v\" variable_type=\"string\" variable_shape=\"2\"";
    struct maker m = {0};
    int x = parameter(&m, "string", "2"),
        read = LAYER(&m, "ReadValue", "opset6", variable, 1, strings(&m, "2", 2, konst));
    ov_infer_request_t *request;
    ov_tensor_t *t = NULL;

    LAYER(&m, "Assign", "opset6", variable, 1, x);
    result(&m, LAYER(&m, "Concat", "opset1", "axis=\"0\"", 1, read, x));
    request = request_of(core, &m, device);
    for (int run = 0; run < 3; run++) {
        const char *want[4] = {run ? first[run] : konst[0], run ? second[run] : konst[1], first[run + 1],
                               second[run + 1]};

        set_texts(request, 0, 2, want + 2);
        PASS(ov_infer_request_infer(request));
        expect_output(request, 0, 4, want);
        PASS(vt_infer_request_get_state(request, "v", &t));
        expect_texts(t, 2, want + 2);
        ov_tensor_free(t);
    }
    t = texts_tensor(1, (int64_t[]){2}, 2, second);
    PASS(vt_infer_request_set_state(request, "v", t));
    ov_tensor_free(t);
    PASS(ov_infer_request_infer(request));
    expect_output(request, 0, 4, (const char *[]){second[0], second[1], first[3], second[3]});
    ov_infer_request_free(request);
}

/* Input and output are one tensor, which permutes its own texts; then an output of the user's own. */
static void shared_tensors(ov_core_t *core, const char *device)
{
    struct maker m = {0};
    int x = parameter(&m, "string", "2,2");
    ov_infer_request_t *request;
    ov_tensor_t *t = texts_tensor(2, (int64_t[]){2, 2}, 4, first), *out;

    result(&m, LAYER(&m, "Transpose", "opset1", "", 1, x, I64S(&m, 1, 0)));
    request = request_of(core, &m, device);
    PASS(ov_infer_request_set_input_tensor_by_index(request, 0, t));
    PASS(ov_infer_request_set_output_tensor_by_index(request, 0, t));
    for (int run = 0; run < 3; run++) {
        PASS(ov_infer_request_infer(request));
        expect_texts(t, 4,
                     (const char *[]){first[0], first[run % 2 ? 1 : 2], first[run % 2 ? 2 : 1], first[3]});
    }
    out = texts_tensor(2, (int64_t[]){2, 2}, 4, second);
    PASS(ov_infer_request_set_output_tensor_by_index(request, 0, out));
    ov_infer_request_free(request);
    expect_texts(out, 4, second);
    ov_tensor_free(out);
    ov_tensor_free(t);
}

static void refused(ov_core_t *core, const char *device)
{
    struct maker m = {0};
    int x = parameter(&m, "string", "2");
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;

    result(&m, LAYER(&m, "TopK", "opset11", "axis=\"0\" mode=\"max\" sort=\"value\"", 2, x, I64(&m, 1)));
    PASS(read_made(core, &m, &model));
    CHECK(ov_core_compile_model(core, model, device, 0, &compiled), NOT_IMPLEMENTED,
          "TopK of strings (input 0)");
    ov_model_free(model);
}

/* Exported and imported, saved and read again: constants keep their texts. */
static void files(ov_core_t *core, const char *device)
{
    struct maker m = {0};
    int x = parameter(&m, "string", "?");
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL, *again = NULL;
    ov_infer_request_t *request = NULL;
    char xml[] = "/tmp/vt_strings_XXXXXX", bin[64], blob[64];
    int fd = mkstemp(xml);

    assert_true(fd >= 0);
    close(fd);
    snprintf(bin, sizeof(bin), "%s.bin", xml);
    snprintf(blob, sizeof(blob), "%s.blob", xml);
    result(&m, LAYER(&m, "Concat", "opset1", "axis=\"0\"", 1, strings(&m, "2", 2, konst), x,
                     strings(&m, "0", 0, NULL)));
    PASS(read_made(core, &m, &model));
    PASS(vt_model_save(model, xml, bin, 0));
    ov_model_free(model);
    PASS(ov_core_read_model(core, xml, bin, &model));
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    ov_model_free(model);
    if (strcmp(device, "CPU") == 0) {
        PASS(ov_compiled_model_export_model(compiled, blob));
        ov_compiled_model_free(compiled);
        PASS(vt_core_import_model_file(core, blob, device, &again));
        compiled = again;
        unlink(blob);
    }
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    ov_compiled_model_free(compiled);
    set_texts(request, 0, 2, second);
    PASS(ov_infer_request_infer(request));
    expect_output(request, 0, 4, (const char *[]){konst[0], konst[1], second[0], second[1]});
    ov_infer_request_free(request);
    unlink(xml);
    unlink(bin);
}

#define ON(device) "<rt_info><attribute name=\"affinity\" version=\"0\" value=\"" device "\"/></rt_info>"

/* One device makes strings, another moves them, a third part takes them apart. */
static void test_divided(void **state)
{
    struct maker m = {0};
    int begins = parameter(&m, "i64", "3"), ends = parameter(&m, "i64", "3"),
        bytes = parameter(&m, "u8", "48");
    int made, moved, back;
    ov_core_t *core = new_core();
    ov_infer_request_t *request;

    (void)state;
    if (!has_device("REFDEV")) {
        ov_core_free(core);
        skip();
    }
    made = LAYER(&m, "StringTensorPack", "opset15", ON("REFDEV"), 1, begins, ends, bytes);
    moved = LAYER(&m, "Gather", "opset8", ON("CPU"), 1, made, I64S(&m, 2, 0, 1, 0), I64(&m, 0));
    back = LAYER(&m, "StringTensorUnpack", "opset15", ON("REFDEV"), 3, moved);
    result(&m, moved);
    result(&m, OUT(back, 1));
    request = request_of(core, &m, "HETERO:CPU,REFDEV");
    for (int run = 0; run < 3; run++) {
        int64_t n = 3, total = 48, b[3] = {0, 5, 20 + run}, e[3] = {2, 40, 48};
        char text[49] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL", want[3][64];
        const char *texts[4] = {want[2], want[0], want[1], want[0]};
        int32_t at[4] = {0};
        ov_tensor_t *t = NULL;

        text[30] = (char)('!' + run);
        for (int i = 0; i < 3; i++) {
            snprintf(want[i], sizeof(want[i]), "%.*s", (int)(e[i] - b[i]), text + b[i]);
        }
        for (int i = 0; i < 4; i++) {
            at[i] = (i ? at[i - 1] : 0) + (int32_t)strlen(texts[i]);
        }
        PASS(ov_tensor_create_from_host_ptr(I64, (ov_shape_t){1, &n}, b, &t));
        PASS(ov_infer_request_set_input_tensor_by_index(request, 0, t));
        ov_tensor_free(t);
        PASS(ov_tensor_create_from_host_ptr(I64, (ov_shape_t){1, &n}, e, &t));
        PASS(ov_infer_request_set_input_tensor_by_index(request, 1, t));
        ov_tensor_free(t);
        PASS(ov_tensor_create_from_host_ptr(U8, (ov_shape_t){1, &total}, text, &t));
        PASS(ov_infer_request_set_input_tensor_by_index(request, 2, t));
        ov_tensor_free(t);
        PASS(ov_infer_request_infer(request));
        expect_output(request, 0, 4, texts);
        expect_i32(request, 1, 4, at);
    }
    ov_infer_request_free(request);
    ov_core_free(core);
}

/* Packed forms that do not fit. */
static void test_damaged(void **state)
{
    static const uint32_t forms[][4] = {{3, 0, 0, 0}, {2, 1, 1, 1}, {2, 0, 2, 1}, {2, 0, 1, 1}, {0, 0, 0, 0}};
    ov_core_t *core = new_core();
    ov_model_t *model = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct maker m = {0};

        result(&m, constant(&m, "string", "2", forms[i], sizeof(forms[i])));
        CHECK(read_made(core, &m, &model), GENERAL_ERROR, "are not the packed form of 2 strings");
    }
    ov_core_free(core);
}

#define ON_DEVICES(name)                                                                                     \
    static void test_##name(void **state)                                                                    \
    {                                                                                                        \
        (void)state;                                                                                         \
        on_each_device(name);                                                                                \
    }
ON_DEVICES(movement)
ON_DEVICES(equality)
ON_DEVICES(packing)
ON_DEVICES(branches)
ON_DEVICES(variables)
ON_DEVICES(shared_tensors)
ON_DEVICES(refused)
ON_DEVICES(files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_movement),  cmocka_unit_test(test_equality),
        cmocka_unit_test(test_packing),   cmocka_unit_test(test_branches),
        cmocka_unit_test(test_variables), cmocka_unit_test(test_shared_tensors),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_files),
        cmocka_unit_test(test_divided),   cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
