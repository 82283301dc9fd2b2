/* The entry point, the device and its properties. */
#include "refdev.h"

#include <stdlib.h>

static int create(const struct vt_host *host, void **plugin, struct vt_error *err)
{
    struct refdev_plugin *p = calloc(1, sizeof(*p));

    if (!p) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    p->host = host;
    p->settings.num_streams = 1;
    *plugin = p;
    return VT_OK;
}

static void destroy(void *plugin)
{
    free(plugin);
}

static int devices(void *plugin, const struct vt_device **list, int *n, const char **reason)
{
    static const struct vt_device device = {.id = "", .full_name = "Reference device"};

    (void)plugin;
    *list = &device;
    *n = 1;
    *reason = NULL;
    return VT_OK;
}

/* ---- properties */

static const struct vt_property properties[] = {
    {"OPTIMIZATION_CAPABILITIES", false},
    {"PERF_COUNT", true},
    {"NUM_STREAMS", true},
    {"INFERENCE_PRECISION_HINT", true},
};

int refdev_properties(const struct vt_property **list, int *n)
{
    *list = properties;
    *n = (int)(sizeof(properties) / sizeof(properties[0]));
    return VT_OK;
}

int refdev_get(const struct refdev_settings *settings, const char *key, char *buf, size_t size,
               size_t *length)
{
    char number[16];
    const char *text = NULL;

    if (strcmp(key, "OPTIMIZATION_CAPABILITIES") == 0) {
        text = "FP32";
    } else if (strcmp(key, "PERF_COUNT") == 0) {
        text = settings->perf_count ? "YES" : "NO";
    } else if (strcmp(key, "INFERENCE_PRECISION_HINT") == 0) {
        text = "f32";
    } else if (strcmp(key, "NUM_STREAMS") == 0) {
        snprintf(number, sizeof(number), "%d", settings->num_streams);
        text = number;
    }
    if (!text) {
        return VT_E_NOT_FOUND;
    }
    *length = (size_t)snprintf(buf, size, "%s", text);
    return VT_OK;
}

static int set_bool(bool *field, const char *value, struct vt_error *err)
{
    static const char *const words[] = {"YES", "NO", "TRUE", "FALSE", "1", "0"};

    for (int i = 0; i < 6; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *field = i % 2 == 0;
            return VT_OK;
        }
    }
    return vt_fail(err, VT_E_INVALID, "'%s' is none of YES and NO", value);
}

int refdev_set(struct refdev_settings *settings, const char *key, const char *value, struct vt_error *err)
{
    char *end;
    long n;

    if (strcmp(key, "PERF_COUNT") == 0) {
        return set_bool(&settings->perf_count, value, err);
    }
    if (strcmp(key, "INFERENCE_PRECISION_HINT") == 0) {
        return strcasecmp(value, "f32") && strcmp(value, "FP32")
                   ? vt_fail(err, VT_E_INVALID, "'%s' is not f32", value)
                   : VT_OK;
    }
    if (strcmp(key, "NUM_STREAMS") == 0) {
        n = strtol(value, &end, 10);
        if (end == value || *end || n < 1 || n > 64) {
            return vt_fail(err, VT_E_INVALID, "'%s' is no number from 1 to 64", value);
        }
        settings->num_streams = (int)n;
        return VT_OK;
    }
    return vt_fail(err, VT_E_NOT_FOUND, "no such property");
}

static int plugin_properties(void *plugin, const struct vt_property **list, int *n)
{
    (void)plugin;
    return refdev_properties(list, n);
}

static int plugin_get(void *plugin, const char *device_id, const char *key, char *buf, size_t size,
                      size_t *length, struct vt_error *err)
{
    struct refdev_plugin *p = plugin;

    (void)device_id;
    (void)err;
    return refdev_get(&p->settings, key, buf, size, length);
}

static int plugin_set(void *plugin, const char *device_id, const char *key, const char *value,
                      struct vt_error *err)
{
    struct refdev_plugin *p = plugin;

    (void)device_id;
    return refdev_set(&p->settings, key, value, err);
}

/* ---- what it can run: all that has a reference, and what needs none */

bool refdev_can_run(const struct vt_host *host, const struct vt_node *node)
{
    const char *op = host->node_op(node);

    return host->node_has_eval(node) || host->node_constant(node) || strcmp(op, "Parameter") == 0 ||
           strcmp(op, "Result") == 0;
}

static int query(void *plugin, const struct vt_graph *graph, const struct vt_config *config,
                 void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                 struct vt_error *err)
{
    const struct vt_host *host = ((struct refdev_plugin *)plugin)->host;

    (void)config;
    (void)err;
    for (int i = 0; i < host->graph_n_nodes(graph); i++) {
        const struct vt_node *node = host->graph_node(graph, i);
        bool known = refdev_can_run(host, node);

        verdict(ctx, &(struct vt_node_support){.node = node,
                                               .supported = known,
                                               .kernel = known ? "ref" : NULL,
                                               .reason = known ? NULL : "the operation has no reference"});
    }
    return VT_OK;
}

static const struct vt_plugin plugin_fns = {
    .abi = VT_ABI_HEADER(struct vt_plugin),
    .name = "REFDEV",
    .version = "0.1.0",
    .description = "Reference device of the tests",
    .create = create,
    .destroy = destroy,
    .devices = devices,
    .properties = plugin_properties,
    .get_property = plugin_get,
    .set_property = plugin_set,
    .query = query,
    .compile = refdev_compile,
    .compiled = &refdev_compiled_fns,
    .request = &refdev_request_fns,
};

__attribute__((visibility("default"))) const struct vt_plugin *vt_plugin_entry(int host_major,
                                                                               int host_minor);

const struct vt_plugin *vt_plugin_entry(int host_major, int host_minor)
{
    (void)host_major;
    (void)host_minor;
    return &plugin_fns;
}
