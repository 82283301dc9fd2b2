/* Sorting, searching and sums of picked rows: values by hand. */
#include "op_test.h"

static void expect_top_k(const char *mode, const char *sort, const char *values, const char *indices)
{
    struct op_test t;

    op_begin(&t, "TopK", 11);
    op_input(&t, "f32", "2,4", "3 1 3 2 0 5 4 6");
    op_const(&t, "i64", "", "3");
    op_attr(&t, "axis", "-1");
    op_attr(&t, "mode", mode);
    op_attr(&t, "sort", sort);
    op_attr(&t, "index_element_type", "i64");
    op_attr(&t, "stable", "true");
    op_expect(&t, 0, "f32", "2,3", values, 0);
    op_expect(&t, 1, "i64", "2,3", indices, 0);
    op_end(&t);
}

static void test_top_k(void **state)
{
    struct op_test t;

    (void)state;
    expect_top_k("max", "value", "3 3 2 6 5 4", "0 2 3 3 1 2");
    expect_top_k("min", "value", "1 2 3 0 4 5", "1 3 0 0 2 1");
    expect_top_k("max", "index", "3 3 2 5 4 6", "0 2 3 1 2 3");

    op_begin(&t, "TopK", 3);
    op_param(&t, "u8", "?,2..9");
    op_bounded(&t, "i64", "", "1", "20");
    op_attr(&t, "axis", "1");
    op_attr(&t, "mode", "max");
    op_attr(&t, "sort", "none");
    op_expect_shape(&t, 0, "u8", "?,1..9");
    op_expect_shape(&t, 1, "i32", "?,1..9");
    op_end(&t);

    op_begin(&t, "TopK", 1);
    op_param(&t, "f32", "4");
    op_const(&t, "i64", "", "5");
    op_attr(&t, "axis", "0");
    op_expect_error(&t, VT_E_RANGE, "input 1 (k) is 5, axis 0 has 4 elements");
    op_end(&t);
}

static void test_unique(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Unique", 10);
    op_input(&t, "i8", "2,3", "5 -1 5 2 -1 5");
    op_attr(&t, "sorted", "false");
    op_expect_shape(&t, 0, "i8", "1..6");
    op_expect(&t, 0, "i8", "3", "5 -1 2", 0);
    op_expect(&t, 1, "i64", "3", "0 1 3", 0);
    op_expect(&t, 2, "i64", "6", "0 1 0 2 1 0", 0);
    op_expect(&t, 3, "i64", "3", "3 2 1", 0);
    op_end(&t);

    op_begin(&t, "Unique", 10);
    op_input(&t, "f32", "2,4", "2 0 2 0 1 7 1 3");
    op_const(&t, "i64", "", "1");
    op_attr(&t, "sorted", "true");
    op_attr(&t, "index_element_type", "i32");
    op_expect_shape(&t, 0, "f32", "2,1..4");
    op_expect(&t, 0, "f32", "2,3", "0 0 2 3 7 1", 0);
    op_expect(&t, 1, "i32", "3", "3 1 0", 0);
    op_expect(&t, 2, "i32", "4", "2 1 2 0", 0);
    op_expect(&t, 3, "i64", "3", "1 1 2", 0);
    op_end(&t);
}

static void test_non_zero(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "NonZero", 3);
    op_input(&t, "f32", "2,3", "0 -1 nan -0 0.5 0");
    op_attr(&t, "output_type", "i32");
    op_expect_shape(&t, 0, "i32", "2,0..6");
    op_expect(&t, 0, "i32", "2,3", "0 0 1 1 2 1", 0);
    op_end(&t);

    op_begin(&t, "NonZero", 3);
    op_input(&t, "f32", "", "5");
    op_expect_shape(&t, 0, "i64", "1,0..1");
    op_expect(&t, 0, "i64", "1,1", "0", 0);
    op_end(&t);

    op_begin(&t, "NonZero", 3);
    op_input(&t, "boolean", "3", "0");
    op_expect(&t, 0, "i64", "1,0", "0", 0);
    op_end(&t);
}

static void test_search_sorted(void **state)
{
    struct op_test t;

    (void)state;
    for (int right = 0; right < 2; right++) {
        op_begin(&t, "SearchSorted", 15);
        op_input(&t, "i32", "5", "1 3 3 5 7");
        op_input(&t, "i32", "2,2", "0 3 7 9");
        op_attr(&t, "right_mode", right ? "true" : "false");
        op_expect(&t, 0, "i64", "2,2", right ? "0 3 5 5" : "0 1 4 5", 0);
        op_end(&t);
    }

    op_begin(&t, "SearchSorted", 15);
    op_param(&t, "f32", "2,5");
    op_param(&t, "f32", "3,5");
    op_expect_error(&t, VT_E_SHAPE, "must agree but for the last axis");
    op_end(&t);
}

static void test_gather_tree(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GatherTree", 1);
    op_input(&t, "i32", "3,1,3", "1 2 3 4 5 6 7 8 9");
    op_input(&t, "i32", "3,1,3", "0 0 0 0 1 1 2 1 2");
    op_input(&t, "i32", "1", "3");
    op_const(&t, "i32", "", "10");
    op_expect(&t, 0, "i32", "3,1,3", "2 2 2 6 5 6 7 8 9", 0);
    op_end(&t);

    /* No number of steps is less than none. */
    op_begin(&t, "GatherTree", 1);
    op_input(&t, "f32", "1,1,2", "1 2");
    op_input(&t, "f32", "1,1,2", "0 0");
    op_input(&t, "f32", "1", "-inf");
    op_const(&t, "f32", "", "10");
    op_expect(&t, 0, "f32", "1,1,2", "10 10", 0);
    op_end(&t);
}

static void test_embedding(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "EmbeddingBagOffsetsSum", 3);
    op_input(&t, "f32", "3,2", "1 2 3 4 5 6");
    op_input(&t, "i64", "3", "0 2 1");
    op_input(&t, "i64", "3", "0 2 2");
    op_const(&t, "i64", "", "2");
    op_input(&t, "f32", "3", "2 1 -1");
    op_expect(&t, 0, "f32", "3,2", "7 10 5 6 -3 -4", 0);
    op_end(&t);

    op_begin(&t, "EmbeddingBagPacked", 15);
    op_input(&t, "f16", "3,2", "1 2 3 4 5 6");
    op_input(&t, "i32", "2,2", "0 2 1 1");
    op_attr(&t, "reduction", "mean");
    op_expect(&t, 0, "f16", "2,2", "3 4 3 4", 0);
    op_end(&t);

    op_begin(&t, "EmbeddingSegmentsSum", 3);
    op_input(&t, "f32", "3,2", "1 2 3 4 5 6");
    op_input(&t, "i64", "3", "0 2 1");
    op_input(&t, "i64", "3", "0 0 2");
    op_const(&t, "i64", "", "4");
    op_expect(&t, 0, "f32", "4,2", "6 8 0 0 3 4 0 0", 0);
    op_end(&t);

    op_begin(&t, "EmbeddingBagPackedSum", 3);
    op_input(&t, "f32", "3,2", "1 2 3 4 5 6");
    op_input(&t, "i32", "1,1", "3");
    op_expect_error(&t, VT_E_RANGE, "index 3 is outside of the table's 3 rows");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top_k),       cmocka_unit_test(test_unique),
        cmocka_unit_test(test_non_zero),    cmocka_unit_test(test_search_sorted),
        cmocka_unit_test(test_gather_tree), cmocka_unit_test(test_embedding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
