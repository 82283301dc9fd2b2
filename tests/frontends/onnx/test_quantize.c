/* Quantised numbers: values by hand, from ONNX's and ONNX Runtime's formulas. */
#include "onnx_case.h"

static void test_quantize_linear(void **state)
{
    static const struct onnx_case cases[] = {
        /* Halves go to the even neighbour before the zero point is added. */
        {"QuantizeLinear",
         13,
         NULL,
         {"f32[6] 0.5 1.5 2.5 -0.5 300 -9", "f32[] 1", "u8[] 1"},
         {"u8[6] 1 3 3 1 255 0"},
         0,
         true},
        {"QuantizeLinear", 13, NULL, {"f32[2] 3 -1", "f32[] 2"}, {"u8[2] 2 0"}, 0, true},
        {"QuantizeLinear",
         13,
         "axis=0",
         {"f32[2,2] 4 8 4 8", "f32[2] 2 4", "i8[2] 0 1"},
         {"i8[2,2] 2 4 2 3"},
         0,
         true},
        {"QuantizeLinear",
         21,
         "axis=1;block_size=2",
         {"f32[1,3] 4 8 9", "f32[1,2] 2 3", "i16[1,2] 0 -1"},
         {"i16[1,3] 2 4 2"},
         0,
         true},
        {"QuantizeLinear",
         21,
         "output_dtype=5",
         {"f32[2] 70000 -70000", "f32[] 1"},
         {"i16[2] 32767 -32768"},
         0,
         true},
        {"QuantizeLinear",
         19,
         NULL,
         {"f32[3] 1 1000 -0.25", "f32[] 1", "f8e4m3[] 0"},
         {"f8e4m3[3] 1 448 -0.25"},
         0,
         true},
        {"QuantizeLinear", 21, NULL, {"f32[4] 1 9 -9 2", "f32[] 1", "i4[] 1"}, {"i4[4] 2 7 -8 3"}, 0, true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_dequantize_linear(void **state)
{
    static const struct onnx_case cases[] = {
        {"DequantizeLinear", 13, NULL, {"u8[3] 0 3 255", "f32[] 2", "u8[] 1"}, {"f32[3] -2 4 508"}, 0, true},
        {"DequantizeLinear", 13, NULL, {"i32[2] -7 100000", "f32[] 0.5"}, {"f32[2] -3.5 50000"}, 0, true},
        {"DequantizeLinear",
         13,
         "axis=-1",
         {"i8[2,2] 1 2 3 4", "f32[2] 1 10", "i8[2] 1 -1"},
         {"f32[2,2] 0 30 2 50"},
         0,
         true},
        {"DequantizeLinear",
         21,
         "axis=0;block_size=2",
         {"i8[4,1] 1 2 3 4", "f32[2,1] 1 10"},
         {"f32[4,1] 1 2 30 40"},
         0,
         true},
        {"DequantizeLinear",
         21,
         "axis=0;block_size=2",
         {"u4[3,1] 1 2 3", "f32[2,1] 1 10", "u4[2,1] 1 2"},
         {"f32[3,1] 0 1 10"},
         0,
         true},
        {"DequantizeLinear",
         21,
         NULL,
         {"u16[2] 60000 1", "f16[] 0.5", "u16[] 59999"},
         {"f16[2] 0.5 -29999"},
         1e-3,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_dynamic_range(void **state)
{
    static const struct onnx_case cases[] = {
        {"DynamicQuantizeLinear",
         11,
         NULL,
         {"f32[3] -1 0 1.55"},
         {"u8[3] 0 100 255", "f32[] 0.01", "u8[] 100"},
         1e-6,
         false},
        {"DynamicQuantizeLinear", 11, NULL, {"f32[2] 0 0"}, {"u8[2] 0 0", "f32[] 1", "u8[] 0"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_products(void **state)
{
    static const struct onnx_case cases[] = {
        {"QLinearMatMul",
         10,
         NULL,
         {"u8[1,2] 3 5", "f32[] 0.5", "u8[] 1", "i8[2,2] 1 -2 3 4", "f32[] 2", "i8[] 0", "f32[] 1",
          "u8[] 10"},
         {"u8[1,2] 24 22"},
         0,
         true},
        /* Scales of rows and columns. */
        {"QLinearMatMul",
         10,
         NULL,
         {"u8[2,1] 1 2", "f32[2] 1 10", "u8[2] 0 0", "u8[1,2] 1 2", "f32[2] 1 2", "u8[2] 0 1", "f32[] 1",
          "u8[] 0"},
         {"u8[2,2] 1 2 20 40"},
         0,
         true},
        {"com.microsoft/QGemm",
         1,
         "alpha=2.0;transB=1",
         {"u8[1,2] 3 5", "f32[] 0.5", "u8[] 1", "i8[1,2] 1 2", "f32[] 1", "i8[] 0", "i32[1] 4"},
         {"f32[1,1] 14"},
         0,
         true},
        {"com.microsoft/MatMulIntegerToFloat",
         1,
         NULL,
         {"u8[1,2] 3 5", "i8[2,1] 1 2", "f32[] 0.5", "f32[] 2", "u8[] 1", "i8[] 0", "f32[1] 100"},
         {"f32[1,1] 110"},
         0,
         true},
        {"com.microsoft/MulInteger",
         1,
         NULL,
         {"u8[2] 3 5", "u8[] 1", "u8[2] 200 0", "u8[] 10"},
         {"i32[2] 380 -40"},
         0,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_elementwise(void **state)
{
    static const struct onnx_case cases[] = {
        {"com.microsoft/QLinearAdd",
         1,
         NULL,
         {"u8[2] 3 5", "f32[] 0.5", "u8[] 1", "u8[1] 4", "f32[] 2", "u8[] 0", "f32[] 1", "u8[] 7"},
         {"u8[2] 16 17"},
         0,
         false},
        {"com.microsoft/QLinearSigmoid",
         1,
         NULL,
         {"i8[2] 0 100", "f32[] 1", "i8[] 0", "f32[] 0.0078125", "i8[] 0"},
         {"i8[2] 64 127"},
         0,
         false},
        {"com.microsoft/QLinearLeakyRelu",
         1,
         "alpha=0.5",
         {"u8[2] 0 20", "f32[] 1", "u8[] 10", "f32[] 1", "u8[] 10"},
         {"u8[2] 5 20"},
         0,
         false},
        {"com.microsoft/QLinearConcat",
         1,
         "axis=0",
         {"f32[] 1", "u8[] 0", "u8[1] 3", "f32[] 2", "u8[] 1", "u8[2] 4 5", "f32[] 1", "u8[] 0"},
         {"u8[3] 4 4 5"},
         0,
         false},
        {"com.microsoft/QLinearGlobalAveragePool",
         1,
         "channels_last=1",
         {"u8[1,1,2,1] 4 8", "f32[] 1", "u8[] 0", "f32[] 2", "u8[] 1"},
         {"u8[1,1,1,1] 4"},
         0,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_refused(void **state)
{
    static const struct onnx_case wide = {"QuantizeLinear", 13, NULL, {"f32[2] 1 2", "f32[] 1", "i32[] 0"},
                                          {"i32[2]"},       0,  false};
    static const struct onnx_case block = {
        "QuantizeLinear", 21, "block_size=-1", {"f32[2] 1 2", "f32[] 1"}, {"u8[2]"}, 0, false};

    (void)state;
    case_fails(&wide, VT_E_UNSUPPORTED, "not implemented: quantising to i32");
    case_fails(&block, VT_E_INVALID, "block_size is -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantize_linear), cmocka_unit_test(test_dequantize_linear),
        cmocka_unit_test(test_dynamic_range),   cmocka_unit_test(test_products),
        cmocka_unit_test(test_elementwise),     cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
