/* A dimension: a number, or an interval of numbers. */
#ifndef OPENVINO_C_OV_DIMENSION_H
#define OPENVINO_C_OV_DIMENSION_H

#include "openvino/c/ov_common.h"

/* {n, n} is exactly n, {a, b} anything from a to b, {a, -1} at least a with no upper bound where a is 0 or
 * -1: {0, -1} and {-1, -1} are both "anything". */
typedef struct ov_dimension {
    int64_t min;
    int64_t max;
} ov_dimension_t;

/* Whether `dim` stands for more than one number. */
OPENVINO_C_API(bool) ov_dimension_is_dynamic(const ov_dimension_t dim);

#endif
