/* Models: ports, names, reshape; buffers; query; operations without definition; states. */
#include "core_test.h"
#include "map.h"

#include <unistd.h>

/* sum = a + b, twice softmax of the sum. */
static struct vt_model *two_inputs(const char *shape_a, const char *shape_b)
{
    struct vt_graph *g = vt_graph_create("two");
    struct vt_port in[2] = {vt_port_of(test_param(g, "a", "f32", shape_a, "a_t"), 0),
                            vt_port_of(test_param(g, "b", "f32", shape_b, "b_t"), 0)};
    struct vt_node *add = vt_node_build(g, "Add", 1, "add", 2, in, ERR), *softmax;

    assert_non_null(add);
    assert_ok(vt_output_add_name(g, &in[0].node->out[0], "alias"));
    assert_ok(vt_output_add_name(g, &add->out[0], "sum"));
    softmax = test_unary(g, "Softmax", 8, "softmax", add, NULL);
    test_unary(g, "Result", 1, "r0", add, NULL);
    test_unary(g, "Result", 1, "r1", softmax, NULL);
    return test_finish(g);
}

static void assert_shape(const struct vt_model *m, enum vt_side side, int index, int64_t d0, int64_t d1)
{
    const struct vt_pshape *s = &m->io[side][index].shape;

    assert_int_equal(s->rank, 2);
    assert_int_equal(s->dims[0].max, d0);
    assert_int_equal(s->dims[1].max, d1);
}

static struct vt_pshape shape2(int64_t d0, int64_t d1)
{
    return (struct vt_pshape){.rank = 2, .dims = {{d0 < 0 ? 0 : d0, d0}, {d1 < 0 ? 0 : d1, d1}}};
}

static void test_ports(void **state)
{
    struct vt_model *m = two_inputs("1,3", "1,3"), *copy = NULL, *other = two_inputs("1,3", "2,3");

    (void)state;
    assert_int_equal(m->n_io[VT_INPUT], 2);
    assert_int_equal(m->n_io[VT_OUTPUT], 2);
    assert_string_equal(m->io[VT_INPUT][1].node_name, "b");
    assert_int_equal(vt_io_find(m->io[VT_INPUT], 2, "alias"), 0);
    assert_int_equal(vt_io_find(m->io[VT_INPUT], 2, "b_t"), 1);
    assert_int_equal(vt_io_find(m->io[VT_INPUT], 2, "b"), -1);
    assert_int_equal(vt_io_find(m->io[VT_OUTPUT], 2, "sum"), 0);
    assert_string_equal(vt_model_name(m), "two");
    assert_false(vt_model_is_dynamic(m));

    /* A port of a copy is the same port; one of another shape is not. */
    assert_ok(vt_model_clone(m, &copy, ERR));
    assert_int_equal(vt_io_match(m->io[VT_INPUT], 2, &copy->io[VT_INPUT][1], 0), 1);
    assert_int_equal(vt_io_match(m->io[VT_OUTPUT], 2, &copy->io[VT_OUTPUT][1], 1), 1);
    assert_int_equal(vt_io_match(m->io[VT_INPUT], 2, &other->io[VT_INPUT][1], 1), -1);
    vt_model_unref(m);
    vt_model_unref(copy);
    vt_model_unref(other);
}

static void test_reshape(void **state)
{
    struct vt_model *m = two_inputs("1,3", "1,3");
    struct vt_pshape both[2] = {shape2(5, 7), shape2(5, 7)}, one = shape2(4, 7);

    (void)state;
    assert_ok(vt_model_reshape(m, 2, (int[]){0, 1}, both, ERR));
    assert_shape(m, VT_INPUT, 0, 5, 7);
    assert_shape(m, VT_OUTPUT, 1, 5, 7);
    assert_fails(vt_model_reshape(m, 1, (int[]){1}, &one, ERR), VT_E_SHAPE, "add");
    assert_shape(m, VT_INPUT, 1, 5, 7);
    assert_shape(m, VT_OUTPUT, 0, 5, 7);
    assert_fails(vt_model_reshape(m, 1, (int[]){2}, &one, ERR), VT_E_RANGE, "there is no input 2");
    both[0] = shape2(1, 3);
    both[1] = shape2(-1, 3);
    assert_ok(vt_model_reshape(m, 2, (int[]){0, 1}, both, ERR));
    assert_true(vt_model_is_dynamic(m));
    assert_shape(m, VT_OUTPUT, 0, -1, 3);
    vt_model_unref(m);
}

