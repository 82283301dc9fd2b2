/* What rearranges, finds by indices, scans and selects, over random shapes, against references. */
#include "cpu_test.h"

static const char *const types[] = {"f32", "i32", "i64", "u8", "f16"};

#define SEEDS 40

static void random_dims(int rank, int64_t *dims, int64_t most)
{
    for (int i = 0; i < rank; i++) {
        dims[i] = random_in(1, most);
    }
}

static struct vt_port typed_param(struct vt_graph *g, const char *type, int rank, const int64_t *dims)
{
    char text[256];

    return net_param_as(g, type, dims_text(text, sizeof(text), rank, dims));
}

/* A convolution in front leaves the tensor channels last. */
static struct vt_port source(struct vt_graph *g, const char *type, int rank, const int64_t *dims)
{
    struct vt_port x = typed_param(g, type, rank, dims);

    return rank == 4 && strcmp(type, "f32") == 0 && random_chance(50) ? net_conv(g, x, dims[1], 1) : x;
}

/* A Constant of i32 or i64 indices in -n..n-1. */
static struct vt_port indices(struct vt_graph *g, int rank, const int64_t *dims, int64_t n)
{
    struct vt_tensor t;
    struct vt_node *node;
    bool wide = random_chance(50);

    assert_true(vt_tensor_describe(&t, wide ? VT_I64 : VT_I32, rank, dims));
    t.data = malloc(t.bytes + 8);
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        int64_t v = random_in(-n, n - 1);

        if (wide) {
            ((int64_t *)t.data)[i] = v;
        } else {
            ((int32_t *)t.data)[i] = (int32_t)v;
        }
    }
    node = vt_constant_create(g, "indices", &t, NULL, ERR);
    assert_non_null(node);
    free(t.data);
    return vt_port_of(node, 0);
}

static void test_spaces(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 5];
        int64_t dims[5], deep[5], block, channels = 1;
        int rank;
        char attrs[64];

        random_seed((uint64_t)seed);
        rank = (int)random_in(3, 5);
        block = random_in(1, 3);
        random_dims(rank, dims, 4);
        memcpy(deep, dims, sizeof(deep));
        for (int i = 2; i < rank; i++) {
            channels *= block;
            dims[i] *= block;
        }
        deep[1] *= channels;
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "block_size=%d;mode=%s", (int)block,
                 seed % 2 ? "blocks_first" : "depth_first");
        net_result(g, net_unary(g, "DepthToSpace", 1, source(g, type, rank, deep), attrs));
        net_result(g, net_unary(g, "SpaceToDepth", 1, source(g, type, rank, dims), attrs));
        check_graph(g, "To", seed % 3 ? 0 : 4);
    }
}

static void test_rearrange(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 5];
        int64_t dims[5], axes[5], shift[5], group = random_in(1, 3);
        struct vt_port x;
        int rank, n;
        char attrs[64];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 5);
        random_dims(rank, dims, 5);
        n = (int)random_in(1, rank);
        for (int i = 0; i < n; i++) {
            axes[i] = random_in(-rank, rank - 1);
            shift[i] = random_in(-9, 9);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = source(g, type, rank, dims);
        net_result(g, net_op(g, "Roll", 7, 3,
                             (struct vt_port[]){x, net_i64s(g, n, shift), net_i64s(g, n, axes)}, ""));
        axes[0] = random_in(-rank, rank - 1);
        net_result(g, net_binary(g, "Reverse", 1, x, net_i64s(g, 1, axes), "mode=index"));
        dims[rank - 1] *= group;
        snprintf(attrs, sizeof(attrs), "axis=%d;group=%d", rank - 1, (int)group);
        net_result(g, net_unary(g, "ShuffleChannels", 1, source(g, type, rank, dims), attrs));
        check_graph(g, "R", seed % 3 ? 0 : 4);
    }
}

