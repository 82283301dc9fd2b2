/* What good texts mean. */
#include "ir_test.h"

static void test_small(void **state)
{
    struct vt_graph *graph = ir_read_ok(SMALL, NULL, 0);
    struct vt_node *s = ir_node(graph, "s");

    (void)state;
    assert_string_equal(graph->name, "m");
    assert_int_equal(graph->n_nodes, 3);
    assert_string_equal(s->op->name, "Softmax");
    assert_int_equal(s->op->opset, 8);
    assert_int_equal(vt_attr_i64(s, "axis"), 1);
    assert_int_equal(s->out[0].v.shape.dims[1].min, 3);
    vt_graph_destroy(graph);
}

/* A trailing NUL (or several) belongs to the caller's string, not to the text. */
static void test_trailing_nul(void **state)
{
    static const char text[] = SMALL "\0\0";
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    struct vt_graph *graph = NULL;

    (void)state;
    assert_int_equal(frontend->read_memory(ir_host(), text, sizeof(text), NULL, &graph, NULL), VT_OK);
    vt_graph_destroy(graph);
    assert_int_equal(frontend->read_memory(ir_host(), text, strlen(text), NULL, &graph, NULL), VT_OK);
    vt_graph_destroy(graph);
}

static void test_order_of_ids_and_layers_is_free(void **state)
{
    struct vt_graph *graph =
        ir_read_ok(NET("11",
                       RESULT("70", "r2") SOFTMAX("5", "s", "-1") PARAM("300", "a", "2,3") RESULT("6", "r1")
                           PARAM("2", "b", "4,?"),
                       EDGE("5", "1", "6", "0") EDGE("300", "0", "5", "0") EDGE("2", "0", "70", "0")),
                   NULL, 0);

    (void)state;
    assert_string_equal(graph->params[0]->name, "a");
    assert_string_equal(graph->params[1]->name, "b");
    assert_string_equal(graph->results[0]->name, "r2");
    assert_string_equal(graph->results[1]->name, "r1");
    assert_ptr_equal(graph->results[0]->in[0].node, graph->params[1]);
    vt_graph_destroy(graph);
}

static void test_names(void **state)
{
    struct vt_graph *graph =
        ir_read_ok(NET("11",
                       LAYER("0", "x", "Parameter", "opset1",
                             "<data shape=\"\" element_type=\"i64\"/>" OUT(
                                 "<port id=\"0\" names=\"a\\,b,c,,d\\e,\\,\"/>")) RESULT("1", "r"),
                       EDGE("0", "0", "1", "0")),
                   NULL, 0);
    const struct vt_output *out = &graph->params[0]->out[0];

    (void)state;
    assert_int_equal(out->n_names, 4);
    assert_string_equal(out->names[0], "a,b");
    assert_string_equal(out->names[1], "c");
    assert_string_equal(out->names[2], "d\\e");
    assert_string_equal(out->names[3], ",");
    vt_graph_destroy(graph);
}

/* Every element type that a constant may have; data is a view at whatever offset. */
static void test_constants(void **state)
{
    static const struct {
        const char *name, *shape;
        enum vt_type type;
        int bytes;
    } types[] = {
        {"boolean", "3", VT_BOOLEAN, 3}, {"bf16", "3", VT_BF16, 6},      {"f16", "3", VT_F16, 6},
        {"f32", "3", VT_F32, 12},        {"f64", "3", VT_F64, 24},       {"i4", "3", VT_I4, 2},
        {"i8", "3", VT_I8, 3},           {"i16", "3", VT_I16, 6},        {"i32", "3", VT_I32, 12},
        {"i64", "3", VT_I64, 24},        {"u1", "9", VT_U1, 2},          {"u2", "5", VT_U2, 2},
        {"u3", "9", VT_U3, 6},           {"u4", "3", VT_U4, 2},          {"u6", "5", VT_U6, 6},
        {"u8", "3", VT_U8, 3},           {"u16", "3", VT_U16, 6},        {"u32", "3", VT_U32, 12},
        {"u64", "3", VT_U64, 24},        {"nf4", "3", VT_NF4, 2},        {"f8e4m3", "3", VT_F8E4M3, 3},
        {"f8e5m2", "3", VT_F8E5M2, 3},   {"f4e2m1", "3", VT_F4E2M1, 2},  {"f8e8m0", "3", VT_F8E8M0, 3},
        {"f32", "", VT_F32, 4},          {"i64", " 2 , 1 ", VT_I64, 16}, {"f32", "2,0,5", VT_F32, 0},
    };
    char weights[64];

    (void)state;
    for (int i = 0; i < 64; i++) {
        weights[i] = (char)i;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char text[2048];
        struct vt_graph *graph;
        struct vt_node *c;

        snprintf(text, sizeof(text),
                 NET("11", CONST("0", "c", "%s", "%s", "7", "%d") RESULT("1", "r"), EDGE("0", "0", "1", "0")),
                 types[i].name, types[i].shape, types[i].bytes);
        graph = ir_read_ok(text, weights, sizeof(weights));
        c = ir_node(graph, "c");
        assert_int_equal(c->constant.type, types[i].type);
        assert_int_equal(c->constant.bytes, types[i].bytes);
        if (types[i].bytes) {
            assert_non_null(c->blob); /* a view, not a copy */
            assert_memory_equal(c->constant.data, weights + 7, (size_t)types[i].bytes);
        }
        assert_int_equal(c->out[0].v.type, types[i].type);
        vt_graph_destroy(graph);
    }
}

