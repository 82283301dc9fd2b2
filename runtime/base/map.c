#include "map.h"

#include "vt/checked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_ALIGN ((size_t)64)

struct blob {
    struct vt_blob pub; /* first, so that the public pointer is this one */
    atomic_size_t refs;
    bool mapped;
    void (*release)(void *user);
    void *user;
    char path[];
};

static struct blob *blob_create(const void *data, size_t size, const char *path)
{
    size_t room = path ? strlen(path) + 1 : 0;
    struct blob *blob = calloc(1, sizeof(*blob) + room);

    if (blob) {
        blob->pub.data = data ? data : "";
        blob->pub.size = size;
        blob->refs = 1;
        if (path) {
            memcpy(blob->path, path, room);
            blob->pub.path = blob->path;
        }
    }
    return blob;
}

/* Check that the open file can be mapped, and how large it is. */
static int check_file(int fd, const char *path, size_t *size, int64_t *mtime, struct vt_error *err)
{
    struct stat st;

    if (fstat(fd, &st)) {
        return vt_fail(err, VT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return vt_fail(err, VT_E_IO, "cannot read '%s': %s", path,
                       S_ISDIR(st.st_mode) ? "it is a directory" : "it is not a regular file");
    }
    if ((uintmax_t)st.st_size > PTRDIFF_MAX) {
        return vt_fail(err, VT_E_NOMEM, "cannot map '%s': %jd bytes do not fit the address space", path,
                       (intmax_t)st.st_size);
    }
    *size = (size_t)st.st_size;
    *mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return VT_OK;
}

static int map_file(int fd, const char *path, struct vt_blob **out, struct vt_error *err)
{
    struct blob *blob;
    void *data = NULL;
    size_t size = 0;
    int64_t mtime = 0;
    int rc = check_file(fd, path, &size, &mtime, err);

    if (rc) {
        return rc;
    }
    /* An empty file cannot be mapped, but it is no error. */
    if (size) {
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            return vt_fail(err, errno == ENOMEM ? VT_E_NOMEM : VT_E_IO, "cannot map '%s': %s", path,
                           strerror(errno));
        }
    }
    blob = blob_create(data, size, path);
    if (!blob) {
        if (size) {
            munmap(data, size);
        }
        return vt_fail(err, VT_E_NOMEM, "out of memory for '%s'", path);
    }
    blob->mapped = size > 0;
    blob->pub.mtime = mtime;
    *out = &blob->pub;
    return VT_OK;
}

