/* The core: devices, their properties, reading and compiling models.
 *
 * A device is named "CPU", "GPU", "GPU.1", "NPU", "AUTO", "AUTO:GPU,CPU", "MULTI:...", "HETERO:..." or
 * "BATCH:CPU(4)"; case matters. An unknown or missing device is GENERAL_ERROR. All functions may be called
 * from several threads at once. */
#ifndef OPENVINO_C_OV_CORE_H
#define OPENVINO_C_OV_CORE_H

#include "openvino/c/deprecated.h"
#include "openvino/c/ov_common.h"
#include "openvino/c/ov_compiled_model.h"
#include "openvino/c/ov_model.h"
#include "openvino/c/ov_node.h"
#include "openvino/c/ov_property.h"
#include "openvino/c/ov_remote_context.h"
#include "openvino/c/ov_tensor.h"

typedef struct ov_core ov_core_t;

typedef struct ov_version {
    const char *buildNumber;
    const char *description;
} ov_version_t;

typedef struct {
    const char *device_name;
    ov_version_t version;
} ov_core_version_t;

typedef struct {
    ov_core_version_t *versions;
    size_t size;
} ov_core_version_list_t;

typedef struct {
    char **devices;
    size_t size;
} ov_available_devices_t;

/* Version of the library, for ov_version_free(). */
OPENVINO_C_API(ov_status_e) ov_get_openvino_version(ov_version_t *version);

/* Free the strings and zero the struct. */
OPENVINO_C_API(void) ov_version_free(ov_version_t *version);

/* A core that knows the installed plugins; they are loaded when first needed. */
OPENVINO_C_API(ov_status_e) ov_core_create(ov_core_t **core);

/* A core that knows the plugins listed in an XML file: <ie><plugins><plugin name="CPU"
 * location="FILE"/>... */
OPENVINO_C_API(ov_status_e) ov_core_create_with_config(const char *xml_config_file, ov_core_t **core);

#ifdef OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
OPENVINO_C_API(ov_status_e)
ov_core_create_with_config_unicode(const wchar_t *xml_config_file_ws, ov_core_t **core);
#endif

/* Models and everything made from them stay valid. Clears the last error text, also when `core` is NULL. */
OPENVINO_C_API(void) ov_core_free(ov_core_t *core);

/* Read a model; the format is found from the contents. `bin_path` is the file with the weights of an IR: NULL
 * or "" stands for the model's path with the ending .bin; other formats ignore it. GENERAL_ERROR when a file
 * is missing or damaged, or an operation is unknown. Weights may be mapped: the files must not be changed
 * while the model or what was compiled from it lives. */
OPENVINO_C_API(ov_status_e)
ov_core_read_model(const ov_core_t *core, const char *model_path, const char *bin_path, ov_model_t **model);

#ifdef OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
OPENVINO_C_API(ov_status_e)
ov_core_read_model_unicode(const ov_core_t *core, const wchar_t *model_path, const wchar_t *bin_path,
                           ov_model_t **model);
#endif

/* Read a model from memory: `str_len` bytes of XML (a NUL at the end may be counted in) or of ONNX.
 * `weights`, a tensor of any type whose bytes the model keeps using, is NULL for a model without any. */
OPENVINO_C_API(ov_status_e)
ov_core_read_model_from_memory_buffer(const ov_core_t *core, const char *model_str, const size_t str_len,
                                      const ov_tensor_t *weights, ov_model_t **model);

/* Compile a model for a device; NULL stands for "AUTO". Properties follow as pairs of key and value (const
 * char *); property_args_size counts keys and values, an odd count is INVALID_C_PARAM. The model is copied as
 * far as needed, it may be changed or freed afterwards. */
OPENVINO_C_API(ov_status_e)
ov_core_compile_model(const ov_core_t *core, const ov_model_t *model, const char *device_name,
                      const size_t property_args_size, ov_compiled_model_t **compiled_model, ...);

/* Read and compile in one step, which can skip reading when the compiled model is in the cache. In the
 * ..._props forms `properties` may be NULL when num_properties is 0. */
OPENVINO_C_API(ov_status_e)
ov_core_compile_model_from_file(const ov_core_t *core, const char *model_path, const char *device_name,
                                const size_t property_args_size, ov_compiled_model_t **compiled_model, ...);

/* Load a shared object with more operations (vintner_extension.h): the models that this core reads from now
 * on may use them. The same file again changes nothing. */
OPENVINO_C_API(ov_status_e) ov_core_add_extension(const ov_core_t *core, const char *path);

#ifdef OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
OPENVINO_C_API(ov_status_e)
ov_core_compile_model_from_file_unicode(const ov_core_t *core, const wchar_t *model_path,
                                        const char *device_name, const size_t property_args_size,
                                        ov_compiled_model_t **compiled_model, ...);
