/* Sub-graphs and variable states. */
#include "loop.h"
#include "op_test.h"
#include "shape.h"
#include "state.h"

static struct vt_port build(struct vt_graph *g, const char *op, int opset, int n, const struct vt_port *in)
{
    struct vt_node *node = vt_node_build(g, op, opset, op, n, in, NULL);

    assert_non_null(node);
    return vt_port_of(node, 0);
}

static struct vt_port parameter(struct vt_graph *g, const char *type, const char *shape)
{
    struct vt_node *node = vt_node_build(g, "Parameter", 1, "x", 0, NULL, NULL);

    assert_non_null(node);
    assert_int_equal(vt_attr_set_text(node, "element_type", type, NULL), VT_OK);
    assert_int_equal(vt_attr_set_text(node, "shape", shape, NULL), VT_OK);
    return vt_port_of(node, 0);
}

static struct vt_port constant(struct vt_graph *g, const char *type, const char *shape, const char *values)
{
    struct vt_tensor t = op_tensor(type, shape, values);
    struct vt_node *node = vt_constant_create(g, "c", &t, NULL, NULL);

    vt_tensor_free(&t);
    assert_non_null(node);
    return vt_port_of(node, 0);
}

static struct vt_port concat(struct vt_graph *g, struct vt_port a, struct vt_port b)
{
    struct vt_port r = build(g, "Concat", 1, 2, (struct vt_port[]){a, b});

    vt_attr_set_i64(r.node, "axis", 0);
    return r;
}

static void result(struct vt_graph *g, struct vt_port p)
{
    build(g, "Result", 1, 1, &p);
}

static struct vt_node *node_with_bodies(struct vt_graph *g, const char *op, int opset, int n_in,
                                        const struct vt_port *in, int n_out, int n_bodies)
{
    struct vt_node *node = vt_node_create(g, vt_op_find(op, opset), op, n_in, n_out, NULL);

    assert_non_null(node);
    for (int i = 0; i < n_in; i++) {
        assert_int_equal(vt_node_set_input(node, i, in[i]), VT_OK);
    }
    for (int i = 0; i < n_out; i++) {
        result(g, vt_port_of(node, i));
    }
    node->bodies = vt_arena_array(&g->arena, (size_t)n_bodies, sizeof(*node->bodies));
    node->n_bodies = n_bodies;
    return node;
}

static void set_body(struct vt_node *node, int i, struct vt_graph *body, int n_maps, struct vt_body_map *maps)
{
    node->bodies[i] = (struct vt_body){body, maps, n_maps};
}

static void infer(struct vt_graph *g)
{
    struct vt_error err = {0};

    if (vt_graph_sort(g, &err) || vt_graph_infer(g, &err)) {
        fail_msg("%s", err.text);
    }
}

static void expect_known(struct vt_graph *g, int output, const char *shape)
{
    struct vt_pshape want = op_shape(shape), have = g->results[output]->out[0].v.shape;
    char a[200], b[200];

    assert_string_equal(vt_pshape_text(&have, a, sizeof(a)), vt_pshape_text(&want, b, sizeof(b)));
}

static void expect_tensor(const struct vt_tensor *have, const char *type, const char *shape,
                          const char *values)
{
    struct vt_tensor want = op_tensor(type, shape, values);

    assert_int_equal(have->type, want.type);
    assert_int_equal(have->rank, want.rank);
    for (int i = 0; i < want.rank; i++) {
        assert_int_equal(have->dims[i], want.dims[i]);
    }
    for (int64_t i = 0; i < vt_tensor_count(&want); i++) {
        assert_true(fabs(vt_get_f64(have, i) - vt_get_f64(&want, i)) < 1e-6);
    }
    vt_tensor_free(&want);
}

static void test_if(void **state)
{
    struct vt_graph *g = vt_graph_create("if"), *then = vt_graph_create("then"),
                    *other = vt_graph_create("else");
    struct vt_port c = parameter(g, "boolean", ""), x = parameter(g, "f32", "?,2");
    struct vt_body_map then_maps[] = {{VT_MAP_INPUT, 1, 0}, {VT_MAP_OUTPUT, 0, 0}};
    struct vt_body_map else_maps[] = {{VT_MAP_INPUT, 1, 0}, {VT_MAP_OUTPUT, 0, 0}};
    struct vt_node *node = node_with_bodies(g, "If", 8, 2, (struct vt_port[]){c, x}, 1, 2);
    struct vt_port p = parameter(then, "f32", "..."), q = parameter(other, "f32", "...");

    (void)state;
    result(then, build(then, "Add", 1, 2, (struct vt_port[]){p, p}));
    result(other, concat(other, q, constant(other, "f32", "1,2", "8 9")));
    set_body(node, 0, then, 2, then_maps);
    set_body(node, 1, other, 2, else_maps);
    infer(g);
    expect_known(g, 0, "?,2");
    for (int k = 0; k < 2; k++) {
        struct vt_tensor in[2] = {op_tensor("boolean", "", k ? "1" : "0"), op_tensor("f32", "1,2", "1 2")},
                         out = {0};

        assert_int_equal(vt_graph_eval(g, in, &out, NULL, NULL), VT_OK);
        expect_tensor(&out, "f32", k ? "1,2" : "2,2", k ? "2 4" : "1 2 8 9");
        vt_tensor_free(&out);
        vt_tensor_free(&in[0]);
        vt_tensor_free(&in[1]);
    }
    vt_graph_destroy(g);
}