/* What was compiled does not follow. */
static void test_reshape_after_compile(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *m = two_inputs("1,3", "1,3");
    struct vt_compiled *compiled = test_compile(core, m, NULL, NULL);
    struct vt_pshape both[2] = {shape2(5, 7), shape2(5, 7)};

    (void)state;
    assert_ok(vt_model_reshape(m, 2, (int[]){0, 1}, both, ERR));
    assert_int_equal(compiled->io[VT_INPUT][0].shape.dims[1].max, 3);
    vt_model_unref(m);
    assert_string_equal(compiled->io[VT_INPUT][0].names[1], "alias");
    vt_compiled_unref(compiled);
    vt_core_destroy(core);
}

static void test_runtime_model(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *m = two_inputs("1,3", "1,3"), *runtime = NULL;
    struct vt_compiled *compiled = test_compile(core, m, NULL, NULL);

    (void)state;
    assert_ok(vt_compiled_runtime_model(compiled, &runtime, ERR));
    vt_compiled_unref(compiled);
    vt_core_destroy(core);
    assert_string_equal(vt_model_name(runtime), "two");
    assert_int_equal(runtime->n_io[VT_OUTPUT], 2);
    vt_model_unref(runtime);
    vt_model_unref(m);
}

/* ---- operations without definition */

static struct vt_node *unknown(struct vt_graph *g, const char *op, const char *name, struct vt_node *src)
{
    struct vt_pshape shape = shape2(1, 3);
    struct vt_node *node = vt_unknown_create(g, op, "opset15", name, 1, 1, ERR);

    assert_non_null(node);
    assert_ok(vt_unknown_declare(node, 0, VT_F32, &shape));
    assert_ok(vt_node_set_input(node, 0, vt_port_of(src, 0)));
    return node;
}

static void count_unsupported(void *ctx, const struct vt_node_support *support)
{
    *(int *)ctx += !support->supported;
}

static void test_unknown_operations(void **state)
{
    struct vt_core *core = test_core();
    struct vt_graph *g = vt_graph_create("odd");
    struct vt_node *node = test_param(g, "x", "f32", "1,3", "x_t");
    struct vt_compiled *compiled = NULL;
    struct vt_model *m;
    int unsupported = 0;

    (void)state;
    node = unknown(g, "Frobnicate", "first", node);
    node = unknown(g, "Frobnicate", "second", node);
    node = unknown(g, "Quux", "third", node);
    test_unary(g, "Result", 1, "y", node, NULL);
    m = test_finish(g);
    assert_fails(vt_core_compile(core, m, "REFDEV", NULL, &compiled, ERR), VT_E_UNSUPPORTED,
                 "not implemented: Frobnicate (opset15), node 'first'; Quux (opset15), node 'third'");
    assert_null(strstr(test_error.text, "second"));
    assert_ok(vt_core_query(core, m, "REFDEV", NULL, count_unsupported, &unsupported, ERR));
    assert_int_equal(unsupported, 3);
    vt_model_unref(m);
    vt_core_destroy(core);
}

/* ---- buffers */

