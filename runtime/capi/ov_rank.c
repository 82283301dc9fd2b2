#include "openvino/c/ov_rank.h"

bool ov_rank_is_dynamic(const ov_rank_t rank)
{
    return ov_dimension_is_dynamic(rank);
}
