#include "op_test.h"

static void convert(const char *from, const char *x, const char *to, const char *want)
{
    struct op_test t;

    op_begin(&t, "Convert", 1);
    op_input(&t, from, "6", x);
    op_attr(&t, "destination_type", to);
    op_expect(&t, 0, to, "6", want, 0);
    op_end(&t);
}

/* Float to integer as OpenVINO's CPU plugin has it: out of range is the least i32, of which the low bits
 * stay. */
static void test_from_floats(void **state)
{
    static const char x[] = "-2.5 3.5 256 -128.9 3e9 nan";

    (void)state;
    convert("f32", x, "i32", "-2 3 256 -128 -2147483648 -2147483648");
    convert("f32", x, "u8", "254 3 0 128 0 0");
    convert("f32", x, "i8", "-2 3 0 -128 0 0");
    convert("f32", x, "u16", "65534 3 256 65408 0 0");
    convert("f32", x, "i64", "-2 3 256 -128 3000000000 -9223372036854775808");
    convert("f32", x, "u32", "4294967294 3 256 4294967168 3000000000 0");
    convert("f32", "0 0.3 -0 -1 2 inf", "boolean", "0 1 0 1 1 1");
    convert("f32", "0.1 65519 65520 -inf 1e-8 nan", "f16", "0.0999755859375 65504 inf -inf 0 nan");
    convert("f32", "0.3 255.9 300 -128.9 65519 nan", "bf16", "0.30078125 256 300 -129 65536 nan");
    convert("f32", "0.3 17.3 300 440 -1 0", "f8e4m3", "0.3125 18 288 448 -1 0");
    convert("f16", "1 2 3 -4 0.5 7.9", "i4", "1 2 3 -4 0 7");
}

static void test_from_integers(void **state)
{
    (void)state;
    convert("i32", "1 -1 128 256 -129 2147483647", "i8", "1 -1 -128 0 127 -1");
    convert("i32", "1 -1 128 256 -129 2147483647", "u8", "1 255 128 0 127 255");
    convert("i64", "1 -1 4294967297 9 -2 2147483648", "i32", "1 -1 1 9 -2 -2147483648");
    convert("i32", "1 -1 128 0 16777217 7", "f32", "1 -1 128 0 16777216 7");
    convert("i64", "1 -1 9007199254740993 0 5 7", "f64", "1 -1 9007199254740992 0 5 7");
    convert("u64", "18446744073709551615 1 2 3 4 5", "f32", "18446744073709551616 1 2 3 4 5");
    convert("i32", "0 1 -1 256 0 7", "boolean", "0 1 1 1 0 1");
    convert("u4", "0 1 7 8 15 3", "f32", "0 1 7 8 15 3");
    convert("i4", "0 1 7 -8 -1 3", "f16", "0 1 7 -8 -1 3");
    convert("u8", "0 1 7 16 255 3", "u4", "0 1 7 0 15 3");
    convert("u1", "0 1 1 0 1 0", "i8", "0 1 1 0 1 0");
    convert("boolean", "0 1 1 0 1 0", "f16", "0 1 1 0 1 0");
}

static void test_shapes_and_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convert", 1);
    op_param(&t, "f32", "?,2..4");
    op_attr(&t, "destination_type", "i64");
    op_expect_shape(&t, 0, "i64", "?,2..4");
    op_end(&t);

    op_begin(&t, "Convert", 1);
    op_param(&t, "string", "2");
    op_attr(&t, "destination_type", "i64");
    op_expect_error(&t, VT_E_TYPE, "no conversion from string to i64");
    op_end(&t);

    op_begin(&t, "Convert", 1);
    op_param(&t, "f32", "2");
    op_attr(&t, "destination_type", "i63");
    op_expect_error(&t, VT_E_INVALID, "destination_type=\"i63\" cannot be read");
    op_end(&t);
}

