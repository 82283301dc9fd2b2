#include "vintner.h"

#include "capi.h"
#include "save_ir.h"

const char *vt_version(void)
{
    return vt_runtime_version();
}

ov_status_e vt_compiled_model_memory(const ov_compiled_model_t *compiled_model,
                                     vt_compiled_model_memory_t *memory)
{
    struct vt_error err = {0};
    struct vt_memory_stats stats = {0};
    int status;

    if (!compiled_model || !memory) {
        return INVALID_C_PARAM;
    }
    status = vt_compiled_memory(vt_capi_compiled(compiled_model), &stats, &err);
    if (status == VT_OK) {
        *memory = (vt_compiled_model_memory_t){
            .weights = stats.weights, .arena = stats.arena, .mapped = stats.constants_mapped};
    }
    return vt_capi_status(status, &err);
}

ov_status_e vt_core_import_model_file(const ov_core_t *core, const char *path, const char *device_name,
                                      ov_compiled_model_t **compiled_model)
{
    struct vt_error err = {0};
    struct vt_compiled *made;
    int status;

    if (!core || !path || !device_name || !compiled_model) {
        return INVALID_C_PARAM;
    }
    status = vt_core_import_file(vt_capi_core(core), device_name, path, NULL, &made, &err);
    if (status == VT_OK) {
        *compiled_model = (ov_compiled_model_t *)made;
    }
    return vt_capi_status(status, &err);
}

/* Options that this library does not know are an error unless they are zero: a program that was compiled with
 * newer headers gets what it asks for, or a message. */
static bool options_known(const vt_save_options_t *options)
{
    const char *bytes = (const char *)options;

    if (options->size < sizeof(*options) || options->flags & ~(uint64_t)VT_SAVE_FP16) {
        return false;
    }
    for (size_t i = sizeof(*options); i < options->size; i++) {
        if (bytes[i]) {
            return false;
        }
    }
    return true;
}

ov_status_e vt_model_save(const ov_model_t *model, const char *xml_path, const char *bin_path,
                          const vt_save_options_t *options)
{
    struct vt_error err = {0};
    unsigned flags = 0;

    if (!model || !xml_path || !*xml_path || (bin_path && !*bin_path) ||
        (options && !options_known(options))) {
        return INVALID_C_PARAM;
    }
    if (options && options->flags & VT_SAVE_FP16) {
        flags |= VT_SAVE_F16;
    }
    return vt_capi_status(vt_save_ir_files(vt_capi_model(model)->graph, flags, xml_path, bin_path, &err),
                          &err);
}

ov_status_e vt_core_add_operations(const ov_core_t *core, const vt_extension_t *extension)
{
    struct vt_error err = {0};

    if (!core || !extension) {
        return INVALID_C_PARAM;
    }
    return vt_capi_ordinary(vt_core_add_table(vt_capi_core(core), extension, &err), &err);
}

ov_status_e vt_core_register_plugin(const ov_core_t *core, const char *path, const char *name)
{
    struct vt_error err = {0};

    if (!core || !path || !*path || !name || !*name) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(vt_core_add_plugin(vt_capi_core(core), path, name, &err), &err);
}

ov_status_e vt_core_unload_plugin(const ov_core_t *core, const char *name)
{
    struct vt_error err = {0};

    if (!core || !name || !*name) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(vt_core_close_plugin(vt_capi_core(core), name, &err), &err);
}
