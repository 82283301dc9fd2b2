/* Shared objects with operations of their own. */
#include "build_id.h"
#include "core_impl.h"
#include "hash.h"
#include "log.h"
#include "map.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

/* What the code is known by: the file's bytes. One that cannot be read any more is known by its name. */
static uint64_t identity_of(void *handle, const char *path)
{
    struct link_map *map = NULL;
    struct vt_blob *blob;
    uint64_t identity;

    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map && *map->l_name) {
        path = map->l_name;
    }
    if (vt_blob_map(path, &blob, NULL)) {
        return vt_hash(path, strlen(path), 0);
    }
    identity = vt_hash(blob->data, blob->size, 0);
    vt_blob_unref(blob);
    return identity;
}

static int open_table(void *handle, const char *path, const vt_extension_t **table, struct vt_error *err)
{
    vt_extension_entry_fn entry;

    *(void **)&entry = dlsym(handle, VT_EXTENSION_SYMBOL);
    if (!entry) {
        return vt_fail(err, VT_E_ABI, "extension '%s': it does not export %s%s", path, VT_EXTENSION_SYMBOL,
                       dlsym(handle, "create_extensions")
                           ? "; extensions that were made for OpenVINO in C++ cannot be used"
                           : "");
    }
    *table = entry(VT_EXTENSION_ABI_MAJOR, VT_EXTENSION_ABI_MINOR);
    return *table
               ? VT_OK
               : vt_fail(err, VT_E_ABI,
                         "extension '%s': it refuses to work with a runtime of ABI %d.%d (its table is NULL)",
                         path, VT_EXTENSION_ABI_MAJOR, VT_EXTENSION_ABI_MINOR);
}

int vt_core_add_extension(struct vt_core *core, const char *path, struct vt_error *err)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const vt_extension_t *table = NULL;
    struct vt_extension *extension = NULL;
    int status;

    if (!handle) {
        return vt_fail(err, VT_E_IO, "extension '%s' cannot be loaded: %s", path, dlerror());
    }
    status = open_table(handle, path, &table, err);
    if (status == VT_OK) {
        status = vt_extension_create(table, path, handle, identity_of(handle, path), &extension, err);
    }
    if (status) {
        dlclose(handle);
        return status;
    }
    vt_trace(VT_LOG_PLUGIN, "extension %s: %s, %d operations", extension->name, path, extension->n_ops);
    return vt_extension_set_add(&core->extensions, extension, err);
}

int vt_core_add_table(struct vt_core *core, const vt_extension_t *table, struct vt_error *err)
{
    const char *name = table->abi.size >= offsetof(vt_extension_t, version) && table->name ? table->name : "";
    struct vt_extension *extension = NULL;
    int status = vt_extension_create(table, name, NULL, vt_build_id(table), &extension, err);

    return status ? status : vt_extension_set_add(&core->extensions, extension, err);
}
