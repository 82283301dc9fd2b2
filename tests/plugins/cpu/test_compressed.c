/* Weights of few bits: every type, by group and by column, with and without zero points, either way round,
 * for one row and many; they stay as small as they are. */
#include "cpu_test.h"

#include "element.h"

/* Random contents of any type whose values are finite, and exact in f16 after a product with a scale. */
static struct vt_port stored(struct vt_graph *g, enum vt_type type, int rank, const int64_t *dims)
{
    struct vt_tensor t;
    struct vt_node *node;
    char name[32];

    assert_true(vt_tensor_describe(&t, type, rank, dims));
    assert_ok(vt_tensor_alloc(&t, ERR));
    for (size_t i = 0; i < t.bytes; i++) {
        unsigned byte = random_bits() & 255;

        byte = type == VT_F8E4M3 || type == VT_F8E5M2 ? (byte & 0xbf) : byte;
        ((uint8_t *)t.data)[i] = (uint8_t)byte;
    }
    snprintf(name, sizeof(name), "stored%u", g->next_id);
    node = vt_constant_create(g, name, &t, NULL, ERR);
    vt_tensor_free(&t);
    assert_non_null(node);
    return vt_port_of(node, 0);
}

static struct vt_port scales(struct vt_graph *g, enum vt_type type, int rank, const int64_t *dims)
{
    struct vt_tensor t;
    struct vt_node *node;
    char name[32];

    assert_true(vt_tensor_describe(&t, type, rank, dims));
    assert_ok(vt_tensor_alloc(&t, ERR));
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        vt_set_f64(&t, i, ldexp(1.0, (int)random_in(-6, 0)));
    }
    snprintf(name, sizeof(name), "scale%u", g->next_id);
    node = vt_constant_create(g, name, &t, NULL, ERR);
    vt_tensor_free(&t);
    assert_non_null(node);
    return vt_port_of(node, 0);
}

static struct vt_port convert(struct vt_graph *g, struct vt_port x, const char *type)
{
    char attrs[64];

    snprintf(attrs, sizeof(attrs), "destination_type=%s", type);
    return net_unary(g, "Convert", 1, x, attrs);
}

struct weights {
    enum vt_type type, scale, zero; /* VT_DYNAMIC: none */
    int64_t n, k, group;            /* group k: by column */
    bool by_rows;                   /* [n, k] */
    bool one_zero;
};

/* The chain in f32 that ends in [n, k] or [k, n]. */
static struct vt_port chain(struct vt_graph *g, const struct weights *w)
{
    int64_t groups = w->k / w->group;
    int64_t rows[] = {w->n, groups, w->group}, rows_each[] = {w->n, groups, 1};
    int64_t cols[] = {groups, w->group, w->n}, cols_each[] = {groups, 1, w->n};
    bool flat = w->group == w->k;
    const int64_t *dims = w->by_rows ? rows : cols, *each = w->by_rows ? rows_each : cols_each;
    int64_t flat_dims[] = {w->by_rows ? w->n : w->k, w->by_rows ? w->k : w->n};
    int64_t flat_each[] = {w->by_rows ? w->n : 1, w->by_rows ? 1 : w->n}, one[] = {1, 1, 1};
    int rank = flat ? 2 : 3;
    struct vt_port y = convert(g, stored(g, w->type, rank, flat ? flat_dims : dims), "f32"), z;

    if (w->zero) {
        z = stored(g, w->zero, rank, w->one_zero ? one : flat ? flat_each : each);
        y = net_binary(g, "Subtract", 1, y, convert(g, z, "f32"), "");
    }
    if (w->scale) {
        z = scales(g, w->scale, rank, flat ? flat_each : each);
        y = net_binary(g, "Multiply", 1, y, w->scale == VT_F32 ? z : convert(g, z, "f32"), "");
    }
    return flat ? y : net_reshape(g, y, 2, flat_dims);
}