static void test_batches(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 5];
        int64_t small[4], large[4], block[4] = {1}, begin[4] = {0}, end[4] = {0}, whole[4];
        struct vt_port in[4];
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(2, 4);
        random_dims(rank, large, 4);
        memcpy(whole, large, sizeof(whole));
        for (int i = 1; i < rank; i++) {
            block[i] = random_in(1, 3);
            whole[i] = large[i] * block[i];
            large[0] *= block[i];
            begin[i] = random_in(0, whole[i] / 2);
            end[i] = random_in(0, whole[i] - begin[i] - (begin[i] < whole[i]));
        }
        small[0] = whole[0];
        for (int i = 1; i < rank; i++) {
            small[i] = whole[i] - begin[i] - end[i];
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        in[1] = net_i64s(g, rank, block);
        in[2] = net_i64s(g, rank, begin);
        in[3] = net_i64s(g, rank, end);
        in[0] = typed_param(g, type, rank, large);
        net_result(g, net_op(g, "BatchToSpace", 2, 4, in, ""));
        in[0] = typed_param(g, type, rank, small);
        net_result(g, net_op(g, "SpaceToBatch", 2, 4, in, ""));
        check_graph(g, "Batch", seed % 3 ? 0 : 4);
    }
}

static void test_gathers(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 2 * SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 5];
        int64_t dims[4], shape[6], least = 100;
        struct vt_port x;
        int rank, axis, batch, depth, extra;
        char attrs[64];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        axis = (int)random_in(0, rank - 1);
        random_dims(rank, dims, 7);
        for (int i = 0; i < rank; i++) {
            shape[i] = i == axis ? random_in(1, 9) : dims[i];
            least = dims[i] < least ? dims[i] : least;
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = source(g, type, rank, dims);
        snprintf(attrs, sizeof(attrs), "axis=%d", random_chance(50) ? axis : axis - rank);
        net_result(g, net_binary(g, "GatherElements", 6, x, indices(g, rank, shape, dims[axis]), attrs));
        batch = (int)random_in(0, rank - 1);
        depth = (int)random_in(1, rank - batch);
        extra = (int)random_in(0, 2);
        memcpy(shape, dims, sizeof(dims));
        for (int i = 0; i < extra; i++) {
            shape[batch + i] = random_in(1, 4);
        }
        shape[batch + extra] = depth;
        snprintf(attrs, sizeof(attrs), "batch_dims=%d", batch);
        net_result(g, net_binary(g, "GatherND", 8, x, indices(g, batch + extra + 1, shape, least), attrs));
        check_graph(g, "Gather", seed % 3 ? 0 : 4);
    }
}

static void test_batched_gather(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], shape[6];
        int rank, axis, batch, extra;
        char attrs[32];

        random_seed((uint64_t)seed);
        rank = (int)random_in(2, 4);
        random_dims(rank, dims, 6);
        batch = (int)random_in(0, rank - 1);
        axis = (int)random_in(batch, rank - 1);
        extra = (int)random_in(0, 2);
        memcpy(shape, dims, sizeof(dims));
        for (int i = 0; i < extra; i++) {
            shape[batch + i] = random_in(1, 4);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "batch_dims=%d", batch);
        net_result(g,
                   net_op(g, "Gather", 8, 3,
                          (struct vt_port[]){source(g, types[seed % 5], rank, dims),
                                             indices(g, batch + extra, shape, dims[axis]), net_i64(g, axis)},
                          attrs));
        check_graph(g, "Gather", seed % 3 ? 0 : 4);
    }
}

