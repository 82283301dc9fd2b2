#include "pass_test.h"

static void test_chain(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *fused;

    (void)state;
    pt_begin(&t);
    t.low = 0.5;
    x = pt_param(&t, "f32", "2,3");
    y = pt_binary(&t, "Add", x, pt_f32(&t, 1));
    y = pt_binary(&t, "Multiply", pt_f32(&t, 3), y);
    y = pt_unary(&t, "Sqrt", y);
    y = pt_binary(&t, "Divide", pt_random_const(&t, "f32", "3"), y);
    y = pt_binary(&t, "Maximum", y, pt_f32(&t, 0));
    y = pt_binary(&t, "Power", y, pt_f32(&t, 1.5));
    y = pt_binary(&t, "SquaredDifference", y, pt_param(&t, "f32", "2,1"));
    y = pt_binary(&t, "Subtract", pt_f32(&t, 1), y);
    pt_result(&t, pt_binary(&t, "Minimum", y, pt_f32(&t, 0.25)));
    pt_check(&t, "fuse_elementwise", 1e-5);
    fused = pt_find(&t, "Elementwise");
    assert_int_equal(t.graph->n_nodes, 5); /* two parameters, a constant, the chain, the result */
    PT_STEPS(fused, VT_POST_AFFINE, VT_POST_SQRT, VT_POST_RDIV, VT_POST_RELU, VT_POST_POW, VT_POST_SUB,
             VT_POST_SQUARE, VT_POST_AFFINE, VT_POST_CLAMP);
    pt_end(&t);
}

static void test_unary_steps(void **state)
{
    static const char *const ops[] = {"Relu",     "Abs",     "Negative", "Tanh",     "Erf",
                                      "Sigmoid",  "HSwish",  "Mish",     "HSigmoid", "Floor",
                                      "SoftPlus", "Ceiling", "Gelu",     "Swish",    "Exp"};

    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct pass_test t;
        struct vt_port x, y;

        pt_begin(&t);
        x = pt_param_as(&t, "f32", "?,?", "5,7");
        y = pt_unary(&t, ops[i], x);
        pt_result(&t, pt_binary(&t, "Add", y, pt_f32(&t, 0.5)));
        pt_check(&t, "fuse_elementwise", 1e-5);
        assert_int_equal(pt_count(&t, "Elementwise"), 1);
        assert_int_equal(t.graph->n_nodes, 3);
        pt_end(&t);
    }
}

static struct vt_port prelu(struct pass_test *t, struct vt_port x, struct vt_port slope)
{
    return pt_unary(t, "Exp", pt_binary(t, "PRelu", x, slope));
}

static void test_parameters(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *node;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3,4");
    pt_result(&t, prelu(&t, x, pt_f32(&t, 0.1)));
    pt_result(&t, prelu(&t, x, pt_random_const(&t, "f32", "3")));
    pt_result(&t, prelu(&t, x, pt_random_const(&t, "f32", "1,4")));
    node = pt_node(&t, "Gelu", 7, 1, &x);
    pt_attr(&t, node, "approximation_mode", "TANH");
    pt_result(&t, pt_unary(&t, "Abs", pt_port(&t, node)));
    node = pt_node(&t, "Elu", 1, 1, &x);
    pt_attr(&t, node, "alpha", "0.7");
    pt_result(&t, pt_unary(&t, "Abs", pt_port(&t, node)));
    y = pt_binary(&t, "Swish", x, pt_f32(&t, 1.5));
    pt_result(&t, pt_unary(&t, "Abs", y));
    y = pt_port(&t,
                pt_node(&t, "HardSigmoid", 1, 3, (struct vt_port[]){x, pt_f32(&t, 0.2), pt_f32(&t, 0.4)}));
    pt_result(&t, pt_unary(&t, "Abs", y));
    pt_result(&t, pt_unary(&t, "Abs", pt_clamp(&t, x, "-1", "0.5")));
    pt_check(&t, "fuse_elementwise", 1e-5);
    assert_int_equal(pt_count(&t, "Elementwise"), 8);
    PT_STEPS(t.graph->results[0]->in[0].node, VT_POST_LEAKY, VT_POST_EXP);
    PT_STEPS(t.graph->results[1]->in[0].node, VT_POST_PRELU, VT_POST_EXP);
    pt_end(&t);
}

