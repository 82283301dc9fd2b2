#include "openvino/c/ov_dimension.h"

bool ov_dimension_is_dynamic(const ov_dimension_t dim)
{
    return dim.min != dim.max || dim.max <= 0;
}
