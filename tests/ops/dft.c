#include "op_test.h"

static void test_complex(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "DFT", 7);
    op_input(&t, "f32", "3,2", "0.57999998 -0.33000001 -0.12 -0.87 -0.27000001 0.88999999");
    op_const(&t, "i64", "1", "0");
    op_expect(&t, 0, "f32", "3,2", "0.18999997 -0.31000006 -0.74920475 -0.46990371 2.2992046 -0.21009646",
              1e-5);
    op_end(&t);

    op_begin(&t, "DFT", 7);
    op_input(&t, "f32", "2,4,2",
             "0 0.11 0.20999999 0.13 0.61000001 -0.47999999 -0.37 0.76999998 -0 0.92000002 -0.72000003 "
             "0.56999999 -0.050000001 -0.050000001 0.75999999 -0.74000001");
    op_const(&t, "i64", "2", "0 -1");
    op_expect(&t, 0, "f32", "2,4,2",
              "0.43999994 1.23 0.11000007 2.46 0.68000007 -0.22999996 -1.23 0.65999991 0.46000004 "
              "-0.17000008 -2.6100001 -2.4400001 0.86000001 -2.3099999 1.2900002 1.6799999",
              1e-5);
    op_end(&t);

    op_begin(&t, "DFT", 7);
    op_input(&t, "f32", "3,2", "0.029999999 -0.5 -0.31 0.63 -0.2 0.56999999");
    op_const(&t, "i64", "1", "0");
    op_const(&t, "i64", "1", "5");
    op_expect(&t, 0, "f32", "5,2",
              "-0.48000002 0.69999999 1.0302113 -0.35407448 0.047194332 -0.84153885 0.39078939 -0.82554317 "
              "-0.8381952 -1.1788435",
              1e-5);
    op_end(&t);

    op_begin(&t, "IDFT", 7);
    op_input(&t, "f32", "4,2", "-0.97000003 1 0.91000003 0.36000001 -0.61000001 0.31 -0.62 -0.25");
    op_const(&t, "i64", "1", "0");
    op_const(&t, "i64", "1", "3");
    op_expect(&t, 0, "f32", "3,2", "-0.22333334 0.55666673 -0.38776714 0.66045296 -0.35889953 -0.21711951",
              1e-5);
    op_end(&t);
}

static void test_real(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "RDFT", 9);
    op_input(&t, "f32", "5", "-0.93000001 -0.86000001 -0.68000001 -0.63999999 0.68000001");
    op_const(&t, "i64", "1", "0");
    op_expect(&t, 0, "f32", "3,2", "-2.4300001 0 0.082279369 1.4881384 -1.1922793 0.86714703", 1e-5);
    op_end(&t);

    op_begin(&t, "RDFT", 9);
    op_input(&t, "f32", "2,4", "-0.50999999 0.64999998 -0.99000001 -0.88 -0.88 0.86000001 0.63 -0.97000003");
    op_const(&t, "i64", "2", "0 1");
    op_expect(&t, 0, "f32", "2,3,2", "-2.0900002 0 -1.03 -3.3600001 -1.41 0 -1.37 0 1.99 0.30000007 -1.13 0",
              1e-5);
    op_end(&t);

    op_begin(&t, "RDFT", 9);
    op_input(&t, "f32", "2,6",
             "0.86000001 -0.55000001 -0.47 0.17 -0.58999997 0.94999999 -0.27000001 0.14 0.14 -0.44 0.47 "
             "0.98000002");
    op_const(&t, "i64", "1", "1");
    op_const(&t, "i64", "1", "4");
    op_expect(&t, 0, "f32", "2,3,2",
              "0.01000002 0 1.33 0.72000003 0.76999998 0 -0.43000001 0 -0.41000003 -0.57999998 0.17 0", 1e-5);
    op_end(&t);

    op_begin(&t, "IRDFT", 9);
    op_input(&t, "f32", "3,2", "0.19 -0.82999998 0.62 0.33000001 -0.02 0.31");
    op_const(&t, "i64", "1", "0");
    op_expect(&t, 0, "f32", "4", "0.35249999 -0.11250001 -0.26750001 0.2175", 1e-5);
    op_end(&t);

    op_begin(&t, "IRDFT", 9);
    op_input(&t, "f32", "2,3,2",
             "-0.47999999 -0.38999999 0.029999999 -0.86000001 0.18000001 -0.63999999 -0.49000001 0.80000001 "
             "0.18000001 -0.50999999 0.40000001 0.99000001");
    op_const(&t, "i64", "2", "0 1");
    op_const(&t, "i64", "2", "2 3");
    op_expect(&t, 0, "f32", "2,3", "-0.091666661 0.19881825 -0.59215158 -0.048333332 0.12770297 -0.074369632",
              1e-5);
    op_end(&t);
}

