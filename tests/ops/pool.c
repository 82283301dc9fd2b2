#include "op_test.h"

static void test_max(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MaxPool", 1);
    op_input_as(&t, "f32", "?,1,?,3", "1,1,3,3", "1 2 3 6 5 4 7 9 8");
    op_attr(&t, "kernel", "2,2");
    op_attr(&t, "strides", "1,1");
    op_attr(&t, "pads_begin", "0,0");
    op_attr(&t, "pads_end", "0,0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "?,1,1..,2");
    op_expect(&t, 0, "f32", "1,1,2,2", "6 5 9 9", 0);
    op_end(&t);

    op_begin(&t, "MaxPool", 1);
    op_input(&t, "i8", "1,1,4", "-5 -6 -7 -8");
    op_attr(&t, "kernel", "3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "1");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "i8", "1,1,2", "-5 -6", 0);
    op_end(&t);

    op_begin(&t, "MaxPool", 1);
    op_input(&t, "f32", "1,1,5", "1 2 3 4 5");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "ceil");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,1,3", "2 4 5", 0);
    op_end(&t);
}

static void test_max_indices(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MaxPool", 8);
    op_input(&t, "f32", "1,2,3", "1 3 2 9 8 7");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 1, "i64", "1,2,2");
    op_expect(&t, 0, "f32", "1,2,2", "3 3 9 8", 0);
    op_expect(&t, 1, "i64", "1,2,2", "1 1 3 4", 0);
    op_end(&t);

    op_begin(&t, "MaxPool", 8);
    op_input(&t, "f32", "1,2,3", "1 3 2 9 8 7");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "axis", "-1");
    op_attr(&t, "index_element_type", "i32");
    op_expect(&t, 1, "i32", "1,2,2", "1 1 0 1", 0);
    op_end(&t);

    op_begin(&t, "MaxPool", 14);
    op_input(&t, "f32", "1,1,6", "1 2 3 4 5 6");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "3");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "ceil_torch");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "dilations", "2");
    op_expect(&t, 0, "f32", "1,1,3", "2 5 6", 0);
    op_end(&t);
}

/* Nothing but padding: the lowest number, and no place that it came from. */
static void test_max_of_nothing(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MaxPool", 8);
    op_input(&t, "f32", "1,2,0", "");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "2");
    op_attr(&t, "pads_end", "1");
    op_attr(&t, "kernel", "3");
    op_attr(&t, "axis", "2");
    op_expect(&t, 0, "f32", "1,2,1", "-3.402823466e38", 0);
    op_expect(&t, 1, "i64", "1,2,1", "0", 0);
    op_end(&t);
}

static void test_average(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "AvgPool", 1);
    op_input(&t, "f32", "1,1,5", "1 2 3 4 5");
    op_attr(&t, "kernel", "3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "1");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "exclude-pad", "true");
    op_expect(&t, 0, "f32", "1,1,3", "1.5 3 4.5", 1e-6);
    op_end(&t);

    op_begin(&t, "AvgPool", 1);
    op_input(&t, "f32", "1,1,5", "1 2 3 4 5");
    op_attr(&t, "kernel", "3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "1");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "exclude-pad", "false");
    op_expect(&t, 0, "f32", "1,1,3", "1 3 3", 1e-6);
    op_end(&t);

    op_begin(&t, "AvgPool", 1);
    op_input(&t, "f32", "1,1,5", "1 2 3 4 5");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "ceil");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "exclude-pad", "false");
    op_expect(&t, 0, "f32", "1,1,3", "1.5 3.5 5", 1e-6);
    op_end(&t);

    op_begin(&t, "AvgPool", 14);
    op_input(&t, "f32", "1,1,5", "1 2 3 4 5");
    op_attr(&t, "kernel", "3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "ceil_torch");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "exclude-pad", "false");
    op_expect(&t, 0, "f32", "1,1,3", "1 3 3", 1e-6);
    op_end(&t);

    op_begin(&t, "AvgPool", 16);
    op_input(&t, "f16", "1,1,5", "1 2 3 4 5");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "exclude-pad", "true");
    op_attr(&t, "dilations", "2");
    op_expect(&t, 0, "f16", "1,1,3", "2 3 4", 0);
    op_end(&t);
}

static void test_auto_pad(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "AvgPool", 1);
    op_input(&t, "f32", "1,1,4", "1 2 3 4");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "same_upper");
    op_attr(&t, "exclude-pad", "true");
    op_expect(&t, 0, "f32", "1,1,4", "1.5 2.5 3.5 4", 1e-6);
    op_end(&t);

    op_begin(&t, "AvgPool", 1);
    op_input(&t, "f32", "1,1,4", "1 2 3 4");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "same_lower");
    op_attr(&t, "exclude-pad", "false");
    op_expect(&t, 0, "f32", "1,1,4", "0.5 1.5 2.5 3.5", 1e-6);
    op_end(&t);

    op_begin(&t, "MaxPool", 1);
    op_input(&t, "f32", "1,1,6", "1 2 3 4 5 6");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "3");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "ceil");
    op_attr(&t, "auto_pad", "same_lower");
    op_expect_shape(&t, 0, "f32", "1,1,3");
    op_end(&t);

    op_begin(&t, "MaxPool", 1);
    op_param(&t, "f32", "1,1,3..7");
    op_attr(&t, "kernel", "3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "same_upper");
    op_expect_shape(&t, 0, "f32", "1,1,2..4");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "MaxPool", 1);
    op_param(&t, "f32", "1,1,4,4");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_error(&t, VT_E_SHAPE, "input 0 has 4 axes, a kernel of 1 axes wants 3");
    op_end(&t);

    op_begin(&t, "MaxPool", 1);
    op_param(&t, "f32", "1,1,1");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_error(&t, VT_E_SHAPE, "a kernel of 2 with dilation 1 does not fit 1 elements");
    op_end(&t);

    op_begin(&t, "MaxPool", 1);
    op_param(&t, "f32", "1,1,4");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "ceil_torch");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_error(&t, VT_E_INVALID, "rounding_type");
    op_end(&t);

    op_begin(&t, "MaxPool", 8);
    op_param(&t, "f32", "1,1,4");
    op_attr(&t, "kernel", "2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "rounding_type", "floor");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "axis", "3");
    op_expect_error(&t, VT_E_RANGE, "axis 3 is outside of rank 3");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max),
        cmocka_unit_test(test_max_indices),
        cmocka_unit_test(test_max_of_nothing),
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_auto_pad),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