/* A constant condition makes the other branch's shape irrelevant. */
static void test_if_constant(void **state)
{
    struct vt_graph *g = vt_graph_create("if"), *then = vt_graph_create("then"),
                    *other = vt_graph_create("else");
    struct vt_port c = constant(g, "boolean", "", "1"), x = parameter(g, "f32", "3");
    struct vt_body_map then_maps[] = {{VT_MAP_INPUT, 1, 0}, {VT_MAP_OUTPUT, 0, 0}};
    struct vt_body_map else_maps[] = {{VT_MAP_OUTPUT, 0, 0}};
    struct vt_node *node = node_with_bodies(g, "If", 8, 2, (struct vt_port[]){c, x}, 1, 2);

    (void)state;
    result(then, parameter(then, "f32", "..."));
    result(other, constant(other, "f32", "", "1"));
    set_body(node, 0, then, 2, then_maps);
    set_body(node, 1, other, 1, else_maps);
    infer(g);
    expect_known(g, 0, "3");
    vt_graph_destroy(g);
}

/* A branch that is never taken need not fit, in a copy either. */
static void test_if_copied(void **state)
{
    struct vt_graph *g = vt_graph_create("if"), *then = vt_graph_create("then"),
                    *other = vt_graph_create("else"), *copy;
    struct vt_port c = constant(g, "boolean", "", "1"), x = parameter(g, "f32", "3"), y;
    struct vt_body_map maps[] = {{VT_MAP_INPUT, 1, 0}, {VT_MAP_OUTPUT, 0, 0}};
    struct vt_node *node = node_with_bodies(g, "If", 8, 2, (struct vt_port[]){c, x}, 1, 2);
    struct vt_error err = {0};

    (void)state;
    result(then, parameter(then, "f32", "..."));
    y = parameter(other, "f32", "...");
    result(other, build(other, "Reshape", 1, 2, (struct vt_port[]){y, constant(other, "i64", "1", "7")}));
    set_body(node, 0, then, 2, maps);
    set_body(node, 1, other, 2, maps);
    infer(g);
    expect_known(g, 0, "3");
    copy = vt_graph_clone(g, &err);
    if (!copy) {
        fail_msg("%s", err.text);
    }
    expect_known(copy, 0, "3");
    vt_graph_destroy(copy);
    vt_graph_destroy(g);
}

/* state = state * 2 + i, for i = 0, 1, ...; outputs: last state, all states joined. */
static struct vt_graph *counting_loop(const char *trips, bool grows, const char *limit)
{
    struct vt_graph *g = vt_graph_create("loop"), *body = vt_graph_create("body");
    struct vt_port n = trips ? constant(g, "i64", "", trips) : parameter(g, "i64", "");
    struct vt_port c = constant(g, "boolean", "1", "1"), x = parameter(g, "i64", "1,2");
    struct vt_port i = parameter(body, "i64", ""), s = parameter(body, "i64", "..."), v;
    static struct vt_body_map maps[] = {
        {VT_MAP_COUNTER, -1, 0},
        {VT_MAP_MERGED, 2, 1, 1},
        {VT_MAP_CONDITION, -1, 0},
        {VT_MAP_OUTPUT, 0, 1},
        {VT_MAP_CONCAT, 1, 1, 0, 0, 0, -1, 1, 1},
    };
    struct vt_node *node = node_with_bodies(g, "Loop", 5, 3, (struct vt_port[]){n, c, x}, 2, 1);

    result(body, limit ? build(body, "Less", 1, 2, (struct vt_port[]){i, constant(body, "i64", "", limit)})
                       : constant(body, "boolean", "", "1"));
    v = build(body, "Add", 1, 2, (struct vt_port[]){build(body, "Add", 1, 2, (struct vt_port[]){s, s}), i});
    result(body, grows ? concat(body, s, v) : v);
    set_body(node, 0, body, 5, maps);
    infer(g);
    return g;
}