static void test_buffers(void **state)
{
    static float memory[8];
    struct vt_buffer *b = NULL, *s = NULL;
    const char *texts[] = {"short", "a text of more than sixteen bytes", ""};
    struct vt_string *strings;
    void *data;

    (void)state;
    assert_fails(vt_buffer_create(VT_DYNAMIC, 0, NULL, &b, ERR), VT_E_TYPE, "dynamic");
    assert_fails(vt_buffer_create(VT_F32, 1, (int64_t[]){-1}, &b, ERR), VT_E_SHAPE, "[-1]");
    assert_fails(vt_buffer_create(VT_F32, -1, NULL, &b, ERR), VT_E_SHAPE, "rank -1");
    assert_fails(vt_buffer_create(VT_F32, 2, (int64_t[]){INT64_MAX / 2, 8}, &b, ERR), VT_E_SHAPE, "large");
    assert_fails(vt_buffer_create(VT_U8, 1, (int64_t[]){INT64_MAX}, &b, ERR), VT_E_NOMEM, "out of memory");
    assert_null(b);
    assert_ok(vt_buffer_create(VT_U4, 1, (int64_t[]){5}, &b, ERR));
    assert_int_equal(b->t.bytes, 3);
    assert_int_equal((uintptr_t)b->t.data % 64, 0);
    data = b->t.data;
    assert_ok(vt_buffer_reshape(b, 2, (int64_t[]){0, 4}, ERR));
    assert_ptr_equal(b->t.data, data);
    assert_ok(vt_buffer_reshape(b, 1, (int64_t[]){1000}, ERR));
    assert_int_equal(b->t.bytes, 500);
    assert_fails(vt_buffer_reshape(b, 1, (int64_t[]){-2}, ERR), VT_E_SHAPE, "[-2]");
    assert_int_equal(b->t.bytes, 500);
    vt_buffer_unref(b);

    assert_ok(vt_buffer_wrap(VT_F32, 1, (int64_t[]){8}, memory, &b, ERR));
    assert_ok(vt_buffer_reshape(b, 1, (int64_t[]){2}, ERR));
    assert_ok(vt_buffer_reshape(b, 2, (int64_t[]){2, 4}, ERR));
    assert_fails(vt_buffer_reshape(b, 1, (int64_t[]){9}, ERR), VT_E_SHAPE, "cannot grow");
    assert_fails(vt_buffer_set_strings(b, texts, 3, ERR), VT_E_TYPE, "f32");
    vt_buffer_unref(b);

    assert_ok(vt_buffer_create(VT_STRING, 1, (int64_t[]){3}, &s, ERR));
    strings = s->t.data;
    assert_int_equal(strings[2].length, 0);
    assert_ok(vt_buffer_set_strings(s, texts, 2, ERR));
    assert_string_equal(strings[0].text, "short");
    assert_ptr_equal(strings[0].text, strings[0].small);
    assert_string_equal(strings[1].text, texts[1]);
    assert_int_equal(strings[1].length, strlen(texts[1]));
    assert_ok(vt_buffer_set_strings(s, texts + 1, 1, ERR));
    assert_string_equal(strings[0].text, texts[1]);
    assert_string_equal(strings[1].text, "");
    assert_fails(vt_buffer_set_strings(s, texts, 4, ERR), VT_E_RANGE, "4 strings");
    assert_ok(vt_buffer_reshape(s, 1, (int64_t[]){100}, ERR));
    vt_buffer_unref(s);
}

/* Reading by a frontend that is not there or a file that is nothing. */
static void test_read_errors(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *m = NULL;

    (void)state;
    assert_fails(vt_core_read_file(core, "/no/such/model.xml", NULL, &m, ERR), VT_E_IO,
                 "cannot open the model '/no/such/model.xml': No such file");
    assert_fails(vt_core_read_file(core, "/tmp", NULL, &m, ERR), VT_E_IO, "/tmp");
    assert_fails(vt_core_read_memory(core, "junk", 4, NULL, &m, ERR), VT_E_FORMAT,
                 "no model that can be read");
    assert_null(m);
    vt_core_destroy(core);
}

/* ---- IR files */

