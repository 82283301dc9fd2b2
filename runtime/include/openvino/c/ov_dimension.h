/* A dimension: a number, or an interval of numbers. */
#ifndef OPENVINO_C_OV_DIMENSION_H
#define OPENVINO_C_OV_DIMENSION_H

#include "openvino/c/ov_common.h"

/* {n, n} is exactly n, {a, b} anything from a to b, {a, INT64_MAX} at least a, {-1, -1} anything. A dimension
 * that comes out of a model without an upper bound reads {a, -1}, with a = 0 when nothing is known; reshaping
 * takes that form too. */
typedef struct ov_dimension {
    int64_t min;
    int64_t max;
} ov_dimension_t;

/* False for {n, n} with n above 0. {0, 0} counts as dynamic here. */
OPENVINO_C_API(bool) ov_dimension_is_dynamic(const ov_dimension_t dim);

#endif
