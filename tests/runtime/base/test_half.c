#include "unit.h"
#include "vt/half.h"

#include <math.h>
#include <stdbool.h>

/* What OpenVINO 2026.4.1's Convert yields from f32 and back: input, f16, f8e4m3, f8e5m2, f4e2m1, f8e8m0, each
 * as the bits of an f32, any NaN as 0x7fc00000. */
static const uint32_t golden[][6] = {
    {0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00400000},
    {0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x00400000},
    {0x3a800000, 0x3a800000, 0x00000000, 0x3a800000, 0x00000000, 0x3a800000},
    {0x3a800001, 0x3a800000, 0x00000000, 0x3a800000, 0x00000000, 0x3a800000},
    {0x3b400000, 0x3b400000, 0x3b800000, 0x3b400000, 0x00000000, 0x3b000000},
    {0x3ba00000, 0x3ba00000, 0x3b800000, 0x3ba00000, 0x00000000, 0x3b800000},
    {0xbc700000, 0xbc700000, 0xbc800000, 0xbc800000, 0x80000000, 0x00400000},
    {0x3c7765fe, 0x3c776000, 0x3c800000, 0x3c800000, 0x00000000, 0x3c800000},
    {0x3f880000, 0x3f880000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000},
    {0x3f980000, 0x3f980000, 0x3fa00000, 0x3fa00000, 0x3f800000, 0x3f800000},
    {0xc1880000, 0xc1880000, 0xc1800000, 0xc1800000, 0xc0c00000, 0x00400000},
    {0x41980000, 0x41980000, 0x41a00000, 0x41a00000, 0x40c00000, 0x41800000},
    {0x43dc0000, 0x43dc0000, 0x43e00000, 0x43e00000, 0x40c00000, 0x44000000},
    {0x43e00000, 0x43e00000, 0x43e00000, 0x43e00000, 0x40c00000, 0x44000000},
    {0x43e80000, 0x43e80000, 0x43e00000, 0x43e00000, 0x40c00000, 0x44000000},
    {0x43e80ccd, 0x43e80000, 0x43e00000, 0x43e00000, 0x40c00000, 0x44000000},
    {0x43e8199a, 0x43e82000, 0x7fc00000, 0x43e00000, 0x40c00000, 0x44000000},
    {0xc3e88000, 0xc3e88000, 0x7fc00000, 0xc3e00000, 0xc0c00000, 0x00400000},
    {0x43f00000, 0x43f00000, 0x7fc00000, 0x44000000, 0x40c00000, 0x44000000},
    {0x47600000, 0x47600000, 0x7fc00000, 0x47600000, 0x40c00000, 0x47800000},
    {0x476fff00, 0x47700000, 0x7fc00000, 0x7f800000, 0x40c00000, 0x47800000},
    {0x477fe000, 0x477fe000, 0x7fc00000, 0x7f800000, 0x40c00000, 0x47800000},
    {0x7149f2ca, 0x7f800000, 0x7fc00000, 0x7f800000, 0x40c00000, 0x71800000},
    {0x7f800000, 0x7f800000, 0x7fc00000, 0x7f800000, 0x40c00000, 0x7f000000},
    {0xff800000, 0xff800000, 0x7fc00000, 0xff800000, 0xc0c00000, 0x00400000},
    {0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000, 0x40c00000, 0x7fc00000},
    {0x3e800000, 0x3e800000, 0x3e800000, 0x3e800000, 0x00000000, 0x3e800000},
    {0xbe800d1b, 0xbe800000, 0xbe800000, 0xbe800000, 0xbf000000, 0x00400000},
    {0x3f400000, 0x3f400000, 0x3f400000, 0x3f400000, 0x3f800000, 0x3f000000},
    {0x3fa00000, 0x3fa00000, 0x3fa00000, 0x3fa00000, 0x3f800000, 0x3f800000},
    {0x3fe00000, 0x3fe00000, 0x3fe00000, 0x3fe00000, 0x40000000, 0x40000000},
    {0x40200000, 0x40200000, 0x40200000, 0x40200000, 0x40000000, 0x40000000},
    {0x40600000, 0x40600000, 0x40600000, 0x40600000, 0x40800000, 0x40800000},
    {0x40a00000, 0x40a00000, 0x40a00000, 0x40a00000, 0x40800000, 0x40800000},
    {0x40a000d2, 0x40a00000, 0x40a00000, 0x40a00000, 0x40c00000, 0x40800000},
    {0x40e00000, 0x40e00000, 0x40e00000, 0x40e00000, 0x40c00000, 0x41000000},
    {0xc2c80000, 0xc2c80000, 0xc2c00000, 0xc2c00000, 0xc0c00000, 0x00400000},
    {0x40400000, 0x40400000, 0x40400000, 0x40400000, 0x40400000, 0x40000000},
    {0x000ae398, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00400000},
    {0x00600000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00400000},
    {0x3380d959, 0x33800000, 0x00000000, 0x00000000, 0x00000000, 0x33800000},
    {0x3300d959, 0x33800000, 0x00000000, 0x00000000, 0x00000000, 0x33000000},
    {0x32f91bad, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x33000000},
    {0x37000000, 0x37000000, 0x00000000, 0x00000000, 0x00000000, 0x37000000},
    {0x37400000, 0x37400000, 0x00000000, 0x37800000, 0x00000000, 0x37000000},
};

