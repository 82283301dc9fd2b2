#include "core_impl.h"

#include "cache.h"
#include "exported.h"
#include "graph.h"
#include "log.h"
#include "texts.h"

#include <stdlib.h>

/* ---- life */

static int take_modules(struct vt_core *core, struct vt_found_list *found)
{
    core->modules = calloc((size_t)found->n + 1, sizeof(struct vt_module *));
    if (!core->modules) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < found->n; i++) {
        if (found->items[i].kind == VT_FOUND_PLUGIN) {
            struct vt_module *module = vt_module_create(&found->items[i]);

            if (!module) {
                return VT_E_NOMEM;
            }
            core->modules[core->n_modules++] = module;
        }
    }
    return VT_OK;
}

/* A file that lists plugins names all that there are; frontends are found by themselves all the same. */
static int find_all(const char *plugins_xml, struct vt_found_list *found, struct vt_error *err)
{
    struct vt_found_list rest = {0};
    int status;

    if (!plugins_xml || !*plugins_xml) {
        return vt_discover(found, err);
    }
    status = vt_discover_xml(found, plugins_xml, err);
    status = status ? status : vt_discover(&rest, err);
    for (int i = 0; i < rest.n && status == VT_OK; i++) {
        struct vt_found *item = &rest.items[i];

        if (item->kind == VT_FOUND_FRONTEND) {
            status = vt_found_move(found, item);
        }
    }
    vt_found_finish(&rest);
    return status ? vt_fail(err, status, "out of memory looking for plugins") : VT_OK;
}

static int make_virtuals(struct vt_core *core)
{
    for (int kind = 0; kind < VT_N_VIRTUAL; kind++) {
        core->virtuals[kind] = vt_virtual_module_create(core, (enum vt_virtual_kind)kind);
        if (!core->virtuals[kind]) {
            return VT_E_NOMEM;
        }
    }
    return VT_OK;
}

int vt_core_create(const char *plugins_xml, struct vt_core **core, struct vt_error *err)
{
    struct vt_found_list found = {0};
    struct vt_core *made = calloc(1, sizeof(*made));
    int status = made ? find_all(plugins_xml, &found, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK) {
        pthread_mutex_init(&made->lock, NULL);
        vt_extension_set_init(&made->extensions);
        atomic_init(&made->refs, 1);
        status = vt_formats_init(&made->formats, &found);
        status = status ? status : take_modules(made, &found);
        status = status ? status : make_virtuals(made);
        if (status) {
            vt_fail(err, status, "out of memory");
            vt_core_destroy(made);
            made = NULL;
        }
    }
    vt_found_finish(&found);
    if (status) {
        free(made);
        return status;
    }
    *core = made;
    return VT_OK;
}

struct vt_core *vt_core_ref(struct vt_core *core)
{
    atomic_fetch_add_explicit(&core->refs, 1, memory_order_relaxed);
    return core;
}

void vt_core_destroy(struct vt_core *core)
{
    if (!core || atomic_fetch_sub_explicit(&core->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (int kind = 0; kind < VT_N_VIRTUAL; kind++) {
        vt_module_unref(core->virtuals[kind]);
    }
    for (int i = 0; i < core->n_modules; i++) {
        vt_module_unref(core->modules[i]);
    }
    free(core->modules);
    vt_formats_finish(&core->formats);
    vt_extension_set_finish(&core->extensions);
    vt_settings_finish(&core->settings);
    pthread_mutex_destroy(&core->lock);
    free(core);
}

/* ---- models */

bool vt_core_maps_files(struct vt_core *core)
{
    char *value = NULL;
    bool map = vt_core_setting(core, "", vt_core_key_find("ENABLE_MMAP"), &value, NULL) || *value != 'N';

    free(value);
    return map;
}

int vt_core_read_file(struct vt_core *core, const char *path, const char *weights_path,
                      struct vt_model **model, struct vt_error *err)
{
    struct vt_extension_set *before = vt_extension_use(&core->extensions);
    struct vt_graph *graph = NULL;
    int status;

    vt_host_map_files(vt_core_maps_files(core));
    status = vt_formats_read_file(&core->formats, path, weights_path, &graph, err);
    vt_host_map_files(true);
    vt_extension_use(before);
    return status ? status : vt_model_create(graph, model, err);
}

int vt_core_read_memory(struct vt_core *core, const void *data, size_t bytes, struct vt_blob *weights,
                        struct vt_model **model, struct vt_error *err)
{
    struct vt_extension_set *before = vt_extension_use(&core->extensions);
    struct vt_graph *graph = NULL;
    int status = vt_formats_read_memory(&core->formats, data, bytes, weights, &graph, err);

    vt_extension_use(before);
    return status ? status : vt_model_create(graph, model, err);
}

/* ---- compiling */

#define MISSING_TEXT 1200

struct missing {
    char text[MISSING_TEXT];
    size_t at;
    int kinds, nodes;
};

/* One entry for each kind of operation, with the first node that has it. */
static void add_missing(struct missing *m, const struct vt_node *node)
{
    const char *opset = vt_attr_str(node, ".opset");
    char entry[256], key[128];

    m->nodes++;
    snprintf(key, sizeof(key), "%.80s (%.40s)", node->op->name, opset ? opset : "");
    if (strstr(m->text, key)) {
        return;
    }
    m->kinds++;
    snprintf(entry, sizeof(entry), "%s%s, node '%.96s'", m->at ? "; " : "", key, node->name);
    if (m->at + strlen(entry) < MISSING_TEXT) {
        strcpy(m->text + m->at, entry);
        m->at += strlen(entry);
    }
}

static void find_missing(const struct vt_graph *graph, struct missing *m)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (node->op->flags & VT_OP_UNKNOWN) {
            add_missing(m, node);
        }
        for (int b = 0; b < node->n_bodies; b++) {
            find_missing(node->bodies[b].graph, m);
        }
    }
}