static int read_all(int fd, const char *path, char *data, size_t size, struct vt_error *err)
{
    size_t at = 0;

    while (at < size) {
        ssize_t n = read(fd, data + at, size - at);

        if (n == 0) {
            return vt_fail(err, VT_E_IO, "cannot read '%s': it became shorter while it was read", path);
        }
        if (n < 0 && errno != EINTR) {
            return vt_fail(err, VT_E_IO, "cannot read '%s': %s", path, strerror(errno));
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return VT_OK;
}

static int read_file(int fd, const char *path, struct vt_blob **out, struct vt_error *err)
{
    size_t size = 0, room;
    struct blob *blob;
    int64_t mtime = 0;
    void *data;
    int rc = check_file(fd, path, &size, &mtime, err);

    if (rc) {
        return rc;
    }
    data = vt_add_size(size ? size : 1, COPY_ALIGN - 1, &room)
               ? aligned_alloc(COPY_ALIGN, room & ~(COPY_ALIGN - 1))
               : NULL;
    if (!data) {
        return vt_fail(err, VT_E_NOMEM, "out of memory reading '%s', %zu bytes", path, size);
    }
    rc = read_all(fd, path, data, size, err);
    blob = rc ? NULL : blob_create(data, size, path);
    if (!blob) {
        free(data);
        return rc ? rc : vt_fail(err, VT_E_NOMEM, "out of memory for '%s'", path);
    }
    blob->release = free;
    blob->user = data;
    blob->pub.mtime = mtime;
    *out = &blob->pub;
    return VT_OK;
}

static int open_file(const char *path, bool map, struct vt_blob **blob, struct vt_error *err)
{
    int fd, rc;

    *blob = NULL;
    /* O_NONBLOCK so that a pipe is refused and not waited for. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return vt_fail(err, errno == ENOENT ? VT_E_NOT_FOUND : VT_E_IO, "cannot open '%s': %s", path,
                       strerror(errno));
    }
    rc = map ? map_file(fd, path, blob, err) : read_file(fd, path, blob, err);
    close(fd);
    return rc;
}

int vt_blob_map(const char *path, struct vt_blob **blob, struct vt_error *err)
{
    return open_file(path, true, blob, err);
}

int vt_blob_read(const char *path, struct vt_blob **blob, struct vt_error *err)
{
    return open_file(path, false, blob, err);
}

struct vt_blob *vt_blob_wrap(const void *data, size_t size, void (*release)(void *user), void *user)
{
    struct blob *blob = blob_create(data, size, NULL);

    if (!blob) {
        return NULL;
    }
    blob->release = release;
    blob->user = user;
    return &blob->pub;
}

struct vt_blob *vt_blob_copy(const void *data, size_t size)
{
    struct vt_blob *blob;
    size_t room;
    void *copy;

    if (!vt_add_size(size ? size : 1, COPY_ALIGN - 1, &room)) {
        return NULL;
    }
    copy = aligned_alloc(COPY_ALIGN, room & ~(COPY_ALIGN - 1));
    if (!copy) {
        return NULL;
    }
    if (size) {
        memcpy(copy, data, size);
    }
    blob = vt_blob_wrap(copy, size, free, copy);
    if (!blob) {
        free(copy);
    }
    return blob;
}

static void unmap_hole(void *blob)
{
    struct vt_blob *hole = blob;

    munmap((void *)(uintptr_t)hole->data, hole->size);
}

struct vt_blob *vt_blob_hole(size_t size)
{
    void *data = mmap(NULL, size ? size : 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct blob *blob = data == MAP_FAILED ? NULL : blob_create(data, size ? size : 1, NULL);

    if (!blob) {
        if (data != MAP_FAILED) {
            munmap(data, size ? size : 1);
        }
        return NULL;
    }
    blob->pub.hole = true;
    blob->release = unmap_hole;
    blob->user = blob;
    return &blob->pub;
}

struct vt_blob *vt_blob_ref(struct vt_blob *blob)
{
    if (blob) {
        atomic_fetch_add_explicit(&((struct blob *)blob)->refs, 1, memory_order_relaxed);
    }
    return blob;
}

void vt_blob_unref(struct vt_blob *pub)
{
    struct blob *blob = (struct blob *)pub;

    if (!blob || atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (blob->mapped) {
        munmap((void *)(uintptr_t)pub->data, pub->size);
    } else if (blob->release) {
        blob->release(blob->user);
    }
    free(blob);
}

bool vt_blob_holds(const struct vt_blob *blob, const void *data, size_t bytes)
{
    uintptr_t base = (uintptr_t)blob->data, p = (uintptr_t)data;

    return p >= base && vt_range_fits(p - base, bytes, blob->size);
}

size_t vt_blob_dontneed(const struct vt_blob *blob, const void *data, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin, end;

    if (!((const struct blob *)blob)->mapped || !vt_blob_holds(blob, data, bytes)) {
        return 0;
    }
    begin = ((uintptr_t)data + page - 1) & ~(page - 1);
    end = (uintptr_t)data + bytes;
    /* Nobody else has what follows the end of the file in its last page. */
    end = end == (uintptr_t)blob->data + blob->size ? (end + page - 1) & ~(page - 1) : end & ~(page - 1);
    if (begin >= end || madvise((void *)begin, end - begin, MADV_DONTNEED)) {
        return 0;
    }
    return end - begin;
}

void vt_blob_willneed(const struct vt_blob *blob, const void *data, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)data & ~(page - 1);

    if (((const struct blob *)blob)->mapped && bytes && vt_blob_holds(blob, data, bytes)) {
        madvise((void *)begin, (uintptr_t)data + bytes - begin, MADV_WILLNEED);
    }
}
