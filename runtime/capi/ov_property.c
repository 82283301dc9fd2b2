#include "openvino/c/ov_property.h"

#include "cache.h"
#include "capi.h"
#include "openvino/c/auto/properties.h"
#include "openvino/c/gpu/gpu_plugin_properties.h"

#include <inttypes.h>
#include <stdlib.h>

/* Programs hold copy relocations to these: they are writable variables of one pointer each. */
#define KEY(variable, text) const char *ov_property_key_##variable = text;

KEY(supported_properties, "SUPPORTED_PROPERTIES")
KEY(available_devices, "AVAILABLE_DEVICES")
KEY(optimal_number_of_infer_requests, "OPTIMAL_NUMBER_OF_INFER_REQUESTS")
KEY(range_for_async_infer_requests, "RANGE_FOR_ASYNC_INFER_REQUESTS")
KEY(range_for_streams, "RANGE_FOR_STREAMS")
KEY(device_full_name, "FULL_DEVICE_NAME")
KEY(device_capabilities, "OPTIMIZATION_CAPABILITIES")
KEY(model_name, "NETWORK_NAME")
KEY(optimal_batch_size, "OPTIMAL_BATCH_SIZE")
KEY(max_batch_size, "MAX_BATCH_SIZE")
KEY(cache_dir, "CACHE_DIR")
KEY(cache_mode, "CACHE_MODE")
KEY(cache_encryption_callbacks, "CACHE_ENCRYPTION_CALLBACKS")
KEY(num_streams, "NUM_STREAMS")
KEY(inference_num_threads, "INFERENCE_NUM_THREADS")
KEY(hint_enable_cpu_pinning, "ENABLE_CPU_PINNING")
KEY(hint_enable_hyper_threading, "ENABLE_HYPER_THREADING")
KEY(hint_performance_mode, "PERFORMANCE_HINT")
KEY(hint_scheduling_core_type, "SCHEDULING_CORE_TYPE")
KEY(hint_inference_precision, "INFERENCE_PRECISION_HINT")
KEY(hint_num_requests, "PERFORMANCE_HINT_NUM_REQUESTS")
KEY(log_level, "LOG_LEVEL")
KEY(hint_model_priority, "MODEL_PRIORITY")
KEY(enable_profiling, "PERF_COUNT")
KEY(device_priorities, "MULTI_DEVICE_PRIORITIES")
KEY(hint_execution_mode, "EXECUTION_MODE_HINT")
KEY(force_tbb_terminate, "FORCE_TBB_TERMINATE")
KEY(enable_mmap, "ENABLE_MMAP")
KEY(auto_batch_timeout, "AUTO_BATCH_TIMEOUT")

/* openvino/c/auto/properties.h */
KEY(intel_auto_device_bind_buffer, "DEVICE_BIND_BUFFER")
KEY(intel_auto_enable_startup_fallback, "ENABLE_STARTUP_FALLBACK")
KEY(intel_auto_enable_runtime_fallback, "ENABLE_RUNTIME_FALLBACK")

/* openvino/c/gpu/gpu_plugin_properties.h */
KEY(intel_gpu_context_type, "CONTEXT_TYPE")
KEY(intel_gpu_ocl_context, "OCL_CONTEXT")
KEY(intel_gpu_ocl_context_device_id, "OCL_CONTEXT_DEVICE_ID")
KEY(intel_gpu_tile_id, "TILE_ID")
KEY(intel_gpu_ocl_queue, "OCL_QUEUE")
KEY(intel_gpu_va_device, "VA_DEVICE")
KEY(intel_gpu_shared_mem_type, "SHARED_MEM_TYPE")
KEY(intel_gpu_mem_handle, "MEM_HANDLE")
KEY(intel_gpu_dev_object_handle, "DEV_OBJECT_HANDLE")
KEY(intel_gpu_va_plane, "VA_PLANE")
KEY(intel_gpu_config_file, "CONFIG_FILE")

/* ---- lists of properties */

#define MAX_PROPERTIES 4096

static ov_status_e begin(struct vt_capi_config *list, size_t n)
{
    list->more = NULL;
    list->config = (struct vt_config){.n = (int)n, .keys = list->keys, .values = list->values};
    if (n > MAX_PROPERTIES) {
        return INVALID_C_PARAM;
    }
    if (n > VT_CAPI_CONFIG) {
        list->more = calloc(2 * n, sizeof(*list->more));
        if (!list->more) {
            return vt_capi_fail(GENERAL_ERROR, "out of memory");
        }
        list->config.keys = list->more;
        list->config.values = list->more + n;
    }
    return OK;
}

static ov_status_e put(struct vt_capi_config *list, size_t i, const char *key, const char *value)
{
    const char **keys = list->more ? list->more : list->keys;
    const char **values = list->more ? list->more + list->config.n : list->values;

    /* Its value is no text but a pointer to functions. */
    if (strcmp(key, VT_CACHE_CIPHER) == 0) {
        const ov_encryption_callbacks *callbacks = (const void *)value;

        if (!callbacks->encrypt_func || !callbacks->decrypt_func) {
            return vt_capi_fail(GENERAL_ERROR, "property %s: both functions are needed", key);
        }
        snprintf(list->cipher, sizeof(list->cipher), "%" PRIxPTR ":%" PRIxPTR,
                 (uintptr_t)callbacks->encrypt_func, (uintptr_t)callbacks->decrypt_func);
        value = list->cipher;
    }
    keys[i] = key;
    values[i] = value;
    return OK;
}

ov_status_e vt_capi_config_args(struct vt_capi_config *list, size_t args, va_list ap)
{
    ov_status_e status = args % 2 ? INVALID_C_PARAM : begin(list, args / 2);

    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < args / 2 && status == OK; i++) {
        const char *key = va_arg(ap, const char *), *value = va_arg(ap, const char *);

        status = key && value ? put(list, i, key, value)
                              : vt_capi_fail(UNKNOW_EXCEPTION, "property %zu: the %s is NULL", i,
                                             key ? "value" : "key");
    }
    if (status != OK) {
        vt_capi_config_finish(list);
    }
    return status;
}

ov_status_e vt_capi_config_props(struct vt_capi_config *list, size_t n, const ov_property_t *properties)
{
    ov_status_e status = n && !properties ? INVALID_C_PARAM : begin(list, n);

    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < n && status == OK; i++) {
        const ov_property_t *p = &properties[i];

        if (!p->key || !p->value) {
            status = vt_capi_fail(GENERAL_ERROR, "property %zu%s%s: the %s is NULL", i, p->key ? " " : "",
                                  p->key ? p->key : "", p->key ? "value" : "key");
        } else {
            status = put(list, i, p->key, p->value);
        }
    }
    if (status != OK) {
        vt_capi_config_finish(list);
    }
    return status;
}

void vt_capi_config_finish(struct vt_capi_config *list)
{
    free(list->more);
    list->more = NULL;
}
