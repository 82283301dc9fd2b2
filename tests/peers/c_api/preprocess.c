/* Pre- and post-processing: every step, with the numbers that come out. */
#include "report.h"

struct work {
    ov_model_t *model;
    ov_preprocess_prepostprocessor_t *processor;
    ov_preprocess_input_info_t *input;
    ov_preprocess_input_tensor_info_t *tensor;
    ov_preprocess_preprocess_steps_t *steps;
    ov_preprocess_input_model_info_t *expects;
};

static struct work start(const char *title, const ov_core_t *core, const char *text)
{
    struct work w = {read_text(core, text), NULL, NULL, NULL, NULL, NULL};

    printf("# %s\n", title);
    MUST(ov_preprocess_prepostprocessor_create(w.model, &w.processor));
    MUST(ov_preprocess_prepostprocessor_get_input_info(w.processor, &w.input));
    MUST(ov_preprocess_input_info_get_tensor_info(w.input, &w.tensor));
    MUST(ov_preprocess_input_info_get_preprocess_steps(w.input, &w.steps));
    MUST(ov_preprocess_input_info_get_model_info(w.input, &w.expects));
    return w;
}

static void set_layout(struct work *w, const char *tensor, const char *model)
{
    ov_layout_t *layout = NULL;

    if (tensor) {
        MUST(ov_layout_create(tensor, &layout));
        CALL(ov_preprocess_input_tensor_info_set_layout(w->tensor, layout));
        ov_layout_free(layout);
    }
    if (model) {
        MUST(ov_layout_create(model, &layout));
        CALL(ov_preprocess_input_model_info_set_layout(w->expects, layout));
        ov_layout_free(layout);
    }
}

static ov_tensor_t *ramp(const ov_output_const_port_t *port)
{
    ov_shape_t shape = {0, NULL};
    ov_element_type_e type = DYNAMIC;
    ov_tensor_t *tensor = NULL;
    size_t count = 0;
    void *data = NULL;

    MUST(ov_const_port_get_shape(port, &shape));
    MUST(ov_port_get_element_type(port, &type));
    MUST(ov_tensor_create(type, shape, &tensor));
    MUST(ov_tensor_get_size(tensor, &count));
    MUST(ov_tensor_data(tensor, &data));
    for (size_t i = 0; i < count; i++) {
        if (type == F32) {
            ((float *)data)[i] = (float)(i * 37 % 101);
        } else if (type == U8) {
            ((unsigned char *)data)[i] = (unsigned char)(i * 37 % 256);
        }
    }
    ov_shape_free(&shape);
    return tensor;
}

/* All values of an f32 tensor, to two digits after the point: those of two libraries may round apart. */
static void all_values(const ov_tensor_t *tensor)
{
    size_t count = 0;
    void *data = NULL;
    ov_element_type_e type = DYNAMIC;

    MUST(ov_tensor_get_size(tensor, &count));
    MUST(ov_tensor_data(tensor, &data));
    MUST(ov_tensor_get_element_type(tensor, &type));
    for (size_t i = 0; i < count && (type == F32 || type == U8); i++) {
        double value = type == F32 ? (double)((float *)data)[i] : ((unsigned char *)data)[i];

        printf("%s%.2f", i % 12 ? " " : "\n    ", value + (value < 0 ? -1e-4 : 1e-4));
    }
    printf("\n");
}

