#include "op_test.h"

static void test_values(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Select", 1);
    op_input(&t, "boolean", "2,1", "1 0");
    op_input(&t, "i8", "3", "1 2 3");
    op_input(&t, "i8", "1", "-1");
    op_expect_shape(&t, 0, "i8", "2,3");
    op_expect(&t, 0, "i8", "2,3", "1 2 3 -1 -1 -1", 0);
    op_end(&t);

    op_begin(&t, "Select", 1);
    op_input(&t, "boolean", "2,2", "1 0 0 1");
    op_input(&t, "f32", "2,2", "1 2 3 4");
    op_input(&t, "f32", "2,2", "5 6 7 8");
    op_attr(&t, "auto_broadcast", "none");
    op_expect(&t, 0, "f32", "2,2", "1 6 7 4", 0);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Select", 1);
    op_param(&t, "boolean", "?,2..5,7");
    op_param(&t, "f32", "2,1..4,7");
    op_param(&t, "f32", "1");
    op_expect_shape(&t, 0, "f32", "2,2..5,7");
    op_end(&t);

    op_begin(&t, "Select", 1);
    op_param(&t, "boolean", "...");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_expect_shape(&t, 0, "f32", "...");
    op_end(&t);
}

static void test_bounds(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Select", 1);
    op_bounded(&t, "boolean", "3", "1 0 0", "1 0 1");
    op_bounded(&t, "i64", "3", "1 1 1", "2 2 2");
    op_const(&t, "i64", "", "7");
    op_expect_bounds(&t, 0, "1 7 1", "2 7 7");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Select", 1);
    op_param(&t, "i32", "2");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_expect_error(&t, VT_E_TYPE, "the condition (input 0) must be boolean, not i32");
    op_end(&t);

    op_begin(&t, "Select", 1);
    op_param(&t, "boolean", "3");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_expect_error(&t, VT_E_SHAPE, "input 0 of shape [3] does not fit [2]");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
