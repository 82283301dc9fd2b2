/* What stands at the ends of networks: YOLO's regions, decoders of sequences, logical reductions; and
 * normalisations over channels. Over random sizes, against references. */
#include "cpu_test.h"

static void test_region_yolo(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 48; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], coords, classes, regions, axis;
        bool across = seed % 2;
        struct vt_port x;
        char attrs[200];

        random_seed((uint64_t)seed);
        coords = random_in(0, 5);
        classes = random_in(1, 20);
        regions = random_in(1, 3);
        axis = random_in(1, 2);
        dims[0] = random_in(1, 2);
        dims[1] = regions * (coords + classes + 1) + (random_chance(30) && across ? random_in(1, 3) : 0);
        dims[2] = random_in(1, 14);
        dims[3] = random_in(1, 14);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "coords=%d;classes=%d;num=%d;do_softmax=%s;mask=%s;axis=%d;end_axis=3;anchors=1,2,3,4",
                 (int)coords, (int)classes, (int)(across ? regions : 9), across ? "true" : "false",
                 (const char *[]){"0", "0,1", "0,1,2"}[regions - 1], (int)axis);
        x = net_param_of(g, "f32", 4, dims);
        x = random_chance(50) ? net_conv(g, x, dims[1], 1) : x;
        net_result(g, net_unary(g, "RegionYolo", 1, x, attrs));
        check_graph(g, "RegionYolo", seed % 3 ? 0 : 4);
    }
}

static void test_reorg_yolo(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 24; seed++) {
        struct vt_graph *g = net_create();
        int64_t stride, dims[4];
        struct vt_port x;
        char attrs[64];

        random_seed((uint64_t)seed);
        stride = random_in(1, 3);
        dims[0] = random_in(1, 2);
        dims[1] = random_in(1, 5) * stride * stride;
        dims[2] = random_in(1, 6) * stride;
        dims[3] = random_in(1, 6) * stride;
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "stride=%d", (int)stride);
        x = net_param_of(g, seed % 4 ? "f32" : "i64", 4, dims);
        x = seed % 4 && random_chance(50) ? net_conv(g, x, dims[1], 1) : x;
        net_result(g, net_unary(g, "ReorgYolo", 2, x, attrs));
        check_graph(g, "ReorgYolo", seed % 3 ? 0 : 4);
    }
}

static void test_ctc(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[3];
        struct vt_port in[2];
        char attrs[96];

        random_seed((uint64_t)seed);
        dims[0] = random_in(1, 30);
        dims[1] = random_in(1, 4);
        dims[2] = random_in(1, random_chance(50) ? 4 : 90); /* few classes repeat */
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "ctc_merge_repeated=%s", seed % 2 ? "true" : "false");
        in[0] = net_param_of(g, "f32", 3, dims);
        in[1] = net_unary(g, "Relu", 1, net_param_of(g, "f32", 2, dims), "");
        net_result(g, net_op(g, "CTCGreedyDecoder", 1, 2, in, attrs));
        check_graph(g, "CTCGreedyDecoder", seed % 3 ? 0 : 4);
    }
}

static void test_ctc_lengths(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[3], lengths[4];
        bool blank = seed % 3 == 0;
        struct vt_port in[3], y;
        char attrs[160];

        random_seed((uint64_t)seed);
        dims[0] = random_in(1, 4);
        dims[1] = random_in(1, 30);
        dims[2] = random_in(1, random_chance(50) ? 4 : 90);
        for (int i = 0; i < 4; i++) {
            lengths[i] = random_in(0, dims[1]);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "merge_repeated=%s;classes_index_type=%s;sequence_length_type=%s",
                 seed % 2 ? "true" : "false", seed % 5 < 2 ? "i32" : "i64", seed % 7 < 3 ? "i32" : "i64");
        in[0] = net_param_of(g, "f32", 3, dims);
        in[1] = net_i64s(g, (int)dims[0], lengths);
        in[1] = seed % 4 ? in[1] : net_unary(g, "Convert", 1, in[1], "destination_type=i32");
        in[2] = blank ? net_i64s(g, 1, (int64_t[]){random_in(0, dims[2] - 1)}) : in[1];
        if (blank && seed % 4 == 0) {
            in[2] = net_unary(g, "Convert", 1, in[2], "destination_type=i32");
        }
        y = net_op(g, "CTCGreedyDecoderSeqLen", 6, blank ? 3 : 2, in, attrs);
        net_result(g, y);
        net_result(g, net_out(y, 1));
        check_graph(g, "CTCGreedyDecoderSeqLen", seed % 3 ? 0 : 4);
    }
}

