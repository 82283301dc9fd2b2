/* What joins rows and elements: bags of embeddings, scattering with a reduction, maxima of segments. The
 * order of additions is defined, so results are those of the references to the last bit. */
#include "cpu_test.h"

#define SEEDS 60

static const char *const floats[] = {"f32", "f16", "bf16", "f64"};
static const char *const all[] = {"f32", "i32", "f16", "u8",      "i64", "bf16",
                                  "f64", "i8",  "u16", "boolean", "u64"};

static struct vt_port param_of(struct vt_graph *g, const char *type, int rank, const int64_t *dims)
{
    char text[256];

    return net_param_as(g, type, dims_text(text, sizeof(text), rank, dims));
}

static struct vt_port whole_numbers(struct vt_graph *g, bool wide, int rank, const int64_t *dims,
                                    const int64_t *values)
{
    struct vt_tensor t;
    struct vt_node *node;

    assert_true(vt_tensor_describe(&t, wide ? VT_I64 : VT_I32, rank, dims));
    t.data = malloc(t.bytes + 8);
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        if (wide) {
            ((int64_t *)t.data)[i] = values[i];
        } else {
            ((int32_t *)t.data)[i] = (int32_t)values[i];
        }
    }
    node = vt_constant_create(g, "numbers", &t, NULL, ERR);
    assert_non_null(node);
    free(t.data);
    return vt_port_of(node, 0);
}

static struct vt_port random_indices(struct vt_graph *g, int rank, const int64_t *dims, int64_t low,
                                     int64_t high)
{
    static int64_t values[1 << 16];
    int64_t n = 1;

    for (int i = 0; i < rank; i++) {
        n *= dims[i];
    }
    assert_true(n <= 1 << 16);
    for (int64_t i = 0; i < n; i++) {
        values[i] = random_in(low, high);
    }
    return whole_numbers(g, random_chance(50), rank, dims, values);
}

/* Some infinities and NaN among the numbers. */
static void spoil(struct vt_tensor *t)
{
    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        if (t->type == VT_F32 && random_chance(8)) {
            ((float *)t->data)[i] = random_chance(50) ? NAN : random_chance(50) ? INFINITY : -INFINITY;
        }
        if (t->type == VT_F32 && random_chance(5)) {
            ((float *)t->data)[i] = -0.0f;
        }
    }
}

/* All NaN alike: which of two goes through a sum is up to the compiler. */
static void one_nan(struct outputs *o)
{
    for (int i = 0; i < o->n; i++) {
        float *values = o->t[i].data;

        for (int64_t k = 0; o->t[i].type == VT_F32 && k < vt_tensor_count(&o->t[i]); k++) {
            values[k] = isnan(values[k]) ? NAN : values[k];
        }
    }
}

/* Against the reference, bit by bit, with one thread and with four. */
static void check_bits(struct vt_graph *g, const char *fast, bool spoiled)
{
    struct vt_model *model = net_finish(g);
    struct vt_buffer *in[MAX_PORTS];
    struct outputs want, have;
    int n = random_inputs(model, in);

    for (int i = 0; spoiled && i < n; i++) {
        spoil(&in[i]->t);
    }
    check_inputs(model, n, in, fast, 4);
    run_once(model, "REFDEV", NULL, n, in, &want);
    run_once(model, "CPU", "INFERENCE_NUM_THREADS=2", n, in, &have);
    one_nan(&want);
    one_nan(&have);
    assert_same_bits(&want, &have, "than the reference's");
    outputs_free(&want);
    outputs_free(&have);
    drop_inputs(n, in);
    vt_model_unref(model);
}

static void random_table(int *rank, int64_t *dims)
{
    *rank = (int)random_in(1, 3);
    dims[0] = random_in(1, 40);
    dims[1] = random_chance(20) ? random_in(200, 600) : random_in(1, 40);
    dims[2] = random_in(1, 5);
}

