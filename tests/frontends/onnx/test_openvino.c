/* Operators of org.openvinotoolkit: values by hand. */
#include "onnx_case.h"

#define OV "org.openvinotoolkit/"

static void test_elementwise(void **state)
{
    static const struct onnx_case cases[] = {
        {OV "FakeQuantize",
         1,
         "levels=3",
         {"f32[4] -1 0.3 0.8 2", "f32[] 0", "f32[] 1", "f32[] 0", "f32[] 10"},
         {"f32[4] 0 5 10 10"},
         1e-6,
         false},
        {OV "Swish", 1, NULL, {"f32[2] 0 1"}, {"f32[2] 0 0.731058579"}, 1e-6, false},
        {OV "Swish", 1, NULL, {"f32[2] -1 1", "f32[1] 2"}, {"f32[2] -0.119202922 0.880797078"}, 1e-6, false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_norms(void **state)
{
    static const struct onnx_case cases[] = {
        {OV "GroupNorm",
         1,
         "num_groups=2;eps=0.0",
         {"f32[1,2,1,2] 1 3 2 6", "f32[2] 2 3", "f32[1,2] 1 0"},
         {"f32[1,2,1,2] -1 3 -3 3"},
         1e-5,
         true},
        {OV "ExperimentalDetectronGroupNorm",
         1,
         "num_groups=1;eps=3.0",
         {"f32[1,2,1,1] 1 3", "f32[2] 2 6", "f32[2] 1 0"},
         {"f32[1,2,1,1] 0 3"},
         1e-5,
         true},
        /* Over the channels of one pixel; sqrt(9 + 16 + 11) is 6. */
        {OV "Normalize",
         1,
         "eps=11.0;across_spatial=0;channel_shared=0",
         {"f32[1,2,1,1] 3 4", "f32[2] 1 10"},
         {"f32[1,2,1,1] 0.5 6.66666667"},
         1e-6,
         true},
        {OV "Normalize",
         1,
         "eps=0.0;across_spatial=1;channel_shared=1",
         {"f32[1,1,1,2] 3 4", "f32[1] 10"},
         {"f32[1,1,1,2] 6 8"},
         1e-6,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

/* One place in the middle of a picture of ten by ten. */
static void test_priors(void **state)
{
    static const struct onnx_case cases[] = {
        {OV "PriorBox",
         1,
         "min_size=4.0,;offset=0.5;variance=0.25,",
         {"f32[1,1,1,1] 0", "f32[1,1,10,10] 0"},
         {"f32[1,2,4] 0.3 0.3 0.7 0.7 0.25 0.25 0.25 0.25"},
         1e-6,
         true},
        {OV "PriorBoxClustered",
         1,
         "width=4.0,;height=2.0,;offset=0.5",
         {"f32[1,1,1,1] 0", "f32[1,1,10,10] 0"},
         {"f32[1,2,4] 0.3 0.4 0.7 0.6 0.1 0.1 0.1 0.1"},
         1e-6,
         true},
        {OV "ExperimentalDetectronPriorGridGenerator",
         1,
         "stride_x=4.0;stride_y=8.0",
         {"f32[1,4] -1 -2 1 2", "f32[1,1,1,2] 0", "f32[1,3,8,8] 0"},
         {"f32[2,4] 1 2 3 6 5 2 7 6"},
         1e-6,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_detections(void **state)
{
    static const struct onnx_case cases[] = {
        {OV "DetectionOutput",
         1,
         "num_classes=2;keep_top_k=1;nms_threshold=0.5",
         {"f32[1,4] 0", "f32[1,2] 0.25 0.75", "f32[1,2,4] 0.1 0.2 0.3 0.4 0.1 0.1 0.1 0.1"},
         {"f32[1,1,1,7] 0 1 0.75 0.1 0.2 0.3 0.4"},
         1e-6,
         true},
        {OV "ExperimentalDetectronDetectionOutput",
         1,
         "num_classes=2;max_detections_per_image=1;score_threshold=0.1",
         {"f32[1,4] 0 2 20 30", "f32[1,8] 0", "f32[1,2] 0.25 0.75", "f32[1,3] 64 60 1"},
         {"f32[1,4] 0 2 20 30", "i32[1] 1", "f32[1] 0.75"},
         1e-5,
         true},
        {OV "ExperimentalDetectronTopKROIs",
         1,
         "max_rois=2",
         {"f32[3,4] 1 1 2 2 3 3 4 4 5 5 6 6", "f32[3] 0.25 0.75 0.5"},
         {"f32[2,4] 3 3 4 4 5 5 6 6"},
         0,
         true},
        /* The box that lies in the other one and scores less goes. */
        {OV "ExperimentalDetectronGenerateProposalsSingleImage",
         1,
         "post_nms_count=2;nms_threshold=0.5",
         {"f32[3] 20 30 1", "f32[2,4] 2 3 8 9 2 3 8 8", "f32[8,1,1] 0", "f32[2,1,1] 0.75 0.5"},
         {"f32[2,4] 2 3 8 9 0 0 0 0", "f32[2] 0.75 0"},
         1e-5,
         true},
        {OV "GenerateProposals",
         1,
         "nms_thresh=0.5",
         {"f32[1,2,1,1] 0.75 0.5", "f32[1,8,1,1] 0", "f32[1,3] 20 30 1", "f32[2,4] 2 3 8 9 2 3 8 8"},
         {"f32[1,4] 2 3 8 9", "f32[1] 0.75", "i64[1] 1"},
         1e-5,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_features(void **state)
{
    static const struct onnx_case cases[] = {
        /* A sample in the middle of each box, half an element to the left; a small box counts as one element.
         */
        {OV "ExperimentalDetectronROIFeatureExtractor",
         1,
         "output_size=1;sampling_ratio=1;aligned=1;pyramid_scales=4,",
         {"f32[2,4] 0 0 8 8 4 4 5 5", "f32[1,1,3,3] 0 1 2 0 1 2 0 1 2"},
         {"f32[2,1,1,1] 0.5 1", "f32[2,4] 0 0 8 8 4 4 5 5"},
         1e-6,
         true},
        {OV "ExperimentalDetectronROIFeatureExtractor",
         1,
         "output_size=1;sampling_ratio=1;pyramid_scales=4,",
         {"f32[2,4] 0 0 8 8 4 4 5 5", "f32[1,1,3,3] 0 1 2 0 1 2 0 1 2"},
         {"f32[2,1,1,1] 1 1.5", "f32[2,4] 0 0 8 8 4 4 5 5"},
         1e-6,
         true},
        /* The first pixel looks one to the right. */
        {OV "DeformableConv2D",
         1,
         "kernel_shape=1,1",
         {"f32[1,1,1,2] 1 2", "f32[1,2,1,2] 0 0 1 0", "f32[1,1,1,1] 3"},
         {"f32[1,1,1,2] 6 6"},
         1e-6,
         true},
        {OV "DeformableConv2D",
         1,
         "kernel_shape=1,1",
         {"f32[1,1,1,2] 1 2", "f32[1,2,1,2] 0 0 1 0", "f32[1,1,1,1] 3", "f32[1,1,1,2] 0.5 1"},
         {"f32[1,1,1,2] 3 6"},
         1e-6,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_elementwise), cmocka_unit_test(test_norms),
                                       cmocka_unit_test(test_priors), cmocka_unit_test(test_detections),
                                       cmocka_unit_test(test_features)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
