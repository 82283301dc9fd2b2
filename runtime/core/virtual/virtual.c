/* The plugin objects of the virtual devices. */
#include "virtual_impl.h"

#include "host.h"

#include <stdlib.h>

static const char *const names[VT_N_VIRTUAL] = {"AUTO", "MULTI", "HETERO", "BATCH"};

const char *vt_virtual_name(enum vt_virtual_kind kind)
{
    return names[kind];
}

static void destroy(void *plugin)
{
    struct vt_virtual *v = plugin;

    vt_settings_finish(&v->settings);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

/* There is no device of its own: the list is for those who ask for one anyway. */
static int devices(void *plugin, const struct vt_device **list, int *n, const char **reason)
{
    static const struct vt_device rows[VT_N_VIRTUAL] = {
        {"", "AUTO"}, {"", "MULTI"}, {"", "HETERO"}, {"", "BATCH"}};

    *list = &rows[((struct vt_virtual *)plugin)->kind];
    *n = 1;
    *reason = NULL;
    return VT_OK;
}

static int properties(void *plugin, const struct vt_property **list, int *n)
{
    return vt_virtual_properties(plugin, list, n);
}

static int get_property(void *plugin, const char *device_id, const char *key, char *buf, size_t size,
                        size_t *length, struct vt_error *err)
{
    (void)device_id;
    return vt_virtual_get_property(plugin, key, buf, size, length, err);
}

static int set_property(void *plugin, const char *device_id, const char *key, const char *value,
                        struct vt_error *err)
{
    (void)device_id;
    return vt_virtual_set_property(plugin, key, value, err);
}

/* Settings and members of one call. */
struct call {
    struct vt_virtual_config config;
    struct vt_members members;
};

static int begin(struct call *call, struct vt_virtual *v, const struct vt_config *config,
                 struct vt_error *err)
{
    int status = vt_virtual_config_init(&call->config, v, config, err);

    if (status == VT_OK) {
        const char *list = vt_settings_get(&call->config.own, "MULTI_DEVICE_PRIORITIES");

        status = vt_members_init(&call->members, v, list ? list : "", err);
    }
    status = status ? status : vt_members_check_config(&call->members, &call->config.pass, v->kind, err);
    return status;
}

static void end(struct call *call)
{
    vt_virtual_config_finish(&call->config);
    vt_members_finish(&call->members);
}

static int query(void *plugin, const struct vt_graph *graph, const struct vt_config *config,
                 void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                 struct vt_error *err)
{
    struct call call = {0};
    int status = begin(&call, plugin, config, err);

    if (status == VT_OK && ((struct vt_virtual *)plugin)->kind == VT_HETERO) {
        status = vt_hetero_query(&call.members, graph, &call.config.pass, verdict, ctx, err);
    } else if (status == VT_OK) {
        status = vt_member_query(&call.members.items[0], graph, &call.config.pass, verdict, ctx, err);
    }
    end(&call);
    return status;
}

static int compile(void *plugin, const char *device_id, struct vt_graph *graph,
                   const struct vt_config *config, void **compiled, struct vt_error *err)
{
    struct vt_virtual *v = plugin;
    struct vt_model *model = NULL;
    struct call call = {0};
    int status = vt_model_create(graph, &model, err);

    (void)device_id;
    status = status ? status : begin(&call, v, config, err);
    if (status) {
        end(&call);
        vt_model_unref(model);
        return status;
    }
    switch (v->kind) {
    case VT_HETERO: return vt_hetero_compile(v, model, &call.members, &call.config, compiled, err);
    case VT_BATCH: return vt_batch_compile(v, model, &call.members, &call.config, compiled, err);
    default: return vt_auto_compile(v, model, &call.members, &call.config, compiled, err);
    }
}

static int import(void *plugin, const char *device_id, const void *blob, size_t bytes,
                  const struct vt_config *config, void **compiled, struct vt_error *err)
{
    struct vt_virtual *v = plugin;
    struct call call = {0};
    int status;

    (void)device_id;
    if (v->kind != VT_HETERO) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: import of a compiled model for %s",
                       vt_virtual_name(v->kind));
    }
    status = begin(&call, v, config, err);
    if (status) {
        end(&call);
        return status;
    }
    return vt_hetero_import(v, blob, bytes, &call.members, &call.config, compiled, err);
}

#define PLUGIN(text, what, kind)                                                                             \
    {                                                                                                        \
        .abi = VT_ABI_HEADER(struct vt_plugin), .name = text, .version = VT_RUNTIME_VERSION,                 \
        .description = what, .destroy = destroy, .devices = devices, .properties = properties,               \
        .get_property = get_property, .set_property = set_property, .query = query, .compile = compile,      \
        .import = import, .compiled = &vt_##kind##_compiled_fns, .request = &vt_##kind##_request_fns         \
    }

static const struct vt_plugin plugins[VT_N_VIRTUAL] = {
    [VT_AUTO] = PLUGIN("AUTO", "Vintner AUTO: chooses a device", relay),
    [VT_MULTI] = PLUGIN("MULTI", "Vintner MULTI: spreads requests over devices", relay),
    [VT_HETERO] = PLUGIN("HETERO", "Vintner HETERO: splits a model over devices", hetero),
    [VT_BATCH] = PLUGIN("BATCH", "Vintner BATCH: joins requests to batches", batch),
};

struct vt_module *vt_virtual_module_create(struct vt_core *core, enum vt_virtual_kind kind)
{
    struct vt_found found = {.kind = VT_FOUND_PLUGIN, .name = strdup(names[kind])};
    struct vt_virtual *v = calloc(1, sizeof(*v));
    struct vt_module *module = found.name && v ? vt_module_create(&found) : NULL;

    if (!module) {
        free(found.name);
        free(v);
        return NULL;
    }
    v->core = core;
    v->kind = kind;
    pthread_mutex_init(&v->lock, NULL);
    module->fns = &plugins[kind];
    module->impl = v;
    module->opened = true;
    module->is_virtual = true;
    return module;
}
