/* Operations that few networks have, over random sizes: the bits of their references. */
#include "cpu_test.h"

/* A constant of `rows` sorted rows of n whole or half numbers, as f32, i32 or i64. */
static struct vt_port sorted_rows(struct vt_graph *g, const char *type, int rank, int64_t rows, int64_t n)
{
    struct vt_tensor t;
    struct vt_node *node;
    float v[600];
    char attrs[64];

    assert_true(rows * n <= 600);
    for (int64_t i = 0; i < rows * n; i++) {
        float step = (float)random_in(0, 3) / (*type == 'f' ? 8 : 1);

        v[i] = i % n ? v[i - 1] + step : (float)random_in(-1, 1);
    }
    assert_true(vt_tensor_describe(&t, VT_F32, rank, rank == 1 ? (int64_t[]){n} : (int64_t[]){rows, n}));
    t.data = v;
    node = vt_constant_create(g, "sorted", &t, NULL, ERR);
    assert_non_null(node);
    if (*type == 'f') {
        return vt_port_of(node, 0);
    }
    snprintf(attrs, sizeof(attrs), "destination_type=%s", type);
    return net_unary(g, "Convert", 1, vt_port_of(node, 0), attrs);
}

static const char *const types[] = {"f32", "i32", "i64"};

static void test_bucketize(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 48; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 3];
        int64_t dims[3] = {1, 1, 1};
        struct vt_port in[2];
        char attrs[96];

        random_seed((uint64_t)seed);
        for (int i = 0; i < 3; i++) {
            dims[i] = random_in(1, 9);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "output_type=%s;with_right_bound=%s", seed % 2 ? "i64" : "i32",
                 seed % 4 < 2 ? "true" : "false");
        in[0] = net_param_of(g, type, 3, dims);
        in[1] = sorted_rows(g, type, 1, 1, random_in(1, seed % 5 ? 9 : 200));
        net_result(g, net_op(g, "Bucketize", 3, 2, in, attrs));
        check_graph_bits(g, "Bucketize", seed % 3 ? 0 : 4);
    }
}

static void test_search_sorted(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 48; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 3];
        int64_t rows, n;
        struct vt_port in[2];
        bool one = seed % 4 == 0;
        char attrs[96];

        random_seed((uint64_t)seed);
        rows = random_in(1, 5);
        n = random_in(1, seed % 5 ? 9 : 100);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "output_type=%s;right_mode=%s", seed % 2 ? "i64" : "i32",
                 seed % 8 < 4 ? "true" : "false");
        in[0] = sorted_rows(g, type, one ? 1 : 2, one ? 1 : rows, n);
        in[1] = net_param_of(g, type, 2, (int64_t[]){rows, random_in(1, 40)});
        net_result(g, net_op(g, "SearchSorted", 15, 2, in, attrs));
        check_graph_bits(g, "SearchSorted", seed % 3 ? 0 : 4);
    }
}

/* Values that are NaN, and bounds that are. */
static void test_search_nan(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct vt_graph *g = net_create();
        bool buckets = i & 1;
        struct vt_port in[2] = {net_param_as(g, "f32", "6"), net_param_as(g, "f32", "6")};
        struct vt_buffer *buffers[2];
        struct vt_model *model;
        char attrs[64];

        snprintf(test_case, sizeof(test_case), "case %d", i);
        snprintf(attrs, sizeof(attrs), "%s=%s", buckets ? "with_right_bound" : "right_mode",
                 i & 2 ? "true" : "false");
        net_result(g, net_op(g, buckets ? "Bucketize" : "SearchSorted", buckets ? 3 : 15, 2, in, attrs));
        model = net_finish(g);
        random_inputs(model, buffers);
        memcpy(buffers[!buckets]->t.data, (float[]){NAN, 0, INFINITY, -INFINITY, 2, -0.0f}, 24);
        memcpy(buffers[buckets]->t.data, (float[]){-INFINITY, 0, 1, 2, INFINITY, NAN}, 24);
        check_reference_bits(model, 2, buffers);
        drop_inputs(2, buffers);
        vt_model_unref(model);
    }
}

