/* If, Loop and Scan: what they become, and what they compute. */
#include "onnx_test.h"

#include <math.h>

/* Outputs of the model for inputs; takes nothing. The outputs are the caller's. */
static void run(struct vt_graph *graph, struct vt_tensor *in, struct vt_tensor *out)
{
    struct vt_error err = {0};

    if (vt_graph_eval(graph, in, out, NULL, &err)) {
        fail_msg("%s", err.text);
    }
}

static struct vt_tensor tensor_of(enum vt_type type, int rank, int64_t d0, int64_t d1, void *data)
{
    struct vt_tensor t;

    assert_true(vt_tensor_describe(&t, type, rank, (const int64_t[]){d0, d1}));
    t.data = data;
    return t;
}

static void check_floats(struct vt_tensor *t, int rank, const int64_t *dims, const float *want)
{
    assert_int_equal(t->type, VT_F32);
    assert_int_equal(t->rank, rank);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(t->dims[i], dims[i]);
    }
    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        assert_true(fabsf(((float *)t->data)[i] - want[i]) < 1e-5f);
    }
    vt_tensor_free(t);
}

/* ---- If */

static struct msg *branch(const char *op, const char *in, const char *out)
{
    struct msg *g = graph_of(node(op, "", in, out));

    put(g, 12, info(out, FLOAT, NULL));
    return g;
}

static struct msg *if_node(struct msg *yes, struct msg *no)
{
    struct msg *n = node("If", "choose", "c", "y");

    put(n, 5, attr_graph("then_branch", yes));
    put(n, 5, attr_graph("else_branch", no));
    return n;
}

static void test_if(void **state)
{
    struct msg *g = graph_of(if_node(branch("Abs", "x", "a"), branch("Neg", "x", "b")));
    float x[2] = {-1, 2};
    uint8_t c = 1;
    struct vt_graph *graph;
    struct vt_node *node;
    struct vt_tensor in[2] = {tensor_of(VT_F32, 1, 2, 0, x), tensor_of(VT_BOOLEAN, 0, 0, 0, &c)}, out;

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("c", BOOL, ""));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    node = find_node(graph, "y");
    assert_string_equal(node->op->name, "If");
    assert_int_equal(node->n_bodies, 2);
    assert_string_equal(node->bodies[0].graph->params[0]->name, "x");
    out = (struct vt_tensor){0};
    run(graph, in, &out);
    check_floats(&out, 1, (const int64_t[]){2}, (const float[]){1, 2});
    c = 0;
    out = (struct vt_tensor){0};
    run(graph, in, &out);
    check_floats(&out, 1, (const int64_t[]){2}, (const float[]){1, -2});
    vt_graph_destroy(graph);
}

/* A condition that is known leaves the branch alone. */
static void test_known_if(void **state)
{
    struct msg *g = graph_of(if_node(branch("Abs", "x", "a"), branch("Neg", "x", "b")));
    struct vt_graph *graph;

    (void)state;
    put(g, 5, TENSOR("c", BOOL, "", uint8_t, 0));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    assert_int_equal(graph->n_nodes, 3);
    assert_string_equal(find_node(graph, "y")->op->name, "Negative");
    assert_int_equal(find_node(graph, "y")->out[0].n_names, 1);
    vt_graph_destroy(graph);
}

/* What the shape of an input says may be something else after a reshape. */
static void test_if_of_shape(void **state)
{
    struct msg *g = graph_of(node("Size", "", "x", "n"));
    struct vt_graph *graph;

    (void)state;
    put(g, 1, node("Greater", "", "n,three", "c"));
    put(g, 1, if_node(branch("Abs", "x", "a"), branch("Neg", "x", "b")));
    put(g, 5, TENSOR("three", INT64, "", int64_t, 3));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    assert_string_equal(find_node(graph, "y")->op->name, "If");
    for (int64_t n = 2; n <= 4; n += 2) {
        float x[4] = {1, 2, -3, -4};
        const float less[2] = {-1, -2}, more[4] = {1, 2, 3, 4};
        struct vt_tensor in[1] = {tensor_of(VT_F32, 1, n, 0, x)}, out = {0};
        struct vt_pshape shape = {.rank = 1, .dims = {{n, n}}};
        struct vt_error err = {0};

        assert_int_equal(vt_core_host()->graph_reshape(graph, &shape, &err), VT_OK);
        run(graph, in, &out);
        check_floats(&out, 1, &n, n > 3 ? more : less);
    }
    vt_graph_destroy(graph);
}

