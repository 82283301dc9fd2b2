#include "pass_test.h"

/* number -> Convert -> Subtract(zero) -> Multiply(scale) -> Reshape, in `type`. */
static struct vt_port chain(struct pass_test *t, const char *stored, const char *type, bool zero,
                            bool scale_first)
{
    struct vt_port y = pt_convert(t, pt_random_const(t, stored, "8,3,4"), type), s;

    if (zero) {
        y = pt_binary(t, "Subtract", y, pt_convert(t, pt_random_const(t, stored, "8,3,1"), type));
    }
    s = pt_const(t, type, "8,3,1", PT_VALUES(0.5, 0.25, 2, 1, 0.125));
    y = scale_first ? pt_binary(t, "Multiply", s, y) : pt_binary(t, "Multiply", y, s);
    y = pt_reshape(t, y, PT_I64S(t, 8, 12));
    return strcmp(type, "f32") ? pt_convert(t, y, "f32") : y;
}

static void check_product(const char *stored, const char *type, bool zero)
{
    struct pass_test t;
    struct vt_port x, w;
    struct vt_node *node;

    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,12", "5,12");
    w = chain(&t, stored, type, zero, !zero);
    pt_result(&t, pt_matmul(&t, x, w, "true"));
    pt_check(&t, "constant_folding,cse,compress_weights,fuse_norm,fuse_activation,fuse_elementwise",
             strcmp(type, "f32") ? 2e-3 : 1e-6);
    assert_int_equal(pt_count(&t, "CompressedWeights"), 1);
    assert_int_equal(pt_count(&t, "Convert") + pt_count(&t, "Multiply") + pt_count(&t, "Subtract"), 0);
    assert_int_equal(pt_count(&t, "Reshape"), 0);
    node = pt_find(&t, "CompressedWeights");
    assert_int_equal(node->n_in, zero ? 3 : 2);
    for (int i = 0; i < node->n_in; i++) {
        assert_true(vt_node_is(node->in[i].node, "Constant"));
    }
    /* Nothing of it becomes a constant later on. */
    pt_check(&t, "constant_folding,eliminate_nop,cse,fuse_matmul,constant_folding", 1e-6);
    assert_int_equal(pt_count(&t, "CompressedWeights"), 1);
    pt_end(&t);
}

static void test_products(void **state)
{
    static const char *const stored[] = {"u4", "i4", "u8", "i8", "nf4", "f4e2m1", "f8e4m3", "f8e5m2", "u2"};

    (void)state;
    for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
        check_product(stored[i], "f32", i % 2 == 0);
        check_product(stored[i], "f16", i % 2 == 1);
    }
}

/* A table and a product that share the weights share the node; another reader keeps the chain. */
static void test_tied(void **state)
{
    struct pass_test t;
    struct vt_port x, w, index;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "5,12");
    index = pt_param(&t, "i64", "2,3");
    w = chain(&t, "u8", "f32", true, false);
    pt_result(&t, pt_matmul(&t, x, w, "true"));
    pt_result(&t, pt_port(&t, pt_node(&t, "Gather", 8, 3, (struct vt_port[]){w, index, PT_I64S(&t, 0)})));
    pt_result(&t, pt_unary(&t, "Abs", w));
    pt_check(&t, "compress_weights", 1e-6);
    assert_int_equal(pt_count(&t, "CompressedWeights"), 1);
    assert_int_equal(pt_find(&t, "CompressedWeights")->out[0].n_uses, 2);
    assert_int_equal(pt_count(&t, "Reshape"), 1);
    pt_end(&t);
}

/* Weights that no number of few bits stands behind, and left operands. */
static void test_left_alone(void **state)
{
    struct pass_test t;
    struct vt_port x, w;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "12,8");
    w = pt_convert(&t, pt_random_const(&t, "f16", "5,12"), "f32");
    pt_result(&t, pt_matmul(&t, pt_matmul(&t, w, x, "false"), pt_param(&t, "f32", "8,8"), "false"));
    w = pt_convert(&t, pt_random_const(&t, "i32", "8,3"), "f32");
    pt_result(&t, pt_matmul(&t, x, w, "false"));
    pt_result(&t, pt_matmul(&t, pt_convert(&t, pt_random_const(&t, "u8", "7,12"), "f32"), x, "false"));
    /* A scale that makes the result larger than what is stored. */
    w = pt_binary(&t, "Multiply", pt_convert(&t, pt_random_const(&t, "u8", "8,1"), "f32"),
                  pt_random_const(&t, "f32", "8,3"));
    pt_result(&t, pt_matmul(&t, x, w, "false"));
    pt_check(&t, "compress_weights", 1e-6);
    assert_int_equal(pt_count(&t, "CompressedWeights"), 0);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_tied),
        cmocka_unit_test(test_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
