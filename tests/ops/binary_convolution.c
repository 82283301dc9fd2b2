#include "op_test.h"

static void test_values(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "BinaryConvolution", 1);
    op_input(&t, "f32", "1,8,2,2",
             "1 -1 1 -1 -1 1 -1 1 -1 -1 -1 -1 -1 -1 1 1 -1 -1 1 1 -1 1 -1 1 1 0 1 1 -1 -1 -1 -1");
    op_const(&t, "u1", "1,8,2,2", "1 0 0 0 1 0 0 1 0 1 1 0 0 0 1 0 0 1 0 1 0 1 0 0 1 1 0 0 0 1 0 0");
    op_attr(&t, "strides", "1,1");
    op_attr(&t, "pads_begin", "0,1");
    op_attr(&t, "pads_end", "0,0");
    op_attr(&t, "dilations", "1,1");
    op_attr(&t, "mode", "xnor-popcount");
    op_attr(&t, "pad_value", "0.0");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,1,1,2", "-2 2", 1e-5);
    op_end(&t);

    op_begin(&t, "BinaryConvolution", 1);
    op_input(&t, "f32", "1,8,2,2",
             "1 -1 1 -1 -1 1 -1 1 -1 -1 -1 -1 -1 -1 1 1 -1 -1 1 1 -1 1 -1 1 1 0 1 1 -1 -1 -1 -1");
    op_const(&t, "u1", "1,8,2,2", "1 0 0 0 1 0 0 1 0 1 1 0 0 0 1 0 0 1 0 1 0 1 0 0 1 1 0 0 0 1 0 0");
    op_attr(&t, "strides", "1,1");
    op_attr(&t, "pads_begin", "0,1");
    op_attr(&t, "pads_end", "0,0");
    op_attr(&t, "dilations", "1,1");
    op_attr(&t, "mode", "xnor-popcount");
    op_attr(&t, "pad_value", "1.0");
    op_attr(&t, "auto_pad", "explicit");
    op_expect(&t, 0, "f32", "1,1,1,2", "-4 2", 1e-5);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "BinaryConvolution", 1);
    op_param(&t, "f32", "1,2,1,2");
    op_const(&t, "u1", "1,3,1,2", "0");
    op_attr(&t, "strides", "1,1");
    op_attr(&t, "pads_begin", "0,1");
    op_attr(&t, "pads_end", "0,0");
    op_attr(&t, "dilations", "1,1");
    op_attr(&t, "mode", "xnor-popcount");
    op_attr(&t, "pad_value", "0");
    op_expect_error(&t, VT_E_SHAPE, "the channels of input 0");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
