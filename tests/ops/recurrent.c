#include "op_test.h"

static void test_lstm_cell(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "LSTMCell", 4);
    op_input(&t, "f32", "1,2", "0.61000001 0.62");
    op_input(&t, "f32", "1,2", "0.029999999 -0.43000001");
    op_input(&t, "f32", "1,2", "-0.88999999 -0.23");
    op_const(&t, "f32", "8,2",
             "-0.18000001 -0.91000003 -0.89999998 1 0.30000001 -0.52999997 -0.13 0.94999999 0.80000001 0.69 "
             "-0.22 -0.0099999998 0.34999999 -0.88 0.11 -0.46000001");
    op_const(&t, "f32", "8,2",
             "0.75999999 -0.87 0.36000001 0.74000001 -0.55000001 0.79000002 0.74000001 -0.95999998 0.41 -1 "
             "0.0099999998 -0.13 -0.58999997 -0.34999999 0.61000001 -0.37");
    op_const(&t, "f32", "8",
             "-0.69999999 0.40000001 -0.1 0.60000002 -0.52999997 -0.36000001 0.60000002 0.0099999998");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "sigmoid,tanh,tanh");
    op_attr(&t, "clip", "0.0");
    op_expect(&t, 0, "f32", "1,2", "-0.001739969 -0.21500184", 1e-5);
    op_expect(&t, 1, "f32", "1,2", "-0.0029054971 -0.46815404", 1e-5);
    op_end(&t);

    op_begin(&t, "LSTMCell", 1);
    op_input(&t, "f32", "1,2", "0.0099999998 -0.52999997");
    op_input(&t, "f32", "1,2", "-0.97000003 0.87");
    op_input(&t, "f32", "1,2", "-0.82999998 0.69");
    op_const(&t, "f32", "8,2",
             "-0.25999999 0.89999998 -0.2 0.87 0.11 -0.51999998 0.47999999 0.34999999 0.37 -0.07 -0.56 0.28 "
             "-0.79000002 0.38 0.27000001 -0.25");
    op_const(&t, "f32", "8,2",
             "0.60000002 -0.61000001 -0.22 0.60000002 -0.23999999 0.43000001 0.23 0.88 0.98000002 0.44999999 "
             "0.62 -0.69 0.43000001 0.69999999 -0.2 0.11");
    op_const(&t, "f32", "8", "-0.039999999 0.92000002 -0.37 -0.2 -1 -0.16 0.25999999 0.87");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "sigmoid,relu,tanh");
    op_attr(&t, "clip", "0.3");
    op_attr(&t, "weights_format", "fico");
    op_attr(&t, "input_forget", "false");
    op_expect(&t, 0, "f32", "1,2", "-0.19008429 0.21646987", 1e-5);
    op_expect(&t, 1, "f32", "1,2", "-0.35321271 0.39636531", 1e-5);
    op_end(&t);
}

static void test_gru_cell(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "GRUCell", 3);
    op_input(&t, "f32", "1,2", "0.85000002 -0.34999999");
    op_input(&t, "f32", "1,2", "0.98000002 -0.62");
    op_const(&t, "f32", "6,2",
             "0.64999998 -0.69 -0.19 -0.85000002 0.72000003 0.66000003 -0.72000003 0.050000001 -0.47999999 "
             "-0.02 0.11 -0.79000002");
    op_const(&t, "f32", "6,2",
             "0.73000002 -0.44 -0.11 -0.88999999 -0.99000001 -0.61000001 -0.31999999 0.86000001 0.77999997 "
             "-0.039999999 -0.090000004 0.33000001");
    op_const(&t, "f32", "6", "0.72000003 -0.33000001 0.58999997 -0.2 0.19 0.47");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "sigmoid,tanh");
    op_attr(&t, "clip", "0.0");
    op_attr(&t, "linear_before_reset", "false");
    op_expect(&t, 0, "f32", "1,2", "0.92411494 -0.069060721", 1e-5);
    op_end(&t);

    op_begin(&t, "GRUCell", 3);
    op_input(&t, "f32", "1,2", "0 0.38");
    op_input(&t, "f32", "1,2", "0.38999999 -0.99000001");
    op_const(&t, "f32", "6,2",
             "-0.92000002 -0.69999999 -0.56999999 -0.58999997 -0.89999998 -0.56999999 0.2 0.76999998 "
             "-0.30000001 -0.27000001 -0.17 0.36000001");
    op_const(&t, "f32", "6,2",
             "0.56999999 0.88 -0.25 0.41 -0.31999999 0.64999998 -0.54000002 0.74000001 0.0099999998 "
             "0.44999999 0.07 -0.37");
    op_const(&t, "f32", "8",
             "-0.0099999998 -0.89999998 -0.91000003 0.059999999 -0.050000001 0.67000002 -0.95999998 0.11");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "sigmoid,tanh");
    op_attr(&t, "clip", "0.5");
    op_attr(&t, "linear_before_reset", "true");
    op_expect(&t, 0, "f32", "1,2", "-0.14040831 -0.086116105", 1e-5);
    op_end(&t);
}