static void test_wrong_if(void **state)
{
    struct msg *g = graph_of(if_node(branch("Abs", "q", "a"), branch("Neg", "x", "b"))), *n;

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("c", BOOL, ""));
    read_fails(model(g, 17), VT_E_FORMAT, "node 'a' (Abs-17): it reads 'q', which nothing yields");
    n = node("If", "choose", "c", "y");
    put(n, 5, attr_graph("then_branch", branch("Abs", "x", "a")));
    g = graph_of(n);
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("c", BOOL, ""));
    read_fails(model(g, 17), VT_E_FORMAT, "node 'choose' (If-17): attribute 'else_branch' is missing");
    g = graph_of(if_node(branch("NoSuch", "x", "a"), branch("Neg", "x", "b")));
    read_fails(model(g, 17), VT_E_UNSUPPORTED, "NoSuch-17 (1 node, first 'a')");
}

/* ---- Loop */

/* s -> s + w, gives 2 s too; goes on while `on`. The weights come from the outer graph. */
static struct msg *loop_body(const char *shape)
{
    struct msg *g = graph_of(node("Identity", "", "on", "on2"));

    put(g, 1, node("Add", "", "s,w", "s2"));
    put(g, 1, node("Add", "", "s2,s2", "twice"));
    put(g, 11, info("i", INT64, ""));
    put(g, 11, info("on", BOOL, ""));
    put(g, 11, info("s", FLOAT, shape));
    put(g, 12, info("on2", BOOL, ""));
    put(g, 12, info("s2", FLOAT, shape));
    put(g, 12, info("twice", FLOAT, NULL));
    return g;
}

static struct msg *loop_graph(const char *in, struct msg *body)
{
    struct msg *n = node("Loop", "again", in, "last,all"), *g;

    put(n, 5, attr_graph("body", body));
    g = graph_of(n);
    put(g, 5, TENSOR("w", FLOAT, "2", float, 1, 10));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("m", INT64, ""));
    put(g, 12, info("last", FLOAT, NULL));
    put(g, 12, info("all", FLOAT, NULL));
    return g;
}

static void test_loop(void **state)
{
    struct vt_graph *graph = read_ok(model(loop_graph("m,,x", loop_body(NULL)), 17));
    struct vt_node *node = graph->results[0]->in[0].node;
    float x[2] = {5, 6};
    int64_t m = 3;
    struct vt_tensor in[2] = {tensor_of(VT_F32, 1, 2, 0, x), tensor_of(VT_I64, 0, 0, 0, &m)},
                     out[2] = {{0}, {0}};

    (void)state;
    assert_string_equal(node->op->name, "Loop");
    assert_int_equal(node->n_in, 3); /* the weights are a constant of the body */
    assert_int_equal(graph->results[0]->out[0].v.shape.dims[0].min, 2);
    assert_int_equal(graph->results[1]->out[0].v.shape.rank, 2);
    run(graph, in, out);
    check_floats(&out[0], 1, (const int64_t[]){2}, (const float[]){8, 36});
    check_floats(&out[1], 2, (const int64_t[]){3, 2}, (const float[]){12, 32, 14, 52, 16, 72});
    m = 0;
    memset(out, 0, sizeof(out));
    run(graph, in, out);
    check_floats(&out[0], 1, (const int64_t[]){2}, x);
    assert_int_equal(out[1].dims[0], 0);
    vt_tensor_free(&out[1]);
    vt_graph_destroy(graph);
}

