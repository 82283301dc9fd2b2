/* What vintner.h adds: variable states, queries, the graph as it is executed. */
#include "capi_test.h"

#include "vintner.h"

/* x_t [1,2]; sum = state + x, written back to the state "total", which begins with zeros. */
#define STATE_LAYERS                                                                                         \
    "<layer id=\"2\" name=\"read\" type=\"ReadValue\" version=\"opset6\"><data variable_id=\"total\" "       \
    "variable_type=\"f32\" variable_shape=\"1,2\"/><input><port id=\"0\" precision=\"FP32\"/></input>"       \
    "<output><port id=\"1\" precision=\"FP32\"/></output></layer>"                                           \
    "<layer id=\"3\" name=\"add\" type=\"Add\" version=\"opset1\"><data auto_broadcast=\"numpy\"/><input>"   \
    "<port id=\"0\" precision=\"FP32\"/><port id=\"1\" precision=\"FP32\"/></input><output><port id=\"2\" "  \
    "precision=\"FP32\" names=\"sum\"/></output></layer>"                                                    \
    "<layer id=\"4\" name=\"write\" type=\"Assign\" version=\"opset6\"><data variable_id=\"total\"/><input>" \
    "<port id=\"0\" precision=\"FP32\"/></input><output><port id=\"1\" "                                     \
    "precision=\"FP32\"/></output></layer>"
#define MODEL_STATE                                                                                          \
    "<?xml version=\"1.0\"?><net name=\"state\" version=\"11\"><layers>" LAYER_PARAM("0", "x", "1,2", "x_t") \
        LAYER_PARAM("1", "first", "1,2", "first_t")                                                          \
            STATE_LAYERS LAYER_RESULT("5", "res") "</layers><edges>" EDGE("1", "0", "2", "0")                \
                EDGE("2", "1", "3", "0") EDGE("0", "0", "3", "1") EDGE("3", "2", "4", "0")                   \
                    EDGE("3", "2", "5", "0") "</edges></net>"

struct stateful {
    ov_core_t *core;
    ov_model_t *model;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
};

static struct stateful start(const char *device)
{
    struct stateful s = {.core = new_core()};

    s.model = read_text(s.core, MODEL_STATE);
    PASS(ov_core_compile_model(s.core, s.model, device, 0, &s.compiled));
    PASS(ov_compiled_model_create_infer_request(s.compiled, &s.request));
    return s;
}

static void finish(struct stateful *s)
{
    ov_infer_request_free(s->request);
    ov_compiled_model_free(s->compiled);
    ov_model_free(s->model);
    ov_core_free(s->core);
}

static float run(struct stateful *s, float x)
{
    ov_tensor_t *in = new_f32(2, 1, 2, x), *first = new_f32(2, 1, 2, 100), *out = NULL;
    float sum;

    PASS(ov_infer_request_set_tensor(s->request, "x_t", in));
    PASS(ov_infer_request_set_tensor(s->request, "first_t", first));
    PASS(ov_infer_request_infer(s->request));
    PASS(ov_infer_request_get_output_tensor(s->request, &out));
    sum = element(out, 0);
    ov_tensor_free(in);
    ov_tensor_free(first);
    ov_tensor_free(out);
    return sum;
}

