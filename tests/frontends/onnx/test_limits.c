/* Models that are cut off, damaged or absurd: an error with a message, never more. */
#include "onnx_test.h"

/* Some of everything that needs no more than HardSwish. */
static struct msg *rich(void)
{
    struct msg *yes = graph_of(node("HardSwish", "a", "x", "p")),
               *no = graph_of(node("HardSwish", "b", "w", "q"));
    struct msg *n = node("If", "i", "c", "y"), *g, *f = msg(), *m, *typed = tensor("t", FLOAT, "2");

    put(yes, 12, info("p", FLOAT, "2"));
    put(no, 12, info("q", FLOAT, "2"));
    put(n, 5, attr_graph("then_branch", yes));
    put(n, 5, attr_graph("else_branch", no));
    g = graph_of(n);
    put(g, 1, node_in("my", "F", "call", "t", "z"));
    put(g, 5, TENSOR("w", FLOAT, "2", float, 1, 2));
    put_float(typed, 4, 1);
    put_float(typed, 4, 2);
    put(g, 5, typed);
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("c", BOOL, ""));
    put(g, 12, info("y", FLOAT, "n"));
    put(g, 12, info("z", FLOAT, NULL));
    put_text(f, 1, "F");
    put_names(f, 4, "a");
    put_names(f, 5, "b");
    put(f, 7, node("HardSwish", "", "a", "b"));
    add_import(f, 9, "", 14);
    put_text(f, 10, "my");
    m = model(g, 17);
    add_import(m, 8, "my", 1);
    put(m, 25, f);
    return m;
}

static void check(const uint8_t *data, size_t n)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};
    int status = read_bytes(data, n, &graph, &err);

    if (status == VT_OK) {
        vt_graph_destroy(graph);
        return;
    }
    assert_null(graph);
    assert_int_equal(status, err.code);
    assert_true(err.text[0] && err.code != VT_E_INTERNAL);
}

static void test_truncation(void **state)
{
    struct msg *m = rich();

    (void)state;
    vt_graph_destroy(read_ok(rich()));
    for (size_t n = 0; n < m->n; n++) {
        check(m->data, n);
    }
    msg_free(m);
}

static void test_every_byte(void **state)
{
    static const uint8_t values[] = {0, 1, 2, 7, 8, 0x0a, 0x12, 0x7f, 0x80, 0xff};
    struct msg *m = rich();

    (void)state;
    for (size_t i = 0; i < m->n; i++) {
        uint8_t old = m->data[i];

        for (size_t k = 0; k < sizeof(values); k++) {
            m->data[i] = values[k];
            check(m->data, m->n);
        }
        m->data[i] = old ^ 1;
        check(m->data, m->n);
        m->data[i] = old;
    }
    msg_free(m);
}

static void test_not_a_model(void **state)
{
    static const uint8_t text[] = "<?xml version=\"1.0\"?><net name=\"a\" version=\"11\"/>";
    const struct vt_frontend *f = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    struct msg *m = rich(), *empty = msg();

    (void)state;
    assert_false(f->probe(text, sizeof(text) - 1));
    assert_false(f->probe("GGUF\3\0\0\0", 8));
    assert_false(f->probe("", 0));
    assert_true(f->probe(m->data, m->n));
    for (size_t n = 2; n < m->n; n++) {
        assert_true(f->probe(m->data, n)); /* the beginning of a file */
    }
    msg_free(m);
    put_int(empty, 1, 8);
    read_fails(empty, VT_E_FORMAT, "there is no graph in it: this is no ONNX model");
    assert_null(vt_frontend_entry(VT_ABI_MAJOR + 1, 0));
}

static void test_depth(void **state)
{
    struct msg *g = graph_of(node("HardSwish", "", "x", "y"));

    (void)state;
    for (int i = 0; i < 30; i++) {
        struct msg *n = node("If", "", "c", "y");

        put(n, 5, attr_graph("then_branch", g));
        g = graph_of(n);
    }
    read_fails(model(g, 17), VT_E_RANGE, "graphs are nested more than");
}

