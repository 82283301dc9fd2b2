/* What is said when something is wrong: each message names the thing, what is allowed, and what to do. */
#include "capi_test.h"
#include "vintner.h"

#include <unistd.h>

struct things {
    ov_core_t *core;
    ov_model_t *two;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    char folder[64];
};

static struct things t;

/* "1,3" into dims; returns how many. */
static int64_t parse_dims(const char *text, int64_t dims[8])
{
    int64_t rank = 0;

    while (*text && rank < 8) {
        dims[rank++] = strtoll(text, (char **)&text, 10);
        text += *text == ',';
    }
    return rank;
}

static const char *in_folder(const char *name)
{
    static char paths[2][128];
    static int turn;
    char *path = paths[turn ^= 1];

    snprintf(path, sizeof(paths[0]), "%s/%s", t.folder, name);
    return path;
}

/* ---- calls, each with up to three words of its row */

typedef ov_status_e call_fn(const char *a, const char *b, const char *c);

static ov_status_e read_file(const char *a, const char *b, const char *c)
{
    ov_model_t *model = NULL;
    ov_status_e status = ov_core_read_model(t.core, in_folder(a), *b ? in_folder(b) : NULL, &model);

    (void)c;
    ov_model_free(model);
    return status;
}

static ov_status_e read_words(const char *a, const char *b, const char *c)
{
    ov_model_t *model = NULL;
    ov_status_e status = ov_core_read_model_from_memory_buffer(t.core, a, strlen(a), NULL, &model);

    (void)b;
    (void)c;
    ov_model_free(model);
    return status;
}

static ov_status_e create(const char *a, const char *b, const char *c)
{
    ov_core_t *core = NULL;
    ov_status_e status = ov_core_create_with_config(in_folder(a), &core);

    (void)b;
    (void)c;
    if (core) {
        ov_core_free(core);
    }
    return status;
}

static ov_status_e compile(const char *a, const char *b, const char *c)
{
    ov_compiled_model_t *compiled = NULL;
    ov_status_e status = ov_core_compile_model(t.core, t.two, a, *b ? 2 : 0, &compiled, b, c);

    ov_compiled_model_free(compiled);
    return status;
}

static ov_status_e import(const char *a, const char *b, const char *c)
{
    ov_compiled_model_t *compiled = NULL;
    ov_status_e status = ov_core_import_model(t.core, b, strlen(b), a, &compiled);

    (void)c;
    ov_compiled_model_free(compiled);
    return status;
}

static ov_status_e set(const char *a, const char *b, const char *c)
{
    return ov_core_set_property(t.core, a, b, c);
}

static ov_status_e get(const char *a, const char *b, const char *c)
{
    char *value = NULL;
    ov_status_e status = ov_core_get_property(t.core, a, b, &value);

    (void)c;
    ov_free(value);
    return status;
}

static ov_status_e get_compiled(const char *a, const char *b, const char *c)
{
    char *value = NULL;
    ov_status_e status = ov_compiled_model_get_property(t.compiled, b, &value);

    (void)a;
    (void)c;
    ov_free(value);
    return status;
}

static ov_status_e set_compiled(const char *a, const char *b, const char *c)
{
    (void)a;
    return ov_compiled_model_set_property(t.compiled, b, c);
}

static ov_status_e export(const char *a, const char *b, const char *c)
{
    (void)b;
    (void)c;
    return ov_compiled_model_export_model(t.compiled, in_folder(a));
}

static ov_status_e extend(const char *a, const char *b, const char *c)
{
    (void)b;
    (void)c;
    return ov_core_add_extension(t.core, in_folder(a));
}

/* x [2,3] -> an operation of a set, with an attribute "NAME=VALUE" */
static ov_status_e build(const char *a, const char *b, const char *c)
{
    char name[32] = "";
    vt_attribute_t attribute = VT_ATTR(name, strchr(c, '=') ? strchr(c, '=') + 1 : "");
    vt_builder_t *builder = NULL;
    vt_port_t x;
    ov_status_e status = vt_builder_create(t.core, "built", &builder);

    memcpy(name, c, strcspn(c, "="));
    x = vt_builder_parameter(builder, "x", F32, 2, (int64_t[]){2, 3});
    vt_builder_op(builder, a, b, "built", 1, &x, *c != 0, &attribute);
    status = status ? status : vt_builder_status(builder);
    vt_builder_free(builder);
    return status;
}

