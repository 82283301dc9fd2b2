#include "host_graph.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct vt_host host;

static struct vt_node *parameter(struct vt_graph *graph, const char *shape)
{
    struct vt_node *x = host.node_create(graph, "Parameter", 1, "x", 0, 1, NULL);

    assert_non_null(x);
    assert_int_equal(host.node_set_attr(x, "element_type", "f32", NULL), VT_OK);
    assert_int_equal(host.node_set_attr(x, "shape", shape, NULL), VT_OK);
    return x;
}

/* x -> Softmax -> Result, not finished. */
static struct vt_graph *softmax(void)
{
    struct vt_graph *graph = host.graph_create("model", NULL);
    struct vt_node *x = parameter(graph, "?,4");
    struct vt_node *s = host.node_create(graph, "Softmax", 8, "s", 1, 1, NULL);
    struct vt_node *r = host.node_create(graph, "Result", 1, "r", 1, 0, NULL);

    assert_int_equal(host.node_connect(s, 0, x, 0, NULL), VT_OK);
    assert_int_equal(host.node_connect(r, 0, s, 0, NULL), VT_OK);
    return graph;
}

static void test_build_and_look(void **state)
{
    struct vt_graph *graph = softmax();
    struct vt_node *s;
    struct vt_error err = {0};
    int input = -1;

    (void)state;
    assert_int_equal(host.graph_finish(graph, &err), VT_OK);
    assert_int_equal(host.graph_n_nodes(graph), 3);
    s = host.graph_node(graph, 1);
    assert_string_equal(host.node_op(s), "Softmax");
    assert_int_equal(host.node_opset(s), 8);
    assert_string_equal(host.node_name(host.node_in(s, 0).src), "x");
    assert_null(host.node_in(s, 1).src);
    assert_int_equal(host.node_n_uses(s, 0), 1);
    assert_ptr_equal(host.node_use(s, 0, 0, &input), host.graph_result(graph, 0));
    assert_int_equal(input, 0);
    assert_null(host.node_use(s, 0, 1, &input));
    assert_int_equal(host.node_value(s, 0)->shape.dims[1].max, 4);
    assert_null(host.node_value(s, 1));
    assert_null(host.graph_node(graph, 3));
    assert_true(host.node_has_eval(s));
    assert_false(host.op_known("Sooftmax"));
    host.graph_destroy(graph);
}

static void test_reshape_keeps_the_old_shapes_on_failure(void **state)
{
    struct vt_graph *graph = softmax();
    struct vt_pshape shape = {.rank = 2, .dims = {{3, 3}, {5, 5}}};
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(host.graph_finish(graph, NULL), VT_OK);
    assert_int_equal(host.graph_reshape(graph, &shape, &err), VT_OK);
    assert_int_equal(host.node_value(host.graph_result(graph, 0), 0)->shape.dims[1].min, 5);
    shape.rank = 0;
    assert_int_not_equal(host.graph_reshape(graph, &shape, &err), VT_OK);
    assert_int_equal(host.node_value(host.graph_result(graph, 0), 0)->shape.rank, 2);
    assert_int_equal(host.node_value(host.graph_result(graph, 0), 0)->shape.dims[1].min, 5);
    host.graph_destroy(graph);
}

static void test_missing_parts_are_named(void **state)
{
    struct vt_graph *graph = host.graph_create("model", NULL);
    struct vt_node *x = host.node_create(graph, "Parameter", 1, "x", 0, 1, NULL), *r;
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(host.graph_finish(graph, &err), VT_E_INVALID);
    assert_string_equal(err.text, "node 'x' (Parameter-1): attribute 'element_type' is required and missing");
    vt_error_clear(&err);
    assert_int_equal(host.node_set_attr(x, "element_type", "f32", &err), VT_OK);
    r = host.node_create(graph, "Result", 1, "r", 1, 0, &err);
    assert_int_equal(host.graph_finish(graph, &err), VT_E_INVALID);
    assert_string_equal(err.text, "node 'r' (Result-1): input 0 is required and not connected");
    vt_error_clear(&err);
    assert_int_equal(host.node_connect(r, 0, x, 1, &err), VT_E_RANGE);
    assert_string_equal(err.text, "node 'x' (Parameter) has 1 outputs, there is no output 1");
    vt_error_clear(&err);
    assert_null(host.node_create(graph, "Softmax", 0, "s", 1, 1, &err));
    assert_int_equal(err.code, VT_E_UNSUPPORTED);
    host.graph_destroy(graph);
}

