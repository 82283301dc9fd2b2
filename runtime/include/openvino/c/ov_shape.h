/* Static shapes. */
#ifndef OPENVINO_C_OV_SHAPE_H
#define OPENVINO_C_OV_SHAPE_H

#include "openvino/c/ov_common.h"

/* Passed by value; the library reads `dims` during the call only. A shape that a function filled owns its
 * `dims` and goes to ov_shape_free(). Rank 0 is a scalar, `dims` is then not read. */
typedef struct {
    int64_t rank;
    int64_t *dims;
} ov_shape_t;

/* Fill *shape with a copy of `dims`. INVALID_C_PARAM for a rank below 1 or a negative dimension. */
OPENVINO_C_API(ov_status_e) ov_shape_create(const int64_t rank, const int64_t *dims, ov_shape_t *shape);

/* Free the dimensions and zero the struct; the struct itself is the caller's. */
OPENVINO_C_API(ov_status_e) ov_shape_free(ov_shape_t *shape);

#endif
