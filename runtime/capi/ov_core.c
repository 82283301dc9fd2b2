#include "openvino/c/ov_core.h"

#include "capi.h"
#include "map.h"

#include <stdlib.h>

/* ---- life */

ov_status_e ov_core_create(ov_core_t **core)
{
    return ov_core_create_with_config("", core);
}

ov_status_e ov_core_create_with_config(const char *xml_config_file, ov_core_t **core)
{
    struct vt_error err = {0};
    struct vt_core *made;
    int status;

    if (!xml_config_file || !core) {
        return INVALID_C_PARAM;
    }
    status = vt_core_create(xml_config_file, &made, &err);
    if (status == VT_OK) {
        *core = (ov_core_t *)made;
    }
    return vt_capi_status(status, &err);
}

ov_status_e ov_core_create_with_config_unicode(const wchar_t *xml_config_file_ws, ov_core_t **core)
{
    struct vt_error err = {0};
    char *path;
    ov_status_e result;
    int status;

    if (!xml_config_file_ws || !core) {
        return INVALID_C_PARAM;
    }
    status = vt_capi_narrow(xml_config_file_ws, &path, &err);
    if (status) {
        return vt_capi_status(status, &err);
    }
    result = ov_core_create_with_config(path, core);
    free(path);
    return result;
}

void ov_core_free(ov_core_t *core)
{
    vt_core_destroy(vt_capi_core(core));
    vt_capi_clear_error();
}

void ov_shutdown(void)
{
    vt_capi_clear_error();
}

/* ---- reading */

ov_status_e ov_core_read_model(const ov_core_t *core, const char *model_path, const char *bin_path,
                               ov_model_t **model)
{
    struct vt_error err = {0};
    struct vt_model *made;
    int status;

    if (!core || !model_path || !model) {
        return INVALID_C_PARAM;
    }
    status = vt_core_read_file(vt_capi_core(core), model_path, bin_path, &made, &err);
    if (status == VT_OK) {
        *model = (ov_model_t *)made;
    }
    return vt_capi_ordinary(status, &err);
}

ov_status_e ov_core_read_model_unicode(const ov_core_t *core, const wchar_t *model_path,
                                       const wchar_t *bin_path, ov_model_t **model)
{
    struct vt_error err = {0};
    char *path = NULL, *weights = NULL;
    ov_status_e result;
    int status;

    if (!core || !model_path || !model) {
        return INVALID_C_PARAM;
    }
    status = vt_capi_narrow(model_path, &path, &err);
    status = status || !bin_path ? status : vt_capi_narrow(bin_path, &weights, &err);
    result = status ? vt_capi_status(status, &err) : ov_core_read_model(core, path, weights, model);
    free(path);
    free(weights);
    return result;
}

static void release_weights(void *tensor)
{
    struct vt_buffer *buffer = tensor;

    atomic_fetch_sub(&buffer->pins, 1);
    vt_buffer_unref(buffer);
}

/* The bytes of a tensor, which stays alive with the blob. NULL when out of memory. */
static struct vt_blob *tensor_blob(struct vt_buffer *tensor)
{
    struct vt_blob *blob;

    vt_buffer_ref(tensor);
    blob = vt_blob_wrap(tensor->t.data, tensor->t.bytes, release_weights, tensor);
    if (blob) {
        atomic_fetch_add(&tensor->pins, 1);
    } else {
        vt_buffer_unref(tensor);
    }
    return blob;
}

ov_status_e ov_core_read_model_from_memory_buffer(const ov_core_t *core, const char *model_str,
                                                  const size_t str_len, const ov_tensor_t *weights,
                                                  ov_model_t **model)
{
    struct vt_error err = {0};
    struct vt_blob *blob = NULL;
    struct vt_model *made;
    size_t bytes = str_len;
    int status;

    if (!core || !model_str || !str_len || !model) {
        return INVALID_C_PARAM;
    }
    /* A text's NUL may be counted in; binary formats may well end in one. */
    if (!model_str[bytes - 1] && memchr(model_str, 0, bytes) == &model_str[bytes - 1]) {
        bytes--;
    }
    if (weights && vt_capi_tensor(weights)->strides) {
        return vt_capi_fail(GENERAL_ERROR, "the tensor of the weights is a region that is not dense");
    }
    if (weights) {
        blob = tensor_blob(vt_capi_tensor(weights));
        if (!blob) {
            return vt_capi_fail(GENERAL_ERROR, "out of memory");
        }
    }
    status = vt_core_read_memory(vt_capi_core(core), model_str, bytes, blob, &made, &err);
    vt_blob_unref(blob);
    if (status == VT_OK) {
        *model = (ov_model_t *)made;
    }
    return vt_capi_ordinary(status, &err);
}

ov_status_e ov_core_add_extension(const ov_core_t *core, const char *path)
{
    struct vt_error err = {0};

    if (!core || !path) {
        return INVALID_C_PARAM;
    }
    return vt_capi_ordinary(vt_core_add_extension(vt_capi_core(core), path, &err), &err);
}

/* ---- properties */

