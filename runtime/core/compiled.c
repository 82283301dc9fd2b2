#include "compiled.h"

#include "executor.h"
#include "module.h"

#include <stdlib.h>

/* ---- life */

static bool copy_io(struct vt_arena *arena, const struct vt_io *src, struct vt_io *dst)
{
    const char **names = vt_arena_array(arena, (size_t)src->n_names, sizeof(*names));

    *dst = *src;
    dst->node_name = vt_arena_strdup(arena, src->node_name);
    dst->names = names;
    if (!dst->node_name || (src->n_names && !names)) {
        return false;
    }
    for (int i = 0; i < src->n_names; i++) {
        names[i] = vt_arena_strdup(arena, src->names[i]);
        if (!names[i]) {
            return false;
        }
    }
    return true;
}

static bool copy_ports(struct vt_compiled *compiled, const struct vt_io *const io[2], const int n_io[2])
{
    for (int side = 0; side < 2; side++) {
        compiled->io[side] = vt_arena_array(&compiled->arena, (size_t)n_io[side] + 1, sizeof(struct vt_io));
        if (!compiled->io[side]) {
            return false;
        }
        compiled->n_io[side] = n_io[side];
        for (int i = 0; i < n_io[side]; i++) {
            if (!copy_io(&compiled->arena, &io[side][i], &compiled->io[side][i])) {
                return false;
            }
        }
    }
    return true;
}

int vt_compiled_create(struct vt_module *module, void *impl, const char *device, const char *name,
                       const struct vt_io *const io[2], const int n_io[2], struct vt_compiled **compiled,
                       struct vt_error *err)
{
    struct vt_compiled *made = calloc(1, sizeof(*made));