static uint32_t canonical(float x)
{
    return isnan(x) ? 0x7fc00000u : vt_f32_bits(x);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        float x = vt_bits_f32(golden[i][0]);

        assert_int_equal(canonical(vt_f16_to_f32(vt_f32_to_f16(x))), golden[i][1]);
        assert_int_equal(canonical(vt_f8e4m3_to_f32(vt_f32_to_f8e4m3(x))), golden[i][2]);
        assert_int_equal(canonical(vt_f8e5m2_to_f32(vt_f32_to_f8e5m2(x))), golden[i][3]);
        assert_int_equal(canonical(vt_f4e2m1_to_f32(vt_f32_to_f4e2m1(x))), golden[i][4]);
        assert_int_equal(canonical(vt_f8e8m0_to_f32(vt_f32_to_f8e8m0(x))), golden[i][5]);
    }
}

/* A format by its parameters; everything below follows from the definition of such formats, in double. */
struct format {
    int exponent_bits, mantissa_bits, bias;
    bool ieee; /* the highest exponent is infinity and NaN; otherwise NaN, if any, is the last code alone */
    bool nan;
    float (*decode)(unsigned code);
    unsigned (*encode)(float x);
};

static unsigned last_finite(const struct format *f)
{
    unsigned codes = 1u << (f->exponent_bits + f->mantissa_bits);

    return f->ieee ? codes - (1u << f->mantissa_bits) - 1 : codes - 1 - f->nan;
}

static double value_of(const struct format *f, unsigned code)
{
    unsigned e = code >> f->mantissa_bits, m = code & ((1u << f->mantissa_bits) - 1);

    return e ? ldexp(1.0 + ldexp(m, -f->mantissa_bits), (int)e - f->bias)
             : ldexp(m, 1 - f->bias - f->mantissa_bits);
}

static void check_decode(const struct format *f)
{
    unsigned sign = 1u << (f->exponent_bits + f->mantissa_bits), last = last_finite(f);

    for (unsigned code = 0; code < sign; code++) {
        float plus = f->decode(code), minus = f->decode(code | sign);

        if (code <= last) {
            assert_true((double)plus == value_of(f, code) && (double)minus == -value_of(f, code));
            assert_true(!signbit(plus) && signbit(minus));
            assert_int_equal(f->encode(plus), code);
            assert_int_equal(f->encode(minus), code | sign);
        } else if (f->ieee && code == last + 1) {
            assert_true(isinf(plus) && plus > 0 && isinf(minus) && minus < 0);
            assert_int_equal(f->encode(plus), code);
            assert_int_equal(f->encode(minus), code | sign);
        } else {
            assert_true(isnan(plus) && isnan(minus));
            assert_true(isnan(f->decode(f->encode(plus))) && isnan(f->decode(f->encode(minus))));
            assert_int_equal(f->encode(minus) & sign, sign);
        }
    }
}

