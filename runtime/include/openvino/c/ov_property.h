/* Names of properties, for set_property, get_property and compile_model, and the pair that carries one.
 *
 * Values are strings. Booleans read back "YES" or "NO" (lower case and TRUE or FALSE are taken too); lists
 * have spaces between their elements; numbers are decimal. "ro" is read-only, "rw" may be set, "wo" only set.
 * A key is a variable that holds the name: programs may also write the name itself. */
#ifndef OPENVINO_C_OV_PROPERTY_H
#define OPENVINO_C_OV_PROPERTY_H

#include "openvino/c/ov_common.h"

/* ro: names of all properties of the device or compiled model. */
OPENVINO_C_VAR(const char *) ov_property_key_supported_properties;

/* ro: identifiers of the devices of one kind, "0 1". */
OPENVINO_C_VAR(const char *) ov_property_key_available_devices;

/* ro: how many requests of a compiled model keep the device busy. */
OPENVINO_C_VAR(const char *) ov_property_key_optimal_number_of_infer_requests;

/* ro: lowest sensible number of requests, highest, and step: "1 1 1". */
OPENVINO_C_VAR(const char *) ov_property_key_range_for_async_infer_requests;

/* ro: lowest and highest number of streams: "1 8". */
OPENVINO_C_VAR(const char *) ov_property_key_range_for_streams;

/* ro: the name the maker gave the device. */
OPENVINO_C_VAR(const char *) ov_property_key_device_full_name;

/* ro: list such as "FP32 INT8 BIN EXPORT_IMPORT". */
OPENVINO_C_VAR(const char *) ov_property_key_device_capabilities;

/* ro: name of the compiled model. */
OPENVINO_C_VAR(const char *) ov_property_key_model_name;

/* ro: batch size that suits the device and model best. */
OPENVINO_C_VAR(const char *) ov_property_key_optimal_batch_size;

/* ro: largest batch size that fits the device's memory. */
OPENVINO_C_VAR(const char *) ov_property_key_max_batch_size;

/* rw: folder for compiled models, made if need be; empty switches the cache off. */
OPENVINO_C_VAR(const char *) ov_property_key_cache_dir;

/* rw: "OPTIMIZE_SIZE" or "OPTIMIZE_SPEED". */
OPENVINO_C_VAR(const char *) ov_property_key_cache_mode;

/* wo, at compile_model only: pointer to an ov_encryption_callbacks, copied. */
OPENVINO_C_VAR(const char *) ov_property_key_cache_encryption_callbacks;

/* rw: number of inferences the device runs side by side; "AUTO", "NUMA" or a number. */
OPENVINO_C_VAR(const char *) ov_property_key_num_streams;

/* rw: number of threads, all streams together; 0 lets the device choose. */
OPENVINO_C_VAR(const char *) ov_property_key_inference_num_threads;

/* rw, boolean: tie threads to processors. */
OPENVINO_C_VAR(const char *) ov_property_key_hint_enable_cpu_pinning;

/* rw, boolean: use the second hardware thread of each core. */
OPENVINO_C_VAR(const char *) ov_property_key_hint_enable_hyper_threading;

/* rw: "LATENCY", "THROUGHPUT" or "CUMULATIVE_THROUGHPUT". */
OPENVINO_C_VAR(const char *) ov_property_key_hint_performance_mode;

/* rw: "ANY_CORE", "PCORE_ONLY" or "ECORE_ONLY". */
OPENVINO_C_VAR(const char *) ov_property_key_hint_scheduling_core_type;

/* rw: type to compute in, "f32", "f16", "bf16" or "dynamic". */
OPENVINO_C_VAR(const char *) ov_property_key_hint_inference_precision;

/* rw: number of requests the program will have in flight; 0 when unknown. */
OPENVINO_C_VAR(const char *) ov_property_key_hint_num_requests;

/* rw: "LOG_NONE", "LOG_ERROR", "LOG_WARNING", "LOG_INFO", "LOG_DEBUG" or "LOG_TRACE". */
OPENVINO_C_VAR(const char *) ov_property_key_log_level;

/* rw: "LOW", "MEDIUM" or "HIGH". */
OPENVINO_C_VAR(const char *) ov_property_key_hint_model_priority;

/* rw, boolean: measure each node (ov_infer_request_get_profiling_info()). */
OPENVINO_C_VAR(const char *) ov_property_key_enable_profiling;

/* rw: devices for AUTO, MULTI and HETERO, best first, "GPU,CPU". */
OPENVINO_C_VAR(const char *) ov_property_key_device_priorities;

/* rw: "PERFORMANCE" or "ACCURACY". */
OPENVINO_C_VAR(const char *) ov_property_key_hint_execution_mode;

/* rw, boolean, of the core: end all worker threads with the core. */
OPENVINO_C_VAR(const char *) ov_property_key_force_tbb_terminate;

/* rw, boolean, of the core: map model files instead of reading them. */
OPENVINO_C_VAR(const char *) ov_property_key_enable_mmap;

/* rw: how many milliseconds BATCH waits for a batch to fill. */
OPENVINO_C_VAR(const char *) ov_property_key_auto_batch_timeout;

/* rw: path of a file with settings of the GPU. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_config_file;

/* A property for the functions that take an array (..._props, ..._properties). `value` is a string (const
 * char
 * *), or what the comment of the key says: a handle, or a pointer to a struct. Strings are copied. */
typedef struct {
    const char *key;
    const void *value;
} ov_property_t;

#endif