static void test_scatters(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 2 * SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 5];
        int64_t dims[4], shape[6], updates[6], least = 100;
        struct vt_port x, in[4];
        int rank, axis, depth, extra, n;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        axis = (int)random_in(0, rank - 1);
        random_dims(rank, dims, 6);
        for (int i = 0; i < rank; i++) {
            shape[i] = random_in(1, dims[i]);
            least = dims[i] < least ? dims[i] : least;
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = typed_param(g, type, rank, dims);
        /* Of an intermediate that dies, or of the input, which must stay. */
        in[0] = strcmp(type, "f32") == 0 && random_chance(50) ? net_unary(g, "Relu", 1, x, "") : x;
        in[1] = indices(g, rank, shape, dims[axis]);
        in[2] = typed_param(g, type, rank, shape);
        in[3] = net_i64(g, random_chance(50) ? axis : axis - rank);
        net_result(g, net_op(g, "ScatterElementsUpdate", 3, 4, in, ""));
        /* Along an axis. */
        extra = (int)random_in(0, 2);
        random_dims(extra, shape, 3);
        memcpy(updates, dims, sizeof(dims));
        memcpy(updates + axis, shape, (size_t)extra * sizeof(*shape));
        memcpy(updates + axis + extra, dims + axis + 1, (size_t)(rank - axis - 1) * sizeof(*dims));
        in[0] = strcmp(type, "f32") == 0 && random_chance(50) ? net_unary(g, "Tanh", 1, x, "") : x;
        in[1] = indices(g, extra, shape, dims[axis]);
        in[2] = typed_param(g, type, rank - 1 + extra, updates);
        net_result(g, net_op(g, "ScatterUpdate", 3, 4, in, ""));
        /* Places in all of the first axes. */
        depth = (int)random_in(1, rank);
        n = (int)random_in(0, 2);
        random_dims(n, shape, 3);
        memcpy(updates, shape, (size_t)n * sizeof(*shape));
        memcpy(updates + n, dims + depth, (size_t)(rank - depth) * sizeof(*dims));
        shape[n] = depth;
        in[0] = strcmp(type, "f32") == 0 && random_chance(50) ? net_unary(g, "Abs", 1, x, "") : x;
        in[1] = indices(g, n + 1, shape, least);
        in[2] = typed_param(g, type, n + rank - depth, updates);
        net_result(g, net_op(g, "ScatterNDUpdate", 4, 3, in, ""));
        check_graph(g, "Scatter", seed % 3 ? 0 : 4);
    }
}

/* An index outside of the tensor is an error. */
static void test_scatter_errors(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", "3,4"), at = net_param_as(g, "i64", "2,4");
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *in[2];

    (void)state;
    snprintf(test_case, sizeof(test_case), "outside");
    net_result(g, net_op(g, "ScatterElementsUpdate", 3, 4,
                         (struct vt_port[]){x, at, net_random(g, VT_F32, 2, (int64_t[]){2, 4}, false),
                                            net_i64(g, 0)},
                         ""));
    net_result(g, net_binary(g, "GatherElements", 6, x, at, "axis=0"));
    model = net_finish(g);
    random_inputs(model, in);
    compiled = compile_for(model, "CPU", NULL);
    r = request_of(compiled);
    memset(in[1]->t.data, 0, in[1]->t.bytes);
    bind_inputs(r, 2, in);
    assert_ok(vt_request_infer(r, ERR));
    ((int64_t *)in[1]->t.data)[5] = 3;
    assert_fails(vt_request_infer(r, ERR), VT_E_RANGE, "index 3");
    ((int64_t *)in[1]->t.data)[5] = -4;
    assert_fails(vt_request_infer(r, ERR), VT_E_RANGE, "index -4");
    vt_request_destroy(r);
    drop_inputs(2, in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_scans(void **state)
{
    static const char *const summed[] = {"f32", "i32", "i64"};

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 5];
        int64_t dims[4], lengths[1];
        struct vt_port x, hot[4];
        int rank, axis, batch, seq;
        char attrs[96];

        random_seed((uint64_t)seed);
        rank = (int)random_in(2, 4);
        axis = (int)random_in(0, rank - 1);
        random_dims(rank, dims, 8);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "exclusive=%s;reverse=%s", seed & 1 ? "true" : "false",
                 seed & 2 ? "true" : "false");
        net_result(g, net_binary(g, "CumSum", 3, typed_param(g, summed[seed % 3], rank, dims),
                                 net_i64(g, axis), attrs));
        batch = (int)random_in(0, rank - 1);
        seq = (batch + (int)random_in(1, rank - 1)) % rank;
        x = source(g, type, rank, dims);
        lengths[0] = dims[batch];
        snprintf(attrs, sizeof(attrs), "batch_axis=%d;seq_axis=%d", batch, seq);
        hot[1] = net_unary(g, "Abs", 1, indices(g, 1, lengths, dims[seq]), "");
        net_result(g, net_binary(g, "ReverseSequence", 1, x, hot[1], attrs));
        hot[0] = typed_param(g, seed % 2 ? "i32" : "i64", rank - 1, dims);
        hot[1] = net_i64(g, random_in(1, 6));
        hot[2] = typed_param(g, type, 0, NULL);
        hot[3] = typed_param(g, type, 0, NULL);
        snprintf(attrs, sizeof(attrs), "axis=%d", axis);
        net_result(g, net_op(g, "OneHot", 1, 4, hot, attrs));
        check_graph(g, seed % 2 ? "Sum" : "e", seed % 3 ? 0 : 4);
    }
}

