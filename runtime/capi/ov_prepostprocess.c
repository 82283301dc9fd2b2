/* Pre- and post-processing: handles over the descriptions of core/preprocess.h. */
#include "openvino/c/ov_prepostprocess.h"

#include "prepostprocess.h"

#include <stdlib.h>

_Static_assert((int)RGB == VT_COLOR_RGB && (int)BGRX == VT_COLOR_BGRX,
               "colour formats have the API's numbers");
_Static_assert(RESIZE_LINEAR == 0 && RESIZE_CUBIC == 1 && RESIZE_NEAREST == 2,
               "modes have the API's numbers");

static struct vt_preprocess *object(const ov_preprocess_prepostprocessor_t *preprocess)
{
    return (struct vt_preprocess *)preprocess;
}

static ov_status_e no_memory(void)
{
    return vt_capi_fail(GENERAL_ERROR, "out of memory");
}

/* A new handle into *handle, whatever it is called. */
static ov_status_e give(struct vt_preprocess *owner, int index, void *handle)
{
    struct vt_capi_prep *h = malloc(sizeof(*h));

    if (!h) {
        return no_memory();
    }
    *h = (struct vt_capi_prep){vt_preprocess_ref(owner), index};
    memcpy(handle, &h, sizeof(h));
    return OK;
}

static ov_status_e give_same(const void *handle, void *other)
{
    const struct vt_capi_prep *h = handle;

    return give(h->owner, h->index, other);
}

static void take_back(void *handle)
{
    struct vt_capi_prep *h = handle;

    if (h) {
        vt_preprocess_unref(h->owner);
        free(h);
    }
}

/* ---- the object */

ov_status_e ov_preprocess_prepostprocessor_create(const ov_model_t *model,
                                                  ov_preprocess_prepostprocessor_t **preprocess)
{
    struct vt_error err = {0};
    struct vt_preprocess *made = NULL;
    int status;

    if (!model || !preprocess) {
        return INVALID_C_PARAM;
    }
    status = vt_preprocess_create(vt_capi_model(model), &made, &err);
    if (status == VT_OK) {
        *preprocess = (ov_preprocess_prepostprocessor_t *)(void *)made;
    }
    return vt_capi_ordinary(status, &err);
}

void ov_preprocess_prepostprocessor_free(ov_preprocess_prepostprocessor_t *preprocess)
{
    vt_preprocess_unref(object(preprocess));
}

ov_status_e ov_preprocess_prepostprocessor_build(const ov_preprocess_prepostprocessor_t *preprocess,
                                                 ov_model_t **model)
{
    struct vt_error err = {0};
    struct vt_model *made = NULL;
    int status;

    if (!preprocess || !model) {
        return INVALID_C_PARAM;
    }
    status = vt_preprocess_build(object(preprocess), &made, &err);
    if (status == VT_OK) {
        *model = (ov_model_t *)(void *)made;
    }
    return vt_capi_ordinary(status, &err);
}

/* ---- inputs and outputs */

static ov_status_e only(const ov_preprocess_prepostprocessor_t *preprocess, enum vt_side side, void *info)
{
    const struct vt_model *model = object(preprocess)->model;

    if (model->n_io[side] != 1) {
        return vt_capi_fail(GENERAL_ERROR, "model '%s' has %d %ss: name the one that is meant",
                            vt_model_name(model), model->n_io[side], vt_side_name(side));
    }
    return give(object(preprocess), 0, info);
}

static ov_status_e by_index(const ov_preprocess_prepostprocessor_t *preprocess, enum vt_side side,
                            size_t index, void *info)
{
    const struct vt_model *model = object(preprocess)->model;

    if (index >= (size_t)model->n_io[side]) {
        return vt_capi_fail(GENERAL_ERROR, "model '%s' has %d %ss, there is no %zu", vt_model_name(model),
                            model->n_io[side], vt_side_name(side), index);
    }
    return give(object(preprocess), (int)index, info);
}

