/* Contexts of devices with memory of their own, and tensors in that memory. */
#ifndef OPENVINO_C_OV_REMOTE_CONTEXT_H
#define OPENVINO_C_OV_REMOTE_CONTEXT_H

#include "openvino/c/gpu/gpu_plugin_properties.h"
#include "openvino/c/ov_common.h"
#include "openvino/c/ov_property.h"
#include "openvino/c/ov_shape.h"
#include "openvino/c/ov_tensor.h"

typedef struct ov_remote_context ov_remote_context_t;

/* Allocate a tensor in the device's memory, or wrap a handle of the caller's, which must outlive the tensor.
 * Parameters follow as pairs of key and value (gpu/gpu_plugin_properties.h); object_args_size counts keys and
 * values, an odd count is INVALID_C_PARAM. */
OPENVINO_C_API(ov_status_e)
ov_remote_context_create_tensor(const ov_remote_context_t *context, const ov_element_type_e type,
                                const ov_shape_t shape, const size_t object_args_size,
                                ov_tensor_t **remote_tensor, ...);

/* The same with an array; `properties` may be NULL when there are none. */
OPENVINO_C_API(ov_status_e)
ov_remote_context_create_tensor_props(const ov_remote_context_t *context, const ov_element_type_e type,
                                      const ov_shape_t shape, const size_t num_properties,
                                      const ov_property_t *properties, ov_tensor_t **remote_tensor);

/* "GPU.0": a new string for ov_free(). */
OPENVINO_C_API(ov_status_e)
ov_remote_context_get_device_name(const ov_remote_context_t *context, char **device_name);

/* The parameters of the context as text, "NAME VALUE NAME VALUE", handles as hexadecimal addresses: a new
 * string for ov_free(). *size is the number of pairs. */
OPENVINO_C_API(ov_status_e)
ov_remote_context_get_params(const ov_remote_context_t *context, size_t *size, char **params);

/* A tensor in host memory that the device reaches fast. */
OPENVINO_C_API(ov_status_e)
ov_remote_context_create_host_tensor(const ov_remote_context_t *context, const ov_element_type_e type,
                                     const ov_shape_t shape, ov_tensor_t **tensor);

/* Tensors and compiled models keep what they need of the context. */
OPENVINO_C_API(void) ov_remote_context_free(ov_remote_context_t *context);

/* As ov_remote_context_get_params(), for a tensor; GENERAL_ERROR for a tensor in host memory. */
OPENVINO_C_API(ov_status_e) ov_remote_tensor_get_params(ov_tensor_t *tensor, size_t *size, char **params);

/* As ov_remote_context_get_device_name(), for a tensor. */
OPENVINO_C_API(ov_status_e) ov_remote_tensor_get_device_name(ov_tensor_t *remote_tensor, char **device_name);

#endif
