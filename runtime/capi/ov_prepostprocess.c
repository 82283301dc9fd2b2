/* Pre- and post-processing steps are not implemented yet. Every function says so; nothing is ever created, so
 * the free functions have nothing to do. */
#include "openvino/c/ov_prepostprocess.h"

#include "capi.h"

ov_status_e ov_preprocess_prepostprocessor_create(const ov_model_t *model,
                                                  ov_preprocess_prepostprocessor_t **preprocess)
{
    (void)model;
    (void)preprocess;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

void ov_preprocess_prepostprocessor_free(ov_preprocess_prepostprocessor_t *preprocess)
{
    (void)preprocess;
}

ov_status_e ov_preprocess_prepostprocessor_get_input_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                                          ov_preprocess_input_info_t **preprocess_input_info)
{
    (void)preprocess;
    (void)preprocess_input_info;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_input_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                      const char *tensor_name,
                                                      ov_preprocess_input_info_t **preprocess_input_info)
{
    (void)preprocess;
    (void)tensor_name;
    (void)preprocess_input_info;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_input_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const size_t tensor_index,
                                                       ov_preprocess_input_info_t **preprocess_input_info)
{
    (void)preprocess;
    (void)tensor_index;
    (void)preprocess_input_info;
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
    (void)preprocess_input_info;
    (void)preprocess_input_tensor_info;
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
    (void)preprocess_input_info;
    (void)preprocess_input_steps;
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
    (void)preprocess_input_process_steps;
    (void)resize_algorithm;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_scale(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                     float value)
{
    (void)preprocess_input_process_steps;
    (void)value;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_scale_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size)
{
    (void)preprocess_input_process_steps;
    (void)values;
    (void)value_size;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_mean(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    float value)
{
    (void)preprocess_input_process_steps;
    (void)value;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_mean_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size)
{
    (void)preprocess_input_process_steps;
    (void)values;
    (void)value_size;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_crop(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    int32_t *begin, int32_t begin_size, int32_t *end, int32_t end_size)
{
    (void)preprocess_input_process_steps;
    (void)begin;
    (void)begin_size;
    (void)end;
    (void)end_size;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_convert_layout(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, ov_layout_t *layout)
{
    (void)preprocess_input_process_steps;
    (void)layout;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_reverse_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps)
{
    (void)preprocess_input_process_steps;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_element_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_element_type_e element_type)
{
    (void)preprocess_input_tensor_info;
    (void)element_type;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat)
{
    (void)preprocess_input_tensor_info;
    (void)colorFormat;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format_with_subname(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, ...)
{
    (void)preprocess_input_tensor_info;
    (void)colorFormat;
    (void)sub_names_size;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format_with_subnames(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, const char **sub_names)
{
    (void)preprocess_input_tensor_info;
    (void)colorFormat;
    (void)sub_names_size;
    (void)sub_names;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_spatial_static_shape(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const size_t input_height,
    const size_t input_width)
{
    (void)preprocess_input_tensor_info;
    (void)input_height;
    (void)input_width;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_input_tensor_info_set_memory_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const char *mem_type)
{
    (void)preprocess_input_tensor_info;
    (void)mem_type;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_preprocess_steps_convert_element_type(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const ov_element_type_e element_type)
{
    (void)preprocess_input_process_steps;
    (void)element_type;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_convert_color(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                             const ov_color_format_e colorFormat)
{
    (void)preprocess_input_process_steps;
    (void)colorFormat;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_input_tensor_info_set_from(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                         const ov_tensor_t *tensor)
{
    (void)preprocess_input_tensor_info;
    (void)tensor;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_input_tensor_info_set_layout(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                           ov_layout_t *layout)
{
    (void)preprocess_input_tensor_info;
    (void)layout;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                               ov_preprocess_output_info_t **preprocess_output_info)
{
    (void)preprocess;
    (void)preprocess_output_info;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                        const size_t tensor_index,
                                                        ov_preprocess_output_info_t **preprocess_output_info)
{
    (void)preprocess;
    (void)tensor_index;
    (void)preprocess_output_info;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const char *tensor_name,
                                                       ov_preprocess_output_info_t **preprocess_output_info)
{
    (void)preprocess;
    (void)tensor_name;
    (void)preprocess_output_info;
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
    (void)preprocess_output_info;
    (void)preprocess_output_tensor_info;
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
    (void)preprocess_output_tensor_info;
    (void)element_type;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_input_info_get_model_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                        ov_preprocess_input_model_info_t **preprocess_input_model_info)
{
    (void)preprocess_input_info;
    (void)preprocess_input_model_info;
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
    (void)preprocess_input_model_info;
    (void)layout;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_preprocess_prepostprocessor_build(const ov_preprocess_prepostprocessor_t *preprocess,
                                                 ov_model_t **model)
{
    (void)preprocess;
    (void)model;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e
ov_preprocess_preprocess_steps_pad(const ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                   const int *const pads_begin, size_t pads_begin_size,
                                   const int *const pads_end, size_t pads_end_size, float value,
                                   ov_padding_mode_e mode)
{
    (void)preprocess_input_process_steps;
    (void)pads_begin;
    (void)pads_begin_size;
    (void)pads_end;
    (void)pads_end_size;
    (void)value;
    (void)mode;
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}
