/* Operators of com.microsoft: values by hand. */
#include "onnx_case.h"

#define MS "com.microsoft/"

static void test_fused(void **state)
{
    static const struct onnx_case cases[] = {
        {MS "BiasSoftmax",
         1,
         "axis=1;is_inner_broadcast=0",
         {"f32[1,2] 0 0", "f32[1,2] 0 0.693147181"},
         {"f32[1,2] 0.333333333 0.666666667"},
         1e-6,
         true},
        /* Channels last: one row of two pixels, one channel becomes two. */
        {MS "NhwcFusedConv",
         1,
         "activation='Relu'",
         {"f32[1,1,2,1] 1 2", "f32[2,1,1,1] 3 -1", "f32[2] 0 1"},
         {"f32[1,1,2,2] 3 0 6 0"},
         1e-6,
         true},
        {MS "FusedGemm",
         1,
         "activation='LeakyRelu';activation_alpha=0.5;transB=1;beta=2.0",
         {"f32[1,2] 1 2", "f32[2,2] 1 1 -2 -2", "f32[2] 1 1"},
         {"f32[1,2] 5 -2"},
         1e-6,
         true},
        {MS "BiasAdd",
         1,
         NULL,
         {"f32[1,1,2] 1 2", "f32[2] 10 20", "f32[1,1,2] 100 200"},
         {"f32[1,1,2] 111 222"},
         0,
         false},
        {MS "BiasSplitGelu", 1, NULL, {"f32[1,1,2] 2 10", "f32[2] 1 0"}, {"f32[1,1,1] 30"}, 1e-5, true},
        {MS "IsAllFinite", 1, NULL, {"f32[2] 1 2", "f32[1,2] 3 4"}, {"boolean[] 1"}, 0, false},
        {MS "IsAllFinite", 1, NULL, {"f32[2] 1 2", "f32[1,2] inf 4"}, {"boolean[] 0"}, 0, false},
        {MS "IsAllFinite", 1, "isnan_only=1", {"f32[2] 1 inf"}, {"boolean[] 1"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_attention(void **state)
{
    static const struct onnx_case cases[] = {
        /* A single key: the output is its value. Packed queries, keys and values of two heads. */
        {MS "MultiHeadAttention",
         1,
         "num_heads=2",
         {"f32[1,1,2,3,1] 1 2 5 3 4 7"},
         {"f32[1,1,2] 5 7"},
         1e-6,
         true},
        /* Queries and keys are zeros, values the input: an end alone, then an end and a start. */
        {MS "Attention",
         1,
         "num_heads=1",
         {"f32[1,2,1] 2 6", "=f32[1,3] 0 0 1", "=f32[3] 0", "i32[1] 1"},
         {"f32[1,2,1] 2 2"},
         1e-5,
         true},
        {MS "Attention",
         1,
         "num_heads=1",
         {"f32[1,2,1] 2 6", "=f32[1,3] 0 0 1", "=f32[3] 0", "i32[2] 2 1"},
         {"f32[1,2,1] 6 6"},
         1e-5,
         true},
        /* Keys and values packed; equal scores give the mean. */
        {MS "MultiHeadAttention",
         1,
         "num_heads=1",
         {"f32[1,1,1] 0", "f32[1,2,1,2,1] 1 4 2 8"},
         {"f32[1,1,1] 6"},
         1e-6,
         true},
        /* The second of two new tokens sees the one of the past, the first new one and itself. */
        {MS "GroupQueryAttention",
         1,
         "num_heads=1;kv_num_heads=1",
         {"f32[1,2,1] 0 0", "f32[1,2,1] 1 1", "f32[1,2,1] 6 9", "f32[1,1,1,1] 1", "f32[1,1,1,1] 0",
          "i32[1] 2", "i32[] 3"},
         {"f32[1,2,1] 3 5", "f32[1,1,3,1] 1 1 1", "f32[1,1,3,1] 0 6 9"},
         1e-6,
         true},
        /* One angle, the other half of the head stays. */
        {MS "RotaryEmbedding",
         1,
         NULL,
         {"f32[1,1,1,4] 1 2 3 4", "i64[1,1] 0", "f32[1,1] 0.5", "f32[1,1] 2"},
         {"f32[1,1,1,4] -3.5 3 3 4"},
         1e-6,
         true},
        {MS "GemmaRotaryEmbedding",
         1,
         NULL,
         {"f32[1,1,2] 0 1.57079633", "f32[1,1,1,2] 1 2", "f32[1,1,1,2] 3 4", "f32[1,1,1,2] 5 6",
          "f32[1,1,1,2] 7 8"},
         {"f32[1,1,1,2] 1 4", "f32[1,1,1,2] 5 8"},
         1e-6,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_transforms(void **state)
{
    static const struct onnx_case cases[] = {
        {MS "Rfft", 1, "signal_ndim=1", {"f32[1,4] 1 2 3 4"}, {"f32[1,3,2] 10 0 -2 2 -2 0"}, 1e-6, true},
        {MS "Rfft", 1, "signal_ndim=2", {"f32[2,2] 1 2 3 4"}, {"f32[2,2,2] 10 0 -2 0 -4 0 0 0"}, 1e-6, true},
        {MS "Irfft", 1, "signal_ndim=1", {"f32[1,3,2] 10 0 -2 2 -2 0"}, {"f32[1,4] 1 2 3 4"}, 1e-6, true},
        {MS "Irfft", 1, "signal_ndim=2", {"f32[2,2,2] 10 0 -2 0 -4 0 0 0"}, {"f32[2,2] 1 2 3 4"}, 1e-6, true},
    };

    (void)state;
    RUN_CASES(cases);
}

/* Two groups of one channel each: 1 3 and 2 6, which become -1 and 1. */
static void test_group_norm(void **state)
{
    static const struct onnx_case cases[] = {
        {MS "GroupNorm",
         1,
         "groups=2;activation=0;epsilon=0.0",
         {"f32[1,1,2,2] 1 2 3 6", "f32[2] 2 3", "f32[2] 1 0"},
         {"f32[1,1,2,2] -1 -3 3 3"},
         1e-5,
         true},
        {MS "GroupNorm",
         1,
         "groups=2;activation=1;epsilon=0.0;channels_last=0",
         {"f32[1,2,1,2] 1 3 2 6", "f32[2] 2 3", "f32[2] 1 0"},
         {"f32[1,2,1,2] -0.268941421 2.857722381 -0.142277620 2.857722381"},
         1e-5,
         true},
        {MS "SkipGroupNorm",
         1,
         "groups=2;activation=0;epsilon=0.0",
         {"f32[1,1,2,2] 0 1 2 5", "f32[2] 2 3", "f32[2] 1 0", "f32[1,2] 1 0", "f32[2] 0 1"},
         {"f32[1,1,2,2] -1 -3 3 3", "f32[1,1,2,2] 1 2 3 6"},
         1e-5,
         true},
        {MS "SkipGroupNorm",
         1,
         "groups=2;activation=0;epsilon=0.0",
         {"f32[1,1,2,2] 0 1 2 5", "f32[2] 2 3", "f32[2] 1 0", "f32[1,1,1,2] 1 1"},
         {"f32[1,1,2,2] -1 -3 3 3", "f32[1,1,2,2] 1 2 3 6"},
         1e-5,
         true},
        {MS "SkipGroupNorm",
         1,
         "groups=2;activation=0;epsilon=0.0;channels_last=0",
         {"f32[1,2,1,2] 0 2 1 5", "f32[2] 2 3", "f32[2] 1 0", "f32[1,2] 1 0", "f32[2] 0 1"},
         {"f32[1,2,1,2] -1 3 -3 3", "f32[1,2,1,2] 1 3 2 6"},
         1e-5,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_refused(void **state)
{
    static const struct onnx_case window = {
        MS "GroupQueryAttention",
        1,
        "num_heads=1;kv_num_heads=1;sliding_window_cache=1",
        {"f32[1,1,1] 0", "f32[1,1,1] 1", "f32[1,1,1] 6", "", "", "i32[1] 0", "i32[] 1"},
        {"f32[1,1,1]"},
        0,
        true};
    static const struct onnx_case heads = {
        MS "MultiHeadAttention", 1, "num_heads=0", {"f32[1,1,1] 0", "f32[1,1,1] 0", "f32[1,1,1] 0"},
        {"f32[1,1,1]"},          0, true};

    (void)state;
    case_fails(&window, VT_E_UNSUPPORTED, "not implemented: sliding_window_cache and query_seqlens");
    case_fails(&heads, VT_E_INVALID, "num_heads is 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fused), cmocka_unit_test(test_attention),
                                       cmocka_unit_test(test_transforms), cmocka_unit_test(test_group_norm),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
