#include "op_test.h"

/* Golden values are those of OpenVINO's CPU plugin at f32. */
static void quantize(const char *levels, const char *in_low, const char *in_high, const char *out_low,
                     const char *out_high, const char *want)
{
    struct op_test t;

    op_begin(&t, "FakeQuantize", 1);
    op_input(&t, "f32", "17", "-9 -1 -0.6 -0.5 -0.4 0 0.1 0.2 0.25 0.3 0.5 0.6 0.75 1 1.1 9 nan");
    op_const(&t, "f32", "", in_low);
    op_const(&t, "f32", "1", in_high);
    op_const(&t, "f32", "1,1", out_low);
    op_const(&t, "f32", "", out_high);
    op_attr(&t, "levels", levels);
    op_expect(&t, 0, "f32", "17", want, 1e-6);
    op_end(&t);
}

static void test_levels(void **state)
{
    (void)state;
    quantize("5", "-1", "1", "0", "4", "0 0 1 1 1 2 2 2 2 3 3 3 4 4 4 4 0");
    quantize("2", "-1", "1", "0", "4", "0 0 0 0 0 0 4 4 4 4 4 4 4 4 4 4 0");
    quantize("5", "-1", "1", "4", "0", "4 4 3 3 3 2 2 2 2 1 1 1 0 0 0 0 4");
    quantize("256", "0", "2.55", "0", "2.55", "0 0 0 0 0 0 0.1 0.2 0.25 0.3 0.5 0.6 0.75 1 1.1 2.55 0");
}

static void test_per_channel(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FakeQuantize", 1);
    op_input_as(&t, "f32", "1,?,?", "1,2,2", "0.4 9 0.4 9");
    op_const(&t, "f32", "1,1,2,1", "0 0");
    op_const(&t, "f32", "2,1", "1 10");
    op_const(&t, "f32", "", "0");
    op_const(&t, "f32", "2,1", "1 10");
    op_attr(&t, "levels", "11");
    op_expect_shape(&t, 0, "f32", "1,?,?");
    op_expect(&t, 0, "f32", "1,2,2", "0.4 1 0 9", 1e-6);
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FakeQuantize", 1);
    op_param(&t, "f32", "2,3");
    for (int i = 0; i < 4; i++) {
        op_param(&t, "f32", i == 2 ? "2" : "");
    }
    op_attr(&t, "levels", "256");
    op_expect_error(&t, VT_E_SHAPE, "input 3 of shape [2] does not fit data of shape [2,3]");
    op_end(&t);

    op_begin(&t, "FakeQuantize", 1);
    op_param(&t, "f32", "1,3");
    for (int i = 0; i < 4; i++) {
        op_param(&t, "f32", i == 2 ? "2,1" : "");
    }
    op_attr(&t, "levels", "256");
    op_expect_error(&t, VT_E_SHAPE, "input 3 of shape [2,1] does not fit data of shape [1,3]");
    op_end(&t);

    op_begin(&t, "FakeQuantize", 1);
    for (int i = 0; i < 5; i++) {
        op_param(&t, "f32", "");
    }
    op_attr(&t, "levels", "1");
    op_expect_error(&t, VT_E_RANGE, "levels=\"1\" is outside 2..");
    op_end(&t);
}

static void test_fake_convert_shape(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "FakeConvert", 13);
    op_param(&t, "f32", "?,?,?");
    op_param(&t, "f32", "1,3,1");
    op_attr(&t, "destination_type", "f8e4m3");
    op_expect_shape(&t, 0, "f32", "?,3,?");
    op_end(&t);
}

static void fake_convert(const char *type, const char *scale, const char *shift, const char *want)
{
    struct op_test t;

    op_begin(&t, "FakeConvert", 13);
    op_input(&t, "f32", "10", "0.1 0.3 1.1 17.3 300 460 600 1e5 -1e-3 inf");
    op_input(&t, "f32", "1", scale);
    if (shift) {
        op_input(&t, "f32", "1", shift);
    }
    op_attr(&t, "destination_type", type);
    op_expect(&t, 0, "f32", "10", want, 1e-6);
    op_end(&t);
}

static void test_fake_convert(void **state)
{
    (void)state;
    fake_convert("f8e4m3", "1", NULL, "0.1015625 0.3125 1.125 18 288 448 448 448 -0.001953125 448");
    fake_convert("f8e4m3", "0.5", "0.25", "0.09375 0.296875 1.125 16.5 288.5 448.5 576.5 896.5 0 896.5");
    fake_convert("f8e5m2", "1", "0", "0.09375 0.3125 1 16 320 448 640 57344 -0.0009765625 57344");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_per_channel),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_fake_convert),
        cmocka_unit_test(test_fake_convert_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