static void test_gather_tree(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 30; seed++) {
        struct vt_graph *g = net_create();
        const char *type = seed % 3 ? "i32" : "f32";
        struct vt_buffer *buffers[4];
        struct vt_model *model;
        int64_t dims[3];
        struct vt_port in[4];
        int n;

        random_seed((uint64_t)seed);
        dims[0] = random_in(1, 12);
        dims[1] = random_in(1, 4);
        dims[2] = random_in(1, 5);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        in[0] = net_param_of(g, type, 3, dims);
        in[1] = net_param_of(g, type, 3, dims);
        in[2] = net_param_of(g, type, 1, &dims[1]);
        in[3] = net_param_of(g, type, 0, NULL);
        net_result(g, net_op(g, "GatherTree", 1, 4, in, ""));
        model = net_finish(g);
        n = random_inputs(model, buffers);
        for (int i = 0; i < n; i++) {
            for (int64_t k = 0; k < vt_tensor_count(&buffers[i]->t); k++) {
                int64_t v = random_in(i == 2 ? -1 : 0, i == 1 ? dims[2] - 1 : i == 2 ? dims[0] + 1 : 5);

                if (*type == 'f') {
                    ((float *)buffers[i]->t.data)[k] = (float)v;
                } else {
                    ((int32_t *)buffers[i]->t.data)[k] = (int32_t)v;
                }
            }
        }
        check_inputs(model, n, buffers, "GatherTree", 0);
        check_reference_bits(model, n, buffers);
        drop_inputs(n, buffers);
        vt_model_unref(model);
    }
}

/* A parent that is not there. */
static void test_gather_tree_error(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[4] = {net_param_as(g, "i32", "3,1,2"), net_param_as(g, "i32", "3,1,2"),
                            net_param_as(g, "i32", "1"), net_param_as(g, "i32", "")};
    struct session s;

    (void)state;
    net_result(g, net_op(g, "GatherTree", 1, 4, in, ""));
    session_open(&s, g);
    memcpy(s.in[1]->t.data, (int32_t[]){0, 0, 1, 0, 0, 2}, 24);
    memcpy(s.in[2]->t.data, (int32_t[]){3}, 4);
    assert_fails(vt_request_infer(s.request, ERR), VT_E_RANGE, "parent 2 is outside");
    memcpy(s.in[1]->t.data, (int32_t[]){0, 0, 1, 0, 0, 1}, 24);
    assert_ok(vt_request_infer(s.request, ERR));
    session_close(&s);
}

static struct vt_port number(struct vt_graph *g, const char *type, double v)
{
    char attrs[64];

    if (*type == 'f') {
        return net_f32(g, (float)v);
    }
    snprintf(attrs, sizeof(attrs), "destination_type=%s", type);
    return net_unary(g, "Convert", 1, net_i64(g, (int64_t)v), attrs);
}

static void test_random_uniform(void **state)
{
    static const double limits[][2] = {{0, 1}, {-3, 7}, {0, 5}, {-1e9, 1.5e9}, {-9e17, 8e17}};

    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        const char *type = types[seed % 3];
        const double *limit = limits[seed % (seed % 3 == 1 ? 4 : 5)];
        struct vt_port in[3];
        char attrs[128];

        random_seed((uint64_t)seed);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "output_type=%s;global_seed=%lld;op_seed=%lld", type,
                 (long long)(seed % 4 ? (int64_t)random_bits() << (seed % 31) : 0),
                 (long long)random_in(1, INT64_C(1) << 40));
        in[0] = net_i64s(g, 2, (int64_t[]){random_in(1, seed % 5 ? 9 : 90), random_in(1, 900)});
        in[0] = seed % 7 ? in[0] : net_unary(g, "Convert", 1, in[0], "destination_type=i32");
        in[1] = number(g, type, limit[0]);
        in[2] = number(g, type, limit[1]);
        net_result(g, net_op(g, "RandomUniform", 8, 3, in, attrs));
        net_result(g, net_param_as(g, "f32", "1"));
        check_graph_bits(g, "RandomUniform", seed % 3 ? 0 : 4);
    }
}

