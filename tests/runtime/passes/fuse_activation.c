#include "pass_test.h"

static struct vt_port times(struct pass_test *t, struct vt_port a, struct vt_port b)
{
    return pt_binary(t, "Multiply", a, b);
}

static struct vt_port plus(struct pass_test *t, struct vt_port a, double b)
{
    return pt_binary(t, "Add", a, pt_f32(t, b));
}

/* One operation of this name is left between parameter and result. */
static void expect_one(struct pass_test *t, struct vt_port out, const char *op)
{
    pt_result(t, out);
    pt_check(t, "fuse_activation", 1e-5);
    assert_int_equal(pt_count(t, op), 1);
    assert_int_equal(t->graph->n_nodes - pt_count(t, "Constant"), 3);
    assert_non_null(pt_find(t, op)->fused_names);
    pt_end(t);
}

static struct vt_port begin(struct pass_test *t)
{
    pt_begin(t);
    t->low = -5;
    t->high = 5;
    return pt_param_as(t, "f32", "?,7", "9,7");
}

static void test_gelu_erf(void **state)
{
    struct pass_test t;
    struct vt_port x, e;

    (void)state;
    x = begin(&t);
    e = plus(&t, pt_unary(&t, "Erf", pt_binary(&t, "Divide", x, pt_f32(&t, M_SQRT2))), 1);
    expect_one(&t, times(&t, times(&t, x, e), pt_f32(&t, 0.5)), "Gelu");

    x = begin(&t);
    e = plus(&t, pt_unary(&t, "Erf", times(&t, x, pt_f32(&t, M_SQRT1_2))), 1);
    expect_one(&t, times(&t, times(&t, pt_f32(&t, 0.5), x), e), "Gelu");

    x = begin(&t);
    e = pt_binary(&t, "Add", pt_f32(&t, 1),
                  pt_unary(&t, "Erf", pt_binary(&t, "Divide", x, pt_f32(&t, M_SQRT2))));
    expect_one(&t, times(&t, times(&t, e, pt_f32(&t, 0.5)), x), "Gelu");

    x = begin(&t);
    e = plus(&t, pt_unary(&t, "Erf", pt_binary(&t, "Divide", x, pt_f32(&t, M_SQRT2))), 1);
    expect_one(&t, times(&t, pt_binary(&t, "Divide", x, pt_f32(&t, 2)), e), "Gelu");
}

static void test_gelu_tanh(void **state)
{
    struct pass_test t;
    struct vt_port x, c, y;

    (void)state;
    x = begin(&t);
    c = times(&t, pt_binary(&t, "Power", x, pt_f32(&t, 3)), pt_f32(&t, 0.044715));
    y = times(&t, pt_binary(&t, "Add", x, c), pt_f32(&t, 0.7978845608));
    y = plus(&t, pt_unary(&t, "Tanh", y), 1);
    expect_one(&t, times(&t, times(&t, x, pt_f32(&t, 0.5)), y), "Gelu");

    x = begin(&t);
    c = times(&t, times(&t, times(&t, x, pt_f32(&t, 0.044715)), x), x);
    y = times(&t, pt_f32(&t, 0.7978845608), pt_binary(&t, "Add", c, x));
    y = plus(&t, pt_unary(&t, "Tanh", y), 1);
    expect_one(&t, times(&t, x, times(&t, y, pt_f32(&t, 0.5))), "Gelu");

    x = begin(&t);
    c = plus(&t, times(&t, times(&t, x, x), pt_f32(&t, 0.044715)), 1);
    y = times(&t, times(&t, x, pt_f32(&t, 0.7978845608)), c);
    y = plus(&t, pt_unary(&t, "Tanh", y), 1);
    expect_one(&t, times(&t, times(&t, x, y), pt_f32(&t, 0.5)), "Gelu");
}

/* x * (0.5 * tanh(...) + 0.5), as compilers leave it. */
static void test_gelu_half_line(void **state)
{
    struct pass_test t;
    struct vt_port x, c, y;

    (void)state;
    x = begin(&t);
    c = times(&t, times(&t, times(&t, x, pt_f32(&t, 0.044715)), x), x);
    y = times(&t, pt_f32(&t, 0.7978845608), pt_binary(&t, "Add", c, x));
    y = plus(&t, times(&t, pt_unary(&t, "Tanh", y), pt_f32(&t, 0.5)), 0.5);
    expect_one(&t, times(&t, x, y), "Gelu");

    x = begin(&t);
    y = pt_unary(&t, "Erf", times(&t, x, pt_f32(&t, M_SQRT1_2)));
    y = plus(&t, times(&t, y, pt_f32(&t, 0.5)), 0.25); /* no half */
    pt_result(&t, times(&t, x, y));
    pt_check(&t, "fuse_activation", 0);
    assert_int_equal(pt_count(&t, "Gelu"), 0);
    pt_end(&t);
}

