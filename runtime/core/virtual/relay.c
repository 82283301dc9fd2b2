/* Compiled models of AUTO and MULTI, as the core sees them. */
#include "relay.h"

#include <stdlib.h>

static void destroy(void *compiled)
{
    struct vt_relay *r = compiled;

    vt_auto_finish(r);
    vt_members_finish(&r->members);
    vt_virtual_config_finish(&r->config);
    vt_model_unref(r->model);
    free(r->name);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->settled);
    vt_core_destroy(r->core);
    free(r);
}

static const struct vt_property auto_keys[] = {
    {"NETWORK_NAME", false},
    {"SUPPORTED_PROPERTIES", false},
    {"EXECUTION_DEVICES", false},
    {"PERFORMANCE_HINT", false},
    {"OPTIMAL_NUMBER_OF_INFER_REQUESTS", false},
    {"MULTI_DEVICE_PRIORITIES", false},
    {"DEVICE_PROPERTIES", false},
    {"MODEL_PRIORITY", false},
    {"LOADED_FROM_CACHE", false},
    {"PERF_COUNT", false},
};

static const struct vt_property multi_keys[] = {
    {"NETWORK_NAME", false},
    {"SUPPORTED_PROPERTIES", false},
    {"EXECUTION_DEVICES", false},
    {"PERFORMANCE_HINT", false},
    {"OPTIMAL_NUMBER_OF_INFER_REQUESTS", false},
    {"DEVICE_PROPERTIES", false},
    {"MODEL_PRIORITY", false},
    {"LOADED_FROM_CACHE", false},
    {"SCHEDULE_POLICY", false},
    {"PERF_COUNT", false},
    {"MULTI_DEVICE_PRIORITIES", false},
};

static int properties(void *compiled, const struct vt_property **list, int *n)
{
    bool multi = ((struct vt_relay *)compiled)->plugin->kind == VT_MULTI;

    *list = multi ? multi_keys : auto_keys;
    *n = (int)(multi ? sizeof(multi_keys) : sizeof(auto_keys)) / (int)sizeof(auto_keys[0]);
    return VT_OK;
}

/* While the CPU only stands in, its name is in parentheses. */
static char *execution_devices(struct vt_relay *r)
{
    int current = atomic_load(&r->current);
    char *text = NULL;

    if (r->spread) {
        return vt_members_names(&r->members, vt_member_is_ready, " ");
    }
    if (atomic_load(&r->goal) >= 0 && current == r->helper) {
        return asprintf(&text, "(%s)", r->members.items[current].name) < 0 ? NULL : text;
    }
    return strdup(r->members.items[current].name);
}