static void finish(struct work *w, const ov_core_t *core)
{
    ov_model_t *built = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    size_t n = 0;

    if (CALL(ov_preprocess_prepostprocessor_build(w->processor, &built)) == OK) {
        MUST(ov_core_compile_model(core, built, "CPU", 2, &compiled, "INFERENCE_PRECISION_HINT", "f32"));
        MUST(ov_compiled_model_create_infer_request(compiled, &request));
        MUST(ov_compiled_model_inputs_size(compiled, &n));
        for (size_t i = 0; i < n; i++) {
            ov_output_const_port_t *port = NULL;
            ov_tensor_t *tensor;

            MUST(ov_compiled_model_input_by_index(compiled, i, &port));
            report_port("input", port);
            tensor = ramp(port);
            MUST(ov_infer_request_set_input_tensor_by_index(request, i, tensor));
            ov_tensor_free(tensor);
            ov_output_const_port_free(port);
        }
        if (CALL(ov_infer_request_infer(request)) == OK) {
            ov_tensor_t *out = NULL;

            MUST(ov_infer_request_get_output_tensor(request, &out));
            report_tensor("output", out);
            all_values(out);
            ov_tensor_free(out);
        }
        ov_infer_request_free(request);
        ov_compiled_model_free(compiled);
        ov_model_free(built);
    }
    ov_preprocess_input_model_info_free(w->expects);
    ov_preprocess_preprocess_steps_free(w->steps);
    ov_preprocess_input_tensor_info_free(w->tensor);
    ov_preprocess_input_info_free(w->input);
    ov_preprocess_prepostprocessor_free(w->processor);
    ov_model_free(w->model);
}

#define PICTURE ONE("1,3,4,4")

static void arithmetic(const ov_core_t *core)
{
    float three[] = {1, 2, 3}, two[] = {1, 2};
    struct work w = start("type, mean and scale", core, PICTURE);

    CALL(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    CALL(ov_preprocess_preprocess_steps_convert_element_type(w.steps, F32));
    CALL(ov_preprocess_preprocess_steps_mean(w.steps, 10));
    CALL(ov_preprocess_preprocess_steps_scale(w.steps, 4));
    finish(&w, core);
    w = start("values per channel", core, PICTURE);
    set_layout(&w, "NCHW", NULL);
    CALL(ov_preprocess_preprocess_steps_mean_multi_channels(w.steps, three, 3));
    CALL(ov_preprocess_preprocess_steps_scale_multi_channels(w.steps, three, 3));
    finish(&w, core);
    w = start("too few values", core, PICTURE);
    set_layout(&w, "NCHW", NULL);
    CALL(ov_preprocess_preprocess_steps_mean_multi_channels(w.steps, two, 2));
    finish(&w, core);
    w = start("values without a layout", core, PICTURE);
    CALL(ov_preprocess_preprocess_steps_mean_multi_channels(w.steps, three, 3));
    finish(&w, core);
    w = start("mean of integers", core, PICTURE);
    CALL(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    CALL(ov_preprocess_preprocess_steps_mean(w.steps, 10));
    finish(&w, core);
    w = start("type alone", core, PICTURE);
    CALL(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    finish(&w, core);
}

static void geometry(const ov_core_t *core)
{
    static const ov_preprocess_resize_algorithm_e how[] = {RESIZE_LINEAR, RESIZE_NEAREST, RESIZE_CUBIC};
    int32_t begin[] = {0, 0, 1, 2}, end[] = {1, 3, 5, 6};
    int before[] = {0, 0, 1, 0}, after[] = {0, 0, 0, 1};
    struct work w;

    for (int i = 0; i < 3; i++) {
        w = start("resize", core, PICTURE);
        set_layout(&w, "NCHW", "NCHW");
        CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 6, 5));
        CALL(ov_preprocess_preprocess_steps_resize(w.steps, how[i]));
        finish(&w, core);
    }
    w = start("resize without a layout", core, PICTURE);
    CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 6, 5));
    CALL(ov_preprocess_preprocess_steps_resize(w.steps, RESIZE_LINEAR));
    finish(&w, core);
    w = start("layouts that differ", core, PICTURE);
    set_layout(&w, "NHWC", "NCHW");
    finish(&w, core);
    w = start("layout by a step", core, PICTURE);
    set_layout(&w, "NHWC", NULL);
    {
        ov_layout_t *layout = NULL;

        MUST(ov_layout_create("NCHW", &layout));
        CALL(ov_preprocess_preprocess_steps_convert_layout(w.steps, layout));
        ov_layout_free(layout);
    }
    finish(&w, core);
    w = start("reversed channels", core, PICTURE);
    set_layout(&w, "NCHW", NULL);
    CALL(ov_preprocess_preprocess_steps_reverse_channels(w.steps));
    finish(&w, core);
    w = start("crop", core, PICTURE);
    set_layout(&w, "NCHW", "NCHW");
    CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 6, 6));
    CALL(ov_preprocess_preprocess_steps_crop(w.steps, begin, 4, end, 4));
    finish(&w, core);
    for (int mode = CONSTANT; mode <= SYMMETRIC; mode++) {
        w = start("pad", core, PICTURE);
        set_layout(&w, "NCHW", "NCHW");
        CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 3, 3));
        CALL(ov_preprocess_preprocess_steps_pad(w.steps, before, 4, after, 4, 7, (ov_padding_mode_e)mode));
        finish(&w, core);
    }
}