static void test_round_trip(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "IRDFT", 9);
    op_input(&t, "f64", "3,2", "10 0 -2 2 -2 0");
    op_const(&t, "i64", "1", "0");
    op_const(&t, "i64", "1", "4");
    op_expect(&t, 0, "f64", "4", "1 2 3 4", 1e-12);
    op_end(&t);
}

static void test_stft(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "STFT", 15);
    op_input(&t, "f32", "1,7", "0.80000001 0.60000002 -0.33000001 0.17 0.17 -0.81999999 0.38999999");
    op_const(&t, "f32", "3", "0.039999999 0.039999999 0.47");
    op_const(&t, "i64", "", "4");
    op_const(&t, "i64", "", "3");
    op_attr(&t, "transpose_frames", "true");
    op_expect(&t, 0, "f32", "1,3,2,2",
              "-0.099099994 0 -0.37180001 0 0.18710001 -0.024 0.39219999 -0.0068000001 -0.1471 0 -0.3854 0",
              1e-5);
    op_end(&t);

    op_begin(&t, "STFT", 15);
    op_input(&t, "f32", "2,5",
             "-0.85000002 -0.56999999 0.98000002 -0.40000001 -0.49000001 -0.86000001 -0.38 0.12 -0.92000002 "
             "-0.41999999");
    op_const(&t, "f32", "4", "-0.49000001 -0.69 0.57999998 0.92000002");
    op_const(&t, "i64", "", "4");
    op_const(&t, "i64", "", "1");
    op_attr(&t, "transpose_frames", "false");
    op_expect(&t, 0, "f32", "2,2,3,2",
              "1.0102 0 -0.15189993 -0.76129997 0.95959997 0 -1.0797001 0 0.51129997 0.2254 1.1743001 0 "
              "-0.093200028 0 0.35180002 -1.1086 1.0752001 0 -0.81659997 0 0.7198 -0.30359998 0.12180004 0",
              1e-5);
    op_end(&t);
}

