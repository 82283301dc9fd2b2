/* Shapes that change from one inference to the next, shapes that come out of the data, states and loops. */
#include "cpu_test.h"

/* A picture of any size through convolutions, a concatenation, attention-like products and a softmax. */
static struct vt_model *pictures(void)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", "?,8,?,?"), a, b, y, flat, shape;

    a = net_conv(g, x, 8, 3);
    b = net_unary(g, "Relu", 1, net_conv(g, a, 12, 1), "");
    y = net_concat(g, 2, (struct vt_port[]){a, b}, 1);
    net_result(g, net_binary(g, "ReduceMean", 1, y, net_i64s(g, 2, (int64_t[]){2, 3}), "keep_dims=false"));
    flat = net_binary(g, "Reshape", 1, y, net_i64s(g, 3, (int64_t[]){0, 0, -1}), "special_zero=true");
    y = net_binary(g, "MatMul", 1, flat, flat, "transpose_b=true");
    net_result(g, net_unary(g, "Softmax", 8, y, "axis=2"));
    shape = net_unary(g, "ShapeOf", 3, x, "output_type=i64");
    net_result(g, shape);
    net_result(g, net_binary(g, "Broadcast", 3, net_f32(g, 2), shape, "mode=numpy"));
    return net_finish(g);
}

static struct vt_buffer *picture(int64_t n, int64_t h, int64_t w)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(VT_F32, 4, (int64_t[]){n, 8, h, w}, &b, ERR));
    random_seed((uint64_t)(n * 10000 + h * 100 + w));
    fill_tensor(&b->t);
    return b;
}

#define SHAPES 40

/* Many shapes, in three rounds. */
static void test_many_shapes(void **state)
{
    struct vt_model *model = pictures();
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2");
    struct vt_compiled *reference = compile_for(model, "REFDEV", NULL);
    struct vt_request *r = request_of(compiled), *ref = request_of(reference);
    struct outputs first[SHAPES];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SHAPES; i++) {
            struct vt_buffer *in = picture(1 + i % 2, 1 + i % 7, 1 + i % 9);
            struct outputs have, want;

            snprintf(test_case, sizeof(test_case), "round %d shape %d", round, i);
            bind_inputs(r, 1, &in);
            assert_ok(vt_request_infer(r, ERR));
            collect(r, 4, &have);
            if (round == 0) {
                bind_inputs(ref, 1, &in);
                assert_ok(vt_request_infer(ref, ERR));
                collect(ref, 4, &want);
                assert_close(&want, &have);
                outputs_free(&want);
                first[i] = have;
            } else {
                assert_same_bits(&first[i], &have, "with the same shape again");
                outputs_free(&have);
            }
            vt_buffer_unref(in);
        }
    }
    for (int i = 0; i < SHAPES; i++) {
        outputs_free(&first[i]);
    }
    vt_request_destroy(r);
    vt_request_destroy(ref);
    vt_compiled_unref(compiled);
    vt_compiled_unref(reference);
    vt_model_unref(model);
}

