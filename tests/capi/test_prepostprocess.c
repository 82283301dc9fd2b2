/* Pre- and post-processing through the C API: what comes out of each step, computed here by hand, the shapes
 * and names of the new inputs, the messages, and lifetimes. The model behind is x_t [1,3,4,4] -> ReLU. */
#include "capi_test.h"

#include <math.h>

#define PICTURE MODEL_ONE("1,3,4,4")

struct work {
    ov_core_t *core;
    ov_model_t *model;
    ov_preprocess_prepostprocessor_t *processor;
    ov_preprocess_input_info_t *input;
    ov_preprocess_input_tensor_info_t *tensor;
    ov_preprocess_preprocess_steps_t *steps;
    ov_preprocess_input_model_info_t *expects;
};

static struct work start(void)
{
    struct work w = {.core = new_core()};

    w.model = read_text(w.core, PICTURE);
    PASS(ov_preprocess_prepostprocessor_create(w.model, &w.processor));
    PASS(ov_preprocess_prepostprocessor_get_input_info(w.processor, &w.input));
    PASS(ov_preprocess_input_info_get_tensor_info(w.input, &w.tensor));
    PASS(ov_preprocess_input_info_get_preprocess_steps(w.input, &w.steps));
    PASS(ov_preprocess_input_info_get_model_info(w.input, &w.expects));
    return w;
}

static void finish(struct work *w)
{
    ov_preprocess_input_model_info_free(w->expects);
    ov_preprocess_preprocess_steps_free(w->steps);
    ov_preprocess_input_tensor_info_free(w->tensor);
    ov_preprocess_input_info_free(w->input);
    ov_preprocess_prepostprocessor_free(w->processor);
    ov_model_free(w->model);
    ov_core_free(w->core);
}

static void layouts(struct work *w, const char *tensor, const char *model)
{
    ov_layout_t *layout = NULL;

    if (tensor) {
        PASS(ov_layout_create(tensor, &layout));
        PASS(ov_preprocess_input_tensor_info_set_layout(w->tensor, layout));
        ov_layout_free(layout);
    }
    if (model) {
        PASS(ov_layout_create(model, &layout));
        PASS(ov_preprocess_input_model_info_set_layout(w->expects, layout));
        ov_layout_free(layout);
    }
}

/* Element i of every input. */
static float value_at(size_t i)
{
    return (float)(i * 37 % 101);
}

struct run {
    ov_model_t *built;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    ov_tensor_t *out;
    float *data;
};

static void fill(ov_tensor_t *tensor)
{
    ov_element_type_e type;
    size_t n;
    void *data;

    PASS(ov_tensor_get_element_type(tensor, &type));
    PASS(ov_tensor_get_size(tensor, &n));
    PASS(ov_tensor_data(tensor, &data));
    for (size_t i = 0; i < n; i++) {
        if (type == U8) {
            ((uint8_t *)data)[i] = (uint8_t)value_at(i);
        } else {
            ((float *)data)[i] = value_at(i);
        }
    }
}

/* Build, compile, and run with inputs of value_at(). */
static struct run run(struct work *w)
{
    struct run r = {0};
    size_t n;
    void *data;

    PASS(ov_preprocess_prepostprocessor_build(w->processor, &r.built));
    PASS(ov_core_compile_model(w->core, r.built, "CPU", 0, &r.compiled));
    PASS(ov_compiled_model_create_infer_request(r.compiled, &r.request));
    PASS(ov_compiled_model_inputs_size(r.compiled, &n));
    for (size_t i = 0; i < n; i++) {
        ov_tensor_t *tensor = NULL;

        PASS(ov_infer_request_get_input_tensor_by_index(r.request, i, &tensor));
        fill(tensor);
        ov_tensor_free(tensor);
    }
    PASS(ov_infer_request_infer(r.request));
    PASS(ov_infer_request_get_output_tensor(r.request, &r.out));
    PASS(ov_tensor_data(r.out, &data));
    r.data = data;
    return r;
}

static void run_finish(struct run *r)
{
    ov_tensor_free(r->out);
    ov_infer_request_free(r->request);
    ov_compiled_model_free(r->compiled);
    ov_model_free(r->built);
}