/* x -> Mystery (two outputs) -> Result; a clone outlives its original. */
static void test_unknown_operation(void **state)
{
    struct vt_graph *graph = host.graph_create("model", NULL), *copy;
    struct vt_node *x = parameter(graph, "2,3"), *m, *r;
    struct vt_pshape shape = {.rank = 2, .dims = {{7, 7}, {0, -1}}};
    struct vt_error err = {0};

    (void)state;
    m = host.node_create_unknown(graph, "Mystery", "opset15", "m", 1, 2, &err);
    assert_non_null(m);
    assert_int_equal(host.node_set_attr(m, "depth", "3", &err), VT_OK);
    assert_int_equal(host.node_set_attr(m, "depth", "4", &err), VT_OK);
    assert_int_equal(host.node_set_attr(m, ".types", "4", &err), VT_E_NOT_FOUND);
    assert_int_equal(host.node_declare_output(m, 1, VT_F16, &shape, &err), VT_OK);
    assert_int_equal(host.node_declare_output(m, 2, VT_F16, &shape, &err), VT_E_RANGE);
    vt_error_clear(&err);
    r = host.node_create(graph, "Result", 1, "r", 1, 0, &err);
    assert_int_equal(host.node_connect(m, 0, x, 0, &err), VT_OK);
    assert_int_equal(host.node_connect(r, 0, m, 1, &err), VT_OK);
    assert_int_equal(host.graph_finish(graph, &err), VT_OK);
    copy = host.graph_clone(graph, &err);
    assert_non_null(copy);
    host.graph_destroy(graph);
    m = host.graph_node(copy, 1);
    assert_string_equal(host.node_op(m), "Mystery");
    assert_int_equal(host.node_opset(m), 15);
    assert_true(host.node_flags(m) & VT_OP_UNKNOWN);
    assert_false(host.node_has_eval(m));
    assert_string_equal(host.attr_str(m, "depth"), "4");
    assert_string_equal(host.attr_str(m, ".opset"), "opset15");
    r = host.graph_result(copy, 0);
    assert_int_equal(host.node_value(r, 0)->type, VT_F16);
    assert_int_equal(host.node_value(r, 0)->shape.dims[0].min, 7);
    assert_int_equal(host.node_value(r, 0)->shape.dims[1].max, -1);
    assert_int_equal(host.node_value(m, 0)->shape.rank, -1);
    host.graph_destroy(copy);
}

static void test_bodies(void **state)
{
    struct vt_graph *graph = host.graph_create("outer", NULL), *body = softmax();
    struct vt_node *x = parameter(graph, "2,4"), *loop;
    struct vt_body_map map = {.kind = VT_MAP_MERGED, .outer = 0, .inner = 0, .back = 0};
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(host.graph_finish(body, &err), VT_OK);
    loop = host.node_create_unknown(graph, "Repeat", "extension", "l", 1, 1, &err);
    assert_int_equal(host.node_opset(loop), -1);
    assert_int_equal(host.node_connect(loop, 0, x, 0, &err), VT_OK);
    assert_int_equal(host.node_add_body(loop, body, &err), VT_OK);
    assert_ptr_equal(host.node_body(loop, 0), body);
    assert_int_equal(host.node_map_body(loop, 0, &map, &err), VT_OK);
    map.back = 1;
    assert_int_equal(host.node_map_body(loop, 0, &map, &err), VT_E_RANGE);
    vt_error_clear(&err);
    assert_int_equal(host.node_map_body(loop, 1, &map, &err), VT_E_RANGE);
    host.graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build_and_look),
        cmocka_unit_test(test_reshape_keeps_the_old_shapes_on_failure),
        cmocka_unit_test(test_missing_parts_are_named),
        cmocka_unit_test(test_unknown_operation),
        cmocka_unit_test(test_bodies),
    };

    vt_host_fill_graph(&host);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