static void assert_kernel(struct vt_model *model, const char *op, const char *kernel)
{
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1;PERF_COUNT=YES");
    struct vt_request *r = request_of(compiled);
    struct vt_buffer *in[MAX_PORTS];
    const struct vt_profile *list;
    int n, count = random_inputs(model, in), found = 0;

    bind_inputs(r, count, in);
    assert_ok(vt_request_infer(r, ERR));
    assert_ok(vt_request_profile(r, &list, &n, ERR));
    for (int i = 0; i < n; i++) {
        if (strstr(list[i].node_type, op)) {
            found++;
            if (strncmp(list[i].exec_type, kernel, strlen(kernel)) != 0) {
                fail_msg("%s is run by %s [%s]", op, list[i].exec_type, test_case);
            }
        }
    }
    assert_true(found);
    drop_inputs(count, in);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

static const enum vt_type types[] = {VT_U4, VT_I4, VT_U8, VT_I8, VT_NF4, VT_F4E2M1, VT_F8E4M3, VT_F8E5M2};

static void random_weights(struct weights *w, int seed)
{
    static const enum vt_type scale_types[] = {VT_F16, VT_F32, VT_F16, VT_F8E8M0, VT_BF16, VT_DYNAMIC};
    static const int64_t groups[] = {1, 8, 16, 32, 5};

    *w = (struct weights){
        .type = types[seed % 8], .by_rows = random_chance(60), .one_zero = random_chance(20)};
    w->scale = scale_types[random_in(0, 5)];
    w->zero = random_chance(50)                 ? VT_DYNAMIC
              : random_chance(50)               ? VT_U4
              : vt_type_info(w->type)->is_float ? VT_U8
                                                : w->type;
    w->group = groups[random_in(0, 4)];
    w->k = w->group * random_in(1, 9);
    w->n = random_in(1, 70);
    if (random_chance(30)) {
        w->group = w->k;
    }
}

static void product_case(int seed)
{
    struct vt_graph *g = net_create();
    struct vt_model *model;
    struct weights w;
    struct vt_port x, y;
    struct vt_buffer *in[MAX_PORTS];
    int n;

    random_seed((uint64_t)seed);
    random_weights(&w, seed);
    x = net_param(g, 3, (int64_t[]){random_in(1, 2), random_in(1, seed % 3 ? 4 : 20), w.k});
    snprintf(test_case, sizeof(test_case), "seed %d, %s [%d,%d] in groups of %d, scale %s, zero %s, %s", seed,
             vt_type_info(w.type)->name, (int)w.n, (int)w.k, (int)w.group, vt_type_info(w.scale)->name,
             vt_type_info(w.zero)->name, w.by_rows ? "by rows" : "by columns");
    y = net_binary(g, "MatMul", 1, x, chain(g, &w), w.by_rows ? "transpose_b=true" : "");
    if (seed & 1) { /* bias, activation */
        y = net_binary(g, "Add", 1, y, net_random(g, VT_F32, 1, (int64_t[]){w.n}, false), "");
        y = net_unary(g, "Swish", 4, y, "");
    }
    if (seed & 2) { /* residual */
        y = net_binary(g, "Add", 1, y, net_param(g, 3, (int64_t[]){net_dim(y, 0), net_dim(y, 1), w.n}), "");
    }
    if (seed % 5 == 0) { /* scale by column, in front of the bias */
        y = net_binary(g, "Multiply", 1, y, net_random(g, VT_F32, 1, (int64_t[]){w.n}, false), "");
    }
    net_result(g, y);
    model = net_finish(g);
    n = random_inputs(model, in);
    check_inputs(model, n, in, "MatMul", 2);
    assert_kernel(model, "MatMul", "gemm_compressed");
    drop_inputs(n, in);
    vt_model_unref(model);
}

static void test_products(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 160; seed++) {
        product_case(seed);
    }
}