static void test_rnn_cell(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "RNNCell", 3);
    op_input(&t, "f32", "2,2", "-0.02 0.2 0.46000001 0.050000001");
    op_input(&t, "f32", "2,2", "0.13 -0.02 0.23 -0.5");
    op_const(&t, "f32", "2,2", "0.11 0.34 -0.62 0.98000002");
    op_const(&t, "f32", "2,2", "0.49000001 0.91000003 -0.41 -0.11");
    op_const(&t, "f32", "2", "-0.47999999 -0.91000003");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "tanh");
    op_attr(&t, "clip", "0.0");
    op_expect(&t, 0, "f32", "2,2", "-0.3528541 -0.63675696 -0.63794452 -0.82917804", 1e-5);
    op_end(&t);
}

/* A NaN goes through every gate, clipped or not. */
static void test_nan(void **state)
{
    static const char *const functions[] = {"sigmoid", "tanh",     "relu",      "hardsigmoid", "affine",
                                            "elu",     "softsign", "leakyrelu", "softplus"};

    (void)state;
    for (int i = 0; i < 18; i++) {
        struct op_test t;

        op_begin(&t, "RNNCell", 3);
        op_input(&t, "f32", "2,1", "nan 1");
        op_input(&t, "f32", "2,1", "0 0");
        op_const(&t, "f32", "1,1", "0");
        op_const(&t, "f32", "1,1", "0");
        op_const(&t, "f32", "1", "0");
        op_attr(&t, "hidden_size", "1");
        op_attr(&t, "activations", functions[i % 9]);
        op_attr(&t, "activations_alpha", "0.5");
        op_attr(&t, "activations_beta", "0");
        op_attr(&t, "clip", i < 9 ? "0" : "2");
        op_expect(&t, 0, "f32", "2,1",
                  i % 9 == 0   ? "nan 0.5"
                  : i % 9 == 8 ? "nan 0.69314718"
                               : "nan 0",
                  1e-6);
        op_end(&t);
    }
}

static void test_sequences(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "LSTMSequence", 5);
    op_input(&t, "f32", "2,3,1", "-0.97000003 -0.50999999 0.72000003 -0.67000002 0.38 -0.5");
    op_input(&t, "f32", "2,2,1", "-0.87 -0.62 0.36000001 0");
    op_input(&t, "f32", "2,2,1", "0.1 -0.090000004 -0.44999999 -0.02");
    op_const(&t, "i32", "2", "3 2");
    op_const(&t, "f32", "2,4,1", "0.83999997 -0.60000002 0.47 -0.5 -0.61000001 -0.34999999 -0.81 0.87");
    op_const(&t, "f32", "2,4,1", "-0.27000001 -0.64999998 -1 -0.88 -0.56999999 -0.16 0.2 0.95999998");
    op_const(&t, "f32", "2,4",
             "0.77999997 -0.51999998 0.22 0.83999997 -0.80000001 0.70999998 -0.20999999 0.56");
    op_attr(&t, "hidden_size", "1");
    op_attr(&t, "activations", "sigmoid,tanh,tanh");
    op_attr(&t, "clip", "0.0");
    op_attr(&t, "direction", "bidirectional");
    op_expect(&t, 0, "f32", "2,2,3,1",
              "0.35373399 0.066777483 0.11956328 0.13504812 -0.04629517 -0.2907984 -0.27540457 -0.073558211 "
              "0 0.031373564 -0.21306196 0",
              1e-5);
    op_expect(&t, 1, "f32", "2,2,1", "0.11956328 0.13504812 -0.073558211 0.031373564", 1e-5);
    op_expect(&t, 2, "f32", "2,2,1", "0.20067602 0.33452946 -0.1040683 0.070877805", 1e-5);
    op_end(&t);

    op_begin(&t, "GRUSequence", 5);
    op_input(&t, "f32", "1,3,1", "-0.34999999 0.25 0.0099999998");
    op_input(&t, "f32", "1,1,2", "-0.79000002 0.51999998");
    op_const(&t, "i32", "1", "3");
    op_const(&t, "f32", "1,6,1", "0.64999998 -0.029999999 -0.22 0.88999999 -0.25 0.75999999");
    op_const(&t, "f32", "1,6,2",
             "-0.16 -0.25 -0.28 -0.88 -0.44999999 -0.54000002 -0.88 0.079999998 -0.12 -0.94999999 -0.69 "
             "0.83999997");
    op_const(&t, "f32", "1,8",
             "-0.73000002 -0.25 0.89999998 -0.76999998 -0.18000001 0.60000002 -0.95999998 -0.86000001");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "sigmoid,tanh");
    op_attr(&t, "clip", "0.0");
    op_attr(&t, "direction", "reverse");
    op_attr(&t, "linear_before_reset", "true");
    op_expect(&t, 0, "f32", "1,1,3,2", "-0.82769454 0.50285566 -0.83298439 0.65303469 -0.81283689 0.55935037",
              1e-5);
    op_expect(&t, 1, "f32", "1,1,2", "-0.82769454 0.50285566", 1e-5);
    op_end(&t);

    op_begin(&t, "RNNSequence", 5);
    op_input(&t, "f32", "2,3,1", "0.86000001 0.37 -0.47999999 -0.039999999 -0.5 0.77999997");
    op_input(&t, "f32", "2,1,2", "0.89999998 -0.86000001 0.050000001 -0.63");
    op_const(&t, "i32", "2", "1 3");
    op_const(&t, "f32", "1,2,1", "-0.19 0.47999999");
    op_const(&t, "f32", "1,2,2", "0.43000001 -0.62 -0.34 -0.15000001");
    op_const(&t, "f32", "1,2", "-0.23 0.36000001");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "activations", "relu");
    op_attr(&t, "clip", "0.0");
    op_attr(&t, "direction", "forward");
    op_expect(&t, 0, "f32", "2,1,3,2", "0.52679998 0.59580004 0 0 0 0 0.18969999 0.41830003 0 0 0 0.73440003",
              1e-5);
    op_expect(&t, 1, "f32", "2,1,2", "0.52679998 0.59580004 0 0.73440003", 1e-5);
    op_end(&t);
}