static ov_status_e reshape(const char *a, const char *b, const char *c)
{
    int64_t dims[8];
    ov_shape_t shape = {parse_dims(b, dims), dims};
    ov_partial_shape_t partial = {0};
    ov_status_e status = ov_shape_to_partial_shape(shape, &partial);

    (void)c;
    status = status ? status : ov_model_reshape_input_by_name(t.two, a, partial);
    ov_partial_shape_free(&partial);
    return status;
}

static ov_status_e model_input(const char *a, const char *b, const char *c)
{
    ov_output_const_port_t *port = NULL;

    (void)c;
    return *b     ? ov_model_const_input_by_index(t.two, (size_t)atoi(b), &port)
           : a[0] ? ov_model_const_input_by_name(t.two, a, &port)
                  : ov_model_const_input(t.two, &port);
}

static ov_status_e model_output(const char *a, const char *b, const char *c)
{
    ov_output_const_port_t *port = NULL;

    (void)c;
    return *b     ? ov_model_const_output_by_index(t.two, (size_t)atoi(b), &port)
           : a[0] ? ov_model_const_output_by_name(t.two, a, &port)
                  : ov_model_const_output(t.two, &port);
}

static ov_status_e compiled_input(const char *a, const char *b, const char *c)
{
    ov_output_const_port_t *port = NULL;

    (void)c;
    return *b     ? ov_compiled_model_input_by_index(t.compiled, (size_t)atoi(b), &port)
           : a[0] ? ov_compiled_model_input_by_name(t.compiled, a, &port)
                  : ov_compiled_model_input(t.compiled, &port);
}

static ov_status_e get_tensor(const char *a, const char *b, const char *c)
{
    ov_tensor_t *tensor = NULL;
    ov_status_e status = *b ? ov_infer_request_get_input_tensor_by_index(t.request, (size_t)atoi(b), &tensor)
                            : ov_infer_request_get_tensor(t.request, a, &tensor);

    (void)c;
    ov_tensor_free(tensor);
    return status;
}

static ov_status_e set_tensor(const char *a, const char *b, const char *c)
{
    int64_t dims[8];
    ov_shape_t shape = {parse_dims(b, dims), dims};
    ov_tensor_t *tensor = NULL;
    ov_status_e status = ov_tensor_create((ov_element_type_e)atoi(c), shape, &tensor);

    status = status ? status : ov_infer_request_set_tensor(t.request, a, tensor);
    ov_tensor_free(tensor);
    return status;
}

static ov_status_e wait(const char *a, const char *b, const char *c)
{
    (void)b;
    (void)c;
    return ov_infer_request_wait_for(t.request, atoi(a));
}

static ov_status_e make_tensor(const char *a, const char *b, const char *c)
{
    int64_t dims[8];
    ov_shape_t shape = {parse_dims(a, dims), dims};
    ov_tensor_t *tensor = NULL;
    ov_status_e status = ov_tensor_create((ov_element_type_e)atoi(b), shape, &tensor);

    (void)c;
    ov_tensor_free(tensor);
    return status;
}

/* A tensor in the caller's memory cannot grow. */
static ov_status_e grow_tensor(const char *a, const char *b, const char *c)
{
    int64_t small[2] = {1, 3}, dims[8];
    ov_shape_t shape = {2, small}, wanted = {parse_dims(a, dims), dims};
    float memory[3];
    ov_tensor_t *tensor = NULL;
    ov_status_e status = ov_tensor_create_from_host_ptr(F32, shape, memory, &tensor);

    (void)b;
    (void)c;
    status = status ? status : ov_tensor_set_shape(tensor, wanted);
    ov_tensor_free(tensor);
    return status;
}

static ov_status_e layout(const char *a, const char *b, const char *c)
{
    ov_layout_t *made = NULL;
    ov_status_e status = ov_layout_create(a, &made);

    (void)b;
    (void)c;
    ov_layout_free(made);
    return status;
}

/* ---- the table */

#define NEED_WEIGHTS                                                                                         \
    "<?xml version=\"1.0\"?><net name=\"need\" version=\"11\"><layers><layer id=\"0\" name=\"w\" "           \
    "type=\"Const\" version=\"opset1\"><data element_type=\"f32\" shape=\"8\" offset=\"0\" size=\"32\"/>"    \
    "<output><port id=\"0\" precision=\"FP32\"/></output></layer>" LAYER_RESULT(                             \
        "1", "r") "</layers><edges>" EDGE("0", "0", "1", "0") "</edges></net>"