static void test_bounds(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Convert", 1);
    op_bounded(&t, "i64", "3", "1 0 7", "9223372036854775807 5 7");
    op_attr(&t, "destination_type", "i32");
    op_expect_bounds(&t, 0, "1 0 7", "9223372036854775807 5 7");
    op_end(&t);

    op_begin(&t, "Convert", 1);
    op_bounded(&t, "i64", "4", "1 0 0 200", "2 5 0 300");
    op_attr(&t, "destination_type", "i8");
    op_expect_bounds(&t, 0, "1 0 0 -9223372036854775808", "2 5 0 9223372036854775807");
    op_end(&t);

    op_begin(&t, "Convert", 1);
    op_bounded(&t, "i64", "3", "1 0 0", "9223372036854775807 5 0");
    op_attr(&t, "destination_type", "boolean");
    op_expect_bounds(&t, 0, "1 0 0", "1 1 0");
    op_end(&t);

    op_begin(&t, "ConvertLike", 1);
    op_bounded(&t, "i64", "2", "1 0", "2 5");
    op_param(&t, "i32", "?,3");
    op_expect_shape(&t, 0, "i32", "2");
    op_expect_bounds(&t, 0, "1 0", "2 5");
    op_end(&t);
}

/* What arithmetic of the type wraps is not known; what inference runs by the reference runs in the type. */
static void test_wrapping_bounds(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "BitwiseNot", 13);
    op_const(&t, "u8", "1", "5");
    assert_int_equal(op_infer(&t), VT_OK);
    assert_null(t.node->out[0].v.bounds);
    op_expect(&t, 0, "u8", "1", "250", 0);
    op_end(&t);

    op_begin(&t, "Add", 1);
    op_bounded(&t, "i32", "2", "2147483640 1", "2147483640 1");
    op_const(&t, "i32", "1", "100");
    assert_int_equal(op_infer(&t), VT_OK);
    assert_true(t.node->out[0].v.bounds->lo[0] == INT64_MIN && t.node->out[0].v.bounds->hi[0] == INT64_MAX);
    assert_true(t.node->out[0].v.bounds->lo[1] == 101 && t.node->out[0].v.bounds->hi[1] == 101);
    op_end(&t);

    op_begin(&t, "Acosh", 4);
    op_bounded(&t, "i32", "1", "0", "0");
    op_expect_bounds(&t, 0, "-2147483648", "-2147483648"); /* NaN as i32 */
    op_end(&t);
}

/* Numbers of u64 that i64 does not have are no negative ones; sums and products of large ones do not wrap. */
static void test_large_numbers(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Relu", 1);
    op_const(&t, "u64", "1", "18446744073709551615");
    op_expect_bounds(&t, 0, "0", "9223372036854775807");
    op_expect(&t, 0, "u64", "1", "18446744073709551615", 0);
    op_end(&t);

    /* Inference and reference read the same begin. */
    op_begin(&t, "Slice", 8);
    op_const(&t, "u4", "3,2", "1 2 3 4 5 6");
    op_const(&t, "u64", "1", "9223372036854775808");
    op_const(&t, "i64", "1", "8");
    op_const(&t, "u8", "1", "2");
    op_const(&t, "i64", "1", "0");
    op_expect(&t, 0, "u4", "2,2", "1 2 5 6", 0);
    op_end(&t);

    op_begin(&t, "Slice", 8);
    op_input(&t, "f32", "3,2", "1 2 3 4 5 6");
    op_input(&t, "i64", "1", "1");
    op_input(&t, "i64", "1", "9223372036854775807");
    op_input(&t, "i64", "1", "9223372036854775807");
    op_input(&t, "i64", "1", "0");
    op_expect(&t, 0, "f32", "1,2", "3 4", 0);
    op_end(&t);

    op_begin(&t, "Pad", 1);
    op_param(&t, "f32", "3");
    op_const(&t, "i64", "1", "9223372036854775807");
    op_const(&t, "i64", "1", "1");
    op_attr(&t, "pad_mode", "constant");
    op_expect_error(&t, VT_E_RANGE, "of axis 0 is too large");
    op_end(&t);

    op_begin(&t, "Pad", 1);
    op_param(&t, "f32", "9223372036854775807");
    op_const(&t, "i64", "1", "8");
    op_const(&t, "i64", "1", "8");
    op_attr(&t, "pad_mode", "constant");
    op_expect_error(&t, VT_E_RANGE, "of axis 0 is too large");
    op_end(&t);

    op_begin(&t, "NonMaxSuppression", 5);
    op_input(&t, "f32", "1,2,4", "0 0 1 1 2 2 3 3");
    op_input(&t, "f32", "1,1,2", "0.5 0.25");
    op_const(&t, "u64", "", "18446744073709551615");
    op_expect_shape(&t, 0, "i64", "0..2,3");
    op_expect(&t, 0, "i64", "2,3", "0 0 0 0 0 1", 0);
    op_end(&t);
}