/* Functions that call one another twice each would be a model of 2^20 nodes. */
static void test_many_calls(void **state)
{
    struct msg *g = graph_of(node_in("my", "F0", "n", "x", "y")), *m;
    char name[8], next[8];

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("y", FLOAT, NULL));
    m = model(g, 17);
    for (int i = 0; i < 40; i++) {
        struct msg *f = msg();

        snprintf(name, sizeof(name), "F%d", i);
        snprintf(next, sizeof(next), "F%d", i + 1);
        put_text(f, 1, name);
        put_names(f, 4, "a");
        put_names(f, 5, "b");
        put(f, 7, i < 39 ? node_in("my", next, "p", "a", "t") : node("HardSwish", "p", "a", "t"));
        put(f, 7, i < 39 ? node_in("my", next, "q", "t", "b") : node("HardSwish", "q", "t", "b"));
        add_import(f, 9, "my", 1);
        add_import(f, 9, "", 17);
        put_text(f, 10, "my");
        put(m, 25, f);
    }
    read_fails(m, VT_E_RANGE, "more than");
}

static void test_names(void **state)
{
    struct msg *g = graph_of(node("HardSwish", "a", "x", "y"));

    (void)state;
    put(g, 1, node("HardSwish", "b", "x", "y"));
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(model(g, 17), VT_E_FORMAT, "the name 'y' is given twice");
    g = graph_of(node("HardSwish", "a", "z", "y"));
    put(g, 1, node("HardSwish", "b", "x", "z"));
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(model(g, 17), VT_E_FORMAT, "node 'a' (HardSwish-17): it reads 'z', which a later node yields");
    g = graph_of(node("HardSwish", "a", "x", "y"));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("why", FLOAT, NULL));
    read_fails(model(g, 17), VT_E_FORMAT, "nothing yields the output 'why'");
    g = graph_of(node("HardSwish", "a", ",x", "y"));
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(model(g, 17), VT_E_FORMAT, "node 'a' (HardSwish-17): input 0 is left out");
}

static void test_kinds_of_inputs(void **state)
{
    struct msg *g = graph_of(node("HardSwish", "a", "x", "y")), *type = msg(), *sequence = msg(), *v = msg();

    (void)state;
    put(type, 4, sequence);
    put_text(v, 1, "x");
    put(v, 2, type);
    put(g, 11, v);
    read_fails(model(g, 17), VT_E_UNSUPPORTED, "not implemented: input 'x' is a sequence");
    g = graph_of(node("HardSwish", "a", "x", "y"));
    put(g, 11, info("x", 14, "2"));
    read_fails(model(g, 17), VT_E_UNSUPPORTED, "not implemented: input 'x' is of type complex64");
    g = graph_of(node("HardSwish", "a", "x", "y"));
    put(g, 11, info("x", FLOAT, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"));
    read_fails(model(g, 17), VT_E_UNSUPPORTED, "not implemented: 'x' has more than 16 dimensions");
}

static void test_older_opset(void **state)
{
    struct msg *g = graph_of(node("HardSwish", "a", "x", "y"));

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(model(g, 13), VT_E_UNSUPPORTED,
               "HardSwish-13 (1 node, first 'a') (there is one from version 14 on)");
}

/* A shape of a few bytes makes no room for the strings that it wants. */
static void test_missing_strings(void **state)
{
    struct msg *g = graph_of(node("Identity", "i", "t", "y")), *t = tensor("t", STRING, "1099511627776");

    (void)state;
    put_text(t, 6, "one");
    put(g, 5, t);
    put(g, 12, info("y", STRING, NULL));
    read_fails(model(g, 14), VT_E_FORMAT, "tensor 't': it has 1 strings, its shape wants 1099511627776");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncation),      cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_not_a_model),     cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many_calls),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_kinds_of_inputs), cmocka_unit_test(test_older_opset),
        cmocka_unit_test(test_missing_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
