/* The CPU plugin's table: device, properties, compile. */
#include "blob.h"
#include "model.h"
#include "property.h"

#include <stdlib.h>

struct cpu_plugin {
    const struct vt_host *host;
    struct vt_device device;
    pthread_mutex_t lock; /* around `properties` */
    struct cpu_properties properties;
};

/* The properties as they are now. */
static void read_properties(struct cpu_plugin *plugin, struct cpu_properties *properties)
{
    pthread_mutex_lock(&plugin->lock);
    *properties = plugin->properties;
    pthread_mutex_unlock(&plugin->lock);
}

_Static_assert(CPU_ISA_ref == (int)VT_ISA_REF && CPU_ISA_amx == (int)VT_ISA_AMX &&
                   CPU_ISA_i8mm == (int)VT_ISA_I8MM && CPU_ISA_COUNT == (int)VT_ISA_COUNT,
               "the host's mask is the kernels'");

static int plugin_create(const struct vt_host *host, void **out, struct vt_error *err)
{
    struct cpu_plugin *plugin = calloc(1, sizeof(*plugin));

    if (!plugin) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    plugin->host = host;
    plugin->device = (struct vt_device){"", host->cpu()->brand};
    pthread_mutex_init(&plugin->lock, NULL);
    cpu_isa_allow(host->cpu()->isas);
    cpu_properties_init(&plugin->properties, host);
    *out = plugin;
    return VT_OK;
}

static void plugin_destroy(void *p)
{
    struct cpu_plugin *plugin = p;

    pthread_mutex_destroy(&plugin->lock);
    free(plugin);
}

static int plugin_devices(void *p, const struct vt_device **list, int *n, const char **reason)
{
    *list = &((struct cpu_plugin *)p)->device;
    *n = 1;
    *reason = NULL;
    return VT_OK;
}

static int plugin_properties(void *p, const struct vt_property **list, int *n)
{
    (void)p;
    return cpu_property_list(list, n);
}

static int plugin_get(void *p, const char *device_id, const char *key, char *buf, size_t size, size_t *length,
                      struct vt_error *err)
{
    struct cpu_plugin *plugin = p;
    struct cpu_properties now;

    (void)device_id;
    read_properties(plugin, &now);
    return cpu_property_get(&now, plugin->host, key, buf, size, length, err);
}

static int plugin_set(void *p, const char *device_id, const char *key, const char *value,
                      struct vt_error *err)
{
    struct cpu_plugin *plugin = p;
    int status;

    (void)device_id;
    pthread_mutex_lock(&plugin->lock);
    status = cpu_property_set(&plugin->properties, key, value, err);
    pthread_mutex_unlock(&plugin->lock);
    return status;
}

/* The properties of the device with those of one call. */
static int effective(struct cpu_plugin *plugin, const struct vt_config *config,
                     struct cpu_properties *properties, struct vt_error *err)
{
    int status = VT_OK;

    read_properties(plugin, properties);
    for (int i = 0; config && i < config->n && status == VT_OK; i++) {
        status = cpu_property_set(properties, config->keys[i], config->values[i], err);
    }
    return status;
}

static int plugin_query(void *p, const struct vt_graph *graph, const struct vt_config *config,
                        void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                        struct vt_error *err)
{
    struct cpu_plugin *plugin = p;
    struct cpu_properties properties;
    struct cpu_config settings;
    int status = effective(plugin, config, &properties, err);

    /* A question takes no processor from anybody. */
    status = status ? status : cpu_property_set(&properties, "ENABLE_CPU_RESERVATION", "NO", err);
    status = status ? status : cpu_properties_resolve(&properties, plugin->host, &settings, err);
    if (status) {
        return status;
    }
    status = cpu_query(plugin->host, graph, &settings, verdict, ctx, err);
    cpu_config_finish(plugin->host, &settings);
    return status;
}

static int plugin_compile(void *p, const char *device_id, struct vt_graph *graph,
                          const struct vt_config *config, void **compiled, struct vt_error *err)
{
    struct cpu_plugin *plugin = p;
    struct cpu_properties properties;
    struct cpu_config settings;
    struct cpu_model *model;
    int status = effective(plugin, config, &properties, err);

    (void)device_id;
    status = status ? status : cpu_properties_resolve(&properties, plugin->host, &settings, err);
    if (status) {
        plugin->host->graph_destroy(graph);
        return status;
    }
    status = cpu_model_create(plugin->host, graph, &settings, &model, err);
    if (status == VT_OK) {
        model->properties = properties;
        *compiled = model;
    }
    return status;
}

