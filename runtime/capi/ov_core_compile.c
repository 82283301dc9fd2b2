/* The functions of ov_core.h that end in a compiled model or a context. */
#include "capi.h"
#include "openvino/c/ov_core.h"

#include <stdlib.h>

#define DEFAULT_DEVICE "AUTO"

/* ---- all variants come down to these. `list` is finished by them. */

static ov_status_e compile(const ov_core_t *core, const struct vt_model *model, const char *device,
                           struct vt_capi_config *list, ov_compiled_model_t **compiled)
{
    struct vt_error err = {0};
    struct vt_compiled *made;
    int status = vt_core_compile(vt_capi_core(core), model, device ? device : DEFAULT_DEVICE, &list->config,
                                 &made, &err);

    vt_capi_config_finish(list);
    if (status == VT_OK) {
        *compiled = (ov_compiled_model_t *)made;
    }
    return vt_capi_status(status, &err);
}

static ov_status_e compile_file(const ov_core_t *core, const char *path, const char *device,
                                struct vt_capi_config *list, ov_compiled_model_t **compiled)
{
    struct vt_error err = {0};
    struct vt_compiled *made;
    int status = vt_core_compile_file(vt_capi_core(core), path, NULL, device ? device : DEFAULT_DEVICE,
                                      &list->config, &made, &err);

    vt_capi_config_finish(list);
    if (status == VT_OK) {
        *compiled = (ov_compiled_model_t *)made;
    }
    return vt_capi_status(status, &err);
}

static ov_status_e compile_wide_file(const ov_core_t *core, const wchar_t *path, const char *device,
                                     struct vt_capi_config *list, ov_compiled_model_t **compiled)
{
    struct vt_error err = {0};
    char *narrow;
    ov_status_e result;
    int status = vt_capi_narrow(path, &narrow, &err);

    if (status) {
        vt_capi_config_finish(list);
        return vt_capi_status(status, &err);
    }
    result = compile_file(core, narrow, device, list, compiled);
    free(narrow);
    return result;
}

/* ---- properties as arguments */

ov_status_e ov_core_compile_model(const ov_core_t *core, const ov_model_t *model, const char *device_name,
                                  const size_t property_args_size, ov_compiled_model_t **compiled_model, ...)
{
    struct vt_capi_config list;
    ov_status_e result;
    va_list ap;

    if (!core || !model || !compiled_model) {
        return INVALID_C_PARAM;
    }
    va_start(ap, compiled_model);
    result = vt_capi_config_args(&list, property_args_size, ap);
    va_end(ap);
    return result != OK ? result : compile(core, vt_capi_model(model), device_name, &list, compiled_model);
}

ov_status_e ov_core_compile_model_from_file(const ov_core_t *core, const char *model_path,
                                            const char *device_name, const size_t property_args_size,
                                            ov_compiled_model_t **compiled_model, ...)
{
    struct vt_capi_config list;
    ov_status_e result;
    va_list ap;

    if (!core || !model_path || !compiled_model) {
        return INVALID_C_PARAM;
    }
    va_start(ap, compiled_model);
    result = vt_capi_config_args(&list, property_args_size, ap);
    va_end(ap);
    return result != OK ? result : compile_file(core, model_path, device_name, &list, compiled_model);
}

ov_status_e ov_core_compile_model_from_file_unicode(const ov_core_t *core, const wchar_t *model_path,
                                                    const char *device_name, const size_t property_args_size,
                                                    ov_compiled_model_t **compiled_model, ...)
{
    struct vt_capi_config list;
    ov_status_e result;
    va_list ap;

    if (!core || !model_path || !compiled_model) {
        return INVALID_C_PARAM;
    }
    va_start(ap, compiled_model);
    result = vt_capi_config_args(&list, property_args_size, ap);
    va_end(ap);
    return result != OK ? result : compile_wide_file(core, model_path, device_name, &list, compiled_model);
}

/* ---- properties as an array */