#define BAD_ATTRIBUTE                                                                                        \
    "<?xml version=\"1.0\"?><net name=\"bad\" version=\"11\"><layers>" LAYER_PARAM(                          \
        "0", "x", "1,3",                                                                                     \
        "x_t") "<layer id=\"1\" "                                                                            \
               "name=\"soft\" type=\"SoftMax\" version=\"opset1\"><data axis=\"here\"/><input><port "        \
               "id=\"0\"/></input>"                                                                          \
               "<output><port id=\"1\" precision=\"FP32\"/></output></layer></layers><edges>" EDGE(          \
                   "0", "0", "1", "0") "</edges></net>"

static const struct {
    call_fn *call;
    const char *a, *b, *c;
    ov_status_e status;
    const char *parts[4];
} rows[] = {
    /* files */
    {read_file, "nosuch.xml", "", "", GENERAL_ERROR, {"nosuch.xml", "No such file"}},
    {read_file, "nosuch.onnx", "", "", GENERAL_ERROR, {"nosuch.onnx", "No such file"}},
    {read_file, "", "", "", GENERAL_ERROR, {"directory"}},
    {read_file, "empty.xml", "", "", GENERAL_ERROR, {"empty.xml"}},
    {read_file, "junk.xml", "", "", GENERAL_ERROR, {"junk.xml"}},
    {read_file, "junk.dat", "", "", GENERAL_ERROR, {"junk.dat", "ir"}},
    {read_file, "cut.xml", "", "", GENERAL_ERROR, {"cut.xml"}},
    {read_file, "old.xml", "", "", GENERAL_ERROR, {"old.xml", "version", "7", "10"}},
    {read_file, "need.xml", "nosuch.bin", "", GENERAL_ERROR, {"nosuch.bin", "No such file"}},
    {read_file, "need.xml", "short.bin", "", GENERAL_ERROR, {"short.bin", "32"}},
    {read_file, "alone.xml", "", "", GENERAL_ERROR, {"alone"}},
    {read_words, "junk", "", "", GENERAL_ERROR, {"ir"}},
    {read_words, "<net name=\"x\" version=\"11\"><layers>", "", "", GENERAL_ERROR, {"line"}},
    {read_words, NEED_WEIGHTS, "", "", GENERAL_ERROR, {"'w'", "weights"}},
    {read_words, BAD_ATTRIBUTE, "", "", GENERAL_ERROR, {"'soft'", "axis", "here"}},
    {create, "nosuch.xml", "", "", GENERAL_ERROR, {"nosuch.xml", "No such file"}},
    {create, "junk.xml", "", "", GENERAL_ERROR, {"junk.xml"}},
    {extend, "nosuch.so", "", "", GENERAL_ERROR, {"extension", "nosuch.so", "No such file"}},
    {extend, "junk.xml", "", "", GENERAL_ERROR, {"junk.xml", "cannot be loaded"}},
    {export, "no/such/folder.blob", "", "", GENERAL_ERROR, {"folder.blob", "No such file"}},
    {import, "CPU", "junk", "", GENERAL_ERROR, {"compiled model"}},
    {import, "XPU", "junk", "", GENERAL_ERROR, {"\"XPU\"", "CPU"}},
    /* devices */
    {compile, "XPU", "", "", GENERAL_ERROR, {"\"XPU\"", "plugins are there for", "did you mean 'CPU'?"}},
    {compile, "cpu", "", "", GENERAL_ERROR, {"\"cpu\"", "did you mean 'CPU'?"}},
    {compile, "HETRO:CPU", "", "", GENERAL_ERROR, {"\"HETRO:CPU\"", "did you mean 'HETERO'?"}},
    {compile, "", "", "", GENERAL_ERROR, {"\"\"", "CPU"}},
    {compile, "CPU.1", "", "", GENERAL_ERROR, {"CPU.1", "without a number"}},
    {compile, "HETERO:XPU,CPU", "", "", GENERAL_ERROR, {"XPU"}},
    {compile, "AUTO:XPU", "", "", GENERAL_ERROR, {"XPU"}},
    {compile, "MULTI", "", "", GENERAL_ERROR, {"MULTI"}},
    {compile, "HETERO", "", "", GENERAL_ERROR, {"HETERO"}},
    {compile, "BATCH", "", "", GENERAL_ERROR, {"BATCH"}},
    {set, "XPU", "NUM_STREAMS", "1", GENERAL_ERROR, {"\"XPU\"", "did you mean 'CPU'?"}},
    {get, "XPU", "NUM_STREAMS", "", GENERAL_ERROR, {"\"XPU\"", "CPU"}},
    {get, "AUTO:CPU", "PERF_COUNT", "", GENERAL_ERROR, {"AUTO itself", "AUTO:CPU"}},
    /* properties */
    {compile, "CPU", "NUM_STREAM", "1", GENERAL_ERROR, {"NUM_STREAM ", "CPU", "did you mean 'NUM_STREAMS'?"}},
    {compile, "CPU", "perf_count", "NO", GENERAL_ERROR, {"perf_count", "did you mean 'PERF_COUNT'?"}},
    {compile, "CPU", "FULL_DEVICE_NAME", "x", GENERAL_ERROR, {"FULL_DEVICE_NAME", "only be read"}},
    {compile, "CPU", "MODEL_PRIORITY", "HIGH", GENERAL_ERROR, {"MODEL_PRIORITY", "CPU"}},
    {compile, "CPU", "NUM_STREAMS", "abc", GENERAL_ERROR, {"NUM_STREAMS", "'abc'", "AUTO, NUMA or a number"}},
    {compile,
     "CPU",
     "INFERENCE_NUM_THREADS",
     "-1",
     GENERAL_ERROR,
     {"INFERENCE_NUM_THREADS", "'-1'", "0 or more"}},
    {compile,
     "CPU",
     "PERFORMANCE_HINT",
     "FAST",
     GENERAL_ERROR,
     {"PERFORMANCE_HINT", "'FAST'", "LATENCY, THROUGHPUT or CUMULATIVE_THROUGHPUT"}},
    {compile,
     "CPU",
     "EXECUTION_MODE_HINT",
     "x",
     GENERAL_ERROR,
     {"EXECUTION_MODE_HINT", "PERFORMANCE or ACCURACY"}},
    {compile, "CPU", "INFERENCE_PRECISION_HINT", "f99", GENERAL_ERROR, {"'f99'", "f32", "bf16"}},
    {compile, "CPU", "PERF_COUNT", "maybe", GENERAL_ERROR, {"PERF_COUNT", "'maybe'", "YES or NO"}},
    {compile, "CPU", "ENABLE_MMAP", "maybe", GENERAL_ERROR, {"ENABLE_MMAP", "'maybe'", "YES", "NO"}},
    {compile, "CPU", "CACHE_MODE", "x", GENERAL_ERROR, {"CACHE_MODE", "OPTIMIZE_SIZE", "OPTIMIZE_SPEED"}},
    {compile,
     "CPU",
     "DEVICE_PROPERTIES",
     "{CPU:NUM}",
     GENERAL_ERROR,
     {"DEVICE_PROPERTIES", "{DEVICE:{KEY:VALUE"}},
    {compile, "CPU", "DEVICE_ID", "1", GENERAL_ERROR, {"DEVICE_ID", "'1'", "the empty text"}},
    {set, "CPU", "SCHEDULING_CORE_TYPE", "x", GENERAL_ERROR, {"'x'", "ANY_CORE, PCORE_ONLY or ECORE_ONLY"}},
    {set, "CPU", "KV_CACHE_PRECISION", "x", GENERAL_ERROR, {"KV_CACHE_PRECISION", "f32, f16"}},
    {set, "CPU", "PERF_COUNTS", "YES", GENERAL_ERROR, {"PERF_COUNTS", "did you mean 'PERF_COUNT'?"}},
    {set, "CPU", "NETWORK_NAME", "x", GENERAL_ERROR, {"NETWORK_NAME", "CPU"}},
    {set, "AUTO", "NUM_STREAMS", "2", GENERAL_ERROR, {"NUM_STREAMS", "AUTO"}},
    {get, "CPU", "NUMSTREAMS", "", GENERAL_ERROR, {"NUMSTREAMS", "did you mean 'NUM_STREAMS'?"}},
    {get, "", "NUM_STREAMS", "", GENERAL_ERROR, {"the core", "NUM_STREAMS"}},
    {get_compiled, "", "NETWORK_NAMES", "", GENERAL_ERROR, {"CPU", "did you mean 'NETWORK_NAME'?"}},
    {get_compiled, "", "NOSUCH", "", GENERAL_ERROR, {"CPU", "NOSUCH"}},
    {set_compiled, "", "NUM_STREAMS", "1", GENERAL_ERROR, {"CPU", "NUM_STREAMS", "when compiling"}},
    /* ports */
    {model_input, "", "", "", GENERAL_ERROR, {"'two'", "2 inputs", "name the one"}},
    {model_output, "", "", "", GENERAL_ERROR, {"'two'", "2 outputs", "name the one"}},
    {model_input, "", "7", "", UNKNOW_EXCEPTION, {"'two'", "2 inputs", "no input 7"}},
    {model_output, "", "2", "", UNKNOW_EXCEPTION, {"2 outputs", "no output 2"}},
    {model_input, "a_y", "", "", GENERAL_ERROR, {"'a_y'", "'a_t', ", "did you mean 'a_t'?"}},
    {model_output, "totla", "", "", GENERAL_ERROR, {"'totla'", "did you mean 'total'?"}},
    {model_input, "sum", "", "", GENERAL_ERROR, {"no input", "'sum'", "'a_t'"}},
    {compiled_input, "", "", "", GENERAL_ERROR, {"'two'", "2 inputs"}},
    {compiled_input, "", "5", "", GENERAL_ERROR, {"'two'", "2 inputs", "no input 5"}},
    {compiled_input, "alis", "", "", GENERAL_ERROR, {"'alis'", "did you mean 'alias'?"}},
    {get_tensor, "nosuch", "", "", GENERAL_ERROR, {"'nosuch'", "'a_t'", "'act'"}},
    {get_tensor, "a_s", "", "", GENERAL_ERROR, {"'a_s'", "did you mean 'a_t'?"}},
    {get_tensor, "", "9", "", GENERAL_ERROR, {"2 inputs", "no input 9"}},
    /* tensors and shapes; element types: f32 is 4, i32 is 9 */
    {set_tensor, "a_t", "1,3", "9", GENERAL_ERROR, {"'a_t'", "f32", "i32"}},
    {set_tensor, "a_t", "2,3", "4", GENERAL_ERROR, {"'a_t'", "[1,3]", "[2,3]"}},
    {set_tensor, "a_t", "3", "4", GENERAL_ERROR, {"'a_t'", "[1,3]", "[3]"}},
    {set_tensor, "nosuch", "1,3", "4", GENERAL_ERROR, {"'nosuch'", "'a_t'"}},
    {reshape, "nosuch", "1,3", "", GENERAL_ERROR, {"'nosuch'", "'a_t'"}},
    {reshape, "a_t", "5,7", "", GENERAL_ERROR, {"'add'", "Add", "[5,7]", "[1,3]"}},
    {make_tensor, "-1,3", "4", "", GENERAL_ERROR, {"[-1,3]", "f32", "negative"}},
    {make_tensor, "4611686018427387904,8", "4", "", GENERAL_ERROR, {"f32", "too large"}},
    {make_tensor, "1,3", "0", "", GENERAL_ERROR, {"dynamic"}},
    {grow_tensor, "3,3", "", "", GENERAL_ERROR, {"[3,3]", "36", "12"}},
    {wait, "-5", "", "", GENERAL_ERROR, {"-5 ms", "0 or more"}},
    /* building */
    {build, "Rleu", "opset1", "", GENERAL_ERROR, {"'built'", "Rleu", "opset1", "did you mean 'Relu'?"}},
    {build, "Relu", "opsets", "", GENERAL_ERROR, {"'built'", "Relu in opsets", "an extension's"}},
    {build, "Swish", "opset1", "", GENERAL_ERROR, {"Swish", "opset1", "from opset4 on"}},
    {build, "Softmax", "opset8", "axes=1", GENERAL_ERROR, {"'built'", "'axes'", "did you mean 'axis'?"}},
    {build, "Softmax", "opset8", "axis=7", GENERAL_ERROR, {"'built'", "Softmax", "7"}},
    {build, "Softmax", "opset8", "axis=a", GENERAL_ERROR, {"'built'", "axis=\"a\""}},
    {build, "MatMul", "opset1", "", GENERAL_ERROR, {"'built'", "MatMul takes 2 to 2 inputs, not 1"}},
    {build, "Convert", "opset1", "", GENERAL_ERROR, {"'built'", "'destination_type' is required"}},
    /* layouts */
    {layout, "[]", "", "", GENERAL_ERROR, {"[]"}},
    {layout, "NN", "", "", GENERAL_ERROR, {"NN", "N"}},
    {layout, "[N", "", "", GENERAL_ERROR, {"[N", "]"}},
    {layout, "N..C", "", "", GENERAL_ERROR, {"N..C", "..."}},
    {layout, "[N,,C]", "", "", GENERAL_ERROR, {"[N,,C]"}},
    {layout, "N-C", "", "", GENERAL_ERROR, {"N-C"}},
};