static void states_on(const char *device)
{
    struct stateful s = start(device);
    ov_tensor_t *value = NULL, *other = new_f32(2, 1, 2, 7), *wide = new_f32(2, 2, 2, 0), *whole = NULL;
    ov_tensor_t *grid = new_f32(2, 2, 3, 0), *wide_part = NULL, *part = NULL;
    ov_infer_request_t *second = NULL;
    ov_element_type_e type;
    ov_partial_shape_t shape;
    char *name = NULL;
    size_t n = 9;

    PASS(vt_infer_request_states_size(s.request, &n));
    assert_int_equal(n, 1);
    PASS(vt_infer_request_state_name(s.request, 0, &name));
    assert_text(name, "total");
    CHECK(vt_infer_request_state_name(s.request, 1, &name), OUT_OF_BOUNDS, "no variable 1");
    PASS(vt_infer_request_state_info(s.request, "total", &type, &shape));
    assert_int_equal(type, F32);
    assert_text(ov_partial_shape_to_string(shape), "{1,2}");
    ov_partial_shape_free(&shape);
    CHECK(vt_infer_request_state_info(s.request, "nosuch", &type, &shape), NOT_FOUND, "'nosuch'");
    BAD(vt_infer_request_state_info(s.request, NULL, &type, &shape));
    BAD(vt_infer_request_state_info(s.request, "total", NULL, &shape));
    BAD(vt_infer_request_state_info(s.request, "total", &type, NULL));
    CHECK(vt_infer_request_get_state(s.request, "total", &value), RESULT_NOT_READY, "'total'");
    CHECK(vt_infer_request_get_state(s.request, "nosuch", &value), NOT_FOUND, "'nosuch'");
    assert_true(run(&s, 1) == 101);
    assert_true(run(&s, 2) == 103);
    PASS(vt_infer_request_get_state(s.request, "total", &value));
    assert_true(element(value, 0) == 103);
    assert_true(run(&s, 1) == 104);
    assert_true(element(value, 0) == 103); /* a copy */
    PASS(vt_infer_request_set_state(s.request, "total", other));
    assert_true(run(&s, 1) == 8);
    assert_true(element(other, 0) == 7);
    CHECK(vt_infer_request_set_state(s.request, "total", wide), PARAMETER_MISMATCH, "[1,2]");
    /* A region that is not dense: elements 1 and 2 of each row, of which the second row is meant. */
    PASS(vt_tensor_create_roi(grid, 2, (int64_t[]){0, 1}, (int64_t[]){2, 3}, &wide_part));
    PASS(vt_tensor_create_roi(wide_part, 2, (int64_t[]){1, 0}, (int64_t[]){2, 2}, &part));
    PASS(vt_infer_request_set_state(s.request, "total", part));
    assert_true(run(&s, 1) == 5);
    CHECK(vt_infer_request_set_state(s.request, "total", wide_part), PARAMETER_MISMATCH, "[2,2]");
    ov_tensor_free(part);
    ov_tensor_free(wide_part);
    ov_tensor_free(grid);
    PASS(ov_tensor_create(I32, (ov_shape_t){2, (int64_t[]){1, 2}}, &whole));
    CHECK(vt_infer_request_set_state(s.request, "total", whole), PARAMETER_MISMATCH, "i32");
    CHECK(vt_infer_request_set_state(s.request, "nosuch", other), NOT_FOUND, "'nosuch'");
    /* Another request has states of its own. */
    PASS(ov_compiled_model_create_infer_request(s.compiled, &second));
    CHECK(vt_infer_request_get_state(second, "total", &whole), RESULT_NOT_READY, "");
    ov_infer_request_free(second);
    PASS(vt_infer_request_reset_state(s.request, "total"));
    assert_true(run(&s, 1) == 101);
    PASS(vt_infer_request_reset_state(s.request, NULL));
    assert_true(run(&s, 5) == 105);
    CHECK(vt_infer_request_reset_state(s.request, "nosuch"), NOT_FOUND, "'nosuch'");
    ov_tensor_free(value);
    ov_tensor_free(other);
    ov_tensor_free(wide);
    ov_tensor_free(whole);
    finish(&s);
}

static void test_states(void **state)
{
    (void)state;
    states_on("CPU");
    states_on("AUTO:CPU");
    if (has_device("REFDEV")) {
        states_on("REFDEV");
        states_on("HETERO:REFDEV,CPU");
    }
}

static void test_no_states(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *tensor = new_f32(2, 1, 2, 0);
    char *name = NULL;
    size_t n = 9;

    (void)state;
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(vt_infer_request_states_size(request, &n));
    assert_int_equal(n, 0);
    PASS(vt_infer_request_reset_state(request, NULL));
    BAD(vt_infer_request_states_size(NULL, &n));
    BAD(vt_infer_request_states_size(request, NULL));
    BAD(vt_infer_request_state_name(request, 0, NULL));
    BAD(vt_infer_request_state_name(NULL, 0, &name));
    BAD(vt_infer_request_get_state(request, NULL, &tensor));
    BAD(vt_infer_request_set_state(request, "x", NULL));
    BAD(vt_infer_request_reset_state(NULL, NULL));
    ov_tensor_free(tensor);
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
}

/* ---- queries */

static const vt_query_node_t *find(const vt_query_t *query, const char *name)
{
    for (size_t i = 0; i < query->size; i++) {
        if (strcmp(query->nodes[i].node_name, name) == 0) {
            return &query->nodes[i];
        }
    }
    fail_msg("the answer lacks node '%s'", name);
    return NULL;
}

