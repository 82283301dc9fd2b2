#include "core_impl.h"

#include "log.h"

#include <stdlib.h>

/* ---- device names */

static const char *const virtual_devices[] = {"AUTO", "MULTI", "HETERO", "BATCH"};

static int unknown_device(const struct vt_core *core, const char *device, struct vt_error *err)
{
    char known[512] = "none";
    size_t at = 0;

    for (int i = 0; i < core->n_modules && at < sizeof(known); i++) {
        at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "", core->modules[i]->name);
    }
    return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s\"; plugins are there for: %s", device,
                   known);
}

int vt_target_find(const struct vt_core *core, const char *device, struct vt_target *target,
                   struct vt_error *err)
{
    size_t length = strcspn(device, ".:");
    const char *id = device[length] == '.' ? device + length + 1 : "";

    for (size_t i = 0; i < sizeof(virtual_devices) / sizeof(virtual_devices[0]); i++) {
        if (strlen(virtual_devices[i]) == length && memcmp(device, virtual_devices[i], length) == 0) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: device %s", virtual_devices[i]);
        }
    }
    for (int i = 0; i < core->n_modules; i++) {
        struct vt_module *module = core->modules[i];

        if (strlen(module->name) == length && memcmp(module->name, device, length) == 0 &&
            device[length] != ':' && strlen(id) < sizeof(target->id)) {
            target->module = module;
            snprintf(target->id, sizeof(target->id), "%s", id);
            return VT_OK;
        }
    }
    return unknown_device(core, device, err);
}

int vt_module_devices(struct vt_module *module, const struct vt_device **list, int *n, struct vt_error *err)
{
    const char *reason = NULL;
    int status = vt_module_open(module, err);

    *list = NULL;
    *n = 0;
    if (status) {
        return status;
    }
    status = module->fns->devices(module->impl, list, n, &reason);
    if (status || *n < 1) {
        return vt_fail(err, status ? status : VT_E_DEVICE, "no device %s: %s", module->name,
                       reason ? reason : "the plugin found none");
    }
    return VT_OK;
}

/* The device must be there: without an id it is the first one. */
static int require_device(struct vt_target *target, struct vt_error *err)
{
    const struct vt_device *list;
    int n, status = vt_module_devices(target->module, &list, &n, err);

    if (status) {
        return status;
    }
    for (int i = 0; i < n; i++) {
        if (!*target->id || strcmp(list[i].id, target->id) == 0) {
            snprintf(target->id, sizeof(target->id), "%s", list[i].id);
            return VT_OK;
        }
    }
    if (n == 1 && !*list[0].id) {
        return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s.%s\": there is one %s, without a number",
                       target->module->name, target->id, target->module->name);
    }
    return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s.%s\": there are %d, \"%s.%s\" to \"%s.%s\"",
                   target->module->name, target->id, n, target->module->name, list[0].id,
                   target->module->name, list[n - 1].id);
}

int vt_target_open(const struct vt_core *core, const char *device, struct vt_target *target,
                   struct vt_error *err)
{
    int status = vt_target_find(core, device, target, err);

    status = status ? status : vt_module_open(target->module, err);
    return status ? status : require_device(target, err);
}

void vt_target_name(const struct vt_target *target, char name[VT_DEVICE_NAME])
{
    snprintf(name, VT_DEVICE_NAME, "%.60s%s%s", target->module->name, *target->id ? "." : "", target->id);
}

/* ---- lists */

struct name_list {
    char **names;
    int n;
    size_t bytes;
};

/* One block holds the array and the texts, so that one free() is enough. */
static bool add_device_name(struct name_list *all, const char *plugin, const char *id)
{
    char **wider = realloc(all->names, (size_t)(all->n + 1) * sizeof(*wider));

    if (!wider) {
        return false;
    }
    all->names = wider;
    if (asprintf(&wider[all->n], "%s%s%s", plugin, *id ? "." : "", id) < 0) {
        return false;
    }
    all->bytes += strlen(wider[all->n++]) + 1;
    return true;
}

static bool add_devices(struct name_list *all, struct vt_module *module)
{
    const struct vt_device *list;
    struct vt_error reason = {0};
    int n;

    if (vt_module_devices(module, &list, &n, &reason)) {
        vt_trace(VT_LOG_PLUGIN, "%s is not available: %s", module->name, reason.text);
        return true;
    }
    for (int i = 0; i < n; i++) {
        /* A single device needs no number, whatever its id. */
        if (!add_device_name(all, module->name, n > 1 ? list[i].id : "")) {
            return false;
        }
    }
    return true;
}

static char **in_one_block(const struct name_list *all)
{
    char **block = malloc((size_t)(all->n + 1) * sizeof(char *) + all->bytes);
    char *at;

    if (!block) {
        return NULL;
    }
    at = (char *)(block + all->n + 1);
    for (int i = 0; i < all->n; i++) {
        block[i] = at;
        at = stpcpy(at, all->names[i]) + 1;
    }
    block[all->n] = NULL;
    return block;
}

int vt_core_devices(struct vt_core *core, char ***names, int *n, struct vt_error *err)
{
    struct name_list all = {0};
    char **block;
    bool ok = true;

    for (int i = 0; i < core->n_modules && ok; i++) {
        ok = add_devices(&all, core->modules[i]);
    }
    block = ok ? in_one_block(&all) : NULL;
    for (int i = 0; i < all.n; i++) {
        free(all.names[i]);
    }
    free(all.names);
    if (!block) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *names = block;
    *n = all.n;
    return VT_OK;
}

int vt_core_versions(struct vt_core *core, const char *device, struct vt_version_info *list, int max,
                     struct vt_error *err)
{
    struct vt_target target;
    const struct vt_plugin *fns;
    int status = vt_target_find(core, device, &target, err);

    status = status ? status : vt_module_open(target.module, err);
    if (status) {
        return status;
    }
    fns = target.module->fns;
    if (max > 0) {
        list[0] = (struct vt_version_info){
            .device = fns->name,
            .version = VT_TABLE_HAS(fns, version) ? fns->version : "unknown",
            .description = VT_TABLE_HAS(fns, description) ? fns->description : fns->name,
        };
    }
    return 1;
}
