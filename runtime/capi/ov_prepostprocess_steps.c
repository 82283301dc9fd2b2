/* The steps of pre-processing. */
#include "openvino/c/ov_prepostprocess.h"

#include "prepostprocess.h"

#include <stdlib.h>

static struct vt_prep_step *add(const ov_preprocess_preprocess_steps_t *steps, enum vt_prep_kind kind)
{
    return vt_prep_add(vt_capi_prep_input(steps), kind);
}

/* Add a step that needs nothing more than its kind and a number. */
static ov_status_e simple(const ov_preprocess_preprocess_steps_t *steps, enum vt_prep_kind kind, int mode,
                          enum vt_type type)
{
    struct vt_prep_step *step = steps ? add(steps, kind) : NULL;

    if (!step) {
        return steps ? vt_capi_fail(GENERAL_ERROR, "out of memory") : INVALID_C_PARAM;
    }
    step->mode = mode;
    step->color = (enum vt_color)mode;
    step->type = type;
    return OK;
}

static ov_status_e numbers(const ov_preprocess_preprocess_steps_t *steps, enum vt_prep_kind kind,
                           const float *values, int32_t n)
{
    struct vt_prep_step *step;
    float *copy;

    if (!steps || !values || n <= 0) {
        return INVALID_C_PARAM;
    }
    copy = malloc((size_t)n * sizeof(*copy));
    step = copy ? add(steps, kind) : NULL;
    if (!step) {
        free(copy);
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    memcpy(copy, values, (size_t)n * sizeof(*copy));
    step->values = copy;
    step->n = n;
    return OK;
}

/* Two lists of numbers, one an axis. */
static ov_status_e lists(const ov_preprocess_preprocess_steps_t *steps, enum vt_prep_kind kind,
                         const int *begin, size_t n_begin, const int *end, size_t n_end, float value,
                         int mode)
{
    struct vt_prep_step *step;
    int64_t *copies[2] = {NULL, NULL};

    if (!steps || !begin || !end) {
        return INVALID_C_PARAM;
    }
    if (n_begin != n_end || n_begin > VT_MAX_RANK) {
        return vt_capi_fail(GENERAL_ERROR,
                            "%zu numbers for the beginnings and %zu for the ends: there must be one for each "
                            "axis, at most %d",
                            n_begin, n_end, VT_MAX_RANK);
    }
    copies[0] = calloc(n_begin + 1, sizeof(**copies));
    copies[1] = calloc(n_begin + 1, sizeof(**copies));
    step = copies[0] && copies[1] ? add(steps, kind) : NULL;
    if (!step) {
        free(copies[0]);
        free(copies[1]);
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    for (size_t i = 0; i < n_begin; i++) {
        copies[0][i] = begin[i];
        copies[1][i] = end[i];
    }
    step->begin = copies[0];
    step->end = copies[1];
    step->n = (int)n_begin;
    step->value = value;
    step->mode = mode;
    return OK;
}

ov_status_e
ov_preprocess_preprocess_steps_resize(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                      const ov_preprocess_resize_algorithm_e resize_algorithm)
{
    if (preprocess_input_process_steps && ((int)resize_algorithm < 0 || resize_algorithm > RESIZE_NEAREST)) {
        return vt_capi_fail(UNKNOW_EXCEPTION,
                            "%d is no way to resize; there are 0 (linear), 1 (cubic), 2 (nearest)",
                            (int)resize_algorithm);
    }
    return simple(preprocess_input_process_steps, VT_PREP_RESIZE, (int)resize_algorithm, VT_DYNAMIC);
}

ov_status_e
ov_preprocess_preprocess_steps_scale(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                     float value)
{
    return numbers(preprocess_input_process_steps, VT_PREP_SCALE, &value, 1);
}

ov_status_e ov_preprocess_preprocess_steps_scale_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size)
{
    return numbers(preprocess_input_process_steps, VT_PREP_SCALE, values, value_size);
}

ov_status_e
ov_preprocess_preprocess_steps_mean(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    float value)
{
    return numbers(preprocess_input_process_steps, VT_PREP_MEAN, &value, 1);
}

ov_status_e ov_preprocess_preprocess_steps_mean_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size)
{
    return numbers(preprocess_input_process_steps, VT_PREP_MEAN, values, value_size);
}

ov_status_e
ov_preprocess_preprocess_steps_crop(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    int32_t *begin, int32_t begin_size, int32_t *end, int32_t end_size)
{
    if (begin_size < 0 || end_size < 0) {
        return INVALID_C_PARAM;
    }
    return lists(preprocess_input_process_steps, VT_PREP_CROP, begin, (size_t)begin_size, end,
                 (size_t)end_size, 0, 0);
}

ov_status_e ov_preprocess_preprocess_steps_convert_layout(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, ov_layout_t *layout)
{
    struct vt_error err = {0};
    struct vt_layout copy;
    struct vt_prep_step *step;
    int status;

    if (!preprocess_input_process_steps || !layout) {
        return INVALID_C_PARAM;
    }
    status = vt_layout_copy((const struct vt_layout *)(const void *)layout, &copy, &err);
    step = status ? NULL : add(preprocess_input_process_steps, VT_PREP_LAYOUT);
    if (!step) {
        vt_layout_finish(&copy);
        return status ? vt_capi_ordinary(status, &err) : vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    step->layout = copy;
    return OK;
}

ov_status_e ov_preprocess_preprocess_steps_reverse_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps)
{
    return simple(preprocess_input_process_steps, VT_PREP_REVERSE, 0, VT_DYNAMIC);
}

ov_status_e ov_preprocess_preprocess_steps_convert_element_type(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const ov_element_type_e element_type)
{
    ov_status_e status = preprocess_input_process_steps ? vt_capi_prep_type(element_type) : INVALID_C_PARAM;

    return status != OK ? status
                        : simple(preprocess_input_process_steps, VT_PREP_TYPE, 0, (enum vt_type)element_type);
}

ov_status_e
ov_preprocess_preprocess_steps_convert_color(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                             const ov_color_format_e colorFormat)
{
    ov_status_e status = preprocess_input_process_steps ? vt_capi_prep_color(colorFormat) : INVALID_C_PARAM;

    return status != OK ? status
                        : simple(preprocess_input_process_steps, VT_PREP_COLOR, (int)colorFormat, VT_DYNAMIC);
}

ov_status_e
ov_preprocess_preprocess_steps_pad(const ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                   const int *const pads_begin, size_t pads_begin_size,
                                   const int *const pads_end, size_t pads_end_size, float value,
                                   ov_padding_mode_e mode)
{
    if (preprocess_input_process_steps && ((int)mode < CONSTANT || (int)mode > SYMMETRIC)) {
        return vt_capi_fail(
            UNKNOW_EXCEPTION,
            "%d is no way to pad; there are 0 (constant), 1 (edge), 2 (reflect), 3 (symmetric)", (int)mode);
    }
    return lists(preprocess_input_process_steps, VT_PREP_PAD, pads_begin, pads_begin_size, pads_end,
                 pads_end_size, value, (int)mode);
}
