#include "core_impl.h"

#include <stdlib.h>

/* The key under which a device's copy of a property of the core is kept. */
static void setting_key(const char *device, const char *key, char out[192])
{
    snprintf(out, 192, "%.60s%s%.120s", device, *device ? "/" : "", key);
}

static int put_setting(struct vt_core *core, const char *device, const char *key, const char *value,
                       struct vt_error *err)
{
    char name[192];
    int status;

    setting_key(device, key, name);
    pthread_mutex_lock(&core->lock);
    status = vt_settings_put(&core->settings, name, value);
    pthread_mutex_unlock(&core->lock);
    return status ? vt_fail(err, status, "out of memory") : VT_OK;
}

static int set_everywhere(struct vt_core *core, const char *key, const char *value, struct vt_error *err)
{
    int opened = 0, takers = 0;

    for (int i = 0; i < core->n_modules; i++) {
        bool was_open = vt_module_is_open(core->modules[i]), taken;
        int status = vt_module_set_shared(core->modules[i], key, value, &taken, err);

        if (status) {
            return status;
        }
        opened += was_open;
        takers += was_open && taken;
    }
    for (int kind = 0; kind < VT_N_VIRTUAL; kind++) {
        bool taken;
        int status = vt_module_set_shared(core->virtuals[kind], key, value, &taken, err);

        if (status) {
            return status;
        }
        takers += taken;
    }
    if (opened && !takers) {
        return vt_fail(err, VT_E_NOT_FOUND, "property %s is not known to any open device", key);
    }
    return VT_OK;
}

/* Properties belong to "AUTO", not to "AUTO:GPU,CPU". */
static int refuse_list(const struct vt_target *target, struct vt_error *err)
{
    if (target->module->is_virtual && *target->id) {
        return vt_fail(err, VT_E_INVALID,
                       "properties can be asked and set of the device %s itself, not of \"%s:%s\"",
                       target->module->name, target->module->name, target->id);
    }
    return VT_OK;
}

int vt_core_set_property(struct vt_core *core, const char *device, const char *key, const char *value,
                         struct vt_error *err)
{
    const struct vt_core_key *core_key = vt_core_key_find(key);
    struct vt_target target = {0};
    int status = *device ? vt_target_find(core, device, &target, err) : VT_OK;

    if (status == VT_OK && core_key) {
        status = vt_core_key_check(core_key, &value, err);
        return status ? status : put_setting(core, *device ? target.module->name : "", key, value, err);
    }
    status = status || !*device ? status : refuse_list(&target, err);
    if (status) {
        return status;
    }
    if (!*device) {
        return set_everywhere(core, key, value, err);
    }
    return vt_module_set(target.module, target.id, key, value, err);
}

static int copy_text(const char *text, char **value, struct vt_error *err)
{
    *value = strdup(text);
    return *value ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
}

int vt_core_setting(struct vt_core *core, const char *device, const struct vt_core_key *key, char **value,
                    struct vt_error *err)
{
    char name[192];
    const char *found = NULL;
    int status;

    setting_key(device, key->key, name);
    pthread_mutex_lock(&core->lock);
    found = vt_settings_get(&core->settings, name);
    found = found ? found : vt_settings_get(&core->settings, key->key);
    status = copy_text(found ? found : key->def, value, err);
    pthread_mutex_unlock(&core->lock);
    return status;
}

/* Names joined by blanks; `get` gives the i-th or NULL for one to be left out. */
static int join(int n, const char *(*get)(const void *ctx, int i), const void *ctx, char **value,
                struct vt_error *err)
{
    size_t size = 1, at = 0;
    char *text;

    for (int i = 0; i < n; i++) {
        const char *name = get(ctx, i);

        size += name ? strlen(name) + 1 : 0;
    }
    text = calloc(1, size);
    if (!text) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        const char *name = get(ctx, i);

        if (name) {
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? " " : "", name);
        }
    }
    *value = text;
    return VT_OK;
}

static const char *nth_id(const void *ctx, int i)
{
    const char *id = ((const struct vt_device *)ctx)[i].id;

    return *id ? id : NULL;
}