/* More shapes than plans are kept at most: those that come again get the bits that they had. */
static void test_dropped_plans(void **state)
{
    enum { MANY = 1100 };
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", "?,4");
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    static struct outputs first[MANY]; /* too large for the stack */

    (void)state;
    random_seed(2);
    net_result(g, net_unary(g, "Softmax", 8,
                            net_binary(g, "MatMul", 1, x, net_random(g, VT_F32, 2, (int64_t[]){4, 3}, 0), ""),
                            "axis=0"));
    model = net_finish(g);
    compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1");
    r = request_of(compiled);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            struct vt_buffer *in = NULL;
            struct outputs have;

            snprintf(test_case, sizeof(test_case), "round %d shape %d", round, i);
            assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){1 + (i * 7) % MANY, 4}, &in, ERR));
            random_seed((uint64_t)i);
            fill_tensor(&in->t);
            bind_inputs(r, 1, &in);
            assert_ok(vt_request_infer(r, ERR));
            collect(r, 1, &have);
            assert_int_equal(have.t[0].dims[0], in->t.dims[0]);
            if (round == 0) {
                first[i] = have;
            } else {
                assert_same_bits(&first[i], &have, "with the same shape again");
                outputs_free(&have);
            }
            vt_buffer_unref(in);
        }
    }
    for (int i = 0; i < MANY; i++) {
        outputs_free(&first[i]);
    }
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* The bits of the static model of the same shape. */
static void test_as_static(void **state)
{
    static const int64_t sizes[][3] = {{1, 12, 9}, {2, 5, 7}, {3, 1, 1}, {1, 30, 17}};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct vt_model *model = pictures();
        struct vt_buffer *in = picture(sizes[i][0], sizes[i][1], sizes[i][2]);
        struct vt_pshape shape = vt_pshape_of(&in->t);
        int port = 0;
        struct outputs have, want;

        snprintf(test_case, sizeof(test_case), "size %d", i);
        run_once(model, "CPU", "INFERENCE_NUM_THREADS=1", 1, &in, &have);
        assert_ok(vt_model_reshape(model, 1, &port, &shape, ERR));
        run_once(model, "CPU", "INFERENCE_NUM_THREADS=1", 1, &in, &want);
        assert_same_bits(&want, &have, "than the static model");
        outputs_free(&want);
        outputs_free(&have);
        vt_buffer_unref(in);
        vt_model_unref(model);
    }
}

/* Weights are packed while compiling where their form does not depend on the shapes, and once for all plans.
 */
static void test_weights_once(void **state)
{
    struct vt_model *model = pictures();
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1");
    struct vt_request *r = request_of(compiled);
    struct vt_memory_stats compiled_only, before, after;

    (void)state;
    assert_ok(vt_compiled_memory(compiled, &compiled_only, ERR));
    assert_true(compiled_only.weights > 0);
    for (int i = 0; i < 60; i++) {
        struct vt_buffer *in = picture(1, 2 + i, 3);

        bind_inputs(r, 1, &in);
        assert_ok(vt_request_infer(r, ERR));
        vt_buffer_unref(in);
        if (i == 0) {
            assert_ok(vt_compiled_memory(compiled, &before, ERR));
        }
    }
    assert_ok(vt_compiled_memory(compiled, &after, ERR));
    assert_true(before.weights > 0);
    assert_true(before.weights > compiled_only.weights); /* a 3x3 convolution has several forms */
    assert_true(after.weights <= 2 * before.weights);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* Shapes that the data decides, and operations behind them. */
static void test_data_shapes(void **state)
{
    (void)state;
    for (int dynamic = 0; dynamic < 2; dynamic++) {
        struct vt_graph *g = net_create();
        struct vt_port x = net_param_as(g, "f32", dynamic ? "?,5" : "4,5"), relu, where, rows, picked, shape;
        struct vt_model *model;
        struct vt_buffer *in = NULL;

        snprintf(test_case, sizeof(test_case), "dynamic %d", dynamic);
        random_seed(7);
        relu = net_unary(g, "Relu", 1, x, "");
        where = net_unary(g, "NonZero", 3, relu, "output_type=i64");
        rows = net_binary(g, "Transpose", 1, where, net_i64s(g, 2, (int64_t[]){1, 0}), "");
        picked = net_binary(g, "GatherND", 8, relu, rows, "batch_dims=0");
        net_result(g, where);
        net_result(g, where);
        net_result(g, rows);
        net_result(g, picked);
        net_result(g, net_unary(g, "Exp", 1, net_binary(g, "Add", 1, picked, net_f32(g, 1), ""), ""));
        net_result(g, net_binary(g, "ReduceSum", 1, picked, net_i64(g, 0), "keep_dims=true"));
        shape = net_unary(g, "ShapeOf", 3, picked, "output_type=i64");
        net_result(g, net_binary(g, "Broadcast", 3, net_f32(g, 3), shape, "mode=numpy"));
        net_result(g, net_concat(g, 2, (struct vt_port[]){picked, picked}, 0));
        net_result(g, net_unary(g, "Tanh", 1, relu, ""));
        model = net_finish(g);
        assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){4, 5}, &in, ERR));
        fill_tensor(&in->t);
        check_inputs(model, 1, &in, NULL, 2);
        memset(in->t.data, 0, in->t.bytes); /* nothing is found */
        check_inputs(model, 1, &in, NULL, 2);
        vt_buffer_unref(in);
        vt_model_unref(model);
    }
}

