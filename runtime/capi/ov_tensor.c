#include "openvino/c/ov_tensor.h"

#include "capi.h"

/* A rank that no tensor can have is refused by the core, whatever it is. */
static int narrow_rank(const ov_shape_t *shape)
{
    return shape->rank <= VT_MAX_RANK ? (int)shape->rank : VT_MAX_RANK + 1;
}

ov_status_e ov_tensor_create_from_host_ptr(const ov_element_type_e type, const ov_shape_t shape,
                                           void *host_ptr, ov_tensor_t **tensor)
{
    struct vt_error err = {0};
    struct vt_buffer *made;
    int status;

    if (!host_ptr || !tensor || !vt_capi_type_ok(type) || !vt_capi_shape_ok(&shape)) {
        return INVALID_C_PARAM;
    }
    status = vt_buffer_wrap((enum vt_type)type, narrow_rank(&shape), shape.dims, host_ptr, &made, &err);
    if (status == VT_OK) {
        *tensor = (ov_tensor_t *)made;
    }
    return vt_capi_status(status, &err);
}

ov_status_e ov_tensor_create(const ov_element_type_e type, const ov_shape_t shape, ov_tensor_t **tensor)
{
    struct vt_error err = {0};
    struct vt_buffer *made;
    int status;

    if (!tensor || !vt_capi_type_ok(type) || !vt_capi_shape_ok(&shape)) {
        return INVALID_C_PARAM;
    }
    status = vt_buffer_create((enum vt_type)type, narrow_rank(&shape), shape.dims, &made, &err);
    if (status == VT_OK) {
        *tensor = (ov_tensor_t *)made;
    }
    return vt_capi_status(status, &err);
}

ov_status_e ov_tensor_set_shape(ov_tensor_t *tensor, const ov_shape_t shape)
{
    struct vt_error err = {0};

    if (!tensor || !vt_capi_shape_ok(&shape)) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(vt_buffer_reshape(vt_capi_tensor(tensor), narrow_rank(&shape), shape.dims, &err),
                          &err);
}

/* ---- strings */

static bool has_null(const char **strings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strings[i]) {
            return true;
        }
    }
    return false;
}

ov_status_e ov_tensor_create_from_string_array(const char **string_array, const size_t array_size,
                                               const ov_shape_t shape, ov_tensor_t **tensor)
{
    struct vt_error err = {0};
    struct vt_buffer *made;
    int status;

    if (!string_array || !tensor || !vt_capi_shape_ok(&shape)) {
        return INVALID_C_PARAM;
    }
    status = vt_buffer_create(VT_STRING, narrow_rank(&shape), shape.dims, &made, &err);
    if (status) {
        return vt_capi_status(status, &err);
    }
    if (array_size > (size_t)vt_tensor_count(&made->t) || has_null(string_array, array_size)) {
        vt_buffer_unref(made);
        return INVALID_C_PARAM;
    }
    status = vt_buffer_set_strings(made, string_array, (int64_t)array_size, &err);
    if (status) {
        vt_buffer_unref(made);
        return vt_capi_status(status, &err);
    }
    *tensor = (ov_tensor_t *)made;
    return OK;
}

ov_status_e ov_tensor_set_string_data(ov_tensor_t *tensor, const char **string_array, const size_t array_size)
{
    struct vt_buffer *buffer = vt_capi_tensor(tensor);
    struct vt_error err = {0};

    if (!tensor || !string_array || buffer->t.type != VT_STRING ||
        array_size != (size_t)vt_tensor_count(&buffer->t) || has_null(string_array, array_size)) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(vt_buffer_set_strings(buffer, string_array, (int64_t)array_size, &err), &err);
}

/* ---- facts */

ov_status_e ov_tensor_get_shape(const ov_tensor_t *tensor, ov_shape_t *shape)
{
    const struct vt_buffer *buffer = vt_capi_tensor(tensor);

    if (!tensor || !shape) {
        return INVALID_C_PARAM;
    }
    return vt_capi_shape_fill(buffer->t.rank, buffer->t.dims, shape);
}

ov_status_e ov_tensor_get_element_type(const ov_tensor_t *tensor, ov_element_type_e *type)
{
    if (!tensor || !type) {
        return INVALID_C_PARAM;
    }
    *type = (ov_element_type_e)vt_capi_tensor(tensor)->t.type;
    return OK;
}

ov_status_e ov_tensor_get_size(const ov_tensor_t *tensor, size_t *elements_size)
{
    if (!tensor || !elements_size) {
        return INVALID_C_PARAM;
    }
    *elements_size = (size_t)vt_tensor_count(&vt_capi_tensor(tensor)->t);
    return OK;
}

ov_status_e ov_tensor_get_byte_size(const ov_tensor_t *tensor, size_t *byte_size)
{
    if (!tensor || !byte_size) {
        return INVALID_C_PARAM;
    }
    *byte_size = vt_capi_tensor(tensor)->t.bytes;
    return OK;
}

ov_status_e ov_tensor_data(const ov_tensor_t *tensor, void **data)
{
    if (!tensor || !data) {
        return INVALID_C_PARAM;
    }
    *data = vt_capi_tensor(tensor)->t.data;
    return OK;
}

void ov_tensor_free(ov_tensor_t *tensor)
{
    vt_buffer_unref(vt_capi_tensor(tensor));
}
