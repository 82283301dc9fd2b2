#include "op_test.h"

static void test_plain(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScaledDotProductAttention", 13);
    op_input(&t, "f32", "1,2,2,2",
             "0.61000001 0.62 0.029999999 -0.43000001 -0.88999999 -0.23 -0.18000001 -0.91000003");
    op_input(&t, "f32", "1,2,3,2",
             "-0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 -0.22 -0.0099999998 "
             "0.34999999 -0.88");
    op_input(&t, "f32", "1,2,3,2",
             "0.11 -0.46000001 0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 "
             "-0.95999998 0.41 -1");
    op_attr(&t, "causal", "false");
    op_expect(&t, 0, "f32", "1,2,2,2",
              "0.38892797 -0.061243985 0.47004384 -0.30483291 0.35685673 -0.61278522 0.34494606 -0.67312098",
              1e-5);
    op_end(&t);
}

static void test_causal(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScaledDotProductAttention", 13);
    op_input(&t, "f32", "1,2,2,2",
             "0.61000001 0.62 0.029999999 -0.43000001 -0.88999999 -0.23 -0.18000001 -0.91000003");
    op_input(&t, "f32", "1,2,3,2",
             "-0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 -0.22 -0.0099999998 "
             "0.34999999 -0.88");
    op_input(&t, "f32", "1,2,3,2",
             "0.11 -0.46000001 0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 "
             "-0.95999998 0.41 -1");
    op_attr(&t, "causal", "true");
    op_expect(&t, 0, "f32", "1,2,2,2",
              "0.11 -0.46000001 0.51317048 -0.71430755 -0.55000001 0.79000002 0.27705172 -0.33196938", 1e-5);
    op_end(&t);
}

static void test_masks(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScaledDotProductAttention", 13);
    op_input(&t, "f32", "1,2,2,2",
             "0.61000001 0.62 0.029999999 -0.43000001 -0.88999999 -0.23 -0.18000001 -0.91000003");
    op_input(&t, "f32", "1,2,3,2",
             "-0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 -0.22 -0.0099999998 "
             "0.34999999 -0.88");
    op_input(&t, "f32", "1,2,3,2",
             "0.11 -0.46000001 0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 "
             "-0.95999998 0.41 -1");
    op_input(&t, "f32", "1,1,2,3", "0.0099999998 -0.13 -0.58999997 -0.34999999 0.61000001 -0.37");
    op_attr(&t, "causal", "false");
    op_expect(&t, 0, "f32", "1,2,2,2",
              "0.3793886 -0.22254775 0.59199762 -0.54524183 0.31791046 -0.5083549 0.47806951 -0.7679013",
              1e-5);
    op_end(&t);

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_input(&t, "f32", "1,2,2,2",
             "0.61000001 0.62 0.029999999 -0.43000001 -0.88999999 -0.23 -0.18000001 -0.91000003");
    op_input(&t, "f32", "1,2,3,2",
             "-0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 -0.22 -0.0099999998 "
             "0.34999999 -0.88");
    op_input(&t, "f32", "1,2,3,2",
             "0.11 -0.46000001 0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 "
             "-0.95999998 0.41 -1");
    op_input(&t, "boolean", "1,1,1,3", "1 0 1");
    op_attr(&t, "causal", "false");
    op_expect(&t, 0, "f32", "1,2,2,2",
              "0.25423399 0.23232314 0.23697092 0.1494603 0.056212168 -0.3403331 0.16435981 -0.54198337",
              1e-5);
    op_end(&t);
}

