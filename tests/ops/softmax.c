#include "op_test.h"

static void test_softmax(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Softmax", 8);
    op_input_as(&t, "f32", "?,2..4", "2,3", "1 2 3 -1 0 inf");
    op_attr(&t, "axis", "-1");
    op_expect_shape(&t, 0, "f32", "?,2..4");
    op_expect(&t, 0, "f32", "2,3", "0.09003057 0.24472847 0.66524096 nan nan nan", 1e-6);
    op_end(&t);
}

static void test_middle_axis(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Softmax", 1);
    op_input(&t, "f16", "1,2,2", "0 0 1 0");
    op_expect(&t, 0, "f16", "1,2,2", "0.26894142 0.5 0.73105858 0.5", 1e-3);
    op_end(&t);
}

static void test_log(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "LogSoftmax", 5);
    op_input(&t, "f64", "1,3", "1000 1001 1002");
    op_expect(&t, 0, "f64", "1,3", "-2.40760596444438 -1.40760596444438 -0.40760596444438", 1e-12);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Softmax", 1);
    op_param(&t, "i32", "...");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a float type, not i32");
    op_end(&t);

    op_begin(&t, "Softmax", 1);
    op_param(&t, "f32", "3");
    op_expect_error(&t, VT_E_RANGE, "axis 1 is outside of rank 1");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_middle_axis),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