    if (!made) {
        module->fns->compiled->destroy(impl);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    made->module = vt_module_ref(module);
    made->fns = module->fns->compiled;
    made->request_fns = module->fns->request;
    made->impl = impl;
    made->name = vt_arena_strdup(&made->arena, name ? name : "");
    made->device = vt_arena_strdup(&made->arena, device);
    pthread_mutex_init(&made->lock, NULL);
    atomic_init(&made->refs, 1);
    if (!made->name || !made->device || !copy_ports(made, io, n_io)) {
        vt_compiled_unref(made);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *compiled = made;
    return VT_OK;
}

struct vt_compiled *vt_compiled_ref(struct vt_compiled *compiled)
{
    atomic_fetch_add_explicit(&compiled->refs, 1, memory_order_relaxed);
    return compiled;
}

void vt_compiled_unref(struct vt_compiled *compiled)
{
    if (!compiled || atomic_fetch_sub_explicit(&compiled->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    vt_executor_destroy(compiled->executor);
    compiled->fns->destroy(compiled->impl);
    vt_module_unref(compiled->module);
    pthread_mutex_destroy(&compiled->lock);
    vt_arena_finish(&compiled->arena);
    free(compiled);
}

struct vt_executor *vt_compiled_executor(struct vt_compiled *compiled, struct vt_error *err)
{
    struct vt_executor *executor;

    pthread_mutex_lock(&compiled->lock);
    if (!compiled->executor) {
        vt_executor_create(compiled->fns->concurrency(compiled->impl), &compiled->executor, err);
    }
    executor = compiled->executor;
    pthread_mutex_unlock(&compiled->lock);
    return executor;
}

/* ---- properties */

struct getter {
    const struct vt_compiled *compiled;
    const char *key;
};

static int get_text(void *ctx, char *buf, size_t size, size_t *length, struct vt_error *err)
{
    const struct getter *g = ctx;

    return g->compiled->fns->get_property(g->compiled->impl, g->key, buf, size, length, err);
}

/* Names that the core answers for all devices, in front of the plugin's own. */
static const char *const common_keys[] = {"SUPPORTED_PROPERTIES", "NETWORK_NAME",
                                          "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "EXECUTION_DEVICES"};

static bool plugin_lists(const struct vt_property *list, int n, const char *key)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static int supported_properties(const struct vt_compiled *compiled, char **value, struct vt_error *err)
{
    const struct vt_property *list = NULL;
    size_t size = 1, at = 0;
    int n = 0, n_common = (int)(sizeof(common_keys) / sizeof(common_keys[0]));
    int status = compiled->fns->properties(compiled->impl, &list, &n);
    char *text;

    if (status) {
        return vt_fail(err, status, "device %s cannot list the properties of the compiled model",
                       compiled->device);
    }
    for (int i = 0; i < n_common + n; i++) {
        size += strlen(i < n_common ? common_keys[i] : list[i - n_common].key) + 1;
    }
    text = calloc(1, size);
    if (!text) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n_common + n; i++) {
        const char *key = i < n_common ? common_keys[i] : list[i - n_common].key;

        if (i >= n_common ? !list[i - n_common].hidden : !plugin_lists(list, n, key)) {
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? " " : "", key);
        }
    }
    *value = text;
    return VT_OK;
}

/* What the core knows when the plugin does not: NULL for other keys. */
static const char *common_value(const struct vt_compiled *compiled, const char *key, char buf[32])
{
    if (strcmp(key, "NETWORK_NAME") == 0) {
        return compiled->name;
    }
    if (strcmp(key, "EXECUTION_DEVICES") == 0) {
        return compiled->device;
    }
    if (strcmp(key, "OPTIMAL_NUMBER_OF_INFER_REQUESTS") == 0) {
        snprintf(buf, 32, "%d", compiled->fns->concurrency(compiled->impl));
        return buf;
    }
    if (strcmp(key, "LOADED_FROM_CACHE") == 0) {
        return compiled->from_cache ? "YES" : "NO";
    }
    return NULL;
}

int vt_compiled_get_property(struct vt_compiled *compiled, const char *key, char **value,
                             struct vt_error *err)
{
    struct getter g = {compiled, key};
    struct vt_error own = {0};
    const char *common;
    char buf[32];
    int status;

    if (strcmp(key, "SUPPORTED_PROPERTIES") == 0) {
        return supported_properties(compiled, value, err);
    }
    status = vt_fetch_text(get_text, &g, value, &own);
    common = status == VT_E_NOT_FOUND ? common_value(compiled, key, buf) : NULL;
    if (common) {
        *value = strdup(common);
        return *value ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (status == VT_E_NOT_FOUND) {
        const struct vt_property *list = NULL;
        int n = 0, unlisted = compiled->fns->properties(compiled->impl, &list, &n);
        char hint[VT_HINT_TEXT];

        return vt_fail(err, status, "a model compiled for %s has no property %s%s", compiled->device, key,
                       vt_property_hint(list, unlisted ? 0 : n, key, hint));
    }
    return status ? vt_fail(err, status, "device %s: property %s: %s", compiled->device, key, own.text)
                  : VT_OK;
}

int vt_compiled_set_property(struct vt_compiled *compiled, const char *key, const char *value,
                             struct vt_error *err)
{
    int status;

    if (!VT_TABLE_HAS(compiled->fns, set_property)) {
        return vt_fail(err, VT_E_UNSUPPORTED,
                       "not implemented: device %s cannot change property %s of a compiled model, give it "
                       "when compiling",
                       compiled->device, key);
    }
    status = compiled->fns->set_property(compiled->impl, key, value, err);
    return status ? vt_fail(err, status, "device %s: property %s cannot be set to '%s'", compiled->device,
                            key, value)
                  : VT_OK;
}

/* ---- the rest */

int vt_compiled_runtime_model(struct vt_compiled *compiled, struct vt_model **model, struct vt_error *err)
{
    struct vt_graph *graph = NULL;
    int status;

    if (!VT_TABLE_HAS(compiled->fns, runtime_graph)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: the runtime model of device %s",
                       compiled->device);
    }
    status = compiled->fns->runtime_graph(compiled->impl, &graph, err);
    if (status) {
        return vt_fail(err, status, "device %s has no runtime model", compiled->device);
    }
    return vt_model_create(graph, model, err);
}

int vt_compiled_memory(struct vt_compiled *compiled, struct vt_memory_stats *stats, struct vt_error *err)
{
    int status;

    if (!VT_TABLE_HAS(compiled->fns, memory)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: memory figures of device %s",
                       compiled->device);
    }
    status = compiled->fns->memory(compiled->impl, stats);
    return status ? vt_fail(err, status, "device %s cannot tell its memory", compiled->device) : VT_OK;
}
