/* What came with opset17, and the operation of opset16 on unpacked strings. */
#include "op_test.h"

static void test_erfinv(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ErfInv", 17);
    op_input(&t, "f64", "10", "0 0.5 -0.5 0.9 0.999 1 -1 1.5 -2 nan");
    op_expect(&t, 0, "f64", "10",
              "0 0.47693627620446987 -0.47693627620446987 1.1630871536766743 2.326753765513525 inf -inf nan "
              "nan nan",
              1e-14);
    op_end(&t);

    /* Also where hardly anything is left to 1, or to 0. */
    op_begin(&t, "ErfInv", 17);
    op_input(&t, "f64", "6", "1e-300 1e-8 0.3 0.999999999 0.9999999999999999 -0.7");
    assert_int_equal(op_run(&t), VT_OK);
    for (int64_t i = 0; i < 6; i++) {
        double x = vt_get_f64(&t.data[0], i), y = vt_get_f64(&t.out[0], i);

        assert_true(fabs(erf(y) - x) <= 4e-16 * fabs(x));
        assert_true(fabs(x) < 0.9 || fabs(erfc(y) - (1 - x)) <= 1e-13 * (1 - x));
    }
    op_end(&t);

    op_begin(&t, "ErfInv", 17);
    op_param(&t, "i32", "2");
    op_expect_error(&t, VT_E_TYPE, "float");
    op_end(&t);
}

static void test_atan2(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Atan2", 17);
    op_input(&t, "f32", "4", "1 -1 0 0");
    op_input(&t, "f32", "2,1", "1 -1");
    op_expect(&t, 0, "f32", "2,4", "0.78539816 -0.78539816 0 0 2.3561945 -2.3561945 3.1415927 3.1415927",
              1e-7);
    op_end(&t);

    op_begin(&t, "Atan2", 17);
    op_param(&t, "i64", "2");
    op_param(&t, "i64", "2");
    op_expect_error(&t, VT_E_TYPE, "a float type, not i64");
    op_end(&t);
}

static void grouped(struct op_test *t, const char *rows, const char *matrices)
{
    op_begin(t, "GroupedMatMul", 17);
    op_input(t, "f32", rows, "0 1 2 3 4 5 6 7 8 9 10 11");
    op_input(t, "f32", matrices, "1 0 0 0 1 1 2 0 0 0 0 3");
}

static void test_grouped(void **state)
{
    struct op_test t;

    (void)state;
    grouped(&t, "4,3", "2,2,3");
    op_input(&t, "i32", "2", "1 4");
    op_expect(&t, 0, "f32", "4,2", "0 3 6 15 12 24 18 33", 0);
    op_end(&t);

    grouped(&t, "4,3", "2,2,3");
    op_input(&t, "i64", "2", "2 3"); /* the last row is in no group */
    op_expect(&t, 0, "f32", "4,2", "0 3 3 9 12 24 0 0", 0);
    op_end(&t);

    grouped(&t, "2,2,3", "2,2,3");
    op_expect(&t, 0, "f32", "2,2,2", "0 3 3 9 12 24 18 33", 0);
    op_end(&t);

    op_begin(&t, "GroupedMatMul", 17);
    op_param(&t, "f16", "?,64");
    op_param(&t, "f16", "3,128,64");
    op_param(&t, "i32", "?");
    op_expect_shape(&t, 0, "f16", "?,128");
    op_end(&t);

    op_begin(&t, "GroupedMatMul", 17);
    op_param(&t, "f16", "?,2..3,?");
    op_param(&t, "f16", "3,128,64");
    op_expect_shape(&t, 0, "f16", "3,2..3,128");
    op_end(&t);
}

static void test_grouped_errors(void **state)
{
    struct op_test t;

    (void)state;
    grouped(&t, "4,3", "2,2,3");
    op_input(&t, "i32", "2", "2 1");
    op_expect_error(&t, VT_E_RANGE, "offsets[1] is 1, outside of 2 to 4");
    op_end(&t);

    grouped(&t, "4,3", "2,2,3");
    op_input(&t, "i32", "2", "2 5");
    op_expect_error(&t, VT_E_RANGE, "offsets[1] is 5");
    op_end(&t);

    grouped(&t, "4,3", "2,3,2");
    op_input(&t, "i32", "2", "2 4");
    op_expect_error(&t, VT_E_SHAPE, "the last axes of inputs 0 and 1 differ");
    op_end(&t);

    grouped(&t, "4,3", "2,2,3");
    op_expect_error(&t, VT_E_INVALID, "need input 2 (offsets)");
    op_end(&t);

    grouped(&t, "2,2,3", "2,2,3");
    op_input(&t, "i32", "2", "2 4");
    op_expect_error(&t, VT_E_INVALID, "must be left out");
    op_end(&t);

    grouped(&t, "4,3", "2,2,3");
    op_input(&t, "i32", "3", "2 3 4");
    op_expect_error(&t, VT_E_SHAPE, "one element for each matrix");
    op_end(&t);
}

static void rows(struct op_test *t, const char *type, const char *shape, const char *begins, const char *ends)
{
    op_begin(t, "SparseFillEmptyRowsUnpackedString", 16);
    op_input(t, type, shape, begins);
    op_input(t, type, shape, ends);
    op_input(t, "u8", "4", "97 98 99 100");
    op_input(t, "u8", "2", "120 121");
}

static void test_unpacked_rows(void **state)
{
    struct op_test t;

    (void)state;
    rows(&t, "i32", "4,2", "0 2 2 2 2 3 4 4", "2 2 2 2 3 4 4 4");
    op_expect_shape(&t, 0, "i32", "4,2");
    op_expect_shape(&t, 2, "u8", "4..6");
    op_expect_shape(&t, 3, "boolean", "4");
    op_expect(&t, 0, "i32", "4,2", "0 2 4 2 2 3 4 4", 0);
    op_expect(&t, 1, "i32", "4,2", "2 2 6 2 3 4 6 4", 0);
    op_expect(&t, 2, "u8", "6", "97 98 99 100 120 121", 0);
    op_expect(&t, 3, "boolean", "4", "0 1 0 1", 0);
    op_end(&t);

    rows(&t, "i64", "2", "0 2", "2 4"); /* nothing is empty: nothing is added */
    op_expect(&t, 0, "i64", "2", "0 2", 0);
    op_expect(&t, 2, "u8", "4", "97 98 99 100", 0);
    op_expect(&t, 3, "boolean", "2", "0 0", 0);
    op_end(&t);

    op_begin(&t, "SparseFillEmptyRowsUnpackedString", 16);
    op_param(&t, "i32", "4,2");
    op_param(&t, "i32", "4,3");
    op_param(&t, "u8", "?");
    op_param(&t, "u8", "?");
    op_expect_error(&t, VT_E_SHAPE, "differ");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_erfinv),        cmocka_unit_test(test_atan2),
        cmocka_unit_test(test_grouped),       cmocka_unit_test(test_grouped_errors),
        cmocka_unit_test(test_unpacked_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
