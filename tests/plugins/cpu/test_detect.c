/* What finds and samples parts of pictures, over random sizes, against references. */
#include "cpu_test.h"

static struct vt_port param(struct vt_graph *g, const char *type, int rank, const int64_t *dims)
{
    char text[256];

    return net_param_as(g, type, dims_text(text, sizeof(text), rank, dims));
}

static void test_grid_sample(void **state)
{
    static const char *const modes[] = {"bilinear", "bicubic", "nearest"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};

    (void)state;
    for (int seed = 1; seed <= 54; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], grid[4];
        struct vt_port x, at;
        char attrs[128];

        random_seed((uint64_t)seed);
        dims[0] = grid[0] = random_in(1, 2);
        dims[1] = random_in(1, 40);
        for (int i = 2; i < 4; i++) {
            dims[i] = random_in(1, 7);
            grid[i - 1] = random_in(1, 6);
        }
        grid[3] = 2;
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "mode=%s;padding_mode=%s;align_corners=%s", modes[seed % 3],
                 paddings[seed / 3 % 3], seed % 2 ? "true" : "false");
        x = param(g, "f32", 4, dims);
        x = random_chance(50) ? net_conv(g, x, dims[1], 1) : x;
        at = net_binary(g, "Multiply", 1, param(g, "f32", 4, grid), net_f32(g, 1.3f), ""); /* and outside */
        net_result(g, net_binary(g, "GridSample", 9, x, at, attrs));
        check_graph(g, "GridSample", seed % 3 ? 0 : 4);
    }
}

static void test_adaptive_average(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 36; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], target[3];
        struct vt_port x;
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(3, 5);
        dims[0] = random_in(1, 2);
        dims[1] = random_in(1, 40);
        for (int i = 2; i < rank; i++) {
            dims[i] = random_in(1, 13);
            target[i - 2] = random_in(1, 7);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = param(g, "f32", rank, dims);
        x = rank == 4 && random_chance(50) ? net_conv(g, x, dims[1], 1) : x;
        net_result(g, net_binary(g, "AdaptiveAvgPool", 8, x, net_i64s(g, rank - 2, target), ""));
        check_graph(g, "AdaptiveAvgPool", seed % 3 ? 0 : 4);
    }
}

static void test_deformable(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], field[4], weights[4], stride = random_in(1, 2), dilation, pad, parts, each;
        struct vt_port in[4];
        bool newer = seed % 2, masked = newer && seed % 4 == 1;
        char attrs[256];

        random_seed((uint64_t)seed);
        parts = random_in(1, 2);
        each = random_in(1, 18);
        dilation = random_in(1, 2);
        pad = random_in(0, 2);
        dims[0] = field[0] = random_in(1, 2);
        dims[1] = parts * each;
        weights[0] = random_in(1, 20);
        weights[1] = dims[1];
        for (int i = 2; i < 4; i++) {
            weights[i] = random_in(1, 3);
            dims[i] = random_in((weights[i] - 1) * dilation + 1, 9);
            field[i] = (dims[i] + 2 * pad - (weights[i] - 1) * dilation - 1) / stride + 1;
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "strides=%d,%d;dilations=%d,%d;pads_begin=%d,%d;pads_end=%d,%d;deformable_group=%d%s",
                 (int)stride, (int)stride, (int)dilation, (int)dilation, (int)pad, (int)pad, (int)pad,
                 (int)pad, (int)parts, newer && seed % 3 ? ";bilinear_interpolation_pad=true" : "");
        in[0] = param(g, "f32", 4, dims);
        in[0] = random_chance(50) ? net_conv(g, in[0], dims[1], 1) : in[0];
        field[1] = 2 * parts * weights[2] * weights[3];
        in[1] = net_binary(g, "Multiply", 1, param(g, "f32", 4, field), net_f32(g, 1.7f), "");
        in[2] = net_random(g, seed % 5 ? VT_F32 : VT_F16, 4, weights, random_chance(20));
        in[2] = seed % 5 ? in[2] : net_unary(g, "Convert", 1, in[2], "destination_type=f32");
        field[1] /= 2;
        in[3] = masked ? param(g, "f32", 4, field) : in[2];
        net_result(g, net_op(g, "DeformableConvolution", newer ? 8 : 1, masked ? 4 : 3, in, attrs));
        check_graph(g, "Deformable", seed % 3 ? 0 : 4);
    }
}

static struct vt_port images(struct vt_graph *g, int64_t boxes, int64_t n)
{
    int64_t v[16];

    for (int64_t i = 0; i < boxes; i++) {
        v[i] = random_in(0, n - 1);
    }
    return net_i64s(g, (int)boxes, v);
}

