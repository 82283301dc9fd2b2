#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct vt_blob *blob_create(const void *data, size_t size)
{
    struct vt_blob *blob = calloc(1, sizeof(*blob));

    if (blob) {
        blob->data = data;
        blob->size = size;
        blob->refs = 1;
    }
    return blob;
}

static int map_fd(int fd, const char *path, const void **data, size_t *size, struct vt_error *err)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st)) {
        return vt_fail(err, VT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return vt_fail(err, VT_E_IO, "cannot read '%s': it is not a regular file", path);
    }
    *data = NULL;
    *size = (size_t)st.st_size;
    if (!*size) {
        return VT_OK;
    }
    p = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) {
        return vt_fail(err, VT_E_IO, "cannot map '%s' (%zu bytes): %s", path, *size, strerror(errno));
    }
    *data = p;
    return VT_OK;
}

int vt_blob_map(const char *path, struct vt_blob **blob, struct vt_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), status;
    const void *data = NULL;
    size_t size = 0;

    if (fd < 0) {
        return vt_fail(err, VT_E_IO, "cannot open '%s': %s", path, strerror(errno));
    }
    status = map_fd(fd, path, &data, &size, err);
    close(fd);
    if (status) {
        return status;
    }
    *blob = blob_create(data, size);
    if (*blob) {
        (*blob)->path = strdup(path);
    }
    if (!*blob || !(*blob)->path) {
        free(*blob);
        if (data) {
            munmap((void *)data, size);
        }
        return vt_fail(err, VT_E_NOMEM, "out of memory reading '%s'", path);
    }
    return VT_OK;
}

struct vt_blob *vt_blob_wrap(const void *data, size_t size, void (*release)(void *user), void *user)
{
    struct vt_blob *blob = blob_create(data, size);

    if (blob) {
        blob->release = release;
        blob->user = user;
    }
    return blob;
}

struct vt_blob *vt_blob_copy(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);
    struct vt_blob *blob = copy ? vt_blob_wrap(copy, size, free, copy) : NULL;

    if (!blob) {
        free(copy);
        return NULL;
    }
    if (size) {
        memcpy(copy, data, size);
    }
    return blob;
}

struct vt_blob *vt_blob_ref(struct vt_blob *blob)
{
    __atomic_add_fetch(&blob->refs, 1, __ATOMIC_RELAXED);
    return blob;
}

void vt_blob_unref(struct vt_blob *blob)
{
    if (!blob || __atomic_sub_fetch(&blob->refs, 1, __ATOMIC_ACQ_REL)) {
        return;
    }
    if (blob->path && blob->data) {
        munmap((void *)blob->data, blob->size);
    }
    if (blob->release) {
        blob->release(blob->user);
    }
    free((char *)blob->path);
    free(blob);
}

static void advise(const struct vt_blob *blob, const void *data, size_t bytes, int advice)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)data + page - 1) & ~(page - 1),
              end = ((uintptr_t)data + bytes) & ~(page - 1);

    if (blob->path && blob->data && begin < end) {
        madvise((void *)begin, end - begin, advice);
    }
}

void vt_blob_dontneed(const struct vt_blob *blob, const void *data, size_t bytes)
{
    advise(blob, data, bytes, MADV_DONTNEED);
}

void vt_blob_willneed(const struct vt_blob *blob, const void *data, size_t bytes)
{
    advise(blob, data, bytes, MADV_WILLNEED);
}