static ov_status_e by_name(const ov_preprocess_prepostprocessor_t *preprocess, enum vt_side side,
                           const char *name, void *info)
{
    int index;
    ov_status_e status = vt_capi_model_find(object(preprocess)->model, side, name, &index);

    return status != OK ? status : give(object(preprocess), index, info);
}

ov_status_e ov_preprocess_prepostprocessor_get_input_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                                          ov_preprocess_input_info_t **preprocess_input_info)
{
    return preprocess && preprocess_input_info ? only(preprocess, VT_INPUT, preprocess_input_info)
                                               : INVALID_C_PARAM;
}

ov_status_e
ov_preprocess_prepostprocessor_get_input_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                      const char *tensor_name,
                                                      ov_preprocess_input_info_t **preprocess_input_info)
{
    return preprocess && tensor_name && preprocess_input_info
               ? by_name(preprocess, VT_INPUT, tensor_name, preprocess_input_info)
               : INVALID_C_PARAM;
}

ov_status_e
ov_preprocess_prepostprocessor_get_input_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const size_t tensor_index,
                                                       ov_preprocess_input_info_t **preprocess_input_info)
{
    return preprocess && preprocess_input_info
               ? by_index(preprocess, VT_INPUT, tensor_index, preprocess_input_info)
               : INVALID_C_PARAM;
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info(const ov_preprocess_prepostprocessor_t *preprocess,
                                               ov_preprocess_output_info_t **preprocess_output_info)
{
    return preprocess && preprocess_output_info ? only(preprocess, VT_OUTPUT, preprocess_output_info)
                                                : INVALID_C_PARAM;
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info_by_index(const ov_preprocess_prepostprocessor_t *preprocess,
                                                        const size_t tensor_index,
                                                        ov_preprocess_output_info_t **preprocess_output_info)
{
    return preprocess && preprocess_output_info
               ? by_index(preprocess, VT_OUTPUT, tensor_index, preprocess_output_info)
               : INVALID_C_PARAM;
}

ov_status_e
ov_preprocess_prepostprocessor_get_output_info_by_name(const ov_preprocess_prepostprocessor_t *preprocess,
                                                       const char *tensor_name,
                                                       ov_preprocess_output_info_t **preprocess_output_info)
{
    return preprocess && tensor_name && preprocess_output_info
               ? by_name(preprocess, VT_OUTPUT, tensor_name, preprocess_output_info)
               : INVALID_C_PARAM;
}

void ov_preprocess_input_info_free(ov_preprocess_input_info_t *preprocess_input_info)
{
    take_back(preprocess_input_info);
}

void ov_preprocess_output_info_free(ov_preprocess_output_info_t *preprocess_output_info)
{
    take_back(preprocess_output_info);
}

ov_status_e
ov_preprocess_input_info_get_tensor_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                         ov_preprocess_input_tensor_info_t **preprocess_input_tensor_info)
{
    return preprocess_input_info && preprocess_input_tensor_info
               ? give_same(preprocess_input_info, preprocess_input_tensor_info)
               : INVALID_C_PARAM;
}

void ov_preprocess_input_tensor_info_free(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info)
{
    take_back(preprocess_input_tensor_info);
}

ov_status_e
ov_preprocess_input_info_get_preprocess_steps(const ov_preprocess_input_info_t *preprocess_input_info,
                                              ov_preprocess_preprocess_steps_t **preprocess_input_steps)
{
    return preprocess_input_info && preprocess_input_steps
               ? give_same(preprocess_input_info, preprocess_input_steps)
               : INVALID_C_PARAM;
}

void ov_preprocess_preprocess_steps_free(ov_preprocess_preprocess_steps_t *preprocess_input_process_steps)
{
    take_back(preprocess_input_process_steps);
}

ov_status_e
ov_preprocess_input_info_get_model_info(const ov_preprocess_input_info_t *preprocess_input_info,
                                        ov_preprocess_input_model_info_t **preprocess_input_model_info)
{
    return preprocess_input_info && preprocess_input_model_info
               ? give_same(preprocess_input_info, preprocess_input_model_info)
               : INVALID_C_PARAM;
}

void ov_preprocess_input_model_info_free(ov_preprocess_input_model_info_t *preprocess_input_model_info)
{
    take_back(preprocess_input_model_info);
}

ov_status_e
ov_preprocess_output_info_get_tensor_info(const ov_preprocess_output_info_t *preprocess_output_info,
                                          ov_preprocess_output_tensor_info_t **preprocess_output_tensor_info)
{
    return preprocess_output_info && preprocess_output_tensor_info
               ? give_same(preprocess_output_info, preprocess_output_tensor_info)
               : INVALID_C_PARAM;
}

void ov_preprocess_output_tensor_info_free(ov_preprocess_output_tensor_info_t *preprocess_output_tensor_info)
{
    take_back(preprocess_output_tensor_info);
}

/* ---- what is passed in */

ov_status_e vt_capi_prep_type(ov_element_type_e type)
{
    return vt_capi_type_ok(type) ? OK : vt_capi_fail(UNKNOW_EXCEPTION, "%d is no element type", (int)type);
}

ov_status_e vt_capi_prep_color(ov_color_format_e format)
{
    return (unsigned)format < VT_COLOR_COUNT
               ? OK
               : vt_capi_fail(GENERAL_ERROR, "%d is no colour format", (int)format);
}

static ov_status_e set_layout(struct vt_layout *to, const ov_layout_t *layout)
{
    struct vt_error err = {0};
    struct vt_layout copy;
    int status = vt_layout_copy((const struct vt_layout *)(const void *)layout, &copy, &err);

    if (status == VT_OK) {
        vt_layout_finish(to);
        *to = copy;
    }
    return vt_capi_ordinary(status, &err);
}

ov_status_e ov_preprocess_input_tensor_info_set_element_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_element_type_e element_type)
{
    ov_status_e status;

    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    status = vt_capi_prep_type(element_type);
    if (status == OK) {
        vt_capi_prep_input(preprocess_input_tensor_info)->type = (enum vt_type)element_type;
    }
    return status;
}

