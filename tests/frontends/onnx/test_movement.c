/* Operators on shapes, and parts of tensors: values by hand. */
#include "onnx_case.h"

static void test_shapes(void **state)
{
    static const struct onnx_case cases[] = {
        {"Reshape", 14, NULL, {"f32[2,3] 1 2 3 4 5 6", "i64[2] 0 -1"}, {"f32[2,3] 1 2 3 4 5 6"}, 0, false},
        {"Reshape", 14, "allowzero=1", {"f32[0,3]", "i64[2] 3 0"}, {"f32[3,0]"}, 0, false},
        {"Reshape", 1, "shape=3,2", {"i8[2,3] 1 2 3 4 5 6"}, {"i8[3,2] 1 2 3 4 5 6"}, 0, false},
        {"Flatten", 13, NULL, {"f32[2,1,2] 1 2 3 4"}, {"f32[2,2] 1 2 3 4"}, 0, false},
        {"Flatten", 13, "axis=0", {"f32[2,2] 1 2 3 4"}, {"f32[1,4] 1 2 3 4"}, 0, false},
        {"Flatten", 13, "axis=-1", {"f32[2,1,2] 1 2 3 4"}, {"f32[2,2] 1 2 3 4"}, 0, false},
        {"Flatten", 13, "axis=1", {"f32[2] 1 2"}, {"f32[2,1] 1 2"}, 0, false},
        {"Flatten", 13, NULL, {"f32[0,3]"}, {"f32[0,3]"}, 0, false},
        {"Flatten", 13, NULL, {"f32[2,0,3]"}, {"f32[2,0]"}, 0, false},
        {"Flatten", 13, "axis=2", {"f32[2,0,3]"}, {"f32[0,3]"}, 0, false},
        {"Squeeze", 13, NULL, {"f32[1,2,1] 1 2", "i64[1] -1"}, {"f32[1,2] 1 2"}, 0, false},
        {"Squeeze", 11, "axes=0,", {"f32[1,2,1] 1 2"}, {"f32[2,1] 1 2"}, 0, false},
        {"Squeeze", 13, NULL, {"f32[1,2,1] 1 2"}, {"f32[2] 1 2"}, 0, false},
        {"Unsqueeze", 13, NULL, {"f32[2] 1 2", "i64[2] 0 -1"}, {"f32[1,2,1] 1 2"}, 0, false},
        {"Unsqueeze", 1, "axes=1,", {"f32[2] 1 2"}, {"f32[2,1] 1 2"}, 0, false},
        {"Transpose", 13, NULL, {"f32[2,3] 1 2 3 4 5 6"}, {"f32[3,2] 1 4 2 5 3 6"}, 0, false},
        {"Transpose", 1, "perm=0,2,1", {"f32[1,2,2] 1 2 3 4"}, {"f32[1,2,2] 1 3 2 4"}, 0, false},
        {"Shape", 13, NULL, {"f32[2,3,1] 0"}, {"i64[3] 2 3 1"}, 0, false},
        {"Shape", 15, "start=-2;end=9", {"f32[2,3,1] 0"}, {"i64[2] 3 1"}, 0, false},
        {"Shape", 15, "end=-1", {"f32[2,3,1] 0"}, {"i64[2] 2 3"}, 0, false},
        {"Size", 13, NULL, {"f32[2,3] 0"}, {"i64[] 6"}, 0, false},
        {"Size", 1, NULL, {"f32[] 0"}, {"i64[] 1"}, 0, false},
        {"Expand", 13, NULL, {"f32[2,1] 1 2", "i64[3] 2 1 2"}, {"f32[2,2,2] 1 1 2 2 1 1 2 2"}, 0, false},
        {"Tile", 13, NULL, {"f32[1,2] 1 2", "i64[2] 2 2"}, {"f32[2,4] 1 2 1 2 1 2 1 2"}, 0, false},
        {"DepthToSpace",
         13,
         "blocksize=2",
         {"f32[1,8,1,1] 0 1 2 3 4 5 6 7"},
         {"f32[1,2,2,2] 0 2 4 6 1 3 5 7"},
         0,
         false},
        {"DepthToSpace",
         11,
         "blocksize=2;mode='CRD'",
         {"f32[1,8,1,1] 0 1 2 3 4 5 6 7"},
         {"f32[1,2,2,2] 0 1 2 3 4 5 6 7"},
         0,
         false},
        {"SpaceToDepth",
         13,
         "blocksize=2",
         {"f32[1,2,2,2] 0 2 4 6 1 3 5 7"},
         {"f32[1,8,1,1] 0 1 2 3 4 5 6 7"},
         0,
         false},
        {"SpaceToDepth",
         26,
         "blocksize=2;mode='CRD'",
         {"f32[1,2,2,2] 0 1 2 3 4 5 6 7"},
         {"f32[1,8,1,1] 0 1 2 3 4 5 6 7"},
         0,
         false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_parts(void **state)
{
    static const struct onnx_case cases[] = {
        {"Concat", 13, "axis=-1", {"f32[2,1] 1 2", "f32[2,2] 3 4 5 6"}, {"f32[2,3] 1 3 4 2 5 6"}, 0, false},
        {"Concat", 4, "axis=0", {"f32[2] 1 2"}, {"f32[2] 1 2"}, 0, false},
        {"Slice", 1, "starts=1,;ends=9,;axes=1,", {"f32[2,3] 1 2 3 4 5 6"}, {"f32[2,2] 2 3 5 6"}, 0, false},
        {"Slice", 9, "starts=0,-1;ends=1,3", {"f32[2,3] 1 2 3 4 5 6"}, {"f32[1,1] 3"}, 0, false},
        {"Slice",
         13,
         NULL,
         {"f32[2,3] 1 2 3 4 5 6", "i32[1] -1", "i32[1] -9", "i32[1] 1", "i32[1] -1"},
         {"f32[2,3] 3 2 1 6 5 4"},
         0,
         false},
        {"Slice", 10, NULL, {"f32[4] 1 2 3 4", "i64[1] 1", "i64[1] 3"}, {"f32[2] 2 3"}, 0, false},
        {"Slice",
         10,
         NULL,
         {"f32[4] 1 2 3 4", "i64[1] 0", "i64[1] 4", "", "i64[1] 2"},
         {"f32[2] 1 3"},
         0,
         false},
        {"Split", 11, "axis=1", {"f32[1,4] 1 2 3 4"}, {"f32[1,2] 1 2", "f32[1,2] 3 4"}, 0, false},
        {"Split", 2, "split=1,3", {"f32[4] 1 2 3 4"}, {"f32[1] 1", "f32[3] 2 3 4"}, 0, false},
        {"Split", 13, NULL, {"f32[4] 1 2 3 4", "i64[2] 3 1"}, {"f32[3] 1 2 3", "f32[1] 4"}, 0, false},
        {"Split",
         18,
         "num_outputs=2;axis=-1",
         {"f32[1,5] 1 2 3 4 5"},
         {"f32[1,3] 1 2 3", "f32[1,2] 4 5"},
         0,
         false},
        {"Compress", 11, "axis=1", {"f32[2,3] 1 2 3 4 5 6", "boolean[2] 0 1"}, {"f32[2,1] 2 5"}, 0, false},
        {"Compress", 9, NULL, {"f32[2,2] 1 2 3 4", "boolean[4] 0 1 0 1"}, {"f32[2] 2 4"}, 0, false},
        {"CenterCropPad", 18, NULL, {"f32[3,1] 1 2 3", "i64[2] 2 2"}, {"f32[2,2] 1 0 2 0"}, 0, false},
        {"CenterCropPad", 18, "axes=-1,", {"f32[1,2] 1 2", "i64[1] 5"}, {"f32[1,5] 0 1 2 0 0"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_pad(void **state)
{
    static const struct onnx_case cases[] = {
        {"Pad", 2, "pads=0,1,0,0;value=9.0", {"f32[1,2] 1 2"}, {"f32[1,3] 9 1 2"}, 0, false},
        {"Pad", 13, NULL, {"i32[2] 1 2", "i64[2] 1 2", "i32[1] 7"}, {"i32[5] 7 1 2 7 7"}, 0, false},
        {"Pad", 13, NULL, {"f32[3] 1 2 3", "i64[2] -1 1"}, {"f32[3] 2 3 0"}, 0, false},
        {"Pad", 18, NULL, {"f32[1,2] 1 2", "i64[2] 1 0", "", "i64[1] -1"}, {"f32[1,3] 0 1 2"}, 0, false},
        {"Pad", 18, "mode='edge'", {"f32[2] 1 2", "i64[2] 1 2"}, {"f32[5] 1 1 2 2 2"}, 0, false},
        {"Pad", 18, "mode='reflect'", {"f32[3] 1 2 3", "i64[2] 2 1"}, {"f32[6] 3 2 1 2 3 2"}, 0, false},
        {"Pad", 19, "mode='wrap'", {"f32[3] 1 2 3", "=i64[2] 1 1"}, {"f32[5] 3 1 2 3 1"}, 0, false},
        {"Pad", 19, "mode='wrap'", {"f32[3] 1 2 3", "i64[2] 2 4"}, {"f32[9] 2 3 1 2 3 1 2 3 1"}, 0, true},
    };
    /* A mirror that is smaller than the border. */
    static const struct onnx_case wide = {
        "Pad", 18,  "mode='reflect'", {"f32[3] 1 2 3", "=i64[2] 4 3"}, {"f32[10] 1 2 3 2 1 2 3 2 1 2"},
        0,     true};

    (void)state;
    RUN_CASES(cases);
    case_form(&wide, FORM_FIXED);
}

static void test_errors(void **state)
{
    static const struct onnx_case pads = {"Pad",      13, NULL, {"f32[2] 1 2", "=i64[3] 1 2 3"},
                                          {"f32[2]"}, 0,  false};
    static const struct onnx_case axes = {"Unsqueeze", 13, NULL, {"f32[2] 1 2"}, {"f32[2]"}, 0, false};
    static const struct onnx_case block = {
        "DepthToSpace", 13, "blocksize=2;mode='X'", {"f32[1,4,1,1] 1"}, {"f32[2]"}, 0, false};
    static const struct onnx_case flat = {"Flatten", 13, "axis=3", {"f32[2] 1"}, {"f32[2]"}, 0, false};

    (void)state;
    case_fails(&pads, VT_E_INVALID, "node 'n' (Pad-13): pads has 3 elements, there are 1 axes");
    case_fails(&axes, VT_E_INVALID, "axes are missing");
    case_fails(&block, VT_E_INVALID, "attribute mode is \"X\"");
    case_fails(&flat, VT_E_INVALID, "axis 3 is outside of rank 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
