#include "op_test.h"

static void binary(const char *op, int opset, const char *type, const char *a, const char *b, const char *out,
                   const char *want)
{
    struct op_test t;

    op_begin(&t, op, opset);
    op_input(&t, type, "4", a);
    op_input(&t, type, "4", b);
    op_expect(&t, 0, out ? out : type, "4", want, !out && vt_is_float(op_type(type)) ? 1e-6 : 0);
    op_end(&t);
}

static void test_arithmetic(void **state)
{
    static const char a[] = "7 -7 7 -7", b[] = "2 2 -2 -2";

    (void)state;
    binary("Add", 1, "f32", "1 2 3 inf", "0.5 -2 nan -inf", NULL, "1.5 0 nan nan");
    binary("Add", 1, "i32", "2147483647 1 2 3", "1 1 1 1", NULL, "-2147483648 2 3 4");
    binary("Subtract", 1, "u8", "0 1 2 200", "1 1 1 100", NULL, "255 0 1 100");
    binary("Multiply", 1, "i64", "4294967296 -3 5 0", "4294967296 3 5 9", NULL, "0 -9 25 0");
    binary("Multiply", 1, "f16", "1 2 300 4", "1 2 300 0.5", NULL, "1 4 inf 2");
    binary("Divide", 1, "i32", a, b, NULL, "3 -3 -3 3");
    binary("Divide", 1, "i32", "5 0 -2147483648 9", "0 0 -1 4", NULL, "0 0 -2147483648 2");
    binary("Divide", 1, "u64", "18446744073709551615 9 8 7", "2 2 2 2", NULL, "9223372036854775807 4 4 3");
    binary("Divide", 1, "f32", a, b, NULL, "3.5 -3.5 -3.5 3.5");
    binary("Mod", 1, "i32", a, b, NULL, "1 -1 1 -1");
    binary("Mod", 1, "f32", "7.25 -6.75 7.25 -6.75", b, NULL, "1.25 -0.75 1.25 -0.75");
    binary("Mod", 1, "i64", "5 -9223372036854775808 6 1", "0 -1 4 -1", NULL, "0 0 2 0");
    binary("FloorMod", 1, "i32", a, b, NULL, "1 1 -1 -1");
    binary("FloorMod", 1, "f32", "7.25 -6.75 7.25 -6.75", b, NULL, "1.25 1.25 -0.75 -0.75");
    binary("Power", 1, "i32", "2 3 -2 10", "3 -1 3 9", NULL, "8 0 -8 1000000000");
    binary("Power", 1, "f32", "2 9 0 -8", "-1 0.5 0 3", NULL, "0.5 3 1 -512");
    binary("SquaredDifference", 1, "i32", a, b, NULL, "25 81 81 25");
    binary("Maximum", 1, "f32", "1 nan 2 -1", "nan 1 1 0", NULL, "nan nan 2 0");
    binary("Minimum", 1, "i8", "1 -128 2 -1", "0 1 1 0", NULL, "0 -128 1 -1");
    binary("Maximum", 1, "u64", "18446744073709551615 1 2 3", "1 2 1 4", NULL, "18446744073709551615 2 2 4");
}

static void test_comparisons(void **state)
{
    static const char a[] = "1 2 3 nan", b[] = "2 2 2 nan";

    (void)state;
    binary("Equal", 1, "f32", a, b, "boolean", "0 1 0 0");
    binary("NotEqual", 1, "f32", a, b, "boolean", "1 0 1 1");
    binary("Less", 1, "f32", a, b, "boolean", "1 0 0 0");
    binary("LessEqual", 1, "f32", a, b, "boolean", "1 1 0 0");
    binary("Greater", 1, "f16", a, b, "boolean", "0 0 1 0");
    binary("GreaterEqual", 1, "f64", a, b, "boolean", "0 1 1 0");
    binary("Less", 1, "u64", "1 18446744073709551615 2 3", "18446744073709551615 1 2 4", "boolean",
           "1 0 0 1");
    binary("GreaterEqual", 1, "i64", "9007199254740993 -1 2 3", "9007199254740992 1 2 4", "boolean",
           "1 0 1 0");
    binary("Equal", 1, "boolean", "0 1 0 1", "0 0 1 1", "boolean", "1 0 0 1");
}

static void test_logic_and_bits(void **state)
{
    static const char a[] = "0 1 0 1", b[] = "0 0 1 1";

    (void)state;
    binary("LogicalAnd", 1, "boolean", a, b, NULL, "0 0 0 1");
    binary("LogicalOr", 1, "boolean", a, b, NULL, "0 1 1 1");
    binary("LogicalXor", 1, "boolean", a, b, NULL, "0 1 1 0");
    binary("Xor", 1, "boolean", a, b, NULL, "0 1 1 0");
    binary("BitwiseAnd", 13, "u8", "12 255 7 0", "10 170 8 9", NULL, "8 170 0 0");
    binary("BitwiseOr", 13, "i32", "12 -1 7 0", "10 170 8 9", NULL, "14 -1 15 9");
    binary("BitwiseXor", 13, "i16", "12 -1 7 0", "10 170 8 9", NULL, "6 -171 15 9");
    binary("BitwiseXor", 13, "boolean", a, b, NULL, "0 1 1 0");
    binary("BitwiseLeftShift", 15, "u8", "1 3 100 5", "1 7 3 40", NULL, "2 128 32 0");
    binary("BitwiseRightShift", 15, "i32", "1 120 -8 5", "1 1 1 40", NULL, "0 60 -4 0");
}