static void colours(const ov_core_t *core)
{
    static const ov_color_format_e formats[] = {
        NV12_SINGLE_PLANE, NV12_TWO_PLANES, I420_SINGLE_PLANE, I420_THREE_PLANES, RGB, RGBX, BGRX, GRAY};
    const char *names[] = {"y", "uv"};
    struct work w;

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        w = start("colour", core, PICTURE);
        printf("format %d\n", (int)formats[i]);
        set_layout(&w, "NHWC", "NCHW");
        CALL(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
        CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 4, 4));
        CALL(ov_preprocess_input_tensor_info_set_color_format(w.tensor, formats[i]));
        CALL(ov_preprocess_preprocess_steps_convert_color(w.steps, BGR));
        finish(&w, core);
    }
    w = start("planes with names", core, PICTURE);
    set_layout(&w, NULL, "NCHW");
    CALL(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 4, 4));
    CALL(ov_preprocess_input_tensor_info_set_color_format_with_subname(w.tensor, NV12_TWO_PLANES, 2, "y",
                                                                       "uv"));
    CALL(ov_preprocess_preprocess_steps_convert_color(w.steps, RGB));
    finish(&w, core);
    w = start("planes with a list of names", core, PICTURE);
    set_layout(&w, NULL, "NCHW");
    CALL(ov_preprocess_input_tensor_info_set_element_type(w.tensor, U8));
    CALL(ov_preprocess_input_tensor_info_set_spatial_static_shape(w.tensor, 4, 4));
    CALL(ov_preprocess_input_tensor_info_set_color_format_with_subnames(w.tensor, NV12_TWO_PLANES, 2, names));
    CALL(ov_preprocess_preprocess_steps_convert_color(w.steps, RGB));
    finish(&w, core);
    w = start("colour without a format", core, PICTURE);
    CALL(ov_preprocess_preprocess_steps_convert_color(w.steps, RGB));
    finish(&w, core);
}

static void from_tensor(const ov_core_t *core)
{
    struct work w = start("shape and type of a tensor", core, PICTURE);
    ov_tensor_t *tensor = new_tensor(U8, 4, (int64_t[]){1, 5, 6, 3});

    set_layout(&w, "NHWC", "NCHW");
    CALL(ov_preprocess_input_tensor_info_set_from(w.tensor, tensor));
    CALL(ov_preprocess_input_tensor_info_set_memory_type(w.tensor, "GPU_SURFACE"));
    CALL(ov_preprocess_preprocess_steps_convert_element_type(w.steps, F32));
    CALL(ov_preprocess_preprocess_steps_resize(w.steps, RESIZE_NEAREST));
    finish(&w, core);
    ov_tensor_free(tensor);
}

