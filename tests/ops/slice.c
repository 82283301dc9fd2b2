#include "op_test.h"

struct masks {
    const char *begin, *end, *new_axis, *shrink, *ellipsis;
};

/* StridedSlice of [[0,1,2,3],[4,5,6,7],[8,9,10,11]]. */
static void expect_strided(const char *n, const char *begin, const char *end, const char *step,
                           struct masks m, const char *shape, const char *want)
{
    struct op_test t;

    op_begin(&t, "StridedSlice", 1);
    op_input(&t, "i32", "3,4", "0 1 2 3 4 5 6 7 8 9 10 11");
    op_const(&t, "i64", n, begin);
    op_const(&t, "i64", n, end);
    op_const(&t, "i64", n, step);
    op_attr(&t, "begin_mask", m.begin ? m.begin : "");
    op_attr(&t, "end_mask", m.end ? m.end : "");
    op_attr(&t, "new_axis_mask", m.new_axis ? m.new_axis : "");
    op_attr(&t, "shrink_axis_mask", m.shrink ? m.shrink : "");
    op_attr(&t, "ellipsis_mask", m.ellipsis ? m.ellipsis : "");
    op_expect_shape(&t, 0, "i32", shape);
    op_expect(&t, 0, "i32", shape, want, 0);
    op_end(&t);
}

static void test_strided_slice(void **state)
{
    (void)state;
    expect_strided("2", "0 1", "2 4", "1 2", (struct masks){0}, "2,2", "1 3 5 7");
    expect_strided("2", "-1 -1", "-4 -4", "-1 -2", (struct masks){0}, "3,2", "11 9 7 5 3 1");
    expect_strided("1", "1", "2", "1", (struct masks){.shrink = "1"}, "4", "4 5 6 7");
    expect_strided("2", "0 1", "0 2", "1 1", (struct masks){.ellipsis = "1,0"}, "3,1", "1 5 9");
    expect_strided("3", "0 0 3", "0 2 4", "1 1 1", (struct masks){.new_axis = "1,0,0"}, "1,2,1", "3 7");
    expect_strided("2", "2 3", "1 9", "1 1", (struct masks){.begin = "1,0", .end = "0,1"}, "1,1", "3");
    expect_strided("2", "9 9", "0 1", "-1 -1", (struct masks){.begin = "1", .end = "1"}, "3,2",
                   "11 10 7 6 3 2");
    expect_strided("3", "1 0 -1", "2 0 9", "1 1 1", (struct masks){.shrink = "1,0,1", .ellipsis = "0,1,0"},
                   "", "7");
}

static void test_strided_dynamic(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "StridedSlice", 1);
    op_param(&t, "f32", "?,10,2..8");
    op_const(&t, "i64", "3", "0 1 -3");
    op_const(&t, "i64", "3", "4 2147483647 2147483647");
    op_attr(&t, "shrink_axis_mask", "0,0,0");
    op_expect_shape(&t, 0, "f32", "0..4,9,2..3");
    op_end(&t);

    op_begin(&t, "StridedSlice", 1);
    op_param(&t, "f32", "?,10");
    op_param(&t, "i64", "2");
    op_param(&t, "i64", "2");
    op_attr(&t, "shrink_axis_mask", "1,0");
    op_expect_shape(&t, 0, "f32", "0..10");
    op_end(&t);

    op_begin(&t, "StridedSlice", 1);
    op_param(&t, "f32", "2,2");
    op_const(&t, "i64", "2", "0 0");
    op_const(&t, "i64", "3", "0 0 0");
    op_expect_error(&t, VT_E_SHAPE, "input 2 (end) has 3 elements, earlier ones 2");
    op_end(&t);

    op_begin(&t, "StridedSlice", 1);
    op_param(&t, "f32", "2,2");
    op_const(&t, "i64", "3", "0 0 0");
    op_const(&t, "i64", "3", "0 0 0");
    op_expect_error(&t, VT_E_SHAPE, "more than rank 2 has axes");
    op_end(&t);
}