/* What the ReLU gives for element (c, y, x) of a 3 x 4 x 4 picture. */
typedef float want_fn(int c, int y, int x);

static void expect(struct work *w, want_fn *want, float tolerance)
{
    struct run r = run(w);

    for (int i = 0; i < 48; i++) {
        float value = want(i / 16, i / 4 % 4, i % 4);

        value = value > 0 ? value : 0;
        if (!(fabsf(r.data[i] - value) <= tolerance)) {
            fail_msg("element %d is %g, not %g", i, (double)r.data[i], (double)value);
        }
    }
    run_finish(&r);
    finish(w);
}

/* The shape of input `index` of what is built. */
static void expect_shape(struct work *w, size_t index, const char *shape, const char *name)
{
    ov_model_t *built = NULL;
    ov_output_const_port_t *port = NULL;
    ov_partial_shape_t partial;
    char *got = NULL;

    PASS(ov_preprocess_prepostprocessor_build(w->processor, &built));
    PASS(ov_model_const_input_by_index(built, index, &port));
    PASS(ov_port_get_partial_shape(port, &partial));
    assert_text(ov_partial_shape_to_string(partial), shape);
    if (name) {
        PASS(ov_port_get_any_name(port, &got));
        assert_text(got, name);
    }
    ov_partial_shape_free(&partial);
    ov_output_const_port_free(port);
    ov_model_free(built);
}

/* ---- numbers */

static float plain(int c, int y, int x)
{
    return value_at((size_t)((c * 4 + y) * 4 + x));
}

static float shifted(int c, int y, int x)
{
    return (plain(c, y, x) - 10) / 4;
}

static float per_channel(int c, int y, int x)
{
    return (plain(c, y, x) - (float)(c + 1)) / (float)(2 * c + 1);
}