/* The best class as the reference has it, with NaN first, in between, and among equals. */
static void test_ctc_nan(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[2] = {net_param_as(g, "f32", "1,40,70"), net_param_as(g, "i32", "1")};
    struct vt_buffer *buffers[2];
    struct outputs want, have;
    struct vt_model *model;
    float *v;

    (void)state;
    snprintf(test_case, sizeof(test_case), "NaN");
    net_result(g, net_op(g, "CTCGreedyDecoderSeqLen", 6, 2, in, "merge_repeated=false"));
    model = net_finish(g);
    random_inputs(model, buffers);
    v = buffers[0]->t.data;
    for (int t = 0; t < 40; t++) {
        v[t * 70 + t * 7 % 70] = NAN;
        v[t * 70 + t * 11 % 70] = t % 2 ? -NAN : INFINITY;
    }
    for (int i = 0; i < 70; i++) {
        v[39 * 70 + i] = i % 2 ? -INFINITY : NAN;
        v[38 * 70 + i] = -INFINITY;
    }
    *(int32_t *)buffers[1]->t.data = 40;
    run_once(model, "REFDEV", NULL, 2, buffers, &want);
    run_once(model, "CPU", NULL, 2, buffers, &have);
    assert_close(&want, &have);
    outputs_free(&want);
    outputs_free(&have);
    drop_inputs(2, buffers);
    vt_model_unref(model);
}

static void test_ctc_errors(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[3] = {net_param_as(g, "f32", "2,5,4"), net_param_as(g, "i32", "2"),
                            net_param_as(g, "i64", "1")};
    struct session s;

    (void)state;
    net_result(g, net_op(g, "CTCGreedyDecoderSeqLen", 6, 3, in, ""));
    session_open(&s, g);
    memcpy(s.in[1]->t.data, (int32_t[]){5, 6}, 8);
    *(int64_t *)s.in[2]->t.data = 3;
    assert_fails(vt_request_infer(s.request, ERR), VT_E_RANGE, "sequence_length[1] is 6");
    memcpy(s.in[1]->t.data, (int32_t[]){5, 0}, 8);
    *(int64_t *)s.in[2]->t.data = 4;
    assert_fails(vt_request_infer(s.request, ERR), VT_E_RANGE, "blank_index is 4");
    *(int64_t *)s.in[2]->t.data = 0;
    assert_ok(vt_request_infer(s.request, ERR));
    session_close(&s);
}

/* Some axes that are neighbours, counted from either end; returns how many. */
static int random_neighbours(int rank, int64_t *axes)
{
    int first = (int)random_in(0, rank - 1), n = (int)random_in(1, rank - first);

    for (int i = 0; i < n; i++) {
        axes[i] = first + i - (random_chance(30) ? rank : 0);
    }
    return n;
}

