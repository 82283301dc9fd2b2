#include "pass_test.h"

/* The graph after the pass is the parameter and the result, nothing else. */
static void expect_nothing_left(struct pass_test *t, struct vt_port out)
{
    pt_result(t, out);
    pt_check(t, "eliminate_nop", 0);
    assert_int_equal(t->graph->n_nodes, t->graph->n_params + t->graph->n_results);
    pt_end(t);
}

static void test_shapes(void **state)
{
    struct pass_test t;
    struct vt_port x;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    expect_nothing_left(&t, pt_reshape(&t, x, PT_I64S(&t, 2, -1)));

    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    x = pt_binary(&t, "Unsqueeze", x, PT_I64S(&t, 1));
    expect_nothing_left(&t, pt_reshape(&t, x, PT_I64S(&t, 2, 3)));

    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "2,3");
    expect_nothing_left(&t, pt_transpose(&t, x, PT_I64S(&t, 0, 1)));

    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "2,3");
    expect_nothing_left(&t, pt_convert(&t, x, "f32"));

    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "2,3");
    expect_nothing_left(&t, pt_binary(&t, "Tile", x, PT_I64S(&t, 1, 1)));

    pt_begin(&t);
    x = pt_param(&t, "i64", "2,3");
    expect_nothing_left(&t, pt_unary(&t, "Identity", x));
}

static void test_dynamic_stays(void **state)
{
    struct pass_test t;
    struct vt_port x;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "2,3");
    pt_result(&t, pt_reshape(&t, x, PT_I64S(&t, -1, 3)));
    pt_result(&t, pt_reshape(&t, x, PT_I64S(&t, 3, 2)));
    pt_result(&t, pt_transpose(&t, x, PT_I64S(&t, 1, 0)));
    pt_check(&t, "eliminate_nop", 0);
    assert_int_equal(pt_count(&t, "Reshape"), 2);
    assert_int_equal(pt_count(&t, "Transpose"), 1);
    pt_end(&t);
}

static void test_reshape_chain(void **state)
{
    struct pass_test t;
    struct vt_port x, inner;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,6", "4,6");
    inner = pt_reshape(&t, x, PT_I64S(&t, -1, 2, 3));
    pt_result(&t, pt_reshape(&t, inner, PT_I64S(&t, 3, -1)));
    pt_result(&t, pt_reshape(&t, inner, PT_I64S(&t, 0, 6))); /* reads the inner dimension: stays behind it */
    pt_check(&t, "eliminate_nop", 0);
    assert_int_equal(pt_count(&t, "Reshape"), 3);
    assert_ptr_equal(t.graph->results[0]->in[0].node->in[0].node, x.node);
    assert_ptr_equal(t.graph->results[1]->in[0].node->in[0].node, inner.node);
    pt_end(&t);
}

static void test_neutral(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "2,3");
    y = pt_binary(&t, "Add", pt_f32(&t, 0), x);
    y = pt_binary(&t, "Multiply", y, pt_const(&t, "f32", "1,3", PT_VALUES(1)));
    y = pt_binary(&t, "Divide", y, pt_f32(&t, 1));
    y = pt_binary(&t, "Power", y, pt_f32(&t, 1));
    expect_nothing_left(&t, pt_binary(&t, "Subtract", y, pt_f32(&t, 0)));

    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "1,3");
    pt_result(&t, pt_binary(&t, "Add", x, pt_const(&t, "f32", "2,3", PT_VALUES(0))));   /* widens */
    pt_result(&t, pt_binary(&t, "Add", x, pt_const(&t, "f32", "1,1,1", PT_VALUES(0)))); /* adds a dimension */
    pt_result(&t, pt_binary(&t, "Subtract", pt_f32(&t, 0), x));
    pt_result(&t, pt_binary(&t, "Divide", pt_f32(&t, 1), x));
    pt_result(&t, pt_binary(&t, "Add", x, pt_const(&t, "f32", "3", PT_VALUES(0, 0, 1))));
    pt_check(&t, "eliminate_nop", 0);
    assert_int_equal(pt_count(&t, "Add"), 3);
    assert_int_equal(pt_count(&t, "Subtract"), 1);
    assert_int_equal(pt_count(&t, "Divide"), 1);
    pt_end(&t);
}

static void test_slices(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *strided;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    y = pt_port(&t, pt_node(&t, "Slice", 8, 5,
                            (struct vt_port[]){x, PT_I64S(&t, 0, 0), PT_I64S(&t, 9, 3), PT_I64S(&t, 1, 1),
                                               PT_I64S(&t, 0, 1)}));
    expect_nothing_left(&t, y);

    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    y = pt_port(&t, pt_node(&t, "Slice", 8, 5,
                            (struct vt_port[]){x, PT_I64S(&t, -1), PT_I64S(&t, -9), PT_I64S(&t, -1),
                                               PT_I64S(&t, 1)}));
    pt_result(&t, y); /* backwards */
    strided = pt_node(&t, "StridedSlice", 1, 4,
                      (struct vt_port[]){x, PT_I64S(&t, 0), PT_I64S(&t, 1), PT_I64S(&t, 1)});
    pt_attr(&t, strided, "begin_mask", "0");
    pt_attr(&t, strided, "end_mask", "0");
    pt_result(&t, pt_port(&t, strided)); /* only a part */
    pt_check(&t, "eliminate_nop", 0);
    assert_int_equal(pt_count(&t, "Slice"), 1);
    assert_int_equal(pt_count(&t, "StridedSlice"), 1);
    pt_end(&t);
}

