#include "op_test.h"

static void test_values(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convolution", 1);
    op_input_as(&t, "f32", "?,1,?,3", "1,1,3,3", "1 2 3 4 5 6 7 8 9");
    op_const(&t, "f32", "2,1,2,2", "1 0 0 1 1 1 1 1");
    op_attr(&t, "strides", "1,1");
    op_attr(&t, "pads_begin", "0,0");
    op_attr(&t, "pads_end", "0,0");
    op_attr(&t, "dilations", "1,1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "?,2,1..,2");
    op_expect(&t, 0, "f32", "1,2,2,2", "6 8 12 14 12 16 24 28", 1e-6);
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_input(&t, "f16", "1,2,4", "1 2 3 4 5 6 7 8");
    op_input(&t, "f16", "1,2,2", "1 -1 2 1");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f16", "1,1,2", "4 18", 0);
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_input(&t, "f32", "1,1,5", "1 2 3 4 5");
    op_input(&t, "f32", "1,1,2", "1 10");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "3");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,1,2", "41 52", 0);
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_input(&t, "i32", "1,1,3", "1 2 3");
    op_input(&t, "i32", "1,1,2", "3 -1");
    op_expect(&t, 0, "i32", "1,1,2", "1 3", 0);
    op_end(&t);
}

static void test_auto_pad(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convolution", 1);
    op_input(&t, "f32", "1,1,4", "1 2 3 4");
    op_const(&t, "f32", "1,1,2", "1 10");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "7");
    op_attr(&t, "pads_end", "7");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "same_upper");
    op_expect(&t, 0, "f32", "1,1,4", "21 32 43 4", 0);
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_input(&t, "f32", "1,1,4", "1 2 3 4");
    op_const(&t, "f32", "1,1,2", "1 10");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "same_lower");
    op_expect(&t, 0, "f32", "1,1,4", "10 21 32 43", 0);
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_input(&t, "f32", "1,1,4", "1 2 3 4");
    op_const(&t, "f32", "1,1,2", "1 10");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "5");
    op_attr(&t, "pads_end", "5");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "valid");
    op_expect(&t, 0, "f32", "1,1,2", "21 43", 0);
    op_end(&t);
}

static void test_volume(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convolution", 1);
    op_input(&t, "f32", "1,1,2,2,2", "1 2 3 4 5 6 7 8");
    op_const(&t, "f32", "1,1,2,2,2", "1");
    op_attr(&t, "strides", "1,1,1");
    op_attr(&t, "pads_begin", "0,0,1");
    op_attr(&t, "pads_end", "0,0,1");
    op_attr(&t, "dilations", "1,1,1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,1,1,1,3", "16 36 20", 0);
    op_end(&t);
}

static void test_groups(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GroupConvolution", 1);
    op_input(&t, "f32", "1,2,3", "1 2 3 4 5 6");
    op_const(&t, "f32", "2,1,1,2", "1 1 10 1");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,2,2", "3 5 45 56", 0);
    op_end(&t);

    op_begin(&t, "GroupConvolution", 1);
    op_param(&t, "f32", "?,?,?");
    op_param(&t, "f32", "2,3,4,5");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "2");
    op_attr(&t, "pads_end", "2");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "?,6,1..");
    op_end(&t);
}

static void test_transposed(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ConvolutionBackpropData", 1);
    op_input(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "f32", "1,1,3", "1 2 3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "output_padding", "1");
    op_expect(&t, 0, "f32", "1,1,8", "1 2 5 4 9 6 9 0", 0);
    op_end(&t);

    op_begin(&t, "ConvolutionBackpropData", 1);
    op_input(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "i64", "1", "6");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "same_upper");
    op_expect(&t, 0, "f32", "1,1,6", "2 5 4 9 6 9", 0);
    op_end(&t);

    op_begin(&t, "ConvolutionBackpropData", 1);
    op_input(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "i32", "1", "6");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "same_lower");
    op_expect(&t, 0, "f32", "1,1,6", "1 2 5 4 9 6", 0);
    op_end(&t);

    op_begin(&t, "ConvolutionBackpropData", 1);
    op_input(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "f32", "1,1,4", "1 2 3 4");
    op_const(&t, "i64", "1", "7");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,1,7", "1 2 5 8 9 14 9", 0);
    op_end(&t);

    op_begin(&t, "GroupConvolutionBackpropData", 1);
    op_input(&t, "f32", "1,2,2", "1 2 3 4");
    op_const(&t, "f32", "2,1,1,2", "1 2 3 4");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,2,3", "1 4 4 9 24 16", 0);
    op_end(&t);

    op_begin(&t, "ConvolutionBackpropData", 1);
    op_param(&t, "f32", "1,3,1..5");
    op_param(&t, "f32", "3,2,3");
    op_param(&t, "i64", "1");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "1,2,?");
    op_end(&t);

    op_begin(&t, "ConvolutionBackpropData", 1);
    op_param(&t, "f32", "1,3,1..5");
    op_param(&t, "f32", "3,2,3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "1");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "1,2,1..9");
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "...");
    op_param(&t, "f32", "4,3,1,1");
    op_attr(&t, "strides", "1,1");
    op_attr(&t, "pads_begin", "0,0");
    op_attr(&t, "pads_end", "0,0");
    op_attr(&t, "dilations", "1,1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "?,4,1..,1..");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "...");
    op_param(&t, "f32", "...");
    op_expect_shape(&t, 0, "f32", "...");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "2,3,0..10");
    op_param(&t, "f32", "4,3,3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_expect_shape(&t, 0, "f32", "2,4,1..4");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "2,3,3..10");
    op_param(&t, "f32", "4,3,3");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "same_upper");
    op_expect_shape(&t, 0, "f32", "2,4,2..5");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f32", "4,2,3");
    op_expect_error(&t, VT_E_SHAPE, "the channels of input 0 [1,3,8] do not fit the weights [4,2,3]");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "1,3,2");
    op_param(&t, "f32", "4,3,3");
    op_expect_error(&t, VT_E_SHAPE, "a kernel of 3 with dilation 1 does not fit 2 elements");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "1,3");
    op_param(&t, "f32", "4,3,3");
    op_expect_error(&t, VT_E_SHAPE, "input 0 must have 3 to 5 axes, not 2");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f16", "4,3,3");
    op_expect_error(&t, VT_E_TYPE, "input 1 is f16");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "1,3,8,8");
    op_param(&t, "f32", "4,3,3,3");
    op_attr(&t, "strides", "1");
    op_expect_error(&t, VT_E_INVALID, "attribute strides has 1 numbers for 2 spatial axes");
    op_end(&t);

    op_begin(&t, "Convolution", 1);
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f32", "4,3,3");
    op_attr(&t, "strides", "0");
    op_expect_error(&t, VT_E_RANGE, "strides");
    op_end(&t);

    op_begin(&t, "ConvolutionBackpropData", 1);
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f32", "3,4,3");
    op_const(&t, "i64", "2", "4 4");
    op_expect_error(&t, VT_E_SHAPE, "the output shape has 2 extents for 1 spatial axes");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_auto_pad),   cmocka_unit_test(test_volume),
        cmocka_unit_test(test_groups), cmocka_unit_test(test_transposed), cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
