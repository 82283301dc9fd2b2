/* Regions: views with strides on the memory of another tensor. */
#include "buffer.h"

#include "io.h"

#include <stdlib.h>
#include <string.h>

int vt_buffer_strides(const struct vt_buffer *buffer, int64_t strides[VT_MAX_RANK], struct vt_error *err)
{
    const struct vt_tensor *t = &buffer->t;
    size_t element;

    if (buffer->strides) {
        memcpy(strides, buffer->strides, (size_t)t->rank * sizeof(strides[0]));
        return VT_OK;
    }
    if (!vt_type_bytes(t->type, 1, &element) ||
        (t->type != VT_STRING && vt_type_info(t->type)->bits != 8 * element)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "elements of type %s are no whole bytes: there are no strides",
                       vt_type_info(t->type)->name);
    }
    for (int i = t->rank - 1; i >= 0; i--) {
        strides[i] = i == t->rank - 1 ? (int64_t)element : strides[i + 1] * t->dims[i + 1];
    }
    return VT_OK;
}

static int check(const struct vt_tensor *t, const int64_t *begin, const int64_t *end, struct vt_error *err)
{
    char text[VT_SHAPE_TEXT];

    if (t->type == VT_STRING) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: regions of tensors of strings");
    }
    if (!t->data) {
        return vt_fail(err, VT_E_INVALID, "a region of a tensor that has no memory yet");
    }
    for (int i = 0; i < t->rank; i++) {
        if (begin[i] < 0 || end[i] <= begin[i] || end[i] > t->dims[i]) {
            return vt_fail(err, VT_E_RANGE, "the region from %lld to %lld along axis %d of the shape %s",
                           (long long)begin[i], (long long)end[i], i, vt_shape_text(t->rank, t->dims, text));
        }
    }
    return VT_OK;
}

/* Whether elements follow one another: axes of one element may have any stride. */
static bool is_dense(const struct vt_tensor *t, const int64_t *strides, int64_t element)
{
    int64_t next = element;

    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dims[i] != 1 && strides[i] != next) {
            return false;
        }
        next *= t->dims[i];
    }
    return true;
}

int vt_buffer_region(struct vt_buffer *parent, const int64_t *begin, const int64_t *end,
                     struct vt_buffer **buffer, struct vt_error *err)
{
    int64_t strides[VT_MAX_RANK], dims[VT_MAX_RANK], offset = 0, last = 0, element;
    struct vt_buffer *made;
    int rank = parent->t.rank, status = check(&parent->t, begin, end, err);

    status = status ? status : vt_buffer_strides(parent, strides, err);
    if (status) {
        return status;
    }
    for (int i = 0; i < rank; i++) {
        dims[i] = end[i] - begin[i];
        offset += begin[i] * strides[i];
        last += (dims[i] - 1) * strides[i];
    }
    status = vt_buffer_wrap(parent->t.type, rank, dims, (char *)parent->t.data + offset, &made, err);
    if (status) {
        return status;
    }
    element = vt_type_info(parent->t.type)->bits / 8;
    if (!is_dense(&made->t, strides, element)) {
        made->strides = malloc((size_t)rank * sizeof(strides[0]));
        if (!made->strides) {
            vt_buffer_unref(made);
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        memcpy(made->strides, strides, (size_t)rank * sizeof(strides[0]));
        made->capacity = (size_t)(last + element);
    }
    atomic_fetch_add(&parent->pins, 1);
    made->parent = vt_buffer_ref(parent);
    *buffer = made;
    return VT_OK;
}

/* Innermost axes that are dense in both go in one piece. */
static void copy_axes(char *dst, const char *src, const struct vt_tensor *t, const int64_t *to,
                      const int64_t *from, int axis, int whole, size_t bytes)
{
    if (axis >= whole) {
        memcpy(dst, src, bytes);
        return;
    }
    for (int64_t i = 0; i < t->dims[axis]; i++) {
        copy_axes(dst + i * to[axis], src + i * from[axis], t, to, from, axis + 1, whole, bytes);
    }
}

void vt_buffer_copy(const struct vt_buffer *src, struct vt_buffer *dst)
{
    const struct vt_tensor *t = &src->t;
    int64_t from[VT_MAX_RANK], to[VT_MAX_RANK];
    size_t bytes = t->bytes;
    int whole = t->rank;

    if (src->strides || dst->strides) {
        bytes = vt_type_info(t->type)->bits / 8;
        vt_buffer_strides(src, from, NULL);
        vt_buffer_strides(dst, to, NULL);
        while (whole > 0 && from[whole - 1] == (int64_t)bytes && to[whole - 1] == (int64_t)bytes) {
            bytes *= (size_t)t->dims[--whole];
        }
        copy_axes(dst->t.data, src->t.data, t, to, from, 0, whole, bytes);
    } else if (bytes) {
        memcpy(dst->t.data, src->t.data, bytes);
    }
}

int vt_buffer_dense(struct vt_buffer *buffer, struct vt_buffer **dense, struct vt_error *err)
{
    int status;

    if (!buffer->strides) {
        *dense = vt_buffer_ref(buffer);
        return VT_OK;
    }
    status = vt_buffer_create(buffer->t.type, buffer->t.rank, buffer->t.dims, dense, err);
    if (status == VT_OK) {
        vt_buffer_copy(buffer, *dense);
    }
    return status;
}
