/* Recurrent networks, attention, losses, optimisers. Values are by hand where they are short, else
 * onnxruntime's or those of ONNX's reference. */
#include "onnx_case.h"

static void test_recurrent(void **state)
{
    static const struct onnx_case cases[] = {
        {"LSTM",
         14,
         "hidden_size=1",
         {"f32[2,1,2] 0.5 -1 0.25 1", "f32[1,4,2] 0.1 0.2 -0.3 0.4 0.5 -0.6 0.7 0.8",
          "f32[1,4,1] 0.3 -0.2 0.1 0.4", "f32[1,8] 0.1 0.2 0.3 0.4 0 -0.1 0.05 0.1"},
         {"f32[2,1,1,1] 0.009480939 0.2957011", "f32[1,1,1] 0.2957011", "f32[1,1,1] 0.535256"},
         1e-5,
         true},
        {"LSTM",
         7,
         "hidden_size=1;direction='reverse';clip=0.5",
         {"f32[2,1,2] 0.5 -1 0.25 1", "f32[1,4,2] 0.1 0.2 -0.3 0.4 0.5 -0.6 0.7 0.8",
          "f32[1,4,1] 0.3 -0.2 0.1 0.4", "", "i32[1] 1", "f32[1,1,1] 0.5", "f32[1,1,1] -0.5"},
         {"f32[2,1,1,1] -0.1541875 0", "f32[1,1,1] -0.1541875", "f32[1,1,1] -0.433689"},
         1e-5,
         true},
        {"LSTM",
         22,
         "hidden_size=1;layout=1",
         {"f32[1,2,2] 0.5 -1 0.25 1", "f32[1,4,2] 0.1 0.2 -0.3 0.4 0.5 -0.6 0.7 0.8",
          "f32[1,4,1] 0.3 -0.2 0.1 0.4"},
         {"f32[1,2,1,1] -0.07050845 0.1871381", "f32[1,1,1] 0.1871381", "f32[1,1,1] 0.3321565"},
         1e-5,
         true},
        {"LSTM",
         14,
         "hidden_size=1;input_forget=1",
         {"f32[2,1,2] 0.5 -1 0.25 1", "f32[1,4,2] 0.1 0.2 -0.3 0.4 0.5 -0.6 0.7 0.8",
          "f32[1,4,1] 0.3 -0.2 0.1 0.4", "f32[1,8] 0", "i32[1] 2", "f32[1,1,1] 0", "f32[1,1,1] 1",
          "f32[1,3] 0.5 -0.5 0.25"},
         {"f32[2,1,1,1] 0.05701543 0.2422627", "f32[1,1,1] 0.2422627", "f32[1,1,1] 0.5111924"},
         1e-5,
         true},
        {"GRU",
         14,
         "hidden_size=1",
         {"f32[2,1,2] 0.5 -1 0.25 1", "f32[1,3,2] 0.1 0.2 -0.3 0.4 0.5 -0.6", "f32[1,3,1] 0.3 -0.2 0.7",
          "f32[1,6] 0.1 0.2 0.3 0.4 0 -0.1"},
         {"f32[2,1,1,1] 0.3231851 0.1831381", "f32[1,1,1] 0.1831381"},
         1e-5,
         true},
        {"GRU",
         14,
         "hidden_size=1;linear_before_reset=1",
         {"f32[2,1,2] 0.5 -1 0.25 1", "f32[1,3,2] 0.1 0.2 -0.3 0.4 0.5 -0.6", "f32[1,3,1] 0.3 -0.2 0.7",
          "f32[1,6] 0.1 0.2 0.3 0.4 0 -0.1"},
         {"f32[2,1,1,1] 0.3321895 0.2024414", "f32[1,1,1] 0.2024414"},
         1e-5,
         true},
        {"RNN",
         14,
         "hidden_size=1",
         {"f32[2,1,2] 0.5 -1 0.25 1", "f32[1,1,2] 1 -1", "f32[1,1,1] 0.5", "f32[1,2] 0.5 0"},
         {"f32[2,1,1,1] 0.9640275 0.2279383", "f32[1,1,1] 0.2279383"},
         1e-5,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_attention(void **state)
{
    static const struct onnx_case cases[] = {
        {"Attention",
         23,
         NULL,
         {"f32[1,1,2,2] 1 0 0 1", "f32[1,1,2,2] 1 1 0 2", "f32[1,1,2,1] 1 3"},
         {"f32[1,1,2,1] 1.660477 2.339523"},
         1e-5,
         true},
        {"Attention",
         23,
         "is_causal=1;scale=1.0",
         {"f32[1,1,2,2] 1 0 0 1", "f32[1,1,2,2] 1 1 0 2", "f32[1,1,2,1] 1 3"},
         {"f32[1,1,2,1] 1 2.462117"},
         1e-5,
         true},
        {"Attention",
         23,
         NULL,
         {"f32[1,1,2,2] 1 0 0 1", "f32[1,1,2,2] 1 1 0 2", "f32[1,1,2,1] 1 3", "boolean[2,2] 1 0 0 0"},
         {"f32[1,1,2,1] 1 0"},
         1e-5,
         true},
        {"Attention",
         23,
         "softcap=2.0",
         {"f32[1,1,2,2] 1 0 0 1", "f32[1,1,2,2] 1 1 0 2", "f32[1,1,2,1] 1 3", "f32[1,2] 0 1"},
         {"f32[1,1,2,1] 2.159113 2.646543"},
         1e-5,
         true},
        {"Attention",
         24,
         "is_causal=1",
         {"f32[1,1,2,2] 1 0 0 1", "f32[1,1,2,2] 1 1 0 2", "f32[1,1,2,1] 1 3", "", "f32[1,1,1,2] 1 0",
          "f32[1,1,1,1] 5"},
         {"f32[1,1,2,1] 3 2.712068", "f32[1,1,3,2] 1 0 1 1 0 2", "f32[1,1,3,1] 5 1 3"},
         1e-5,
         true},
        {"Attention",
         23,
         "q_num_heads=2;kv_num_heads=1",
         {"f32[1,1,2] 1 2", "f32[1,2,1] 1 0", "f32[1,2,1] 1 3"},
         {"f32[1,1,2] 1.537883 1.238406"},
         1e-5,
         true},
        {"Attention",
         23,
         NULL,
         {"f32[1,2,1,1] 1 2", "f32[1,1,2,1] 1 0", "f32[1,1,2,1] 1 3"},
         {"f32[1,2,1,1] 1.537883 1.238406"},
         1e-5,
         true},
        {"Attention",
         23,
         NULL,
         {"f32[1,2,1,1] 1 2", "f32[1,1,2,1] 1 0", "f32[1,1,2,1] 1 3", "boolean[2,1,2] 1 0 0 1"},
         {"f32[1,2,1,1] 1 3"},
         1e-5,
         true},
        /* A mask shorter than the keys hides those that it lacks. */
        {"Attention",
         24,
         NULL,
         {"f32[1,1,1,1] 1", "f32[1,1,2,1] 1 0", "f32[1,1,2,1] 1 3", "f32[1,1] 0"},
         {"f32[1,1,1,1] 1"},
         1e-5,
         true},
        {"RotaryEmbedding",
         23,
         NULL,
         {"f32[1,1,2,2] 1 2 3 4", "f32[2,1] 0 0.5", "f32[2,1] 1 0.5", "i64[1,2] 1 0"},
         {"f32[1,1,2,2] -0.5 1.5 -4 3"},
         1e-5,
         true},
        {"RotaryEmbedding",
         23,
         "num_heads=1;interleaved=1;rotary_embedding_dim=2",
         {"f32[1,1,4] 1 2 3 4", "f32[1,1,1] 0.5", "f32[1,1,1] 2"},
         {"f32[1,1,4] -3.5 3 3 4"},
         1e-5,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_language_models(void **state)
{
    static const struct onnx_case cases[] = {
        {"SwiGLU", 28, NULL, {"f32[2] 0 1", "f32[2] 3 4"}, {"f32[2] 0 2.924234"}, 1e-5, false},
        {"CausalConvWithState",
         27,
         NULL,
         {"f32[1,1,3] 1 2 3", "f32[1,1,2] 1 10", "f32[1] 0.5"},
         {"f32[1,1,3] 10.5 21.5 32.5", "f32[1,1,1] 3"},
         1e-5,
         true},
        {"CausalConvWithState",
         27,
         NULL,
         {"f32[1,1,2] 1 2", "f32[1,1,1] 3"},
         {"f32[1,1,2] 3 6", "f32[1,1,0]"},
         1e-5,
         true},
        {"CausalConvWithState",
         27,
         NULL,
         {"f32[1,1,3] 1 2 3", "=f32[1,1,2] 1 10", "f32[1] 0.5"},
         {"f32[1,1,3] 10.5 21.5 32.5", "f32[1,1,1] 3"},
         1e-5,
         true},
        {"LinearAttention",
         27,
         "q_num_heads=2;kv_num_heads=1;update_rule='linear';scale=1.0",
         {"f32[1,2,2] 1 2 3 4", "f32[1,2,1] 1 2", "f32[1,2,1] 1 3"},
         {"f32[1,2,2] 1 2 21 28", "f32[1,1,1,1] 7"},
         1e-5,
         true},
        {"LinearAttention",
         27,
         "q_num_heads=1;kv_num_heads=1",
         {"f32[1,2,2] 1 2 3 4", "f32[1,2,2] 1 0 0 1", "f32[1,2,1] 1 3", "", "f32[1,2,1] -0.5",
          "f32[1,2,1] 0.5"},
         {"f32[1,2,1] 0.3535534 4.885963", "f32[1,1,2,1] 0.3032653 1.5"},
         1e-5,
         true},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_losses(void **state)
{
    static const struct onnx_case cases[] = {
        {"NegativeLogLikelihoodLoss",
         13,
         NULL,
         {"f32[2,2] -1 -2 -3 -4", "i64[2] 0 1"},
         {"f32[] 2.5"},
         1e-5,
         false},
        {"NegativeLogLikelihoodLoss",
         13,
         "ignore_index=1",
         {"f32[2,2] -1 -2 -3 -4", "i64[2] 0 1", "f32[2] 0.5 2"},
         {"f32[] 1"},
         1e-5,
         false},
        {"NegativeLogLikelihoodLoss",
         13,
         "reduction='none'",
         {"f32[1,2,2] -1 -2 -3 -4", "i64[1,2] 0 1"},
         {"f32[1,2] 1 4"},
         1e-5,
         false},
        {"SoftmaxCrossEntropyLoss",
         13,
         "reduction='sum'",
         {"f32[2,2] 1 2 3 5", "i64[2] 0 1"},
         {"f32[] 1.44019", "f32[2,2] -1.313262 -0.3132617 -2.126928 -0.126928"},
         1e-5,
         false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_optimisers(void **state)
{
    static const struct onnx_case cases[] = {
        {"ai.onnx.preview.training/Adagrad",
         1,
         "decay_factor=0.1;norm_coefficient=0.5",
         {"f32[] 0.1", "i64[] 2", "f32[2] 1 2", "f32[2] -1 1", "f32[2] 2 2"},
         {"f32[2] 1.027778 1.931959", "f32[2] 2.25 6"},
         1e-5,
         false},
        {"ai.onnx.preview.training/Adam",
         1,
         "alpha=0.5;beta=0.5;epsilon=0.25",
         {"f32[] 0.1", "i64[] 2", "f32[2] 1 2", "f32[2] -1 1", "f32[2] 2 2", "f32[2] 1 1"},
         {"f32[2] 0.953812 1.861436", "f32[2] 0.5 1.5", "f32[2] 1 1"},
         1e-5,
         false},
        {"ai.onnx.preview.training/Momentum",
         1,
         "alpha=0.5;beta=0.5;mode='nesterov';norm_coefficient=0.5",
         {"f32[] 0.1", "i64[] 2", "f32[2] 1 2", "f32[2] -1 1", "f32[2] 2 2"},
         {"f32[2] 1.0125 1.7", "f32[2] 0.75 2"},
         1e-5,
         false},
    };

    (void)state;
    RUN_CASES(cases);
}

static void test_refused(void **state)
{
    (void)state;
    case_fails(&(const struct onnx_case){"LSTM",
                                         14,
                                         "hidden_size=1;direction='up'",
                                         {"f32[1,1,1] 1", "f32[1,4,1] 1", "f32[1,4,1] 1"},
                                         {"f32[] 0"},
                                         0,
                                         false},
               VT_E_INVALID, "attribute direction: there is no \"up\"");
    case_fails(&(const struct onnx_case){"Attention",
                                         23,
                                         NULL,
                                         {"f32[1,3,1,1] 1", "f32[1,2,1,1] 1", "f32[1,2,1,1] 1"},
                                         {"f32[] 0"},
                                         0,
                                         false},
               VT_E_SHAPE, "3 heads of the query for 2 of the key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recurrent),       cmocka_unit_test(test_attention),
        cmocka_unit_test(test_language_models), cmocka_unit_test(test_losses),
        cmocka_unit_test(test_optimisers),      cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
