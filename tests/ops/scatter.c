/* Gathering and scattering by index, and what is built from indices: values by hand. */
#include "op_test.h"

static void test_gather(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Gather", 8);
    op_input_as(&t, "f16", "?,3", "2,3", "1 2 3 4 5 6");
    op_input(&t, "i32", "2,1", "-1 0");
    op_const(&t, "i64", "", "1");
    op_expect_shape(&t, 0, "f16", "?,2,1");
    op_expect(&t, 0, "f16", "2,2,1", "3 1 6 4", 0);
    op_end(&t);

    op_begin(&t, "Gather", 7);
    op_input(&t, "i32", "2,3", "1 2 3 4 5 6");
    op_input(&t, "i64", "2,2", "2 0 1 1");
    op_const(&t, "i64", "1", "1");
    op_attr(&t, "batch_dims", "-1");
    op_expect(&t, 0, "i32", "2,2", "3 1 5 5", 0);
    op_end(&t);

    /* An index outside gives zeros. */
    op_begin(&t, "Gather", 8);
    op_input(&t, "i8", "3", "1 2 3");
    op_input(&t, "i64", "2", "7 1");
    op_const(&t, "i64", "", "0");
    op_expect(&t, 0, "i8", "2", "0 2", 0);
    op_end(&t);

    op_begin(&t, "Gather", 8);
    op_param(&t, "f32", "2,3");
    op_param(&t, "i64", "2");
    op_const(&t, "i64", "", "2");
    op_expect_error(&t, VT_E_RANGE, "axis 2 is outside of rank 2");
    op_end(&t);

    op_begin(&t, "Gather", 8);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "2");
    op_const(&t, "i64", "", "0");
    op_expect_error(&t, VT_E_TYPE, "input 1 (indices) must be of an integer type, not f32");
    op_end(&t);
}

static void test_gather_elements(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GatherElements", 6);
    op_input(&t, "i64", "2,3", "1 2 3 4 5 6");
    op_input(&t, "i32", "2,2", "-1 0 1 1");
    op_attr(&t, "axis", "1");
    op_expect(&t, 0, "i64", "2,2", "3 1 5 5", 0);
    op_end(&t);

    op_begin(&t, "GatherElements", 6);
    op_input(&t, "i64", "2,3", "1 2 3 4 5 6");
    op_input(&t, "i32", "1,3", "0 2 1");
    op_attr(&t, "axis", "0");
    op_expect_error(&t, VT_E_RANGE, "index 2 is outside of the 2 elements of axis 0");
    op_end(&t);
}

static void test_gather_nd(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GatherND", 8);
    op_input(&t, "i32", "2,2,2", "1 2 3 4 5 6 7 8");
    op_input(&t, "i32", "2,2", "0 1 1 -2");
    op_expect(&t, 0, "i32", "2,2", "3 4 5 6", 0);
    op_end(&t);

    op_begin(&t, "GatherND", 8);
    op_param(&t, "i32", "2,3,?,5");
    op_param(&t, "i32", "2,3,1");
    op_attr(&t, "batch_dims", "2");
    op_expect_shape(&t, 0, "i32", "2,3,5");
    op_end(&t);

    op_begin(&t, "GatherND", 5);
    op_param(&t, "i32", "2,3,?,5");
    op_param(&t, "i32", "2,3,1");
    op_attr(&t, "batch_dims", "2");
    op_expect_shape(&t, 0, "i32", "6,5");
    op_end(&t);
}

