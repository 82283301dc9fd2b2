#include "cache.h"
#include "exported.h"
#include "map.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- writing */

struct memory {
    char *data;
    size_t n, capacity;
};

static int to_memory(void *ctx, const void *data, size_t bytes)
{
    struct memory *m = ctx;

    if (m->capacity - m->n < bytes) {
        size_t wider = 2 * m->capacity + bytes;
        char *more = realloc(m->data, wider);

        if (!more) {
            return VT_E_NOMEM;
        }
        m->data = more;
        m->capacity = wider;
    }
    memcpy(m->data + m->n, data, bytes);
    m->n += bytes;
    return VT_OK;
}

static int to_file(void *file, const void *data, size_t bytes)
{
    return fwrite(data, 1, bytes, file) == bytes ? VT_OK : VT_E_IO;
}

/* Bytes through one of the user's functions into *out, for free(). */
static int run_cipher(vt_cache_cipher_fn *fn, const void *data, size_t bytes, struct memory *out,
                      struct vt_error *err)
{
    size_t room = 0;

    fn(data, bytes, NULL, &room);
    out->data = room <= PTRDIFF_MAX - 64 ? aligned_alloc(64, (room + 64) & ~(size_t)63) : NULL;
    if (!out->data) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for %zu bytes of the encryption callbacks", room);
    }
    out->n = room;
    fn(data, bytes, out->data, &out->n);
    if (out->n > room) {
        return vt_fail(err, VT_E_INVALID, "an encryption callback made %zu bytes and had asked for %zu",
                       out->n, room);
    }
    return VT_OK;
}

static int write_encrypted(const struct vt_cache *cache, struct vt_compiled *compiled, FILE *file,
                           struct vt_error *err)
{
    struct memory plain = {0}, secret = {0};
    int status = vt_exported_write(compiled, cache->small, to_memory, &plain, err);

    status = status ? status : run_cipher(cache->encrypt, plain.data, plain.n, &secret, err);
    status = status ? status : to_file(file, secret.data, secret.n);
    free(plain.data);
    free(secret.data);
    return status;
}

/* A name in the same folder that no other process and no other thread uses. */
static char *temporary_name(const char *path)
{
    static atomic_uint count;
    struct timespec now;
    char *name;

    clock_gettime(CLOCK_REALTIME, &now);
    return asprintf(&name, "%s.%ld.%u.%lx.tmp", path, (long)getpid(), atomic_fetch_add(&count, 1),
                    (unsigned long)now.tv_nsec) < 0
               ? NULL
               : name;
}

int vt_cache_write(const struct vt_cache *cache, struct vt_compiled *compiled, struct vt_error *err)
{
    char *name = temporary_name(cache->path);
    FILE *file = name ? fopen(name, "wbxe") : NULL;
    int status;

    if (!file) {
        status = name ? vt_fail(err, VT_E_IO, "'%s' cannot be written: %s", name, strerror(errno))
                      : vt_fail(err, VT_E_NOMEM, "out of memory");
        free(name);
        return status;
    }
    status = cache->encrypt ? write_encrypted(cache, compiled, file, err)
                            : vt_exported_write(compiled, cache->small, to_file, file, err);
    if (fclose(file) && status == VT_OK) {
        status = VT_E_IO;
    }
    if (status == VT_OK && rename(name, cache->path)) {
        status = VT_E_IO;
    }
    if (status) {
        vt_fail(err, status, "'%s' cannot be written: %s", cache->path, strerror(errno));
        unlink(name);
    }
    free(name);
    return status;
}

/* ---- reading */

static int decrypt(const struct vt_cache *cache, struct vt_blob **blob, struct vt_error *err)
{
    struct vt_blob *secret = *blob;
    struct memory plain = {0};
    int status = run_cipher(cache->decrypt, secret->data, secret->size, &plain, err);

    vt_blob_unref(secret);
    *blob = status ? NULL : vt_blob_wrap(plain.data, plain.n, free, plain.data);
    if (!*blob) {
        free(plain.data);
        return status ? status : vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

int vt_cache_read(const struct vt_cache *cache, struct vt_blob **blob, struct vt_error *err)
{
    int status = vt_blob_map(cache->path, blob, err);

    if (status) {
        return status;
    }
    if (cache->decrypt) {
        return decrypt(cache, blob, err);
    }
    if (!vt_core_maps_files(cache->core)) {
        struct vt_blob *copy = vt_blob_copy((*blob)->data, (*blob)->size);

        vt_blob_unref(*blob);
        *blob = copy;
        return copy ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}
