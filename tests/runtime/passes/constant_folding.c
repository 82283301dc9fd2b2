#include "pass_test.h"

/* (2 + 3) * x: the sum is one constant, the product stays. */
static void test_arithmetic(void **state)
{
    struct pass_test t;
    struct vt_port x, sum;
    struct vt_node *mul;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    sum = pt_binary(&t, "Add", pt_f32(&t, 2), pt_f32(&t, 3));
    assert_int_equal(vt_output_add_name(t.graph, vt_port_output(sum), "sum"), VT_OK);
    pt_result(&t, pt_binary(&t, "Multiply", x, sum));
    pt_check(&t, "constant_folding", 0);
    assert_int_equal(pt_count(&t, "Add"), 0);
    mul = pt_find(&t, "Multiply");
    assert_true(vt_node_is(mul->in[1].node, "Constant"));
    assert_true(vt_get_f64(&mul->in[1].node->constant, 0) == 5);
    assert_int_equal(mul->in[1].node->out[0].n_names, 1);
    assert_string_equal(mul->in[1].node->out[0].names[0], "sum");
    assert_non_null(mul->in[1].node->fused_names);
    pt_end(&t);
}

/* ShapeOf -> Gather -> Concat -> Reshape with one open dimension: what is known becomes constant, the rest
 * stays. */
static void shape_subgraph(const char *partial, int shape_ofs, int gathers)
{
    struct pass_test t;
    struct vt_port x, shape, rows;
    struct vt_node *concat;

    pt_begin(&t);
    x = pt_param_as(&t, "f32", partial, "4,2,3");
    shape = pt_unary(&t, "ShapeOf", x);
    rows =
        pt_port(&t, pt_node(&t, "Gather", 8, 3, (struct vt_port[]){shape, PT_I64S(&t, 0), PT_I64S(&t, 0)}));
    concat = pt_node(&t, "Concat", 1, 2, (struct vt_port[]){rows, PT_I64S(&t, 6)});
    pt_attr(&t, concat, "axis", "0");
    pt_result(&t, pt_reshape(&t, x, pt_port(&t, concat)));
    pt_check(&t, "constant_folding", 0);
    assert_int_equal(pt_count(&t, "ShapeOf"), shape_ofs);
    assert_int_equal(pt_count(&t, "Gather"), gathers);
    pt_end(&t);
}

static void test_shapes(void **state)
{
    (void)state;
    shape_subgraph("4,2,3", 0, 0);
    shape_subgraph("4,?,3", 0, 0); /* the open dimension is not read */
    shape_subgraph("?,2,3", 1, 1);
}

static void test_decompression_stays(void **state)
{
    struct pass_test t;
    struct vt_port x, big, small, q;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "1,200");
    big = pt_convert(&t, pt_random_const(&t, "f16", "200,100"), "f32");
    small = pt_convert(&t, pt_random_const(&t, "f16", "1,200"), "f32");
    q = pt_convert(&t, pt_random_const(&t, "u8", "1,200"), "f32");
    q = pt_binary(&t, "Multiply", pt_binary(&t, "Subtract", q, pt_f32(&t, 3)), pt_f32(&t, 0.5));
    pt_result(&t, pt_binary(&t, "Add", pt_binary(&t, "Add", x, small), q));
    pt_result(&t, pt_binary(&t, "Add", big, pt_random_const(&t, "f32", "1,100")));
    pt_check(&t, "constant_folding", 0);
    assert_int_equal(pt_count(&t, "Convert"), 2);
    assert_int_equal(pt_count(&t, "Subtract"), 1);
    assert_int_equal(pt_count(&t, "Multiply"), 1);
    pt_end(&t);
}

/* Weights of convolutions become f32 whatever they are, and whatever they go through; those of products do
 * not. */
static void test_filters(void **state)
{
    struct pass_test t;
    struct vt_port x, w, scale, half, m;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "1,3,5,5");
    scale = pt_random_const(&t, "f32", "4,1,1,1");
    w = pt_convert(&t, pt_random_const(&t, "i8", "4,3,3,3"), "f32");
    w = pt_binary(&t, "Multiply", pt_binary(&t, "Subtract", w, pt_f32(&t, 3)), scale);
    half = pt_convert(&t, pt_random_const(&t, "f16", "300,3,5,5"), "f32");
    m = pt_convert(&t, pt_random_const(&t, "i8", "5,7"), "f32");
    m = pt_binary(&t, "Multiply", m, pt_random_const(&t, "f32", "1,7"));
    pt_result(&t, pt_conv(&t, "Convolution", x, w, "1,1"));
    pt_result(&t, pt_conv(&t, "Convolution", x, half, "0,0"));
    pt_result(&t, pt_matmul(&t, x, m, "false"));
    pt_check(&t, "constant_folding", 1e-5);
    assert_int_equal(pt_count(&t, "Subtract"), 0);
    assert_int_equal(pt_count(&t, "Multiply"), 1);
    assert_int_equal(pt_count(&t, "Convert"), 2);
    pt_end(&t);
}

static void test_size_limit(void **state)
{
    struct pass_test t;
    struct vt_port big, out;

    (void)state;
    pt_begin(&t);
    big = pt_const(&t, "f32", "1100,1000", PT_VALUES(1));
    pt_result(&t, pt_unary(&t, "Negative", big)); /* 4.4 MB */
    out = pt_reshape(&t, big, PT_I64S(&t, 1000, 1100));
    pt_result(&t, out);
    pt_run(&t, "constant_folding");
    assert_int_equal(pt_count(&t, "Negative"), 1);
    /* Another shape over the same data costs nothing, whatever the size. */
    assert_int_equal(pt_count(&t, "Reshape"), 0);
    assert_ptr_equal(t.graph->results[1]->in[0].node->constant.data, big.node->constant.data);
    pt_end(&t);
}

static void test_split_outputs(void **state)
{
    struct pass_test t;
    struct vt_node *split;
    struct vt_port x, axis;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2");
    axis = pt_port(&t, vt_constant_i64s(t.graph, "axis", 0, 1, (const int64_t[]){0}, &t.err));
    split = vt_node_create(t.graph, vt_op_find("Split", 1), "split", 2, 2, &t.err);
    assert_non_null(split);
    assert_int_equal(vt_node_set_input(split, 0, pt_const(&t, "f32", "4", PT_VALUES(1, 2, 3, 4))), VT_OK);
    assert_int_equal(vt_node_set_input(split, 1, axis), VT_OK);
    pt_attr(&t, split, "num_splits", "2");
    pt_port(&t, split);
    pt_result(&t, pt_binary(&t, "Add", x, vt_port_of(split, 1)));
    pt_result(&t, pt_binary(&t, "Add", x, vt_port_of(split, 0)));
    pt_check(&t, "constant_folding", 0);
    assert_int_equal(pt_count(&t, "Split"), 0);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic),          cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_decompression_stays), cmocka_unit_test(test_filters),
        cmocka_unit_test(test_size_limit),          cmocka_unit_test(test_split_outputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
