#include "op_test.h"

#define ANY "9223372036854775807"

/* Inferred shape of Reshape with a constant pattern. */
static void expect_reshape(const char *shape, const char *n, const char *pattern, const char *zero,
                           const char *want)
{
    struct op_test t;

    op_begin(&t, "Reshape", 1);
    op_param(&t, "f32", shape);
    op_const(&t, "i64", n, pattern);
    op_attr(&t, "special_zero", zero);
    op_expect_shape(&t, 0, "f32", want);
    op_end(&t);
}

static void test_reshape_shapes(void **state)
{
    (void)state;
    expect_reshape("2,3,4", "2", "0 -1", "true", "2,12");
    expect_reshape("2,3,?", "2", "0 -1", "true", "2,?");
    expect_reshape("?,3,4", "2", "0 -1", "true", "?,12");
    expect_reshape("2,3..6", "2", "4 -1", "false", "4,2..3");
    expect_reshape("0,3", "2", "-1 0", "false", "1,0");
    expect_reshape("0,3", "2", "0 -1", "true", "0,3");
    expect_reshape("1", "0", "0", "true", "");
    expect_reshape("...", "3", "0 -1 5", "true", "?,?,5");
    expect_reshape("?,?", "2", "-1 0", "true", "?,?");
}

static void test_reshape_by_bounds(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Reshape", 1);
    op_param(&t, "f32", "?,64");
    op_bounded(&t, "i64", "3", "0 8 8", ANY " 8 8");
    op_expect_shape(&t, 0, "f32", "?,8,8");
    op_end(&t);

    /* The count of elements settles the only unknown dimension. */
    op_begin(&t, "Reshape", 1);
    op_param(&t, "f32", "6,64");
    op_bounded(&t, "i64", "2", "-9223372036854775808 128", ANY " 128");
    op_expect_shape(&t, 0, "f32", "3,128");
    op_end(&t);

    op_begin(&t, "Reshape", 1);
    op_param(&t, "f32", "6,?");
    op_param(&t, "i64", "2");
    op_expect_shape(&t, 0, "f32", "?,?");
    op_end(&t);
}

static void test_reshape_values(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Reshape", 1);
    op_input_as(&t, "u4", "?,?", "2,3", "1 2 3 4 5 15");
    op_input(&t, "i32", "2", "-1 2");
    op_expect(&t, 0, "u4", "3,2", "1 2 3 4 5 15", 0);
    op_end(&t);
}

static void expect_reshape_error(const char *n, const char *pattern, int code, const char *text)
{
    struct op_test t;

    op_begin(&t, "Reshape", 1);
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", n, pattern);
    op_attr(&t, "special_zero", "true");
    op_expect_error(&t, code, text);
    op_end(&t);
}

static void test_reshape_errors(void **state)
{
    (void)state;
    expect_reshape_error("2", "-1 -1", VT_E_INVALID, "the pattern has -1 at 0 and at 1, only one is allowed");
    expect_reshape_error("2", "-2 6", VT_E_INVALID, "the pattern has -2 at 0");
    expect_reshape_error("2", "4 -1", VT_E_SHAPE, "shape [2,3] does not divide");
    expect_reshape_error("2", "2 4", VT_E_SHAPE, "shape [2,3] cannot become [2,4]");
    expect_reshape_error("3", "2 3 0", VT_E_INVALID, "copies a dimension that rank 2 lacks");
}

static void expect_squeeze(int opset, const char *skip, const char *shape, const char *n, const char *axes,
                           const char *want)
{
    struct op_test t;

    op_begin(&t, "Squeeze", opset);
    op_param(&t, "f32", shape);
    if (axes) {
        op_const(&t, "i64", n, axes);
    }
    if (skip) {
        op_attr(&t, "allow_axis_skip", skip);
    }
    op_expect_shape(&t, 0, "f32", want);
    op_end(&t);
}

/* All expectations are OpenVINO's answers. */
static void test_squeeze(void **state)
{
    (void)state;
    expect_squeeze(1, NULL, "1,3,1", "1", "1", "1,3,1");
    expect_squeeze(1, NULL, "?,3,1", "1", "0", "3,1");
    expect_squeeze(1, NULL, "2..5,3,1", "1", "0", "2..5,3,1");
    expect_squeeze(1, NULL, "1,3,1", "2", "0 -3", "3,1");
    expect_squeeze(1, NULL, "1,3,1", NULL, NULL, "3");
    expect_squeeze(1, NULL, "?,3,1", NULL, NULL, "...");
    expect_squeeze(15, "false", "?,3,1", "1", "0", "3,1");
    expect_squeeze(15, "true", "?,3,1", "1", "0", "...");
    expect_squeeze(15, "true", "1,3,1", "1", "-1", "1,3");
}

static void test_unsqueeze(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Unsqueeze", 1);
    op_input_as(&t, "i64", "?,2", "1,2", "7 8");
    op_const(&t, "i64", "2", "1 -1");
    op_expect_shape(&t, 0, "i64", "?,1,2,1");
    op_expect(&t, 0, "i64", "1,1,2,1", "7 8", 0);
    op_end(&t);

    op_begin(&t, "Unsqueeze", 1);
    op_param(&t, "i64", "2");
    op_const(&t, "i64", "1", "2");
    op_expect_error(&t, VT_E_RANGE, "axis 2 is outside of rank 2");
    op_end(&t);
}