ov_status_e
ov_preprocess_input_tensor_info_set_layout(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                           ov_layout_t *layout)
{
    return preprocess_input_tensor_info && layout
               ? set_layout(&vt_capi_prep_input(preprocess_input_tensor_info)->layout, layout)
               : INVALID_C_PARAM;
}

/* `names`: of the planes, or NULL. */
static ov_status_e set_color(void *info, ov_color_format_e format, size_t n, const char *const *names)
{
    struct vt_prep_input *in = vt_capi_prep_input(info);
    char *copies[VT_MAX_PLANES] = {NULL};
    ov_status_e status = vt_capi_prep_color(format);

    if (status != OK) {
        return status;
    }
    if (n && n != (size_t)vt_color_planes((enum vt_color)format)) {
        return vt_capi_fail(GENERAL_ERROR, "%zu names of planes, the colour format has %d planes", n,
                            vt_color_planes((enum vt_color)format));
    }
    for (size_t i = 0; i < n; i++) {
        if (!names[i]) {
            return INVALID_C_PARAM;
        }
    }
    for (size_t i = 0; i < n; i++) {
        copies[i] = strdup(names[i]);
        if (!copies[i]) {
            while (i--) {
                free(copies[i]);
            }
            return no_memory();
        }
    }
    for (int i = 0; i < VT_MAX_PLANES; i++) {
        free(in->planes[i]);
        in->planes[i] = copies[i];
    }
    in->color = (enum vt_color)format;
    return OK;
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat)
{
    return preprocess_input_tensor_info ? set_color(preprocess_input_tensor_info, colorFormat, 0, NULL)
                                        : INVALID_C_PARAM;
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format_with_subname(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, ...)
{
    const char *names[VT_MAX_PLANES];
    va_list ap;

    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    if (sub_names_size > VT_MAX_PLANES) {
        return vt_capi_fail(GENERAL_ERROR, "%zu names of planes, a picture has at most %d planes",
                            sub_names_size, VT_MAX_PLANES);
    }
    va_start(ap, sub_names_size);
    for (size_t i = 0; i < sub_names_size; i++) {
        names[i] = va_arg(ap, const char *);
    }
    va_end(ap);
    return set_color(preprocess_input_tensor_info, colorFormat, sub_names_size, names);
}

ov_status_e ov_preprocess_input_tensor_info_set_color_format_with_subnames(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const ov_color_format_e colorFormat,
    const size_t sub_names_size, const char **sub_names)
{
    return preprocess_input_tensor_info && (sub_names || !sub_names_size)
               ? set_color(preprocess_input_tensor_info, colorFormat, sub_names_size, sub_names)
               : INVALID_C_PARAM;
}

ov_status_e ov_preprocess_input_tensor_info_set_spatial_static_shape(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const size_t input_height,
    const size_t input_width)
{
    struct vt_prep_input *in;

    if (!preprocess_input_tensor_info) {
        return INVALID_C_PARAM;
    }
    if (input_height > INT32_MAX || input_width > INT32_MAX) {
        return vt_capi_fail(GENERAL_ERROR, "a picture of %zu x %zu is too large", input_height, input_width);
    }
    in = vt_capi_prep_input(preprocess_input_tensor_info);
    in->has_size = true;
    in->height = (int64_t)input_height;
    in->width = (int64_t)input_width;
    return OK;
}

ov_status_e ov_preprocess_input_tensor_info_set_memory_type(
    ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info, const char *mem_type)
{
    struct vt_prep_input *in;
    char *copy;

    if (!preprocess_input_tensor_info || !mem_type) {
        return INVALID_C_PARAM;
    }
    copy = strdup(mem_type);
    if (!copy) {
        return no_memory();
    }
    in = vt_capi_prep_input(preprocess_input_tensor_info);
    free(in->memory_type);
    in->memory_type = copy;
    return OK;
}

ov_status_e
ov_preprocess_input_tensor_info_set_from(ov_preprocess_input_tensor_info_t *preprocess_input_tensor_info,
                                         const ov_tensor_t *tensor)
{
    struct vt_prep_input *in;
    const struct vt_tensor *t;

    if (!preprocess_input_tensor_info || !tensor) {
        return INVALID_C_PARAM;
    }
    in = vt_capi_prep_input(preprocess_input_tensor_info);
    t = &vt_capi_tensor(tensor)->t;
    in->type = t->type;
    in->has_shape = true;
    in->shape.rank = t->rank;
    for (int i = 0; i < t->rank; i++) {
        in->shape.dims[i] = vt_dim_fixed(t->dims[i]);
    }
    return OK;
}

ov_status_e
ov_preprocess_input_model_info_set_layout(ov_preprocess_input_model_info_t *preprocess_input_model_info,
                                          ov_layout_t *layout)
{
    return preprocess_input_model_info && layout
               ? set_layout(&vt_capi_prep_input(preprocess_input_model_info)->model_layout, layout)
               : INVALID_C_PARAM;
}

ov_status_e
ov_preprocess_output_set_element_type(ov_preprocess_output_tensor_info_t *preprocess_output_tensor_info,
                                      const ov_element_type_e element_type)
{
    const struct vt_capi_prep *h = (const void *)preprocess_output_tensor_info;
    ov_status_e status;

    if (!h) {
        return INVALID_C_PARAM;
    }
    status = vt_capi_prep_type(element_type);
    if (status == OK) {
        h->owner->out[h->index].type = (enum vt_type)element_type;
    }
    return status;
}
