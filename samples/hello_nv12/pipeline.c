#include "pipeline.h"

#include "../common/runtime.h"

/* Handles of the runtime that live while the new model is described. */
struct pipeline {
    ov_preprocess_prepostprocessor_t *whole;
    ov_preprocess_input_info_t *input;
    ov_preprocess_input_tensor_info_t *tensor;
    ov_preprocess_preprocess_steps_t *steps;
    ov_preprocess_input_model_info_t *model;
    ov_layout_t *layout;
};

static int begin(struct pipeline *p, const ov_model_t *model, const char *layout, struct message *message)
{
    if (runtime_check(ov_preprocess_prepostprocessor_create(model, &p->whole), message, "pre-processing") ||
        runtime_check(ov_preprocess_prepostprocessor_get_input_info(p->whole, &p->input), message,
                      "pre-processing") ||
        runtime_check(ov_preprocess_input_info_get_tensor_info(p->input, &p->tensor), message,
                      "pre-processing") ||
        runtime_check(ov_preprocess_input_info_get_preprocess_steps(p->input, &p->steps), message,
                      "pre-processing") ||
        runtime_check(ov_preprocess_input_info_get_model_info(p->input, &p->model), message,
                      "pre-processing") ||
        runtime_check(ov_layout_create(layout, &p->layout), message, "layout %s", layout)) {
        return -1;
    }
    return runtime_check(ov_preprocess_input_model_info_set_layout(p->model, p->layout), message, "layout %s",
                         layout);
}

/* What the program passes. */
static int describe_tensor(const struct pipeline *p, const struct arguments *a, struct message *message)
{
    ov_color_format_e format = a->two_planes ? NV12_TWO_PLANES : NV12_SINGLE_PLANE;
    if (runtime_check(ov_preprocess_input_tensor_info_set_element_type(p->tensor, U8), message,
                      "element type") ||
        runtime_check(ov_preprocess_input_tensor_info_set_color_format(p->tensor, format), message,
                      "colour format")) {
        return -1;
    }
    return runtime_check(
        ov_preprocess_input_tensor_info_set_spatial_static_shape(p->tensor, a->height, a->width), message,
        "size of the picture");
}

/* What happens to it. Numbers become f32 first, so that nothing is rounded on the way. */
static int describe_steps(const struct pipeline *p, size_t channels, const struct arguments *a,
                          struct message *message)
{
    ov_color_format_e format = channels == 1 ? GRAY : a->blue_first ? BGR : RGB;
    if (runtime_check(ov_preprocess_preprocess_steps_convert_element_type(p->steps, F32), message,
                      "converting to f32") ||
        runtime_check(ov_preprocess_preprocess_steps_convert_color(p->steps, format), message,
                      "converting the colours") ||
        runtime_check(ov_preprocess_preprocess_steps_resize(p->steps, RESIZE_LINEAR), message, "resizing")) {
        return -1;
    }
    if (a->mean != 0 &&
        runtime_check(ov_preprocess_preprocess_steps_mean(p->steps, (float)a->mean), message, "mean")) {
        return -1;
    }
    return a->scale == 1
               ? 0
               : runtime_check(ov_preprocess_preprocess_steps_scale(p->steps, (float)(1 / a->scale)), message,
                               "scale");
}

static void finish(struct pipeline *p)
{
    ov_layout_free(p->layout);
    ov_preprocess_input_model_info_free(p->model);
    ov_preprocess_preprocess_steps_free(p->steps);
    ov_preprocess_input_tensor_info_free(p->tensor);
    ov_preprocess_input_info_free(p->input);
    ov_preprocess_prepostprocessor_free(p->whole);
}

int pipeline_build(const ov_model_t *model, const struct picture_layout *layout,
                   const struct arguments *arguments, ov_model_t **built, struct message *message)
{
    struct pipeline pipeline = {0};
    int rc = begin(&pipeline, model, layout->letters, message);
    rc = rc ? rc : describe_tensor(&pipeline, arguments, message);
    rc = rc ? rc : describe_steps(&pipeline, layout->channels, arguments, message);
    rc = rc ? rc
            : runtime_check(ov_preprocess_prepostprocessor_build(pipeline.whole, built), message,
                            "pre-processing");
    finish(&pipeline);
    return rc;
}
