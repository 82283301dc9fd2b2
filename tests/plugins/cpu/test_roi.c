/* Regions of maps, pooled, over random sizes, against references. */
#include "cpu_test.h"

static struct vt_port maps(struct vt_graph *g, const int64_t *dims)
{
    struct vt_port x = net_param_of(g, "f32", 4, dims);

    return random_chance(40) ? net_conv(g, x, dims[1], 1) : x;
}

/* Constant rows of an image (-1 to `images` - 1), and corners of -`far` / 4 to `far`. */
static struct vt_port boxes(struct vt_graph *g, int64_t n, int64_t images, int64_t far, bool end)
{
    float v[64][5];
    struct vt_tensor t;
    struct vt_node *node;

    for (int64_t i = 0; i < n; i++) {
        v[i][0] = (float)random_in(end && random_chance(10) ? -1 : 0, images - 1);
        for (int k = 1; k < 5; k++) {
            v[i][k] = (float)random_in(-far, 4 * far) / 4 + random_float();
        }
        if (random_chance(80)) { /* most are not turned inside out */
            v[i][3] = v[i][1] + fabsf(v[i][3]);
            v[i][4] = v[i][2] + fabsf(v[i][4]);
        }
    }
    assert_true(vt_tensor_describe(&t, VT_F32, 2, (int64_t[]){n, 5}));
    t.data = v;
    node = vt_constant_create(g, "boxes", &t, NULL, ERR);
    assert_non_null(node);
    return vt_port_of(node, 0);
}

static void random_maps(int64_t dims[4])
{
    dims[0] = random_in(1, 3);
    dims[1] = random_in(1, random_chance(50) ? 5 : 90);
    dims[2] = random_in(1, 12);
    dims[3] = random_in(1, 12);
}

static void test_roi_pooling(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], n;
        struct vt_port in[2], y;
        char attrs[160];
        bool max;

        random_seed((uint64_t)seed);
        random_maps(dims);
        n = random_in(1, 8);
        max = seed % 3 != 0;
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "pooled_h=%d;pooled_w=%d;spatial_scale=%s;method=%s",
                 (int)random_in(1, 7), (int)random_in(1, 7), max ? "0.5" : "1", max ? "max" : "bilinear");
        in[0] = maps(g, dims);
        in[1] = boxes(g, n, dims[0], max ? 2 * dims[2] : 1, true);
        y = net_op(g, "ROIPooling", 2, 2, in, attrs);
        net_result(g, y);
        if (random_chance(50)) {
            net_result(g, net_conv(g, y, 3, 1));
        }
        check_graph(g, "ROIPooling", seed % 3 ? 0 : 4);
    }
}

/* NaN is the largest of its cell, wherever it stands. */
static void test_roi_nan(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[2] = {net_param_as(g, "f32", "1,70,3,3"), net_param_as(g, "f32", "1,5")};
    struct vt_buffer *buffers[2];
    struct outputs want, have;
    struct vt_model *model;
    float *v;

    (void)state;
    snprintf(test_case, sizeof(test_case), "NaN");
    net_result(g, net_op(g, "ROIPooling", 2, 2, in, "pooled_h=1;pooled_w=1;spatial_scale=1"));
    model = net_finish(g);
    random_inputs(model, buffers);
    v = buffers[0]->t.data;
    for (int c = 0; c < 60; c++) {
        v[c * 9 + c % 9] = c % 4 == 3 ? INFINITY : NAN;
    }
    memcpy(buffers[1]->t.data, (float[]){0, 0, 0, 2, 2}, 5 * sizeof(float));
    run_once(model, "REFDEV", NULL, 2, buffers, &want);
    run_once(model, "CPU", NULL, 2, buffers, &have);
    assert_close(&want, &have);
    assert_true(isnan(element_of(&have.t[0], 0)) && !isnan(element_of(&have.t[0], 65)));
    outputs_free(&want);
    outputs_free(&have);
    drop_inputs(2, buffers);
    vt_model_unref(model);
}

static struct vt_graph *psroi_graph(int seed)
{
    struct vt_graph *g = net_create();
    int64_t dims[4], group, outputs, bins[2], n;
    struct vt_port in[2];
    bool average = seed % 2;
    char attrs[200];

    random_seed((uint64_t)seed);
    random_maps(dims);
    group = random_in(1, 4);
    outputs = random_in(1, 6);
    bins[0] = random_in(1, 3);
    bins[1] = random_in(1, 3);
    n = random_in(1, 8);
    dims[1] = outputs * (average ? group * group : bins[0] * bins[1]);
    snprintf(test_case, sizeof(test_case), "seed %d", seed);
    snprintf(attrs, sizeof(attrs),
             "output_dim=%d;group_size=%d;spatial_scale=%s;mode=%s;spatial_bins_x=%d;spatial_bins_y=%d",
             (int)outputs, (int)group, average ? "0.5" : "1", average ? "average" : "bilinear", (int)bins[0],
             (int)bins[1]);
    in[0] = net_param_of(g, "f32", 4, dims);
    in[1] = boxes(g, n, dims[0], average ? 2 * dims[2] : 1, true);
    net_result(g, net_op(g, "PSROIPooling", 1, 2, in, attrs));
    return g;
}

static void test_psroi(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        check_graph_bits(psroi_graph(seed), "PSROIPooling", seed % 3 ? 0 : 4);
    }
}

