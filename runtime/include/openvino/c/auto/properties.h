/* Properties of the AUTO device. Values are YES or NO. */
#ifndef OPENVINO_C_AUTO_PROPERTIES_H
#define OPENVINO_C_AUTO_PROPERTIES_H

#include "openvino/c/ov_common.h"

/* Read and write: requests use the memory of the chosen device directly. Default NO. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_auto_device_bind_buffer;

/* Read and write: the CPU serves requests until the chosen device has compiled the model. Default YES. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_auto_enable_startup_fallback;

/* Read and write: an inference that fails on the chosen device is tried on the next one. Default YES. */
OPENVINO_C_VAR(const char *) ov_property_key_intel_auto_enable_runtime_fallback;

#endif
