#include "op_test.h"

static void test_axes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MVN", 6);
    op_input(&t, "f32", "1,2,2", "1 3 2 6");
    op_const(&t, "i64", "1", "-1");
    op_attr(&t, "normalize_variance", "true");
    op_attr(&t, "eps", "0");
    op_attr(&t, "eps_mode", "inside_sqrt");
    op_expect(&t, 0, "f32", "1,2,2", "-1 1 -1 1", 1e-6);
    op_end(&t);

    op_begin(&t, "MVN", 6);
    op_input(&t, "f32", "1,2,2", "1 3 2 6");
    op_const(&t, "i32", "2", "1 2");
    op_attr(&t, "normalize_variance", "false");
    op_attr(&t, "eps", "1");
    op_attr(&t, "eps_mode", "outside_sqrt");
    op_expect(&t, 0, "f32", "1,2,2", "-2 0 -1 3", 1e-6);
    op_end(&t);

    op_begin(&t, "MVN", 6);
    op_input(&t, "f32", "4", "0 2 0 2");
    op_const(&t, "i32", "1", "0");
    op_attr(&t, "normalize_variance", "true");
    op_attr(&t, "eps", "1");
    op_attr(&t, "eps_mode", "OUTSIDE_SQRT");
    op_expect(&t, 0, "f32", "4", "-0.5 0.5 -0.5 0.5", 1e-6);
    op_end(&t);

    op_begin(&t, "MVN", 6);
    op_input(&t, "f32", "4", "0 2 0 2");
    op_const(&t, "i32", "1", "0");
    op_attr(&t, "normalize_variance", "true");
    op_attr(&t, "eps", "3");
    op_attr(&t, "eps_mode", "inside_sqrt");
    op_expect(&t, 0, "f32", "4", "-0.5 0.5 -0.5 0.5", 1e-6);
    op_end(&t);
}

static void test_version_1(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MVN", 2);
    op_input(&t, "f16", "1,2,2", "1 3 2 6");
    op_attr(&t, "across_channels", "false");
    op_attr(&t, "normalize_variance", "true");
    op_attr(&t, "eps", "1e-9");
    op_expect(&t, 0, "f16", "1,2,2", "-1 1 -1 1", 1e-3);
    op_end(&t);

    op_begin(&t, "MVN", 2);
    op_input(&t, "f32", "1,2,2", "1 3 2 6");
    op_attr(&t, "across_channels", "true");
    op_attr(&t, "normalize_variance", "false");
    op_attr(&t, "eps", "1e-9");
    op_expect(&t, 0, "f32", "1,2,2", "-2 0 -1 3", 1e-6);
    op_end(&t);
}

static void test_layer_norm(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "LayerNorm", 0);
    op_input_as(&t, "f32", "?,2", "2,2", "1 3 2 6");
    op_const(&t, "f32", "2", "2 3");
    op_const(&t, "f32", "2", "10 20");
    op_attr(&t, "axes_count", "1");
    op_attr(&t, "eps", "0");
    op_expect_shape(&t, 0, "f32", "?,2");
    op_expect(&t, 0, "f32", "2,2", "8 23 8 23", 1e-6);
    op_end(&t);

    op_begin(&t, "LayerNorm", 0);
    op_input(&t, "f32", "1,2", "3 4");
    op_skip(&t);
    op_const(&t, "f32", "1", "1");
    op_attr(&t, "rms", "true");
    op_attr(&t, "eps", "0.5");
    op_attr(&t, "eps_mode", "outside_sqrt");
    op_expect(&t, 0, "f32", "1,2", "1.7433960 1.9911947", 1e-6);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MVN", 6);
    op_param(&t, "i32", "2,2");
    op_const(&t, "i64", "1", "1");
    op_attr(&t, "normalize_variance", "true");
    op_attr(&t, "eps", "0");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a float type");
    op_end(&t);

    op_begin(&t, "MVN", 6);
    op_param(&t, "f32", "2,2");
    op_const(&t, "i64", "1", "2");
    op_attr(&t, "normalize_variance", "true");
    op_attr(&t, "eps", "0");
    op_expect_error(&t, VT_E_RANGE, "axis 2 is outside of rank 2");
    op_end(&t);

    op_begin(&t, "LayerNorm", 0);
    op_param(&t, "f32", "2,4");
    op_const(&t, "f32", "3", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 1 [3] does not broadcast over the last 1 axes of [2,4]");
    op_end(&t);

    op_begin(&t, "LayerNorm", 0);
    op_param(&t, "f32", "2,4");
    op_attr(&t, "axes_count", "3");
    op_expect_error(&t, VT_E_RANGE, "axes_count is 3 for rank 2");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