static int optimal(const struct vt_relay *r)
{
    const struct vt_member *m = r->spread ? NULL : &r->members.items[atomic_load(&r->current)];
    int sum = 0;

    if (m) {
        return m->compiled ? vt_compiled_number(m->compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", 1) : 1;
    }
    for (int i = 0; i < r->members.n; i++) {
        if (vt_member_is_ready(&r->members.items[i])) {
            sum += vt_compiled_number(r->members.items[i].compiled, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", 1);
        }
    }
    return sum;
}

static char *loaded_from_cache(const struct vt_relay *r)
{
    char *value = NULL;

    for (int i = 0; i < r->members.n; i++) {
        if (vt_member_is_ready(&r->members.items[i]) &&
            vt_compiled_get_property(r->members.items[i].compiled, "LOADED_FROM_CACHE", &value, NULL) ==
                VT_OK) {
            if (strcmp(value, "YES") == 0) {
                return value;
            }
            free(value);
        }
    }
    return strdup("NO");
}

/* With the lock held. */
static char *value_of(struct vt_relay *r, const char *key)
{
    char *text = NULL;
    const char *value;

    if (strcmp(key, "EXECUTION_DEVICES") == 0) {
        return execution_devices(r);
    }
    if (strcmp(key, "OPTIMAL_NUMBER_OF_INFER_REQUESTS") == 0) {
        return asprintf(&text, "%d", optimal(r)) < 0 ? NULL : text;
    }
    if (strcmp(key, "MULTI_DEVICE_PRIORITIES") == 0) {
        return vt_members_names(&r->members, NULL, ",");
    }
    if (strcmp(key, "DEVICE_PROPERTIES") == 0) {
        return vt_members_properties(&r->members);
    }
    if (strcmp(key, "LOADED_FROM_CACHE") == 0) {
        return loaded_from_cache(r);
    }
    value = vt_settings_get(&r->config.own, key);
    return strdup(value ? value : "");
}

static int get_property(void *compiled, const char *key, char *buf, size_t size, size_t *length,
                        struct vt_error *err)
{
    const struct vt_property *list;
    bool known = false;
    char *value;
    int n;

    properties(compiled, &list, &n);
    for (int i = 2; i < n && !known; i++) {
        known = strcmp(list[i].key, key) == 0;
    }
    if (!known) {
        return VT_E_NOT_FOUND;
    }
    pthread_mutex_lock(&((struct vt_relay *)compiled)->lock);
    value = value_of(compiled, key);
    pthread_mutex_unlock(&((struct vt_relay *)compiled)->lock);
    if (!value) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    vt_put_value(value, buf, size, length);
    free(value);
    return VT_OK;
}

/* A device that takes over later may run more at once than the one that stands in: threads that wait for a
 * start are cheap. */
#define CONCURRENCY_LATER 8

static int concurrency(void *compiled)
{
    struct vt_relay *r = compiled;
    int most = atomic_load(&r->goal) >= 0 ? CONCURRENCY_LATER : 1, sum = 0;

    /* Read without the lock: numbers of members that were ready at some time. */
    for (int i = 0; i < r->members.n; i++) {
        if (vt_member_is_ready(&r->members.items[i])) {
            int n = r->members.items[i].concurrency;

            sum += n;
            most = n > most ? n : most;
        }
    }
    return r->spread && sum ? sum : most;
}

/* The compiled model that stands for all: a reference. */
static struct vt_compiled *shown(struct vt_relay *r)
{
    struct vt_compiled *c;
    int at;

    pthread_mutex_lock(&r->lock);
    at = atomic_load(&r->current);
    for (int i = 0; r->spread && i < r->members.n; i++) {
        if (vt_member_is_ready(&r->members.items[i])) {
            at = i;
            break;
        }
    }
    c = at >= 0 && r->members.items[at].compiled ? vt_compiled_ref(r->members.items[at].compiled) : NULL;
    pthread_mutex_unlock(&r->lock);
    return c;
}

static int runtime_graph(void *compiled, struct vt_graph **graph, struct vt_error *err)
{
    struct vt_compiled *c = shown(compiled);
    int status;

    if (!c) {
        return vt_fail(err, VT_E_DEVICE, "no device is left to run the model");
    }
    if (VT_TABLE_HAS(c->fns, runtime_graph)) {
        status = c->fns->runtime_graph(c->impl, graph, err);
    } else {
        status = vt_fail(err, VT_E_UNSUPPORTED, "not implemented: the runtime model of device %s", c->device);
    }
    vt_compiled_unref(c);
    return status;
}

static int memory(void *compiled, struct vt_memory_stats *stats)
{
    struct vt_relay *r = compiled;
    int status;

    pthread_mutex_lock(&r->lock);
    status = vt_members_memory(&r->members, stats);
    pthread_mutex_unlock(&r->lock);
    return status;
}

const struct vt_compiled_fns vt_relay_compiled_fns = {
    .abi = VT_ABI_HEADER(struct vt_compiled_fns),
    .destroy = destroy,
    .create_request = vt_relay_create_request,
    .properties = properties,
    .get_property = get_property,
    .concurrency = concurrency,
    .runtime_graph = runtime_graph,
    .memory = memory,
};
