/* Operators on single elements: values by hand, from the operators' formulas. */
#include "onnx_case.h"

static void test_unary(void **state)
{
    static const struct onnx_case cases[] = {
        {"Abs", 13, NULL, {"i32[3] -2 0 5"}, {"i32[3] 2 0 5"}, 0, false},
        {"Acos", 22, NULL, {"f32[3] -1 0 1"}, {"f32[3] 3.14159265 1.57079633 0"}, 1e-6, false},
        {"Acosh", 9, NULL, {"f32[2] 1 1.5430806"}, {"f32[2] 0 1"}, 1e-5, false},
        {"Asin", 7, NULL, {"f32[3] -1 0 1"}, {"f32[3] -1.57079633 0 1.57079633"}, 1e-6, false},
        {"Asinh", 22, NULL, {"f32[2] 0 1.17520119"}, {"f32[2] 0 1"}, 1e-6, false},
        {"Atan", 7, NULL, {"f32[2] 0 1"}, {"f32[2] 0 0.785398163"}, 1e-6, false},
        {"Atanh", 9, NULL, {"f32[2] 0 0.761594156"}, {"f32[2] 0 1"}, 1e-6, false},
        {"BitwiseNot", 18, NULL, {"u8[3] 0 255 5"}, {"u8[3] 255 0 250"}, 0, false},
        {"Ceil", 13, NULL, {"f32[3] -1.5 1.2 3"}, {"f32[3] -1 2 3"}, 0, false},
        {"Cos", 22, NULL, {"f64[2] 0 3.14159265358979"}, {"f64[2] 1 -1"}, 1e-9, false},
        {"Cosh", 9, NULL, {"f32[2] 0 1"}, {"f32[2] 1 1.5430806"}, 1e-6, false},
        {"Erf", 13, NULL, {"f32[2] 0 1"}, {"f32[2] 0 0.842700793"}, 1e-6, false},
        {"Exp", 13, NULL, {"f16[2] 0 1"}, {"f16[2] 1 2.71875"}, 1e-3, false},
        {"Floor", 6, NULL, {"f32[3] -1.5 1.2 3"}, {"f32[3] -2 1 3"}, 0, false},
        {"Identity", 19, NULL, {"i8[2] -1 7"}, {"i8[2] -1 7"}, 0, false},
        {"IsInf", 20, NULL, {"f32[4] inf -inf nan 1"}, {"boolean[4] 1 1 0 0"}, 0, false},
        {"IsInf", 10, "detect_positive=0", {"f32[3] inf -inf 1"}, {"boolean[3] 0 1 0"}, 0, false},
        {"IsNaN", 13, NULL, {"f32[3] inf nan 1"}, {"boolean[3] 0 1 0"}, 0, false},
        {"Log", 13, NULL, {"f32[2] 1 2.71828183"}, {"f32[2] 0 1"}, 1e-6, false},
        {"Mish", 18, NULL, {"f32[2] 0 1"}, {"f32[2] 0 0.865098388"}, 1e-6, false},
        {"Neg", 13, NULL, {"i8[3] 1 -5 0"}, {"i8[3] -1 5 0"}, 0, false},
        {"Not", 1, NULL, {"boolean[2] 0 1"}, {"boolean[2] 1 0"}, 0, false},
        {"Reciprocal", 13, NULL, {"f32[3] 2 -4 0"}, {"f32[3] 0.5 -0.25 inf"}, 0, false},
        {"Relu", 14, NULL, {"i32[3] -3 0 3"}, {"i32[3] 0 0 3"}, 0, false},
        {"Round", 11, NULL, {"f32[5] -1.5 0.5 1.5 2.5 2.6"}, {"f32[5] -2 0 2 2 3"}, 0, false},
        {"Sigmoid", 13, NULL, {"f32[2] 0 1"}, {"f32[2] 0.5 0.731058579"}, 1e-6, false},
        {"Sign", 13, NULL, {"i64[3] -9 0 4"}, {"i64[3] -1 0 1"}, 0, false},
        {"Sin", 7, NULL, {"f32[2] 0 1.57079633"}, {"f32[2] 0 1"}, 1e-6, false},
        {"Sinh", 9, NULL, {"f32[2] 0 1"}, {"f32[2] 0 1.17520119"}, 1e-6, false},
        {"Softplus", 22, NULL, {"f32[2] 0 1"}, {"f32[2] 0.693147181 1.31326169"}, 1e-6, false},
        {"Softsign", 1, NULL, {"f32[3] -1 0 3"}, {"f32[3] -0.5 0 0.75"}, 1e-6, false},
        {"Sqrt", 13, NULL, {"f32[2] 4 9"}, {"f32[2] 2 3"}, 1e-6, false},
        {"Tan", 7, NULL, {"f32[2] 0 0.785398163"}, {"f32[2] 0 1"}, 1e-6, false},
        {"Tanh", 13, NULL, {"f32[2] 0 1"}, {"f32[2] 0 0.761594156"}, 1e-6, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_activations(void **state)
{
    static const struct onnx_case cases[] = {
        {"Celu", 12, "alpha=2.0", {"f32[2] -1 3"}, {"f32[2] -0.786938681 3"}, 1e-6, false},
        {"Elu", 6, "alpha=2.0", {"f32[2] -1 3"}, {"f32[2] -1.26424112 3"}, 1e-6, false},
        {"Gelu", 20, NULL, {"f32[2] 1 -1"}, {"f32[2] 0.841344746 -0.158655254"}, 1e-6, false},
        {"Gelu", 20, "approximate='tanh'", {"f32[1] 1"}, {"f32[1] 0.841191991"}, 1e-6, false},
        {"HardSigmoid", 6, NULL, {"f32[3] -3 1 5"}, {"f32[3] 0 0.7 1"}, 1e-6, false},
        {"HardSwish", 14, NULL, {"f32[3] -4 1 4"}, {"f32[3] 0 0.666666667 4"}, 1e-6, false},
        {"LeakyRelu", 16, "alpha=0.5", {"f32[2] -3 2"}, {"f32[2] -1.5 2"}, 1e-6, false},
        {"PRelu", 9, NULL, {"f32[1,2,2] -1 -2 3 -4", "f32[2] 2 3"}, {"f32[1,2,2] -2 -6 3 -12"}, 0, false},
        {"PRelu", 16, NULL, {"f32[1,2,2] -1 -2 3 -4", "f32[2,1] 2 3"}, {"f32[1,2,2] -2 -4 3 -12"}, 0, false},
        {"PRelu", 6, NULL, {"f32[1,2,2] -1 -2 3 -4", "f32[2] 2 3"}, {"f32[1,2,2] -2 -4 3 -12"}, 0, false},
        {"Selu", 6, NULL, {"f32[2] -1 2"}, {"f32[2] -1.11133074 2.10140204"}, 1e-6, false},
        {"Shrink", 9, "lambd=1.5;bias=0.5", {"f32[4] -2 -1 1.5 2"}, {"f32[4] -1.5 0 0 1.5"}, 0, false},
        {"Shrink", 9, "lambd=1.5;bias=1.0", {"i32[4] -2 -1 1 5"}, {"i32[4] -1 0 0 4"}, 0, false},
        {"Swish", 24, "alpha=2.0", {"f32[2] 0 1"}, {"f32[2] 0 0.880797078"}, 1e-6, false},
        {"ThresholdedRelu", 10, "alpha=2.0", {"f32[3] 1 2 inf"}, {"f32[3] 0 0 inf"}, 0, false},
        {"Clip", 6, "min=-1.0;max=2.0", {"f32[3] -5 1 5"}, {"f32[3] -1 1 2"}, 0, false},
        {"Clip", 6, "min=0.5", {"f32[2] -5 7"}, {"f32[2] 0.5 7"}, 0, false},
        {"Clip", 13, NULL, {"f32[3] -5 1 5", "=f32[] -1", "=f32[] 2"}, {"f32[3] -1 1 2"}, 0, false},
        {"Clip", 13, NULL, {"i8[3] -5 1 5", "", "i8[] 2"}, {"i8[3] -5 1 2"}, 0, false},
        {"Clip", 13, NULL, {"f32[3] -5 1 5", "f32[] 3", "f32[] 2"}, {"f32[3] 2 2 2"}, 0, false},
        {"Softmax", 13, "axis=0", {"f32[2,1] 0 0"}, {"f32[2,1] 0.5 0.5"}, 1e-6, false},
        {"Softmax",
         11,
         "axis=1",
         {"f32[1,2,2] 0 0 0 1.0986123"},
         {"f32[1,2,2] 0.1666667 0.1666667 0.1666667 0.5"},
         1e-6,
         false},
        {"Softmax",
         11,
         "axis=-2",
         {"f32[1,2,2] 0 0 0 1.0986123"},
         {"f32[1,2,2] 0.1666667 0.1666667 0.1666667 0.5"},
         1e-6,
         false},
        {"LogSoftmax", 13, NULL, {"f32[2,2] 0 0 5 5"}, {"f32[2,2] -0.693147181"}, 1e-6, false},
        {"LogSoftmax", 1, "axis=0", {"f32[2,2] 7"}, {"f32[2,2] -1.38629436"}, 1e-6, false},
        {"Hardmax", 13, NULL, {"f32[2,3] 1 3 3 5 2 0"}, {"f32[2,3] 0 1 0 1 0 0"}, 0, false},
        {"Hardmax", 11, "axis=0", {"f32[2,2] 1 2 9 4"}, {"f32[2,2] 0 0 1 0"}, 0, false},
        {"Dropout", 7, "ratio=0.9", {"f32[2] 1 2"}, {"f32[2] 1 2", "f32[2] 1"}, 0, false},
        {"Dropout", 13, NULL, {"f32[2] 1 2", "f32[] 0.9"}, {"f32[2] 1 2", "boolean[2] 1"}, 0, false},
        {"Dropout",
         13,
         NULL,
         {"f32[2] 1 2", "f32[] 0", "boolean[] 1"},
         {"f32[2] 1 2", "boolean[2] 1"},
         0,
         false},
    };

    (void)state;
    RUN_CASES(cases);
}

/* In training most numbers go with a ratio of 0.9, and those that stay become ten times as large. */
static void test_training(void **state)
{
    static const struct onnx_case c = {"Dropout",
                                       13,
                                       "seed=7",
                                       {"f32[1000] 1", "f32[] 0.9", "boolean[] 1"},
                                       {"f32[1000]", "boolean[1000]"},
                                       0,
                                       false};
    struct case_run r = {0};
    struct msg *m = case_model(&c, &r, FORM_OPEN);
    struct vt_graph *graph = read_ok(m);
    struct vt_error err = {0};
    int kept = 0;

    (void)state;
    assert_int_equal(vt_graph_eval(graph, r.in, r.out, NULL, &err), VT_OK);
    for (int i = 0; i < 1000; i++) {
        bool stays = vt_get_i64(&r.out[1], i);
        double v = vt_get_f64(&r.out[0], i), want = stays ? 10 : 0;

        assert_true(fabs(v - want) < 1e-4);
        kept += stays;
    }
    assert_in_range(kept, 50, 160);
    for (int i = 0; i < 3; i++) {
        vt_tensor_free(&r.in[i]);
        vt_tensor_free(&r.out[i]);
    }
    vt_graph_destroy(graph);
}

static void test_binary(void **state)
{
    static const struct onnx_case cases[] = {
        {"Add", 14, NULL, {"f32[2,1] 1 2", "f32[3] 10 20 30"}, {"f32[2,3] 11 21 31 12 22 32"}, 0, false},
        {"Add",
         6,
         "broadcast=1;axis=0",
         {"f32[2,2] 1 2 3 4", "f32[2] 10 20"},
         {"f32[2,2] 11 12 23 24"},
         0,
         true},
        {"Sub", 13, NULL, {"u8[2] 5 1", "u8[2] 2 3"}, {"u8[2] 3 254"}, 0, false},
        {"Mul", 7, NULL, {"i64[2] 3 -4", "i64[] 5"}, {"i64[2] 15 -20"}, 0, false},
        {"Div", 14, NULL, {"i32[3] 7 -7 -7", "i32[3] 2 2 -2"}, {"i32[3] 3 -3 3"}, 0, false},
        {"Mod", 13, NULL, {"i32[4] 7 -7 7 -7", "i32[4] 3 3 -3 -3"}, {"i32[4] 1 2 -2 -1"}, 0, false},
        {"Mod", 10, "fmod=1", {"i32[4] 7 -7 7 -7", "i32[4] 3 3 -3 -3"}, {"i32[4] 1 -1 1 -1"}, 0, false},
        {"Mod",
         28,
         NULL,
         {"f32[4] -3.5 3.5 3 inf", "f32[4] 2 -2 -inf 2"},
         {"f32[4] 0.5 -0.5 -inf nan"},
         0,
         false},
        {"Pow", 15, NULL, {"f32[3] 2 3 4", "i64[3] 3 2 0"}, {"f32[3] 8 9 1"}, 1e-6, false},
        {"Pow", 12, NULL, {"i32[2] 4 9", "f32[] 0.5"}, {"i32[2] 2 3"}, 0, false},
        {"And", 7, NULL, {"boolean[4] 0 0 1 1", "boolean[4] 0 1 0 1"}, {"boolean[4] 0 0 0 1"}, 0, false},
        {"Or", 7, NULL, {"boolean[4] 0 0 1 1", "boolean[4] 0 1 0 1"}, {"boolean[4] 0 1 1 1"}, 0, false},
        {"Xor", 7, NULL, {"boolean[4] 0 0 1 1", "boolean[4] 0 1 0 1"}, {"boolean[4] 0 1 1 0"}, 0, false},
        {"Equal", 13, NULL, {"boolean[2] 0 1", "boolean[2] 1 1"}, {"boolean[2] 0 1"}, 0, false},
        {"Greater", 13, NULL, {"u32[2] 4000000000 1", "u32[] 2"}, {"boolean[2] 1 0"}, 0, false},
        {"GreaterOrEqual", 16, NULL, {"f32[3] 1 2 3", "f32[] 2"}, {"boolean[3] 0 1 1"}, 0, false},
        {"Less", 9, NULL, {"i16[2] -4 1", "i16[] 0"}, {"boolean[2] 1 0"}, 0, false},
        {"LessOrEqual", 12, NULL, {"f32[3] 1 2 nan", "f32[] 2"}, {"boolean[3] 1 1 0"}, 0, false},
        {"Where", 16, NULL, {"boolean[2,1] 1 0", "i32[2] 1 2", "i32[] 9"}, {"i32[2,2] 1 2 9 9"}, 0, false},
        {"BitShift", 11, "direction='LEFT'", {"u8[3] 1 2 255", "u8[3] 1 3 8"}, {"u8[3] 2 16 0"}, 0, false},
        {"BitShift",
         28,
         "direction='RIGHT'",
         {"i8[4] -8 8 -8 4", "i8[4] 1 1 9 -1"},
         {"i8[4] -4 4 -1 0"},
         0,
         false},
        {"BitwiseAnd", 18, NULL, {"i32[2] 12 -1", "i32[2] 10 7"}, {"i32[2] 8 7"}, 0, false},
        {"BitwiseOr", 18, NULL, {"i32[2] 12 -1", "i32[2] 10 7"}, {"i32[2] 14 -1"}, 0, false},
        {"BitwiseXor", 18, NULL, {"u16[2] 12 65535", "u16[2] 10 7"}, {"u16[2] 6 65528"}, 0, false},
        {"Max", 13, NULL, {"f32[2] 1 5", "f32[2] 3 2", "f32[] 2"}, {"f32[2] 3 5"}, 0, false},
        {"Max", 8, NULL, {"f32[2] 1 5"}, {"f32[2] 1 5"}, 0, false},
        {"Min", 13, NULL, {"i8[2] 1 5", "i8[2] 3 2", "i8[] 2"}, {"i8[2] 1 2"}, 0, false},
        {"Sum", 13, NULL, {"f32[2] 1 5", "f32[2] 3 2", "f32[] 2"}, {"f32[2] 6 9"}, 0, false},
        {"Mean", 13, NULL, {"f32[2] 1 5", "f32[2] 3 2", "f32[] 2"}, {"f32[2] 2 3"}, 1e-6, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_errors(void **state)
{
    static const struct onnx_case shift = {
        "BitShift", 11, "direction='UP'", {"u8[1] 1", "u8[1] 1"}, {"u8[1]"}, 0, false};
    static const struct onnx_case gelu = {"Gelu", 20, "approximate='x'", {"f32[1] 1"}, {"f32[1]"}, 0, false};

    (void)state;
    case_fails(&shift, VT_E_INVALID, "node 'n' (BitShift-11): attribute direction is \"UP\"");
    case_fails(&gelu, VT_E_INVALID, "attribute approximate is \"x\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unary),  cmocka_unit_test(test_activations), cmocka_unit_test(test_training),
        cmocka_unit_test(test_binary), cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