static struct vt_graph *deformable_graph(int seed)
{
    struct vt_graph *g = net_create();
    int64_t dims[4], group, classes, each, part, offsets[4];
    struct vt_port in[3];
    char attrs[240];
    bool shifts = seed % 3 != 0;

    random_seed((uint64_t)seed);
    random_maps(dims);
    group = random_in(1, 4);
    classes = random_in(1, 3);
    each = random_in(1, 4);
    part = random_in(1, 5);
    offsets[0] = random_in(1, 8);
    offsets[1] = 2 * classes;
    offsets[2] = offsets[3] = part;
    dims[1] = classes * each * group * group;
    snprintf(test_case, sizeof(test_case), "seed %d", seed);
    snprintf(
        attrs, sizeof(attrs),
        "output_dim=%d;group_size=%d;spatial_scale=0.5;spatial_bins_x=%d;spatial_bins_y=%d;trans_std=0.2;"
        "part_size=%d",
        (int)(classes * each), (int)group, (int)random_in(1, 4), (int)random_in(1, 4), (int)part);
    in[0] = net_param_of(g, "f32", 4, dims);
    in[1] = boxes(g, offsets[0], dims[0], 2 * dims[2], false);
    in[2] = shifts ? net_param_of(g, "f32", 4, offsets) : in[1];
    net_result(g, net_op(g, "DeformablePSROIPooling", 1, shifts ? 3 : 2, in, attrs));
    return g;
}

static void test_deformable_psroi(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        check_graph_bits(deformable_graph(seed), "DeformablePSROIPooling", seed % 3 ? 0 : 4);
    }
}

static void test_rotated(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 36; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], list[8], n;
        struct vt_port in[3];
        char attrs[192];

        random_seed((uint64_t)seed);
        random_maps(dims);
        n = random_in(1, 6);
        for (int i = 0; i < n; i++) {
            list[i] = random_in(0, dims[0] - 1);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "pooled_h=%d;pooled_w=%d;sampling_ratio=%d;spatial_scale=0.75;clockwise_mode=%s",
                 (int)random_in(1, 4), (int)random_in(1, 3), (int)random_in(0, 5),
                 seed % 2 ? "true" : "false");
        in[0] = maps(g, dims);
        in[1] = boxes(g, n, 9, 9, false);
        in[2] = net_i64s(g, (int)n, list);
        in[2] = seed % 3 ? in[2] : net_unary(g, "Convert", 1, in[2], "destination_type=i32");
        net_result(g, net_op(g, "ROIAlignRotated", 15, 3, in, attrs));
        check_graph(g, "ROIAlignRotated", seed % 3 ? 0 : 4);
    }
}

static void test_pyramid(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 36; seed++) {
        struct vt_graph *g = net_create();
        int64_t channels = seed % 2 ? 3 : 70, n, levels;
        struct vt_port in[5], y;
        char attrs[192];

        random_seed((uint64_t)seed);
        n = random_in(1, 9);
        levels = random_in(1, 4);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "output_size=%d;sampling_ratio=%d;pyramid_scales=%s;aligned=%s",
                 (int)random_in(1, 4), (int)random_in(0, 3),
                 (const char *[]){"4", "4,8", "4,8,16", "4,8,16,32"}[levels - 1],
                 seed % 3 ? "false" : "true");
        in[0] = net_param_of(g, "f32", 2, (int64_t[]){n, 4});
        in[0] = net_binary(g, "Multiply", 1, in[0], net_f32(g, 300), ""); /* some without area */
        for (int i = 0; i < levels; i++) {
            in[1 + i] = maps(g, (int64_t[]){1, channels, random_in(1, 40), random_in(1, 40)});
        }
        y = net_op(g, "ExperimentalDetectronROIFeatureExtractor", 6, (int)levels + 1, in, attrs);
        net_result(g, y);
        net_result(g, net_out(y, 1));
        check_graph(g, "ROIFeatureExtractor", seed % 3 ? 0 : 4);
    }
}

/* A box of an image that is not there. */
static void test_errors(void **state)
{
    static const char *const ops[][2] = {
        {"ROIPooling", "pooled_h=2;pooled_w=2;spatial_scale=1"},
        {"PSROIPooling", "output_dim=1;group_size=2;spatial_scale=1"},
        {"DeformablePSROIPooling", "output_dim=1;group_size=2;spatial_scale=1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct vt_graph *g = net_create();
        struct vt_port in[2] = {net_param_as(g, "f32", "2,4,5,5"), net_param_as(g, "f32", "2,5")};
        struct session s;

        net_result(g, net_op(g, ops[i][0], i ? 1 : 2, 2, in, ops[i][1]));
        session_open(&s, g);
        memcpy(s.in[1]->t.data, (float[]){0, 1, 1, 4, 4, 2, 1, 1, 3, 3}, 10 * sizeof(float));
        assert_fails(vt_request_infer(s.request, ERR), VT_E_RANGE, "box 1 is of image 2");
        ((float *)s.in[1]->t.data)[5] = NAN;
        assert_fails(vt_request_infer(s.request, ERR), VT_E_RANGE, "box 1 is of image");
        ((float *)s.in[1]->t.data)[5] = 1;
        assert_ok(vt_request_infer(s.request, ERR));
        session_close(&s);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roi_pooling), cmocka_unit_test(test_roi_nan),
        cmocka_unit_test(test_psroi),       cmocka_unit_test(test_deformable_psroi),
        cmocka_unit_test(test_rotated),     cmocka_unit_test(test_pyramid),
        cmocka_unit_test(test_errors),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
