/* The whole C API. A model is read (ov_core_read_model), compiled for a device (ov_core_compile_model), and
 * run by requests (ov_compiled_model_create_infer_request). */
#ifndef OPENVINO_C_OPENVINO_H
#define OPENVINO_C_OPENVINO_H

/* Windows headers have a BOOLEAN of their own, so programs that include this file see the element type under
 * the name OV_BOOLEAN, and BOOLEAN as an alias of it. Include it before any of the other headers. */
#define BOOLEAN OV_BOOLEAN

#include "openvino/c/auto/properties.h"
#include "openvino/c/ov_common.h"
#include "openvino/c/ov_compiled_model.h"
#include "openvino/c/ov_core.h"
#include "openvino/c/ov_dimension.h"
#include "openvino/c/ov_infer_request.h"
#include "openvino/c/ov_layout.h"
#include "openvino/c/ov_model.h"
#include "openvino/c/ov_node.h"
#include "openvino/c/ov_partial_shape.h"
#include "openvino/c/ov_prepostprocess.h"
#include "openvino/c/ov_property.h"
#include "openvino/c/ov_rank.h"
#include "openvino/c/ov_remote_context.h"
#include "openvino/c/ov_shape.h"
#include "openvino/c/ov_tensor.h"
#include "openvino/c/ov_util.h"

#endif
