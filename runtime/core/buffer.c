#include "buffer.h"

#include "io.h"

#include <stdlib.h>

static void release_memory(struct vt_buffer *buffer)
{
    free(buffer->strides);
    if (buffer->parent) {
        atomic_fetch_sub(&buffer->parent->pins, 1);
        vt_buffer_unref(buffer->parent);
    }
    if (buffer->host) {
        return;
    }
    if (buffer->t.type == VT_STRING && buffer->t.data && !buffer->views) {
        vt_strings_finish(buffer->t.data, buffer->capacity / sizeof(struct vt_string));
    }
    free(buffer->t.data);
}

/* At least one cache line, so that an empty tensor has an address too. */
static void *allocate(enum vt_type type, size_t bytes, size_t *capacity)
{
    size_t rounded;
    void *data;

    if (!bytes) {
        bytes = 64;
    }
    if (__builtin_add_overflow(bytes, (size_t)63, &rounded)) {
        return NULL;
    }
    rounded &= ~(size_t)63;
    data = aligned_alloc(64, rounded);
    if (data && type == VT_STRING) {
        vt_strings_init(data, rounded / sizeof(struct vt_string));
    }
    *capacity = rounded;
    return data;
}

static int describe(struct vt_tensor *t, enum vt_type type, int rank, const int64_t *dims,
                    struct vt_error *err)
{
    char text[VT_SHAPE_TEXT];

    if (type <= VT_DYNAMIC || type >= VT_TYPE_COUNT) {
        return vt_fail(err, VT_E_TYPE, "a tensor cannot have the element type %s", vt_type_info(type)->name);
    }
    if (rank < 0 || rank > VT_MAX_RANK) {
        return vt_fail(err, VT_E_SHAPE, "a tensor of rank %d: 0 to %d are allowed", rank, VT_MAX_RANK);
    }
    if (!vt_tensor_describe(t, type, rank, dims)) {
        return vt_fail(err, VT_E_SHAPE, "a tensor of shape %s and type %s: a negative dimension or too large",
                       vt_shape_text(rank, dims, text), vt_type_info(type)->name);
    }
    return VT_OK;
}

int vt_buffer_create_empty(enum vt_type type, int rank, const int64_t *dims, struct vt_buffer **buffer,
                           struct vt_error *err)
{
    struct vt_tensor t;
    int status = describe(&t, type, rank, dims, err);

    if (status) {
        return status;
    }
    *buffer = calloc(1, sizeof(**buffer));
    if (!*buffer) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    (*buffer)->t = t;
    (*buffer)->generation = 1;
    atomic_init(&(*buffer)->refs, 1);
    return VT_OK;
}

int vt_buffer_create(enum vt_type type, int rank, const int64_t *dims, struct vt_buffer **buffer,
                     struct vt_error *err)
{
    struct vt_buffer *made;
    char text[VT_SHAPE_TEXT];
    int status = vt_buffer_create_empty(type, rank, dims, &made, err);

    if (status) {
        return status;
    }
    made->t.data = allocate(type, made->t.bytes, &made->capacity);
    if (!made->t.data) {
        free(made);
        return vt_fail(err, VT_E_NOMEM, "out of memory for a tensor of shape %s and type %s",
                       vt_shape_text(rank, dims, text), vt_type_info(type)->name);
    }
    *buffer = made;
    return VT_OK;
}

int vt_buffer_wrap(enum vt_type type, int rank, const int64_t *dims, void *data, struct vt_buffer **buffer,
                   struct vt_error *err)
{
    int status = vt_buffer_create_empty(type, rank, dims, buffer, err);

    if (status == VT_OK) {
        (*buffer)->t.data = data;
        (*buffer)->capacity = (*buffer)->t.bytes;
        (*buffer)->host = true;
    }
    return status;
}

static bool same_shape(const struct vt_tensor *a, const struct vt_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(a->dims[0]));
}

int vt_buffer_reshape(struct vt_buffer *buffer, int rank, const int64_t *dims, struct vt_error *err)
{
    struct vt_tensor t;
    char text[VT_SHAPE_TEXT];
    size_t capacity = buffer->capacity;
    int status = describe(&t, buffer->t.type, rank, dims, err);

    if (status) {
        return status;
    }
    if (buffer->strides) {
        return same_shape(&t, &buffer->t)
                   ? VT_OK
                   : vt_fail(err, VT_E_SHAPE, "a region of another tensor cannot take the shape %s",
                             vt_shape_text(rank, dims, text));
    }
    t.data = buffer->t.data;
    if (t.bytes > capacity || (!t.data && !buffer->host)) {
        if (buffer->host) {
            return vt_fail(err, VT_E_SHAPE,
                           "shape %s needs %zu bytes, the memory given for the tensor has %zu and cannot "
                           "grow",
                           vt_shape_text(rank, dims, text), t.bytes, capacity);
        }
        if (atomic_load(&buffer->pins)) {
            return vt_fail(
                err, VT_E_BUSY,
                "a model or a region uses the memory of this tensor, so it cannot grow to shape %s",
                vt_shape_text(rank, dims, text));
        }
        t.data = t.bytes < buffer->room ? allocate(t.type, buffer->room, &capacity) : NULL;
        t.data = t.data ? t.data : allocate(t.type, t.bytes, &capacity);
        if (!t.data) {
            return vt_fail(err, VT_E_NOMEM, "out of memory for a tensor of shape %s and type %s",
                           vt_shape_text(rank, dims, text), vt_type_info(t.type)->name);
        }
        release_memory(buffer);
    }
    buffer->t = t;
    buffer->capacity = capacity;
    buffer->generation++;
    return VT_OK;
}

struct vt_buffer *vt_buffer_ref(struct vt_buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
    return buffer;
}

void vt_buffer_unref(struct vt_buffer *buffer)
{
    if (buffer && atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) == 1) {
        release_memory(buffer);
        free(buffer);
    }
}