/* Two readers end a chain; a lone operation stays; a later step must not widen the result. */
static void test_refusals(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    y = pt_unary(&t, "Exp", x);
    pt_result(&t, pt_unary(&t, "Abs", y));
    pt_result(&t, y);
    pt_result(&t, pt_binary(&t, "Add", pt_unary(&t, "Exp", pt_param(&t, "f32", "3")), x)); /* widens */
    pt_result(&t, pt_binary(&t, "Add", pt_unary(&t, "Tanh", pt_param_as(&t, "f32", "?,3", "1,3")), x));
    pt_result(&t, pt_unary(&t, "Abs", pt_unary(&t, "Negative", pt_param(&t, "i32", "2,3"))));
    pt_result(&t, pt_unary(&t, "Abs", pt_unary(&t, "Sign", x))); /* no step */
    pt_check(&t, "fuse_elementwise", 0);
    assert_int_equal(pt_count(&t, "Elementwise"), 0);
    pt_end(&t);
}

/* The first step may widen. */
static void test_first_widens(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,1", "2,1");
    y = pt_param_as(&t, "f32", "1,?", "1,3");
    pt_result(&t, pt_unary(&t, "Exp", pt_binary(&t, "Subtract", x, y)));
    pt_check(&t, "fuse_elementwise", 1e-5);
    PT_STEPS(pt_find(&t, "Elementwise"), VT_POST_SUB, VT_POST_EXP);
    pt_end(&t);
}

/* A program is continued, and taken in by the chain before it. */
static void test_grows(void **state)
{
    struct pass_test t;
    struct vt_port x, y, z;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,3", "2,3");
    y = pt_param_as(&t, "f32", "?,3", "2,3");
    z = pt_unary(&t, "Exp",
                 pt_binary(&t, "Add", y, pt_unary(&t, "Tanh", x))); /* shapes not known to be equal */
    pt_result(&t, pt_binary(&t, "Multiply", z, pt_f32(&t, 2)));
    pt_check(&t, "fuse_elementwise", 1e-5);
    PT_STEPS(pt_find(&t, "Elementwise"), VT_POST_ADD, VT_POST_EXP, VT_POST_AFFINE);
    assert_int_equal(pt_count(&t, "Tanh"), 1);
    pt_attr(&t, x.node, "shape", "2,3");
    pt_attr(&t, y.node, "shape", "2,3");
    pt_check(&t, "fuse_elementwise", 1e-5);
    assert_int_equal(pt_count(&t, "Elementwise"), 1);
    assert_int_equal(pt_count(&t, "Tanh"), 0);
    PT_STEPS(pt_find(&t, "Elementwise"), VT_POST_TANH, VT_POST_ADD, VT_POST_EXP, VT_POST_AFFINE);
    pt_end(&t);
}

static void test_limit(void **state)
{
    struct pass_test t;
    struct vt_port x;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    for (int i = 0; i < 40; i++) {
        x = pt_unary(&t, i % 2 ? "Abs" : "Tanh", x);
    }
    pt_result(&t, x);
    pt_check(&t, "fuse_elementwise", 1e-5);
    assert_int_equal(pt_count(&t, "Elementwise"), 3);
    assert_int_equal(pt_count(&t, "Abs") + pt_count(&t, "Tanh"), 0);
    pt_end(&t);
}

static void test_weights_stay(void **state)
{
    struct pass_test t;
    struct vt_port x, w;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "4,8");
    w = pt_convert(&t, pt_random_const(&t, "u8", "4,8"), "f32");
    w = pt_binary(&t, "Subtract", w, pt_random_const(&t, "f32", "4,1"));
    w = pt_binary(&t, "Multiply", w, pt_random_const(&t, "f32", "4,1"));
    pt_result(&t, pt_binary(&t, "Add", x, w));
    pt_check(&t, "fuse_elementwise", 0);
    assert_int_equal(pt_count(&t, "Elementwise"), 0);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),        cmocka_unit_test(test_unary_steps),
        cmocka_unit_test(test_parameters),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_first_widens), cmocka_unit_test(test_grows),
        cmocka_unit_test(test_limit),        cmocka_unit_test(test_weights_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
