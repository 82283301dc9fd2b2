#include "op_test.h"

static void test_average(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "AdaptiveAvgPool", 8);
    op_input_as(&t, "f32", "?,1,?", "1,1,5", "0 1 2 3 4");
    op_const(&t, "i64", "1", "7");
    op_expect_shape(&t, 0, "f32", "?,1,7");
    op_expect(&t, 0, "f32", "1,1,7", "0 0.5 1.5 2 2.5 3.5 4", 0);
    op_end(&t);

    op_begin(&t, "AdaptiveAvgPool", 8);
    op_input(&t, "f16", "2,1,3,2", "1 2 3 4 5 6 -1 -2 -3 -4 -5 -6");
    op_input(&t, "i32", "2", "2 1");
    op_expect_shape(&t, 0, "f16", "2,1,?,?");
    op_expect(&t, 0, "f16", "2,1,2,1", "2.5 4.5 -2.5 -4.5", 0);
    op_end(&t);

    op_begin(&t, "AdaptiveAvgPool", 8);
    op_input(&t, "i32", "1,1,5", "0 1 2 3 4");
    op_const(&t, "i64", "1", "2");
    op_expect(&t, 0, "i32", "1,1,2", "1 3", 0);
    op_end(&t);
}

static void test_maximum(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "AdaptiveMaxPool", 8); /* the first maximum, and NaN stays where it is first */
    op_input(&t, "f32", "1,2,5", "1 3 2 3 0 nan 1 2 nan 5");
    op_const(&t, "i64", "1", "2");
    op_attr(&t, "index_element_type", "i32");
    op_expect(&t, 0, "f32", "1,2,2", "3 3 nan 5", 0);
    op_expect(&t, 1, "i32", "1,2,2", "1 3 0 4", 0);
    op_end(&t);

    op_begin(&t, "AdaptiveMaxPool", 8);
    op_input(&t, "f32", "1,1,2,2,3", "0 1 2 3 4 5 11 10 9 8 7 6");
    op_const(&t, "i64", "3", "1 2 3");
    op_expect(&t, 0, "f32", "1,1,1,2,3", "11 10 9 8 7 6", 0);
    op_expect(&t, 1, "i64", "1,1,1,2,3", "6 7 8 9 10 11", 0);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "AdaptiveMaxPool", 8);
    op_param(&t, "f32", "...");
    op_bounded(&t, "i64", "2", "1 4", "9223372036854775807 4");
    op_expect_shape(&t, 0, "f32", "?,?,1..,4");
    op_expect_shape(&t, 1, "i64", "?,?,1..,4");
    op_end(&t);

    op_begin(&t, "AdaptiveAvgPool", 8);
    op_param(&t, "f32", "1,?,7,8");
    op_param(&t, "i64", "?");
    op_expect_shape(&t, 0, "f32", "1,?,?,?");
    op_end(&t);
}

static void error(const char *data, const char *shape, const char *values, const char *text)
{
    struct op_test t;

    op_begin(&t, "AdaptiveAvgPool", 8);
    op_param(&t, "f32", data);
    op_const(&t, "i64", shape, values);
    op_expect_error(&t, VT_E_SHAPE, text);
    op_end(&t);
}

static void test_errors(void **state)
{
    (void)state;
    error("2,3", "1", "1", "data (input 0) must have rank 3, 4 or 5, not 2");
    error("2,3,4", "2", "1", "output_shape (input 1) has 2 elements, but data has rank 3");
    error("2,3,4", "1", "-1", "output_shape (input 1) element 0 is -1");
    error("2,3,4", "", "1", "output_shape (input 1) must have rank 1, not 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