/* A value that grows from round to round: its shape opens. */
static void test_growing_loop(void **state)
{
    struct msg *b = graph_of(node("Identity", "", "on", "on2")), *n = node("Concat", "", "s,w", "s2"), *loop;
    struct msg *g;
    struct vt_graph *graph;
    float x[2] = {5, 6};
    int64_t m = 2;
    struct vt_tensor in[2] = {tensor_of(VT_F32, 1, 2, 0, x), tensor_of(VT_I64, 0, 0, 0, &m)}, out = {0};

    (void)state;
    put(n, 5, attr_int("axis", 0));
    put(b, 1, n);
    put(b, 11, info("i", INT64, ""));
    put(b, 11, info("on", BOOL, ""));
    put(b, 11, info("s", FLOAT, NULL));
    put(b, 12, info("on2", BOOL, ""));
    put(b, 12, info("s2", FLOAT, NULL));
    loop = node("Loop", "", "m,,x", "last");
    put(loop, 5, attr_graph("body", b));
    g = graph_of(loop);
    put(g, 5, TENSOR("w", FLOAT, "1", float, 1));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("m", INT64, ""));
    put(g, 12, info("last", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    assert_int_equal(graph->results[0]->out[0].v.shape.rank, 1);
    assert_int_equal(graph->results[0]->out[0].v.shape.dims[0].max, -1);
    run(graph, in, &out);
    check_floats(&out, 1, (const int64_t[]){4}, (const float[]){5, 6, 1, 1});
    vt_graph_destroy(graph);
}

static void test_wrong_loop(void **state)
{
    (void)state;
    read_fails(model(loop_graph("m,,x,x", loop_body(NULL)), 17), VT_E_FORMAT,
               "node 'again' (Loop-17): its body has 3 inputs and 3 outputs; 2 values are carried along");
    read_fails(model(loop_graph("m,,m", loop_body(NULL)), 17), VT_E_TYPE, "Add");
}

/* ---- Scan */

static struct msg *scan_graph(bool back, int axis)
{
    struct msg *b = graph_of(node("Add", "", "s,e", "s2")), *n = node("Scan", "sum", "w,x", "last,all"), *g;
    struct msg *d = attr("scan_input_directions", 7), *a = attr("scan_input_axes", 7);

    put(b, 1, node("Identity", "", "s2", "o"));
    put(b, 11, info("s", FLOAT, "2"));
    put(b, 11, info("e", FLOAT, "2"));
    put(b, 12, info("s2", FLOAT, "2"));
    put(b, 12, info("o", FLOAT, "2"));
    put_int(d, 8, back);
    put_int(a, 8, axis);
    put(n, 5, attr_graph("body", b));
    put(n, 5, attr_int("num_scan_inputs", 1));
    put(n, 5, d);
    put(n, 5, a);
    g = graph_of(n);
    put(g, 5, TENSOR("w", FLOAT, "2", float, 100, 200));
    put(g, 11, info("x", FLOAT, axis ? "2,3" : "3,2"));
    put(g, 12, info("last", FLOAT, NULL));
    put(g, 12, info("all", FLOAT, NULL));
    return g;
}

static void test_scan(void **state)
{
    float x[6] = {1, 2, 3, 4, 5, 6};
    struct vt_tensor in = tensor_of(VT_F32, 2, 3, 2, x), out[2] = {{0}, {0}};
    struct vt_graph *graph = read_ok(model(scan_graph(false, 0), 17));

    (void)state;
    assert_string_equal(graph->results[0]->in[0].node->op->name, "TensorIterator");
    assert_int_equal(graph->results[1]->out[0].v.shape.dims[0].min, 3);
    run(graph, &in, out);
    check_floats(&out[0], 1, (const int64_t[]){2}, (const float[]){109, 212});
    check_floats(&out[1], 2, (const int64_t[]){3, 2}, (const float[]){101, 202, 104, 206, 109, 212});
    vt_graph_destroy(graph);

    graph = read_ok(model(scan_graph(true, -1), 17));
    in = tensor_of(VT_F32, 2, 2, 3, x);
    memset(out, 0, sizeof(out));
    run(graph, &in, out);
    check_floats(&out[0], 1, (const int64_t[]){2}, (const float[]){106, 215});
    check_floats(&out[1], 2, (const int64_t[]){3, 2}, (const float[]){103, 206, 105, 211, 106, 215});
    vt_graph_destroy(graph);
    read_fails(model(scan_graph(false, 2), 17), VT_E_RANGE, "axis 2 is outside of 2 dimensions");
}

/* Opset 8 has lengths that may be left out, and a batch: each row of it for itself. */
static void test_scan_with_batch(void **state)
{
    struct msg *b = graph_of(node("Add", "", "s,e", "s2")), *n = node("Scan", "sum", ",w,x", "last,all"), *g;
    float x[6] = {1, 2, 3, 40, 50, 60};
    struct vt_tensor in, out[2] = {{0}, {0}};
    struct vt_graph *graph;

    (void)state;
    put(b, 1, node("Identity", "", "s2", "o"));
    put(b, 11, info("s", FLOAT, ""));
    put(b, 11, info("e", FLOAT, ""));
    put(b, 12, info("s2", FLOAT, ""));
    put(b, 12, info("o", FLOAT, ""));
    put(n, 5, attr_graph("body", b));
    put(n, 5, attr_int("num_scan_inputs", 1));
    g = graph_of(n);
    put(g, 5, TENSOR("w", FLOAT, "2", float, 100, 200));
    put(g, 11, info("x", FLOAT, "2,3"));
    put(g, 12, info("last", FLOAT, NULL));
    put(g, 12, info("all", FLOAT, NULL));
    graph = read_ok(model(g, 8));
    in = tensor_of(VT_F32, 2, 2, 3, x);
    run(graph, &in, out);
    check_floats(&out[0], 1, (const int64_t[]){2}, (const float[]){106, 350});
    check_floats(&out[1], 2, (const int64_t[]){2, 3}, (const float[]){101, 103, 106, 240, 290, 350});
    vt_graph_destroy(graph);
}

/* Bodies within bodies: a value goes through both. */
static void test_nested(void **state)
{
    struct msg *inner = loop_body(NULL), *b, *n = node("Loop", "inner", "m,,t", "u,"), *g, *outer;
    struct vt_graph *graph;
    float x[2] = {5, 6};
    int64_t m = 2;
    struct vt_tensor in[2] = {tensor_of(VT_F32, 1, 2, 0, x), tensor_of(VT_I64, 0, 0, 0, &m)}, out[1] = {{0}};

    (void)state;
    put(n, 5, attr_graph("body", inner));
    b = graph_of(node("Add", "", "t0,x", "t"));
    put(b, 1, n);
    put(b, 1, node("Identity", "", "on", "on2"));
    put(b, 11, info("i", INT64, ""));
    put(b, 11, info("on", BOOL, ""));
    put(b, 11, info("t0", FLOAT, NULL));
    put(b, 12, info("on2", BOOL, ""));
    put(b, 12, info("u", FLOAT, NULL));
    outer = node("Loop", "outer", "m,,x", "y");
    put(outer, 5, attr_graph("body", b));
    g = graph_of(outer);
    put(g, 5, TENSOR("w", FLOAT, "2", float, 1, 10));
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("m", INT64, ""));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 17));
    run(graph, in, out);
    /* twice: add x, then twice w */
    check_floats(out, 1, (const int64_t[]){2}, (const float[]){5 + 2 * (5 + 2), 6 + 2 * (6 + 20)});
    vt_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_if),          cmocka_unit_test(test_known_if),
        cmocka_unit_test(test_if_of_shape), cmocka_unit_test(test_wrong_if),
        cmocka_unit_test(test_loop),        cmocka_unit_test(test_growing_loop),
        cmocka_unit_test(test_wrong_loop),  cmocka_unit_test(test_scan),
        cmocka_unit_test(test_nested),      cmocka_unit_test(test_scan_with_batch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