static void test_offsets(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = floats[seed % 4];
        int64_t dims[3], offsets[20], n, bags;
        struct vt_port in[5];
        int rank;
        bool weighted = seed % 3 == 0, mean = !weighted && seed % 2;

        random_seed((uint64_t)seed);
        random_table(&rank, dims);
        n = random_in(1, 300);
        bags = random_in(1, 20);
        offsets[0] = random_chance(80) ? 0 : random_in(0, n);
        for (int64_t i = 1; i < bags; i++) {
            offsets[i] = random_in(offsets[i - 1], offsets[i - 1] + (n - offsets[i - 1]) / 2);
        }
        snprintf(test_case, sizeof(test_case), "offsets, seed %d", seed);
        in[0] = param_of(g, type, rank, dims);
        in[1] = random_indices(g, 1, &n, 0, dims[0] - 1);
        in[2] = whole_numbers(g, random_chance(50), 1, &bags, offsets);
        in[3] = net_i64(g, random_in(-1, dims[0] - 1));
        in[4] = param_of(g, type, 1, &n);
        if (seed % 5 == 4) {
            net_result(g, net_op(g, "EmbeddingBagOffsetsSum", 3, weighted ? 5 : 3, in, ""));
        } else {
            net_result(g, net_op(g, "EmbeddingBagOffsets", 15, weighted ? 5 : 4, in,
                                 mean ? "reduction=mean" : "reduction=sum"));
        }
        check_bits(g, "Embedding", seed % 8 == 0);
    }
}

static void test_packed(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = floats[seed % 4];
        int64_t dims[3], shape[2] = {random_in(1, 9), random_in(1, 90)};
        struct vt_port in[3];
        int rank;
        bool weighted = seed % 3 == 0, mean = !weighted && seed % 2;

        random_seed((uint64_t)seed);
        random_table(&rank, dims);
        snprintf(test_case, sizeof(test_case), "packed, seed %d", seed);
        in[0] = param_of(g, type, rank, dims);
        in[1] = random_indices(g, 2, shape, 0, dims[0] - 1);
        in[2] = param_of(g, type, 2, shape);
        if (seed % 5 == 4) {
            net_result(g, net_op(g, "EmbeddingBagPackedSum", 3, weighted ? 3 : 2, in, ""));
        } else {
            net_result(g, net_op(g, "EmbeddingBagPacked", 15, weighted ? 3 : 2, in,
                                 mean ? "reduction=mean" : "reduction=sum"));
        }
        check_bits(g, "Embedding", seed % 8 == 0);
    }
}

static void test_segments(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[3], ids[300], n, bags, at = 0;
        struct vt_port in[6], max[3];
        int rank;
        bool weighted = seed % 3 == 0;

        random_seed((uint64_t)seed);
        random_table(&rank, dims);
        n = random_in(1, 300);
        bags = random_in(1, 20);
        for (int64_t i = 0; i < n; i++) {
            at += random_chance(20) ? random_in(0, 3) : 0;
            ids[i] = at; /* those of the last segments may be left out */
        }
        snprintf(test_case, sizeof(test_case), "segments, seed %d", seed);
        in[0] = param_of(g, floats[seed % 4], rank, dims);
        in[1] = random_indices(g, 1, &n, 0, dims[0] - 1);
        in[2] = whole_numbers(g, random_chance(50), 1, &n, ids);
        in[3] = net_i64(g, bags);
        in[4] = net_i64(g, random_in(-1, dims[0] - 1));
        in[5] = param_of(g, floats[seed % 4], 1, &n);
        net_result(g, net_op(g, "EmbeddingSegmentsSum", 3, weighted ? 6 : 5 - seed % 2, in, ""));
        dims[0] = n;
        max[0] = param_of(g, strcmp(all[seed % 11], "boolean") == 0 ? "i16" : all[seed % 11], rank, dims);
        max[1] = in[2];
        max[2] = in[3];
        /* Halves are computed in f32, whose lowest number is no half. */
        net_result(g,
                   net_op(g, "SegmentMax", 16, seed % 4 ? 3 : 2, max,
                          seed % 2 || strstr(all[seed % 11], "f16") ? "fill_mode=ZERO" : "fill_mode=LOWEST"));
        check_bits(g, "Segment", seed % 8 == 0);
    }
}