/* Work behind shapes that the data decides, twice in a row, with and without steps in front and beside. */
static void test_behind_data(void **state)
{
    (void)state;
    for (int seed = 0; seed < 24; seed++) {
        struct vt_graph *g = net_create();
        struct vt_port x = net_param_as(g, "f32", seed % 2 ? "?,6" : "9,6"), relu, where, rows, picked, y,
                       again;
        struct vt_model *model;
        struct vt_buffer *in = NULL;

        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        random_seed((uint64_t)seed);
        relu = net_unary(g, "Relu", 1, net_binary(g, "Subtract", 1, x, net_f32(g, 0.6f), ""), "");
        where =
            net_unary(g, "NonZero", 3, net_binary(g, "ReduceMax", 1, relu, net_i64(g, 1), "keep_dims=false"),
                      "output_type=i64");
        rows = net_binary(g, "Squeeze", 1, where, net_i64(g, 0), "");
        picked = net_op(g, "Gather", 8, 3, (struct vt_port[]){x, rows, net_i64(g, 0)}, "batch_dims=0");
        y = net_binary(g, "MatMul", 1, picked, net_random(g, VT_F32, 2, (int64_t[]){6, 5}, seed % 3 == 0),
                       "");
        y = net_unary(g, "Tanh", 1,
                      net_binary(g, "Add", 1, y, net_random(g, VT_F32, 1, (int64_t[]){5}, false), ""), "");
        net_result(g, y);
        net_result(g, relu);
        /* The rows of what came out that are large, against all rows of the input. */
        again = net_unary(g, "NonZero", 3,
                          net_unary(g, "Floor", 1, net_binary(g, "Add", 1, y, net_f32(g, 0.2f), ""), ""),
                          "output_type=i32");
        again = net_binary(g, "Transpose", 1, again, net_i64s(g, 2, (int64_t[]){1, 0}), "");
        again = net_unary(g, "Convert", 1, again, "destination_type=f32");
        again = net_binary(g, "MatMul", 1, again, net_random(g, VT_F32, 2, (int64_t[]){2, 6}, false), "");
        net_result(g, net_binary(g, "MatMul", 1, again, x, "transpose_b=true"));
        net_result(g, net_unary(g, "ShapeOf", 3, again, "output_type=i64"));
        net_result(g, where);
        model = net_finish(g);
        assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){9, 6}, &in, ERR));
        fill_tensor(&in->t);
        check_inputs(model, 1, &in, "MatMul", 2);
        memset(in->t.data, 0, in->t.bytes); /* nothing is found */
        check_inputs(model, 1, &in, "MatMul", 2);
        vt_buffer_unref(in);
        vt_model_unref(model);
    }
}

/* ---- tensors without elements */

/* "OP opset in,in,.. attributes": each input is a shape, "i" in front of it for i64, "b" for booleans, "w"
 * for a constant; "=n" a constant of rank 1 with one i64. */
