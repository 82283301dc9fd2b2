/* Blob: refcounted read-only bytes, a mapped file or a buffer. Reference counts are atomic; the rest is
 * immutable. */
#ifndef VT_MAP_H
#define VT_MAP_H

#include "vt/status.h"

#include <stddef.h>

struct vt_blob {
    const void *data; /* NULL when empty */
    size_t size;
    const char *path; /* of the mapped file, or NULL */
    void (*release)(void *user);
    void *user;
    int refs;
};

/* Map a regular file for reading; an empty file gives an empty blob. */
int vt_blob_map(const char *path, struct vt_blob **blob, struct vt_error *err);

/* Foreign memory; release(user) is called with the last reference (release may be NULL). NULL when out of
 * memory. */
struct vt_blob *vt_blob_wrap(const void *data, size_t size, void (*release)(void *user), void *user);

/* A private copy. NULL when out of memory. */
struct vt_blob *vt_blob_copy(const void *data, size_t size);

struct vt_blob *vt_blob_ref(struct vt_blob *blob);
void vt_blob_unref(struct vt_blob *blob); /* NULL is allowed */

/* Give the whole pages inside [data, data + bytes) of a mapped file back to the kernel; they come back when
 * read. Does nothing for other blobs. */
void vt_blob_dontneed(const struct vt_blob *blob, const void *data, size_t bytes);

/* Ask the kernel to read the range ahead. */
void vt_blob_willneed(const struct vt_blob *blob, const void *data, size_t bytes);

#endif