static void test_like(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ConvertLike", 1);
    op_input(&t, "f32", "3", "1.5 -2.5 3");
    op_input(&t, "i32", "1", "9");
    op_expect(&t, 0, "i32", "3", "1 -2 3", 0);
    op_end(&t);
}

/* want NULL: refused. */
static void promote(const char *a, const char *b, bool unsafe, const char *want)
{
    struct op_test t;

    op_begin(&t, "ConvertPromoteTypes", 14);
    op_param(&t, a, "2,?");
    op_param(&t, b, "3");
    op_attr(&t, "promote_unsafe", unsafe ? "true" : "false");
    if (want) {
        op_expect_shape(&t, 0, want, "2,?");
        op_expect_shape(&t, 1, want, "3");
    } else {
        assert_int_equal(op_infer(&t), VT_E_TYPE);
        assert_non_null(strstr(t.err.text, unsafe ? "no promotion" : "promote_unsafe"));
    }
    op_end(&t);
}

static void test_promotion_types(void **state)
{
    (void)state;
    promote("f32", "i8", false, "f32");
    promote("f32", "i32", false, NULL);
    promote("f32", "i32", true, "f32");
    promote("i64", "f16", true, "f16");
    promote("u8", "i32", false, "i32");
    promote("u8", "i8", false, NULL);
    promote("u8", "i8", true, "i16");
    promote("u32", "i8", true, "i64");
    promote("u64", "i8", true, "f32");
    promote("u64", "u8", false, "u64");
    promote("boolean", "u4", false, "u4");
    promote("u4", "i4", true, "i8");
    promote("bf16", "f16", true, "f32");
    promote("bf16", "f16", false, NULL);
    promote("f8e4m3", "f8e5m2", true, "f16");
    promote("f8e4m3", "bf16", false, "bf16");
    promote("nf4", "f32", true, NULL);
    promote("f32", "dynamic", false, "dynamic");
}

static void test_promotion_values(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ConvertPromoteTypes", 14);
    op_input(&t, "u8", "2", "200 7");
    op_input(&t, "i8", "1", "-3");
    op_attr(&t, "promote_unsafe", "true");
    op_expect(&t, 0, "i16", "2", "200 7", 0);
    op_expect(&t, 1, "i16", "1", "-3", 0);
    op_end(&t);

    op_begin(&t, "ConvertPromoteTypes", 14); /* a scalar gives way */
    op_param(&t, "i64", "");
    op_param(&t, "u8", "2");
    op_attr(&t, "promote_unsafe", "true");
    op_attr(&t, "pytorch_scalar_promotion", "true");
    op_expect_shape(&t, 0, "u8", "");
    op_expect_shape(&t, 1, "u8", "2");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_floats),
        cmocka_unit_test(test_from_integers),
        cmocka_unit_test(test_shapes_and_errors),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_wrapping_bounds),
        cmocka_unit_test(test_large_numbers),
        cmocka_unit_test(test_like),
        cmocka_unit_test(test_promotion_types),
        cmocka_unit_test(test_promotion_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
