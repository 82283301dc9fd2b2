/* Parameters of GPU contexts and GPU tensors (ov_core_create_context(), ov_remote_context_create_tensor()).
 * A value is a string, except where it is said to be a handle: then it is the handle itself, cast to a
 * pointer. */
#ifndef OPENVINO_C_GPU_PLUGIN_PROPERTIES_H
#define OPENVINO_C_GPU_PLUGIN_PROPERTIES_H

#include "openvino/c/ov_common.h"

/* "OCL" (an OpenCL context) or "VA_SHARED" (one shared with a video decoder). */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_context_type;

/* Handle: the cl_context to share. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_ocl_context;

/* Index of the device in a context that has several. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_ocl_context_device_id;

/* Index of the tile on a device made of several. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_tile_id;

/* Handle: the cl_command_queue to share. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_ocl_queue;

/* Handle: the VADisplay, or the D3D device. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_va_device;

/* What a tensor is made of: "OCL_BUFFER", "OCL_IMAGE2D", "USM_USER_BUFFER", "USM_HOST_BUFFER",
 * "USM_DEVICE_BUFFER", "VA_SURFACE" or "DX_BUFFER". */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_shared_mem_type;

/* Handle: the cl_mem, or the USM pointer. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_mem_handle;

/* Number of the video surface. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_dev_object_handle;

/* Index of the plane of a video surface. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_va_plane;

/* Path of a file with settings of the GPU. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_gpu_config_file;

#endif