static void test_query(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, MODEL_TWO), *digits = NULL;
    ov_property_t bad = {"NUM_STREAMS", "abc"};
    vt_query_t query = {NULL, 0};
    size_t convolutions = 0;

    (void)state;
    PASS(vt_core_query_model(core, model, "CPU", 0, NULL, &query));
    assert_int_equal(query.size, 6); /* two Parameters, Add, ReLU, two Results */
    assert_string_equal(find(&query, "add")->node_type, "Add");
    assert_string_equal(find(&query, "add")->device, "CPU");
    assert_string_equal(find(&query, "add")->precision, "f32");
    assert_non_null(find(&query, "add")->kernel);
    assert_null(find(&query, "a")->kernel);
    vt_query_free(&query);
    assert_null(query.nodes);
    assert_int_equal(query.size, 0);
    vt_query_free(&query);
    vt_query_free(NULL);
    PASS(ov_core_read_model(core, DIGITS, NULL, &digits));
    PASS(vt_core_query_model(core, digits, "CPU", 0, NULL, &query));
    for (size_t i = 0; i < query.size; i++) {
        const vt_query_node_t *node = &query.nodes[i];

        assert_string_equal(node->device, "CPU");
        if (strcmp(node->node_type, "Convolution") == 0) {
            convolutions++;
            assert_non_null(node->kernel);
            assert_true(strncmp(node->kernel, "conv", 4) == 0);
        }
    }
    assert_true(convolutions > 0);
    vt_query_free(&query);
    CHECK(vt_core_query_model(core, model, "XPU", 0, NULL, &query), GENERAL_ERROR, "XPU");
    CHECK(vt_core_query_model(core, model, "CPU", 1, &bad, &query), GENERAL_ERROR, "NUM_STREAMS");
    BAD(vt_core_query_model(NULL, model, "CPU", 0, NULL, &query));
    BAD(vt_core_query_model(core, NULL, "CPU", 0, NULL, &query));
    BAD(vt_core_query_model(core, model, NULL, 0, NULL, &query));
    BAD(vt_core_query_model(core, model, "CPU", 1, NULL, &query));
    BAD(vt_core_query_model(core, model, "CPU", 0, NULL, NULL));
    ov_model_free(digits);
    ov_model_free(model);
    ov_core_free(core);
}

/* An operation that nobody has is part of the answer. */
static void test_query_unknown(void **state)
{
    static const char text[] = "<?xml version=\"1.0\"?><net name=\"u\" version=\"11\"><layers>" LAYER_PARAM(
        "0", "x", "1,2",
        "x_t") "<layer id=\"1\" name=\"odd\" type=\"Odd\" version=\"extension\"><input><port id=\"0\" "
               "precision=\"FP32\"><dim>1</dim>"
               "<dim>2</dim></port></input><output><port id=\"1\" "
               "precision=\"FP32\"><dim>1</dim><dim>2</dim></port></output></layer>" LAYER_RESULT(
                   "2", "res") "</layers><edges>" EDGE("0", "0", "1", "0")
                   EDGE("1", "1", "2", "0") "</edges></net>";
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, text);
    vt_query_t query = {NULL, 0};

    (void)state;
    PASS(vt_core_query_model(core, model, "CPU", 0, NULL, &query));
    assert_null(find(&query, "odd")->device);
    assert_non_null(find(&query, "odd")->reason);
    vt_query_free(&query);
    ov_model_free(model);
    ov_core_free(core);
}

/* ---- the graph as it is executed */

static void runtime_graph_of(ov_core_t *core, ov_model_t *model, bool infer)
{
    ov_compiled_model_t *compiled = NULL;
    ov_model_t *graph = NULL;
    ov_output_const_port_t *port = NULL;
    char *name = NULL;
    size_t in = 0, out = 0;

    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    if (infer) {
        ov_infer_request_t *request = NULL;

        PASS(ov_compiled_model_create_infer_request(compiled, &request));
        PASS(ov_infer_request_infer(request));
        ov_infer_request_free(request);
    }
    PASS(ov_compiled_model_get_runtime_model(compiled, &graph));
    ov_compiled_model_free(compiled);
    PASS(ov_model_get_friendly_name(graph, &name));
    assert_true(strlen(name) > 0);
    ov_free(name);
    PASS(ov_model_inputs_size(graph, &in));
    PASS(ov_model_outputs_size(graph, &out));
    assert_true(in > 0 && out > 0);
    PASS(ov_model_const_input_by_index(graph, 0, &port));
    CHECK(ov_port_get_any_name(port, &name), GENERAL_ERROR, ""); /* ports of such graphs have no names */
    ov_output_const_port_free(port);
    ov_model_free(graph);
}

static void test_runtime_graph(void **state)
{
    ov_core_t *core = new_core();
    const char *texts[] = {MODEL_TWO, MODEL_STATE, MODEL_ONE("1,?")};
    ov_model_t *model = NULL;

    (void)state;
    for (int i = 0; i < 3; i++) {
        model = read_text(core, texts[i]);
        runtime_graph_of(core, model, false);
        runtime_graph_of(core, model, true);
        ov_model_free(model);
    }
    PASS(ov_core_read_model(core, DIGITS, NULL, &model));
    runtime_graph_of(core, model, true);
    ov_model_free(model);
    ov_core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),        cmocka_unit_test(test_no_states),
        cmocka_unit_test(test_query),         cmocka_unit_test(test_query_unknown),
        cmocka_unit_test(test_runtime_graph),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
