/* Reductions, places of extremes, running sums: values by hand. */
#include "onnx_case.h"

static void test_axes(void **state)
{
    static const struct onnx_case cases[] = {
        {"ReduceSum", 11, "axes=-1,", {"f32[2,2] 1 2 3 4"}, {"f32[2,1] 3 7"}, 0, false},
        {"ReduceSum", 13, "keepdims=0", {"f32[2,2] 1 2 3 4", "i64[1] 0"}, {"f32[2] 4 6"}, 0, false},
        {"ReduceSum", 13, NULL, {"f32[2,2] 1 2 3 4"}, {"f32[1,1] 10"}, 0, false},
        {"ReduceSum", 13, "keepdims=0", {"f32[2,2] 1 2 3 4"}, {"f32[] 10"}, 0, false},
        {"ReduceSum", 13, NULL, {"f32[2,2] 1 2 3 4", "i64[0]"}, {"f32[1,1] 10"}, 0, false},
        {"ReduceSum",
         13,
         "noop_with_empty_axes=1",
         {"f32[2,2] 1 2 3 4", "i64[0]"},
         {"f32[2,2] 1 2 3 4"},
         0,
         false},
        {"ReduceSum", 13, "noop_with_empty_axes=1", {"f32[2] 1 2"}, {"f32[2] 1 2"}, 0, false},
        {"ReduceSum", 13, NULL, {"f32[2,0]", "i64[1] 1"}, {"f32[2,1] 0 0"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_kinds(void **state)
{
    static const struct onnx_case cases[] = {
        {"ReduceMean", 18, NULL, {"f32[2,2] 1 2 3 4", "i64[1] 1"}, {"f32[2,1] 1.5 3.5"}, 1e-6, false},
        {"ReduceMax", 18, "keepdims=0", {"i8[2,2] 1 -2 3 -4", "i64[1] 0"}, {"i8[2] 3 -2"}, 0, false},
        {"ReduceMax", 20, "keepdims=0", {"boolean[2,2] 0 0 0 1", "i64[1] 1"}, {"boolean[2] 0 1"}, 0, false},
        {"ReduceMin", 20, "keepdims=0", {"boolean[2,2] 1 1 0 1", "i64[1] 1"}, {"boolean[2] 1 0"}, 0, false},
        {"ReduceMin", 11, "axes=0,1;keepdims=0", {"f32[2,2] 1 -2 3 -4"}, {"f32[] -4"}, 0, false},
        {"ReduceProd", 18, NULL, {"i64[2,2] 1 2 3 4", "i64[1] 1"}, {"i64[2,1] 2 12"}, 0, false},
        {"ReduceL1", 18, "keepdims=0", {"f32[2,2] 1 -2 3 -4", "i64[1] 1"}, {"f32[2] 3 7"}, 1e-6, false},
        {"ReduceL2", 13, "axes=1,", {"f32[2,2] 3 4 6 -8"}, {"f32[2,1] 5 10"}, 1e-6, false},
        {"ReduceSumSquare", 18, "keepdims=0", {"f32[2,2] 1 2 3 4", "i64[1] 1"}, {"f32[2] 5 25"}, 0, false},
        {"ReduceLogSum",
         18,
         "keepdims=0",
         {"f32[2,2] 1 1.71828183 1 0", "i64[1] 1"},
         {"f32[2] 1 0"},
         1e-6,
         false},
        {"ReduceLogSumExp",
         18,
         "keepdims=0",
         {"f32[2,2] 0 0 1000 1000", "i64[1] 1"},
         {"f32[2] 0.693147181 1000.69315"},
         1e-6,
         false},
        {"ReduceLogSumExp", 13, "axes=0,", {"f32[2,1] -inf -inf"}, {"f32[1,1] -inf"}, 0, false},
        {"ReduceLogSumExp", 13, "keepdims=0", {"i32[2] 0 0"}, {"i32[] 0"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_places(void **state)
{
    static const struct onnx_case cases[] = {
        {"ArgMax", 13, "axis=1", {"f32[2,3] 1 3 3 7 2 7"}, {"i64[2,1] 1 0"}, 0, false},
        {"ArgMax",
         13,
         "axis=1;select_last_index=1;keepdims=0",
         {"f32[2,3] 1 3 3 7 2 7"},
         {"i64[2] 2 2"},
         0,
         false},
        {"ArgMax", 11, NULL, {"u8[2,2] 200 1 3 1"}, {"i64[1,2] 0 0"}, 0, false},
        {"ArgMin", 13, "axis=-1;keepdims=0", {"i32[2,3] 5 -1 -1 0 2 1"}, {"i64[2] 1 0"}, 0, false},
        {"ArgMin", 12, "axis=0;select_last_index=1", {"f32[3] 2 1 1"}, {"i64[1] 2"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_running(void **state)
{
    static const struct onnx_case cases[] = {
        {"CumSum", 14, NULL, {"f32[2,2] 1 2 3 4", "i32[] 1"}, {"f32[2,2] 1 3 3 7"}, 0, false},
        {"CumSum", 11, "exclusive=1;reverse=1", {"i32[3] 1 2 3", "i64[1] 0"}, {"i32[3] 5 3 0"}, 0, false},
        {"CumProd", 26, NULL, {"f32[2,3] 1 2 3 4 5 6", "i32[] -1"}, {"f32[2,3] 1 2 6 4 20 120"}, 0, false},
        {"CumProd", 26, "exclusive=1", {"i32[2,2,1] 2 3 5 7", "i64[] 1"}, {"i32[2,2,1] 1 2 1 5"}, 0, false},
        {"CumProd", 26, "reverse=1", {"f64[3] 1 2 3", "i64[] 0"}, {"f64[3] 6 6 3"}, 0, false},
        {"CumProd", 26, "reverse=1;exclusive=1", {"f32[3] 1 2 3", "i32[] 0"}, {"f32[3] 6 3 1"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