/* The first input with strings that the operation cannot have, or -1. */
static int refused_string(const struct vt_node *node)
{
    for (int i = 0; i < node->n_in; i++) {
        const struct vt_value *v = vt_node_in(node, i);

        if (v && v->type == VT_STRING && !vt_op_takes_strings(node->op, i)) {
            return i;
        }
    }
    return -1;
}

static int refuse_strings(const struct vt_graph *graph, struct vt_error *err)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];
        int input = refused_string(node);

        if (input >= 0) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s of strings (input %d), node '%s'",
                           node->op->name, input, node->name);
        }
        for (int b = 0; b < node->n_bodies; b++) {
            int status = refuse_strings(node->bodies[b].graph, err);

            if (status) {
                return status;
            }
        }
    }
    return VT_OK;
}

static int check_known(const struct vt_graph *graph, struct vt_error *err)
{
    struct missing m = {0};

    find_missing(graph, &m);
    if (m.kinds) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s", m.text);
    }
    return refuse_strings(graph, err);
}

static int compile_on(struct vt_target *target, const struct vt_model *model, const struct vt_config *config,
                      struct vt_compiled **compiled, struct vt_error *err)
{
    const struct vt_io *io[2] = {model->io[0], model->io[1]};
    struct vt_module *module = target->module;
    struct vt_graph *graph = vt_graph_clone(model->graph, err);
    char name[VT_DEVICE_NAME];
    void *impl = NULL;
    int status;

    if (!graph) {
        return vt_failed(err);
    }
    vt_target_name(target, name);
    status = module->fns->compile(module->impl, target->id, graph, config, &impl, err);
    if (status) {
        vt_fail(err, status, "the plugin gives no reason");
        vt_context(err, "model '%s' cannot be compiled for %s: ", vt_model_name(model), name);
        return status;
    }
    return vt_compiled_create(module, impl, name, vt_model_name(model), io, model->n_io, compiled, err);
}

int vt_core_compile_target(struct vt_core *core, struct vt_target *target, const struct vt_model *model,
                           const struct vt_config *config, struct vt_compiled **compiled,
                           struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_config own;
    struct vt_cache cache = {0};
    int status = vt_plugin_config(target, config, &settings, &own, err);

    status = status ? status : vt_cache_open(&cache, core, target, config, &own, err);
    if (status == VT_OK && cache.dir) {
        vt_cache_key_model(&cache, model);
    }
    if (status == VT_OK && !vt_cache_load(&cache, compiled)) {
        status = compile_on(target, model, &own, compiled, err);
        if (status == VT_OK) {
            vt_cache_save(&cache, *compiled);
        }
    }
    vt_cache_finish(&cache);
    vt_settings_finish(&settings);
    return status;
}

int vt_core_compile(struct vt_core *core, const struct vt_model *model, const char *device,
                    const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_target target;
    int status = vt_target_open(core, device, &target, err);

    status = status ? status : check_known(model->graph, err);
    status = status ? status : vt_fallback_target(core, model, config, &target, err);
    return status ? status : vt_core_compile_target(core, &target, model, config, compiled, err);
}