static const char *const empty_nodes[] = {
    "Relu 1 0,3 -",
    "Tanh 1 2,0,4 -",
    "Sin 1 0 -",
    "Abs 1 i0,2 -",
    "Add 1 0,3|3 -",
    "Multiply 1 2,0|1,1 -",
    "Power 1 0,4|0,4 -",
    "FloorMod 1 i0,4|i4 -",
    "Less 1 0,4|4 -",
    "LogicalNot 1 b0 -",
    "Select 1 b0,3|3|0,3 -",
    "Convert 1 0,3 destination_type=i32",
    "PRelu 1 0,3,2|3 -",
    "FakeQuantize 1 0,3|w1|w1|w1|w1 levels=16",
    "Softmax 8 0,3 axis=1",
    "Softmax 8 3,0 axis=0",
    "LogSoftmax 5 0,3 axis=1",
    "MatMul 1 0,3|3,4 -",
    "MatMul 1 0,3|w3,4 -",
    "MatMul 1 2,0|0,4 -",
    "MatMul 1 2,3|3,0 -",
    "MatMul 1 0,2,3|0,3,4 -",
    "Convolution 1 0,3,5,5|w4,3,3,3 strides=1,1;pads_begin=1,1;pads_end=1,1;dilations=1,1",
    "GroupConvolution 1 0,4,5,5|w4,1,1,3,3 strides=1,1;pads_begin=1,1;pads_end=1,1;dilations=1,1",
    "ConvolutionBackpropData 1 0,3,5,5|w3,4,3,3 strides=1,1;pads_begin=1,1;pads_end=1,1;dilations=1,1",
    "MaxPool 1 0,3,5,5 strides=1,1;pads_begin=0,0;pads_end=0,0;kernel=2,2",
    "AvgPool 1 0,3,5,5 strides=1,1;pads_begin=0,0;pads_end=0,0;kernel=2,2;exclude-pad=true",
    "AdaptiveAvgPool 8 0,3,5,5|=2,2 -",
    "ReduceSum 1 0,3|=0 keep_dims=true",
    "ReduceSum 1 2,0|=1 keep_dims=false",
    "ReduceMean 1 0,3|=1 keep_dims=true",
    "ReduceMax 1 0,3|=1 keep_dims=true",
    "MVN 6 0,3,4|=2 normalize_variance=true;eps=0.1;eps_mode=inside_sqrt",
    "NormalizeL2 1 0,3|=1 eps=0.1;eps_mode=add",
    "GroupNormalization 12 0,4,3|4|4 num_groups=2;epsilon=0.1",
    "BatchNormInference 5 0,3,2|w3|w3|w3|w3 epsilon=0.1",
    "LRN 1 0,3,4|=1 alpha=0.1;beta=0.5;bias=1;size=3",
    "Transpose 1 0,3,2|=2,0,1 -",
    "Concat 1 0,3|2,3 axis=0",
    "Concat 1 0,3|0,3 axis=1",
    "Reshape 1 0,6|=0,2,3 special_zero=true",
    "Broadcast 3 0,1|=0,4 mode=numpy",
    "Tile 1 0,3|=2,2 -",
    "Tile 1 2,3|=0,1 -",
    "Pad 1 0,3|=1,0|=1,0 pad_mode=constant",
    "Gather 8 4,3|i0|=0 batch_dims=0",
    "Gather 8 0,3|i0|=0 batch_dims=0",
    "GatherElements 6 0,3|i0,3 axis=1",
    "GatherND 8 4,3|i0,1 batch_dims=0",
    "ScatterUpdate 3 4,3|i0|0,3|=0 -",
    "ScatterElementsUpdate 3 4,3|i0,3|0,3|=0 -",
    "ScatterNDUpdate 4 4,3|i0,1|0,3 -",
    "CumSum 3 0,3|=1 -",
    "CumSum 3 3,0|=1 -",
    "ReverseSequence 1 0,3|i0 batch_axis=0;seq_axis=1",
    "Reverse 1 0,3|=1 mode=index",
    "Roll 7 0,3|=1|=1 -",
    "ShuffleChannels 1 0,4 axis=1;group=2",
    "DepthToSpace 1 0,4,2,2 block_size=2;mode=blocks_first",
    "SpaceToDepth 1 0,4,2,2 block_size=2;mode=blocks_first",
    "NonZero 3 0,3 -",
    "GridSample 9 0,3,4,4|0,2,2,2 -",
    "ROIAlign 3 1,3,4,4|0,4|i0 pooled_h=2;pooled_w=2;sampling_ratio=1;spatial_scale=1;mode=avg",
    "Einsum 7 0,3|3,4 equation=ab,bc->ac",
    "Einsum 7 2,0|0,4 equation=ab,bc->ac",
    "LSTMSequence 5 0,3,4|0,1,5|0,1,5|i0|w1,20,4|w1,20,5|w1,20 hidden_size=5;direction=forward",
    "GRUCell 3 0,4|0,5|w15,4|w15,5|w15 hidden_size=5",
    "DeformableConvolution 8 0,3,5,5|0,18,5,5|w4,3,3,3 strides=1,1;pads_begin=1,1;pads_end=1,1;dilations=1,1",
    ("Interpolate 4 0,3,4,4|=8,8|2|=2,3 mode=nearest;shape_calculation_mode=sizes;"
     "coordinate_transformation_mode=asymmetric;nearest_mode=floor"),
    "ScaledDotProductAttention 13 0,2,3,4|0,2,5,4|0,2,5,4 causal=false",
};