ov_status_e ov_core_set_property(const ov_core_t *core, const char *device_name, ...)
{
    struct vt_error err = {0};
    struct vt_capi_config list;
    ov_status_e result;
    va_list ap;
    int status;

    if (!core) {
        return INVALID_C_PARAM;
    }
    va_start(ap, device_name);
    result = vt_capi_config_args(&list, 2, ap);
    va_end(ap);
    if (result != OK) {
        return result;
    }
    status = vt_core_set_property(vt_capi_core(core), device_name ? device_name : "", list.keys[0],
                                  list.values[0], &err);
    vt_capi_config_finish(&list);
    return vt_capi_status(status, &err);
}

ov_status_e ov_core_set_properties(const ov_core_t *core, const char *device_name,
                                   const size_t num_properties, const ov_property_t *properties)
{
    struct vt_error err = {0};
    struct vt_capi_config list;
    ov_status_e result;
    int status = VT_OK;

    if (!core || !num_properties || !properties) {
        return INVALID_C_PARAM;
    }
    result = vt_capi_config_props(&list, num_properties, properties);
    if (result != OK) {
        return result;
    }
    for (int i = 0; i < list.config.n && status == VT_OK; i++) {
        status = vt_core_set_property(vt_capi_core(core), device_name ? device_name : "", list.config.keys[i],
                                      list.config.values[i], &err);
    }
    vt_capi_config_finish(&list);
    return vt_capi_status(status, &err);
}

ov_status_e ov_core_get_property(const ov_core_t *core, const char *device_name, const char *property_key,
                                 char **property_value)
{
    struct vt_error err = {0};
    int status;

    if (!core || !property_key || !property_value) {
        return INVALID_C_PARAM;
    }
    if (!device_name) {
        return vt_capi_fail(UNKNOW_EXCEPTION, "the device name is NULL");
    }
    status = vt_core_get_property(vt_capi_core(core), device_name, property_key, property_value, &err);
    return vt_capi_status(status, &err);
}

/* ---- devices and versions */

ov_status_e ov_core_get_available_devices(const ov_core_t *core, ov_available_devices_t *devices)
{
    struct vt_error err = {0};
    char **names;
    int n, status;

    if (!core || !devices) {
        return INVALID_C_PARAM;
    }
    status = vt_core_devices(vt_capi_core(core), &names, &n, &err);
    if (status == VT_OK) {
        *devices = (ov_available_devices_t){.devices = names, .size = (size_t)n};
    }
    return vt_capi_status(status, &err);
}

void ov_available_devices_free(ov_available_devices_t *devices)
{
    if (devices) {
        free(devices->devices);
        *devices = (ov_available_devices_t){0};
    }
}

/* As many plugins as a device name may combine. */
#define MAX_VERSIONS 32

static void free_versions(ov_core_version_t *list, size_t n)
{
    for (size_t i = 0; list && i < n; i++) {
        free((char *)list[i].device_name);
        ov_version_free(&list[i].version);
    }
    free(list);
}

static bool copy_version(const struct vt_version_info *info, ov_core_version_t *version)
{
    version->device_name = strdup(info->device);
    version->version.buildNumber = strdup(info->version);
    version->version.description = strdup(info->description);
    return version->device_name && version->version.buildNumber && version->version.description;
}

ov_status_e ov_core_get_versions_by_device_name(const ov_core_t *core, const char *device_name,
                                                ov_core_version_list_t *versions)
{
    struct vt_version_info found[MAX_VERSIONS];
    struct vt_error err = {0};
    ov_core_version_t *list;
    bool ok = true;
    int n;

    if (!core || !device_name || !versions) {
        return INVALID_C_PARAM;
    }
    n = vt_core_versions(vt_capi_core(core), device_name, found, MAX_VERSIONS, &err);
    if (n < 0) {
        return n == VT_E_NOT_FOUND ? NOT_FOUND : vt_capi_status(n, &err);
    }
    n = n < MAX_VERSIONS ? n : MAX_VERSIONS;
    list = calloc((size_t)n + 1, sizeof(*list));
    for (int i = 0; list && i < n; i++) {
        ok &= copy_version(&found[i], &list[i]);
    }
    if (!list || !ok) {
        free_versions(list, (size_t)n);
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    *versions = (ov_core_version_list_t){.versions = list, .size = (size_t)n};
    return OK;
}

void ov_core_versions_free(ov_core_version_list_t *versions)
{
    if (versions) {
        free_versions(versions->versions, versions->size);
        *versions = (ov_core_version_list_t){0};
    }
}

/* The number starts with that of the API which is kept. */
ov_status_e ov_get_openvino_version(ov_version_t *version)
{
    char *number, *description;

    if (!version) {
        return INVALID_C_PARAM;
    }
    if (asprintf(&number, "2026.4.1-vintner-%s", vt_runtime_version()) < 0) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    description = strdup("Vintner Runtime");
    if (!description) {
        free(number);
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    *version = (ov_version_t){.buildNumber = number, .description = description};
    return OK;
}

void ov_version_free(ov_version_t *version)
{
    if (version) {
        free((char *)version->buildNumber);
        free((char *)version->description);
        *version = (ov_version_t){0};
    }
}
