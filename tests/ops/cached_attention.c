#include "op_test.h"

/* Without variables there is no past: what ScaledDotProductAttention gives. */
static void test_first(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "CachedAttention", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "value_id", "v");
    op_input(&t, "f32", "1,2,2,1", "1 0 0 1");
    op_input(&t, "f32", "1,1,2,1", "0 0.69314718");
    op_input(&t, "f32", "1,1,2,1", "3 6");
    op_skip(&t);
    op_const(&t, "f32", "", "1");
    op_expect_shape(&t, 0, "f32", "1,2,2,1");
    /* exp(0) : exp(log 2) is 1 : 2 where the query is 1, else 1 : 1 */
    op_expect(&t, 0, "f32", "1,2,2,1", "5 4.5 4.5 5", 1e-6);
    op_end(&t);

    op_begin(&t, "CachedAttention", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "value_id", "v");
    op_input(&t, "f32", "1,1,2,1", "1 1");
    op_input(&t, "f32", "1,1,2,1", "0 0");
    op_input(&t, "f32", "1,1,2,1", "2 4");
    op_input(&t, "boolean", "2,2", "1 0 1 1");
    op_expect(&t, 0, "f32", "1,1,2,1", "2 3", 1e-6);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "CachedAttention", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "value_id", "v");
    op_param(&t, "f32", "?,6,?,64");
    op_param(&t, "f32", "2,3,?,64");
    op_param(&t, "f32", "?,3,5,32");
    op_expect_shape(&t, 0, "f32", "2,6,?,32");
    op_end(&t);

    op_begin(&t, "CachedAttention", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "value_id", "v");
    op_param(&t, "f32", "1,5,1,64");
    op_param(&t, "f32", "1,3,1,64");
    op_param(&t, "f32", "1,3,1,64");
    op_expect_error(&t, VT_E_SHAPE, "the heads of query, key and value do not fit");
    op_end(&t);

    op_begin(&t, "CachedAttention", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "value_id", "v");
    op_param(&t, "f32", "1,3,1,64");
    op_param(&t, "f32", "1,3,1,32");
    op_param(&t, "f32", "1,3,1,64");
    op_expect_error(&t, VT_E_SHAPE, "do not fit");
    op_end(&t);

    op_begin(&t, "CachedAttention", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "value_id", "v");
    op_param(&t, "f32", "3,1,64");
    op_param(&t, "f32", "1,3,1,64");
    op_param(&t, "f32", "1,3,1,64");
    op_expect_error(&t, VT_E_SHAPE, "input 0 must have 4 axes");
    op_end(&t);
}

static void test_state_shape(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "StateShape", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "variable_type", "f32");
    op_attr(&t, "variable_shape", "?,3,?,64");
    op_attr(&t, "output_type", "i64");
    op_input(&t, "i32", "2", "0 1");
    op_skip(&t);
    op_input(&t, "f32", "2,3,5,64", "0");
    op_expect_shape(&t, 0, "i64", "4");
    op_expect_bounds(&t, 0, "2 3 5 64", "2 3 9223372036854775807 64");
    op_expect(&t, 0, "i64", "4", "2 3 5 64", 0);
    op_end(&t);

    /* The length is known. */
    op_begin(&t, "StateShape", 0);
    op_attr(&t, "variable_id", "k");
    op_attr(&t, "variable_type", "f32");
    op_attr(&t, "variable_shape", "?,3,?,64");
    op_attr(&t, "output_type", "i32");
    op_attr(&t, "past", "17");
    op_param(&t, "i32", "2");
    op_skip(&t);
    op_param(&t, "f32", "2,3,5,64");
    op_expect_bounds(&t, 0, "2 3 22 64", "2 3 22 64");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first), cmocka_unit_test(test_shapes),
                                       cmocka_unit_test(test_state_shape)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