static int plugin_import(void *p, const char *device_id, struct vt_blob *blob, size_t offset,
                         const struct vt_config *config, void **compiled, struct vt_error *err)
{
    struct cpu_plugin *plugin = p;
    struct cpu_properties properties;
    struct cpu_config settings;
    struct cpu_model *model;
    int status = effective(plugin, config, &properties, err);

    (void)device_id;
    status = status ? status : cpu_properties_resolve(&properties, plugin->host, &settings, err);
    if (status == VT_OK) {
        status = cpu_blob_read(plugin->host, blob, offset, &settings, &model, err);
    }
    if (status == VT_OK) {
        if (model->config.accurate != settings.accurate) {
            cpu_property_set(&properties, "EXECUTION_MODE_HINT",
                             model->config.accurate ? "ACCURACY" : "PERFORMANCE", NULL);
        }
        model->properties = properties;
        *compiled = model;
    }
    return status;
}

static int plugin_cache_key(void *p, const char *device_id, const struct vt_config *config, char *buf,
                            size_t size, size_t *length, struct vt_error *err)
{
    struct cpu_plugin *plugin = p;
    struct cpu_properties properties;
    int status = effective(plugin, config, &properties, err);

    (void)device_id;
    if (status == VT_OK) {
        *length = (size_t)snprintf(
            buf, size, "isa=%s mode=%s denormals=%s", cpu_isa_name(cpu_isa_best()),
            cpu_properties_are(&properties, "EXECUTION_MODE_HINT", "ACCURACY") ? "accuracy" : "performance",
            cpu_properties_are(&properties, "CPU_DENORMALS_OPTIMIZATION", "NO") ? "kept" : "flushed");
    }
    return status;
}

/* ---- compiled models
 * --------------------------------------------------------------------------------------------- */

static void compiled_destroy(void *compiled)
{
    cpu_model_destroy(compiled);
}

static int compiled_properties(void *compiled, const struct vt_property **list, int *n)
{
    (void)compiled;
    return cpu_compiled_property_list(list, n);
}

static int compiled_get(void *compiled, const char *key, char *buf, size_t size, size_t *length,
                        struct vt_error *err)
{
    return cpu_compiled_property_get(compiled, key, buf, size, length, err);
}

static int compiled_concurrency(void *compiled)
{
    return ((struct cpu_model *)compiled)->config.streams;
}

static int compiled_export(void *compiled, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                           struct vt_error *err)
{
    return cpu_blob_write(compiled, false, write, ctx, err);
}

static int compiled_export_small(void *compiled, int (*write)(void *ctx, const void *data, size_t bytes),
                                 void *ctx, struct vt_error *err)
{
    return cpu_blob_write(compiled, true, write, ctx, err);
}

static int compiled_memory(void *compiled, struct vt_memory_stats *stats)
{
    struct cpu_model *model = compiled;

    *stats = (struct vt_memory_stats){0};
    pthread_mutex_lock(&model->weights.lock);
    stats->weights = model->weights.bytes;
    stats->constants_mapped = model->weights.mapped;
    pthread_mutex_unlock(&model->weights.lock);
    pthread_mutex_lock(&model->plans.lock);
    stats->arena = model->plans.fixed ? model->plans.fixed->arena_bytes : model->plans.arena_bytes;
    pthread_mutex_unlock(&model->plans.lock);
    stats->arena *= (uint64_t)model->config.streams;
    return VT_OK;
}

static const struct vt_compiled_fns compiled_fns = {
    .abi = VT_ABI_HEADER(struct vt_compiled_fns),
    .destroy = compiled_destroy,
    .create_request = cpu_request_create,
    .properties = compiled_properties,
    .get_property = compiled_get,
    .concurrency = compiled_concurrency,
    .runtime_graph = cpu_runtime_graph,
    .export = compiled_export,
    .memory = compiled_memory,
    .export_small = compiled_export_small,
};

static const struct vt_plugin plugin = {
    .abi = VT_ABI_HEADER(struct vt_plugin),
    .name = "CPU",
    .version = VT_VERSION_TEXT,
    .description = "Vintner CPU plugin",
    .create = plugin_create,
    .destroy = plugin_destroy,
    .devices = plugin_devices,
    .properties = plugin_properties,
    .get_property = plugin_get,
    .set_property = plugin_set,
    .query = plugin_query,
    .compile = plugin_compile,
    .compiled = &compiled_fns,
    .request = &cpu_request_fns,
    .import_blob = plugin_import,
    .cache_key = plugin_cache_key,
};

__attribute__((visibility("default"))) const struct vt_plugin *vt_plugin_entry(int host_major,
                                                                               int host_minor);

const struct vt_plugin *vt_plugin_entry(int host_major, int host_minor)
{
    (void)host_minor;
    return host_major == VT_ABI_MAJOR ? &plugin : NULL;
}
