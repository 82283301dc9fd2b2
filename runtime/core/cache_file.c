#include "cache.h"
#include "exported.h"
#include "map.h"
#include "new_file.h"

#include <stdlib.h>

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

static int write_encrypted(const struct vt_cache *cache, struct vt_compiled *compiled,
                           struct vt_new_file *file, struct vt_error *err)
{
    struct memory plain = {0}, secret = {0};
    int status = vt_exported_write(compiled, cache->small, to_memory, &plain, err);

    status = status ? status : run_cipher(cache->encrypt, plain.data, plain.n, &secret, err);
    status = status ? status : vt_new_file_write(file, secret.data, secret.n);
    free(plain.data);
    free(secret.data);
    return status;
}

int vt_cache_write(const struct vt_cache *cache, struct vt_compiled *compiled, struct vt_error *err)
{
    struct vt_new_file file = {.path = cache->path};
    int status = vt_new_file_begin(&file, err);

    if (status == VT_OK) {
        status = cache->encrypt ? write_encrypted(cache, compiled, &file, err)
                                : vt_exported_write(compiled, cache->small, vt_new_file_write, &file, err);
    }
    status = status ? status : vt_new_file_end(&file, err);
    status = status ? status : vt_new_file_publish(&file, err);
    vt_new_file_drop(&file);
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