static void test_pad(void **state)
{
    struct pass_test t;
    struct vt_port x;
    struct vt_node *pad;

    (void)state;
    for (int64_t amount = 0; amount < 2; amount++) {
        pt_begin(&t);
        x = pt_param_as(&t, "f32", "?,3", "2,3");
        pad = pt_node(&t, "Pad", 1, 3, (struct vt_port[]){x, PT_I64S(&t, 0, 0), PT_I64S(&t, 0, amount)});
        pt_attr(&t, pad, "pad_mode", "reflect");
        pt_result(&t, pt_port(&t, pad));
        pt_check(&t, "eliminate_nop", 0);
        assert_int_equal(pt_count(&t, "Pad"), amount);
        pt_end(&t);
    }
}

static struct vt_node *split(struct pass_test *t, struct vt_port x, int n, int64_t axis)
{
    struct vt_node *node = vt_node_create(t->graph, vt_op_find("Split", 1), "split", 2, n, &t->err);
    char count[16];

    assert_non_null(node);
    snprintf(count, sizeof(count), "%d", n);
    assert_int_equal(vt_node_set_input(node, 0, x), VT_OK);
    assert_int_equal(
        vt_node_set_input(node, 1, pt_port(t, vt_constant_i64s(t->graph, "axis", 0, 1, &axis, &t->err))),
        VT_OK);
    pt_attr(t, node, "num_splits", count);
    pt_port(t, node);
    return node;
}

static struct vt_port concat(struct pass_test *t, const char *axis, int n, const struct vt_port *in)
{
    struct vt_node *node = pt_node(t, "Concat", 1, n, in);

    pt_attr(t, node, "axis", axis);
    return pt_port(t, node);
}

/* YOLO's block: Concat(split.0, split.1, f(split.1)) reads the whole again. */
static void test_concat_of_split(void **state)
{
    struct pass_test t;
    struct vt_port x, a, b, c;
    struct vt_node *s, *out;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,4,2", "1,4,2");
    s = split(&t, x, 2, 1);
    a = vt_port_of(s, 0);
    b = vt_port_of(s, 1);
    c = pt_unary(&t, "Exp", b);
    pt_result(&t, concat(&t, "-2", 3, (struct vt_port[]){a, b, c}));
    pt_check(&t, "eliminate_nop", 0);
    out = pt_find(&t, "Concat");
    assert_int_equal(out->n_in, 2);
    assert_ptr_equal(out->in[0].node, x.node);
    assert_int_equal(pt_count(&t, "Split"), 1);
    pt_end(&t);

    pt_begin(&t);
    x = pt_param(&t, "f32", "1,4,2");
    s = split(&t, x, 2, 1);
    expect_nothing_left(&t, concat(&t, "1", 2, (struct vt_port[]){vt_port_of(s, 0), vt_port_of(s, 1)}));

    pt_begin(&t);
    x = pt_param(&t, "f32", "1,4,2");
    s = split(&t, x, 2, 1);
    a = vt_port_of(s, 0);
    b = vt_port_of(s, 1);
    pt_result(&t, concat(&t, "1", 2, (struct vt_port[]){b, a})); /* out of order */
    pt_result(&t, concat(&t, "2", 2, (struct vt_port[]){a, b})); /* another axis */
    pt_check(&t, "eliminate_nop", 0);
    assert_int_equal(pt_count(&t, "Concat"), 2);
    pt_end(&t);
}

static void test_concat_of_nothing(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "1,2");
    y = pt_param(&t, "f32", "1,0");
    expect_nothing_left(&t, concat(&t, "-1", 2, (struct vt_port[]){x, y}));

    pt_begin(&t);
    x = pt_param(&t, "f32", "1,2");
    y = pt_param(&t, "f32", "1,0");
    pt_result(&t, concat(&t, "1", 3, (struct vt_port[]){x, y, x}));
    pt_result(&t, concat(&t, "1", 2, (struct vt_port[]){y, y}));
    pt_check(&t, "eliminate_nop", 0);
    assert_int_equal(pt_count(&t, "Concat"), 1);
    assert_int_equal(pt_find(&t, "Concat")->n_in, 2);
    pt_end(&t);
}

static void test_names_move(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_port found;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    y = pt_unary(&t, "Identity", pt_unary(&t, "Exp", x));
    assert_int_equal(vt_output_add_name(t.graph, vt_port_output(y), "out"), VT_OK);
    pt_result(&t, y);
    pt_check(&t, "eliminate_nop", 0);
    assert_true(vt_graph_find_tensor(t.graph, "out", &found));
    assert_true(vt_node_is(found.node, "Exp"));
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_dynamic_stays),
        cmocka_unit_test(test_neutral),
        cmocka_unit_test(test_reshape_chain),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_names_move),
        cmocka_unit_test(test_concat_of_split),
        cmocka_unit_test(test_concat_of_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