/* The model is read and compiled, and kept under the key of its files. */
static int compile_read(struct vt_core *core, struct vt_target *target, const char *path,
                        const char *weights_path, const struct vt_config *config, struct vt_cache *cache,
                        struct vt_compiled **compiled, struct vt_error *err)
{
    const struct vt_module *module = target->module;
    struct vt_model *model;
    int status = vt_core_read_file(core, path, weights_path, &model, err);

    if (status) {
        /* "Not implemented" is what devices say of models; a file that no frontend reads is a bad file. */
        return status == VT_E_UNSUPPORTED ? VT_E_FORMAT : status;
    }
    status = check_known(model->graph, err);
    status = status ? status : vt_fallback_target(core, model, config, target, err);
    if (status == VT_OK && (!cache->path || target->module != module)) {
        status = vt_core_compile_target(core, target, model, config, compiled, err);
    } else if (status == VT_OK) {
        status = compile_on(target, model, cache->config, compiled, err);
        if (status == VT_OK) {
            vt_cache_save(cache, *compiled);
        }
    }
    vt_model_unref(model);
    return status;
}

int vt_core_compile_file(struct vt_core *core, const char *path, const char *weights_path, const char *device,
                         const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_config own;
    struct vt_cache cache = {0};
    struct vt_target target;
    int status = vt_target_open(core, device, &target, err);

    status = status ? status : vt_plugin_config(&target, config, &settings, &own, err);
    status = status ? status : vt_cache_open(&cache, core, &target, config, &own, err);
    if (status == VT_OK && cache.dir) {
        vt_cache_key_files(&cache, path, weights_path);
    }
    if (status == VT_OK && !vt_cache_load(&cache, compiled)) {
        status = compile_read(core, &target, path, weights_path, config, &cache, compiled, err);
    }
    vt_cache_finish(&cache);
    vt_settings_finish(&settings);
    return status;
}

static int import_blob(struct vt_target *target, struct vt_blob *blob, const struct vt_config *config,
                       struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_config own;
    char name[VT_DEVICE_NAME];
    int status = vt_plugin_config(target, config, &settings, &own, err);

    if (status == VT_OK) {
        vt_target_name(target, name);
        status = vt_exported_open(blob, target->module, target->id, name, &own, compiled, err);
    }
    vt_settings_finish(&settings);
    return status;
}

int vt_core_import_target(struct vt_target *target, const void *data, size_t bytes,
                          const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    /* A plugin that uses the bytes in place needs them for longer than the caller has them. */
    struct vt_blob *blob = VT_TABLE_HAS(target->module->fns, import_blob)
                               ? vt_blob_copy(data, bytes)
                               : vt_blob_wrap(data, bytes, NULL, NULL);
    int status = blob ? import_blob(target, blob, config, compiled, err)
                      : vt_fail(err, VT_E_NOMEM, "out of memory for %zu bytes", bytes);

    vt_blob_unref(blob);
    return status;
}

int vt_core_import(struct vt_core *core, const char *device, const void *data, size_t bytes,
                   const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_extension_set *before = vt_extension_use(&core->extensions);
    struct vt_target target;
    int status = vt_target_open(core, device, &target, err);

    status = status ? status : vt_core_import_target(&target, data, bytes, config, compiled, err);
    vt_extension_use(before);
    return status;
}

int vt_core_import_file(struct vt_core *core, const char *device, const char *path,
                        const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_extension_set *before = vt_extension_use(&core->extensions);
    struct vt_target target;
    struct vt_blob *blob = NULL;
    int status = vt_target_open(core, device, &target, err);

    status = status ? status : vt_blob_map(path, &blob, err);
    status = status ? status : import_blob(&target, blob, config, compiled, err);
    vt_blob_unref(blob);
    vt_extension_use(before);
    if (status) {
        vt_context(err, "compiled model '%s': ", path);
    }
    return status;
}

int vt_core_query(struct vt_core *core, const struct vt_model *model, const char *device,
                  const struct vt_config *config,
                  void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                  struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_config own;
    struct vt_target target;
    int status = vt_target_open(core, device, &target, err);

    status = status ? status : vt_plugin_config(&target, config, &settings, &own, err);
    if (status == VT_OK) {
        status = target.module->fns->query(target.module->impl, model->graph, &own, verdict, ctx, err);
        if (status) {
            vt_fail(err, status, "device %s cannot judge the model", target.module->name);
        }
    }
    vt_settings_finish(&settings);
    return status;
}
