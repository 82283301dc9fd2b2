#include "pass_test.h"

/* A body of one operation on the If's input 1. */
static void set_branch(struct pass_test *t, struct vt_node *node, int index, const char *op)
{
    struct vt_body *branch = &node->bodies[index];
    struct vt_port port;
    struct vt_node *param;

    branch->graph = vt_graph_create(op);
    branch->maps = vt_arena_array(&node->graph->arena, 2, sizeof(*branch->maps));
    assert_true(branch->graph && branch->maps);
    node->n_bodies = index + 1;
    param = vt_node_build(branch->graph, "Parameter", 1, "p", 0, NULL, &t->err);
    pt_attr(t, param, "element_type", "f32");
    pt_attr(t, param, "shape", "?,?");
    port = vt_port_of(param, 0);
    port = vt_port_of(vt_node_build(branch->graph, op, 1, op, 1, &port, &t->err), 0);
    assert_non_null(vt_node_build(branch->graph, "Result", 1, "r", 1, &port, &t->err));
    branch->maps[0] = (struct vt_body_map){.kind = VT_MAP_INPUT, .outer = 1};
    branch->maps[1] = (struct vt_body_map){.kind = VT_MAP_OUTPUT};
    branch->n_maps = 2;
    assert_int_equal(vt_graph_sort(branch->graph, &t->err), 0);
    assert_int_equal(vt_graph_infer(branch->graph, &t->err), 0);
}

/* "Are there more than three rows?" of an input with this shape. */
static struct vt_node *add_if(struct pass_test *t, const char *shape, const char *as)
{
    const int64_t zero = 0, three = 3;
    struct vt_port x = pt_param_as(t, "f32", shape, as), condition;
    struct vt_port rows = pt_port(t, pt_node(t, "Gather", 8, 3,
                                             (struct vt_port[]){pt_port(t, pt_node(t, "ShapeOf", 3, 1, &x)),
                                                                pt_i64s(t, 1, &zero), pt_i64s(t, 1, &zero)}));
    struct vt_node *node;

    condition = pt_port(t, pt_node(t, "Greater", 1, 2, (struct vt_port[]){rows, pt_i64s(t, 1, &three)}));
    node = vt_node_create(t->graph, vt_op_find("If", 8), "choose", 2, 1, &t->err);
    assert_int_equal(vt_node_set_input(node, 0, condition), 0);
    assert_int_equal(vt_node_set_input(node, 1, x), 0);
    node->bodies = vt_arena_array(&t->graph->arena, 2, sizeof(*node->bodies));
    assert_non_null(node->bodies);
    set_branch(t, node, 0, "Abs");
    set_branch(t, node, 1, "Negative");
    assert_int_equal(vt_node_infer(node, &t->err), 0);
    return node;
}

static void test_known(void **state)
{
    static const char *const shapes[][2] = {{"4,2", "Abs"}, {"3,2", "Negative"}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pass_test t;

        pt_begin(&t);
        pt_result(&t, vt_port_of(add_if(&t, shapes[i][0], shapes[i][0]), 0));
        pt_check(&t, "inline_if", 0);
        assert_int_equal(pt_count(&t, "If"), 0);
        assert_int_equal(pt_count(&t, shapes[i][1]), 1);
        assert_int_equal(pt_count(&t, "Abs") + pt_count(&t, "Negative"), 1);
        pt_end(&t);
    }
}

static void test_open(void **state)
{
    struct pass_test t;

    (void)state;
    pt_begin(&t);
    pt_result(&t, vt_port_of(add_if(&t, "?,2", "4,2"), 0));
    pt_check(&t, "inline_if", 0);
    assert_int_equal(pt_count(&t, "If"), 1);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