ov_status_e ov_core_compile_model_props(const ov_core_t *core, const ov_model_t *model,
                                        const char *device_name, const size_t num_properties,
                                        const ov_property_t *properties, ov_compiled_model_t **compiled_model)
{
    struct vt_capi_config list;
    ov_status_e result;

    if (!core || !model || !compiled_model) {
        return INVALID_C_PARAM;
    }
    result = vt_capi_config_props(&list, num_properties, properties);
    return result != OK ? result : compile(core, vt_capi_model(model), device_name, &list, compiled_model);
}

ov_status_e ov_core_compile_model_from_file_props(const ov_core_t *core, const char *model_path,
                                                  const char *device_name, const size_t num_properties,
                                                  const ov_property_t *properties,
                                                  ov_compiled_model_t **compiled_model)
{
    struct vt_capi_config list;
    ov_status_e result;

    if (!core || !model_path || !compiled_model) {
        return INVALID_C_PARAM;
    }
    result = vt_capi_config_props(&list, num_properties, properties);
    return result != OK ? result : compile_file(core, model_path, device_name, &list, compiled_model);
}

ov_status_e ov_core_compile_model_from_file_unicode_props(const ov_core_t *core, const wchar_t *model_path,
                                                          const char *device_name,
                                                          const size_t num_properties,
                                                          const ov_property_t *properties,
                                                          ov_compiled_model_t **compiled_model)
{
    struct vt_capi_config list;
    ov_status_e result;

    if (!core || !model_path || !compiled_model) {
        return INVALID_C_PARAM;
    }
    result = vt_capi_config_props(&list, num_properties, properties);
    return result != OK ? result : compile_wide_file(core, model_path, device_name, &list, compiled_model);
}

ov_status_e ov_core_import_model(const ov_core_t *core, const char *content, const size_t content_size,
                                 const char *device_name, ov_compiled_model_t **compiled_model)
{
    struct vt_error err = {0};
    struct vt_compiled *made;
    int status;

    if (!core || !content || !device_name || !compiled_model) {
        return INVALID_C_PARAM;
    }
    status = vt_core_import(vt_capi_core(core), device_name, content, content_size, NULL, &made, &err);
    if (status == VT_OK) {
        *compiled_model = (ov_compiled_model_t *)made;
    }
    return vt_capi_status(status, &err);
}

/* ---- contexts: no device has one yet, so there is no context that could be passed in either. */

static ov_status_e no_context(const char *device)
{
    return vt_capi_fail(GENERAL_ERROR, "not implemented: remote contexts of device %s", device);
}

ov_status_e ov_core_create_context(const ov_core_t *core, const char *device_name,
                                   const size_t context_args_size, ov_remote_context_t **context, ...)
{
    if (!core || !device_name || !context || context_args_size % 2) {
        return INVALID_C_PARAM;
    }
    return no_context(device_name);
}

ov_status_e ov_core_create_context_props(const ov_core_t *core, const char *device_name,
                                         const size_t num_properties, const ov_property_t *properties,
                                         ov_remote_context_t **context)
{
    if (!core || !device_name || !context || (num_properties && !properties)) {
        return INVALID_C_PARAM;
    }
    return no_context(device_name);
}

ov_status_e ov_core_get_default_context(const ov_core_t *core, const char *device_name,
                                        ov_remote_context_t **context)
{
    if (!core || !device_name || !context) {
        return INVALID_C_PARAM;
    }
    return no_context(device_name);
}

ov_status_e ov_core_compile_model_with_context(const ov_core_t *core, const ov_model_t *model,
                                               const ov_remote_context_t *context,
                                               const size_t property_args_size,
                                               ov_compiled_model_t **compiled_model, ...)
{
    if (!core || !model || !context || !compiled_model || property_args_size % 2) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}

ov_status_e ov_core_compile_model_with_context_props(const ov_core_t *core, const ov_model_t *model,
                                                     const ov_remote_context_t *context,
                                                     const size_t num_properties,
                                                     const ov_property_t *properties,
                                                     ov_compiled_model_t **compiled_model)
{
    if (!core || !model || !context || !compiled_model || (num_properties && !properties)) {
        return INVALID_C_PARAM;
    }
    return vt_capi_missing(NOT_IMPLEMENTED, __func__);
}