static void test_numbers(void **state)
{
    float mean[] = {1, 2, 3}, scale[] = {1, 3, 5};
    struct work w = start();

    (void)state;
    PASS(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    PASS(ov_preprocess_preprocess_steps_convert_element_type(w.steps, F32));
    PASS(ov_preprocess_preprocess_steps_mean(w.steps, 10));
    PASS(ov_preprocess_preprocess_steps_scale(w.steps, 4));
    expect(&w, shifted, 0);
    w = start();
    layouts(&w, "NCHW", NULL);
    PASS(ov_preprocess_preprocess_steps_mean_multi_channels(w.steps, mean, 3));
    PASS(ov_preprocess_preprocess_steps_scale_multi_channels(w.steps, scale, 3));
    expect(&w, per_channel, 1e-5f);
    w = start();
    PASS(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    expect(&w, plain, 0);
    w = start();
    expect(&w, plain, 0);
}

/* ---- geometry */

static float turned(int c, int y, int x)
{
    return value_at((size_t)((y * 4 + x) * 3 + c));
}

static float reversed(int c, int y, int x)
{
    return plain(2 - c, y, x);
}

static float cropped(int c, int y, int x)
{
    return value_at((size_t)((c * 6 + y + 1) * 6 + x + 2));
}

static int pad_mode;

/* One row above and one column behind a 3 x 3 picture. */
static float padded(int c, int y, int x)
{
    int row = y - 1, column = x;

    if (pad_mode == CONSTANT && (row < 0 || column > 2)) {
        return 7;
    }
    row = row >= 0 ? row : pad_mode == REFLECT ? 1 : 0;
    column = column <= 2 ? column : pad_mode == REFLECT ? 1 : 2;
    return value_at((size_t)((c * 3 + row) * 3 + column));
}

static float small(int c, int y, int x)
{
    return value_at((size_t)((c * 6 + y) * 5 + x));
}

/* From 6 x 5, pixels having their centres in the middle. */
static float nearest(int c, int y, int x)
{
    float row = ((float)y + 0.5f) * 6 / 4 - 0.5f, column = ((float)x + 0.5f) * 5 / 4 - 0.5f;

    return small(c, (int)ceilf(row - 0.5f), (int)ceilf(column - 0.5f));
}

static float linear(int c, int y, int x)
{
    float row = ((float)y + 0.5f) * 6 / 4 - 0.5f, column = ((float)x + 0.5f) * 5 / 4 - 0.5f;
    int top = (int)row, left = (int)column;
    float dy = row - (float)top, dx = column - (float)left;

    return (1 - dy) * ((1 - dx) * small(c, top, left) + dx * small(c, top, left + 1)) +
           dy * ((1 - dx) * small(c, top + 1, left) + dx * small(c, top + 1, left + 1));
}

static void test_geometry(void **state)
{
    int32_t begin[] = {0, 0, 1, 2}, end[] = {1, 3, 5, 6};
    int before[] = {0, 0, 1, 0}, after[] = {0, 0, 0, 1};
    ov_layout_t *layout = NULL;
    struct work w = start();

    (void)state;
    layouts(&w, "NHWC", "NCHW");
    expect_shape(&w, 0, "{1,4,4,3}", "x_t");
    expect(&w, turned, 0);
    w = start();
    layouts(&w, "NHWC", NULL);
    PASS(ov_layout_create("NCHW", &layout));
    PASS(ov_preprocess_preprocess_steps_convert_layout(w.steps, layout));
    ov_layout_free(layout);
    expect(&w, turned, 0);
    w = start();
    layouts(&w, "N...", "N...");
    expect(&w, plain, 0);
    w = start();
    layouts(&w, "HWC", "NCHW");
    expect_shape(&w, 0, "{4,4,3}", "x_t");
    expect(&w, turned, 0);
    w = start();
    layouts(&w, "NC...", NULL);
    PASS(ov_preprocess_preprocess_steps_reverse_channels(w.steps));
    expect(&w, reversed, 0);
    w = start();
    layouts(&w, "NCHW", "NCHW");
    PASS(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 6, 6));
    PASS(ov_preprocess_preprocess_steps_crop(w.steps, begin, 4, end, 4));
    expect_shape(&w, 0, "{1,3,6,6}", "x_t");
    expect(&w, cropped, 0);
    for (pad_mode = CONSTANT; pad_mode <= SYMMETRIC; pad_mode++) {
        w = start();
        layouts(&w, "NCHW", "NCHW");
        PASS(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 3, 3));
        PASS(
            ov_preprocess_preprocess_steps_pad(w.steps, before, 4, after, 4, 7, (ov_padding_mode_e)pad_mode));
        expect(&w, padded, 0);
    }
    for (int i = 0; i < 2; i++) {
        w = start();
        layouts(&w, "NCHW", "NCHW");
        PASS(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 6, 5));
        PASS(ov_preprocess_preprocess_steps_resize(w.steps, i ? RESIZE_LINEAR : RESIZE_NEAREST));
        expect(&w, i ? linear : nearest, 1e-4f);
    }
}

/* ---- colours */

static float clip(float v)
{
    return v < 0 ? 0 : v > 255 ? 255 : rintf(v);
}

/* BT.601 from a luma and two chromas of an input each, blue first. */
static float yuv(int c, float luma, float u, float v)
{
    luma = 1.164f * (luma - 16);
    return clip(c == 0   ? luma + 2.018f * (u - 128)
                : c == 1 ? luma - 0.391f * (u - 128) - 0.813f * (v - 128)
                         : luma + 1.596f * (v - 128));
}

static float nv12_two(int c, int y, int x)
{
    size_t chroma = (size_t)(y / 2 * 2 + x / 2) * 2;

    return yuv(c, value_at((size_t)(y * 4 + x)), value_at(chroma), value_at(chroma + 1));
}

static float nv12_one(int c, int y, int x)
{
    size_t chroma = 16 + (size_t)(y / 2 * 2 + x / 2) * 2;

    return yuv(c, value_at((size_t)(y * 4 + x)), value_at(chroma), value_at(chroma + 1));
}

static float i420_one(int c, int y, int x)
{
    size_t chroma = 16 + (size_t)(y / 2 * 2 + x / 2);

    return yuv(c, value_at((size_t)(y * 4 + x)), value_at(chroma), value_at(chroma + 4));
}

static float i420_three(int c, int y, int x)
{
    size_t chroma = (size_t)(y / 2 * 2 + x / 2);

    return yuv(c, value_at((size_t)(y * 4 + x)), value_at(chroma), value_at(chroma));
}

static float rgb(int c, int y, int x)
{
    return value_at((size_t)((y * 4 + x) * 3 + 2 - c));
}

