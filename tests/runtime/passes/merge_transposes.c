#include "pass_test.h"

static void test_pairs(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3,4", "2,3,4");
    y = pt_transpose(&t, x, PT_I64S(&t, 0, 2, 1));
    pt_result(&t, pt_transpose(&t, y, PT_I64S(&t, 0, 2, 1)));
    pt_result(&t, pt_transpose(&t, y, PT_I64S(&t, 2, 0, 1)));
    pt_check(&t, "merge_transposes", 0);
    assert_int_equal(pt_count(&t, "Transpose"), 1);
    assert_ptr_equal(t.graph->results[0]->in[0].node, x.node);
    pt_end(&t);
}

static void test_through_elementwise(void **state)
{
    struct pass_test t;
    struct vt_port x, y, z;

    (void)state;
    pt_begin(&t);
    x = pt_transpose(&t, pt_param(&t, "f32", "1,3,4,2"), PT_I64S(&t, 0, 3, 1, 2));
    y = pt_transpose(&t, pt_param(&t, "f32", "1,3,1,2"), PT_I64S(&t, 0, 3, 1, 2));
    z = pt_binary(&t, "Add", pt_unary(&t, "Exp", x), pt_binary(&t, "Multiply", y, pt_f32(&t, 2)));
    pt_result(&t, pt_transpose(&t, pt_unary(&t, "Tanh", z), PT_I64S(&t, 0, 2, 3, 1)));
    pt_check(&t, "merge_transposes", 1e-6);
    assert_int_equal(pt_count(&t, "Transpose"), 0);
    pt_end(&t);
}

static void test_refusals(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_transpose(&t, pt_param(&t, "f32", "2,3,4"), PT_I64S(&t, 0, 2, 1));
    y = pt_unary(&t, "Exp", x);
    pt_result(&t, pt_transpose(&t, y, PT_I64S(&t, 0, 2, 1)));
    pt_result(&t, y); /* read in the other order too */
    x = pt_transpose(&t, pt_param(&t, "f32", "2,3,4"), PT_I64S(&t, 0, 2, 1));
    y = pt_binary(&t, "Add", x, pt_random_const(&t, "f32", "3")); /* along one axis */
    pt_result(&t, pt_transpose(&t, y, PT_I64S(&t, 0, 2, 1)));
    pt_check(&t, "merge_transposes", 0);
    assert_int_equal(pt_count(&t, "Transpose"), 4);
    pt_end(&t);
}

static void test_matmul(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *node;

    (void)state;
    pt_begin(&t);
    x = pt_transpose(&t, pt_param_as(&t, "f32", "?,3,4", "2,3,4"), PT_I64S(&t, 0, 2, 1));
    y = pt_transpose(&t, pt_param(&t, "f32", "5,3"), PT_I64S(&t, 1, 0));
    pt_result(&t, pt_matmul(&t, x, y, "false"));
    pt_check(&t, "merge_transposes", 1e-6);
    assert_int_equal(pt_count(&t, "Transpose"), 0);
    node = pt_find(&t, "MatMul");
    assert_true(vt_attr_bool(node, "transpose_a"));
    assert_true(vt_attr_bool(node, "transpose_b"));
    pt_end(&t);

    pt_begin(&t);
    x = pt_transpose(&t, pt_param(&t, "f32", "2,3,4"), PT_I64S(&t, 1, 0, 2));
    pt_result(&t, pt_matmul(&t, x, pt_param(&t, "f32", "3,5,4"), "true"));
    pt_check(&t, "merge_transposes", 1e-6);
    assert_int_equal(pt_count(&t, "Transpose"), 1);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_through_elementwise),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_matmul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