static void test_reduce_logical(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], axes[4];
        int rank, n;
        struct vt_port x, y;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        for (int i = 0; i < rank; i++) {
            dims[i] = random_in(1, seed % 5 ? 9 : 150 >> 2 * rank);
            dims[i] = dims[i] < 1 ? 1 : dims[i];
        }
        n = random_neighbours(rank, axes);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        /* Some lines have one value alone. */
        x = net_param_of(g, "f32", rank, dims);
        y = net_binary(g, seed % 3 ? "Less" : "GreaterEqual", 1, x, net_f32(g, seed % 3 ? 0.9f : -0.9f), "");
        net_result(g, net_binary(g, seed % 2 ? "ReduceLogicalAnd" : "ReduceLogicalOr", 1, y,
                                 net_i64s(g, n, axes), seed % 4 < 2 ? "keep_dims=true" : "keep_dims=false"));
        y = net_binary(g, "Less", 1, x, net_f32(g, -0.9f), "");
        net_result(g, net_binary(g, "ReduceLogicalOr", 1, y, net_i64s(g, n, axes), ""));
        y = net_binary(g, "Less", 1, x, net_f32(g, 0.95f), "");
        net_result(g, net_binary(g, "ReduceLogicalAnd", 1, y, net_i64s(g, n, axes), ""));
        check_graph(g, "ReduceLogical", seed % 3 ? 0 : 4);
    }
}

static void test_reduce_whole(void **state)
{
    static const char *const ops[] = {"ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"};
    static const char *const types[] = {"i32", "i64", "u8", "i8"};

    (void)state;
    for (int seed = 1; seed <= 64; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], axes[4];
        int rank, n;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        for (int i = 0; i < rank; i++) {
            dims[i] = random_in(1, rank < 3 ? 70 : 9);
        }
        n = random_neighbours(rank, axes);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        net_result(g, net_binary(g, ops[seed % 4], 1, net_param_of(g, types[seed / 4 % 4], rank, dims),
                                 net_i64s(g, n, axes), seed % 3 ? "keep_dims=true" : "keep_dims=false"));
        check_graph(g, "Reduce", seed % 5 ? 0 : 4);
    }
}

/* Lines of thousands, in which only the last element decides. */
static void test_reduce_logical_long(void **state)
{
    static const char *const shapes[] = {"3,9000", "9000,3", "2,1500,130"};

    (void)state;
    for (int i = 0; i < 12; i++) {
        struct vt_graph *g = net_create();
        struct vt_port x = net_param_as(g, "boolean", shapes[i % 3]);
        struct vt_buffer *in;
        struct outputs want, have;
        struct vt_model *model;
        bool all = i % 2;

        snprintf(test_case, sizeof(test_case), "case %d", i);
        net_result(g, net_binary(g, all ? "ReduceLogicalAnd" : "ReduceLogicalOr", 1, x,
                                 net_i64s(g, 1, (int64_t[]){i % 3 != 1}), ""));
        model = net_finish(g);
        random_inputs(model, &in);
        memset(in->t.data, all, in->t.bytes);
        if (i >= 6) {
            ((uint8_t *)in->t.data)[in->t.bytes - 1] = !all;
        }
        run_once(model, "REFDEV", NULL, 1, &in, &want);
        run_once(model, "CPU", NULL, 1, &in, &have);
        assert_close(&want, &have);
        assert_int_equal(((uint8_t *)have.t[0].data)[have.t[0].bytes - 1], i >= 6 ? !all : all);
        outputs_free(&want);
        outputs_free(&have);
        drop_inputs(1, &in);
        vt_model_unref(model);
    }
}

static void test_grouped_matmul(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t groups, rows, dims[3], ends[8];
        struct vt_port in[3];
        bool ragged = seed % 3 != 0;

        random_seed((uint64_t)seed);
        groups = random_in(1, 8);
        rows = random_in(0, seed % 5 ? 9 : 70);
        dims[0] = groups;
        dims[1] = random_in(1, 40);
        dims[2] = random_in(1, 40);
        in[1] = seed % 2 ? net_param(g, 3, dims) : net_random(g, VT_F32, 3, dims, false);
        /* Some groups have no rows, and some rows no group. */
        for (int i = 0; i < groups; i++) {
            ends[i] = (i ? ends[i - 1] : 0) + (random_chance(30) ? 0 : random_in(0, rows));
        }
        in[0] = ragged ? net_param(g, 2, (int64_t[]){ends[groups - 1] + random_in(0, 3), dims[2]})
                       : net_param(g, 3, (int64_t[]){groups, rows, dims[2]});
        in[2] = net_i64s(g, (int)groups, ends);
        if (ragged && seed % 4 < 2) {
            in[2] = net_unary(g, "Convert", 1, in[2], "destination_type=i32");
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        net_result(g, net_op(g, "GroupedMatMul", 17, ragged ? 3 : 2, in, ""));
        check_graph(g, "GroupedMatMul", seed % 4 ? 0 : 4);
    }
}

