#include "op_test.h"

static void test_versions(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "BatchNormInference", 5);
    op_input_as(&t, "f32", "?,?,2", "1,2,2", "1 2 3 4");
    op_const(&t, "f32", "2", "2 3");
    op_const(&t, "f32", "2", "1 0");
    op_const(&t, "f32", "2", "1 3");
    op_const(&t, "f32", "2", "3 0");
    op_attr(&t, "epsilon", "1");
    op_expect_shape(&t, 0, "f32", "?,2,2");
    op_expect(&t, 0, "f32", "1,2,2", "1 2 0 3", 1e-6);
    op_end(&t);

    op_begin(&t, "BatchNormInference", 1);
    op_const(&t, "f32", "2", "2 3");
    op_const(&t, "f32", "2", "1 0");
    op_input(&t, "f32", "1,2,2", "1 2 3 4");
    op_const(&t, "f32", "2", "1 3");
    op_const(&t, "f32", "2", "3 0");
    op_attr(&t, "epsilon", "1");
    op_expect(&t, 0, "f32", "1,2,2", "1 2 0 3", 1e-6);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "BatchNormInference", 5);
    op_param(&t, "f32", "1,2,2");
    op_param(&t, "f32", "3");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_attr(&t, "epsilon", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 1 must have one element per channel, not shape [3]");
    op_end(&t);

    op_begin(&t, "BatchNormInference", 5);
    op_param(&t, "f32", "1");
    op_param(&t, "f32", "3");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_attr(&t, "epsilon", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 0 must have 2 axes or more, not 1");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
