#include "op_test.h"
#include "vt/post.h"

#include <stdio.h>

static void test_broadcast(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Elementwise", 0);
    op_input(&t, "f32", "1,3", "1 2 -3");
    op_input(&t, "f32", "2,1", "10 20");
    op_attr(&t, "post", "1,1,0,0,11,-1,0,0,10,-1,2,-1"); /* add input 1, relu, 2 * acc - 1 */
    op_expect_shape(&t, 0, "f32", "2,3");
    op_expect(&t, 0, "f32", "2,3", "21 23 13 41 43 33", 0);
    op_end(&t);
}

/* Every unary kind at one negative and one positive point, against values computed with Python's math. */
static void test_unary_kinds(void **state)
{
    static const struct {
        int kind;
        double a, b;
        const char *want;
    } rows[] = {
        {VT_POST_AFFINE, 2, 3, "0.6 4.4"},
        {VT_POST_RELU, 0, 0, "0 0.7"},
        {VT_POST_LEAKY, 0.1, 0, "-0.12 0.7"},
        {VT_POST_CLAMP, -1, 0.5, "-1 0.5"},
        {VT_POST_ABS, 0, 0, "1.2 0.7"},
        {VT_POST_NEG, 0, 0, "1.2 -0.7"},
        {VT_POST_SQRT, 0, 0, "nan 0.83666002653407556"},
        {VT_POST_SQUARE, 0, 0, "1.44 0.49"},
        {VT_POST_RECIP, 0, 0, "-0.83333333333333333 1.4285714285714286"},
        {VT_POST_EXP, 0, 0, "0.30119421191220214 2.0137527074704766"},
        {VT_POST_LOG, 0, 0, "nan -0.35667494393873238"},
        {VT_POST_TANH, 0, 0, "-0.83365460701215526 0.60436777711716350"},
        {VT_POST_ERF, 0, 0, "-0.91031397822963538 0.67780119383741847"},
        {VT_POST_SIGMOID, 0, 0, "0.23147521650098232 0.66818777216816616"},
        {VT_POST_SWISH, 1, 0, "-0.277770259801179 0.467731440517716"},
        {VT_POST_HSWISH, 0, 0, "-0.36 0.43166666666666667"},
        {VT_POST_HSIGMOID, 0.25, 0.5, "0.2 0.675"},
        {VT_POST_GELU_ERF, 0, 0, "-0.13808360426605 0.530625443443849"},
        {VT_POST_GELU_TANH, 0, 0, "-0.138297230862135 0.530570134705117"},
        {VT_POST_MISH, 0, 0, "-0.308835796314863 0.561148377643852"},
        {VT_POST_SOFTPLUS, 0, 0, "0.263282467338031 1.10318604888546"},
        {VT_POST_ELU, 2, 0, "-1.3976115761756 0.7"},
        {VT_POST_FLOOR, 0, 0, "-2 0"},
        {VT_POST_CEIL, 0, 0, "-1 1"},
        {VT_POST_ROUND_EVEN, 0, 0, "-1 1"},
        {VT_POST_POW, 2, 0, "1.44 0.49"},
    };

    (void)state;
    assert_int_equal(sizeof(rows) / sizeof(rows[0]), VT_POST_COUNT - VT_POST_FIRST_UNARY);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct op_test t;
        char text[80];

        snprintf(text, sizeof(text), "%d,-1,%g,%g", rows[i].kind, rows[i].a, rows[i].b);
        op_begin(&t, "Elementwise", 0);
        op_input(&t, "f64", "2", "-1.2 0.7");
        op_attr(&t, "post", text);
        op_expect(&t, 0, "f64", "2", rows[i].want, 1e-13);
        op_end(&t);
    }
}

static void test_binary_kinds(void **state)
{
    static const char *const want[VT_POST_FIRST_UNARY] = {
        NULL,    "0.5 3.5", "-4.5 2.5", "4.5 -2.5", "-5 1.5", "-0.8 6", "-1.25 0.16666666666666667",
        "2.5 3", "-2 0.5",  "-5 3",
    };

    (void)state;
    for (int kind = 1; kind < VT_POST_FIRST_UNARY; kind++) {
        struct op_test t;
        char text[80];

        snprintf(text, sizeof(text), "%d,1,0,0", kind);
        op_begin(&t, "Elementwise", 0);
        op_input(&t, "f64", "2", "-2 3");
        op_input(&t, "f64", "2", "2.5 0.5");
        op_attr(&t, "post", text);
        op_expect(&t, 0, "f64", "2", want[kind], 1e-12);
        op_end(&t);
    }
}

static void expect_error(const char *post, int code, const char *text)
{
    struct op_test t;

    op_begin(&t, "Elementwise", 0);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "4");
    op_attr(&t, "post", post);
    op_expect_error(&t, code, text);
    op_end(&t);
}

static void test_errors(void **state)
{
    (void)state;
    expect_error("1,1,0", VT_E_INVALID, "attribute post has 3 numbers");
    expect_error("1,2,0,0", VT_E_INVALID, "step 0 of attribute post: no input 2");
    expect_error("11,-1,0,0,99,0,0,0", VT_E_INVALID, "step 1 of attribute post: no kind 99");
    expect_error("1,1,0,0", VT_E_SHAPE, "input 1 [4] does not broadcast with [2,3]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_unary_kinds),
        cmocka_unit_test(test_binary_kinds),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
