#include "op_test.h"

/* Values from Python's math at -1.25, 0.5 and 2. */
static void test_functions(void **state)
{
    static const struct {
        const char *name;
        int opset;
        const char *want;
    } rows[] = {
        {"Abs", 1, "1.25 0.5 2"},
        {"Acos", 1, "nan 1.04719755 nan"},
        {"Acosh", 4, "nan nan 1.3169579"},
        {"Asin", 1, "nan 0.523598776 nan"},
        {"Asinh", 4, "-1.04759301 0.481211825 1.44363548"},
        {"Atan", 1, "-0.896055385 0.463647609 1.10714872"},
        {"Atanh", 4, "nan 0.549306144 nan"},
        {"Ceiling", 1, "-1 1 2"},
        {"Cos", 1, "0.315322362 0.877582562 -0.416146837"},
        {"Cosh", 1, "1.88842388 1.12762597 3.76219569"},
        {"Erf", 1, "-0.922900128 0.520499878 0.995322265"},
        {"Exp", 1, "0.286504797 1.64872127 7.3890561"},
        {"Floor", 1, "-2 0 2"},
        {"Gelu", 2, "-0.132062217 0.345731231 1.95449974"},
        {"HSigmoid", 5, "0.291666667 0.583333333 0.833333333"},
        {"HSwish", 4, "-0.364583333 0.291666667 1.66666667"},
        {"Log", 1, "nan -0.693147181 0.693147181"},
        {"Mish", 4, "-0.308413961 0.375245211 1.94395896"},
        {"Negative", 1, "1.25 -0.5 -2"},
        {"Relu", 1, "0 0.5 2"},
        {"Sigmoid", 1, "0.222700139 0.622459331 0.880797078"},
        {"Sign", 1, "-1 1 1"},
        {"Sin", 1, "-0.948984619 0.479425539 0.909297427"},
        {"Sinh", 1, "-1.60191908 0.521095305 3.62686041"},
        {"SoftPlus", 4, "0.251929081 0.974076984 2.12692801"},
        {"SoftSign", 9, "-0.555555556 0.333333333 0.666666667"},
        {"Sqrt", 1, "nan 0.707106781 1.41421356"},
        {"Swish", 4, "-0.278375174 0.311229666 1.76159416"},
        {"Tan", 1, "-3.00956967 0.54630249 -2.18503986"},
        {"Tanh", 1, "-0.84828364 0.462117157 0.96402758"},
        {"Identity", 16, "-1.25 0.5 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct op_test t;

        op_begin(&t, rows[i].name, rows[i].opset);
        op_input_as(&t, "f32", "?", "3", "-1.25 0.5 2");
        op_expect_shape(&t, 0, "f32", "?");
        op_expect(&t, 0, "f32", "3", rows[i].want, 3e-7);
        op_end(&t);

        op_begin(&t, rows[i].name, 16);
        op_input(&t, "f16", "1,3,1", "-1.25 0.5 2");
        op_expect(&t, 0, "f16", "1,3,1", rows[i].want, 1e-3);
        op_end(&t);
    }
}

static void with_attr(const char *op, int opset, const char *attr, const char *value, const char *type,
                      const char *x, const char *want)
{
    struct op_test t;

    op_begin(&t, op, opset);
    op_input(&t, type, "4", x);
    if (attr) {
        op_attr(&t, attr, value);
    }
    op_expect(&t, 0, type, "4", want, vt_is_float(op_type(type)) ? 1e-6 : 0);
    op_end(&t);
}

static void test_attributes(void **state)
{
    (void)state;
    with_attr("Gelu", 7, "approximation_mode", "TANH", "f32", "-1 0 1 3", "-0.158808 0 0.841192 2.99636253");
    with_attr("Round", 5, NULL, NULL, "f32", "-2.5 -0.5 0.5 1.5", "-2 0 0 2");
    with_attr("Round", 5, "mode", "half_away_from_zero", "f32", "-2.5 -0.5 0.5 1.5", "-3 -1 1 2");
    with_attr("Elu", 1, "alpha", "0.5", "f32", "-1 0 1 -inf", "-0.316060279 0 1 -0.5");
}

static void test_integers(void **state)
{
    (void)state;
    with_attr("Abs", 1, NULL, NULL, "i8", "-128 -3 0 5", "-128 3 0 5");
    with_attr("Negative", 1, NULL, NULL, "i64", "-9223372036854775807 3 0 -5", "9223372036854775807 -3 0 5");
    with_attr("Relu", 1, NULL, NULL, "u64", "18446744073709551615 1 0 7", "18446744073709551615 1 0 7");
    with_attr("Exp", 1, NULL, NULL, "u8", "0 1 2 7", "1 3 7 255");
    with_attr("Sigmoid", 1, NULL, NULL, "i32", "0 1 -1 100", "0 1 0 1");
    with_attr("Sqrt", 1, NULL, NULL, "i32", "-1 2 3 7", "-2147483648 1 2 3");
    with_attr("BitwiseNot", 13, NULL, NULL, "u8", "0 1 255 170", "255 254 0 85");
    with_attr("BitwiseNot", 13, NULL, NULL, "boolean", "0 1 1 0", "1 0 0 1");
    with_attr("LogicalNot", 1, NULL, NULL, "boolean", "0 1 1 0", "1 0 0 1");
    with_attr("Exp", 1, NULL, NULL, "i64", "0 1 -1 100", "1 3 0 9223372036854775807");
    with_attr("Exp", 1, NULL, NULL, "u64", "0 1 3 100", "1 3 20 18446744073709551615");
    with_attr("Sign", 1, NULL, NULL, "i4", "-8 0 7 -1", "-1 0 1 -1");
}

static void test_clamp(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Clamp", 1);
    op_input(&t, "f32", "5", "-9 -0.5 nan 1 inf");
    op_attr(&t, "min", "-1.5");
    op_attr(&t, "max", "0.75");
    op_expect(&t, 0, "f32", "5", "-1.5 -0.5 nan 0.75 0.75", 0);
    op_end(&t);

    op_begin(&t, "Clamp", 1);
    op_input(&t, "i32", "4", "-9 -1 2 9");
    op_attr(&t, "min", "-1.5");
    op_attr(&t, "max", "2.7");
    op_expect(&t, 0, "i32", "4", "-1 -1 2 2", 0);
    op_end(&t);

    op_begin(&t, "Clamp", 1);
    op_param(&t, "f32", "2");
    op_attr(&t, "min", "2");
    op_attr(&t, "max", "1");
    op_expect_error(&t, VT_E_INVALID, "attribute min=2 is above max=1");
    op_end(&t);
}

static void test_classification(void **state)
{
    static const char x[] = "1 nan inf -inf";
    struct op_test t;

    (void)state;
    op_begin(&t, "IsFinite", 10);
    op_input(&t, "f32", "4", x);
    op_expect(&t, 0, "boolean", "4", "1 0 0 0", 0);
    op_end(&t);

    op_begin(&t, "IsNaN", 10);
    op_input(&t, "f16", "4", x);
    op_expect(&t, 0, "boolean", "4", "0 1 0 0", 0);
    op_end(&t);

    op_begin(&t, "IsInf", 10);
    op_input(&t, "f32", "4", x);
    op_expect(&t, 0, "boolean", "4", "0 0 1 1", 0);
    op_end(&t);

    op_begin(&t, "IsInf", 10);
    op_input(&t, "f32", "4", x);
    op_attr(&t, "detect_negative", "false");
    op_expect(&t, 0, "boolean", "4", "0 0 1 0", 0);
    op_end(&t);
}

static void test_parameters_as_inputs(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Swish", 4);
    op_input(&t, "f32", "2", "-1 2");
    op_const(&t, "f32", "", "0.5");
    op_expect(&t, 0, "f32", "2", "-0.377540669 1.46211716", 1e-6);
    op_end(&t);

    op_begin(&t, "Selu", 1);
    op_input(&t, "f32", "2", "-1 2");
    op_const(&t, "f32", "1", "1.6732632");
    op_const(&t, "f32", "1", "1.0507010");
    op_expect(&t, 0, "f32", "2", "-1.11133074 2.101402", 1e-6);
    op_end(&t);

    op_begin(&t, "HardSigmoid", 1);
    op_input(&t, "f32", "4", "-9 -1 1 9");
    op_const(&t, "f32", "", "0.2");
    op_const(&t, "f32", "", "0.4");
    op_expect(&t, 0, "f32", "4", "0 0.2 0.6 1", 1e-6);
    op_end(&t);

    op_begin(&t, "Swish", 4);
    op_param(&t, "f32", "2");
    op_param(&t, "f32", "2,2");
    op_expect_error(&t, VT_E_SHAPE, "input 1 must be a scalar, its shape is [2,2]");
    op_end(&t);
}

static void prelu(const char *shape, const char *slope_shape, const char *slope, const char *want)
{
    struct op_test t;

    op_begin(&t, "PRelu", 1);
    op_input(&t, "f32", shape, "-1");
    op_input(&t, "f32", slope_shape, slope);
    op_expect_shape(&t, 0, "f32", shape);
    op_expect(&t, 0, "f32", shape, want, 0);
    op_end(&t);
}

static void test_prelu(void **state)
{
    struct op_test t;

    (void)state;
    prelu("2,2,2", "2", "2 3", "-2 -2 -3 -3 -2 -2 -3 -3"); /* along the channels */
    prelu("2,2,2", "1,2", "2 3", "-2 -3 -2 -3 -2 -3 -2 -3");
    prelu("1,2,3", "3", "2 3 4", "-2 -3 -4 -2 -3 -4"); /* fits the last axis alone */
    prelu("2,2", "1", "5", "-5");
    prelu("3", "3", "2 3 4", "-2 -3 -4");

    op_begin(&t, "PRelu", 1);
    op_param(&t, "f32", "2,3,4");
    op_param(&t, "f32", "5");
    op_expect_error(&t, VT_E_SHAPE, "slope (input 1) of shape [5] does not fit data of shape [2,3,4]");
    op_end(&t);
}

static void bounds(const char *op, int opset, const char *lo, const char *hi)
{
    struct op_test t;

    op_begin(&t, op, opset);
    op_bounded(&t, "i64", "3", "-2 3 0", "4 3 9223372036854775807");
    if (strcmp(op, "Clamp") == 0) {
        op_attr(&t, "min", "-1");
        op_attr(&t, "max", "3.5");
    }
    op_expect_bounds(&t, 0, lo, hi);
    op_end(&t);
}

static void test_bounds(void **state)
{
    (void)state;
    bounds("Abs", 1, "0 3 0", "4 3 9223372036854775807");
    bounds("Negative", 1, "-4 -3 -9223372036854775808", "2 -3 0");
    bounds("Relu", 1, "0 3 0", "4 3 9223372036854775807");
    bounds("Floor", 1, "-2 3 0", "4 3 9223372036854775807");
    bounds("Sign", 1, "-1 1 0", "1 1 1");
    bounds("Clamp", 1, "-1 3 0", "3 3 3");
    bounds("Identity", 16, "-2 3 0", "4 3 9223372036854775807");
}

static void test_types(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Abs", 1);
    op_param(&t, "boolean", "2");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a numeric type, not boolean");
    op_end(&t);

    op_begin(&t, "Mish", 4);
    op_param(&t, "i32", "2");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a float type, not i32");
    op_end(&t);

    op_begin(&t, "LogicalNot", 1);
    op_param(&t, "i32", "2");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be boolean, not i32");
    op_end(&t);

    op_begin(&t, "Tanh", 1);
    op_input(&t, "f32", "0,3", "");
    op_expect(&t, 0, "f32", "0,3", "", 0);
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),      cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_integers),       cmocka_unit_test(test_clamp),
        cmocka_unit_test(test_classification), cmocka_unit_test(test_parameters_as_inputs),
        cmocka_unit_test(test_prelu),          cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
