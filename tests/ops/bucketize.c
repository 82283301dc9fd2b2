#include "op_test.h"

static void bucketize(const char *right, const char *type, const char *want)
{
    struct op_test t;

    op_begin(&t, "Bucketize", 3);
    op_input_as(&t, "f32", "?", "6", "0 1 1.5 3 9 nan");
    op_input(&t, "f32", "3", "1 3 5");
    op_attr(&t, "with_right_bound", right);
    op_attr(&t, "output_type", type);
    op_expect_shape(&t, 0, type, "?");
    op_expect(&t, 0, type, "6", want, 0);
    op_end(&t);
}

static void test_values(void **state)
{
    struct op_test t;

    (void)state;
    bucketize("true", "i32", "0 0 1 1 3 0");
    bucketize("false", "i64", "0 1 1 2 3 3");

    op_begin(&t, "Bucketize", 3);
    op_input(&t, "i64", "1,2", "9007199254740993 -5");
    op_input(&t, "i64", "2", "-5 9007199254740992");
    op_expect(&t, 0, "i64", "1,2", "2 0", 0);
    op_end(&t);

    op_begin(&t, "Bucketize", 3);
    op_input(&t, "f32", "2", "1 2");
    op_input(&t, "i32", "0", "");
    op_expect(&t, 0, "i64", "2", "0 0", 0);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Bucketize", 3);
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2,2");
    op_expect_error(&t, VT_E_SHAPE, "buckets (input 1) must have rank 1, not 2");
    op_end(&t);

    op_begin(&t, "Bucketize", 3);
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_attr(&t, "output_type", "u8");
    op_expect_error(&t, VT_E_TYPE, "attribute output_type must be i32 or i64, not u8");
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
