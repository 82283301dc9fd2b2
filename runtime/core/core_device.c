#include "core_impl.h"

#include "closest.h"
#include "log.h"

#include <stdlib.h>

/* ---- device names */

static int unknown_device(const struct vt_core *core, const char *device, struct vt_error *err)
{
    char known[512] = "none", hint[VT_HINT_TEXT], name[64];
    struct vt_closest closest = {.word = name};
    size_t at = 0;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ".:"), device);
    for (int i = 0; i < core->n_modules && at < sizeof(known); i++) {
        at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "", core->modules[i]->name);
    }
    for (int i = 0; i < core->n_modules; i++) {
        vt_closest_offer(&closest, core->modules[i]->name);
    }
    for (int i = 0; i < VT_N_VIRTUAL; i++) {
        vt_closest_offer(&closest, core->virtuals[i]->name);
    }
    return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s\"; plugins are there for: %s%s", device,
                   known, vt_closest_hint(&closest, hint, sizeof(hint)));
}

/* A virtual device, with what follows the colon. */
static int take_list(const char *device, size_t length, struct vt_module *module, struct vt_target *target,
                     struct vt_error *err)
{
    const char *list = device[length] ? device + length + 1 : "";

    if (strlen(list) >= sizeof(target->id)) {
        return vt_fail(err, VT_E_INVALID, "the list of devices of \"%.40s...\" is longer than %zu characters",
                       device, sizeof(target->id) - 1);
    }
    target->module = module;
    snprintf(target->id, sizeof(target->id), "%s", list);
    return VT_OK;
}

int vt_target_find(const struct vt_core *core, const char *device, struct vt_target *target,
                   struct vt_error *err)
{
    size_t length = strcspn(device, ".:");
    const char *id = device[length] == '.' ? device + length + 1 : "";

    for (int i = 0; i < VT_N_VIRTUAL; i++) {
        struct vt_module *module = core->virtuals[i];

        if (strlen(module->name) == length && memcmp(module->name, device, length) == 0 &&
            device[length] != '.') {
            return take_list(device, length, module, target, err);
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
    return status || target->module->is_virtual ? status : require_device(target, err);
}

void vt_target_name(const struct vt_target *target, char name[VT_DEVICE_NAME])
{
    const char *dot = target->module->is_virtual ? ":" : ".";

    snprintf(name, VT_DEVICE_NAME, "%.60s%s%s", target->module->name, *target->id ? dot : "", target->id);
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

static struct vt_version_info version_of(const struct vt_plugin *fns)
{
    return (struct vt_version_info){
        .device = fns->name,
        .version = VT_TABLE_HAS(fns, version) ? fns->version : "unknown",
        .description = VT_TABLE_HAS(fns, description) ? fns->description : fns->name,
    };
}

/* Sorted by name, each once; what does not fit is counted all the same. */
static int add_version(struct vt_version_info info, struct vt_version_info *list, int n, int max)
{
    int at = 0;

    while (at < n && at < max && strcmp(list[at].device, info.device) < 0) {
        at++;
    }
    if (at < n && at < max && strcmp(list[at].device, info.device) == 0) {
        return n;
    }
    for (int i = n < max ? n : max - 1; i > at; i--) {
        list[i] = list[i - 1];
    }
    if (at < max) {
        list[at] = info;
    }
    return n + 1;
}

int vt_core_versions(struct vt_core *core, const char *device, struct vt_version_info *list, int max,
                     struct vt_error *err)
{
    struct vt_target target;
    int status = vt_target_find(core, device, &target, err), n = 0;
    const char *rest = NULL;

    status = status ? status : vt_module_open(target.module, err);
    if (status) {
        return status;
    }
    n = add_version(version_of(target.module->fns), list, n, max);
    rest = target.module->is_virtual && *target.id ? target.id : NULL;
    while (rest) {
        char name[VT_DEVICE_NAME];
        struct vt_target part;

        rest = vt_virtual_next_name(rest, name, sizeof(name));
        /* AUTO:GPU,CPU works on a machine without a GPU too. */
        if (vt_virtual_is_usual(name) && vt_target_find(core, name, &part, NULL)) {
            continue;
        }
        status = vt_target_find(core, name, &part, err);
        status = status ? status : vt_module_open(part.module, err);
        if (status) {
            return status;
        }
        n = add_version(version_of(part.module->fns), list, n, max);
    }
    return n;
}
