/* A rank is a dimension too: {n, n} when known. */
#ifndef OPENVINO_C_OV_RANK_H
#define OPENVINO_C_OV_RANK_H

#include "openvino/c/ov_dimension.h"

typedef ov_dimension_t ov_rank_t;

/* Whether the number of dimensions is unknown. */
OPENVINO_C_API(bool) ov_rank_is_dynamic(const ov_rank_t rank);

#endif
