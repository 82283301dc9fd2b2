#include "op_test.h"

static void range(const char *in, const char *start, const char *stop, const char *step, const char *out,
                  const char *shape, const char *want)
{
    struct op_test t;

    op_begin(&t, "Range", 4); /* constants: the length is known */
    op_const(&t, in, "", start);
    op_const(&t, in, "", stop);
    op_const(&t, in, "", step);
    op_attr(&t, "output_type", out);
    op_expect_shape(&t, 0, out, shape);
    op_expect(&t, 0, out, shape, want, 1e-6);
    op_end(&t);

    op_begin(&t, "Range", 4);
    op_input(&t, in, "", start);
    op_input(&t, in, "", stop);
    op_input(&t, in, "", step);
    op_attr(&t, "output_type", out);
    op_expect_shape(&t, 0, out, "?");
    op_expect(&t, 0, out, shape, want, 1e-6);
    op_end(&t);
}

static void test_values(void **state)
{
    (void)state;
    range("i64", "1", "7", "2", "i64", "3", "1 3 5");
    range("i32", "1", "8", "2", "f32", "4", "1 3 5 7");
    range("i32", "5", "0", "-2", "i32", "3", "5 3 1");
    range("i32", "5", "9", "-2", "i32", "0", "");
    range("f32", "0", "0.9", "0.3", "f32", "3", "0 0.3 0.6");
    range("f32", "1", "2", "0.25", "f16", "4", "1 1.25 1.5 1.75");
    range("f32", "1.9", "6.1", "1.2", "i32", "5", "1 2 3 4 5");
    range("i64", "9223372036854775800", "9223372036854775807", "3", "i64", "3",
          "9223372036854775800 9223372036854775803 9223372036854775806");
}

static void test_one_type(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Range", 1);
    op_input_as(&t, "f32", "...", "", "2");
    op_input(&t, "f32", "", "0");
    op_input(&t, "f32", "", "-0.5");
    op_expect(&t, 0, "f32", "4", "2 1.5 1 0.5", 0);
    op_end(&t);
}

static void bounds(const char *start_lo, const char *start_hi, const char *stop_lo, const char *stop_hi,
                   const char *step, const char *shape)
{
    struct op_test t;

    op_begin(&t, "Range", 4);
    op_bounded(&t, "i64", "", start_lo, start_hi);
    op_bounded(&t, "i64", "", stop_lo, stop_hi);
    op_const(&t, "i64", "", step);
    op_attr(&t, "output_type", "i64");
    op_expect_shape(&t, 0, "i64", shape);
    op_end(&t);
}

static void test_bounds(void **state)
{
    (void)state;
    bounds("0", "0", "1", "9223372036854775807", "1", "1..");
    bounds("0", "2", "6", "9", "2", "2..5");
    bounds("5", "5", "5", "5", "1", "0");
    bounds("9", "10", "0", "1", "-1", "8..10");
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Range", 4);
    op_param(&t, "i64", "");
    op_param(&t, "i64", "2");
    op_param(&t, "i64", "");
    op_attr(&t, "output_type", "i64");
    op_expect_error(&t, VT_E_SHAPE, "input 1 must be a scalar, its shape is [2]");
    op_end(&t);

    op_begin(&t, "Range", 4);
    op_param(&t, "i64", "");
    op_param(&t, "i64", "");
    op_const(&t, "i64", "", "0");
    op_attr(&t, "output_type", "i64");
    op_expect_error(&t, VT_E_INVALID, "step (input 2) is 0");
    op_end(&t);

    op_begin(&t, "Range", 1);
    op_input(&t, "f32", "", "nan");
    op_input(&t, "f32", "", "1");
    op_input(&t, "f32", "", "1");
    op_expect_error(&t, VT_E_INVALID, "input 0 is nan");
    op_end(&t);

    op_begin(&t, "Range", 1);
    op_input(&t, "f64", "", "0");
    op_input(&t, "f64", "", "1e300");
    op_input(&t, "f64", "", "1");
    op_expect_error(&t, VT_E_RANGE, "the range has 1e+300 elements");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_one_type),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
