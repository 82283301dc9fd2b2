#include "openvino/c/ov_shape.h"

#include "capi.h"

#include <stdlib.h>

bool vt_capi_shape_ok(const ov_shape_t *shape)
{
    return shape->rank == 0 || (shape->rank > 0 && shape->dims);
}

ov_status_e vt_capi_shape_fill(int rank, const int64_t *dims, ov_shape_t *shape)
{
    int64_t *copy = NULL;

    if (rank > 0) {
        copy = malloc((size_t)rank * sizeof(*copy));
        if (!copy) {
            return vt_capi_fail(GENERAL_ERROR, "out of memory");
        }
        memcpy(copy, dims, (size_t)rank * sizeof(*copy));
    }
    *shape = (ov_shape_t){.rank = rank, .dims = copy};
    return OK;
}

ov_status_e ov_shape_create(const int64_t rank, const int64_t *dims, ov_shape_t *shape)
{
    int64_t *copy;

    if (!shape || rank <= 0 || !dims) {
        return INVALID_C_PARAM;
    }
    for (int64_t i = 0; i < rank; i++) {
        if (dims[i] < 0) {
            return INVALID_C_PARAM;
        }
    }
    copy = calloc((size_t)rank, sizeof(*copy));
    if (!copy) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    memcpy(copy, dims, (size_t)rank * sizeof(*copy));
    *shape = (ov_shape_t){.rank = rank, .dims = copy};
    return OK;
}

ov_status_e ov_shape_free(ov_shape_t *shape)
{
    if (!shape) {
        return INVALID_C_PARAM;
    }
    free(shape->dims);
    *shape = (ov_shape_t){0};
    return OK;
}