/* ---- sub-graphs of shapes */

static struct vt_port build(struct vt_graph *g, const char *op, int opset, int n, const struct vt_port *in)
{
    struct vt_node *node = vt_node_build(g, op, opset, op, n, in, NULL);

    assert_non_null(node);
    return vt_port_of(node, 0);
}

static struct vt_port ints(struct vt_graph *g, int rank, int64_t n, const int64_t *v)
{
    struct vt_node *node = vt_constant_i64s(g, "c", rank, n, v, NULL);

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

static void expect_result(struct vt_graph *g, struct vt_port p, const char *want)
{
    struct vt_pshape shape = op_shape(want), have;
    struct vt_error err = {0};

    build(g, "Result", 1, 1, &p);
    if (vt_graph_sort(g, &err) || vt_graph_infer(g, &err)) {
        fail_msg("%s", err.text);
    }
    have = g->results[0]->out[0].v.shape;
    assert_int_equal(have.rank, shape.rank);
    for (int i = 0; i < have.rank; i++) {
        assert_int_equal(have.dims[i].min, shape.dims[i].min);
        assert_int_equal(have.dims[i].max, shape.dims[i].max);
    }
    vt_graph_destroy(g);
}

/* Split heads: [batch, sequence, 768] -> [batch, sequence, 12, 64], as attention exports it. */
static void test_chain_gather(void **state)
{
    struct vt_graph *g = vt_graph_create("heads");
    struct vt_port x = parameter(g, "f32", "?,1..512,768"), shape = build(g, "ShapeOf", 3, 1, &x);
    struct vt_port picked = build(g, "Gather", 8, 3,
                                  (struct vt_port[]){shape, ints(g, 1, 2, (const int64_t[]){0, -2}),
                                                     ints(g, 0, 1, (const int64_t[]){0})});
    struct vt_port pattern, r;

    (void)state;
    pattern = build(g, "Concat", 1, 2, (struct vt_port[]){picked, ints(g, 1, 2, (const int64_t[]){12, 64})});
    vt_attr_set_i64(pattern.node, "axis", 0);
    r = build(g, "Reshape", 1, 2, (struct vt_port[]){x, pattern});
    expect_result(g, r, "?,1..512,12,64");
}

/* The same by StridedSlice with a shrunk axis, Unsqueeze, and one element that nobody knows. */
static void test_chain_unknown_part(void **state)
{
    struct vt_graph *g = vt_graph_create("unknown");
    struct vt_port x = parameter(g, "f32", "4..8,?,768"), n = parameter(g, "i64", "1");
    struct vt_port shape = build(g, "ShapeOf", 3, 1, &x), zero = ints(g, 1, 1, (const int64_t[]){0}), first,
                   pattern, r;

    (void)state;
    first = build(g, "StridedSlice", 1, 4,
                  (struct vt_port[]){shape, zero, ints(g, 1, 1, (const int64_t[]){1}),
                                     ints(g, 1, 1, (const int64_t[]){1})});
    vt_attr_set_i64s(first.node, "shrink_axis_mask", 1, (const int64_t[]){1});
    first = build(g, "Unsqueeze", 1, 2, (struct vt_port[]){first, zero});
    pattern = build(g, "Concat", 1, 4,
                    (struct vt_port[]){first, n, ints(g, 1, 1, (const int64_t[]){-1}),
                                       ints(g, 1, 1, (const int64_t[]){96})});
    vt_attr_set_i64(pattern.node, "axis", 0);
    r = build(g, "Reshape", 1, 2, (struct vt_port[]){x, pattern});
    expect_result(g, r, "4..8,?,?,96");
}

/* Broadcast to the shape of another tensor, with one dimension replaced by scattering. */
static void test_chain_broadcast(void **state)
{
    struct vt_graph *g = vt_graph_create("mask");
    struct vt_port x = parameter(g, "f32", "2,?,32"), m = parameter(g, "f32", "1,?,1");
    struct vt_port shape = build(g, "ShapeOf", 3, 1, &x), target, r;

    (void)state;
    target =
        build(g, "Slice", 8, 4,
              (struct vt_port[]){shape, ints(g, 1, 1, (const int64_t[]){-1}),
                                 ints(g, 1, 1, (const int64_t[]){-9}), ints(g, 1, 1, (const int64_t[]){-1})});
    target = build(g, "Transpose", 1, 2, (struct vt_port[]){target, ints(g, 1, 1, (const int64_t[]){0})});
    r = build(g, "Broadcast", 3, 2, (struct vt_port[]){m, target});
    vt_attr_set_str(r.node, "mode", "bidirectional");
    expect_result(g, r, "32,?,2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reshape_shapes),  cmocka_unit_test(test_reshape_by_bounds),
        cmocka_unit_test(test_reshape_values),  cmocka_unit_test(test_reshape_errors),
        cmocka_unit_test(test_squeeze),         cmocka_unit_test(test_unsqueeze),
        cmocka_unit_test(test_chain_gather),    cmocka_unit_test(test_chain_unknown_part),
        cmocka_unit_test(test_chain_broadcast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