static struct vt_port empty_input(struct vt_graph *g, char *text)
{
    int64_t v[8];
    int n = 0;

    if (*text == 'i' || *text == 'b') {
        return net_param_as(g, *text == 'i' ? "i64" : "boolean", text + 1);
    }
    if (*text != '=' && *text != 'w') {
        return net_param_as(g, "f32", text);
    }
    for (char *p = text + 1; *p && n < 8; p += *p == ',') {
        v[n++] = strtoll(p, &p, 10);
    }
    return *text == 'w' ? net_random(g, VT_F32, n, v, false) : net_i64s(g, n, v);
}

static void test_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(empty_nodes) / sizeof(empty_nodes[0]); i++) {
        struct vt_graph *g = net_create();
        char op[32], shapes[128], attrs[256], *rest = shapes;
        struct vt_port in[8];
        int opset, n = 0;

        assert_int_equal(sscanf(empty_nodes[i], "%31s %d %127s %255s", op, &opset, shapes, attrs), 4);
        snprintf(test_case, sizeof(test_case), "%s", empty_nodes[i]);
        random_seed(i);
        for (char *one; (one = strsep(&rest, "|")) && n < 8;) {
            in[n++] = empty_input(g, one);
        }
        net_result(g, net_op(g, op, opset, n, in, strcmp(attrs, "-") ? attrs : ""));
        check_graph(g, NULL, 2);
    }
}

static void test_boxes(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port boxes = net_param_as(g, "f32", "1,20,4"), scores = net_param_as(g, "f32", "1,2,20"), nms,
                   in[5];

    (void)state;
    snprintf(test_case, sizeof(test_case), "boxes");
    random_seed(11);
    in[0] = boxes;
    in[1] = scores;
    in[2] = net_i64(g, 6);
    in[3] = net_f32(g, 0.5f);
    in[4] = net_f32(g, 0.1f);
    nms = net_op(g, "NonMaxSuppression", 9, 5, in, "box_encoding=center;output_type=i64");
    net_result(g, net_out(nms, 0));
    net_result(g, net_out(nms, 1));
    net_result(g, net_out(nms, 2));
    net_result(g, net_binary(g, "Add", 1, net_out(nms, 1), net_f32(g, 1), ""));
    check_graph(g, NULL, 2);
}

/* ---- models with bodies and states, several inferences of one request */