static void test_broadcast(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Subtract", 1);
    op_input_as(&t, "f32", "?,1,2", "2,1,2", "1 2 3 4");
    op_input_as(&t, "f32", "1..3,1", "2,1", "10 20");
    op_expect_shape(&t, 0, "f32", "?,1..3,2");
    op_expect(&t, 0, "f32", "2,2,2", "-9 -8 -19 -18 -7 -6 -17 -16", 0);
    op_end(&t);

    op_begin(&t, "Add", 1);
    op_input(&t, "i32", "", "5");
    op_input(&t, "i32", "1,1,1,1,1,1,1,2", "1 2");
    op_expect(&t, 0, "i32", "1,1,1,1,1,1,1,2", "6 7", 0);
    op_end(&t);

    op_begin(&t, "Add", 1);
    op_input(&t, "f32", "2,2", "1 2 3 4");
    op_input(&t, "f32", "2", "10 20");
    op_attr(&t, "auto_broadcast", "pdpd");
    op_expect(&t, 0, "f32", "2,2", "11 22 13 24", 0);
    op_end(&t);

    op_begin(&t, "Add", 1);
    op_input(&t, "f32", "2,0", "");
    op_input(&t, "f32", "1", "10");
    op_expect(&t, 0, "f32", "2,0", "", 0);
    op_end(&t);
}

static void mismatch(const char *mode, const char *a, const char *b, const char *text)
{
    struct op_test t;

    op_begin(&t, "Multiply", 1);
    op_param(&t, "f32", a);
    op_param(&t, "f32", b);
    op_attr(&t, "auto_broadcast", mode);
    op_expect_error(&t, VT_E_SHAPE, text);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    mismatch("numpy", "2,3", "2", "input 1 of shape [2] does not fit [2,3] (auto_broadcast=\"numpy\")");
    mismatch("none", "2,3", "1,3", "input 1 of shape [1,3] does not fit [2,3] (auto_broadcast=\"none\")");
    mismatch("pdpd", "3", "2,3", "input 1 of shape [2,3] does not fit [3] (auto_broadcast=\"pdpd\")");

    op_begin(&t, "Add", 1);
    op_param(&t, "f32", "2");
    op_param(&t, "i32", "2");
    op_expect_error(&t, VT_E_TYPE, "input 1 is i32 and others f32");
    op_end(&t);

    op_begin(&t, "Add", 1);
    op_param(&t, "boolean", "2");
    op_param(&t, "boolean", "2");
    op_expect_error(&t, VT_E_TYPE, "inputs must be of a numeric type, not boolean");
    op_end(&t);

    op_begin(&t, "BitwiseLeftShift", 15);
    op_param(&t, "boolean", "2");
    op_param(&t, "boolean", "2");
    op_expect_error(&t, VT_E_TYPE, "inputs must be of an integer type, not boolean");
    op_end(&t);

    op_begin(&t, "Add", 1);
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2");
    op_attr(&t, "auto_broadcast", "sometimes");
    op_expect_error(&t, VT_E_INVALID, "must be one of numpy|none|pdpd|explicit");
    op_end(&t);
}

/* {-2..4, 3, 0..unbounded} with {5, 2..3, 1} */
static void bounds(const char *op, const char *lo, const char *hi)
{
    struct op_test t;

    op_begin(&t, op, 1);
    op_bounded(&t, "i64", "3", "-2 3 0", "4 3 9223372036854775807");
    op_bounded(&t, "i64", "3", "5 2 1", "5 3 1");
    op_expect_bounds(&t, 0, lo, hi);
    op_end(&t);
}

static void test_bounds(void **state)
{
    struct op_test t;

    (void)state;
    bounds("Add", "3 5 1", "9 6 9223372036854775807");
    bounds("Subtract", "-7 0 -1", "-1 1 9223372036854775807");
    bounds("Multiply", "-10 6 0", "20 9 9223372036854775807");
    bounds("Divide", "0 1 0", "0 1 9223372036854775807");
    bounds("Maximum", "5 3 1", "5 3 9223372036854775807");
    bounds("Minimum", "-2 2 0", "4 3 1");
    bounds("FloorMod", "0 0 0", "4 2 0");
    bounds("Equal", "0 0 0", "0 1 1");
    bounds("NotEqual", "1 0 0", "1 1 1");
    bounds("Less", "1 0 0", "1 0 1");
    bounds("LessEqual", "1 0 0", "1 1 1");
    bounds("Greater", "0 0 0", "0 1 1");
    bounds("GreaterEqual", "0 1 0", "0 1 1");

    op_begin(&t, "Multiply", 1); /* a partly known input with a constant scalar */
    op_bounded(&t, "i32", "2", "1 2", "9223372036854775807 2");
    op_const(&t, "i32", "", "-3");
    op_expect_bounds(&t, 0, "-9223372036854775808 -6", "-3 -6");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic),     cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_logic_and_bits), cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_errors),         cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
