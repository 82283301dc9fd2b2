/* Partial shapes: rank and dimensions may be unknown or bounded. */
#ifndef OPENVINO_C_OV_PARTIAL_SHAPE_H
#define OPENVINO_C_OV_PARTIAL_SHAPE_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_dimension.h"
#include "openvino/c/ov_layout.h"
#include "openvino/c/ov_rank.h"
#include "openvino/c/ov_shape.h"

/* Passed by value; the library reads `dims` during the call only. With an unknown rank `dims` is not read. A
 * partial shape that a function filled owns its `dims` and goes to ov_partial_shape_free(). */
typedef struct ov_partial_shape {
    ov_rank_t rank;
    ov_dimension_t *dims;
} ov_partial_shape_t;

/* Known rank, dimensions as given (copied). INVALID_C_PARAM for a rank below 1 or a dimension that is no
 * interval, such as {2, 1}, {2, -1} or {0, -1}. */
OPENVINO_C_API(ov_status_e)
ov_partial_shape_create(const int64_t rank, const ov_dimension_t *dims,
                        ov_partial_shape_t *partial_shape_obj);

/* As ov_partial_shape_create(), and the rank may be dynamic too, with `dims` NULL. */
OPENVINO_C_API(ov_status_e)
ov_partial_shape_create_dynamic(const ov_rank_t rank, const ov_dimension_t *dims,
                                ov_partial_shape_t *partial_shape_obj);

/* Known rank, known dimensions. INVALID_C_PARAM for a negative rank, or a dimension below 1. */
OPENVINO_C_API(ov_status_e)
ov_partial_shape_create_static(const int64_t rank, const int64_t *dims,
                               ov_partial_shape_t *partial_shape_obj);

/* Free the dimensions; the struct itself is the caller's. */
OPENVINO_C_API(void) ov_partial_shape_free(ov_partial_shape_t *partial_shape);

/* PARAMETER_MISMATCH when the partial shape is dynamic; the result goes to ov_shape_free(). */
OPENVINO_C_API(ov_status_e)
ov_partial_shape_to_shape(const ov_partial_shape_t partial_shape, ov_shape_t *shape);

OPENVINO_C_API(ov_status_e)
ov_shape_to_partial_shape(const ov_shape_t shape, ov_partial_shape_t *partial_shape);

/* Whether the rank or any dimension is not a single number. */
OPENVINO_C_API(bool) ov_partial_shape_is_dynamic(const ov_partial_shape_t partial_shape);

/* "{1,?,..5}", "{1,20..30}", or "?" when the rank is unknown: a new string for ov_free(). */
OPENVINO_C_API(const char *) ov_partial_shape_to_string(const ov_partial_shape_t partial_shape);

#endif
