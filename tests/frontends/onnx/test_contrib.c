/* What becomes of quantised weights, contributed operators and sequences: the operations that are built. */
#include "onnx_test.h"

static struct vt_node *find_op(struct vt_graph *graph, const char *op)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        if (strcmp(graph->nodes[i]->op->name, op) == 0) {
            return graph->nodes[i];
        }
    }
    fail_msg("no %s", op);
    return NULL;
}

/* A node's input 0, a chain of them. */
static struct vt_node *behind(struct vt_node *node, const char *op)
{
    struct vt_node *src = node->in[0].node;

    assert_string_equal(src->op->name, op);
    return src;
}

static struct msg *contributed(struct msg *g)
{
    struct msg *m = model(g, 17);

    add_import(m, 8, "com.microsoft", 1);
    return m;
}

/* [2, 32] weights of four bits in blocks of 16, as the file has them. */
static struct msg *nbits(bool zeros, int64_t columns)
{
    static const uint8_t codes[2 * 2 * 8] = {0x10, 0x32}, zero[2] = {0x21, 0x43};
    static const float scales[4] = {1, 2, 3, 4};
    struct msg *n = node_in("com.microsoft", "MatMulNBits", "n", zeros ? "a,b,s,z" : "a,b,s", "y"), *g;

    put(n, 5, attr_int("K", columns));
    put(n, 5, attr_int("N", 2));
    put(n, 5, attr_int("block_size", 16));
    put(n, 5, attr_int("bits", 4));
    g = graph_of(n);
    put(g, 5, tensor_raw("b", 2, "2,2,8", codes, sizeof(codes)));
    put(g, 5, tensor_raw("s", FLOAT, "2,2", scales, sizeof(scales)));
    if (zeros) {
        put(g, 5, tensor_raw("z", 2, "2,1", zero, sizeof(zero)));
    }
    put(g, 11, info("a", FLOAT, "n,-1"));
    put(g, 12, info("y", FLOAT, NULL));
    return contributed(g);
}

static void test_weights_stay_compressed(void **state)
{
    struct vt_graph *graph = read_ok(nbits(true, 32));
    struct vt_node *matmul = find_op(graph, "MatMul"), *reshape = matmul->in[1].node, *scale, *minus, *codes;

    (void)state;
    assert_string_equal(reshape->op->name, "Reshape");
    scale = behind(reshape, "Multiply");
    minus = behind(scale, "Subtract");
    codes = behind(behind(minus, "Convert"), "Constant");
    assert_int_equal(codes->constant.type, VT_U4);
    assert_int_equal(codes->constant.rank, 3);
    assert_int_equal(codes->constant.dims[2], 16);
    assert_int_equal(((const uint8_t *)codes->constant.data)[1], 0x32);
    codes = minus->in[1].node->in[0].node;
    assert_int_equal(codes->constant.type, VT_U4);
    assert_int_equal(codes->constant.dims[1], 2);
    assert_int_equal(codes->constant.dims[2], 1);
    assert_int_equal(matmul->out[0].v.shape.dims[1].max, 2);
    vt_graph_destroy(graph);
}

static void test_weights_that_do_not_fit(void **state)
{
    (void)state;
    read_fails(nbits(false, 48), VT_E_SHAPE,
               "a constant of 32 bytes cannot be taken for one of another shape");
    read_fails(nbits(false, 0), VT_E_INVALID,
               "node 'n' (com.microsoft.MatMulNBits-1): N 2, K 0, block_size 16, bits 4");
}

static void test_no_inputs(void **state)
{
    struct msg *m = model(graph_of(node_in("com.microsoft", "IsAllFinite", "n", "", "y")), 17);

    (void)state;
    add_import(m, 8, "com.microsoft", 1);
    read_fails(m, VT_E_FORMAT, "node 'n' (com.microsoft.IsAllFinite-1): input 0 is left out");
}

/* Blocks of two rows of a constant. */
static void test_blocked_dequantization(void **state)
{
    struct msg *n = node("DequantizeLinear", "n", "x,s", "y"), *g;
    struct vt_graph *graph;
    struct vt_node *codes;

    (void)state;
    put(n, 5, attr_int("axis", 0));
    put(n, 5, attr_int("block_size", 2));
    g = graph_of(n);
    put(g, 5, TENSOR("x", INT8, "4,1", int8_t, 1, 2, 3, 4));
    put(g, 5, TENSOR("s", FLOAT, "2,1", float, 1, 2));
    put(g, 12, info("y", FLOAT, NULL));
    graph = read_ok(model(g, 21));
    codes = behind(behind(behind(find_op(graph, "Reshape"), "Multiply"), "Convert"), "Constant");
    assert_int_equal(codes->constant.rank, 3);
    assert_int_equal(codes->constant.dims[0], 2);
    assert_int_equal(codes->constant.dims[1], 2);
    vt_graph_destroy(graph);
}

/* Three tensors of different lengths in a list. */
static struct msg *list(const char *op, int64_t at)
{
    struct msg *g = graph_of(node("SequenceConstruct", "list", "a,b,c", "s"));

    put(g, 1, node(op, "n", "s,at", strcmp(op, "SequenceAt") == 0 ? "y" : "t"));
    if (strcmp(op, "SequenceAt") != 0) {
        put(g, 1, node("SequenceLength", "length", "t", "y"));
    }
    put(g, 11, info("a", FLOAT, "1"));
    put(g, 11, info("b", FLOAT, "2"));
    put(g, 11, info("c", FLOAT, "3"));
    put(g, 5, TENSOR("at", INT64, "", int64_t, at));
    put(g, 12, info("y", FLOAT, NULL));
    return model(g, 17);
}

static void test_sequences(void **state)
{
    struct vt_graph *graph = read_ok(list("SequenceAt", -2));

    (void)state;
    assert_int_equal(graph->results[0]->out[0].v.shape.dims[0].max, 2);
    vt_graph_destroy(graph);
    graph = read_ok(list("SequenceErase", 0));
    assert_int_equal(*(const int64_t *)graph->results[0]->in[0].node->constant.data, 2);
    vt_graph_destroy(graph);
    read_fails(list("SequenceAt", 3), VT_E_RANGE, "there is no element 3 in a sequence of 3");
    read_fails(list("SequenceErase", -4), VT_E_RANGE, "there is no element -4 in a sequence of 3");
}

static void test_no_sequence(void **state)
{
    struct msg *g = graph_of(node("SequenceLength", "n", "x", "y"));

    (void)state;
    put(g, 11, info("x", FLOAT, "2"));
    put(g, 12, info("y", INT64, NULL));
    read_fails(model(g, 17), VT_E_TYPE, "input 0 is no sequence");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_stay_compressed),
        cmocka_unit_test(test_weights_that_do_not_fit),
        cmocka_unit_test(test_no_inputs),
        cmocka_unit_test(test_blocked_dequantization),
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_no_sequence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