/* OpenVINO writes a size of 1 for what has no elements; the weights may be empty then. */
static void test_constant_without_elements(void **state)
{
    struct vt_graph *graph = ir_read_ok(
        NET("11", CONST("0", "c", "i64", "0", "0", "1") RESULT("1", "r"), EDGE("0", "0", "1", "0")), "", 0);

    (void)state;
    assert_int_equal(ir_node(graph, "c")->constant.bytes, 0);
    assert_int_equal(ir_node(graph, "c")->constant.dims[0], 0);
    vt_graph_destroy(graph);
}

static void test_unknown_operation(void **state)
{
    struct vt_graph *graph =
        ir_read_ok(NET("11",
                       PARAM("0", "x", "2,3")
                           LAYER("1", "q", "SoftMax", "opset99",
                                 "<data axis=\"7\" colour=\"red\"/>" IN(PORT("0", "", ""))
                                     OUT(PORT("1", "BOOL", DIM("2") DIM("-1")) PORT("2", "UNSPECIFIED", "")))
                               RESULT("2", "r"),
                       EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0")),
                   NULL, 0);
    struct vt_node *q = ir_node(graph, "q");

    (void)state;
    assert_true(q->op->flags & VT_OP_UNKNOWN);
    assert_string_equal(q->op->name, "Softmax");
    assert_false(vt_node_is(q, "Softmax"));
    assert_int_equal(q->op->opset, 99);
    assert_string_equal(vt_attr_str(q, "colour"), "red");
    assert_int_equal(q->out[0].v.type, VT_BOOLEAN);
    assert_int_equal(q->out[0].v.shape.rank, 2);
    assert_int_equal(q->out[0].v.shape.dims[1].max, -1);
    assert_int_equal(q->out[1].v.type, VT_DYNAMIC);
    vt_graph_destroy(graph);
}

static char traced[512];

static bool all_enabled(unsigned categories)
{
    return categories != 0;
}

static void trace(unsigned categories, const char *text)
{
    (void)categories;
    snprintf(traced, sizeof(traced), "%s", text);
}

/* Old versions and other tools leave attributes that no operation set has: noted, not refused. */
static void test_ignored_attribute(void **state)
{
    static const char text[] = NET(
        "11",
        PARAM("0", "x", "2,3") LAYER("1", "s", "SoftMax", "opset1",
                                     "<data axis=\"0\" PrimitivesPriority=\"cpu:ref\"/>" IN(PORT("0", "", ""))
                                         OUT(PORT("1", "", ""))) RESULT("2", "r"),
        EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0"));
    struct vt_host host = *ir_host();
    struct vt_graph *graph = NULL;

    (void)state;
    host.log_enabled = all_enabled;
    host.trace = trace;
    assert_int_equal(
        vt_frontend_entry(VT_ABI_MAJOR, 0)->read_memory(&host, text, strlen(text), NULL, &graph, NULL),
        VT_OK);
    assert_int_equal(ir_node(graph, "s")->op->opset, 1);
    assert_string_equal(traced,
                        "model in memory:5: layer 's' (Softmax): attribute 'PrimitivesPriority' is not known "
                        "and ignored");
    vt_graph_destroy(graph);
}

static const char *rt_value(const struct vt_rt_info *list, const char *name)
{
    for (; list; list = list->next) {
        if (strcmp(list->name, name) == 0) {
            return list->value;
        }
    }
    return NULL;
}

static void test_legacy_meta_data(void **state)
{
    struct vt_graph *graph =
        ir_read_ok("<net name=\"m\" version=\"10\"><layers/><edges/><meta_data>"
                   "<MO_version value=\"2021.4\"/><cli_parameters><layout value=\"nchw\"/>"
                   "<unset unset_cli_parameters=\"a, b\"/></cli_parameters></meta_data>"
                   "<quantization_parameters><preset value=\"mixed\"/></quantization_parameters>"
                   "</net>",
                   NULL, 0);

    (void)state;
    assert_string_equal(rt_value(graph->rt_info, "MO_version"), "2021.4");
    assert_string_equal(rt_value(graph->rt_info, "conversion_parameters/layout"), "nchw");
    assert_string_equal(rt_value(graph->rt_info, "conversion_parameters/unset"), "a, b");
    assert_string_equal(rt_value(graph->rt_info, "optimization/preset"), "mixed");
    vt_graph_destroy(graph);
}

#define ENDS(version)                                                                                        \
    NET(version,                                                                                             \
        LAYER("0", "x", "Parameter", "opset1",                                                               \
              "<data shape=\"2,3\" element_type=\"f16\"/>" OUT(                                              \
                  "<port id=\"0\" precision=\"FP16\" names=\"x:0\"><dim>2</dim><dim>3</dim></port>"))        \
            LAYER("1", "s", "SoftMax", "opset1",                                                             \
                  "<data axis=\"1\"/>" IN(PORT("0", "", "")) OUT(                                            \
                      "<port id=\"1\" precision=\"FP16\" names=\"s:0\"><dim>2</dim><dim>3</dim></port>"))    \
                RESULT("2", "r") LAYER("3", "n", "Parameter", "opset1",                                      \
                                       "<data shape=\"\" element_type=\"i64\"/>" OUT(PORT("0", "I64", "")))  \
                    RESULT("4", "rn"),                                                                       \
        EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0") EDGE("3", "0", "4", "0"))

/* Version 10 offers f32 and i32 at the ends, and finds tensors by operations' names. */
static void test_version_10(void **state)
{
    struct vt_graph *graph;
    struct vt_port port;

    (void)state;
    graph = ir_read_ok(ENDS("10"), NULL, 0);
    assert_int_equal(graph->params[0]->out[0].v.type, VT_F32);
    assert_int_equal(graph->params[1]->out[0].v.type, VT_I64);
    assert_int_equal(ir_node(graph, "s")->out[0].v.type, VT_F16);
    assert_int_equal(graph->results[0]->out[0].v.type, VT_F32);
    assert_int_equal(graph->results[1]->out[0].v.type, VT_I32);
    assert_true(vt_graph_find_tensor(graph, "x", &port));
    assert_ptr_equal(port.node, graph->params[0]);
    assert_true(vt_graph_find_tensor(graph, "x:0", &port));
    assert_ptr_equal(port.node, graph->params[0]);
    assert_int_equal(graph->params[0]->out[0].n_names, 2);
    assert_true(vt_graph_find_tensor(graph, "s:0", &port));
    assert_ptr_equal(port.node, graph->results[0]->in[0].node);
    assert_true(vt_graph_find_tensor(graph, "s", &port));
    assert_ptr_equal(port.node, graph->results[0]->in[0].node);
    vt_graph_destroy(graph);
}

static void test_version_11_keeps_types(void **state)
{
    struct vt_graph *graph = ir_read_ok(ENDS("11"), NULL, 0);
    struct vt_port port;

    (void)state;
    assert_int_equal(graph->n_nodes, 5);
    assert_int_equal(graph->params[0]->out[0].v.type, VT_F16);
    assert_int_equal(graph->results[1]->out[0].v.type, VT_I64);
    assert_false(vt_graph_find_tensor(graph, "x", &port));
    vt_graph_destroy(graph);
}

static void test_probe_and_abi(void **state)
{
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);

    (void)state;
    assert_null(vt_frontend_entry(VT_ABI_MAJOR + 1, 0));
    assert_string_equal(frontend->name, "ir");
    assert_true(frontend->probe(SMALL, sizeof(SMALL)));
    assert_true(frontend->probe("\xef\xbb\xbf\n <net name", 14));
    assert_false(frontend->probe("", 0));
    assert_false(frontend->probe("GGUF<net", 8));
    assert_false(frontend->probe("<html>", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_trailing_nul),
        cmocka_unit_test(test_order_of_ids_and_layers_is_free),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_constant_without_elements),
        cmocka_unit_test(test_unknown_operation),
        cmocka_unit_test(test_ignored_attribute),
        cmocka_unit_test(test_legacy_meta_data),
        cmocka_unit_test(test_version_10),
        cmocka_unit_test(test_version_11_keeps_types),
        cmocka_unit_test(test_probe_and_abi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
