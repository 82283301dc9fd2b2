/* The model's own functions. */
#include "onnx_test.h"

/* my.Leak(a) { t = LeakyRelu(a, alpha = @slope); b = Add(t, a2) }, slope 0.5 unless the caller says it. */
static struct msg *leak(bool with_default)
{
    struct msg *f = msg(), *n = node("LeakyRelu", "inner", "a", "t"), *a = msg();

    put_text(a, 1, "alpha");
    put_int(a, 20, 1);
    put_text(a, 21, "slope");
    put(n, 5, a);
    put_text(f, 1, "Leak");
    put_names(f, 4, "a,a2");
    put_names(f, 5, "b,t");
    if (with_default) {
        a = attr("slope", 1);
        put_float(a, 2, 0.5f);
        put(f, 11, a);
    } else {
        put_text(f, 6, "slope");
    }
    put(f, 7, n);
    put(f, 7, node("Add", "", "t,a2", "b"));
    add_import(f, 9, "", 17);
    put_text(f, 10, "my");
    return f;
}

static struct msg *with_functions(struct msg *graph, struct msg *function)
{
    struct msg *m = model(graph, 17);

    add_import(m, 8, "my", 1);
    put(m, 25, function);
    return m;
}

static void test_call(void **state)
{
    struct msg *call = node_in("my", "Leak", "second", "y,y", "z"), *a = attr("slope", 1), *g;
    struct vt_graph *graph;

    (void)state;
    put_float(a, 2, 0.25f);
    put(call, 5, a);
    g = graph_of(node_in("my", "Leak", "first", "x,x", "y"));
    put(g, 1, call);
    put(g, 11, info("x", FLOAT, "2,3"));
    put(g, 12, info("z", FLOAT, NULL));
    graph = read_ok(with_functions(g, leak(true)));
    assert_string_equal(find_node(graph, "y")->op->name, "Add");
    assert_string_equal(find_node(graph, "z")->out[0].names[0], "z");
    assert_int_equal(find_node(graph, "z")->out[0].n_names, 1);
    assert_string_equal(find_node(graph, "first/t")->out[0].names[0], "first/t");
    assert_int_equal(find_node(graph, "second/t")->out[0].v.shape.dims[1].min, 3);
    vt_graph_destroy(graph);
}

/* Attributes go through calls within calls, and a function may leave an input out. */
static void test_nested(void **state)
{
    struct msg *outer = msg(), *n = node_in("my", "Leak", "call", "p,q", "r"), *a = msg(), *g, *m;

    (void)state;
    put_text(a, 1, "slope");
    put_int(a, 20, 1);
    put_text(a, 21, "how");
    put(n, 5, a);
    put_text(outer, 1, "Outer");
    put_names(outer, 4, "p,q,never");
    put_names(outer, 5, "r2");
    put_text(outer, 6, "how");
    put(outer, 7, n);
    put(outer, 7, node("Clip", "", "r,never", "r2"));
    add_import(outer, 9, "my", 1);
    add_import(outer, 9, "", 17);
    put_text(outer, 10, "my");
    n = node_in("my", "Outer", "o", "x,x", "y");
    a = attr("how", 1);
    put_float(a, 2, 0.125f);
    put(n, 5, a);
    g = graph_of(n);
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("y", FLOAT, NULL));
    m = with_functions(g, leak(false));
    put(m, 25, outer);
    vt_graph_destroy(read_ok(m));
}

static void test_missing_within(void **state)
{
    struct msg *f = msg(), *g = graph_of(node_in("my", "F", "f", "x", "y"));

    (void)state;
    put_text(f, 1, "F");
    put_names(f, 4, "a");
    put_names(f, 5, "b");
    put(f, 7, node("NoSuch", "deep", "a", "b"));
    add_import(f, 9, "", 9);
    put_text(f, 10, "my");
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(with_functions(g, f), VT_E_UNSUPPORTED, "NoSuch-9 (1 node, first 'deep')");
}

static void test_recursion(void **state)
{
    struct msg *f = msg(), *g = graph_of(node_in("my", "F", "f", "x", "y"));

    (void)state;
    put_text(f, 1, "F");
    put_names(f, 4, "a");
    put_names(f, 5, "b");
    put(f, 7, node_in("my", "F", "again", "a", "b"));
    add_import(f, 9, "my", 1);
    put_text(f, 10, "my");
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(with_functions(g, f), VT_E_FORMAT, "node 'f/again' (my.F-1): the function calls itself");
}

static void test_too_many_inputs(void **state)
{
    struct msg *g = graph_of(node_in("my", "Leak", "f", "x,x,x", "y"));

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    read_fails(with_functions(g, leak(true)), VT_E_FORMAT,
               "the function has 2 inputs and 2 outputs, not 3 and 1");
}

/* What this frontend has for an operator of ONNX wins over the model's function, for other domains the model
 * wins. */
static void test_who_wins(void **state)
{
    struct msg *f = msg(), *g = graph_of(node("HardSwish", "n", "x", "y"));
    struct vt_graph *graph;

    (void)state;
    put_text(f, 1, "HardSwish");
    put_names(f, 4, "a");
    put_names(f, 5, "b");
    put(f, 7, node("Neg", "", "a", "b"));
    add_import(f, 9, "", 17);
    put_text(f, 10, "");
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(with_functions(g, f));
    assert_string_equal(find_node(graph, "y")->op->name, "HSwish");
    vt_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_missing_within),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_too_many_inputs),
        cmocka_unit_test(test_who_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