/* What the internal opset's sequence has more, and the functions that ONNX adds; the numbers are
 * onnxruntime's. */
static void test_onnx(void **state)
{
    static const struct {
        const char *function, *alpha, *beta, *want;
    } rows[] = {
        {"affine", "0.7", "0.1", "0.59434003 0.57530004 -0.54298824 0.63748258"},
        {"leakyrelu", "0.1", "0", "0.7062 0.67900002 -0.11014781 0.90504599"},
        {"thresholdedrelu", "0.2", "0", "0.7062 0.67900002 0 0.90504599"},
        {"scaledtanh", "0.8", "1.2", "0.55178374 0.53778374 -0.61605525 0.55679983"},
        {"elu", "0.6", "0", "0.7062 0.67900002 -0.40057233 0.90504599"},
        {"softsign", "0", "0", "0.41390225 0.40440738 -0.38301069 0.35289299"},
        {"softplus", "0", "0", "1.1073331 1.0892031 0.15494743 1.6279366"},
    };
    struct op_test t;

    (void)state;
    op_begin(&t, "LSTMSequence", 0);
    op_input(&t, "f32", "1,3,2", "0.25 0.79000002 0.55000001 -0.55000001 -0.40000001 0.75");
    op_input(&t, "f32", "1,1,2", "0.28 0.47999999");
    op_input(&t, "f32", "1,1,2", "-0.81999999 0.079999998");
    op_const(&t, "i32", "1", "3");
    op_const(&t, "f32", "1,8,2",
             "0.0099999998 0.11 0.99000001 0.58999997 -0.99000001 0.63999999 0.58999997 -0.059999999 "
             "0.23999999 0.98000002 -0.56999999 -0.68000001 -0.38999999 -0.44 -0.49000001 -0.11");
    op_const(&t, "f32", "1,8,2",
             "-0.0099999998 -0.5 -0.98000002 -0.62 0.23 -0.91000003 -0.93000001 0.029999999 0.38 -0.60000002 "
             "-0.25999999 -0.99000001 -0.07 0.82999998 0.25999999 0.029999999");
    op_const(&t, "f32", "1,8", "0 0 0 0 0 0 0 0");
    op_const(&t, "f32", "1,6", "0.02 0.69 0.66000003 -0.69 -0.46000001 0.75999999");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "input_forget", "false");
    op_expect(&t, 0, "f32", "1,1,3,2",
              "-0.08942315 -0.13138425 -0.094044738 -0.017938465 0.11263245 -0.064253069", 1e-5);
    op_expect(&t, 2, "f32", "1,1,2", "0.27237108 -0.12989093", 1e-5);
    op_end(&t);

    op_begin(&t, "LSTMSequence", 0);
    op_input(&t, "f32", "1,3,2", "0.25 0.79000002 0.55000001 -0.55000001 -0.40000001 0.75");
    op_input(&t, "f32", "1,1,2", "0.14 -0.25");
    op_input(&t, "f32", "1,1,2", "-0.18000001 -0.51999998");
    op_const(&t, "i32", "1", "3");
    op_const(&t, "f32", "1,8,2",
             "0.63 -0.23999999 0.95999998 0.18000001 0.02 0.74000001 -0.28 0.2 0.20999999 0.28 0.34999999 "
             "-0.69999999 -0.88 -0.22 -0.34999999 -0.69999999");
    op_const(&t, "f32", "1,8,2",
             "0.75 0.31999999 -0.74000001 0.69 -0.12 -0.51999998 -0.2 -0.81 0.88999999 0.81 0.14 -0.70999998 "
             "0.94 -0.56999999 0.34 -0.40000001");
    op_const(&t, "f32", "1,8", "0 0 0 0 0 0 0 0");
    op_const(&t, "f32", "1,6", "0.76999998 0.28 -0.62 0.86000001 0.1 -0.63999999");
    op_attr(&t, "hidden_size", "2");
    op_attr(&t, "input_forget", "true");
    op_expect(&t, 0, "f32", "1,1,3,2",
              "0.037093829 -0.16886273 -0.005133993 -0.010009565 0.037020106 -0.14708182", 1e-5);
    op_expect(&t, 2, "f32", "1,1,2", "0.067595288 -0.33313772", 1e-5);
    op_end(&t);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        op_begin(&t, "RNNSequence", 5);
        op_input(&t, "f32", "1,2,2", "-0.92000002 0.75 -0.059999999 0.1");
        op_input(&t, "f32", "1,1,2", "0 0");
        op_const(&t, "i32", "1", "2");
        op_const(&t, "f32", "1,2,2", "-0.36000001 0.5 -0.94999999 -0.25999999");
        op_const(&t, "f32", "1,2,2", "-0.94 -0.75 0.93000001 0.31999999");
        op_const(&t, "f32", "1,2", "0 0");
        op_attr(&t, "hidden_size", "2");
        op_attr(&t, "activations", rows[i].function);
        op_attr(&t, "activations_alpha", rows[i].alpha);
        op_attr(&t, "activations_beta", rows[i].beta);
        op_expect(&t, 0, "f32", "1,1,2,2", rows[i].want, 1e-5);
        op_end(&t);
    }
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "LSTMSequence", 5);
    op_param(&t, "f32", "?,?,16");
    op_param(&t, "f32", "?,2,8");
    op_param(&t, "f32", "3,2,8");
    op_param(&t, "i32", "?");
    op_param(&t, "f32", "2,32,16");
    op_param(&t, "f32", "2,32,8");
    op_param(&t, "f32", "2,32");
    op_attr(&t, "hidden_size", "8");
    op_attr(&t, "direction", "bidirectional");
    op_expect_shape(&t, 0, "f32", "3,2,?,8");
    op_expect_shape(&t, 1, "f32", "3,2,8");
    op_expect_shape(&t, 2, "f32", "3,2,8");
    op_end(&t);

    op_begin(&t, "GRUCell", 3);
    op_param(&t, "f32", "...");
    op_param(&t, "f32", "?,8");
    op_param(&t, "f32", "24,16");
    op_param(&t, "f32", "24,8");
    op_param(&t, "f32", "24");
    op_attr(&t, "hidden_size", "8");
    op_expect_shape(&t, 0, "f32", "?,8");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "RNNCell", 1);
    op_param(&t, "f32", "1,4");
    op_param(&t, "f32", "1,3");
    op_param(&t, "f32", "3,5");
    op_param(&t, "f32", "3,3");
    op_attr(&t, "hidden_size", "3");
    op_expect_error(&t, VT_E_SHAPE, "axis 1 of input 2 [3,5] does not fit");
    op_end(&t);

    op_begin(&t, "RNNCell", 1);
    op_param(&t, "f32", "1,4");
    op_param(&t, "f32", "1,3");
    op_param(&t, "f32", "3,4");
    op_param(&t, "f32", "3,3");
    op_attr(&t, "hidden_size", "3");
    op_attr(&t, "activations", "swish");
    op_expect_error(&t, VT_E_UNSUPPORTED, "1 of sigmoid, tanh, relu");
    op_end(&t);

    op_begin(&t, "RNNCell", 1);
    op_param(&t, "f32", "1,4");
    op_param(&t, "f16", "1,3");
    op_param(&t, "f32", "3,4");
    op_param(&t, "f32", "3,3");
    op_attr(&t, "hidden_size", "3");
    op_expect_error(&t, VT_E_TYPE, "input 1 must not be f16");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lstm_cell), cmocka_unit_test(test_gru_cell),  cmocka_unit_test(test_rnn_cell),
        cmocka_unit_test(test_nan),       cmocka_unit_test(test_sequences), cmocka_unit_test(test_onnx),
        cmocka_unit_test(test_shapes),    cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
