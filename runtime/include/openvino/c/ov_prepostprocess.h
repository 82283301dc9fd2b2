/* Pre- and post-processing that becomes part of the model.
 *
 * A pre-processing object is made for a model; what the program will pass in is described by the tensor
 * infos, what to do with it by the steps, what the model expects by the model infos; ..._build() then makes a
 * new model. Infos and steps are handles into the object, freed by their own functions, valid also when the
 * object is freed first. One thread at a time may use one object and its handles. */
#ifndef OPENVINO_C_OV_PREPOSTPROCESS_H
#define OPENVINO_C_OV_PREPOSTPROCESS_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_layout.h"
#include "openvino/c/ov_model.h"
#include "openvino/c/ov_tensor.h"

typedef struct ov_preprocess_prepostprocessor ov_preprocess_prepostprocessor_t;
typedef struct ov_preprocess_input_info ov_preprocess_input_info_t;
typedef struct ov_preprocess_input_tensor_info ov_preprocess_input_tensor_info_t;
typedef struct ov_preprocess_output_info ov_preprocess_output_info_t;
typedef struct ov_preprocess_output_tensor_info ov_preprocess_output_tensor_info_t;
typedef struct ov_preprocess_input_model_info ov_preprocess_input_model_info_t;
typedef struct ov_preprocess_preprocess_steps ov_preprocess_preprocess_steps_t;

typedef enum {
    UNDEFINE = 0U,
    NV12_SINGLE_PLANE, /* one tensor of height * 3 / 2 rows */
    NV12_TWO_PLANES,   /* Y, and UV at half size */
    I420_SINGLE_PLANE,
    I420_THREE_PLANES, /* Y, U, V */
    RGB,
    BGR,
    GRAY,
    RGBX, /* the fourth channel is ignored */
    BGRX
} ov_color_format_e;

typedef enum { RESIZE_LINEAR, RESIZE_CUBIC, RESIZE_NEAREST } ov_preprocess_resize_algorithm_e;

typedef enum {
    CONSTANT = 0,
    EDGE,     /* repeat the last element */
    REFLECT,  /* mirror without it */
    SYMMETRIC /* mirror with it */
} ov_padding_mode_e;

/* The model itself is changed by building: use what ..._build() returns. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_create(const ov_model_t *model, ov_preprocess_prepostprocessor_t **preprocess);

OPENVINO_C_API(void) ov_preprocess_prepostprocessor_free(ov_preprocess_prepostprocessor_t *preprocess);

/* The description of an input; without name and index the model must have one input. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_get_input_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                              ov_preprocess_input_info_t **preprocess_input_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_get_input_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                      const char *tensor_name,
                                                      ov_preprocess_input_info_t **preprocess_input_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_get_input_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const size_t tensor_index,
                                                       ov_preprocess_input_info_t **preprocess_input_info);

OPENVINO_C_API(void) ov_preprocess_input_info_free(ov_preprocess_input_info_t *preprocess_input_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_input_info_get_tensor_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                         ov_preprocess_input_tensor_info_t **preprocess_input_tensor_info);

OPENVINO_C_API(void)
ov_preprocess_input_tensor_info_free(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_input_info_get_preprocess_steps(const ov_preprocess_input_info_t *preprocess_input_info,
                                              ov_preprocess_preprocess_steps_t **preprocess_input_steps);

OPENVINO_C_API(void)
ov_preprocess_preprocess_steps_free(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps);

/* Steps run in the order in which they were added. Values are in the units of the tensor at that point. */

/* Resize height and width to what the model expects. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_resize(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                      const ov_preprocess_resize_algorithm_e resize_algorithm);

/* Divide by `value`. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_scale(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                     float value);

/* Divide each channel by its value; the layout must tell the channel dimension. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_scale_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size);

/* Subtract `value`. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_mean(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    float value);

/* Subtract from each channel its value. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_mean_multi_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const float *values,
    const int32_t value_size);

/* Keep [begin, end) of each dimension; negative numbers count from the end. Both have one number a
 * dimension. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_crop(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                    int32_t *begin, int32_t begin_size, int32_t *end, int32_t end_size);

/* Transpose from the present layout to `layout`. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_convert_layout(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, ov_layout_t *layout);

OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_reverse_channels(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps);

/* The type the program passes; a conversion to the model's type is added where needed. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_element_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_element_type_e element_type);

OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_color_format(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat);

/* For formats of several planes: each plane becomes an input named NAME/SUBNAME. `sub_names_size` strings
 * follow. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_color_format_with_subname(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, ...);

OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_color_format_with_subnames(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, const char **sub_names);

/* Height and width of what the program passes. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_spatial_static_shape(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const size_t input_height,
    const size_t input_width);

/* Where the data will be, a hint for the device such as "GPU_SURFACE". */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_memory_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const char *mem_type);

OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_convert_element_type(
    ov_preprocess_preprocess_steps_t *preprocess_input_process_steps, const ov_element_type_e element_type);

OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_convert_color(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                             const ov_color_format_e colorFormat);

/* Take type and shape from a tensor; its contents do not matter. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_from(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                         const ov_tensor_t *tensor);

/* The layout of what the program passes. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_tensor_info_set_layout(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                           ov_layout_t *layout);

/* The description of an output; without name and index the model must have one output. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_get_output_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                               ov_preprocess_output_info_t **preprocess_output_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_get_output_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                        const size_t tensor_index,
                                                        ov_preprocess_output_info_t **preprocess_output_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_get_output_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const char *tensor_name,
                                                       ov_preprocess_output_info_t **preprocess_output_info);

OPENVINO_C_API(void) ov_preprocess_output_info_free(ov_preprocess_output_info_t *preprocess_output_info);

OPENVINO_C_API(ov_status_e)
ov_preprocess_output_info_get_tensor_info(const ov_preprocess_output_info_t *preprocess_output_info,
                                          ov_preprocess_output_tensor_info_t **preprocess_output_tensor_info);

OPENVINO_C_API(void)
ov_preprocess_output_tensor_info_free(ov_preprocess_output_tensor_info_t *preprocess_output_tensor_info);

/* The type in which the program wants the output. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_output_set_element_type(ov_preprocess_output_tensor_info_t *preprocess_output_tensor_info,
                                      const ov_element_type_e element_type);

OPENVINO_C_API(ov_status_e)
ov_preprocess_input_info_get_model_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                        ov_preprocess_input_model_info_t **preprocess_input_model_info);

OPENVINO_C_API(void)
ov_preprocess_input_model_info_free(ov_preprocess_input_model_info_t *preprocess_input_model_info);

/* The layout of the model's own input. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_input_model_info_set_layout(ov_preprocess_input_model_info_t *preprocess_input_model_info,
                                          ov_layout_t *layout);

/* Make the model: a new handle for ov_model_free(). GENERAL_ERROR when steps and shapes do not fit
 * together. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_prepostprocessor_build(const ov_preprocess_prepostprocessor_t *preprocess, ov_model_t **model);

/* Add elements before and after each dimension, one number a dimension; `value` fills them in mode
 * CONSTANT. */
OPENVINO_C_API(ov_status_e)
ov_preprocess_preprocess_steps_pad(const ov_preprocess_preprocess_steps_t *preprocess_input_process_steps,
                                   const int *const pads_begin, size_t pads_begin_size,
                                   const int *const pads_end, size_t pads_end_size, float value,
                                   ov_padding_mode_e mode);

#endif