/* Half way between neighbours, and the next f32 on both sides: the even code, the lower, the upper. */
static void check_midpoints(const struct format *f)
{
    unsigned sign = 1u << (f->exponent_bits + f->mantissa_bits), last = last_finite(f);

    for (unsigned code = 0; code < last; code++) {
        double exact = (value_of(f, code) + value_of(f, code + 1)) / 2;
        float mid = (float)exact;

        assert_true((double)mid == exact);
        assert_int_equal(f->encode(mid), code + (code & 1));
        assert_int_equal(f->encode(-mid), (code + (code & 1)) | sign);
        assert_int_equal(f->encode(nextafterf(mid, -INFINITY)), code);
        assert_int_equal(f->encode(nextafterf(mid, INFINITY)), code + 1);
    }
}

static float f16_decode(unsigned code)
{
    return vt_f16_to_f32((uint16_t)code);
}

static unsigned f16_encode(float x)
{
    return vt_f32_to_f16(x);
}

static void test_f16(void **state)
{
    static const struct format f = {5, 10, 15, true, true, f16_decode, f16_encode};

    (void)state;
    check_decode(&f);
    check_midpoints(&f);
    assert_int_equal(vt_f32_to_f16(65519.99f), 0x7bff);
    assert_int_equal(vt_f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(vt_f32_to_f16(-3.4e38f), 0xfc00);
    assert_int_equal(vt_f32_to_f16(1e-45f), 0);
    assert_int_equal(vt_f32_to_f16(vt_bits_f32(0xff800001u)), 0xfe00);
    assert_int_equal(vt_f32_bits(vt_f16_to_f32(0x7c01)), 0x7fc02000u);
}

static float bf16_decode(unsigned code)
{
    return vt_bf16_to_f32((uint16_t)code);
}

static unsigned bf16_encode(float x)
{
    return vt_f32_to_bf16(x);
}

static void test_bf16(void **state)
{
    static const struct format f = {8, 7, 127, true, true, bf16_decode, bf16_encode};

    (void)state;
    check_decode(&f);
    check_midpoints(&f);
    assert_int_equal(vt_f32_to_bf16(vt_bits_f32(0x7f7fffffu)), 0x7f80);
    assert_int_equal(vt_f32_to_bf16(vt_bits_f32(0x7f7f7fffu)), 0x7f7f);
    assert_int_equal(vt_f32_to_bf16(vt_bits_f32(0xff800001u)), 0xffc0);
}

static float f8e4m3_decode(unsigned code)
{
    return vt_f8e4m3_to_f32((uint8_t)code);
}

static unsigned f8e4m3_encode(float x)
{
    return vt_f32_to_f8e4m3(x);
}

static float f8e5m2_decode(unsigned code)
{
    return vt_f8e5m2_to_f32((uint8_t)code);
}

static unsigned f8e5m2_encode(float x)
{
    return vt_f32_to_f8e5m2(x);
}

static float f4e2m1_decode(unsigned code)
{
    return vt_f4e2m1_to_f32((uint8_t)code);
}

static unsigned f4e2m1_encode(float x)
{
    return vt_f32_to_f4e2m1(x);
}

/* The code of [0, last] nearest to x >= 0, ties to even; last + 1 stands for what is one step beyond. */
static unsigned nearest(const struct format *f, double x)
{
    unsigned best = 0, end = last_finite(f) + 1;

    for (unsigned code = 1; code <= end; code++) {
        double d = fabs(value_of(f, code) - x), b = fabs(value_of(f, best) - x);

        if (d < b || (d == b && !(code & 1))) {
            best = code;
        }
    }
    return best;
}

/* All of f16, the f32 values in between by way of f16. */
static void check_from_f16(const struct format *f, uint8_t (*narrow)(uint16_t), unsigned overflow)
{
    for (unsigned h = 0; h < 0x7c00; h++) {
        unsigned want = nearest(f, (double)vt_f16_to_f32((uint16_t)h));
        float between = vt_bits_f32(vt_f32_bits(vt_f16_to_f32((uint16_t)h)) + 0xfff);

        want = want > last_finite(f) ? overflow : want;
        assert_int_equal(narrow((uint16_t)h), want);
        assert_int_equal(narrow((uint16_t)(h | 0x8000)), want | 0x80);
        assert_int_equal(f->encode(vt_f16_to_f32((uint16_t)h)), want);
        assert_int_equal(f->encode(between), narrow(vt_f32_to_f16(between)));
    }
}

static void test_f8(void **state)
{
    static const struct format e4m3 = {4, 3, 7, false, true, f8e4m3_decode, f8e4m3_encode};
    static const struct format e5m2 = {5, 2, 15, true, true, f8e5m2_decode, f8e5m2_encode};

    (void)state;
    assert_true(value_of(&e4m3, last_finite(&e4m3)) == 448.0);
    check_decode(&e4m3);
    check_from_f16(&e4m3, vt_f16_to_f8e4m3, 0x7f);
    check_decode(&e5m2);
    check_from_f16(&e5m2, vt_f16_to_f8e5m2, 0x7c);
    assert_int_equal(vt_f32_to_f8e4m3(INFINITY), 0x7f);
    assert_int_equal(vt_f32_to_f8e4m3(-1e10f), 0xff);
    assert_int_equal(vt_f32_to_f8e5m2(-1e10f), 0xfc);
}

static void test_f4e2m1(void **state)
{
    static const struct format f = {2, 1, 1, false, false, f4e2m1_decode, f4e2m1_encode};

    (void)state;
    check_decode(&f);
    check_midpoints(&f);
    assert_int_equal(vt_f32_to_f4e2m1(INFINITY), 7);
    assert_int_equal(vt_f32_to_f4e2m1(-1e30f), 15);
    assert_true(vt_f4e2m1_to_f32(0xf2) == 1.0f);
}

static void test_f8e8m0(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 255; code++) {
        double value = ldexp(1.0, (int)code - 127), mid = 1.5 * value;

        assert_true((double)vt_f8e8m0_to_f32((uint8_t)code) == value);
        assert_int_equal(vt_f32_to_f8e8m0((float)value), code);
        assert_int_equal(vt_f32_to_f8e8m0(-(float)value), 0);
        if (code < 254) {
            assert_int_equal(vt_f32_to_f8e8m0((float)mid), code + (code & 1));
            assert_int_equal(vt_f32_to_f8e8m0(nextafterf((float)mid, 0)), code);
            assert_int_equal(vt_f32_to_f8e8m0(nextafterf((float)mid, INFINITY)), code + 1);
        }
    }
    assert_true(isnan(vt_f8e8m0_to_f32(255)));
    assert_int_equal(vt_f32_to_f8e8m0(NAN), 255);
    assert_int_equal(vt_f32_to_f8e8m0(INFINITY), 254);
    assert_int_equal(vt_f32_to_f8e8m0(3.4e38f), 254);
}

static void test_nf4(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 16; code++) {
        float value = vt_nf4_to_f32((uint8_t)code);

        assert_int_equal(vt_f32_to_nf4(value), code);
        assert_true(vt_nf4_to_f32((uint8_t)(code | 0xf0)) == value);
        if (code < 15) {
            float mid = (value + vt_nf4_to_f32((uint8_t)(code + 1))) / 2;

            assert_true(value < mid);
            assert_int_equal(vt_f32_to_nf4(mid - 1e-6f), code);
            assert_int_equal(vt_f32_to_nf4(mid + 1e-6f), code + 1);
        }
    }
    assert_true(vt_nf4_to_f32(7) == 0.0f && vt_nf4_to_f32(0) == -1.0f && vt_nf4_to_f32(15) == 1.0f);
    assert_int_equal(vt_f32_to_nf4(-5.0f), 0);
    assert_int_equal(vt_f32_to_nf4(5.0f), 15);
    assert_int_equal(vt_f32_to_nf4(NAN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_f16),    cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_f8),     cmocka_unit_test(test_f4e2m1), cmocka_unit_test(test_f8e8m0),
        cmocka_unit_test(test_nf4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