static float rgbx(int c, int y, int x)
{
    return value_at((size_t)((y * 4 + x) * 4 + 2 - c));
}

static float bgrx(int c, int y, int x)
{
    return value_at((size_t)((y * 4 + x) * 4 + c));
}

static void test_colours(void **state)
{
    static const struct {
        ov_color_format_e format;
        want_fn *want;
        const char *shape;
    } rows[] = {{NV12_SINGLE_PLANE, nv12_one, "{1,6,4,1}"},
                {NV12_TWO_PLANES, nv12_two, "{1,4,4,1}"},
                {I420_SINGLE_PLANE, i420_one, "{1,6,4,1}"},
                {I420_THREE_PLANES, i420_three, "{1,4,4,1}"},
                {RGB, rgb, "{1,4,4,3}"},
                {BGR, turned, "{1,4,4,3}"},
                {RGBX, rgbx, "{1,4,4,4}"},
                {BGRX, bgrx, "{1,4,4,4}"}};
    const char *names[] = {"luma", "chroma"};
    struct work w;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        w = start();
        layouts(&w, NULL, "NCHW");
        PASS(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
        PASS(ov_preprocess_input_tensor_info_set_color_format(w.tensor, rows[i].format));
        PASS(ov_preprocess_preprocess_steps_convert_color(w.steps, BGR));
        expect_shape(&w, 0, rows[i].shape, NULL);
        expect(&w, rows[i].want, 0);
    }
    w = start();
    layouts(&w, NULL, "NCHW");
    PASS(ov_preprocess_preprocess_steps_convert_color(w.steps, BGR));
    PASS(ov_preprocess_input_tensor_info_set_color_format_with_subname(w.tensor, NV12_TWO_PLANES, 2, "y",
                                                                       "uv"));
    expect_shape(&w, 1, "{1,2,2,2}", "x_t/uv");
    PASS(ov_preprocess_input_tensor_info_set_color_format_with_subnames(w.tensor, NV12_TWO_PLANES, 2, names));
    expect_shape(&w, 0, "{1,4,4,1}", "x_t/luma");
    finish(&w);
}

/* One channel: ReLU of a weighted sum, of bytes or floats, or the luma as it is. */
static void test_gray(void **state)
{
    static const ov_color_format_e formats[] = {RGB, BGR, NV12_SINGLE_PLANE, NV12_TWO_PLANES};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct work w = {.core = new_core()};
        ov_color_format_e format = formats[i / 2];
        struct run r;

        w.model = read_text(w.core, MODEL_ONE("1,1,4,4"));
        PASS(ov_preprocess_prepostprocessor_create(w.model, &w.processor));
        PASS(ov_preprocess_prepostprocessor_get_input_info(w.processor, &w.input));
        PASS(ov_preprocess_input_info_get_tensor_info(w.input, &w.tensor));
        PASS(ov_preprocess_input_info_get_preprocess_steps(w.input, &w.steps));
        PASS(ov_preprocess_input_info_get_model_info(w.input, &w.expects));
        layouts(&w, "NHWC", "NCHW");
        PASS(ov_preprocess_input_tensor_info_set_element_type(w.tensor, i % 2 ? U8 : F32));
        PASS(ov_preprocess_input_tensor_info_set_color_format(w.tensor, format));
        PASS(ov_preprocess_preprocess_steps_convert_color(w.steps, GRAY));
        r = run(&w);
        for (size_t k = 0; k < 16; k++) {
            float a = value_at(3 * k), b = value_at(3 * k + 1), c = value_at(3 * k + 2), want = value_at(k);

            if (format == RGB || format == BGR) {
                want = 0.587f * b + (format == RGB ? 0.299f * a + 0.114f * c : 0.114f * a + 0.299f * c);
                want = i % 2 ? rintf(want) : want;
            }
            assert_true(fabsf(r.data[k] - want) < 1e-4f);
        }
        run_finish(&r);
        finish(&w);
    }
}

/* ---- from a tensor, outputs, several inputs */