static void test_scatter_update(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScatterUpdate", 3);
    op_input(&t, "f32", "2,3", "1 2 3 4 5 6");
    op_input(&t, "i64", "1", "-1");
    op_input(&t, "f32", "2,1", "8 9");
    op_const(&t, "i64", "", "1");
    op_expect(&t, 0, "f32", "2,3", "1 2 8 4 5 9", 0);
    op_end(&t);

    op_begin(&t, "ScatterUpdate", 3);
    op_param(&t, "f32", "2,3");
    op_param(&t, "i64", "1");
    op_param(&t, "f32", "2,2");
    op_const(&t, "i64", "", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 2 (updates) has shape [2,2], wanted [2,1]");
    op_end(&t);
}

static void expect_elements(const char *type, const char *reduction, const char *init, const char *want)
{
    struct op_test t;

    op_begin(&t, "ScatterElementsUpdate", 12);
    op_input(&t, type, "4", "2 3 4 5");
    op_input(&t, "i32", "4", "1 1 -1 1");
    op_input(&t, type, "4", "6 1 8 2");
    op_const(&t, "i64", "", "0");
    op_attr(&t, "reduction", reduction);
    op_attr(&t, "use_init_val", init);
    op_expect(&t, 0, type, "4", want, 1e-6);
    op_end(&t);
}

static void test_scatter_elements(void **state)
{
    struct op_test t;

    (void)state;
    expect_elements("f32", "none", "true", "2 2 4 8");
    expect_elements("f32", "sum", "true", "2 12 4 13");
    expect_elements("f32", "sum", "false", "2 9 4 8");
    expect_elements("f64", "prod", "true", "2 36 4 40");
    expect_elements("i32", "min", "true", "2 1 4 5");
    expect_elements("u8", "max", "false", "2 6 4 8");
    expect_elements("f32", "mean", "true", "2 3 4 6.5");
    expect_elements("i32", "mean", "false", "2 3 4 8");
    expect_elements("u8", "prod", "true", "2 36 4 40");

    op_begin(&t, "ScatterElementsUpdate", 12);
    op_input(&t, "i32", "2", "2 3");
    op_input(&t, "i64", "2", "1 1");
    op_input(&t, "i32", "2", "-4 -1");
    op_const(&t, "i32", "", "0");
    op_attr(&t, "reduction", "mean");
    op_attr(&t, "use_init_val", "false");
    op_expect(&t, 0, "i32", "2", "2 -2", 0);
    op_end(&t);

    op_begin(&t, "ScatterElementsUpdate", 3);
    op_input(&t, "i16", "2,2", "1 2 3 4");
    op_input(&t, "i64", "1,2", "1 0");
    op_input(&t, "i16", "1,2", "8 9");
    op_const(&t, "i32", "1", "0");
    op_expect(&t, 0, "i16", "2,2", "1 9 8 4", 0);
    op_end(&t);
}

static void test_scatter_nd(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScatterNDUpdate", 4);
    op_input(&t, "i32", "3,2", "1 2 3 4 5 6");
    op_input(&t, "i32", "2,1", "2 0");
    op_input(&t, "i32", "2,2", "7 8 9 10");
    op_expect(&t, 0, "i32", "3,2", "9 10 3 4 7 8", 0);
    op_end(&t);

    op_begin(&t, "ScatterNDUpdate", 15);
    op_input(&t, "f32", "3", "1 2 3");
    op_input(&t, "i32", "3,1", "2 0 2");
    op_input(&t, "f32", "3", "1 2 4");
    op_attr(&t, "reduction", "sub");
    op_expect(&t, 0, "f32", "3", "-1 2 -2", 0);
    op_end(&t);

    op_begin(&t, "ScatterNDUpdate", 15);
    op_input(&t, "f32", "3", "1 2 3");
    op_input(&t, "i32", "1,1", "3");
    op_input(&t, "f32", "1", "1");
    op_expect_error(&t, VT_E_RANGE, "index 3 is outside of the 3 elements of axis 0");
    op_end(&t);

    /* Multiplied with a stride, such an index would wrap. */
    op_begin(&t, "ScatterNDUpdate", 15);
    op_input(&t, "f32", "3,3", "1 2 3 4 5 6 7 8 9");
    op_input(&t, "i64", "1,2", "-9223372036854775804 1");
    op_input(&t, "f32", "1", "1");
    op_expect_error(&t, VT_E_RANGE, "index -9223372036854775804 is outside of the 3 elements of axis 0");
    op_end(&t);
}

static void test_one_hot(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "OneHot", 1);
    op_input_as(&t, "i64", "?", "3", "2 -1 0");
    op_const(&t, "i64", "", "3");
    op_const(&t, "f32", "", "5");
    op_const(&t, "f32", "", "1");
    op_attr(&t, "axis", "0");
    op_expect_shape(&t, 0, "f32", "3,?");
    op_expect(&t, 0, "f32", "3,3", "1 1 5 1 1 1 5 1 1", 0);
    op_end(&t);

    op_begin(&t, "OneHot", 16);
    op_input(&t, "i32", "2", "-1 -4");
    op_const(&t, "i64", "", "3");
    op_const(&t, "i8", "", "1");
    op_const(&t, "i8", "", "0");
    op_attr(&t, "negative_indices_mode", "normalize");
    op_expect(&t, 0, "i8", "2,3", "0 0 1 0 0 0", 0);
    op_end(&t);
}

static void test_eye(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Eye", 9);
    op_const(&t, "i32", "", "2");
    op_const(&t, "i32", "1", "3");
    op_const(&t, "i32", "", "-1");
    op_const(&t, "i64", "1", "2");
    op_attr(&t, "output_type", "f16");
    op_expect_shape(&t, 0, "f16", "2,2,3");
    op_expect(&t, 0, "f16", "2,2,3", "0 0 0 1 0 0 0 0 0 1 0 0", 0);
    op_end(&t);
}

static void test_col2im(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Col2Im", 15);
    op_input(&t, "f32", "4,4", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
    op_const(&t, "i64", "2", "3 3");
    op_const(&t, "i64", "2", "2 2");
    op_expect(&t, 0, "f32", "1,3,3", "1 7 6 12 34 22 11 27 16", 0);
    op_end(&t);

    op_begin(&t, "Col2Im", 15);
    op_param(&t, "f32", "1,4,5");
    op_const(&t, "i64", "2", "3 3");
    op_const(&t, "i64", "2", "2 2");
    op_expect_error(&t, VT_E_SHAPE, "input 0 has 5 columns, the windows 4");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather),           cmocka_unit_test(test_gather_elements),
        cmocka_unit_test(test_gather_nd),        cmocka_unit_test(test_scatter_update),
        cmocka_unit_test(test_scatter_elements), cmocka_unit_test(test_scatter_nd),
        cmocka_unit_test(test_one_hot),          cmocka_unit_test(test_eye),
        cmocka_unit_test(test_col2im),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
