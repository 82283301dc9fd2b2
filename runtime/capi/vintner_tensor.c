#include "capi.h"
#include "vintner.h"

ov_status_e vt_tensor_create_roi(const ov_tensor_t *tensor, size_t rank, const int64_t *begin,
                                 const int64_t *end, ov_tensor_t **roi)
{
    struct vt_error err = {0};
    struct vt_buffer *made;
    int status;

    if (!tensor || !roi || (rank && (!begin || !end)) || rank != (size_t)vt_capi_tensor(tensor)->t.rank) {
        return INVALID_C_PARAM;
    }
    status = vt_buffer_region(vt_capi_tensor(tensor), begin, end, &made, &err);
    if (status == VT_OK) {
        *roi = (ov_tensor_t *)made;
    }
    return vt_capi_status(status, &err);
}

ov_status_e vt_tensor_get_strides(const ov_tensor_t *tensor, size_t rank, int64_t *strides)
{
    struct vt_error err = {0};
    int64_t all[VT_MAX_RANK] = {0};
    int status;

    if (!tensor || (rank && !strides) || rank != (size_t)vt_capi_tensor(tensor)->t.rank) {
        return INVALID_C_PARAM;
    }
    status = vt_buffer_strides(vt_capi_tensor(tensor), all, &err);
    for (size_t i = 0; i < rank && status == VT_OK; i++) {
        strides[i] = all[i];
    }
    return vt_capi_status(status, &err);
}
