#include "pass_test.h"

static struct vt_port softmax(struct pass_test *t, struct vt_port x, const char *axis)
{
    struct vt_node *node = pt_node(t, "Softmax", 8, 1, &x);

    pt_attr(t, node, "axis", axis);
    return pt_port(t, node);
}

/* One ScaledDotProductAttention with these many inputs, and no product of its own. */
static struct vt_node *expect_fused(struct pass_test *t, struct vt_port y, int n_in)
{
    struct vt_node *node;

    pt_result(t, y);
    pt_check(t, "fuse_sdpa,merge_transposes", 1e-5);
    node = pt_find(t, "ScaledDotProductAttention");
    assert_int_equal(node->n_in, n_in);
    assert_int_equal(pt_count(t, "MatMul"), 0);
    assert_int_equal(pt_count(t, "Softmax"), 0);
    return node;
}

/* The key is turned by its heads' Transpose; the product is divided, a mask is added. */
static void test_bert(void **state)
{
    struct pass_test t;
    struct vt_port q, k, v, s;

    (void)state;
    pt_begin(&t);
    q = pt_transpose(&t, pt_param_as(&t, "f32", "?,?,2,4", "2,3,2,4"), PT_I64S(&t, 0, 2, 1, 3));
    k = pt_transpose(&t, pt_param_as(&t, "f32", "?,?,2,4", "2,5,2,4"), PT_I64S(&t, 0, 2, 3, 1));
    v = pt_transpose(&t, pt_param_as(&t, "f32", "?,?,2,6", "2,5,2,6"), PT_I64S(&t, 0, 2, 1, 3));
    s = pt_binary(&t, "Divide", pt_matmul(&t, q, k, "false"), pt_f32(&t, 2));
    s = pt_binary(&t, "Add", s, pt_param_as(&t, "f32", "?,1,1,?", "2,1,1,5"));
    expect_fused(&t, pt_matmul(&t, softmax(&t, s, "-1"), v, "false"), 4);
    assert_int_equal(pt_count(&t, "Transpose"), 3);
    pt_end(&t);
}

/* Query and key are scaled, the key is turned by a Transpose of its own, and there is no mask. */
static void test_scaled_sides(void **state)
{
    struct pass_test t;
    struct vt_port q, k, v, s;

    (void)state;
    pt_begin(&t);
    q = pt_binary(&t, "Multiply", pt_f32(&t, 0.25), pt_param(&t, "f32", "2,3,4"));
    k = pt_binary(&t, "Multiply", pt_param(&t, "f32", "2,5,4"), pt_f32(&t, 3));
    k = pt_transpose(&t, k, PT_I64S(&t, 0, 2, 1));
    v = pt_param(&t, "f32", "2,5,4");
    s = pt_matmul(&t, q, k, "false");
    expect_fused(&t, pt_matmul(&t, softmax(&t, s, "2"), v, "false"), 5);
    assert_int_equal(pt_count(&t, "Transpose"), 0);
    assert_int_equal(pt_count(&t, "Multiply"), 0);
    pt_end(&t);

    pt_begin(&t);
    q = pt_param(&t, "f32", "1,2,3,4");
    k = pt_param(&t, "f32", "1,2,5,4");
    v = pt_param(&t, "f32", "1,2,5,4");
    s = pt_binary(&t, "Add", pt_param(&t, "f32", "3,5"), pt_matmul(&t, q, k, "true"));
    expect_fused(&t, pt_matmul(&t, softmax(&t, s, "-1"), v, "false"), 5);
    pt_end(&t);
}

static void expect_kept(struct pass_test *t, struct vt_port y)
{
    pt_result(t, y);
    pt_check(t, "fuse_sdpa", 0);
    assert_int_equal(pt_count(t, "ScaledDotProductAttention"), 0);
    pt_end(t);
}

static void test_kept(void **state)
{
    struct pass_test t;
    struct vt_port q, k, v, s, p;

    (void)state;
    for (int i = 0; i < 4; i++) {
        pt_begin(&t);
        q = pt_param(&t, "f32", "2,5,5");
        k = pt_param(&t, "f32", "2,5,5");
        v = pt_param(&t, "f32", "2,5,5");
        s = pt_matmul(&t, q, k, i == 0 ? "false" : "true"); /* 0: turning the key would cost */
        p = softmax(&t, s, i == 1 ? "1" : "2");
        if (i == 2) {
            pt_result(&t, p); /* somebody wants the probabilities */
        }
        expect_kept(&t, pt_matmul(&t, p, v, i == 3 ? "true" : "false"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bert),
        cmocka_unit_test(test_scaled_sides),
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
