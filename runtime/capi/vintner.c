#include "vintner.h"

#include "capi.h"

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
