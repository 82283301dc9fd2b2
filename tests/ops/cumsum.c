#include "op_test.h"

static void cumsum(const char *exclusive, const char *reverse, const char *want)
{
    struct op_test t;

    op_begin(&t, "CumSum", 3);
    op_input(&t, "f32", "2,3", "-2 -1 0 1 2 3");
    op_const(&t, "i64", "", "-1");
    op_attr(&t, "exclusive", exclusive);
    op_attr(&t, "reverse", reverse);
    op_expect(&t, 0, "f32", "2,3", want, 0);
    op_end(&t);
}

static void test_modes(void **state)
{
    (void)state;
    cumsum("false", "false", "-2 -3 -3 1 3 6");
    cumsum("false", "true", "-3 -1 0 6 5 3");
    cumsum("true", "false", "0 -2 -3 0 1 3");
    cumsum("true", "true", "-1 0 0 5 3 0");
}

static void test_axes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "CumSum", 3);
    op_input_as(&t, "i64", "?,?,2", "2,2,2", "1 2 3 4 5 6 7 8");
    op_input(&t, "i32", "", "1");
    op_expect_shape(&t, 0, "i64", "?,?,2");
    op_expect(&t, 0, "i64", "2,2,2", "1 2 4 6 5 6 12 14", 0);
    op_end(&t);

    op_begin(&t, "CumSum", 3); /* axis 0 by default */
    op_input(&t, "i32", "3", "2147483647 1 5");
    op_expect(&t, 0, "i32", "3", "2147483647 -2147483648 -2147483643", 0);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "CumSum", 3);
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", "", "2");
    op_expect_error(&t, VT_E_RANGE, "axis 2 is outside of rank 2");
    op_end(&t);

    op_begin(&t, "CumSum", 3);
    op_input(&t, "f32", "2,3", "0");
    op_input(&t, "i64", "", "-3");
    op_expect_error(&t, VT_E_RANGE, "axis -3 is outside of rank 2");
    op_end(&t);

    op_begin(&t, "CumSum", 3);
    op_param(&t, "f32", "2,3");
    op_param(&t, "i64", "2");
    op_expect_error(&t, VT_E_SHAPE, "axis (input 1) must be a scalar");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