static void test_from_tensor(void **state)
{
    struct work w = start();
    ov_tensor_t *tensor = NULL;

    (void)state;
    PASS(ov_tensor_create(U8, (ov_shape_t){4, (int64_t[]){1, 5, 6, 3}}, &tensor));
    layouts(&w, "NHWC", "NCHW");
    PASS(ov_preprocess_input_tensor_info_set_from(w.tensor, tensor));
    PASS(ov_preprocess_input_tensor_info_set_memory_type(w.tensor, "GPU_SURFACE"));
    PASS(ov_preprocess_preprocess_steps_convert_element_type(w.steps, DYNAMIC));
    PASS(ov_preprocess_preprocess_steps_resize(w.steps, RESIZE_CUBIC));
    expect_shape(&w, 0, "{1,5,6,3}", "x_t");
    ov_tensor_free(tensor);
    finish(&w);
}

static void test_outputs(void **state)
{
    struct work w = start();
    ov_preprocess_output_info_t *output = NULL;
    ov_preprocess_output_tensor_info_t *tensor = NULL;
    ov_element_type_e type;
    struct run r;

    (void)state;
    PASS(ov_preprocess_prepostprocessor_get_output_info(w.processor, &output));
    PASS(ov_preprocess_output_info_get_tensor_info(output, &tensor));
    PASS(ov_preprocess_output_set_element_type(tensor, U8));
    ov_preprocess_output_tensor_info_free(tensor);
    ov_preprocess_output_info_free(output);
    r = run(&w);
    PASS(ov_tensor_get_element_type(r.out, &type));
    assert_int_equal(type, U8);
    assert_int_equal(((uint8_t *)r.data)[1], 37);
    run_finish(&r);
    finish(&w);
}

static void test_several(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_preprocess_prepostprocessor_t *p = NULL;
    ov_preprocess_input_info_t *input = NULL;
    ov_preprocess_input_tensor_info_t *tensor = NULL;
    ov_preprocess_output_info_t *output = NULL;

    (void)state;
    PASS(ov_preprocess_prepostprocessor_create(model, &p));
    CHECK(ov_preprocess_prepostprocessor_get_input_info(p, &input), GENERAL_ERROR, "2 inputs");
    CHECK(ov_preprocess_prepostprocessor_get_output_info(p, &output), GENERAL_ERROR, "2 outputs");
    CHECK(ov_preprocess_prepostprocessor_get_input_info_by_index(p, 5, &input), GENERAL_ERROR,
          "there is no 5");
    CHECK(ov_preprocess_prepostprocessor_get_input_info_by_name(p, "nosuch", &input), GENERAL_ERROR,
          "'nosuch'");
    CHECK(ov_preprocess_prepostprocessor_get_output_info_by_index(p, 7, &output), GENERAL_ERROR,
          "there is no 7");
    CHECK(ov_preprocess_prepostprocessor_get_output_info_by_name(p, "a_t", &output), GENERAL_ERROR, "'a_t'");
    PASS(ov_preprocess_prepostprocessor_get_output_info_by_name(p, "act", &output));
    ov_preprocess_output_info_free(output);
    PASS(ov_preprocess_prepostprocessor_get_output_info_by_index(p, 0, &output));
    ov_preprocess_output_info_free(output);
    PASS(ov_preprocess_prepostprocessor_get_input_info_by_index(p, 0, &input));
    ov_preprocess_input_info_free(input);
    PASS(ov_preprocess_prepostprocessor_get_input_info_by_name(p, "alias", &input));
    /* Handles outlive the object and one another. */
    ov_preprocess_prepostprocessor_free(p);
    PASS(ov_preprocess_input_info_get_tensor_info(input, &tensor));
    ov_preprocess_input_info_free(input);
    PASS(ov_preprocess_input_tensor_info_set_element_type(tensor, U8));
    ov_preprocess_input_tensor_info_free(tensor);
    ov_model_free(model);
    ov_core_free(core);
}

/* ---- errors */

static void refuses(struct work *w, const char *text)
{
    ov_model_t *built = NULL;

    CHECK(ov_preprocess_prepostprocessor_build(w->processor, &built), GENERAL_ERROR, text);
    assert_null(built);
    finish(w);
}

static ov_status_e reshape(ov_model_t *model, int64_t a, int64_t b, int64_t c, int64_t d)
{
    int64_t dims[] = {a, b, c, d};
    ov_partial_shape_t shape;
    ov_status_e status;

    PASS(ov_partial_shape_create_static(4, dims, &shape));
    status = ov_model_reshape_single_input(model, shape);
    ov_partial_shape_free(&shape);
    return status;
}

