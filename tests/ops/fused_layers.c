#include "op_test.h"

static void test_convolution(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FusedConvolution", 0);
    op_input_as(&t, "f32", "?,1,3", "1,1,3", "1 2 3");
    op_const(&t, "f32", "2,1,2", "1 1 1 -1");
    op_const(&t, "f32", "2", "2 10");
    op_const(&t, "f32", "2", "0 5");
    op_const(&t, "f32", "1,2,1", "100 -1");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "post", "1,4,0,0,11,-1,0,0");
    op_expect_shape(&t, 0, "f32", "?,2,2");
    op_expect(&t, 0, "f32", "1,2,2", "106 110 0 0", 1e-6);
    op_end(&t);

    op_begin(&t, "FusedConvolution", 0);
    op_input(&t, "f32", "1,2,2", "1 2 3 4");
    op_const(&t, "i8", "2,1,1,2", "1 1 1 -1");
    op_skip(&t);
    op_const(&t, "f32", "2", "1 2");
    op_attr(&t, "strides", "1");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "explicit");
    op_attr(&t, "grouped", "true");
    op_expect(&t, 0, "f32", "1,2,1", "4 1", 1e-6);
    op_end(&t);

    op_begin(&t, "FusedConvolutionBackpropData", 0);
    op_input(&t, "f32", "1,1,3", "1 2 3");
    op_const(&t, "f32", "1,1,3", "1 2 3");
    op_skip(&t);
    op_const(&t, "f32", "1", "1");
    op_attr(&t, "strides", "2");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_attr(&t, "dilations", "1");
    op_attr(&t, "auto_pad", "same_upper");
    op_attr(&t, "output_shape", "6");
    op_attr(&t, "post", "10,-1,2,0");
    op_expect(&t, 0, "f32", "1,1,6", "6 12 10 20 14 20", 1e-6);
    op_end(&t);
}

static void test_matmul(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FusedMatMul", 0);
    op_input(&t, "f32", "2,2", "1 2 3 4");
    op_const(&t, "u4", "2,2", "1 2 3 4");
    op_const(&t, "f32", "2", "1 0.5");
    op_const(&t, "f32", "2", "0 1");
    op_const(&t, "f32", "2,1", "1 2");
    op_attr(&t, "transpose_b", "true");
    op_attr(&t, "post", "4,4,0,0");
    op_expect(&t, 0, "f32", "2,2", "5 6.5 22 27", 1e-6);
    op_end(&t);

    op_begin(&t, "FusedMatMul", 0);
    op_input(&t, "f32", "1,2", "1 2");
    op_const(&t, "f32", "2", "3 4");
    op_skip(&t);
    op_const(&t, "f32", "1", "0.5");
    op_const(&t, "f32", "1", "2");
    op_attr(&t, "post", "4,4,0,0");
    op_expect(&t, 0, "f32", "1", "23", 1e-6);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FusedConvolution", 0);
    op_param(&t, "f32", "1,1,3");
    op_const(&t, "f32", "2,1,2", "1");
    op_const(&t, "f32", "3", "2");
    op_expect_error(&t, VT_E_SHAPE, "input 2 must have one element per output channel, not shape [3]");
    op_end(&t);

    op_begin(&t, "FusedConvolution", 0);
    op_param(&t, "f32", "1,1,3");
    op_const(&t, "f32", "2,1,2", "1");
    op_skip(&t);
    op_skip(&t);
    op_attr(&t, "post", "1,4,0,0");
    op_expect_error(&t, VT_E_INVALID, "no input 4");
    op_end(&t);

    op_begin(&t, "FusedMatMul", 0);
    op_param(&t, "f32", "2,2");
    op_const(&t, "f32", "2,3", "1");
    op_skip(&t);
    op_const(&t, "f32", "2", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 3 must have one element per column, not shape [2]");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_matmul),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