static void outputs(const ov_core_t *core)
{
    struct work w = start("output type", core, PICTURE);
    ov_preprocess_output_info_t *output = NULL;
    ov_preprocess_output_tensor_info_t *tensor = NULL;

    CALL(ov_preprocess_prepostprocessor_get_output_info(w.processor, &output));
    CALL(ov_preprocess_output_info_get_tensor_info(output, &tensor));
    CALL(ov_preprocess_output_set_element_type(tensor, U8));
    ov_preprocess_output_tensor_info_free(tensor);
    ov_preprocess_output_info_free(output);
    CALL(ov_preprocess_prepostprocessor_get_output_info_by_index(w.processor, 0, &output));
    ov_preprocess_output_info_free(output);
    CALL(ov_preprocess_prepostprocessor_get_output_info_by_name(w.processor, "y_t", &output));
    ov_preprocess_output_info_free(output);
    CALL(ov_preprocess_prepostprocessor_get_output_info_by_index(w.processor, 7, &output));
    CALL(ov_preprocess_prepostprocessor_get_output_info_by_name(w.processor, "nosuch", &output));
    finish(&w, core);
}

static void several(const ov_core_t *core)
{
    ov_model_t *model = read_text(core, model_two);
    ov_preprocess_prepostprocessor_t *processor = NULL;
    ov_preprocess_input_info_t *input = NULL;
    ov_preprocess_output_info_t *output = NULL;

    printf("# two inputs\n");
    MUST(ov_preprocess_prepostprocessor_create(model, &processor));
    CALL(ov_preprocess_prepostprocessor_get_input_info(processor, &input));
    CALL(ov_preprocess_prepostprocessor_get_input_info_by_name(processor, "alias", &input));
    ov_preprocess_input_info_free(input);
    CALL(ov_preprocess_prepostprocessor_get_input_info_by_index(processor, 1, &input));
    ov_preprocess_input_info_free(input);
    CALL(ov_preprocess_prepostprocessor_get_input_info_by_index(processor, 5, &input));
    CALL(ov_preprocess_prepostprocessor_get_input_info_by_name(processor, "nosuch", &input));
    CALL(ov_preprocess_prepostprocessor_get_output_info(processor, &output));
    ov_preprocess_prepostprocessor_free(processor);
    ov_model_free(model);
}

static void nulls(void)
{
    ov_preprocess_prepostprocessor_t *processor = NULL;
    ov_preprocess_input_info_t *input = NULL;
    ov_model_t *model = NULL;
    float value = 1;

    printf("# nothing given\n");
    CALL(ov_preprocess_prepostprocessor_create(NULL, &processor));
    CALL(ov_preprocess_prepostprocessor_build(NULL, &model));
    CALL(ov_preprocess_prepostprocessor_get_input_info(NULL, &input));
    CALL(ov_preprocess_input_info_get_tensor_info(NULL, NULL));
    CALL(ov_preprocess_preprocess_steps_mean(NULL, 1));
    CALL(ov_preprocess_preprocess_steps_scale_multi_channels(NULL, &value, 1));
    CALL(ov_preprocess_preprocess_steps_resize(NULL, RESIZE_LINEAR));
    CALL(ov_preprocess_input_tensor_info_set_layout(NULL, NULL));
    CALL(ov_preprocess_input_tensor_info_set_element_type(NULL, F32));
    CALL(ov_preprocess_output_set_element_type(NULL, F32));
    ov_preprocess_prepostprocessor_free(NULL);
    ov_preprocess_input_info_free(NULL);
    ov_preprocess_input_tensor_info_free(NULL);
    ov_preprocess_input_model_info_free(NULL);
    ov_preprocess_preprocess_steps_free(NULL);
    ov_preprocess_output_info_free(NULL);
    ov_preprocess_output_tensor_info_free(NULL);
}

int main(void)
{
    ov_core_t *core = NULL;

    MUST(ov_core_create(&core));
    arithmetic(core);
    geometry(core);
    colours(core);
    from_tensor(core);
    outputs(core);
    several(core);
    nulls();
    ov_core_free(core);
    return 0;
}