static void run_file(const char *name, int rounds, void (*inputs)(int round, struct vt_buffer **in, int *n),
                     bool reset)
{
    struct vt_model *model = NULL;
    struct vt_compiled *compiled[3]; /* REFDEV, CPU, and that exported and loaded */
    struct vt_request *r[3];
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", IR_DATA, name);
    assert_ok(vt_core_read_file(the_core(), path, NULL, &model, ERR));
    for (int i = 0; i < 3; i++) {
        compiled[i] = i == 2 ? reload(compiled[1], 2)
                             : compile_for(model, i ? "CPU" : "REFDEV", i ? "PERF_COUNT=YES" : NULL);
        r[i] = request_of(compiled[i]);
    }
    for (int round = 0; round < rounds; round++) {
        struct vt_buffer *in[MAX_PORTS];
        struct outputs o[3];
        int n;

        snprintf(test_case, sizeof(test_case), "%s round %d", name, round);
        random_seed((uint64_t)round);
        inputs(round, in, &n);
        for (int i = 0; i < 3; i++) {
            if (reset && round == rounds / 2) {
                struct vt_state_store *states;

                assert_ok(vt_request_states(r[i], &states, ERR));
                vt_states_reset(states);
            }
            bind_inputs(r[i], n, in);
            assert_ok(vt_request_infer(r[i], ERR));
            collect(r[i], model->n_io[VT_OUTPUT], &o[i]);
        }
        for (int i = 0; i < 3; i++) { /* bodies run as plans */
            static const char *const bodies[] = {"If", "Loop", "TensorIterator"};

            assert_fast(r[1], bodies[i]);
        }
        assert_close(&o[0], &o[1]);
        assert_same_bits(&o[1], &o[2], "when exported and loaded");
        for (int i = 0; i < 3; i++) {
            outputs_free(&o[i]);
        }
        drop_inputs(n, in);
    }
    for (int i = 0; i < 3; i++) {
        vt_request_destroy(r[i]);
        vt_compiled_unref(compiled[i]);
    }
    vt_model_unref(model);
}

static struct vt_buffer *input(enum vt_type type, int rank, const int64_t *dims)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(type, rank, dims, &b, ERR));
    fill_tensor(&b->t);
    return b;
}

static void if_inputs(int round, struct vt_buffer **in, int *n)
{
    in[0] = input(VT_F32, 2, (int64_t[]){2, 2});
    in[1] = input(VT_BOOLEAN, 0, NULL);
    *(uint8_t *)in[1]->t.data = round % 2;
    *n = 2;
}

static void loop_inputs(int round, struct vt_buffer **in, int *n)
{
    in[0] = input(VT_F32, 2, (int64_t[]){2, 3});
    in[1] = input(VT_I64, 0, NULL);
    *(int64_t *)in[1]->t.data = 1 + round;
    in[2] = input(VT_F32, 2, (int64_t[]){10, 3});
    *n = 3;
}

static void iterator_inputs(int round, struct vt_buffer **in, int *n)
{
    (void)round;
    in[0] = input(VT_F32, 3, (int64_t[]){1, 5, 4});
    in[1] = input(VT_F32, 3, (int64_t[]){1, 1, 4});
    *n = 2;
}

static void state_inputs(int round, struct vt_buffer **in, int *n)
{
    (void)round;
    in[0] = input(VT_F32, 2, (int64_t[]){1, 3});
    *n = 1;
}

static void test_bodies(void **state)
{
    (void)state;
    run_file("if.xml", 4, if_inputs, false);
    run_file("loop.xml", 4, loop_inputs, false);
    run_file("tensor_iterator.xml", 3, iterator_inputs, false);
}

static void test_states(void **state)
{
    (void)state;
    run_file("state.xml", 8, state_inputs, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_shapes),   cmocka_unit_test(test_weights_once),
        cmocka_unit_test(test_dropped_plans), cmocka_unit_test(test_as_static),
        cmocka_unit_test(test_data_shapes),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_boxes),         cmocka_unit_test(test_behind_data),
        cmocka_unit_test(test_bodies),        cmocka_unit_test(test_states),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