/* What the core answers for every device, in front of the plugin's own list. */
static const char *const device_keys[] = {"SUPPORTED_PROPERTIES", "AVAILABLE_DEVICES", "FULL_DEVICE_NAME"};
#define N_DEVICE_KEYS ((int)(sizeof(device_keys) / sizeof(device_keys[0])))

struct key_list {
    const struct vt_property *list;
    int n;
};

static const char *listed_key(const struct vt_property *property)
{
    return property->hidden ? NULL : property->key;
}

static const char *nth_key(const void *ctx, int i)
{
    const struct key_list *k = ctx;

    if (i >= N_DEVICE_KEYS) {
        return listed_key(&k->list[i - N_DEVICE_KEYS]);
    }
    for (int p = 0; p < k->n; p++) {
        if (strcmp(k->list[p].key, device_keys[i]) == 0) {
            return NULL;
        }
    }
    return device_keys[i];
}

static const char *nth_own_key(const void *ctx, int i)
{
    return listed_key(&((const struct key_list *)ctx)->list[i]);
}

static int supported_properties(struct vt_module *module, char **value, struct vt_error *err)
{
    struct key_list keys = {0};
    int status = module->fns->properties(module->impl, &keys.list, &keys.n);

    if (status) {
        return vt_fail(err, status, "device %s cannot list its properties", module->name);
    }
    if (module->is_virtual) {
        return join(keys.n, nth_own_key, &keys, value, err);
    }
    return join(N_DEVICE_KEYS + keys.n, nth_key, &keys, value, err);
}

struct getter {
    const struct vt_target *target;
    const char *key;
};

static int get_text(void *ctx, char *buf, size_t size, size_t *length, struct vt_error *err)
{
    const struct getter *g = ctx;
    struct vt_module *module = g->target->module;

    return module->fns->get_property(module->impl, g->target->id, g->key, buf, size, length, err);
}

static int full_name(const struct vt_target *target, const struct vt_device *list, int n, char **value,
                     struct vt_error *err)
{
    for (int i = 0; i < n; i++) {
        if (n == 1 || !*target->id || strcmp(list[i].id, target->id) == 0) {
            return copy_text(list[i].full_name, value, err);
        }
    }
    return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s.%s\"", target->module->name, target->id);
}

static int get_device_property(struct vt_target *target, const char *key, char **value, struct vt_error *err)
{
    struct getter g = {target, key};
    struct vt_error own = {0};
    const struct vt_device *list;
    int n, status;

    if (strcmp(key, "SUPPORTED_PROPERTIES") == 0) {
        return supported_properties(target->module, value, err);
    }
    status = vt_fetch_text(get_text, &g, value, &own);
    if (status == VT_E_NOT_FOUND && strcmp(key, "AVAILABLE_DEVICES") == 0) {
        status = vt_module_devices(target->module, &list, &n, NULL);
        return join(status ? 0 : n, nth_id, list, value, err);
    }
    if (status == VT_E_NOT_FOUND && strcmp(key, "FULL_DEVICE_NAME") == 0) {
        status = vt_module_devices(target->module, &list, &n, err);
        return status ? status : full_name(target, list, n, value, err);
    }
    if (status == VT_E_NOT_FOUND) {
        char hint[VT_HINT_TEXT];

        return vt_fail(err, status, "device %s has no property %s%s", target->module->name, key,
                       vt_module_hint(target->module, key, hint));
    }
    return status ? vt_fail(err, status, "device %s: property %s: %s", target->module->name, key, own.text)
                  : VT_OK;
}

int vt_core_get_property(struct vt_core *core, const char *device, const char *key, char **value,
                         struct vt_error *err)
{
    const struct vt_core_key *core_key = vt_core_key_find(key);
    struct vt_target target;
    int status;

    if (!*device) {
        return core_key ? vt_core_setting(core, "", core_key, value, err)
                        : vt_fail(err, VT_E_NOT_FOUND, "the core has no property %s", key);
    }
    status = vt_target_find(core, device, &target, err);
    status = status ? status : refuse_list(&target, err);
    status = status ? status : vt_module_open(target.module, err);
    if (status) {
        return status;
    }
    if (core_key && core_key->device_get) {
        return vt_core_setting(core, target.module->name, core_key, value, err);
    }
    return get_device_property(&target, key, value, err);
}