#define PORT "<dim>-1</dim><dim>2</dim></port>"
/* y = x + c, c from the weights. */
static const char ir[] =
    "<?xml version=\"1.0\"?><net name=\"ir\" version=\"11\"><layers>"
    "<layer id=\"0\" name=\"x\" type=\"Parameter\" version=\"opset1\"><data shape=\"?,2\" "
    "element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" names=\"x_t\">" PORT "</output></layer>"
    "<layer id=\"1\" name=\"c\" type=\"Const\" version=\"opset1\"><data element_type=\"f32\" shape=\"2\" "
    "offset=\"4\" size=\"8\"/><output><port id=\"0\" precision=\"FP32\"><dim>2</dim></port></output></layer>"
    "<layer id=\"2\" name=\"add\" type=\"Add\" version=\"opset1\"><data auto_broadcast=\"numpy\"/><input>"
    "<port id=\"0\">" PORT "<port id=\"1\"><dim>2</dim></port></input><output><port id=\"2\" "
    "precision=\"FP32\" names=\"y_t\">" PORT "</output></layer>"
    "<layer id=\"3\" name=\"y\" type=\"Result\" version=\"opset1\"><input><port id=\"0\">" PORT
    "</input></layer></layers><edges>"
    "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>"
    "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"1\"/>"
    "<edge from-layer=\"2\" from-port=\"2\" to-layer=\"3\" to-port=\"0\"/></edges></net>";
static const float weights[] = {0, 10, 20};

static void check_ir(struct vt_core *core, struct vt_model *m)
{
    struct vt_compiled *compiled = test_compile(core, m, NULL, NULL);
    struct vt_buffer *in = test_floats(2, (int64_t[]){2, 2}), *out = NULL;
    struct vt_request *r = NULL;

    assert_int_equal(vt_io_find(m->io[VT_OUTPUT], 1, "y_t"), 0);
    vt_model_unref(m);
    assert_ok(vt_request_create(compiled, &r, ERR));
    assert_ok(vt_request_set(r, VT_INPUT, 0, in, ERR));
    assert_ok(vt_request_infer(r, ERR));
    assert_ok(vt_request_get(r, VT_OUTPUT, 0, &out, ERR));
    assert_int_equal(out->t.dims[0], 2);
    assert_true(((float *)out->t.data)[0] == 10 && ((float *)out->t.data)[3] == 23);
    vt_buffer_unref(in);
    vt_buffer_unref(out);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

static void test_ir_memory(void **state)
{
    struct vt_core *core = test_core();
    struct vt_blob *blob = vt_blob_wrap(weights, sizeof(weights), NULL, NULL);
    struct vt_model *m = NULL;

    (void)state;
    assert_ok(vt_core_read_memory(core, ir, sizeof(ir), blob, &m, ERR));
    vt_blob_unref(blob);
    check_ir(core, m);
    vt_core_destroy(core);
}

static void write_bytes(const char *path, const void *data, size_t bytes)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    fclose(f);
}

/* Whether any mapping of this process is of the file. */
static bool is_mapped(const char *path)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[4200];
    bool found = false;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        found |= strstr(line, path) != NULL;
    }
    fclose(f);
    return found;
}

static void test_ir_file(void **state)
{
    char dir[] = "/tmp/vt_model_XXXXXX", xml[64], bin[64], other[64];
    struct vt_core *core = test_core();
    struct vt_model *m = NULL;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(xml, sizeof(xml), "%s/m.xml", dir);
    snprintf(bin, sizeof(bin), "%s/m.bin", dir);
    snprintf(other, sizeof(other), "%s/m.weights", dir);
    write_bytes(xml, ir, sizeof(ir) - 1);
    write_bytes(bin, weights, sizeof(weights));
    assert_ok(vt_core_read_file(core, xml, "", &m, ERR));
    assert_true(is_mapped(bin));
    check_ir(core, m);
    assert_false(is_mapped(bin));
    assert_ok(vt_core_set_property(core, "", "ENABLE_MMAP", "NO", ERR));
    assert_ok(vt_core_read_file(core, xml, NULL, &m, ERR));
    assert_false(is_mapped(bin));
    check_ir(core, m);
    /* The weights under another name, the model without an ending that tells its format. */
    assert_int_equal(rename(bin, other), 0);
    assert_int_equal(rename(xml, bin), 0);
    assert_ok(vt_core_read_file(core, bin, other, &m, ERR));
    check_ir(core, m);
    unlink(bin);
    unlink(other);
    rmdir(dir);
    vt_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_reshape_after_compile),
        cmocka_unit_test(test_runtime_model),
        cmocka_unit_test(test_unknown_operations),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_read_errors),
        cmocka_unit_test(test_ir_memory),
        cmocka_unit_test(test_ir_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
