/* Tensors: dense, row-major memory with a type and a shape. Handles are light: several of them, and requests,
 * may share one block of memory, which lives until the last of them is gone. */
#ifndef OPENVINO_C_OV_TENSOR_H
#define OPENVINO_C_OV_TENSOR_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_partial_shape.h"
#include "openvino/c/ov_shape.h"

typedef struct ov_tensor ov_tensor_t;

/* A tensor over the caller's memory, which must be large enough and stay valid as long as any tensor or
 * request refers to it. It can shrink (ov_tensor_set_shape()), not grow. */
OPENVINO_C_API(ov_status_e)
ov_tensor_create_from_host_ptr(const ov_element_type_e type, const ov_shape_t shape, void *host_ptr,
                               ov_tensor_t **tensor);

/* A tensor with memory of its own, contents undefined (strings are empty). GENERAL_ERROR without memory or
 * for DYNAMIC, INVALID_C_PARAM for a number that is no type. */
OPENVINO_C_API(ov_status_e)
ov_tensor_create(const ov_element_type_e type, const ov_shape_t shape, ov_tensor_t **tensor);

/* Change the shape. Memory that the tensor owns grows where needed, then its contents are undefined and
 * pointers from ov_tensor_data() are stale. GENERAL_ERROR when host memory would have to grow. */
OPENVINO_C_API(ov_status_e) ov_tensor_set_shape(ov_tensor_t *tensor, const ov_shape_t shape);

/* A STRING tensor; the strings are copied. With fewer strings than elements the rest are empty; more of them
 * are INVALID_C_PARAM. */
OPENVINO_C_API(ov_status_e)
ov_tensor_create_from_string_array(const char **string_array, const size_t array_size, const ov_shape_t shape,
                                   ov_tensor_t **tensor);

/* The result goes to ov_shape_free(). */
OPENVINO_C_API(ov_status_e) ov_tensor_get_shape(const ov_tensor_t *tensor, ov_shape_t *shape);

OPENVINO_C_API(ov_status_e)
ov_tensor_get_element_type(const ov_tensor_t *tensor, ov_element_type_e *type);

/* Copy strings into a STRING tensor. INVALID_C_PARAM for another type or another number of elements. */
OPENVINO_C_API(ov_status_e)
ov_tensor_set_string_data(ov_tensor_t *tensor, const char **string_array, const size_t array_size);

/* Number of elements. */
OPENVINO_C_API(ov_status_e) ov_tensor_get_size(const ov_tensor_t *tensor, size_t *elements_size);

/* Number of bytes; types narrower than a byte are rounded up as a whole. */
OPENVINO_C_API(ov_status_e) ov_tensor_get_byte_size(const ov_tensor_t *tensor, size_t *byte_size);

/* The elements, writable, valid until the tensor grows or the last handle goes. When there are none the
 * pointer may be NULL. */
OPENVINO_C_API(ov_status_e) ov_tensor_data(const ov_tensor_t *tensor, void **data);

/* Release the handle; the memory stays while a request or another handle uses it. */
OPENVINO_C_API(void) ov_tensor_free(ov_tensor_t *tensor);

#endif
