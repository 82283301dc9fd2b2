#include "module.h"

#include "closest.h"
#include "host.h"
#include "log.h"

#include <dlfcn.h>
#include <stdlib.h>

/* ---- life */

struct vt_module *vt_module_create(struct vt_found *found)
{
    struct vt_module *module = calloc(1, sizeof(*module));

    if (!module) {
        return NULL;
    }
    module->name = found->name;
    module->path = found->path;
    module->entry = found->plugin;
    found->name = NULL;
    found->path = NULL;
    pthread_mutex_init(&module->lock, NULL);
    atomic_init(&module->refs, 1);
    return module;
}

struct vt_module *vt_module_ref(struct vt_module *module)
{
    atomic_fetch_add_explicit(&module->refs, 1, memory_order_relaxed);
    return module;
}

/* The shared object stays mapped: texts and code of the plugin may still be in use by its own threads. */
void vt_module_unref(struct vt_module *module)
{
    if (!module || atomic_fetch_sub_explicit(&module->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (module->opened) {
        module->fns->destroy(module->impl);
    }
    vt_settings_finish(&module->pending);
    vt_settings_finish(&module->shared);
    pthread_mutex_destroy(&module->lock);
    free(module->name);
    free(module->path);
    free(module);
}

/* ---- checks */

/* The first required method that a table lacks, or NULL. */
#define REQUIRE(table, method)                                                                               \
    if (!VT_TABLE_HAS(table, method)) {                                                                      \
        return #method;                                                                                      \
    }

static const char *missing_in_plugin(const struct vt_plugin *p)
{
    REQUIRE(p, name)
    REQUIRE(p, create)
    REQUIRE(p, destroy)
    REQUIRE(p, devices)
    REQUIRE(p, properties)
    REQUIRE(p, get_property)
    REQUIRE(p, set_property)
    REQUIRE(p, query)
    REQUIRE(p, compile)
    REQUIRE(p, compiled)
    REQUIRE(p, request)
    return NULL;
}

static const char *missing_in_compiled(const struct vt_compiled_fns *p)
{
    REQUIRE(p, destroy)
    REQUIRE(p, create_request)
    REQUIRE(p, properties)
    REQUIRE(p, get_property)
    REQUIRE(p, concurrency)
    return NULL;
}

static const char *missing_in_request(const struct vt_request_fns *p)
{
    REQUIRE(p, destroy)
    REQUIRE(p, bind_input)
    REQUIRE(p, bind_output)
    REQUIRE(p, run)
    REQUIRE(p, cancel)
    return NULL;
}
#undef REQUIRE

static int check_abi(const struct vt_abi *abi, const char *where, const char *table, struct vt_error *err)
{
    if (abi->major != VT_ABI_MAJOR) {
        return vt_fail(err, VT_E_ABI, "%s: its %s table has ABI %u.%u, this runtime has ABI %d.%d", where,
                       table, abi->major, abi->minor, VT_ABI_MAJOR, VT_ABI_MINOR);
    }
    return VT_OK;
}

static int check_missing(const char *missing, const char *where, const char *table, struct vt_error *err)
{
    if (missing) {
        return vt_fail(err, VT_E_ABI, "%s: its %s table lacks the method '%s'", where, table, missing);
    }
    return VT_OK;
}

int vt_plugin_check(const struct vt_plugin *plugin, const char *where, struct vt_error *err)
{
    int status = check_abi(&plugin->abi, where, "plugin", err);

    status = status ? status : check_missing(missing_in_plugin(plugin), where, "plugin", err);
    status = status ? status : check_abi(&plugin->compiled->abi, where, "compiled model", err);
    status =
        status ? status : check_missing(missing_in_compiled(plugin->compiled), where, "compiled model", err);
    status = status ? status : check_abi(&plugin->request->abi, where, "request", err);
    return status ? status : check_missing(missing_in_request(plugin->request), where, "request", err);
}

/* ---- opening */

static int load(struct vt_module *module, struct vt_error *err)
{
    vt_plugin_entry_fn entry = module->entry;
    const char *where = module->path ? module->path : module->name;
    void *handle;

    if (!entry) {
        handle = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
        if (!handle) {
            return vt_fail(err, VT_E_IO, "device %s: cannot load the plugin: %s", module->name, dlerror());
        }
        *(void **)&entry = dlsym(handle, VT_PLUGIN_SYMBOL);
        if (!entry) {
            return vt_fail(err, VT_E_ABI, "%s: no plugin, it does not export %s", where, VT_PLUGIN_SYMBOL);
        }
    }
    module->fns = entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    if (!module->fns) {
        return vt_fail(err, VT_E_ABI, "%s: the plugin refuses to work with a runtime of ABI %d.%d", where,
                       VT_ABI_MAJOR, VT_ABI_MINOR);
    }
    return vt_plugin_check(module->fns, where, err);
}

static int create(struct vt_module *module, struct vt_error *err)
{
    int status = load(module, err);

    if (status) {
        return status;
    }
    if (strcmp(module->fns->name, module->name)) {
        vt_trace(VT_LOG_PLUGIN, "device %s: its plugin calls it %s", module->name, module->fns->name);
    }
    status = module->fns->create(vt_core_host(), &module->impl, err);
    if (status) {
        vt_fail(err, status, "the plugin cannot be created");
        vt_context(err, "device %s: ", module->name);
    }
    return status;
}

const char *vt_property_hint(const struct vt_property *list, int n, const char *key, char text[VT_HINT_TEXT])
{
    struct vt_closest closest = {.word = key};

    for (int i = 0; i < n; i++) {
        vt_closest_offer(&closest, list[i].key);
    }
    return vt_closest_hint(&closest, text, VT_HINT_TEXT);
}

const char *vt_module_hint(struct vt_module *module, const char *key, char text[VT_HINT_TEXT])
{
    const struct vt_property *list = NULL;
    int n = 0, status = module->fns->properties(module->impl, &list, &n);

    return vt_property_hint(list, status ? 0 : n, key, text);
}

static int check_property(struct vt_module *module, const char *key, struct vt_error *err)
{
    char hint[VT_HINT_TEXT];
    bool writable;

    if (!vt_module_property(module, key, &writable)) {
        return vt_fail(err, VT_E_NOT_FOUND, "device %s has no property %s%s", module->name, key,
                       vt_module_hint(module, key, hint));
    }
    if (!writable) {
        return vt_fail(err, VT_E_NOT_FOUND, "property %s of device %s can only be read", key, module->name);
    }
    return VT_OK;
}

static int set_now(struct vt_module *module, const char *id, const char *key, const char *value,
                   struct vt_error *err)
{
    int status = check_property(module, key, err);

    if (status == VT_OK) {
        status = module->fns->set_property(module->impl, id, key, value, err);
        if (status) {
            vt_fail(err, status, "'%s' is no value of %s", value, key);
            if (!err || !strstr(err->text, key)) {
                vt_context(err, "device %s: property %s: ", module->name, key);
            }
        }
    }
    return status;
}

/* A key of "set for all devices" that this one does not have is not meant for it. A key "1/NAME" is for
 * device id 1. */
static int apply_settings(struct vt_module *module, const struct vt_settings *settings, bool shared,
                          struct vt_error *err)
{
    for (int i = 0; i < settings->n; i++) {
        const char *key = settings->keys[i], *slash = strchr(key, '/');
        char id[32] = "";
        bool writable;
        int status;

        if (slash) {
            snprintf(id, sizeof(id), "%.*s", (int)(slash - key), key);
            key = slash + 1;
        }
        if (shared && (!vt_module_property(module, key, &writable) || !writable)) {
            continue;
        }
        status = set_now(module, id, key, settings->values[i], err);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

static int open_locked(struct vt_module *module, struct vt_error *err)
{
    int status;

    if (module->failed) {
        return vt_fail(err, module->reason.code, "%s", module->reason.text);
    }
    status = create(module, &module->reason);
    status = status ? status : apply_settings(module, &module->shared, true, &module->reason);
    status = status ? status : apply_settings(module, &module->pending, false, &module->reason);
    if (status) {
        module->failed = true;
        if (module->impl) {
            module->fns->destroy(module->impl);
            module->impl = NULL;
        }
        vt_fail(&module->reason, status, "device %s: the plugin cannot be opened", module->name);
        vt_trace(VT_LOG_PLUGIN, "%s", module->reason.text);
        return vt_fail(err, module->reason.code, "%s", module->reason.text);
    }
    module->opened = true;
    vt_settings_finish(&module->pending);
    vt_settings_finish(&module->shared);
    vt_trace(VT_LOG_PLUGIN, "device %s: plugin %s, version %s", module->name,
             module->path ? module->path : "linked in",
             VT_TABLE_HAS(module->fns, version) ? module->fns->version : "unknown");
    return VT_OK;
}

int vt_module_open(struct vt_module *module, struct vt_error *err)
{
    int status = VT_OK;

    pthread_mutex_lock(&module->lock);
    if (!module->opened) {
        status = open_locked(module, err);
    }
    pthread_mutex_unlock(&module->lock);
    return status;
}

/* ---- properties */

bool vt_module_property(struct vt_module *module, const char *key, bool *writable)
{
    const struct vt_property *list = NULL;
    int n = 0;

    if (module->fns->properties(module->impl, &list, &n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].key, key) == 0) {
            *writable = list[i].writable;
            return true;
        }
    }
    return false;
}

int vt_module_set(struct vt_module *module, const char *device_id, const char *key, const char *value,
                  struct vt_error *err)
{
    char with_id[160];
    int status;

    pthread_mutex_lock(&module->lock);
    if (module->opened) {
        status = set_now(module, device_id, key, value, err);
    } else {
        snprintf(with_id, sizeof(with_id), "%s/%s", device_id, key);
        status = vt_settings_put(&module->pending, *device_id ? with_id : key, value);
        if (status) {
            vt_fail(err, status, "out of memory");
        }
    }
    pthread_mutex_unlock(&module->lock);
    return status;
}

int vt_module_set_shared(struct vt_module *module, const char *key, const char *value, bool *taken,
                         struct vt_error *err)
{
    bool writable;
    int status = VT_OK;

    pthread_mutex_lock(&module->lock);
    *taken = true;
    if (!module->opened) {
        status = vt_settings_put(&module->shared, key, value);
        if (status) {
            vt_fail(err, status, "out of memory");
        }
    } else if (vt_module_property(module, key, &writable) && writable) {
        status = set_now(module, "", key, value, err);
    } else {
        *taken = false;
    }
    pthread_mutex_unlock(&module->lock);
    return status;
}

bool vt_module_is_open(struct vt_module *module)
{
    bool opened;

    pthread_mutex_lock(&module->lock);
    opened = module->opened;
    pthread_mutex_unlock(&module->lock);
    return opened;
}

int vt_fetch_text(int (*get)(void *ctx, char *buf, size_t size, size_t *length, struct vt_error *err),
                  void *ctx, char **text, struct vt_error *err)
{
    size_t size = 256, length = 0;
    char *buf = malloc(size), *wider;
    int status = buf ? get(ctx, buf, size, &length, err) : VT_E_NOMEM;

    /* The value may grow between two calls. */
    while (status == VT_OK && length >= size) {
        size = length + 1;
        wider = realloc(buf, size);
        buf = wider ? wider : buf;
        status = wider ? get(ctx, buf, size, &length, err) : VT_E_NOMEM;
    }
    if (status) {
        free(buf);
        return status == VT_E_NOMEM ? vt_fail(err, status, "out of memory") : status;
    }
    *text = buf;
    return VT_OK;
}
