/* Tensors that several owners share: requests and the handles that users hold. All handles see one type, one
 * shape and one memory, so a shape that is set through one of them, or that an inference gives to an output,
 * shows in all. Reference counting may happen on any thread; everything else belongs to one thread at a time.
 */
#ifndef VT_BUFFER_H
#define VT_BUFFER_H

#include "vt/status.h"
#include "vt/strings.h"

#include <stdatomic.h>

struct vt_buffer {
    struct vt_tensor t; /* t.data is NULL only before the first inference wrote a dynamic output */
    size_t capacity;    /* bytes behind t.data */
    size_t room; /* bytes that memory will have at least when it is allocated next: those that the largest
                    shape will want; no more is touched than the shape has */
    uint32_t generation; /* changes with type, shape or memory */
    bool host;           /* memory of the caller's: it cannot grow and is not freed */
    bool views;          /* the strings are views: what a plugin writes, not what a user gets */
    atomic_int pins;     /* models and regions that use the memory: it must stay where it is */
    atomic_int refs;
    struct vt_buffer *parent; /* of a region: whose memory it is, a reference and a pin */
    int64_t *strides; /* of a region that is not dense: bytes from one element to the next, per axis; then
                         `capacity` counts from t.data to the end of the last element, and t.bytes what a
                         dense copy takes */
};

/* Memory of its own, aligned to 64 bytes, contents undefined (strings are empty); data is not NULL for an
 * empty tensor either. VT_E_TYPE for VT_DYNAMIC, VT_E_SHAPE for a negative dim, a rank above VT_MAX_RANK or a
 * size that overflows, VT_E_NOMEM. One reference. */
int vt_buffer_create(enum vt_type type, int rank, const int64_t *dims, struct vt_buffer **buffer,
                     struct vt_error *err);

/* A view of the caller's memory, large enough for the shape; it may be reshaped up to its first size. */
int vt_buffer_wrap(enum vt_type type, int rank, const int64_t *dims, void *data, struct vt_buffer **buffer,
                   struct vt_error *err);

/* Described, without memory until vt_buffer_reshape: for outputs whose shape is not known yet. */
int vt_buffer_create_empty(enum vt_type type, int rank, const int64_t *dims, struct vt_buffer **buffer,
                           struct vt_error *err);

/* A view of the elements from `begin` up to, not including, `end` of another buffer, itself perhaps such a
 * view; it keeps that one's memory where it is. VT_E_RANGE for an empty region or one that sticks out,
 * VT_E_UNSUPPORTED for elements that are no whole bytes and for strings. */
int vt_buffer_region(struct vt_buffer *parent, const int64_t *begin, const int64_t *end,
                     struct vt_buffer **buffer, struct vt_error *err);

/* Bytes from one element to the next along each axis. VT_E_UNSUPPORTED for elements that are no whole bytes.
 */
int vt_buffer_strides(const struct vt_buffer *buffer, int64_t strides[VT_MAX_RANK], struct vt_error *err);

/* Copy all elements between buffers of one type and shape, of which any may be a region; no strings. */
void vt_buffer_copy(const struct vt_buffer *src, struct vt_buffer *dst);

/* A reference to the buffer itself where its elements follow one another, else to a copy. */
int vt_buffer_dense(struct vt_buffer *buffer, struct vt_buffer **dense, struct vt_error *err);

/* Change the shape; a region that is not dense keeps its own. Own memory grows where needed and its contents
 * are then undefined; it is kept when it is large enough. VT_E_SHAPE, with nothing changed, when host memory
 * would have to grow, VT_E_BUSY when pinned memory would. */
int vt_buffer_reshape(struct vt_buffer *buffer, int rank, const int64_t *dims, struct vt_error *err);

/* Copy `n` texts into the first n elements of a VT_STRING buffer, empty the others. VT_E_TYPE for another
 * type, VT_E_RANGE when n exceeds the number of elements. */
int vt_buffer_set_strings(struct vt_buffer *buffer, const char *const *texts, int64_t n,
                          struct vt_error *err);

/* Copy the strings of a tensor of the same shape, texts and all; `src` may view strings of `buffer` itself.
 */
int vt_buffer_copy_strings(struct vt_buffer *buffer, const struct vt_tensor *src, struct vt_error *err);

/* Elements that own their texts: empty ones; and their end, which frees what lies outside of them. */
void vt_strings_init(struct vt_string *s, size_t n);
void vt_strings_finish(struct vt_string *s, size_t n);

/* ref returns its argument; unref accepts NULL. */
struct vt_buffer *vt_buffer_ref(struct vt_buffer *buffer);
void vt_buffer_unref(struct vt_buffer *buffer);

#endif
