/* Inputs of other shapes than the model declares: what follows from extents follows from the new ones, and
 * what had to be decided by an extent keeps it. */
#include "onnx_test.h"

#include "shape.h"

#include <math.h>

static struct vt_pshape pshape(int rank, int64_t a, int64_t b, int64_t c)
{
    struct vt_pshape s = {.rank = rank};
    const int64_t dims[3] = {a, b, c};

    for (int i = 0; i < rank; i++) {
        s.dims[i] = dims[i] < 0 ? vt_dim_any() : vt_dim_fixed(dims[i]);
    }
    return s;
}

static void reshape(struct vt_graph *graph, const struct vt_pshape *shapes)
{
    struct vt_error err = {0};

    if (vt_core_host()->graph_reshape(graph, shapes, &err)) {
        fail_msg("%s", err.text);
    }
}

/* The message has to hold each of the parts, which "|" divides; the graph stays as it was. */
static void refuse(struct vt_graph *graph, const struct vt_pshape *shapes, const char *parts)
{
    struct vt_pshape before = graph->params[0]->out[0].v.shape;
    char *copy = strdup(parts), *save = NULL;
    struct vt_error err = {0};

    assert_non_null(copy);
    assert_int_equal(vt_core_host()->graph_reshape(graph, shapes, &err), VT_E_SHAPE);
    for (char *part = strtok_r(copy, "|", &save); part; part = strtok_r(NULL, "|", &save)) {
        if (!strstr(err.text, part)) {
            fail_msg("'%s' is not in: %s", part, err.text);
        }
    }
    free(copy);
    assert_memory_equal(&before, &graph->params[0]->out[0].v.shape, sizeof(before));
}

/* Output 0, of floats. */
static void check(struct vt_graph *graph, struct vt_tensor *in, int rank, const int64_t *dims,
                  const float *want)
{
    struct vt_tensor out[2] = {{0}, {0}};
    struct vt_error err = {0};

    if (vt_graph_eval(graph, in, out, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(out[0].rank, rank);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(out[0].dims[i], dims[i]);
    }
    for (int64_t i = 0; i < vt_tensor_count(&out[0]); i++) {
        assert_true(fabsf(((float *)out[0].data)[i] - want[i]) < 1e-5f);
    }
    vt_tensor_free(&out[0]);
    vt_tensor_free(&out[1]);
}

static struct vt_tensor tensor_of(enum vt_type type, int rank, int64_t a, int64_t b, void *data)
{
    struct vt_tensor t;

    assert_true(vt_tensor_describe(&t, type, rank, (const int64_t[]){a, b}));
    t.data = data;
    return t;
}

/* ---- what follows from extents */

/* x / Shape(x)[1], by way of integers that are known as long as the shape is. */
static void test_known_numbers(void **state)
{
    struct msg *g = graph_of(node("Shape", "", "x", "s"));
    float x[4] = {4, 8, 12, 16};
    struct vt_graph *graph;
    struct vt_pshape shape = pshape(2, 2, 2, 0);
    struct vt_tensor in = tensor_of(VT_F32, 2, 2, 2, x);

    (void)state;
    put(g, 1, node("Gather", "", "s,one", "n"));
    put(g, 1, node("CastLike", "", "n,x", "f"));
    put(g, 1, node("Div", "", "x,f", "y"));
    put(g, 5, TENSOR("one", INT64, "", int64_t, 1));
    put(g, 11, info("x", FLOAT, "1,4"));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 19));
    assert_int_equal(find_node(graph, "y")->out[0].v.shape.dims[1].max, 4); /* as declared */
    reshape(graph, &shape);
    check(graph, &in, 2, (const int64_t[]){2, 2}, (const float[]){2, 4, 6, 8});
    shape = pshape(2, -1, -1, 0);
    reshape(graph, &shape);
    check(graph, &in, 2, (const int64_t[]){2, 2}, (const float[]){2, 4, 6, 8});
    in = tensor_of(VT_F32, 2, 1, 4, x);
    check(graph, &in, 2, (const int64_t[]){1, 4}, (const float[]){1, 2, 3, 4});
    shape = pshape(2, 1, -1, 0);
    reshape(graph, &shape);
    check(graph, &in, 2, (const int64_t[]){1, 4}, (const float[]){1, 2, 3, 4});
    vt_graph_destroy(graph);
}

/* A branch that captures a number known from a shape. */
static void test_captured(void **state)
{
    struct msg *g = graph_of(node("Shape", "", "x", "s")), *yes = graph_of(node("Mul", "", "x,f", "a")),
               *no = graph_of(node("Neg", "", "x", "b")), *n = node("If", "choose", "c", "y");
    float x[3] = {1, 2, 3};
    uint8_t c = 1;
    struct vt_graph *graph;
    const struct vt_pshape shapes[2] = {pshape(1, 3, 0, 0), pshape(0, 0, 0, 0)};
    struct vt_tensor in[2] = {tensor_of(VT_F32, 1, 3, 0, x), tensor_of(VT_BOOLEAN, 0, 0, 0, &c)};

    (void)state;
    put(yes, 12, info("a", FLOAT, NULL));
    put(no, 12, info("b", FLOAT, NULL));
    put(n, 5, attr_graph("then_branch", yes));
    put(n, 5, attr_graph("else_branch", no));
    put(g, 1, node("CastLike", "", "s,x", "f"));
    put(g, 1, n);
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("c", BOOL, ""));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 19));
    reshape(graph, shapes);
    check(graph, in, 1, (const int64_t[]){3}, (const float[]){3, 6, 9});
    vt_graph_destroy(graph);
}

