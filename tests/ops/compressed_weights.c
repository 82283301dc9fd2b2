#include "op_test.h"

static void test_values(void **state)
{
    struct op_test t;

    (void)state;
    /* Two groups of two a row, each with scale and zero point. */
    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "u4", "2,2,2", "0 15 1 2 3 4 5 6");
    op_const(&t, "f16", "2,2,1", "0.5 2 1 -1");
    op_const(&t, "u4", "2,2,1", "8 1 3 0");
    op_attr(&t, "shape", "2,4");
    op_expect_shape(&t, 0, "f32", "2,4");
    op_expect(&t, 0, "f32", "2,4", "-4 3.5 0 2 0 1 -5 -6", 0);
    op_end(&t);

    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "i4", "2,3", "-8 7 -1 1 0 2");
    op_const(&t, "f32", "3", "1 0.25 10");
    op_attr(&t, "shape", "6");
    op_expect(&t, 0, "f32", "6", "-8 1.75 -10 1 0 20", 0);
    op_end(&t);

    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "i8", "2", "-128 127");
    op_attr(&t, "shape", "2,1");
    op_expect(&t, 0, "f32", "2,1", "-128 127", 0);
    op_end(&t);

    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "f4e2m1", "1,2", "-6 0.5");
    op_const(&t, "f8e8m0", "1,1", "0.25");
    op_attr(&t, "shape", "2");
    op_expect(&t, 0, "f32", "2", "-1.5 0.125", 0);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "u8", "2,3", "1");
    op_const(&t, "f32", "2", "1");
    op_attr(&t, "shape", "6");
    op_expect_error(&t, VT_E_SHAPE, "does not broadcast to the weights'");
    op_end(&t);

    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "u8", "2,1", "1");
    op_const(&t, "f32", "2,4", "1");
    op_attr(&t, "shape", "2");
    op_expect_error(&t, VT_E_SHAPE, "does not broadcast to the weights'");
    op_end(&t);

    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "u8", "2,3", "1");
    op_attr(&t, "shape", "5");
    op_expect_error(&t, VT_E_SHAPE, "cannot become");
    op_end(&t);

    op_begin(&t, "CompressedWeights", 0);
    op_const(&t, "u8", "2,3", "1");
    op_attr(&t, "shape", "-2,-3");
    op_expect_error(&t, VT_E_INVALID, "attribute shape has -2");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_errors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