static void test_scale_and_sink(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScaledDotProductAttention", 13);
    op_input(&t, "f32", "1,2,2,2",
             "0.61000001 0.62 0.029999999 -0.43000001 -0.88999999 -0.23 -0.18000001 -0.91000003");
    op_input(&t, "f32", "1,2,3,2",
             "-0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 -0.22 -0.0099999998 "
             "0.34999999 -0.88");
    op_input(&t, "f32", "1,2,3,2",
             "0.11 -0.46000001 0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 "
             "-0.95999998 0.41 -1");
    op_input(&t, "f32", "1,1,1,1", "0");
    op_const(&t, "f32", "1", "0.30000001");
    op_attr(&t, "causal", "false");
    op_expect(&t, 0, "f32", "1,2,2,2",
              "0.40056032 -0.14009392 0.4347541 -0.24079995 0.27099067 -0.49235934 0.27036202 -0.52202511",
              1e-5);
    op_end(&t);

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_input(&t, "f32", "1,2,2,2",
             "0.61000001 0.62 0.029999999 -0.43000001 -0.88999999 -0.23 -0.18000001 -0.91000003");
    op_input(&t, "f32", "1,2,3,2",
             "-0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 -0.22 -0.0099999998 "
             "0.34999999 -0.88");
    op_input(&t, "f32", "1,2,3,2",
             "0.11 -0.46000001 0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 "
             "-0.95999998 0.41 -1");
    op_input(&t, "f32", "1,1,1,1", "0");
    op_const(&t, "f32", "1", "0.30000001");
    op_const(&t, "f32", "1,2,1,1", "-0.69999999 0.40000001");
    op_attr(&t, "causal", "false");
    op_expect(&t, 0, "f32", "1,2,2,2",
              "0.34592301 -0.12098482 0.36983868 -0.20484488 0.17677653 -0.32118291 0.18167025 -0.35077569",
              1e-5);
    op_end(&t);
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "f32", "?,4,?,64");
    op_param(&t, "f32", "2,4,7,64");
    op_param(&t, "f32", "2,4,7,32");
    op_expect_shape(&t, 0, "f32", "2,4,?,32");
    op_end(&t);

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "f32", "?,4,?,64");
    op_param(&t, "f32", "?,4,?,64");
    op_param(&t, "f32", "?,4,?,64");
    op_param(&t, "boolean", "3,1,5,?");
    op_expect_shape(&t, 0, "f32", "3,4,5,64");
    op_end(&t);

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "f32", "...");
    op_param(&t, "f32", "2,4,7,64");
    op_param(&t, "f32", "2,4,7,32");
    op_expect_shape(&t, 0, "f32", "...");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "f32", "1,2,8");
    op_param(&t, "f32", "1,3,9");
    op_param(&t, "f32", "1,3,8");
    op_expect_error(&t, VT_E_SHAPE, "input 1 [1,3,9] does not fit the query [1,2,8]");
    op_end(&t);

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "f32", "1,2,8");
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f32", "1,4,8");
    op_expect_error(&t, VT_E_SHAPE, "input 2 [1,4,8] does not fit");
    op_end(&t);

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "f32", "1,2,8");
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f32", "1,3,8");
    op_param(&t, "f32", "5,2,3,3");
    op_expect_error(&t, VT_E_SHAPE, "input 3");
    op_end(&t);

    for (int i = 0; i < 2; i++) { /* one row, or one key, does not repeat for a mask of more */
        op_begin(&t, "ScaledDotProductAttention", 13);
        op_param(&t, "f32", i ? "2,1,8" : "2,3,8");
        op_param(&t, "f32", i ? "2,3,8" : "2,1,8");
        op_param(&t, "f32", i ? "2,3,8" : "2,1,8");
        op_param(&t, "f32", "3,3");
        op_expect_error(&t, VT_E_SHAPE, "input 3");
        op_end(&t);
    }

    for (int i = 0; i < 3; i++) {
        static const char *const sinks[] = {"2,1,2", "3,1", "2,1,1,1"};

        op_begin(&t, "ScaledDotProductAttention", 13);
        op_param(&t, "f32", "2,2,8");
        op_param(&t, "f32", "2,3,8");
        op_param(&t, "f32", "2,3,8");
        op_param(&t, "f32", "2,3");
        op_param(&t, "f32", "");
        op_param(&t, "f32", sinks[i]);
        op_expect_error(&t, VT_E_SHAPE, "input 5");
        op_end(&t);
    }

    op_begin(&t, "ScaledDotProductAttention", 13);
    op_param(&t, "i32", "1,2,8");
    op_param(&t, "i32", "1,3,8");
    op_param(&t, "i32", "1,3,8");
    op_expect_error(&t, VT_E_TYPE, "input 0 must be of a float type");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),          cmocka_unit_test(test_causal), cmocka_unit_test(test_masks),
        cmocka_unit_test(test_scale_and_sink), cmocka_unit_test(test_shapes), cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