static void test_top_k(void **state)
{
    static const char *const sorts[] = {"value", "index", "none"};
    static const char *const kinds[] = {"f32", "i32", "u8", "i8"};

    (void)state;
    for (int seed = 1; seed <= 2 * SEEDS; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[3];
        struct vt_port y;
        int rank, axis;
        char attrs[128];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 3);
        axis = (int)random_in(0, rank - 1);
        random_dims(rank, dims, 6);
        dims[axis] = random_in(1, 300);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "axis=%d;mode=%s;sort=%s;index_element_type=%s", axis,
                 seed % 2 ? "max" : "min", sorts[seed % 3], seed % 5 ? "i32" : "i64");
        y = net_binary(g, "TopK", 3, typed_param(g, kinds[seed % 4], rank, dims),
                       net_i64(g, random_in(1, dims[axis])), attrs);
        net_result(g, net_out(y, 0));
        net_result(g, net_out(y, 1));
        check_graph(g, "TopK", seed % 3 ? 0 : 4);
    }
}

/* NaN is last in both directions, and zeros of both signs keep their order. */
static void test_top_k_order(void **state)
{
    static const float values[] = {0.0f, NAN, -0.0f, INFINITY, -1.0f, NAN, -INFINITY, 0.0f, 2.0f, 2.0f};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct vt_graph *g = net_create();
        struct vt_port y = net_binary(g, "TopK", 3, net_param_as(g, "f32", "10"), net_i64(g, 10),
                                      i ? "axis=0;mode=max;sort=value" : "axis=0;mode=min;sort=value");
        struct vt_model *model;
        struct vt_buffer *in = NULL;

        snprintf(test_case, sizeof(test_case), "order %d", i);
        net_result(g, net_out(y, 0));
        net_result(g, net_out(y, 1));
        model = net_finish(g);
        assert_ok(vt_buffer_create(VT_F32, 1, (int64_t[]){10}, &in, ERR));
        memcpy(in->t.data, values, sizeof(values));
        check_inputs(model, 1, &in, "TopK", 0);
        vt_buffer_unref(in);
        vt_model_unref(model);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spaces),         cmocka_unit_test(test_rearrange),
        cmocka_unit_test(test_batches),        cmocka_unit_test(test_gathers),
        cmocka_unit_test(test_batched_gather), cmocka_unit_test(test_scatters),
        cmocka_unit_test(test_scatter_errors), cmocka_unit_test(test_scans),
        cmocka_unit_test(test_top_k),          cmocka_unit_test(test_top_k_order),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
