/* Operators on places, types and numbers made of others: values by hand. */
#include "onnx_case.h"
#include "vt/strings.h"

static void test_gather(void **state)
{
    static const struct onnx_case cases[] = {
        {"Gather", 13, "axis=1", {"f32[2,2] 1 2 3 4", "i64[1] -1"}, {"f32[2,1] 2 4"}, 0, false},
        {"Gather", 1, NULL, {"f32[3] 1 2 3", "i32[] 2"}, {"f32[] 3"}, 0, false},
        {"GatherElements", 13, "axis=1", {"f32[2,2] 1 2 3 4", "i64[2,1] 1 -2"}, {"f32[2,1] 2 3"}, 0, false},
        {"GatherElements", 11, NULL, {"f32[2,2] 1 2 3 4", "i64[3,1] 1 0 1"}, {"f32[3,1] 3 1 3"}, 0, false},
        {"GatherND", 13, NULL, {"i32[2,2] 1 2 3 4", "i64[2,2] 0 0 1 -1"}, {"i32[2] 1 4"}, 0, false},
        {"GatherND", 12, "batch_dims=1", {"i32[2,2] 1 2 3 4", "i64[2,1] 1 0"}, {"i32[2] 2 3"}, 0, false},
        {"OneHot",
         11,
         NULL,
         {"i64[3] 0 -1 5", "i64[] 3", "f32[2] 2 7"},
         {"f32[3,3] 7 2 2 2 2 7 2 2 2"},
         0,
         false},
        {"OneHot", 9, "axis=0", {"f32[2] 0 1", "f32[1] 2", "i32[2] 0 1"}, {"i32[2,2] 1 0 0 1"}, 0, false},
        {"ReverseSequence",
         10,
         NULL,
         {"f32[3,2] 1 2 3 4 5 6", "i64[2] 3 2"},
         {"f32[3,2] 5 4 3 2 1 6"},
         0,
         false},
        {"TopK", 11, NULL, {"f32[1,4] 3 1 3 2", "i64[1] 2"}, {"f32[1,2] 3 3", "i64[1,2] 0 2"}, 0, false},
        {"TopK",
         24,
         "axis=0;largest=0",
         {"i8[3] 3 -1 -1", "i64[1] 2"},
         {"i8[2] -1 -1", "i64[2] 1 2"},
         0,
         false},
        {"TopK", 1, "k=1", {"f32[2,2] 1 2 4 3"}, {"f32[2,1] 2 4", "i64[2,1] 1 0"}, 0, false},
        {"Unique",
         11,
         NULL,
         {"f32[4] 2 1 2 3"},
         {"f32[3] 1 2 3", "i64[3] 1 0 3", "i64[4] 1 0 1 2", "i64[3] 1 2 1"},
         0,
         false},
        {"Unique", 11, "axis=0;sorted=0", {"i32[3,1] 5 2 5"}, {"i32[2,1] 5 2", "i64[2] 0 1"}, 0, false},
        {"NonZero", 13, NULL, {"boolean[2,2] 1 0 1 1"}, {"i64[2,3] 0 1 1 0 0 1"}, 0, false},
        {"NonZero", 9, NULL, {"f32[] 3"}, {"i64[1,1] 0"}, 0, true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_scatter(void **state)
{
    static const struct onnx_case cases[] = {
        {"Scatter",
         9,
         NULL,
         {"f32[2,2] 1 2 3 4", "i64[1,2] 1 0", "f32[1,2] 8 9"},
         {"f32[2,2] 1 9 8 4"},
         0,
         false},
        {"ScatterElements",
         16,
         "axis=1;reduction='add'",
         {"f32[1,3] 1 2 3", "i64[1,2] -1 2", "f32[1,2] 10 20"},
         {"f32[1,3] 1 2 33"},
         0,
         false},
        {"ScatterElements",
         18,
         "reduction='max'",
         {"i32[3] 1 5 3", "i64[2] 0 1", "i32[2] 4 4"},
         {"i32[3] 4 5 3"},
         0,
         false},
        {"ScatterND",
         16,
         "reduction='mul'",
         {"f32[3] 1 2 3", "i64[2,1] 1 1", "f32[2] 5 7"},
         {"f32[3] 1 70 3"},
         0,
         false},
        {"ScatterND",
         11,
         NULL,
         {"f32[2,2] 1 2 3 4", "i64[1,1] 1", "f32[1,2] 8 9"},
         {"f32[2,2] 1 2 8 9"},
         0,
         false},
        {"TensorScatter",
         24,
         "axis=1",
         {"f32[2,3] 1 2 3 4 5 6", "f32[2,1] 8 9", "i64[2] 2 0"},
         {"f32[2,3] 1 2 8 9 5 6"},
         0,
         false},
        {"TensorScatter",
         24,
         "mode='circular'",
         {"f32[1,3,1] 1 2 3", "f32[1,2,1] 8 9", "i64[1] 2"},
         {"f32[1,3,1] 9 2 8"},
         0,
         false},
        {"TensorScatter", 24, NULL, {"f32[1,3,1] 1 2 3", "f32[1,2,1] 8 9"}, {"f32[1,3,1] 8 9 3"}, 0, false},
    };
    static const struct onnx_case wrong = {
        "ScatterND", 16, "reduction='sum'", {"f32[1] 1", "i64[1,1] 0", "f32[1] 5"}, {"f32[1]"}, 0, false};

    (void)state;
    RUN_CASES(cases);
    case_fails(&wrong, VT_E_INVALID, "attribute reduction is \"sum\"");
}

static void test_types(void **state)
{
    static const struct onnx_case cases[] = {
        {"Cast", 13, "to=6", {"f32[3] -1.7 0.9 2.5"}, {"i32[3] -1 0 2"}, 0, false},
        {"Cast", 9, "to=9", {"f32[3] 0 0.1 -2"}, {"boolean[3] 0 1 1"}, 0, false},
        {"Cast", 13, "to=3", {"i16[2] 200 -1"}, {"i8[2] -56 -1"}, 0, false},
        {"Cast", 13, "to=1", {"boolean[2] 0 1"}, {"f32[2] 0 1"}, 0, false},
        {"Cast", 19, "to=17", {"f32[4] 1000000 -inf nan 0.47"}, {"f8e4m3[4] 448 -448 nan 0.46875"}, 0, false},
        {"Cast", 19, "to=19;saturate=0", {"f32[3] 1000000 nan 3"}, {"f8e5m2[3] inf nan 3"}, 0, false},
        {"Cast", 19, "to=19", {"i32[2] 1000000 -3"}, {"f8e5m2[2] 57344 -3"}, 0, false},
        {"Cast", 23, "to=23", {"f32[4] nan 9 -inf 0.48"}, {"f4e2m1[4] 0 6 -6 0.5"}, 0, false},
        {"Cast", 23, "to=21", {"f32[4] -9 3 8 15"}, {"u4[4] 7 3 8 15"}, 0, false},
        {"Cast",
         24,
         "to=24",
         {"f32[6] 0 1.1 2 3 nan inf"},
         {"f8e8m0[6] 5.877471754e-39 2 2 4 nan 1.7014118e38"},
         1e-6,
         false},
        {"Cast", 24, "to=24;round_mode='nearest'", {"f16[3] 1.1 1.5 3.5"}, {"f8e8m0[3] 1 2 4"}, 0, false},
        {"Cast",
         24,
         "to=24;round_mode='down';saturate=0",
         {"f32[3] 1.9 0 inf"},
         {"f8e8m0[3] 1 nan nan"},
         0,
         false},
        {"CastLike", 15, NULL, {"f32[2] 1.5 -2.5", "i64[1] 0"}, {"i64[2] 1 -2"}, 0, false},
        {"BitCast", 26, "to=6", {"f32[2] 1 -2"}, {"i32[2] 1065353216 -1073741824"}, 0, false},
        {"BitCast", 26, "to=2", {"i8[2] -1 5"}, {"u8[2] 255 5"}, 0, false},
        {"BitCast", 26, "to=2", {"boolean[2] 1 0"}, {"u8[2] 1 0"}, 0, false},
        {"Constant", 13, "value=i32[2] 3 4", {NULL}, {"i32[2] 3 4"}, 0, false},
        {"Constant", 13, "value_float=1.5", {NULL}, {"f32[] 1.5"}, 0, false},
        {"Constant", 13, "value_floats=1.5,2.5", {NULL}, {"f32[2] 1.5 2.5"}, 0, false},
        {"Constant", 13, "value_int=7", {NULL}, {"i64[] 7"}, 0, false},
        {"Constant", 13, "value_ints=7,8", {NULL}, {"i64[2] 7 8"}, 0, false},
        {"ConstantOfShape", 9, "value=i8[1] 5", {"i64[2] 1 2"}, {"i8[1,2] 5 5"}, 0, false},
        {"ConstantOfShape", 20, NULL, {"i64[0]"}, {"f32[] 0"}, 0, false},
        {"EyeLike", 9, "k=1;dtype=9", {"i32[2,3] 0"}, {"boolean[2,3] 0 1 0 0 0 1"}, 0, false},
        {"EyeLike", 22, NULL, {"f64[2,2] 0"}, {"f64[2,2] 1 0 0 1"}, 0, false},
    };
    static const struct onnx_case wide = {"BitCast", 26, "to=7", {"f32[1] 1"}, {"i64[1]"}, 0, false};

    (void)state;
    RUN_CASES(cases);
    case_fails(&wide, VT_E_TYPE, "no elements of i64 have the bits of f32");
}

static void test_generators(void **state)
{
    static const struct onnx_case cases[] = {
        {"Range", 11, NULL, {"f32[] 1", "f32[] 2", "f32[] 0.25"}, {"f32[4] 1 1.25 1.5 1.75"}, 1e-6, false},
        {"Range", 11, NULL, {"i64[] 10", "i64[] 4", "i64[] -2"}, {"i64[3] 10 8 6"}, 0, false},
        {"HannWindow", 17, NULL, {"i64[] 4"}, {"f32[4] 0 0.5 1 0.5"}, 1e-6, false},
        {"HammingWindow",
         17,
         "periodic=0;output_datatype=11",
         {"i32[] 3"},
         {"f64[3] 0.0869565217 1 0.0869565217"},
         1e-9,
         false},
        {"BlackmanWindow", 17, NULL, {"i32[] 4"}, {"f32[4] 0 0.34 1 0.34"}, 1e-6, false},
        {"RandomUniform", 22, "shape=2,3;dtype=11", {NULL}, {"f64[2,3]"}, 0, false},
        {"RandomUniformLike", 1, NULL, {"f16[2,3] 0"}, {"f16[2,3]"}, 0, false},
        {"RandomNormal", 1, "shape=4,", {NULL}, {"f32[4]"}, 0, false},
        {"RandomNormalLike", 22, "dtype=10", {"f32[3] 0"}, {"f16[3]"}, 0, false},
        {"Bernoulli", 15, "dtype=9", {"f32[4] 0 1 1 0"}, {"boolean[4] 0 1 1 0"}, 0, false},
        {"Bernoulli", 15, NULL, {"f64[2] 1 0"}, {"f64[2] 1 0"}, 0, false},
        {"Multinomial", 7, "sample_size=3;dtype=7", {"f32[1,2] -1000 0"}, {"i64[1,3] 1 1 1"}, 0, false},
    };

    (void)state;
    RUN_CASES(cases);
}

/* Constants of texts move like numbers and compare. */
static void test_texts(void **state)
{
    struct msg *n = node("Constant", "c", "", "c"), *a = attr("value_strings", 8), *g;
    struct vt_graph *graph;
    struct vt_tensor out[2] = {{0}};
    struct vt_error err = {0};

    (void)state;
    put_text(a, 9, "one");
    put_text(a, 9, "a text of more than sixteen bytes");
    put(n, 5, a);
    g = graph_of(n);
    n = node("Constant", "d", "", "d");
    a = attr("value_string", 3);
    put_text(a, 4, "one");
    put(n, 5, a);
    put(g, 1, n);
    put(g, 1, node("Equal", "e", "c,d", "e"));
    put(g, 5, TENSOR("p", INT64, "2", int64_t, 1, 0));
    put(g, 1, node("Pad", "f", "c,p", "f"));
    put(g, 12, info("e", BOOL, NULL));
    put(g, 12, info("f", STRING, NULL));
    graph = read_ok(model(g, 19));
    assert_int_equal(vt_graph_eval(graph, NULL, out, NULL, &err), VT_OK);
    assert_int_equal(vt_get_i64(&out[0], 0), 1);
    assert_int_equal(vt_get_i64(&out[0], 1), 0);
    assert_int_equal(vt_tensor_count(&out[1]), 3);
    assert_int_equal(vt_string_get(&out[1], 0).length, 0);
    assert_memory_equal(vt_string_get(&out[1], 2).text, "a text of more than sixteen bytes", 33);
    vt_tensor_free(&out[0]);
    vt_tensor_free(&out[1]);
    vt_graph_destroy(graph);
}

/* mel(400) = 509.4; thirds of it are 0, 113.8 and 246.1 hertz, in bins of 100 with 9 for 8: 0, 1 and 2. */
static void test_mel(void **state)
{
    static const struct onnx_case c = {
        "MelWeightMatrix",      17,   NULL, {"i64[] 1", "i64[] 8", "i64[] 900", "f32[] 0", "f32[] 400"},
        {"f32[5,1] 0 1 0 0 0"}, 1e-6, false};

    (void)state;
    run_cases(&c, 1);
}

static void test_random(void **state)
{
    static const struct onnx_case c = {
        "RandomNormal", 1, "shape=4000,;seed=3.0;mean=5.0;scale=2.0", {NULL}, {"f32[4000]"}, 0, false};
    struct case_run r = {0};
    struct vt_graph *graph = read_ok(case_model(&c, &r, FORM_FIXED));
    struct vt_error err = {0};
    double sum = 0, squares = 0;

    (void)state;
    assert_int_equal(vt_graph_eval(graph, NULL, r.out, NULL, &err), VT_OK);
    for (int i = 0; i < 4000; i++) {
        double v = vt_get_f64(&r.out[0], i);

        sum += v;
        squares += v * v;
    }
    sum /= 4000;
    assert_true(fabs(sum - 5) < 0.2);
    assert_true(fabs(sqrt(squares / 4000 - sum * sum) - 2) < 0.2);
    vt_tensor_free(&r.out[0]);
    vt_graph_destroy(graph);
}

static void test_matrices(void **state)
{
    static const struct onnx_case cases[] = {
        {"Einsum",
         12,
         "equation='ij , jk -> ik'",
         {"f32[1,2] 1 2", "f32[2,1] 3 4"},
         {"f32[1,1] 11"},
         1e-6,
         false},
        {"Einsum", 12, "equation='...ii->...i'", {"f32[1,2,2] 1 2 3 4"}, {"f32[1,2] 1 4"}, 1e-6, false},
        {"Trilu", 14, NULL, {"i64[2,3] 1 2 3 4 5 6"}, {"i64[2,3] 1 2 3 0 5 6"}, 0, false},
        {"Trilu", 14, "upper=0", {"f32[1,2,2] 1 2 3 4", "i64[] -1"}, {"f32[1,2,2] 0 0 3 0"}, 0, false},
        {"Det", 22, NULL, {"f32[2,2,2] 1 2 3 4 1 2 2 4"}, {"f32[2] -2 0"}, 1e-6, false},
    };

    (void)state;
    RUN_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather),     cmocka_unit_test(test_scatter),  cmocka_unit_test(test_types),
        cmocka_unit_test(test_generators), cmocka_unit_test(test_mel),      cmocka_unit_test(test_texts),
        cmocka_unit_test(test_random),     cmocka_unit_test(test_matrices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