#endif

/* Set one property of a device, or of the core and all devices when device_name is "" or NULL: a key and its
 * value follow. A device that is not loaded yet takes everything and judges it at its first use; a loaded one
 * answers GENERAL_ERROR at once. Models that are compiled already do not change. */
OPENVINO_C_API(ov_status_e) ov_core_set_property(const ov_core_t *core, const char *device_name, ...);

/* The same for `num_properties` pairs; INVALID_C_PARAM when there are none. */
OPENVINO_C_API(ov_status_e)
ov_core_set_properties(const ov_core_t *core, const char *device_name, const size_t num_properties,
                       const ov_property_t *properties);

OPENVINO_C_API(ov_status_e)
ov_core_compile_model_props(const ov_core_t *core, const ov_model_t *model, const char *device_name,
                            const size_t num_properties, const ov_property_t *properties,
                            ov_compiled_model_t **compiled_model);

OPENVINO_C_API(ov_status_e)
ov_core_compile_model_from_file_props(const ov_core_t *core, const char *model_path, const char *device_name,
                                      const size_t num_properties, const ov_property_t *properties,
                                      ov_compiled_model_t **compiled_model);

#ifdef OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
OPENVINO_C_API(ov_status_e)
ov_core_compile_model_from_file_unicode_props(const ov_core_t *core, const wchar_t *model_path,
                                              const char *device_name, const size_t num_properties,
                                              const ov_property_t *properties,
                                              ov_compiled_model_t **compiled_model);
#endif

/* The value of a property as text: a new string for ov_free(). GENERAL_ERROR for one the device does not
 * have. */
OPENVINO_C_API(ov_status_e)
ov_core_get_property(const ov_core_t *core, const char *device_name, const char *property_key,
                     char **property_value);

/* Names of the devices that are there, "GPU.0", "GPU.1" when there are several of a kind; without AUTO,
 * HETERO, MULTI and BATCH. Goes to ov_available_devices_free(). */
OPENVINO_C_API(ov_status_e)
ov_core_get_available_devices(const ov_core_t *core, ov_available_devices_t *devices);

/* Free the names and zero the struct. */
OPENVINO_C_API(void) ov_available_devices_free(ov_available_devices_t *devices);

/* Make a compiled model from what ov_compiled_model_export_model() wrote. GENERAL_ERROR when another version
 * or another device wrote it. */
OPENVINO_C_API(ov_status_e)
ov_core_import_model(const ov_core_t *core, const char *content, const size_t content_size,
                     const char *device_name, ov_compiled_model_t **compiled_model);

/* Versions of the plugins that a device name stands for (more than one for "HETERO:GPU,CPU"). NOT_FOUND for
 * an unknown device. Goes to ov_core_versions_free(). */
OPENVINO_C_API(ov_status_e)
ov_core_get_versions_by_device_name(const ov_core_t *core, const char *device_name,
                                    ov_core_version_list_t *versions);

/* Free the entries and zero the struct. */
OPENVINO_C_API(void) ov_core_versions_free(ov_core_version_list_t *versions);

/* Make a context of a device, for instance around a cl_context of the caller's. Parameters follow as pairs of
 * key and value (gpu/gpu_plugin_properties.h), counted like those of ov_core_compile_model(). */
OPENVINO_C_API(ov_status_e)
ov_core_create_context(const ov_core_t *core, const char *device_name, const size_t context_args_size,
                       ov_remote_context_t **context, ...);

OPENVINO_C_API(ov_status_e)
ov_core_create_context_props(const ov_core_t *core, const char *device_name, const size_t num_properties,
                             const ov_property_t *properties, ov_remote_context_t **context);

/* Compile for the device and in the memory of a context. */
OPENVINO_C_API(ov_status_e)
ov_core_compile_model_with_context(const ov_core_t *core, const ov_model_t *model,
                                   const ov_remote_context_t *context, const size_t property_args_size,
                                   ov_compiled_model_t **compiled_model, ...);

OPENVINO_C_API(ov_status_e)
ov_core_compile_model_with_context_props(const ov_core_t *core, const ov_model_t *model,
                                         const ov_remote_context_t *context, const size_t num_properties,
                                         const ov_property_t *properties,
                                         ov_compiled_model_t **compiled_model);

/* The context a device uses by itself. */
OPENVINO_C_API(ov_status_e)
ov_core_get_default_context(const ov_core_t *core, const char *device_name, ov_remote_context_t **context);

/* Release what the library holds for the whole process. Call it last: no object may be alive, no other thread
 * inside the library, and nothing of it may be used afterwards. */
OPENVINO_C_API(void) ov_shutdown(void);

#endif
