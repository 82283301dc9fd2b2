/* Pre- and post-processing is not there yet: every function says so. No object can be made, so there is none
 * to free. */
#include "openvino/c/ov_prepostprocess.h"

#include "capi.h"

ov_status_e ov_preprocess_prepostprocessor_create(const ov_model_t *model,
                                                  ov_preprocess_prepostprocessor_t **preprocess)
{
    if (!model || !preprocess) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_prepostprocessor_free(ov_preprocess_prepostprocessor_t *preprocess)
{
    (void)preprocess;
}

ov_status_e ov_preprocess_prepostprocessor_get_input_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                                          ov_preprocess_input_info_t **preprocess_input_info)
{
    if (!preprocess || !preprocess_input_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_input_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                      const char *tensor_name,
                                                      ov_preprocess_input_info_t **preprocess_input_info)
{
    if (!preprocess || !tensor_name || !preprocess_input_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_input_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const size_t tensor_index,
                                                       ov_preprocess_input_info_t **preprocess_input_info)
{
    (void)tensor_index;
    if (!preprocess || !preprocess_input_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_input_info_free(ov_preprocess_input_info_t *preprocess_input_info)
{
    (void)preprocess_input_info;
}

ov_status_e
ov_preprocess_input_info_get_tensor_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                         ov_preprocess_input_tensor_info_t **preprocess_input_tensor_info)
{
    if (!preprocess_input_info || !preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_input_tensor_info_free(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info)
{
    (void)preprocess_input_tensor_info;
}

ov_status_e
ov_preprocess_input_info_get_preprocess_steps(const ov_preprocess_input_info_t *preprocess_input_info,
                                              ov_preprocess_preprocess_steps_t **preprocess_input_steps)
{
    if (!preprocess_input_info || !preprocess_input_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_preprocess_steps_free(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps)
{
    (void)preprocess_input_process_steps;
}

ov_status_e
ov_preprocess_preprocess_steps_resize(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                      const ov_preprocess_resize_algorithm_e resize_algorithm)
{
    (void)resize_algorithm;
    if (!preprocess_input_process_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_scale(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                     float value)
{
    (void)value;
    if (!preprocess_input_process_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_scale_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size)
{
    (void)value_size;
    if (!preprocess_input_process_steps || !values) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_mean(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    float value)
{
    (void)value;
    if (!preprocess_input_process_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_mean_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size)
{
    (void)value_size;
    if (!preprocess_input_process_steps || !values) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_crop(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    int32_t *begin, int32_t begin_size, int32_t *end, int32_t end_size)
{
    (void)end_size;
    (void)begin_size;
    if (!preprocess_input_process_steps || !begin || !end) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_convert_layout(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, ov_layout_t *layout)
{
    if (!preprocess_input_process_steps || !layout) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_reverse_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps)
{
    if (!preprocess_input_process_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_element_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_element_type_e element_type)
{
    (void)element_type;
    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat)
{
    (void)colorFormat;
    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format_with_subname(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, ...)
{
    (void)sub_names_size;
    (void)colorFormat;
    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format_with_subnames(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, const char **sub_names)
{
    (void)sub_names_size;
    (void)colorFormat;
    if (!preprocess_input_tensor_info || !sub_names) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_spatial_static_shape(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const size_t input_height,
    const size_t input_width)
{
    (void)input_width;
    (void)input_height;
    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_memory_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const char *mem_type)
{
    if (!preprocess_input_tensor_info || !mem_type) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_convert_element_type(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const ov_element_type_e element_type)
{
    (void)element_type;
    if (!preprocess_input_process_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_convert_color(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                             const ov_color_format_e colorFormat)
{
    (void)colorFormat;
    if (!preprocess_input_process_steps) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_input_tensor_info_set_from(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                         const ov_tensor_t *tensor)
{
    if (!preprocess_input_tensor_info || !tensor) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_input_tensor_info_set_layout(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                           ov_layout_t *layout)
{
    if (!preprocess_input_tensor_info || !layout) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                               ov_preprocess_output_info_t **preprocess_output_info)
{
    if (!preprocess || !preprocess_output_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                        const size_t tensor_index,
                                                        ov_preprocess_output_info_t **preprocess_output_info)
{
    (void)tensor_index;
    if (!preprocess || !preprocess_output_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const char *tensor_name,
                                                       ov_preprocess_output_info_t **preprocess_output_info)
{
    if (!preprocess || !tensor_name || !preprocess_output_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_output_info_free(ov_preprocess_output_info_t *preprocess_output_info)
{
    (void)preprocess_output_info;
}

ov_status_e
ov_preprocess_output_info_get_tensor_info(const ov_preprocess_output_info_t *preprocess_output_info,
                                          ov_preprocess_output_tensor_info_t **preprocess_output_tensor_info)
{
    if (!preprocess_output_info || !preprocess_output_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_output_tensor_info_free(ov_preprocess_output_tensor_info_t *preprocess_output_tensor_info)
{
    (void)preprocess_output_tensor_info;
}

ov_status_e
ov_preprocess_output_set_element_type(ov_preprocess_output_tensor_info_t *preprocess_output_tensor_info,
                                      const ov_element_type_e element_type)
{
    (void)element_type;
    if (!preprocess_output_tensor_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_input_info_get_model_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                        ov_preprocess_input_model_info_t **preprocess_input_model_info)
{
    if (!preprocess_input_info || !preprocess_input_model_info) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_input_model_info_free(ov_preprocess_input_model_info_t *preprocess_input_model_info)
{
    (void)preprocess_input_model_info;
}

ov_status_e
ov_preprocess_input_model_info_set_layout(ov_preprocess_input_model_info_t *preprocess_input_model_info,
                                          ov_layout_t *layout)
{
    if (!preprocess_input_model_info || !layout) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_prepostprocessor_build(const ov_preprocess_prepostprocessor_t *preprocess,
                                                 ov_model_t **model)
{
    if (!preprocess || !model) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_pad(const ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                   const int *const pads_begin, size_t pads_begin_size,
                                   const int *const pads_end, size_t pads_end_size, float value,
                                   ov_padding_mode_e mode)
{
    (void)mode;
    (void)value;
    (void)pads_end_size;
    (void)pads_begin_size;
    if (!preprocess_input_process_steps || !pads_begin || !pads_end) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}