static void test_istft(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ISTFT", 16);
    op_input(
        &t, "f32", "3,3,2",
        "0.82999998 -0.12 -0.87 -0.30000001 0.050000001 -0.23999999 0.46000001 0.49000001 0.79000002 "
        "-0.059999999 -0.51999998 0.81999999 0.76999998 -0.75 -0.57999998 0.31999999 0.63999999 0.92000002");
    op_const(&t, "f32", "4", "0.31 0.43000001 0.60000002 0.69");
    op_const(&t, "i64", "", "4");
    op_const(&t, "i64", "", "2");
    op_attr(&t, "center", "true");
    op_attr(&t, "normalized", "false");
    op_expect(&t, 0, "f32", "4", "0.2457246 0.24375944 -1.0559636 -0.4696672", 1e-5);
    op_end(&t);

    op_begin(&t, "ISTFT", 16);
    op_input(&t, "f32", "1,3,2,2",
             "0.56 0.11 0.039999999 -0.51999998 0.30000001 0.16 0.88999999 -0.62 -0.75 -0.28999999 "
             "-0.34999999 -0.090000004");
    op_const(&t, "f32", "4", "0.41999999 0.79000002 0.88 0.30000001");
    op_const(&t, "i64", "", "4");
    op_const(&t, "i64", "", "2");
    op_const(&t, "i64", "", "8");
    op_attr(&t, "center", "false");
    op_attr(&t, "normalized", "true");
    op_expect(&t, 0, "f32", "1,8", "0.48809528 0.62658221 -0.040912934 1.2440134 -1.1875 -1.4166667 0 0",
              1e-5);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "RDFT", 9);
    op_param(&t, "f32", "?,8");
    op_const(&t, "i64", "2", "0 1");
    op_expect_shape(&t, 0, "f32", "?,5,2");
    op_end(&t);

    op_begin(&t, "IRDFT", 9);
    op_param(&t, "f32", "?,5,2");
    op_const(&t, "i64", "1", "1");
    op_expect_shape(&t, 0, "f32", "?,8");
    op_end(&t);

    op_begin(&t, "DFT", 7);
    op_param(&t, "f32", "3,8,2");
    op_param(&t, "i64", "1");
    op_expect_shape(&t, 0, "f32", "?,?,2");
    op_end(&t);

    op_begin(&t, "STFT", 15);
    op_param(&t, "f32", "?,48");
    op_param(&t, "f32", "9");
    op_const(&t, "i64", "", "11");
    op_const(&t, "i64", "", "3");
    op_attr(&t, "transpose_frames", "false");
    op_expect_shape(&t, 0, "f32", "?,13,6,2");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "DFT", 7);
    op_param(&t, "f32", "3,3");
    op_const(&t, "i64", "1", "0");
    op_expect_error(&t, VT_E_SHAPE, "the last axis of input 0 must have 2 elements");
    op_end(&t);

    op_begin(&t, "DFT", 7);
    op_param(&t, "f32", "3,2");
    op_const(&t, "i64", "1", "1");
    op_expect_error(&t, VT_E_RANGE, "axis 1 is outside of rank 1");
    op_end(&t);

    op_begin(&t, "STFT", 15);
    op_param(&t, "f32", "1,10");
    op_param(&t, "f32", "9");
    op_const(&t, "i64", "", "11");
    op_const(&t, "i64", "", "3");
    op_attr(&t, "transpose_frames", "false");
    op_expect_error(&t, VT_E_SHAPE, "shorter than a frame");
    op_end(&t);

    op_begin(&t, "STFT", 15);
    op_param(&t, "f32", "1,10");
    op_param(&t, "f32", "9");
    op_const(&t, "i64", "", "0");
    op_const(&t, "i64", "", "3");
    op_attr(&t, "transpose_frames", "false");
    op_expect_error(&t, VT_E_RANGE, "must be positive");
    op_end(&t);
}

/* No product wraps to a size that looks small. */
static void test_large(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "DFT", 7);
    op_input(&t, "f32", "2,2,2", "1");
    op_const(&t, "i64", "2", "0 0");
    op_const(&t, "i64", "2", "4611686018427387905 2");
    op_expect_error(&t, VT_E_NOMEM, "out of memory for a signal of 4611686018427387905");
    op_end(&t);

    /* Five frames of two, a quarter of 2^64 and one apart: the sum would be six. */
    op_begin(&t, "ISTFT", 16);
    op_input(&t, "f32", "2,5,2", "1");
    op_input(&t, "f32", "2", "1");
    op_input(&t, "i64", "", "2");
    op_input(&t, "i64", "", "4611686018427387905");
    op_const(&t, "i64", "", "6");
    op_attr(&t, "center", "false");
    op_attr(&t, "normalized", "false");
    op_expect_error(&t, VT_E_RANGE, "5 frames with a step of 4611686018427387905 are too long");
    op_end(&t);
}

static void test_no_frame(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ISTFT", 16);
    op_input(&t, "f32", "2,2,2", "1");
    op_input(&t, "f32", "2", "1");
    op_input(&t, "i64", "", "2");
    op_input(&t, "i64", "0", "");
    op_const(&t, "i64", "", "3");
    op_attr(&t, "center", "false");
    op_attr(&t, "normalized", "false");
    op_expect_error(&t, VT_E_SHAPE, "must have one element");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complex), cmocka_unit_test(test_real),  cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_stft),    cmocka_unit_test(test_istft), cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_errors),  cmocka_unit_test(test_large), cmocka_unit_test(test_no_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