static void test_roi_align(void **state)
{
    static const char *const aligned[] = {"asymmetric", "half_pixel_for_nn", "half_pixel"};

    (void)state;
    for (int seed = 1; seed <= 36; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4] = {2, 1, 9, 8}, boxes[2] = {1, 4};
        struct vt_port in[3];
        char attrs[192];

        random_seed((uint64_t)seed);
        dims[1] = random_in(1, 40);
        boxes[0] = random_in(1, 6);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(
            attrs, sizeof(attrs), "pooled_h=%d;pooled_w=%d;sampling_ratio=%d;spatial_scale=0.75;mode=%s%s%s",
            (int)random_in(1, 4), (int)random_in(1, 3), (int)random_in(0, 3), seed % 4 < 2 ? "avg" : "max",
            seed % 2 ? ";aligned_mode=" : "", seed % 2 ? aligned[seed / 2 % 3] : "");
        in[0] = param(g, "f32", 4, dims);
        in[1] = net_binary(g, "Multiply", 1, param(g, "f32", 2, boxes), net_f32(g, 9), "");
        in[2] = images(g, boxes[0], 2);
        net_result(g, net_op(g, "ROIAlign", seed % 2 ? 9 : 3, 3, in, attrs));
        check_graph(g, "ROIAlign", seed % 3 ? 0 : 4);
    }
}

/* A box of an image that is not there. */
static void test_roi_errors(void **state)
{
    struct vt_graph *g = net_create();
    int64_t dims[4] = {2, 3, 5, 5}, boxes[2] = {2, 4};
    struct vt_port in[3] = {param(g, "f32", 4, dims), param(g, "f32", 2, boxes), net_param_as(g, "i64", "2")};
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *buffers[3];

    (void)state;
    net_result(g, net_op(g, "ROIAlign", 3, 3, in,
                         "pooled_h=2;pooled_w=2;sampling_ratio=2;spatial_scale=1;mode=avg"));
    model = net_finish(g);
    random_inputs(model, buffers);
    compiled = compile_for(model, "CPU", NULL);
    r = request_of(compiled);
    bind_inputs(r, 3, buffers);
    ((int64_t *)buffers[2]->t.data)[0] = 0;
    ((int64_t *)buffers[2]->t.data)[1] = 2;
    assert_fails(vt_request_infer(r, ERR), VT_E_RANGE, "batch_indices[1] is 2");
    ((int64_t *)buffers[2]->t.data)[1] = 1;
    assert_ok(vt_request_infer(r, ERR));
    vt_request_destroy(r);
    drop_inputs(3, buffers);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_nms(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 48; seed++) {
        struct vt_graph *g = net_create();
        int64_t boxes[3] = {1, 1, 4}, scores[3];
        struct vt_port in[5], y;
        bool few = seed % 3 == 0;
        char attrs[128];

        random_seed((uint64_t)seed);
        scores[0] = boxes[0] = random_in(1, 3);
        scores[1] = random_in(1, 4);
        scores[2] = boxes[1] = random_in(1, seed % 5 ? 30 : 120);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "box_encoding=%s;sort_result_descending=%s;output_type=%s",
                 seed % 2 ? "center" : "corner", seed % 4 < 2 ? "true" : "false",
                 seed % 5 < 2 ? "i32" : "i64");
        in[0] = param(g, "f32", 3, boxes);
        in[1] = param(g, "f32", 3, scores); /* many are equal */
        in[2] = net_i64(g, random_in(few ? 0 : 1, few ? 3 : 40));
        in[3] = net_f32(g, (float)random_in(0, 9) / 10);
        in[4] = net_f32(g, (float)random_in(-5, 5) / 10);
        y = net_op(g, "NonMaxSuppression", 9, 5, in, attrs);
        for (int i = 0; i < 3; i++) {
            net_result(g, net_out(y, i));
        }
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

static void test_nms_fast(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[5] = {net_param_as(g, "f32", "1,50,4"), net_param_as(g, "f32", "1,2,50"), net_i64(g, 9),
                            net_f32(g, 0.5f), net_f32(g, 0.1f)};
    struct vt_port y = net_op(g, "NonMaxSuppression", 9, 5, in, "");

    (void)state;
    snprintf(test_case, sizeof(test_case), "fast");
    net_result(g, net_out(y, 0));
    net_result(g, net_unary(g, "NonZero", 3, in[0], ""));
    check_graph(g, "Non", 2);
}

static void test_non_zero(void **state)
{
    static const char *const types[] = {"f32", "i32", "i64", "u8", "boolean"};

    (void)state;
    for (int seed = 1; seed <= 30; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4];
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        for (int i = 0; i < rank; i++) {
            dims[i] = random_in(seed % 7 ? 1 : 0, 5);
        }
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        net_result(g, net_unary(g, "NonZero", 3, param(g, types[seed % 5], rank, dims),
                                seed % 2 ? "output_type=i64" : "output_type=i32"));
        check_graph(g, "NonZero", 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_sample),      cmocka_unit_test(test_roi_align),
        cmocka_unit_test(test_adaptive_average), cmocka_unit_test(test_deformable),
        cmocka_unit_test(test_roi_errors),       cmocka_unit_test(test_nms),
        cmocka_unit_test(test_nms_fast),         cmocka_unit_test(test_non_zero),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
