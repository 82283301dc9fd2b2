/* What good models mean. */
#include "onnx_test.h"

static void test_small(void **state)
{
    struct msg *g = graph_of(node("HardSwish", "first", "x", "y"));
    struct vt_graph *graph;
    struct vt_node *y, *z;

    (void)state;
    put(g, 1, node("HardSwish", "second", "y", "z"));
    put(g, 11, info("x", FLOAT, "n,3"));
    put(g, 12, info("z", FLOAT, NULL));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    assert_string_equal(graph->name, "g");
    assert_int_equal(graph->n_nodes, 5);
    assert_string_equal(graph->params[0]->name, "x");
    assert_int_equal(graph->params[0]->out[0].v.shape.dims[0].max, -1);
    y = find_node(graph, "y");
    z = find_node(graph, "z");
    assert_string_equal(y->op->name, "HSwish");
    assert_string_equal(y->out[0].names[0], "y");
    assert_int_equal(z->out[0].v.shape.dims[1].min, 3);
    assert_string_equal(graph->results[0]->name, "z/sink_port_0");
    assert_ptr_equal(graph->results[0]->in[0].node, z);
    assert_ptr_equal(graph->results[1]->in[0].node, y);
    vt_graph_destroy(graph);
}

/* A name that repeats another one is one more name of it, or, where it is an output of the model, a node. */
static void test_names_that_repeat(void **state)
{
    struct msg *g = graph_of(node("Identity", "", "w", "y"));
    struct vt_graph *graph;
    struct vt_node *w, *y;

    (void)state;
    put(g, 1, node("Identity", "", "v", "u"));
    put(g, 1, node("Add", "", "w,x", "a"));
    put(g, 1, node("Add", "", "u,a", "z"));
    put(g, 5, TENSOR("w", FLOAT, "2", float, 1, 2));
    put(g, 5, TENSOR("v", FLOAT, "2", float, 1, 2));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("w", FLOAT, "2"));
    put(g, 12, info("y", FLOAT, NULL));
    put(g, 12, info("z", FLOAT, NULL));
    put(g, 12, info("x", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    assert_int_equal(graph->n_params, 1); /* w has a value of its own */
    w = find_node(graph, "w");
    y = find_node(graph, "y");
    assert_string_equal(w->op->name, "Constant");
    assert_string_equal(w->out[0].names[0], "w");
    assert_string_equal(y->out[0].names[0], "y");
    assert_ptr_equal(graph->results[0]->in[0].node, y);
    assert_ptr_equal(graph->results[2]->in[0].node, graph->params[0]);
    assert_string_equal(graph->results[2]->name, "x/sink_port_0");
    vt_graph_destroy(graph);
}

static void test_missing_operators(void **state)
{
    struct msg *g = graph_of(node("NoSuch", "n1", "x", "y"));
    struct msg *m;

    (void)state;
    put(g, 1, node_in("my.own", "Thing", "n2", "y", "z"));
    put(g, 1, node_in("my.own", "Thing", "n3", "z", "w"));
    m = model(g, 17);
    add_import(m, 8, "my.own", 3);
    read_fails(m, VT_E_UNSUPPORTED,
               "not implemented: 2 operators without a translator: NoSuch-17 (1 node, first 'n1'), "
               "my.own.Thing-3 (2 nodes, first 'n2')");
}

static void test_unknown_name(void **state)
{
    struct msg *g = graph_of(node("HardSwish", "n1", "inputt", "y"));

    (void)state;
    put(g, 11, info("input", FLOAT, "2"));
    read_fails(model(g, 17), VT_E_FORMAT,
               "node 'n1' (HardSwish-17): it reads 'inputt', which nothing yields; did you mean 'input'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_names_that_repeat),
        cmocka_unit_test(test_missing_operators),
        cmocka_unit_test(test_unknown_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
