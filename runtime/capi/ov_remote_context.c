/* No device of this version has memory of its own, so no context can exist: a tensor is never a remote one
 * (INVALID_C_PARAM, as for any other wrong handle). */
#include "openvino/c/ov_remote_context.h"

#include "capi.h"

ov_status_e ov_remote_context_create_tensor(const ov_remote_context_t *context, const ov_element_type_e type,
                                            const ov_shape_t shape, const size_t object_args_size,
                                            ov_tensor_t **remote_tensor, ...)
{
    (void)context;
    (void)type;
    (void)shape;
    (void)object_args_size;
    (void)remote_tensor;
    return INVALID_C_PARAM;
}

ov_status_e ov_remote_context_create_tensor_props(const ov_remote_context_t *context,
                                                  const ov_element_type_e type, const ov_shape_t shape,
                                                  const size_t num_properties,
                                                  const ov_property_t *properties,
                                                  ov_tensor_t **remote_tensor)
{
    (void)context;
    (void)type;
    (void)shape;
    (void)num_properties;
    (void)properties;
    (void)remote_tensor;
    return INVALID_C_PARAM;
}

ov_status_e ov_remote_context_get_device_name(const ov_remote_context_t *context, char **device_name)
{
    (void)context;
    (void)device_name;
    return INVALID_C_PARAM;
}

ov_status_e ov_remote_context_get_params(const ov_remote_context_t *context, size_t *size, char **params)
{
    (void)context;
    (void)size;
    (void)params;
    return INVALID_C_PARAM;
}

ov_status_e ov_remote_context_create_host_tensor(const ov_remote_context_t *context,
                                                 const ov_element_type_e type, const ov_shape_t shape,
                                                 ov_tensor_t **tensor)
{
    (void)context;
    (void)type;
    (void)shape;
    (void)tensor;
    return INVALID_C_PARAM;
}

void ov_remote_context_free(ov_remote_context_t *context)
{
    (void)context;
}

ov_status_e ov_remote_tensor_get_params(ov_tensor_t *tensor, size_t *size, char **params)
{
    (void)tensor;
    (void)size;
    (void)params;
    return INVALID_C_PARAM;
}

ov_status_e ov_remote_tensor_get_device_name(ov_tensor_t *remote_tensor, char **device_name)
{
    (void)remote_tensor;
    (void)device_name;
    return INVALID_C_PARAM;
}
