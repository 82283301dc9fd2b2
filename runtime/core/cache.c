#include "cache.h"

#include "exported.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The caller's own value, else that of the device or the core: a new string. */
static int setting(struct vt_core *core, const struct vt_target *target, const struct vt_config *given,
                   const char *key, char **value, struct vt_error *err)
{
    for (int i = given ? given->n - 1 : -1; i >= 0; i--) {
        if (strcmp(given->keys[i], key) == 0) {
            *value = strdup(given->values[i]);
            return *value ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    return vt_core_setting(core, target->module->name, vt_core_key_find(key), value, err);
}

static int make_folders(const char *dir, struct vt_error *err)
{
    char *path = strdup(dir);
    struct stat st;
    int status = VT_OK;

    if (!path) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (char *at = path + 1; status == VT_OK; at++) {
        if (*at == '/' || !*at) {
            char c = *at;

            *at = 0;
            if (mkdir(path, 0777) && errno != EEXIST) {
                status = vt_fail(err, VT_E_IO, "the folder '%s' of CACHE_DIR cannot be made: %s", path,
                                 strerror(errno));
            }
            *at = c;
            if (!c) {
                break;
            }
        }
    }
    free(path);
    if (status == VT_OK && (stat(dir, &st) || !S_ISDIR(st.st_mode))) {
        status = vt_fail(err, VT_E_IO, "CACHE_DIR '%s' is no folder", dir);
    }
    return status;
}

static int find_cipher(struct vt_cache *cache, const struct vt_config *given, struct vt_error *err)
{
    char *text = NULL;
    uintptr_t encrypt = 0, decrypt = 0;
    int status = setting(cache->core, cache->target, given, VT_CACHE_CIPHER, &text, err);

    if (status == VT_OK && sscanf(text, "%" SCNxPTR ":%" SCNxPTR, &encrypt, &decrypt) == 2) {
        cache->encrypt = (vt_cache_cipher_fn *)encrypt;
        cache->decrypt = (vt_cache_cipher_fn *)decrypt;
    }
    free(text);
    return status;
}

static int find_mode(struct vt_cache *cache, const struct vt_config *given, struct vt_error *err)
{
    char *text = NULL;
    int status = setting(cache->core, cache->target, given, "CACHE_MODE", &text, err);

    cache->small = status == VT_OK && strcmp(text, "OPTIMIZE_SIZE") == 0;
    free(text);
    return status;
}

int vt_cache_open(struct vt_cache *cache, struct vt_core *core, struct vt_target *target,
                  const struct vt_config *given, const struct vt_config *own, struct vt_error *err)
{
    const struct vt_plugin *fns = target->module->fns;
    char *dir = NULL;
    int status;

    if (target->module->is_virtual || !vt_exported_possible(fns) || !VT_TABLE_HAS(fns->compiled, export)) {
        return VT_OK;
    }
    *cache = (struct vt_cache){.core = core, .target = target, .config = own};
    status = setting(core, target, given, "CACHE_DIR", &dir, err);
    if (status || !*dir) {
        free(dir);
        return status;
    }
    status = make_folders(dir, err);
    status = status ? status : find_cipher(cache, given, err);
    status = status ? status : find_mode(cache, given, err);
    if (status) {
        free(dir);
        return status;
    }
    cache->dir = dir;
    return VT_OK;
}

void vt_cache_finish(struct vt_cache *cache)
{
    free(cache->dir);
    free(cache->path);
    cache->dir = cache->path = NULL;
}

bool vt_cache_load(struct vt_cache *cache, struct vt_compiled **compiled)
{
    struct vt_extension_set *before;
    struct vt_error why = {0};
    struct vt_blob *blob = NULL;
    char name[VT_DEVICE_NAME];
    int status;

    if (!cache->path) {
        return false;
    }
    vt_target_name(cache->target, name);
    status = vt_cache_read(cache, &blob, &why);
    if (status == VT_E_NOT_FOUND) {
        return false;
    }
    before = vt_extension_use(&cache->core->extensions);
    status = status ? status
                    : vt_exported_open(blob, cache->target->module, cache->target->id, name, cache->config,
                                       compiled, &why);
    vt_extension_use(before);
    vt_blob_unref(blob);
    if (status) {
        vt_log(VT_LOG_WARNING, "the cached model '%s' is not used but made anew: %s", cache->path, why.text);
        return false;
    }
    (*compiled)->from_cache = true;
    return true;
}

void vt_cache_save(struct vt_cache *cache, struct vt_compiled *compiled)
{
    struct vt_error why = {0};

    if (cache->path && vt_cache_write(cache, compiled, &why)) {
        vt_log(VT_LOG_WARNING, "the compiled model is not cached: %s", why.text);
    }
}
