#include "op_test.h"

static void test_corners(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 9);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,1,3", "0.9 0.75 0.6");
    op_const(&t, "i64", "", "3");
    op_const(&t, "f32", "", "0.5");
    op_const(&t, "f32", "", "0");
    op_expect(&t, 0, "i64", "2,3", "0 0 0 0 0 2", 0);
    op_expect(&t, 1, "f32", "2,3", "0 0 0.9 0 0 0.6", 1e-6);
    op_expect(&t, 2, "i64", "1", "2", 0);
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 1);
    op_input(&t, "f32", "1,3,4", "1 1 0 0 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,1,3", "0.9 0.75 0.6");
    op_const(&t, "i64", "", "1");
    op_const(&t, "f32", "", "0.5");
    op_const(&t, "f32", "", "0");
    op_expect(&t, 0, "i64", "1,3", "0 0 0", 0);
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 3);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,1,3", "0.9 0.75 0.6");
    op_const(&t, "i64", "", "3");
    op_const(&t, "f32", "", "0.9");
    op_const(&t, "f32", "", "0.7");
    op_attr(&t, "output_type", "i32");
    op_expect(&t, 0, "i32", "2,3", "0 0 0 0 0 1", 0);
    op_end(&t);
}

static void test_centers(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 5);
    op_input(&t, "f32", "1,3,4", "0.5 0.5 1 1 0.5 0.6 1 1 10 0.5 1 1");
    op_input(&t, "f32", "1,1,3", "0.9 0.75 0.6");
    op_const(&t, "i64", "", "3");
    op_const(&t, "f32", "", "0.5");
    op_const(&t, "f32", "", "0");
    op_attr(&t, "box_encoding", "center");
    op_expect(&t, 0, "i64", "2,3", "0 0 0 0 0 2", 0);
    op_end(&t);
}

static void test_order(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 9);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,2,3", "0.1 0.2 0.3 0.9 0.8 0.7");
    op_const(&t, "i64", "", "3");
    op_const(&t, "f32", "", "1");
    op_const(&t, "f32", "", "0");
    op_attr(&t, "sort_result_descending", "true");
    op_expect(&t, 0, "i64", "6,3", "0 1 0 0 1 1 0 1 2 0 0 2 0 0 1 0 0 0", 0);
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 9);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,2,3", "0.1 0.2 0.3 0.9 0.8 0.7");
    op_const(&t, "i64", "", "1");
    op_const(&t, "f32", "", "1");
    op_const(&t, "f32", "", "0");
    op_attr(&t, "sort_result_descending", "false");
    op_expect(&t, 0, "i64", "2,3", "0 0 2 0 1 0", 0);
    op_end(&t);
}

static void test_soft(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 9);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,1,3", "0.89999998 0.75 0.60000002");
    op_const(&t, "i64", "", "3");
    op_const(&t, "f32", "", "0.5");
    op_const(&t, "f32", "", "0.1");
    op_const(&t, "f32", "", "0.5");
    op_attr(&t, "box_encoding", "corner");
    op_attr(&t, "sort_result_descending", "true");
    op_attr(&t, "output_type", "i64");
    op_expect(&t, 0, "i64", "3,3", "0 0 0 0 0 2 0 0 1", 0);
    op_expect(&t, 1, "f32", "3,3", "0 0 0.89999998 0 0 0.60000002 0 0 0.38400355", 1e-5);
    op_expect(&t, 2, "i64", "1", "3", 0);
    op_end(&t);
}

static void test_none(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 9);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 0 0.1 1 1.1 0 10 1 11");
    op_input(&t, "f32", "1,1,3", "0.9 0.75 0.6");
    op_const(&t, "i64", "", "0");
    op_const(&t, "f32", "", "0.5");
    op_const(&t, "f32", "", "0");
    op_expect(&t, 0, "i64", "0,3", "", 0);
    op_expect(&t, 2, "i64", "1", "0", 0);
    op_end(&t);
}

/* A limit that is no number lets nothing through, a score that is none never exceeds the threshold. */
static void test_nan(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 5);
    op_input(&t, "f32", "1,2,4", "0 0 1 1 5 5 6 6");
    op_input(&t, "f32", "1,1,2", "0.9 0.75");
    op_input(&t, "f32", "", "nan");
    op_expect(&t, 0, "i64", "0,3", "", 0);
    op_expect(&t, 2, "i64", "1", "0", 0);
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 5);
    op_input(&t, "f32", "1,3,4", "0 0 1 1 5 5 6 6 0 10 1 11");
    op_input(&t, "f32", "1,1,3", "nan 0.75 0.9");
    op_input(&t, "i64", "", "3");
    op_expect(&t, 0, "i64", "2,3", "0 0 2 0 0 1", 0);
    op_expect(&t, 2, "i64", "1", "2", 0);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 9);
    op_param(&t, "f32", "2,10,4");
    op_param(&t, "f32", "2,3,?");
    op_const(&t, "i64", "", "5");
    op_expect_shape(&t, 0, "i64", "0..30,3");
    op_expect_shape(&t, 1, "f32", "0..30,3");
    op_expect_shape(&t, 2, "i64", "1");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonMaxSuppression", 9);
    op_param(&t, "f32", "2,10,5");
    op_param(&t, "f32", "2,3,10");
    op_expect_error(&t, VT_E_SHAPE, "the last axis of input 0 must have 4 elements");
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 9);
    op_param(&t, "f32", "2,10,4");
    op_param(&t, "f32", "2,3,11");
    op_expect_error(&t, VT_E_SHAPE, "inputs 0 and 1 differ");
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 9);
    op_param(&t, "i32", "2,10,4");
    op_param(&t, "f32", "2,3,10");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a float type");
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 9);
    op_param(&t, "f32", "2,10,4");
    op_param(&t, "f32", "2,3,10");
    op_attr(&t, "output_type", "f32");
    op_expect_error(&t, VT_E_TYPE, "output_type must be i32 or i64");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corners), cmocka_unit_test(test_centers), cmocka_unit_test(test_order),
        cmocka_unit_test(test_soft),    cmocka_unit_test(test_none),    cmocka_unit_test(test_nan),
        cmocka_unit_test(test_shapes),  cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
