#include "op_test.h"

static void test_mode_bilinear(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "mode", "bilinear");
    op_attr(&t, "padding_mode", "zeros");
    op_expect(&t, 0, "f32", "1,1,2,3", "-0.70920044 -2.5638802 3.3084457 -0.65137511 2.1721575 0.95928001",
              1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "false");
    op_attr(&t, "mode", "bilinear");
    op_attr(&t, "padding_mode", "border");
    op_expect(&t, 0, "f32", "1,1,2,3", "1.6959999 -3.2600002 3.6541998 -1.0445993 4.0026498 1.2256", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "false");
    op_attr(&t, "mode", "bilinear");
    op_attr(&t, "padding_mode", "reflection");
    op_expect(&t, 0, "f32", "1,1,2,3", "1.6959999 -3.2600002 3.6541998 -1.0445993 3.9181638 1.5655597", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "mode", "bilinear");
    op_attr(&t, "padding_mode", "reflection");
    op_expect(&t, 0, "f32", "1,1,2,3", "-0.70920044 -2.5638802 3.3084457 -0.65137511 2.4618316 2.6108999",
              1e-5);
    op_end(&t);
}

static void test_mode_bicubic(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "mode", "bicubic");
    op_attr(&t, "padding_mode", "zeros");
    op_expect(&t, 0, "f32", "1,1,2,3", "-1.0205604 -3.1326053 3.5764694 -1.1505002 2.7366552 0.70364887",
              1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "false");
    op_attr(&t, "mode", "bicubic");
    op_attr(&t, "padding_mode", "border");
    op_expect(&t, 0, "f32", "1,1,2,3", "1.7928226 -3.5918107 3.9737003 -1.5949547 4.0156183 1.1601858", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "false");
    op_attr(&t, "mode", "bicubic");
    op_attr(&t, "padding_mode", "reflection");
    op_expect(&t, 0, "f32", "1,1,2,3", "1.8008635 -3.8235433 4.2616096 -1.5949547 3.959605 1.5066948", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "mode", "bicubic");
    op_attr(&t, "padding_mode", "reflection");
    op_expect(&t, 0, "f32", "1,1,2,3", "-0.59519219 -2.995477 3.4686422 -1.1466599 2.9801564 2.9069607",
              1e-5);
    op_end(&t);
}

static void test_mode_nearest(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "padding_mode", "zeros");
    op_expect(&t, 0, "f32", "1,1,2,3", "-4.27 -3.4300001 3.23 -3.1199999 4.2399998 1.3099999", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "false");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "padding_mode", "border");
    op_expect(&t, 0, "f32", "1,1,2,3", "3.5799999 -3.4300001 3.23 -3.1199999 4.2399998 1.3099999", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "false");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "padding_mode", "reflection");
    op_expect(&t, 0, "f32", "1,1,2,3", "3.5799999 -3.4300001 3.23 -3.1199999 4.2399998 1.3099999", 1e-5);
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_input(&t, "f32", "1,1,3,4",
             "-0.80000001 1.3099999 4.3499999 4.2399998 -1.73 4.8899999 -3.1199999 3.23 -3.4300001 "
             "-0.94999999 -4.27 3.5799999");
    op_input(&t, "f32", "1,2,3,2",
             "0.63 0.86000001 -0.97000003 0.60000002 0.97000003 -0.28 0.15000001 -0.059999999 1.28 "
             "-0.50999999 -0.27000001 -1.4");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "padding_mode", "reflection");
    op_expect(&t, 0, "f32", "1,1,2,3", "-4.27 -3.4300001 3.23 -3.1199999 4.2399998 1.3099999", 1e-5);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GridSample", 9);
    op_param(&t, "f32", "?,3,?,?");
    op_param(&t, "f32", "4,5,6,2");
    op_expect_shape(&t, 0, "f32", "4,3,5,6");
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_param(&t, "f32", "...");
    op_param(&t, "f32", "...");
    op_expect_shape(&t, 0, "f32", "?,?,?,?");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GridSample", 9);
    op_param(&t, "f32", "1,3,4,4");
    op_param(&t, "f32", "1,5,6,3");
    op_expect_error(&t, VT_E_SHAPE, "the last axis of input 1 must have 2 elements");
    op_end(&t);

    op_begin(&t, "GridSample", 9);
    op_param(&t, "f32", "1,3,4,4");
    op_param(&t, "f32", "2,5,6,2");
    op_expect_error(&t, VT_E_SHAPE, "the same batch");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode_bilinear), cmocka_unit_test(test_mode_bicubic),
        cmocka_unit_test(test_mode_nearest),  cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