static void test_elements(void **state)
{
    static const char *const kinds[] = {"sum", "prod", "min", "max", "mean"};

    (void)state;
    for (int seed = 1; seed <= 3 * SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = all[seed % 11];
        int64_t dims[4], shape[4];
        struct vt_port x, in[4];
        int rank, axis;
        char attrs[96];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        axis = (int)random_in(0, rank - 1);
        for (int i = 0; i < rank; i++) {
            dims[i] = rank < 3 && random_chance(30) ? random_in(64, 300 / rank) : random_in(1, 6);
            shape[i] = random_in((dims[i] + 1) / 2, dims[i]);
        }
        shape[axis] = random_in(1, rank < 3 ? 90 : 9);
        snprintf(test_case, sizeof(test_case), "elements of %s, seed %d", type, seed);
        snprintf(attrs, sizeof(attrs), "reduction=%s;use_init_val=%s", kinds[seed % 5],
                 seed % 2 ? "true" : "false");
        x = param_of(g, type, rank, dims);
        in[0] = strcmp(type, "f32") == 0 && random_chance(50) ? net_unary(g, "Relu", 1, x, "") : x;
        in[1] = random_indices(g, rank, shape, -dims[axis], dims[axis] - 1);
        in[2] = param_of(g, type, rank, shape);
        in[3] = net_i64(g, random_chance(50) ? axis : axis - rank);
        net_result(g, net_op(g, "ScatterElementsUpdate", 12, 4, in, attrs));
        check_bits(g, "Scatter", seed % 4 == 0);
    }
}

/* Indices that are the same along rows, as expanded ones are: rows are joined as vectors. */
static void test_expanded(void **state)
{
    static int64_t index[40 * 70];

    (void)state;
    for (int seed = 1; seed <= 8; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[2] = {9, 70}, shape[2] = {40, 70};
        struct vt_port in[4] = {param_of(g, "f32", 2, dims)};

        random_seed((uint64_t)seed);
        for (int i = 0; i < 40; i++) {
            int64_t at = random_in(-9, 8);

            for (int k = 0; k < 70; k++) {
                index[i * 70 + k] = at;
            }
        }
        snprintf(test_case, sizeof(test_case), "expanded, seed %d", seed);
        in[1] = whole_numbers(g, seed % 2, 2, shape, index);
        in[2] = param_of(g, "f32", 2, shape);
        in[3] = net_i64(g, 0);
        net_result(
            g, net_op(g, "ScatterElementsUpdate", 12, 4, in,
                      seed % 2 ? "reduction=sum;use_init_val=true" : "reduction=mean;use_init_val=false"));
        check_bits(g, "Scatter", seed > 6);
    }
}

static void test_nd(void **state)
{
    static const char *const kinds[] = {"sum", "sub", "prod", "min", "max"};

    (void)state;
    for (int seed = 1; seed <= 3 * SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *type = all[seed % 11];
        int64_t dims[4], shape[4], updates[7], least = 1 << 20;
        struct vt_port x, in[3];
        int rank, depth, n;
        char attrs[64];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        depth = (int)random_in(1, rank);
        for (int i = 0; i < rank; i++) {
            dims[i] = i == rank - 1 && random_chance(30) ? random_in(200, 400) : random_in(1, 6);
            least = i < depth && dims[i] < least ? dims[i] : least;
        }
        n = (int)random_in(0, 2);
        for (int i = 0; i < n; i++) {
            shape[i] = random_in(1, 12);
        }
        memcpy(updates, shape, (size_t)n * sizeof(*shape));
        memcpy(updates + n, dims + depth, (size_t)(rank - depth) * sizeof(*dims));
        shape[n] = depth;
        snprintf(test_case, sizeof(test_case), "rows of %s, seed %d", type, seed);
        snprintf(attrs, sizeof(attrs), "reduction=%s", kinds[seed % 5]);
        x = param_of(g, type, rank, dims);
        in[0] = strcmp(type, "f32") == 0 && random_chance(50) ? net_unary(g, "Abs", 1, x, "") : x;
        in[1] = random_indices(g, n + 1, shape, -least, least - 1);
        in[2] = param_of(g, type, n + rank - depth, updates);
        net_result(g, net_op(g, "ScatterNDUpdate", 15, 3, in, attrs));
        check_bits(g, "Scatter", seed % 4 == 0);
    }
}

