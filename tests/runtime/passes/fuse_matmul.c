#include "pass_test.h"

static void test_dense(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *last;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,?,6", "2,3,6");
    y = pt_matmul(&t, x, pt_random_const(&t, "f32", "8,6"), "true");
    y = pt_binary(&t, "Add", pt_random_const(&t, "f32", "1,1,8"), y);
    y = pt_unary(&t, "Gelu", y);
    y = pt_matmul(&t, y, pt_convert(&t, pt_random_const(&t, "f16", "8,6"), "f32"), "false");
    y = pt_binary(&t, "Multiply", y, pt_f32(&t, 0.5));
    y = pt_binary(&t, "Add", y, pt_convert(&t, pt_random_const(&t, "f16", "6"), "f32"));
    pt_result(&t, pt_binary(&t, "Add", y, x));
    pt_check(&t, "fuse_matmul", 1e-5);
    assert_int_equal(pt_count(&t, "FusedMatMul"), 2);
    assert_int_equal(pt_count(&t, "Add"), 1); /* the residual: open dimensions */
    assert_int_equal(pt_count(&t, "Multiply") + pt_count(&t, "Gelu"), 0);
    last = t.graph->results[0]->in[0].node->in[0].node;
    assert_true(last->in[2].node && last->in[3].node);
    pt_attr(&t, x.node, "shape", "2,3,6");
    pt_check(&t, "fuse_matmul", 1e-5);
    assert_int_equal(pt_count(&t, "Add"), 0);
    last = t.graph->results[0]->in[0].node;
    PT_STEPS(last, VT_POST_ADD);
    assert_ptr_equal(last->in[4].node, x.node);
    pt_end(&t);
}

/* softmax's input in an attention: q k^T / sqrt(d) + mask. */
static void test_attention(void **state)
{
    struct pass_test t;
    struct vt_port q, k, y;
    struct vt_node *fused;

    (void)state;
    pt_begin(&t);
    q = pt_param(&t, "f32", "2,3,4,8");
    k = pt_param(&t, "f32", "2,3,5,8");
    y = pt_matmul(&t, q, k, "true");
    y = pt_binary(&t, "Divide", y, pt_f32(&t, sqrt(8)));
    y = pt_binary(&t, "Add", y, pt_param(&t, "f32", "2,1,1,5"));
    y = pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "4,1"));
    pt_result(&t, y);
    pt_check(&t, "fuse_matmul", 1e-5);
    fused = pt_find(&t, "FusedMatMul");
    PT_STEPS(fused, VT_POST_AFFINE, VT_POST_ADD, VT_POST_ADD);
    assert_null(fused->in[2].node);
    assert_null(fused->in[3].node);
    assert_int_equal(pt_count(&t, "Add") + pt_count(&t, "Divide"), 0);
    pt_end(&t);
}

static void test_refusals(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,6", "2,6");
    y = pt_matmul(&t, x, pt_random_const(&t, "f32", "8,6"), "true");
    pt_result(&t,
              pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "2,1"))); /* may widen the open dimension */
    y = pt_matmul(&t, x, pt_random_const(&t, "f32", "8,6"), "true");
    pt_result(&t, pt_unary(&t, "Relu", y));
    pt_result(&t, y); /* a second reader */
    y = pt_matmul(&t, x, pt_random_const(&t, "f32", "1,6"), "true");
    pt_result(&t, pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "3"))); /* widens the columns */
    y = pt_matmul(&t, pt_param(&t, "f32", "6"), pt_random_const(&t, "f32", "8,6"), "true");
    pt_result(&t, pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "8"))); /* a vector on the left */
    pt_check(&t, "fuse_matmul", 1e-5);
    assert_int_equal(pt_count(&t, "FusedMatMul"), 0);
    pt_end(&t);
}

/* A product with weights has one stride for all rows: an operand that repeats along some of them stays out.
 */
static void test_rows(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3,6");
    y = pt_matmul(&t, x, pt_random_const(&t, "f32", "8,6"), "true");
    y = pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "8"));
    pt_result(&t, pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "1,3,8")));
    pt_check(&t, "fuse_matmul", 1e-5);
    assert_int_equal(pt_count(&t, "FusedMatMul"), 1);
    assert_int_equal(pt_count(&t, "Add"), 1);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
