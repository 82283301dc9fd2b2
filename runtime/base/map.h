/* Blobs: read-only bytes with a reference count, from a mapped file or from memory. Weights are views into
 * them. */
#ifndef VT_MAP_H
#define VT_MAP_H

#include "vt/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vt_blob {
    const void *data; /* never NULL, also when size is 0 */
    size_t size;
    const char *path; /* of the file; NULL for memory */
    int64_t mtime;    /* of the file when it was opened, nanoseconds */
    bool hole;        /* stands for bytes that are not there: all read as zero */
};

/* Map a regular file, one reference. The message names the path and the system's reason. The file must not be
 * truncated while the blob lives: reading what is gone kills the process. */
int vt_blob_map(const char *path, struct vt_blob **blob, struct vt_error *err);

/* The same by reading the whole file into memory: what happens to the file later does not matter. */
int vt_blob_read(const char *path, struct vt_blob **blob, struct vt_error *err);

/* Take memory over without copying, one reference; `release(user)` (release may be NULL) is called when the
 * last one is dropped. `data` may be NULL when size is 0. NULL when out of memory; release is not called
 * then. */
struct vt_blob *vt_blob_wrap(const void *data, size_t size, void (*release)(void *user), void *user);

/* A copy of the bytes, aligned to 64 bytes. NULL when out of memory. */
struct vt_blob *vt_blob_copy(const void *data, size_t size);

/* Address space for bytes that are not there; it takes no memory. NULL when there is not enough of it. */
struct vt_blob *vt_blob_hole(size_t size);

/* Both may be called from any thread and accept NULL; ref returns its argument. */
struct vt_blob *vt_blob_ref(struct vt_blob *blob);
void vt_blob_unref(struct vt_blob *blob);

/* Whether [data, data + bytes) lies inside the blob. */
bool vt_blob_holds(const struct vt_blob *blob, const void *data, size_t bytes);

/* The range is not needed for now: give those pages back that lie wholly inside it. What is read later comes
 * from the file again. Returns the bytes given back; 0 for memory. */
size_t vt_blob_dontneed(const struct vt_blob *blob, const void *data, size_t bytes);

/* The range will be read soon: start reading it. Only a hint. */
void vt_blob_willneed(const struct vt_blob *blob, const void *data, size_t bytes);

#endif