static void run_loop(struct vt_graph *g, const char *trips, struct vt_tensor *out)
{
    struct vt_tensor in[2] = {op_tensor("i64", "1,2", "1 2"), op_tensor("i64", "1,2", "1 2")};
    struct vt_error err = {0};

    if (trips) {
        vt_tensor_free(&in[0]);
        in[0] = op_tensor("i64", "", trips);
    }
    if (vt_graph_eval(g, in, out, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    vt_tensor_free(&in[0]);
    vt_tensor_free(&in[1]);
}

static void free_outputs(struct vt_tensor *out, struct vt_graph *g)
{
    vt_tensor_free(&out[0]);
    vt_tensor_free(&out[1]);
    vt_graph_destroy(g);
}

static void test_loop(void **state)
{
    struct vt_tensor out[2] = {{0}};
    struct vt_graph *g = counting_loop("3", false, NULL);

    (void)state;
    expect_known(g, 0, "1,2");
    expect_known(g, 1, "3,2");
    run_loop(g, NULL, out);
    expect_tensor(&out[0], "i64", "1,2", "12 20");
    expect_tensor(&out[1], "i64", "3,2", "2 4 5 9 12 20");
    free_outputs(out, g);

    /* The condition ends it: the body runs for i = 0, 1, 2. */
    g = counting_loop("-1", false, "2");
    expect_known(g, 1, "?,2");
    run_loop(g, NULL, out);
    expect_tensor(&out[0], "i64", "1,2", "12 20");
    free_outputs(out, g);

    /* Nothing runs: the carried value passes, the joined output is empty. */
    g = counting_loop(NULL, false, NULL);
    run_loop(g, "0", out);
    expect_tensor(&out[0], "i64", "1,2", "1 2");
    expect_tensor(&out[1], "i64", "0,2", "0");
    free_outputs(out, g);

    /* A carried value that grows has an open dimension. */
    g = counting_loop("2", true, NULL);
    expect_known(g, 0, "?,2");
    run_loop(g, NULL, out);
    expect_tensor(&out[0], "i64", "4,2", "1 2 2 4 3 5 5 9");
    free_outputs(out, g);
}

/* Sums slices; backwards the joined output is put together from the end. */
static void test_tensor_iterator(void **state)
{
    (void)state;
    for (int backward = 0; backward < 2; backward++) {
        struct vt_graph *g = vt_graph_create("iterator"), *body = vt_graph_create("body");
        struct vt_port x = parameter(g, "i32", "2,4"), s = parameter(g, "i32", "2,2"), v;
        struct vt_body_map maps[] = {
            {VT_MAP_SLICED, 0, 0, 0, 1, backward ? -1 : 0, backward ? 0 : -1, backward ? -2 : 2, 2},
            {VT_MAP_MERGED, 1, 1, 0},
            {VT_MAP_OUTPUT, 0, 0},
            {VT_MAP_CONCAT, 1, 0, 0, 1, backward ? -1 : 0, backward ? 0 : -1, backward ? -2 : 2, 2},
        };
        struct vt_node *node = node_with_bodies(g, "TensorIterator", 1, 2, (struct vt_port[]){x, s}, 2, 1);
        struct vt_tensor in[2] = {op_tensor("i32", "2,4", "1 2 3 4 5 6 7 8"), op_tensor("i32", "2,2", "0")};
        struct vt_tensor out[2] = {{0}};
        struct vt_port a = parameter(body, "i32", "..."), b = parameter(body, "i32", "...");

        v = build(body, "Add", 1, 2, (struct vt_port[]){a, b});
        result(body, v);
        set_body(node, 0, body, 4, maps);
        infer(g);
        expect_known(g, 0, "2,2");
        expect_known(g, 1, "2,4");
        assert_int_equal(vt_graph_eval(g, in, out, NULL, NULL), VT_OK);
        expect_tensor(&out[0], "i32", "2,2", "4 6 12 14");
        expect_tensor(&out[1], "i32", "2,4", backward ? "4 6 3 4 12 14 7 8" : "1 2 4 6 5 6 12 14");
        vt_tensor_free(&in[0]);
        vt_tensor_free(&in[1]);
        free_outputs(out, g);
    }
}

static void test_body_errors(void **state)
{
    struct vt_graph *g = vt_graph_create("loop"), *body = vt_graph_create("body");
    struct vt_port n = constant(g, "i64", "", "1"), c = constant(g, "boolean", "", "1"),
                   x = parameter(g, "f32", "1");
    struct vt_body_map maps[] = {{VT_MAP_INPUT, 7, 0}, {VT_MAP_OUTPUT, 0, 0}};
    struct vt_node *node = node_with_bodies(g, "Loop", 5, 3, (struct vt_port[]){n, c, x}, 1, 1);
    struct vt_error err = {0};

    (void)state;
    result(body, parameter(body, "f32", "1"));
    set_body(node, 0, body, 2, maps);
    assert_int_equal(vt_graph_sort(g, &err), VT_OK);
    assert_int_equal(vt_graph_infer(g, &err), VT_E_FORMAT);
    assert_non_null(strstr(err.text, "entry 0 of the port map names a port that does not exist"));
    vt_error_clear(&err);
    maps[0].kind = VT_MAP_CONDITION;
    assert_int_equal(vt_graph_infer(g, &err), VT_E_FORMAT);
    assert_non_null(strstr(err.text, "parameter 'x' of the body has 0 sources"));
    vt_error_clear(&err);
    maps[0] = (struct vt_body_map){VT_MAP_INPUT, 2, 0};
    maps[1] = (struct vt_body_map){VT_MAP_CONDITION, -1, 0};
    assert_int_equal(vt_graph_infer(g, &err), VT_E_FORMAT);
    assert_non_null(strstr(err.text, "output 0 has 0 sources"));
    vt_graph_destroy(g);
}

/* A cache that grows by its input each run. */
static void test_states(void **state)
{
    struct vt_graph *g = vt_graph_create("cache");
    struct vt_port x = parameter(g, "f32", "1,2"), r = build(g, "ReadValue", 6, 0, NULL), joined, a;
    struct vt_state_store *states = vt_states_create();
    struct vt_tensor in = op_tensor("f32", "1,2", "1 2"), out = {0};

    (void)state;
    assert_int_equal(vt_attr_set_text(r.node, "variable_id", "kv", NULL), VT_OK);
    assert_int_equal(vt_attr_set_text(r.node, "variable_type", "f32", NULL), VT_OK);
    assert_int_equal(vt_attr_set_text(r.node, "variable_shape", "?,2", NULL), VT_OK);
    joined = concat(g, r, x);
    a = build(g, "Assign", 6, 1, &joined);
    assert_int_equal(vt_attr_set_text(a.node, "variable_id", "kv", NULL), VT_OK);
    result(g, joined);
    infer(g);
    expect_known(g, 0, "1..,2");
    for (int k = 1; k < 4; k++) {
        assert_int_equal(vt_graph_eval(g, &in, &out, states, NULL), VT_OK);
        expect_tensor(&out, "f32",
                      k == 1   ? "1,2"
                      : k == 2 ? "2,2"
                               : "3,2",
                      k == 1   ? "1 2"
                      : k == 2 ? "1 2 1 2"
                               : "1 2 1 2 1 2");
        vt_tensor_free(&out);
    }
    vt_states_reset(states);
    assert_int_equal(vt_graph_eval(g, &in, &out, states, NULL), VT_OK);
    expect_tensor(&out, "f32", "1,2", "1 2");
    vt_tensor_free(&out);
    vt_tensor_free(&in);
    vt_states_destroy(states);
    vt_graph_destroy(g);
}

static void test_initial_value(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ReadValue", 3);
    op_input(&t, "f32", "2", "3 4");
    op_attr(&t, "variable_id", "v");
    op_expect(&t, 0, "f32", "2", "3 4", 0);
    op_end(&t);

    op_begin(&t, "ReadValue", 6);
    op_param(&t, "f32", "2");
    op_attr(&t, "variable_id", "v");
    op_attr(&t, "variable_type", "f16");
    op_expect_error(&t, VT_E_TYPE, "variable 'v' is f16, its initial value f32");
    op_end(&t);
}

/* Ends are counted from behind the last element, of the longest axis, too. */
static void test_slice_count(void **state)
{
    struct vt_body_map all = {.start = 0, .end = -1, .stride = 1, .part_size = 1},
                       back = {.start = -1, .end = 0, .stride = -2, .part_size = 2};

    (void)state;
    assert_int_equal(vt_slice_count(&all, 5), 5);
    assert_true(vt_slice_count(&all, INT64_MAX) == INT64_MAX);
    assert_int_equal(vt_slice_count(&back, 6), 3);
    assert_int_equal(vt_slice_begin(&back, 6, 0), 4);
    assert_true(vt_slice_begin(&back, INT64_MAX, 1) == INT64_MAX - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_if),
        cmocka_unit_test(test_if_constant),
        cmocka_unit_test(test_if_copied),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_tensor_iterator),
        cmocka_unit_test(test_body_errors),
        cmocka_unit_test(test_slice_count),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_initial_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