static void test_over_channels(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5];
        struct vt_port x;
        int rank;

        random_seed((uint64_t)seed);
        rank = seed % 2 ? 4 : (int)random_in(2, 5);
        dims[0] = random_in(1, 2);
        dims[1] = random_in(1, 90);
        for (int i = 2; i < rank; i++) {
            dims[i] = random_in(1, 9);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = net_param_of(g, "f32", rank, dims);
        x = rank == 4 && random_chance(50) ? net_conv(g, x, dims[1], 1) : x;
        if (seed % 3 == 1) {
            x = net_unary(g, "GRN", 1, x, "bias=0.25");
        } else if (seed % 3 == 2) {
            x = net_binary(g, "MVN", 6, x, net_i64s(g, 1, (int64_t[]){random_chance(50) ? 1 : 1 - rank}),
                           seed % 4 == 0   ? "eps=0.5;eps_mode=inside_sqrt;normalize_variance=false"
                           : seed % 4 == 1 ? "eps=0.5;eps_mode=outside_sqrt;normalize_variance=true"
                                           : "eps=0.5;eps_mode=inside_sqrt;normalize_variance=true");
        } else {
            x = net_binary(g, "NormalizeL2", 1, x, net_i64s(g, 1, (int64_t[]){1}),
                           seed % 2 ? "eps=0.5;eps_mode=max" : "eps=0.5;eps_mode=add");
        }
        net_result(g, rank == 4 && random_chance(50) ? net_conv(g, x, 5, 1) : x);
        check_graph(g, ((const char *[]){"NormalizeL2", "GRN", "MVN"})[seed % 3], seed % 3 ? 0 : 4);
    }
}

/* Any axes that are neighbours; what comes in may be overwritten. */
static void test_over_neighbours(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], axes[5];
        int rank, n;
        struct vt_port x;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 5);
        for (int i = 0; i < rank; i++) {
            dims[i] = random_in(1, rank < 3 ? 90 : 9);
        }
        n = random_neighbours(rank, axes);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = net_param(g, rank, dims);
        x = random_chance(50) ? net_unary(g, "Sin", 1, x, "") : x;
        x = seed % 2 ? net_binary(g, "MVN", 6, x, net_i64s(g, n, axes),
                                  seed % 3 ? "eps=0.5;eps_mode=inside_sqrt;normalize_variance=true"
                                           : "eps=0.5;eps_mode=outside_sqrt;normalize_variance=true")
                     : net_binary(g, "NormalizeL2", 1, x, net_i64s(g, n, axes),
                                  seed % 3 ? "eps=0.5;eps_mode=max" : "eps=0.5;eps_mode=add");
        net_result(g, x);
        check_graph(g, seed % 2 ? "MVN" : "NormalizeL2", seed % 3 ? 0 : 4);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region_yolo),
        cmocka_unit_test(test_reorg_yolo),
        cmocka_unit_test(test_ctc),
        cmocka_unit_test(test_ctc_lengths),
        cmocka_unit_test(test_ctc_nan),
        cmocka_unit_test(test_ctc_errors),
        cmocka_unit_test(test_reduce_logical),
        cmocka_unit_test(test_reduce_logical_long),
        cmocka_unit_test(test_reduce_whole),
        cmocka_unit_test(test_grouped_matmul),
        cmocka_unit_test(test_over_channels),
        cmocka_unit_test(test_over_neighbours),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