static bool holds(const char *message, const char *const *parts)
{
    for (int i = 0; i < 4 && parts[i]; i++) {
        if (!message || !strstr(message, parts[i])) {
            return false;
        }
    }
    return true;
}

static void test_table(void **state)
{
    int wrong = 0;

    (void)state;
    assert_true(sizeof(rows) / sizeof(rows[0]) >= 60);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ov_status_e status;
        const char *message;

        ov_core_free(NULL);
        status = rows[i].call(rows[i].a, rows[i].b, rows[i].c);
        message = ov_get_last_err_msg();
        if (status != rows[i].status || !holds(message, rows[i].parts)) {
            print_error("row %zu (%.40s, %s, %s): %d '%s'\n", i, rows[i].a, rows[i].b, rows[i].c, status,
                        message ? message : "(none)");
            wrong++;
        }
        ov_free(message);
    }
    assert_int_equal(wrong, 0);
}

/* A model of many ports: the list is cut, the suggestion is not. */
static void test_many_names(void **state)
{
    static char text[64 * 1024];
    ov_output_const_port_t *port = NULL;
    ov_model_t *model;
    char *at = text;

    (void)state;
    at += sprintf(at, "<?xml version=\"1.0\"?><net name=\"many\" version=\"11\"><layers>");
    for (int i = 0; i < 60; i++) {
        at += sprintf(at,
                      "<layer id=\"%d\" name=\"p%d\" type=\"Parameter\" version=\"opset1\"><data shape=\"1\" "
                      "element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" "
                      "names=\"input_number_%d\"/></output></layer>",
                      i, i, i);
    }
    sprintf(at, "</layers><edges/></net>");
    model = read_text(t.core, text);
    CHECK(ov_model_const_input_by_name(model, "input_numbr_57", &port), GENERAL_ERROR,
          "...; did you mean 'input_number_57'?");
    CHECK(ov_model_const_input_by_name(model, "other", &port), GENERAL_ERROR, "'input_number_0', ");
    CHECK(ov_model_const_output_by_name(model, "other", &port), GENERAL_ERROR, "there are none");
    ov_model_free(model);
}

