/* Classical models (ai.onnx.ml): values by hand, from ONNX's definitions. */
#include "onnx_case.h"

#define ML "ai.onnx.ml/"

static void test_features(void **state)
{
    static const struct onnx_case cases[] = {
        {ML "Binarizer", 1, "threshold=1.5", {"f32[3] 1 2 1.5"}, {"f32[3] 0 1 0"}, 0, false},
        {ML "ArrayFeatureExtractor",
         1,
         NULL,
         {"f32[2,3] 1 2 3 4 5 6", "i64[2] 2 0"},
         {"f32[2,2] 3 1 6 4"},
         0,
         true},
        {ML "ArrayFeatureExtractor", 1, NULL, {"f32[3] 1 2 3", "i64[1,2] 2 0"}, {"f32[1,2] 3 1"}, 0, true},
        {ML "Normalizer", 1, "norm='L1'", {"f32[2,2] 1 -3 0 0"}, {"f32[2,2] 0.25 -0.75 0 0"}, 1e-6, false},
        {ML "Normalizer", 1, "norm='L2'", {"i64[1,2] 3 4"}, {"f32[1,2] 0.6 0.8"}, 1e-6, false},
        {ML "Normalizer", 1, NULL, {"f32[1,2] 2 4"}, {"f32[1,2] 0.5 1"}, 1e-6, false},
        {ML "Scaler", 1, "offset=1.0,2.0;scale=2.0,3.0", {"i64[1,2] 3 4"}, {"f32[1,2] 4 6"}, 0, false},
        {ML "Imputer",
         1,
         "imputed_value_floats=7.0,8.0;replaced_value_float=0.0",
         {"f32[2,2] 0 0 1 2"},
         {"f32[2,2] 7 8 1 2"},
         0,
         false},
        {ML "Imputer",
         1,
         "imputed_value_int64s=7,;replaced_value_int64=2",
         {"i64[2] 2 3"},
         {"i64[2] 7 3"},
         0,
         false},
        {ML "OneHotEncoder", 1, "cats_int64s=3,1", {"i64[2] 1 5"}, {"f32[2,2] 0 1 0 0"}, 0, false},
        {ML "FeatureVectorizer",
         1,
         "inputdimensions=1,2",
         {"f32[1,1] 1", "i64[1,2] 2 3"},
         {"f32[1,3] 1 2 3"},
         0,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_linear(void **state)
{
    static const struct onnx_case cases[] = {
        {ML "LinearRegressor",
         1,
         "coefficients=1.0,2.0,3.0,4.0;intercepts=0.5,-0.5;targets=2",
         {"f32[1,2] 1 10"},
         {"f32[1,2] 21.5 42.5"},
         1e-6,
         true},
        {ML "LinearClassifier",
         1,
         "coefficients=1.0,-1.0,2.0;intercepts=0.0,0.0,0.5;classlabels_ints=7,8,9",
         {"f32[2,1] 1 -1"},
         {"i64[2] 9 8", "f32[2,3] 1 -1 2.5 -1 1 -1.5"},
         1e-6,
         true},
        /* One row of coefficients for two labels: the second one's score. */
        {ML "LinearClassifier",
         1,
         "coefficients=1.0,;intercepts=0.0,;classlabels_ints=0,1;post_transform='LOGISTIC'",
         {"f32[2,1] 0.5 -0.5"},
         {"i64[2] 1 0", "f32[2,2] 0.37754067 0.62245933 0.62245933 0.37754067"},
         1e-6,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_lookup(void **state)
{
    static const struct onnx_case cases[] = {
        {ML "LabelEncoder",
         2,
         "keys_int64s=1,2;values_floats=0.5,1.5;default_float=9.0",
         {"i64[3] 2 5 1"},
         {"f32[3] 1.5 9 0.5"},
         0,
         false},
        {ML "LabelEncoder",
         4,
         "keys_tensor=i16[2] 4 5;values_tensor=i32[2] 40 50;default_tensor=i32[1] -7",
         {"i16[2,2] 5 4 3 5"},
         {"i32[2,2] 50 40 -7 50"},
         0,
         false},
    };

    (void)state;
    RUN_CASES(cases);
}

#define TREE                                                                                                 \
    "nodes_treeids=0,0,0;nodes_nodeids=0,1,2;nodes_featureids=1,0,0;nodes_values=2.0,0.0,0.0;"               \
    "nodes_truenodeids=1,0,0;nodes_falsenodeids=2,0,0;nodes_modes='BRANCH_LT','LEAF','LEAF';"

static void test_trees(void **state)
{
    static const struct onnx_case cases[] = {
        {ML "TreeEnsembleRegressor",
         1,
         TREE
         "target_treeids=0,0;target_nodeids=1,2;target_ids=0,0;target_weights=10.0,20.0;base_values=0.5,",
         {"f32[3,2] 0 1 0 2 0 3"},
         {"f32[3,1] 10.5 20.5 20.5"},
         0,
         true},
        {ML "TreeEnsembleClassifier",
         1,
         TREE
         "class_treeids=0,0;class_nodeids=1,2;class_ids=0,0;class_weights=0.25,0.75;classlabels_int64s=3,4",
         {"f32[2,2] 0 1 0 2"},
         {"i64[2] 3 4", "f32[2,2] 0.75 0.25 0.25 0.75"},
         0,
         true},
        /* Nodes and leaves in lists of their own: x0 <= 1 ? 5 : (x0 in {2, 3} ? 6 : 7). */
        {ML "TreeEnsemble",
         5,
         "tree_roots=0,;nodes_featureids=0,0;nodes_modes=u8[2] 0 6;nodes_splits=f32[2] 1 0;"
         "nodes_truenodeids=0,1;nodes_trueleafs=1,1;nodes_falsenodeids=1,2;nodes_falseleafs=0,1;"
         "leaf_targetids=0,0,0;leaf_weights=f32[3] 5 6 7;membership_values=f32[3] 2 3 nan",
         {"f32[5,1] 0 1 2 3 4"},
         {"f32[5,1] 5 5 6 6 7"},
         0,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_bad_trees(void **state)
{
    static const struct onnx_case circle = {
        ML "TreeEnsembleRegressor",
        1,
        "nodes_treeids=0,0;nodes_nodeids=0,1;nodes_featureids=0,0;nodes_values=2.0,0.0;nodes_truenodeids=1,0;"
        "nodes_falsenodeids=1,0;nodes_modes='BRANCH_LT','BRANCH_LT';target_treeids=0,;target_nodeids=1,;"
        "target_ids=0,;target_weights=1.0,",
        {"f32[1,1] 0"},
        {"f32[1,1]"},
        0,
        true};
    static const struct onnx_case target = {
        ML "TreeEnsembleRegressor",
        1,
        TREE "target_treeids=0,;target_nodeids=1,;target_ids=1,;target_weights=1.0,",
        {"f32[1,2] 0 0"},
        {"f32[1,1]"},
        0,
        true};

    (void)state;
    case_fails(&circle, VT_E_FORMAT, "tree 0 has a circle");
    case_fails(&target, VT_E_RANGE, "there is no target 1 of 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features), cmocka_unit_test(test_linear),    cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_trees),    cmocka_unit_test(test_bad_trees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
