#include "graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

static struct vt_node *parameter(struct vt_graph *g, const char *shape)
{
    struct vt_node *node = vt_node_build(g, "Parameter", 1, "x", 0, NULL, NULL);

    assert_non_null(node);
    assert_int_equal(vt_attr_set_text(node, "element_type", "f32", NULL), VT_OK);
    assert_int_equal(vt_attr_set_text(node, "shape", shape, NULL), VT_OK);
    return node;
}

static struct vt_graph *softmax_graph(const char *shape, const char *axis)
{
    struct vt_graph *g = vt_graph_create("softmax");
    struct vt_node *x = parameter(g, shape), *s, *r;
    struct vt_port p = vt_port_of(x, 0);

    s = vt_node_build(g, "Softmax", 8, "s", 1, &p, NULL);
    assert_int_equal(vt_attr_set_text(s, "axis", axis, NULL), VT_OK);
    p = vt_port_of(s, 0);
    r = vt_node_build(g, "Result", 1, "r", 1, &p, NULL);
    assert_non_null(r);
    return g;
}

static void test_eval(void **state)
{
    struct vt_graph *g = softmax_graph("?,2..4", "-1"), *copy;
    float x[6] = {1, 2, 3, -1, 0, INFINITY};
    struct vt_tensor in, out = {0};
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(vt_graph_sort(g, &err), VT_OK);
    assert_int_equal(vt_graph_infer(g, &err), VT_OK);
    assert_int_equal(g->results[0]->out[0].v.shape.rank, 2);
    assert_int_equal(g->results[0]->out[0].v.shape.dims[1].max, 4);
    copy = vt_graph_clone(g, &err);
    assert_non_null(copy);
    vt_graph_destroy(g);
    vt_tensor_describe(&in, VT_F32, 2, (const int64_t[]){2, 3});
    in.data = x;
    assert_int_equal(vt_graph_eval(copy, &in, &out, NULL, &err), VT_OK);
    assert_int_equal(out.dims[1], 3);
    assert_true(fabsf(((float *)out.data)[2] - 0.66524096f) < 1e-6f);
    assert_true(isnan(((float *)out.data)[5]));
    vt_tensor_free(&out);
    vt_graph_destroy(copy);
}

static void test_wrong_axis(void **state)
{
    struct vt_graph *g = softmax_graph("1,2", "2");
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(vt_graph_sort(g, &err), VT_OK);
    assert_int_equal(vt_graph_infer(g, &err), VT_E_RANGE);
    assert_string_equal(err.text, "node 's' (Softmax-8): axis 2 is outside of rank 2");
    vt_graph_destroy(g);
}

static void test_cycle(void **state)
{
    struct vt_graph *g = softmax_graph("1,2", "1");
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(vt_node_set_input(g->nodes[1], 0, vt_port_of(g->nodes[1], 0)), VT_OK);
    assert_int_equal(vt_graph_sort(g, &err), VT_E_FORMAT);
    assert_non_null(strstr(err.text, "cycle through node 's'"));
    vt_graph_destroy(g);
}

/* No edge leads from reading a variable to writing it, and yet the old value is what is read. */
static void test_states_in_order(void **state)
{
    struct vt_graph *g = vt_graph_create("states");
    struct vt_node *x = parameter(g, "2"), *assign, *read;
    struct vt_port p = vt_port_of(x, 0);

    (void)state;
    assign = vt_node_build(g, "Assign", 6, "assign", 1, &p, NULL);
    assert_non_null(assign);
    assert_int_equal(vt_attr_set_text(assign, "variable_id", "s", NULL), VT_OK);
    read = vt_node_build(g, "ReadValue", 6, "read", 0, NULL, NULL);
    assert_non_null(read);
    assert_int_equal(vt_attr_set_text(read, "variable_id", "s", NULL), VT_OK);
    assert_int_equal(vt_attr_set_text(read, "variable_type", "f32", NULL), VT_OK);
    assert_int_equal(vt_attr_set_text(read, "variable_shape", "2", NULL), VT_OK);
    p = vt_port_of(read, 0);
    assert_non_null(vt_node_build(g, "Result", 1, "r", 1, &p, NULL));
    assert_int_equal(vt_graph_sort(g, NULL), VT_OK);
    assert_int_equal(g->n_nodes, 4);
    assert_true(read->index < assign->index);
    vt_graph_destroy(g);
}

static void test_attribute_texts(void **state)
{
    static const char *const good[] = {"", "1", "1,2,3", "?", "-1,2", "1..5,..7,3..", "..."};
    static const char *const bad[] = {"x", "1,", "-2", "5..1", "1 2", "1,2,", "9223372036854775808"};
    struct vt_graph *g = vt_graph_create("attributes");
    struct vt_node *x = parameter(g, "1");
    struct vt_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(vt_attr_set_text(x, "shape", good[i], &err), VT_OK);
    }
    assert_int_equal(vt_attr_shape(x, "shape")->rank, -1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        vt_error_clear(&err);
        assert_int_equal(vt_attr_set_text(x, "shape", bad[i], &err), VT_E_INVALID);
        assert_non_null(strstr(err.text, "node 'x' (Parameter): attribute shape="));
    }
    assert_int_equal(vt_attr_set_text(x, "colour", "1", NULL), VT_E_NOT_FOUND);
    vt_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval),
        cmocka_unit_test(test_wrong_axis),
        cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_states_in_order),
        cmocka_unit_test(test_attribute_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
