#include "op_test.h"

static void uniform(const char *type, const char *low, const char *high, const char *global_seed,
                    const char *op_seed, const char *alignment, const char *want)
{
    struct op_test t;

    op_begin(&t, "RandomUniform", 8);
    op_const(&t, "i64", "1", "6");
    op_const(&t, type, "", low);
    op_const(&t, type, "1", high);
    op_attr(&t, "output_type", type);
    op_attr(&t, "global_seed", global_seed);
    op_attr(&t, "op_seed", op_seed);
    op_attr(&t, "alignment", alignment);
    op_expect_shape(&t, 0, type, "6");
    op_expect(&t, 0, type, "6", want, vt_is_float(op_type(type)) ? 1e-6 : 0);
    op_end(&t);
}

/* What OpenVINO draws; the f64 row is an example of its specification. */
static void test_uniform(void **state)
{
    (void)state;
    uniform("f32", "0", "1", "150", "10", "tensorflow",
            "0.701123595 0.305396318 0.939310551 0.94560349 0.11694777 0.507700562");
    uniform("f32", "-2", "3", "150", "10", "tensorflow",
            "1.50561798 -0.473018408 2.69655275 2.72801733 -1.41526115 0.538502812");
    uniform("f16", "0", "1", "150", "10", "tensorflow",
            "0.701171875 0.305419921875 0.939453125 0.94580078125 0.116943359375 0.5078125");
    uniform("i32", "50", "100", "150", "10", "tensorflow", "85 60 66 55 97 95");
    uniform("i64", "50", "100", "80", "100", "tensorflow", "65 70 56 59 82 92");
    uniform("f32", "2", "10", "150", "7", "pytorch",
            "6.77989388 6.35665607 2.32592535 6.64844942 7.43773651 5.12612247");
    uniform("i32", "50", "100", "150", "7", "pytorch", "76 78 71 73 94 96");
}

static void test_double(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "RandomUniform", 8);
    op_input(&t, "i32", "2", "2 2");
    op_const(&t, "f64", "", "2");
    op_const(&t, "f64", "", "10");
    op_attr(&t, "output_type", "f64");
    op_attr(&t, "global_seed", "80");
    op_attr(&t, "op_seed", "100");
    op_expect_shape(&t, 0, "f64", "?,?");
    op_expect(&t, 0, "f64", "2,2", "5.65927959 4.23122376 2.67008206 2.36423758", 1e-8);
    op_end(&t);
}

/* Two seeds of 0: within the range, and another sequence each time. */
static void test_no_seeds(void **state)
{
    double first[2];

    (void)state;
    for (int run = 0; run < 2; run++) {
        struct op_test t;

        op_begin(&t, "RandomUniform", 8);
        op_const(&t, "i64", "1", "8");
        op_const(&t, "f64", "", "3");
        op_const(&t, "f64", "", "4");
        op_attr(&t, "output_type", "f64");
        assert_int_equal(op_run(&t), VT_OK);
        for (int i = 0; i < 8; i++) {
            double v = vt_get_f64(&t.out[0], i);

            assert_true(v >= 3 && v < 4);
        }
        first[run] = vt_get_f64(&t.out[0], 0);
        op_end(&t);
    }
    assert_true(first[0] != first[1]);
}

static void test_uniform_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "RandomUniform", 8);
    op_const(&t, "i64", "1", "2");
    op_const(&t, "f32", "", "1");
    op_const(&t, "f32", "", "1");
    op_attr(&t, "output_type", "f32");
    op_expect_error(&t, VT_E_INVALID, "minval 1 must be below maxval 1");
    op_end(&t);

    op_begin(&t, "RandomUniform", 8);
    op_const(&t, "i64", "1", "-2");
    op_const(&t, "f32", "", "0");
    op_const(&t, "f32", "", "1");
    op_attr(&t, "output_type", "f32");
    op_expect_error(&t, VT_E_SHAPE, "shape (input 0) element 0 is -2");
    op_end(&t);
}

static void multinomial(const char *replace, const char *logarithms, const char *probs, const char *want)
{
    struct op_test t;

    op_begin(&t, "Multinomial", 13);
    op_input_as(&t, "f64", "?,5", "2,5", probs);
    op_const(&t, "i32", "", "5");
    op_attr(&t, "convert_type", "i32");
    op_attr(&t, "with_replacement", replace);
    op_attr(&t, "log_probs", logarithms);
    op_attr(&t, "global_seed", "150");
    op_attr(&t, "op_seed", "10");
    op_expect_shape(&t, 0, "i32", "?,5");
    op_expect(&t, 0, "i32", "2,5", want, 0);
    op_end(&t);
}

/* What OpenVINO draws. */
static void test_multinomial(void **state)
{
    static const char probs[] = "0.1 0.2 0.3 0.1 0.3 0.5 0.1 0.1 0.2 0.1";

    (void)state;
    multinomial("true", "false", probs, "3 3 0 4 0 0 3 2 2 0");
    multinomial("false", "false", probs, "3 2 0 4 1 0 4 3 2 1");
    multinomial("true", "true", "0 -900 -900 -900 -900 -900 -900 -900 0 -900", "0 0 0 0 0 3 3 3 3 3");
}

static void test_multinomial_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Multinomial", 13);
    op_input(&t, "f32", "1,3", "1");
    op_const(&t, "i32", "", "4");
    op_attr(&t, "convert_type", "i64");
    op_attr(&t, "with_replacement", "false");
    op_attr(&t, "log_probs", "false");
    op_expect_error(&t, VT_E_INVALID, "4 samples of 3 classes without replacement");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniform),     cmocka_unit_test(test_double),
        cmocka_unit_test(test_no_seeds),    cmocka_unit_test(test_uniform_errors),
        cmocka_unit_test(test_multinomial), cmocka_unit_test(test_multinomial_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