static void expect_slice(const char *partial, const char *start, const char *stop, const char *step,
                         const char *want)
{
    struct op_test t;

    op_begin(&t, "Slice", 8);
    op_param(&t, "f32", partial);
    op_const(&t, "i64", "1", start);
    op_const(&t, "i64", "1", stop);
    op_const(&t, "i64", "1", step);
    op_const(&t, "i64", "1", "-1");
    op_expect_shape(&t, 0, "f32", want);
    op_end(&t);
}

static void test_slice_shapes(void **state)
{
    (void)state;
    expect_slice("2,10", "1", "-1", "3", "2,3");
    expect_slice("2,?", "0", "2147483647", "1", "2,?");
    expect_slice("2,?", "2", "9223372036854775807", "1", "2,?");
    expect_slice("2,?", "-1", "-2147483648", "-1", "2,?");
    expect_slice("2,5..9", "1", "-1", "1", "2,3..7");
    expect_slice("2,5..9", "-1", "0", "-1", "2,4..8");
    expect_slice("2,5..9", "-6", "7", "1", "2,0..9");
    expect_slice("2,?", "0", "1", "1", "2,0..1");
    expect_slice("2,1..", "0", "1", "1", "2,1");
    expect_slice("2,4", "3", "1", "1", "2,0");
    expect_slice("2,4", "-9223372036854775808", "9223372036854775807", "1", "2,4");
    expect_slice("2,4", "9223372036854775807", "-9223372036854775808", "-9223372036854775808", "2,1");
}

static void test_slice(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Slice", 8);
    op_input(&t, "u4", "2,4", "0 1 2 3 4 5 6 7");
    op_input(&t, "i32", "2", "-1 3");
    op_input(&t, "i32", "2", "-9 0");
    op_input(&t, "i32", "2", "-1 -2");
    op_expect(&t, 0, "u4", "2,2", "7 5 3 1", 0);
    op_end(&t);

    op_begin(&t, "Slice", 8);
    op_param(&t, "f32", "4");
    op_const(&t, "i64", "1", "0");
    op_const(&t, "i64", "1", "1");
    op_const(&t, "i64", "1", "0");
    op_expect_error(&t, VT_E_INVALID, "input 3 (step) has 0 at 0");
    op_end(&t);

    op_begin(&t, "Slice", 8);
    op_param(&t, "f32", "4,4");
    op_const(&t, "i64", "2", "0 0");
    op_const(&t, "i64", "2", "1 1");
    op_const(&t, "i64", "2", "1 1");
    op_const(&t, "i64", "2", "1 -1");
    op_expect_error(&t, VT_E_INVALID, "axis 1 is given twice");
    op_end(&t);
}

static void test_slice_scatter(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "SliceScatter", 15);
    op_input(&t, "f32", "2,4", "0 1 2 3 4 5 6 7");
    op_input(&t, "f32", "2,2", "-1 -2 -3 -4");
    op_const(&t, "i64", "1", "3");
    op_const(&t, "i64", "1", "0");
    op_const(&t, "i64", "1", "-2");
    op_const(&t, "i64", "1", "1");
    op_expect(&t, 0, "f32", "2,4", "0 -2 2 -1 4 -4 6 -3", 0);
    op_end(&t);

    op_begin(&t, "SliceScatter", 15);
    op_param(&t, "f32", "2,4");
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", "1", "0");
    op_const(&t, "i64", "1", "2");
    op_const(&t, "i64", "1", "1");
    op_const(&t, "i64", "1", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 1 (updates) has shape [2,3], the slice [2,2]");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strided_slice), cmocka_unit_test(test_strided_dynamic),
        cmocka_unit_test(test_slice_shapes),  cmocka_unit_test(test_slice),
        cmocka_unit_test(test_slice_scatter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