/* Enough work for several threads. */
static void test_large(void **state)
{
    struct vt_graph *g = net_create();
    int64_t table[2] = {500, 300}, n = 20000, shape[2] = {20000, 1}, updates[2] = {20000, 33},
            dims[2] = {700, 33};
    struct vt_port in[4];

    (void)state;
    random_seed(7);
    snprintf(test_case, sizeof(test_case), "large");
    in[0] = param_of(g, "f32", 2, table);
    in[1] = random_indices(g, 1, &n, 0, 499);
    in[2] = whole_numbers(g, true, 1, (int64_t[]){3}, (int64_t[]){0, 7000, 15000});
    net_result(g, net_op(g, "EmbeddingBagOffsetsSum", 3, 3, in, ""));
    in[0] = param_of(g, "f32", 2, dims);
    in[1] = random_indices(g, 2, shape, -700, 699);
    in[2] = param_of(g, "f32", 2, updates);
    net_result(g, net_op(g, "ScatterNDUpdate", 15, 3, in, "reduction=sum"));
    check_bits(g, "", false);
}

static void expect_failure(struct vt_graph *g, const char *part, int code)
{
    struct vt_model *model = net_finish(g);
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2");
    struct vt_request *r = request_of(compiled);
    struct vt_buffer *in[MAX_PORTS];
    int n = random_inputs(model, in);

    bind_inputs(r, n, in);
    assert_fails(vt_request_infer(r, ERR), code, part);
    vt_request_destroy(r);
    drop_inputs(n, in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_failures(void **state)
{
    static const int64_t five = 5, two = 2;
    struct vt_graph *g = net_create();
    struct vt_port table = net_param_as(g, "f32", "4,3");
    struct vt_port bad = whole_numbers(g, true, 1, &five, (int64_t[]){0, 1, 4, 2, 3});
    struct vt_port good = whole_numbers(g, true, 1, &five, (int64_t[]){0, 1, 3, 2, 3});
    struct vt_port cut = whole_numbers(g, false, 1, &two, (int64_t[]){3, 1});

    (void)state;
    snprintf(test_case, sizeof(test_case), "failures");
    net_result(g, net_op(g, "EmbeddingBagOffsetsSum", 3, 3,
                         (struct vt_port[]){table, bad, whole_numbers(g, false, 1, &two, (int64_t[]){0, 2})},
                         ""));
    expect_failure(g, "index 4", VT_E_RANGE);
    g = net_create();
    table = net_param_as(g, "f32", "4,3");
    good = whole_numbers(g, true, 1, &five, (int64_t[]){0, 1, 3, 2, 3});
    cut = whole_numbers(g, false, 1, &two, (int64_t[]){3, 1});
    net_result(g, net_op(g, "EmbeddingBagOffsetsSum", 3, 3, (struct vt_port[]){table, good, cut}, ""));
    expect_failure(g, "of bag 0", VT_E_RANGE);
    g = net_create();
    table = net_param_as(g, "f32", "4,3");
    good = whole_numbers(g, true, 1, &five, (int64_t[]){0, 1, 3, 2, 3});
    bad = whole_numbers(g, true, 1, &five, (int64_t[]){0, 1, 0, 2, 3});
    net_result(
        g, net_op(g, "EmbeddingSegmentsSum", 3, 4, (struct vt_port[]){table, good, bad, net_i64(g, 4)}, ""));
    expect_failure(g, "must rise", VT_E_INVALID);
    g = net_create();
    table = net_param_as(g, "f32", "5,3");
    bad = whole_numbers(g, true, 1, &five, (int64_t[]){0, 1, 0, 2, 3});
    net_result(
        g, net_op(g, "SegmentMax", 16, 3, (struct vt_port[]){table, bad, net_i64(g, 4)}, "fill_mode=ZERO"));
    expect_failure(g, "segment_ids[2]", VT_E_INVALID);
    g = net_create();
    table = net_param_as(g, "f32", "4,3");
    bad = whole_numbers(g, true, 2, (int64_t[]){2, 1}, (int64_t[]){0, -5});
    net_result(g, net_op(g, "ScatterNDUpdate", 15, 3,
                         (struct vt_port[]){table, bad, net_param_as(g, "f32", "2,3")}, "reduction=sum"));
    expect_failure(g, "index -5", VT_E_RANGE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets),  cmocka_unit_test(test_packed),   cmocka_unit_test(test_segments),
        cmocka_unit_test(test_elements), cmocka_unit_test(test_expanded), cmocka_unit_test(test_nd),
        cmocka_unit_test(test_large),    cmocka_unit_test(test_failures),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
