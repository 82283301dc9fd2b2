#include "op_test.h"

static void test_l2(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NormalizeL2", 1);
    op_input(&t, "f32", "1,4,2", "-0.31 1.79 -1.59 -1.08 1.8 0.039999999 0.039999999 -1.58");
    op_const(&t, "i64", "1", "1");
    op_attr(&t, "eps", "0.1");
    op_attr(&t, "eps_mode", "add");
    op_expect(&t, 0, "f32", "1,4,2",
              "-0.12691921 0.67808384 -0.65097272 -0.40912324 0.73695022 0.015152711 0.016376672 -0.59853214",
              1e-5);
    op_end(&t);

    op_begin(&t, "NormalizeL2", 1);
    op_input(&t, "f32", "1,4,2", "-0.31 1.79 -1.59 -1.08 1.8 0.039999999 0.039999999 -1.58");
    op_const(&t, "i64", "2", "1 -1");
    op_attr(&t, "eps", "100.0");
    op_attr(&t, "eps_mode", "max");
    op_expect(&t, 0, "f32", "1,4,2",
              "-0.030999999 0.17899999 -0.15900001 -0.108 0.17999999 0.0039999997 0.0039999997 -0.15800001",
              1e-5);
    op_end(&t);

    op_begin(&t, "NormalizeL2", 1);
    op_input(&t, "f32", "2", "-3 4");
    op_const(&t, "i64", "0", "");
    op_attr(&t, "eps", "0.1");
    op_attr(&t, "eps_mode", "add");
    op_expect(&t, 0, "f32", "2", "1 1", 1e-6);
    op_end(&t);
}

static void test_grn(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GRN", 1);
    op_input(&t, "f32", "1,3,2,2",
             "-0.97000003 0.87 -0.82999998 0.69 -0.25999999 0.89999998 -0.2 0.87 0.11 -0.51999998 0.47999999 "
             "0.34999999");
    op_attr(&t, "bias", "0.5");
    op_expect(&t, 0, "f32", "1,3,2,2",
              "-0.78661865 0.56906521 -0.68707764 0.50654566 -0.21084622 0.58868814 -0.16556089 0.63868803 "
              "0.08920417 -0.34013093 0.39734611 0.25694346",
              1e-5);
    op_end(&t);
}

static void test_lrn(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "LRN", 1);
    op_input(&t, "f32", "1,4,2", "-0.31 1.79 -1.59 -1.08 1.8 0.039999999 0.039999999 -1.58");
    op_const(&t, "i64", "1", "1");
    op_attr(&t, "alpha", "0.1");
    op_attr(&t, "beta", "0.75");
    op_attr(&t, "bias", "1.0");
    op_attr(&t, "size", "3");
    op_expect(&t, 0, "f32", "1,4,2",
              "-0.29110369 1.6164213 -1.3907281 -0.97523695 1.5775275 0.036687892 0.037037313 -1.4880091",
              1e-5);
    op_end(&t);

    op_begin(&t, "LRN", 1);
    op_input(&t, "f32", "1,1,3,3", "1.11 -0.22 -1.67 0.85000002 -2.3599999 1.15 0.81 -0.74000001 1.79");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "alpha", "0.1");
    op_attr(&t, "beta", "0.75");
    op_attr(&t, "bias", "2.0");
    op_attr(&t, "size", "3");
    op_expect(
        &t, 0, "f32", "1,1,3,3",
        "0.63992316 -0.1247858 -0.95454711 0.48768592 -1.3159801 0.64774013 0.46711439 -0.41917917 1.0194546",
        1e-5);
    op_end(&t);
}

static void test_groups(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GroupNormalization", 12);
    op_input(&t, "f32", "1,4,2", "-0.31 1.79 -1.59 -1.08 1.8 0.039999999 0.039999999 -1.58");
    op_const(&t, "f32", "4", "-0.61000001 -0.22 0.60000002 -0.23999999");
    op_const(&t, "f32", "4", "0.43000001 0.23 0.88 0.98000002");
    op_attr(&t, "num_groups", "2");
    op_attr(&t, "epsilon", "0.01");
    op_expect(&t, 0, "f32", "1,4,2",
              "0.43590009 -0.55531746 0.45002553 0.36320695 1.7427173 0.8624956 0.98700178 1.3110833", 1e-5);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NormalizeL2", 1);
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", "1", "2");
    op_attr(&t, "eps", "1");
    op_attr(&t, "eps_mode", "add");
    op_expect_error(&t, VT_E_RANGE, "axis 2 is outside of rank 2");
    op_end(&t);

    op_begin(&t, "GroupNormalization", 12);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "3");
    op_param(&t, "f32", "3");
    op_attr(&t, "num_groups", "2");
    op_attr(&t, "epsilon", "1");
    op_expect_error(&t, VT_E_SHAPE, "3 channels cannot form 2 groups");
    op_end(&t);

    op_begin(&t, "GroupNormalization", 12);
    op_param(&t, "f32", "2,4");
    op_param(&t, "f32", "3");
    op_param(&t, "f32", "4");
    op_attr(&t, "num_groups", "2");
    op_attr(&t, "epsilon", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 1 must have one element per channel");
    op_end(&t);

    op_begin(&t, "GRN", 1);
    op_param(&t, "f32", "2");
    op_attr(&t, "bias", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 0 must have 2 axes or more, not 1");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_l2),     cmocka_unit_test(test_grn),    cmocka_unit_test(test_lrn),
        cmocka_unit_test(test_groups), cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
