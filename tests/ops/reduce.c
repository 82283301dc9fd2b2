#include "op_test.h"

static void reduce(const char *op, const char *type, const char *x, const char *want)
{
    struct op_test t;

    op_begin(&t, op, 4);
    op_input(&t, type, "2,3", x);
    op_const(&t, "i64", "1", "-1");
    op_expect_shape(&t, 0, type, "2");
    op_expect(&t, 0, type, "2", want, vt_is_float(op_type(type)) ? 1e-6 : 0);
    op_end(&t);
}

static void test_kinds(void **state)
{
    static const char x[] = "-2 -1 0 1 2 3";

    (void)state;
    reduce("ReduceSum", "f32", x, "-3 6");
    reduce("ReduceMean", "f32", x, "-1 2");
    reduce("ReduceMax", "f32", x, "0 3");
    reduce("ReduceMin", "f16", x, "-2 1");
    reduce("ReduceProd", "f32", x, "0 6");
    reduce("ReduceL1", "f32", x, "3 6");
    reduce("ReduceL2", "f32", x, "2.23606798 3.74165739");
    reduce("ReduceSum", "i64", x, "-3 6");
    reduce("ReduceL1", "i32", x, "3 6");
    reduce("ReduceL2", "i32", x, "2 3");
    reduce("ReduceMean", "i32", "-1 -1 -3 1 3 4", "-1 2");
    reduce("ReduceMax", "u64", "1 18446744073709551615 2 3 4 5", "18446744073709551615 5");
    reduce("ReduceMin", "u64", "1 18446744073709551615 2 3 4 5", "1 3");
    reduce("ReduceProd", "i32", "65536 65536 1 2 3 7", "0 42");
    reduce("ReduceMax", "f32", "nan 1 2 1 2 nan", "nan nan");
    reduce("ReduceLogicalAnd", "boolean", "0 1 1 1 1 1", "0 1");
    reduce("ReduceLogicalOr", "boolean", "0 0 0 0 1 0", "0 1");
}

static void empty(const char *op, const char *type, const char *want)
{
    struct op_test t;

    op_begin(&t, op, 4);
    op_input(&t, type, "2,0", "");
    op_const(&t, "i64", "1", "1");
    op_attr(&t, "keep_dims", "true");
    op_expect(&t, 0, type, "2,1", want, 0);
    op_end(&t);
}

static void test_no_elements(void **state)
{
    (void)state;
    empty("ReduceSum", "f32", "0");
    empty("ReduceMean", "f32", "0");
    empty("ReduceProd", "i32", "1");
    empty("ReduceMax", "f32", "-3.4028234663852886e38");
    empty("ReduceMin", "i32", "2147483647");
    empty("ReduceMax", "u8", "0");
    empty("ReduceMin", "u8", "255");
    empty("ReduceLogicalAnd", "boolean", "1");
    empty("ReduceLogicalOr", "boolean", "0");
}

static void test_axes(void **state)
{
    static const char x[] = "1 2 3 4 5 6 7 8";
    struct op_test t;

    (void)state;
    op_begin(&t, "ReduceSum", 1); /* several, out of order, one twice */
    op_input(&t, "f32", "2,2,2", x);
    op_const(&t, "i32", "3", "2 0 -1");
    op_attr(&t, "keep_dims", "true");
    op_expect(&t, 0, "f32", "1,2,1", "14 22", 0);
    op_end(&t);

    op_begin(&t, "ReduceSum", 1); /* none: each element by itself */
    op_input(&t, "f32", "2,2,2", x);
    op_const(&t, "i64", "0", "");
    op_expect(&t, 0, "f32", "2,2,2", x, 0);
    op_end(&t);

    op_begin(&t, "ReduceMean", 1); /* known only when it runs */
    op_input_as(&t, "f32", "?,2,2", "2,2,2", x);
    op_input_as(&t, "i64", "?", "2", "0 1");
    op_attr(&t, "keep_dims", "true");
    op_expect_shape(&t, 0, "f32", "?,1..2,1..2");
    op_expect(&t, 0, "f32", "1,1,2", "4 5", 0);
    op_end(&t);

    op_begin(&t, "ReduceSum", 1);
    op_input(&t, "f32", "", "3");
    op_const(&t, "i64", "1", "0");
    op_expect(&t, 0, "f32", "", "3", 0);
    op_end(&t);
}

static void shapes(const char *data, const char *axes_shape, const char *keep, const char *want)
{
    struct op_test t;

    op_begin(&t, "ReduceMax", 1);
    op_param(&t, "f32", data);
    op_param(&t, "i64", axes_shape);
    op_attr(&t, "keep_dims", keep);
    op_expect_shape(&t, 0, "f32", want);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    shapes("?,2..5,7", "1", "true", "0..,1..5,1..7");
    shapes("?,2..5,7", "1", "false", "?,?");
    shapes("?,2..5,7", "2", "false", "...");
    shapes("...", "1", "true", "...");

    op_begin(&t, "ReduceMax", 1);
    op_param(&t, "f32", "?,2..5,7");
    op_const(&t, "i64", "", "1");
    op_expect_shape(&t, 0, "f32", "?,7");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ReduceSum", 1);
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", "1", "2");
    op_expect_error(&t, VT_E_RANGE, "axis 2 (input 1) is outside of rank 2");
    op_end(&t);

    op_begin(&t, "ReduceSum", 1);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "1");
    op_expect_error(&t, VT_E_TYPE, "axes (input 1) must be of an integer type, not f32");
    op_end(&t);

    op_begin(&t, "ReduceSum", 1);
    op_param(&t, "boolean", "2,3");
    op_const(&t, "i64", "1", "1");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a numeric type, not boolean");
    op_end(&t);

    op_begin(&t, "ReduceLogicalOr", 1);
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", "1", "1");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be boolean, not f32");
    op_end(&t);
}

static void bounds(const char *op, const char *lo, const char *hi)
{
    struct op_test t;

    op_begin(&t, op, 1);
    op_bounded(&t, "i64", "3", "1 3 2", "4 3 9223372036854775807");
    op_const(&t, "i64", "", "0");
    op_expect_shape(&t, 0, "i64", "");
    op_expect_bounds(&t, 0, lo, hi);
    op_end(&t);
}

static void test_bounds(void **state)
{
    (void)state;
    bounds("ReduceProd", "6", "9223372036854775807");
    bounds("ReduceSum", "6", "9223372036854775807");
    bounds("ReduceMax", "3", "9223372036854775807");
    bounds("ReduceMin", "1", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),  cmocka_unit_test(test_no_elements), cmocka_unit_test(test_axes),
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_errors),      cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
