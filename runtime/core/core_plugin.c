/* Plugins that an application adds, and plugins that it wants closed. */
#include "core_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

static bool name_ok(const char *name)
{
    for (const char *c = name; *c; c++) {
        if (!isupper((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_') {
            return false;
        }
    }
    return isupper((unsigned char)*name) && strlen(name) <= 60;
}

static struct vt_module **find(struct vt_core *core, const char *name)
{
    for (int i = 0; i < core->n_modules; i++) {
        if (strcmp(core->modules[i]->name, name) == 0) {
            return &core->modules[i];
        }
    }
    return NULL;
}

static bool is_virtual(const struct vt_core *core, const char *name)
{
    for (int kind = 0; kind < VT_N_VIRTUAL; kind++) {
        if (strcmp(core->virtuals[kind]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A module that is not open. NULL when out of memory. */
static struct vt_module *closed_module(const char *name, const char *path, vt_plugin_entry_fn entry)
{
    struct vt_found found = {
        .kind = VT_FOUND_PLUGIN, .name = strdup(name), .path = path ? strdup(path) : NULL, .plugin = entry};
    struct vt_module *module = found.name && (found.path || !path) ? vt_module_create(&found) : NULL;

    free(found.name);
    free(found.path);
    return module;
}

int vt_core_add_plugin(struct vt_core *core, const char *path, const char *name, struct vt_error *err)
{
    struct vt_module **wider, *module;

    if (!name_ok(name)) {
        return vt_fail(err, VT_E_INVALID,
                       "a device cannot be called \"%s\": upper-case letters, digits and _, at most 60",
                       name);
    }
    if (find(core, name) || is_virtual(core, name)) {
        return vt_fail(err, VT_E_INVALID, "there is a device \"%s\" already", name);
    }
    if (access(path, R_OK)) {
        return vt_fail(err, VT_E_IO, "%s: the plugin of device %s cannot be read: %m", path, name);
    }
    wider = realloc(core->modules, ((size_t)core->n_modules + 2) * sizeof(*wider));
    if (wider) {
        core->modules = wider;
    }
    module = wider ? closed_module(name, path, NULL) : NULL;
    if (!module) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    core->modules[core->n_modules++] = module;
    return VT_OK;
}

int vt_core_close_plugin(struct vt_core *core, const char *name, struct vt_error *err)
{
    struct vt_module **at = find(core, name), *fresh;

    if (!at) {
        return vt_fail(
            err, VT_E_NOT_FOUND,
            is_virtual(core, name) ? "device %s is part of the library" : "there is no device \"%s\"", name);
    }
    if (!vt_module_is_open(*at)) {
        return vt_fail(err, VT_E_NOT_FOUND, "the plugin of device %s is not open", name);
    }
    fresh = closed_module((*at)->name, (*at)->path, (*at)->entry);
    if (!fresh) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    vt_module_unref(*at);
    *at = fresh;
    return VT_OK;
}