static void gather_case(int seed)
{
    struct vt_graph *g = net_create();
    struct vt_model *model;
    struct weights w;
    struct vt_port index, table;
    struct vt_buffer *in[MAX_PORTS];
    int n;

    random_seed((uint64_t)seed + 1000);
    random_weights(&w, seed);
    w.by_rows = true;
    w.n += 10; /* indices are below 10 */
    snprintf(test_case, sizeof(test_case), "table %d, %s in groups of %d, scale %s, zero %s", seed,
             vt_type_info(w.type)->name, (int)w.group, vt_type_info(w.scale)->name,
             vt_type_info(w.zero)->name);
    table = chain(g, &w);
    index = seed % 4 ? net_param_as(g, seed & 1 ? "i32" : "i64", "2,7")
                     : net_i64s(g, 4, (int64_t[]){0, -1, 9, w.n - 1});
    net_result(g, net_op(g, "Gather", 8, 3, (struct vt_port[]){table, index, net_i64(g, 0)}, ""));
    if (seed % 4 == 0) {
        net_param(g, 1, (int64_t[]){1}); /* a model has inputs */
    }
    if (seed % 3 == 0) { /* tied to a product */
        struct vt_port x = net_param(g, 2, (int64_t[]){seed % 2 ? 1 : 9, w.k});

        net_result(g, net_binary(g, "MatMul", 1, x, table, "transpose_b=true"));
    }
    model = net_finish(g);
    n = random_inputs(model, in);
    check_inputs(model, n, in, "Gather", 2);
    assert_kernel(model, "Gather", "gather_compressed");
    drop_inputs(n, in);
    vt_model_unref(model);
}

static void test_gather(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        gather_case(seed);
    }
}

/* What no kernel takes as it is: batches of weights, scales that lie across groups, other widths. */
static void test_in_full(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct vt_graph *g = net_create();
        struct vt_model *model;
        struct vt_buffer *in[MAX_PORTS];
        struct vt_port x, y;
        int n;

        random_seed((uint64_t)k + 7);
        snprintf(test_case, sizeof(test_case), "in full %d", k);
        x = net_param(g, 3, (int64_t[]){2, 3, 8});
        y = convert(g, stored(g, k == 3 ? VT_U2 : VT_U4, 3, (int64_t[]){2, 5, 8}), "f32");
        if (k == 1) {
            y = net_binary(g, "Multiply", 1, y, scales(g, VT_F32, 3, (int64_t[]){2, 1, 8}), "");
        } else if (k == 2) {
            y = net_binary(g, "Multiply", 1, convert(g, stored(g, VT_U4, 3, (int64_t[]){10, 2, 4}), "f32"),
                           scales(g, VT_F32, 3, (int64_t[]){10, 1, 4}), "");
            y = net_reshape(g, y, 2, (int64_t[]){10, 8});
        }
        net_result(g, net_binary(g, "MatMul", 1, x, y, "transpose_b=true"));
        model = net_finish(g);
        n = random_inputs(model, in);
        check_inputs(model, n, in, NULL, 2);
        drop_inputs(n, in);
        vt_model_unref(model);
    }
}

/* 4 bits and a scale for 32 of them: less than 5 bits each, for every row count. */
static void test_size(void **state)
{
    struct vt_graph *g = net_create();
    struct weights w = {VT_U4, VT_F16, VT_U4, 640, 512, 32, true, false};
    struct vt_memory_stats stats;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_model *model;

    (void)state;
    net_result(g,
               net_binary(g, "MatMul", 1, net_param_as(g, "f32", "?,512"), chain(g, &w), "transpose_b=true"));
    model = net_finish(g);
    compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2");
    r = request_of(compiled);
    for (int64_t rows = 1; rows < 40; rows += 13) {
        struct vt_buffer *in = NULL;

        assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){rows, 512}, &in, ERR));
        fill_tensor(&in->t);
        bind_inputs(r, 1, &in);
        assert_ok(vt_request_infer(r, ERR));
        vt_buffer_unref(in);
    }
    assert_ok(vt_compiled_memory(compiled, &stats, ERR));
    assert_true(stats.weights > 0);
    assert_true(stats.weights <= 640 * 512 * 5 / 8 + 4096);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_gather),
        cmocka_unit_test(test_in_full),
        cmocka_unit_test(test_size),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