/* A shape that only the run tells, and limits the wrong way round. */
static void test_random_shape(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[3] = {net_param_as(g, "i64", "2"), net_param_as(g, "f32", ""), net_f32(g, 2)};
    struct session s;

    (void)state;
    snprintf(test_case, sizeof(test_case), "shape");
    net_result(g, net_op(g, "RandomUniform", 8, 3, in, "output_type=f32;global_seed=3;op_seed=4"));
    session_open(&s, g);
    memcpy(s.in[0]->t.data, (int64_t[]){37, 100}, 16);
    *(float *)s.in[1]->t.data = -1;
    check_inputs(s.model, s.n, s.in, "RandomUniform", 4);
    *(float *)s.in[1]->t.data = 2;
    assert_fails(vt_request_infer(s.request, ERR), VT_E_INVALID, "minval 2 must be below maxval 2");
    *(float *)s.in[1]->t.data = 1;
    memcpy(s.in[0]->t.data, (int64_t[]){3, 0}, 16);
    assert_ok(vt_request_infer(s.request, ERR));
    session_close(&s);
}

static void test_image_patches(void **state)
{
    static const char *const pads[] = {"valid", "same_upper", "same_lower"};

    (void)state;
    for (int seed = 1; seed <= 48; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], size[2], rate[2];
        char attrs[192];

        random_seed((uint64_t)seed);
        for (int i = 0; i < 2; i++) {
            dims[i] = random_in(1, 4);
            size[i] = random_in(1, 4);
            rate[i] = random_in(1, 3);
            dims[i + 2] = (size[i] - 1) * rate[i] + random_in(1, 9);
        }
        if (seed % 3 && random_chance(30)) {
            dims[3] = 1; /* most places lie outside */
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "sizes=%d,%d;strides=%d,%d;rates=%d,%d;auto_pad=%s", (int)size[0],
                 (int)size[1], (int)random_in(1, 4), (int)random_in(1, 4), (int)rate[0], (int)rate[1],
                 pads[seed % 3]);
        net_result(g, net_unary(g, "ExtractImagePatches", 3,
                                net_param_of(g, seed % 4 ? "f32" : "i32", 4, dims), attrs));
        check_graph_bits(g, "ExtractImagePatches", seed % 3 ? 0 : 4);
    }
}

static void test_adaptive_max(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 36; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], target[3];
        struct vt_port y;
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(3, 5);
        dims[0] = random_in(1, 2);
        dims[1] = random_in(1, 9);
        for (int i = 2; i < rank; i++) {
            dims[i] = random_in(1, 13);
            target[i - 2] = random_in(1, 7);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        y = net_binary(g, "AdaptiveMaxPool", 8, net_param_of(g, "f32", rank, dims),
                       net_i64s(g, rank - 2, target),
                       seed % 2 ? "index_element_type=i32" : "index_element_type=i64");
        net_result(g, y);
        net_result(g, net_out(y, 1));
        check_graph_bits(g, "AdaptiveMaxPool", seed % 3 ? 0 : 4);
    }
}

/* NaN in front wins, behind it does not. */
static void test_adaptive_nan(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_buffer *in;
    struct vt_model *model;
    struct vt_port y;

    (void)state;
    snprintf(test_case, sizeof(test_case), "NaN");
    y = net_binary(g, "AdaptiveMaxPool", 8, net_param_as(g, "f32", "1,2,4,4"),
                   net_i64s(g, 2, (int64_t[]){2, 2}), "");
    net_result(g, y);
    net_result(g, net_out(y, 1));
    model = net_finish(g);
    random_inputs(model, &in);
    for (int i = 0; i < 32; i++) {
        ((float *)in->t.data)[i] = i % 3 == 0 ? NAN : i > 20 ? -INFINITY : (float)(i % 5);
    }
    check_reference_bits(model, 1, &in);
    drop_inputs(1, &in);
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucketize),         cmocka_unit_test(test_search_sorted),
        cmocka_unit_test(test_search_nan),        cmocka_unit_test(test_gather_tree),
        cmocka_unit_test(test_gather_tree_error), cmocka_unit_test(test_random_uniform),
        cmocka_unit_test(test_random_shape),      cmocka_unit_test(test_image_patches),
        cmocka_unit_test(test_adaptive_max),      cmocka_unit_test(test_adaptive_nan),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