static void test_gates(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    x = begin(&t);
    expect_one(&t, times(&t, pt_unary(&t, "Sigmoid", x), x), "Swish");

    x = begin(&t);
    expect_one(&t, times(&t, x, pt_unary(&t, "Sigmoid", times(&t, x, pt_f32(&t, 1.702)))), "Swish");

    x = begin(&t);
    expect_one(&t, times(&t, x, pt_unary(&t, "Tanh", pt_unary(&t, "SoftPlus", x))), "Mish");

    x = begin(&t);
    y = pt_unary(&t, "Log", plus(&t, pt_unary(&t, "Exp", x), 1));
    expect_one(&t, times(&t, x, pt_unary(&t, "Tanh", y)), "Mish");

    x = begin(&t);
    y = pt_clamp(&t, plus(&t, x, 3), "0", "6");
    expect_one(&t, pt_binary(&t, "Divide", times(&t, x, y), pt_f32(&t, 6)), "HSwish");

    x = begin(&t);
    y = times(&t, pt_clamp(&t, plus(&t, x, 3), "0", "6"), pt_f32(&t, 1.0 / 6));
    expect_one(&t, times(&t, x, y), "HSwish");

    x = begin(&t);
    expect_one(&t, times(&t, x, pt_unary(&t, "HSigmoid", x)), "HSwish");
}

static void test_others(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    x = begin(&t);
    y = pt_binary(&t, "Minimum", pt_unary(&t, "Relu", plus(&t, x, 3)), pt_f32(&t, 6));
    expect_one(&t, pt_binary(&t, "Divide", y, pt_f32(&t, 6)), "HSigmoid");

    x = begin(&t);
    y = plus(&t, pt_binary(&t, "Divide", x, pt_f32(&t, 6)), 0.5);
    expect_one(&t, pt_clamp(&t, y, "0", "1"), "HSigmoid");

    x = begin(&t);
    y = pt_port(
        &t, pt_node(&t, "HardSigmoid", 1, 3, (struct vt_port[]){x, pt_f32(&t, 1.0f / 6), pt_f32(&t, 0.5)}));
    expect_one(&t, y, "HSigmoid");

    x = begin(&t);
    y = plus(&t, pt_unary(&t, "Exp", pt_unary(&t, "Negative", x)), 1);
    expect_one(&t, pt_binary(&t, "Divide", pt_f32(&t, 1), y), "Sigmoid");

    x = begin(&t);
    y = plus(&t, pt_unary(&t, "Exp", times(&t, x, pt_f32(&t, -1))), 1);
    expect_one(&t, pt_binary(&t, "Power", y, pt_f32(&t, -1)), "Sigmoid");

    x = begin(&t);
    y = pt_binary(&t, "Maximum", pt_binary(&t, "Minimum", x, pt_f32(&t, 2)), pt_f32(&t, -1));
    expect_one(&t, y, "Clamp");
}

/* What looks alike and is not. */
static void test_refusals(void **state)
{
    struct pass_test t;
    struct vt_port x, y, z, e;

    (void)state;
    x = begin(&t);
    y = plus(&t, x, 1);
    e = plus(&t, pt_unary(&t, "Erf", pt_binary(&t, "Divide", x, pt_f32(&t, 1.5))), 1);
    pt_result(&t, times(&t, times(&t, x, e), pt_f32(&t, 0.5))); /* not the root of 2 */
    pt_result(&t, times(&t, y, pt_unary(&t, "Sigmoid", x)));    /* not the same x */
    z = pt_unary(&t, "Sigmoid", y);
    pt_result(&t, times(&t, y, z)); /* the gate is read by others */
    pt_result(&t, z);
    y = pt_clamp(&t, plus(&t, x, 2.5), "0", "6");
    pt_result(&t, pt_binary(&t, "Divide", times(&t, x, y), pt_f32(&t, 6)));
    y = pt_binary(&t, "Maximum", pt_binary(&t, "Minimum", x, pt_f32(&t, -1)), pt_f32(&t, 2));
    pt_result(&t, y); /* bounds the wrong way round */
    y = plus(&t, pt_unary(&t, "Exp", x), 1);
    pt_result(&t, pt_binary(&t, "Divide", pt_f32(&t, 1), y)); /* no minus */
    pt_check(&t, "fuse_activation", 0);
    assert_int_equal(pt_count(&t, "Gelu") + pt_count(&t, "Swish") + pt_count(&t, "HSwish"), 0);
    assert_int_equal(pt_count(&t, "Clamp"), 1);
    assert_int_equal(pt_count(&t, "Sigmoid"), 2);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gelu_erf), cmocka_unit_test(test_gelu_tanh),
        cmocka_unit_test(test_gates),    cmocka_unit_test(test_gelu_half_line),
        cmocka_unit_test(test_others),   cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