/* ---- what an extent decides */

/* A Loop that carries a sequence is unrolled: as many rounds as x has rows. */
static struct vt_graph *unrolled(void)
{
    struct msg *body = graph_of(node("Identity", "", "go", "more")),
               *n = node("Loop", "rounds", "n,,list", "all"), *g = graph_of(node("Shape", "", "x", "s")),
               *join = node("ConcatFromSequence", "", "all", "y");

    put(body, 1, node("SequenceInsert", "", "have,z", "longer"));
    put(body, 11, info("i", INT64, ""));
    put(body, 11, info("go", BOOL, ""));
    put(body, 11, info("have", FLOAT, NULL));
    put(body, 12, info("more", BOOL, ""));
    put(body, 12, info("longer", FLOAT, NULL));
    put(n, 5, attr_graph("body", body));
    put(join, 5, attr_int("axis", 0));
    put(g, 1, node("Gather", "", "s,zero", "n"));
    put(g, 1, node("SequenceEmpty", "", "", "list"));
    put(g, 1, n);
    put(g, 1, join);
    put(g, 5, TENSOR("zero", INT64, "", int64_t, 0));
    put(g, 11, info("x", FLOAT, "2,5"));
    put(g, 11, info("z", FLOAT, "3"));
    put(g, 12, info("y", FLOAT, NULL));
    return read_ok(model(g, 17));
}

static void test_kept(void **state)
{
    struct vt_graph *graph = unrolled();
    struct vt_pshape shapes[2] = {pshape(2, 2, 7, 0), pshape(1, 1, 0, 0)};
    float x[14] = {0}, z[1] = {8};
    struct vt_tensor in[2] = {tensor_of(VT_F32, 2, 2, 7, x), tensor_of(VT_F32, 1, 1, 0, z)};
    char text[64];

    (void)state;
    reshape(graph, shapes); /* all but the number of rows */
    check(graph, in, 1, (const int64_t[]){2}, (const float[]){8, 8});
    shapes[0] = pshape(2, 3, 5, 0);
    refuse(
        graph, shapes,
        "node 'x' (Parameter-1): its shape cannot be [3,5]|has to fit [2,?]|since node 'rounds' (Loop-17)");
    shapes[0] = pshape(2, -1, 5, 0);
    refuse(graph, shapes, "cannot be [?,5]");
    shapes[0] = (struct vt_pshape){.rank = -1};
    refuse(graph, shapes, "has to fit [2,?]");
    shapes[0] = pshape(2, 2, -1, 0);
    shapes[1] = pshape(1, -1, 0, 0);
    reshape(graph, shapes);
    check(graph, in, 1, (const int64_t[]){2}, (const float[]){8, 8});
    assert_string_equal(vt_pshape_text(vt_attr_shape(graph->params[1], "keeps"), text, sizeof(text)), "[?]");
    vt_graph_destroy(graph);
}

/* A copy keeps it too. */
static void test_copies_keep(void **state)
{
    struct vt_graph *graph = unrolled(), *copy;
    const struct vt_pshape shapes[2] = {pshape(2, 4, 5, 0), pshape(1, 3, 0, 0)};
    struct vt_error err = {0};

    (void)state;
    copy = vt_graph_clone(graph, &err);
    vt_graph_destroy(graph);
    assert_non_null(copy);
    refuse(copy, shapes, "since node 'rounds' (Loop-17)");
    assert_null(vt_graph_clone_shaped(copy, shapes, &err));
    assert_non_null(strstr(err.text, "since node 'rounds' (Loop-17)"));
    vt_graph_destroy(copy);
}

/* Axes are counted when the model is read. */
static void test_rank(void **state)
{
    struct msg *g = graph_of(node("Softmax", "", "x", "y"));
    struct vt_pshape shape = pshape(3, 2, 3, 4);
    struct vt_graph *graph;

    (void)state;
    put(g, 11, info("x", FLOAT, "2,3"));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 13));
    refuse(graph, &shape, "its shape cannot be [2,3,4]: it has to fit [?,?], which the model was read for");
    shape = pshape(2, 7, 1, 0);
    reshape(graph, &shape);
    vt_graph_destroy(graph);
}

/* What is wrong with declared and with other extents is told as it is with the declared ones. */
static void test_wrong_anyway(void **state)
{
    struct msg *g = graph_of(node("Add", "sum", "x,z", "y"));

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 11, info("z", FLOAT, "3"));
    put(g, 12, info("y", FLOAT, NULL));
    read_fails(model(g, 17), VT_E_SHAPE, "(Add-1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_numbers), cmocka_unit_test(test_captured),
        cmocka_unit_test(test_kept),          cmocka_unit_test(test_copies_keep),
        cmocka_unit_test(test_rank),          cmocka_unit_test(test_wrong_anyway),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