/* ---- the things */

static void write_file(const char *name, const char *text, size_t bytes)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    fclose(file);
}

static const char *const files[] = {"empty.xml", "junk.xml", "junk.dat",  "cut.xml",
                                    "old.xml",   "need.xml", "short.bin", "alone.xml"};

static int setup(void **state)
{
    static const char old[] = "<?xml version=\"1.0\"?><net name=\"x\" version=\"7\"><layers/><edges/></net>";

    (void)state;
    strcpy(t.folder, "/tmp/vt_messages_XXXXXX");
    if (!mkdtemp(t.folder)) {
        return -1;
    }
    write_file("empty.xml", "", 0);
    write_file("junk.xml", "junk", 4);
    write_file("junk.dat", "\001\002junk", 6);
    write_file("cut.xml", MODEL_TWO, strlen(MODEL_TWO) / 2);
    write_file("old.xml", old, sizeof(old) - 1);
    write_file("need.xml", NEED_WEIGHTS, strlen(NEED_WEIGHTS));
    write_file("alone.xml", NEED_WEIGHTS, strlen(NEED_WEIGHTS));
    write_file("short.bin", "1234", 4);
    t.core = new_core();
    t.two = read_text(t.core, MODEL_TWO);
    PASS(ov_core_compile_model(t.core, t.two, "CPU", 0, &t.compiled));
    PASS(ov_compiled_model_create_infer_request(t.compiled, &t.request));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ov_infer_request_free(t.request);
    ov_compiled_model_free(t.compiled);
    ov_model_free(t.two);
    ov_core_free(t.core);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        unlink(in_folder(files[i]));
    }
    return rmdir(t.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_many_names)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
