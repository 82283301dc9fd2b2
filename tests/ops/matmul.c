#include "op_test.h"

static void test_ranks(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "2,3", "1 2 3 4 5 6");
    op_input(&t, "f32", "3,2", "1 0 0 1 1 1");
    op_expect(&t, 0, "f32", "2,2", "4 5 10 11", 0);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "3", "1 2 3");
    op_input(&t, "f32", "3", "4 5 6");
    op_attr(&t, "transpose_a", "true");
    op_expect(&t, 0, "f32", "", "32", 0);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "2", "1 2");
    op_input(&t, "f32", "2,2,2", "1 2 3 4 5 6 7 8");
    op_expect(&t, 0, "f32", "2,2", "7 10 19 22", 0);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "2,2,2", "1 2 3 4 5 6 7 8");
    op_input(&t, "f32", "2", "1 2");
    op_expect(&t, 0, "f32", "2,2", "5 11 17 23", 0);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "2,1,1,2", "1 2 3 4");
    op_input(&t, "f32", "2,2,1", "1 2 3 4");
    op_expect(&t, 0, "f32", "2,2,1,1", "5 11 11 25", 0);
    op_end(&t);
}

static void test_transposes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "3,2", "1 4 2 5 3 6");
    op_input(&t, "f32", "2,3", "1 0 1 0 1 1");
    op_attr(&t, "transpose_a", "true");
    op_attr(&t, "transpose_b", "true");
    op_expect(&t, 0, "f32", "2,2", "4 5 10 11", 0);
    op_end(&t);
}

static void test_types(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MatMul", 1);
    op_input(&t, "i32", "1,2", "2147483647 1");
    op_input(&t, "i32", "2,1", "2 3");
    op_expect(&t, 0, "i32", "1,1", "1", 0);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "u8", "1,2", "200 100");
    op_input(&t, "u8", "2,1", "1 1");
    op_expect(&t, 0, "u8", "1,1", "44", 0);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "f64", "1,2", "0.1 0.2");
    op_input(&t, "f64", "2,1", "10 20");
    op_expect(&t, 0, "f64", "1,1", "5", 1e-15);
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_input(&t, "f32", "2,0", "");
    op_input(&t, "f32", "0,3", "");
    op_expect(&t, 0, "f32", "2,3", "0", 0);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "?,3,?,4");
    op_param(&t, "f32", "5,1,4,6");
    op_expect_shape(&t, 0, "f32", "5,3,?,6");
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "...");
    op_param(&t, "f32", "4,6");
    op_expect_shape(&t, 0, "f32", "...");
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "1..5,7");
    op_param(&t, "f32", "2..9,7");
    op_attr(&t, "transpose_b", "true");
    op_expect_shape(&t, 0, "f32", "1..5,2..9");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "2,3");
    op_expect_error(&t, VT_E_SHAPE, "cannot multiply [2,3] and [2,3]");
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "");
    op_param(&t, "f32", "2,3");
    op_expect_error(&t, VT_E_SHAPE, "cannot multiply [] and");
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "2,2,3");
    op_param(&t, "f32", "3,3,2");
    op_expect_error(&t, VT_E_SHAPE, "cannot multiply [2,2,3] and [3,3,2]");
    op_end(&t);

    op_begin(&t, "MatMul", 1);
    op_param(&t, "f32", "2,3");
    op_param(&t, "i8", "3,2");
    op_expect_error(&t, VT_E_TYPE, "input 1 is i8");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),  cmocka_unit_test(test_transposes), cmocka_unit_test(test_types),
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
