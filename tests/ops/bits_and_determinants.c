/* Operations that ONNX has and OpenVINO lacks: values by hand. */
#include "op_test.h"

static void bits(const char *from, const char *values, const char *to, const char *want)
{
    struct op_test t;

    op_begin(&t, "BitCast", 0);
    op_input(&t, from, "3", values);
    op_attr(&t, "destination_type", to);
    op_expect(&t, 0, to, "3", want, 0);
    op_end(&t);
}

static void test_bit_cast(void **state)
{
    struct op_test t;

    (void)state;
    bits("f32", "1 -2 0", "i32", "1065353216 -1073741824 0");
    bits("i32", "1065353216 -1073741824 0", "f32", "1 -2 0");
    bits("f16", "1 -2 0.5", "u16", "15360 49152 14336");
    bits("i64", "4607182418800017408 0 -4616189618054758400", "f64", "1 0 -1");
    bits("i8", "-1 0 5", "u8", "255 0 5");
    bits("i4", "-1 7 -8", "u4", "15 7 8");

    op_begin(&t, "BitCast", 0);
    op_param(&t, "f32", "?,2");
    op_attr(&t, "destination_type", "u32");
    op_expect_shape(&t, 0, "u32", "?,2");
    op_end(&t);

    op_begin(&t, "BitCast", 0);
    op_param(&t, "f32", "2");
    op_attr(&t, "destination_type", "i64");
    op_expect_error(&t, VT_E_TYPE, "no elements of i64 have the bits of f32");
    op_end(&t);
}

static void test_determinant(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Determinant", 0);
    op_input_as(&t, "f32", "?,2,?", "3,2,2", "1 2 3 4  0 2 3 0  1 2 2 4");
    op_expect_shape(&t, 0, "f32", "?");
    op_expect(&t, 0, "f32", "3", "-2 -6 0", 1e-6);
    op_end(&t);

    op_begin(&t, "Determinant", 0); /* 2 (3 - 8) - 0 + 1 (4 - 3) by the first row */
    op_input(&t, "f64", "3,3", "2 0 1  1 3 2  1 4 1");
    op_expect(&t, 0, "f64", "", "-9", 1e-12);
    op_end(&t);

    op_begin(&t, "Determinant", 0);
    op_input(&t, "f32", "2,0,0", "");
    op_expect(&t, 0, "f32", "2", "1 1", 0);
    op_end(&t);

    op_begin(&t, "Determinant", 0);
    op_param(&t, "f32", "2,3");
    op_expect_error(&t, VT_E_SHAPE, "input 0 must be square matrices [..., n, n]");
    op_end(&t);

    op_begin(&t, "Determinant", 0);
    op_param(&t, "i32", "2,2");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a float type, not i32");
    op_end(&t);
}

/* A remainder of zero has the sign of the divisor. */
static void test_floor_mod_zero(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FloorMod", 1);
    op_input(&t, "f32", "4", "-4 4 4 -0");
    op_input(&t, "f32", "4", "2 -2 2 -2");
    op_expect(&t, 0, "f32", "4", "0 0 0 0", 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(signbit(vt_get_f64(&t.out[0], i)) != 0, i & 1);
    }
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bit_cast),
        cmocka_unit_test(test_determinant),
        cmocka_unit_test(test_floor_mod_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