/* Extents that a model keeps (channels here): those of another tensor lead to them in ways of their own. */
static void test_kept(void **state)
{
    static const char *const layout[] = {"NCHW", "NHWC"};
    char *text = strdup(PICTURE), *at = strstr(text, "shape=\"1,3,4,4\""), *changed;

    (void)state;
    assert_non_null(at);
    assert_true(asprintf(&changed, "%.*skeeps=\"?,3,?,?\" keeps_for=\"since node 'op' counts\" %s",
                         (int)(at - text), text, at) > 0);
    for (int k = 0; k < 2; k++) {
        struct work w = {.core = new_core()};
        ov_model_t *built = NULL;

        w.model = read_text(w.core, changed);
        PASS(ov_preprocess_prepostprocessor_create(w.model, &w.processor));
        PASS(ov_preprocess_prepostprocessor_get_input_info(w.processor, &w.input));
        PASS(ov_preprocess_input_info_get_tensor_info(w.input, &w.tensor));
        PASS(ov_preprocess_input_info_get_preprocess_steps(w.input, &w.steps));
        PASS(ov_preprocess_input_info_get_model_info(w.input, &w.expects));
        layouts(&w, layout[k], "NCHW");
        PASS(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
        PASS(ov_preprocess_prepostprocessor_build(w.processor, &built));
        if (k == 0) {
            assert_int_equal(reshape(built, 2, 3, 5, 4), OK);
            CHECK(reshape(built, 2, 4, 5, 4), GENERAL_ERROR,
                  "it has to fit [?,3,?,?], since node 'op' counts");
        } else {
            assert_int_equal(reshape(built, 1, 4, 4, 3), OK);
            CHECK(reshape(built, 1, 5, 4, 3), GENERAL_ERROR,
                  "it has to fit [1,4,4,3], since node 'op' counts");
        }
        ov_model_free(built);
        finish(&w);
    }
    free(changed);
    free(text);
}

static void test_errors(void **state)
{
    float two[] = {1, 2};
    int three[] = {0, 0, 0}, four[] = {0, 0, 0, 0};
    int32_t none[] = {0, 0, 0, 0}, far[] = {1, 2, 4, 4};
    struct work w = start();

    (void)state;
    layouts(&w, "NCHW", NULL);
    PASS(ov_preprocess_preprocess_steps_mean_multi_channels(w.steps, two, 2));
    refuses(&w, "input 'x_t', step 1 (mean): 2 values for 3 channels");
    w = start();
    PASS(ov_preprocess_preprocess_steps_scale_multi_channels(w.steps, two, 2));
    refuses(&w, "set the layout of the tensor");
    w = start();
    PASS(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    PASS(ov_preprocess_preprocess_steps_mean(w.steps, 1));
    refuses(&w, "the elements are u8; convert them to a float type first");
    w = start();
    PASS(ov_preprocess_preprocess_steps_resize(w.steps, RESIZE_LINEAR));
    refuses(&w, "set the layout");
    w = start();
    PASS(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 6, 5));
    refuses(&w, "height and width have no place");
    w = start();
    PASS(ov_preprocess_preprocess_steps_convert_color(w.steps, RGB));
    refuses(&w, "set the colour format of the tensor");
    w = start();
    layouts(&w, "NHWC", "NCHW");
    PASS(ov_preprocess_input_tensor_info_set_color_format(w.tensor, NV12_TWO_PLANES));
    refuses(&w, "still has 2 planes");
    w = start();
    layouts(&w, "NHWC", "NCWD"); /* D is nowhere */
    refuses(&w, "must name the same axes");
    w = start();
    layouts(&w, "NCHW", "NCHW");
    PASS(ov_preprocess_preprocess_steps_crop(w.steps, none, 4, far, 4));
    refuses(&w, "what the steps give has the shape [1,2,4,4], the model expects [1,3,4,4]");
    w = start();
    CHECK(ov_preprocess_preprocess_steps_pad(w.steps, three, 3, four, 4, 0, CONSTANT), GENERAL_ERROR,
          "3 numbers");
    PASS(ov_preprocess_preprocess_steps_pad(w.steps, three, 3, three, 3, 0, CONSTANT));
    refuses(&w, "3 numbers for 4 axes");
    w = start();
    CHECK(ov_preprocess_input_tensor_info_set_color_format_with_subname(w.tensor, NV12_TWO_PLANES, 1, "y"),
          GENERAL_ERROR, "1 names of planes, the colour format has 2");
    finish(&w);
}

static void test_nulls(void **state)
{
    ov_preprocess_prepostprocessor_t *p = NULL;
    ov_preprocess_input_info_t *input = NULL;
    ov_model_t *model = NULL;
    struct work w = start();
    /* Two names, the second one missing, behind one that must not be looked at. */
    const char *names[] = {"before", "y", NULL}, *none[] = {"before", NULL, NULL};
    float value = 1;
    int zero = 0;

    (void)state;
    BAD(ov_preprocess_prepostprocessor_create(NULL, &p));
    BAD(ov_preprocess_prepostprocessor_create(w.model, NULL));
    BAD(ov_preprocess_prepostprocessor_build(NULL, &model));
    BAD(ov_preprocess_prepostprocessor_build(w.processor, NULL));
    BAD(ov_preprocess_prepostprocessor_get_input_info(NULL, &input));
    BAD(ov_preprocess_prepostprocessor_get_input_info(w.processor, NULL));
    BAD(ov_preprocess_input_info_get_tensor_info(NULL, NULL));
    BAD(ov_preprocess_preprocess_steps_mean(NULL, 1));
    BAD(ov_preprocess_preprocess_steps_scale_multi_channels(w.steps, NULL, 1));
    BAD(ov_preprocess_preprocess_steps_scale_multi_channels(w.steps, &value, 0));
    CHECK(ov_preprocess_preprocess_steps_resize(w.steps, (ov_preprocess_resize_algorithm_e)9),
          UNKNOW_EXCEPTION, "9 is no way to resize");
    CHECK(ov_preprocess_preprocess_steps_pad(w.steps, &zero, 1, &zero, 1, 0, (ov_padding_mode_e)9),
          UNKNOW_EXCEPTION, "9 is no way to pad");
    BAD(ov_preprocess_preprocess_steps_convert_layout(w.steps, NULL));
    CHECK(ov_preprocess_preprocess_steps_convert_element_type(w.steps, (ov_element_type_e)99),
          UNKNOW_EXCEPTION, "99 is no element type");
    CHECK(ov_preprocess_preprocess_steps_convert_color(w.steps, (ov_color_format_e)99), GENERAL_ERROR,
          "99 is no colour format");
    BAD(ov_preprocess_input_tensor_info_set_layout(w.tensor, NULL));
    CHECK(ov_preprocess_input_tensor_info_set_element_type(w.tensor, (ov_element_type_e)99), UNKNOW_EXCEPTION,
          "99 is no element type");
    BAD(ov_preprocess_input_tensor_info_set_color_format_with_subnames(w.tensor, NV12_TWO_PLANES, 2,
                                                                       names + 1));
    BAD(ov_preprocess_input_tensor_info_set_color_format_with_subnames(w.tensor, NV12_TWO_PLANES, 2,
                                                                       none + 1));
    BAD(ov_preprocess_input_tensor_info_set_color_format_with_subnames(w.tensor, NV12_TWO_PLANES, 2, NULL));
    BAD(ov_preprocess_input_tensor_info_set_from(w.tensor, NULL));
    BAD(ov_preprocess_input_tensor_info_set_memory_type(w.tensor, NULL));
    BAD(ov_preprocess_input_model_info_set_layout(w.expects, NULL));
    BAD(ov_preprocess_output_set_element_type(NULL, F32));
    ov_preprocess_prepostprocessor_free(NULL);
    ov_preprocess_input_info_free(NULL);
    ov_preprocess_input_tensor_info_free(NULL);
    ov_preprocess_input_model_info_free(NULL);
    ov_preprocess_preprocess_steps_free(NULL);
    ov_preprocess_output_info_free(NULL);
    ov_preprocess_output_tensor_info_free(NULL);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_geometry),    cmocka_unit_test(test_colours),
        cmocka_unit_test(test_gray),    cmocka_unit_test(test_from_tensor), cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_several), cmocka_unit_test(test_kept),        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_nulls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
