#include "core.h"

#include "exported.h"
#include "formats.h"
#include "graph.h"
#include "log.h"
#include "module.h"

#include <stdlib.h>

struct vt_core {
    struct vt_module **modules;
    int n_modules;
    struct vt_formats formats;
    pthread_mutex_t lock;        /* around `settings` */
    struct vt_settings settings; /* of the core itself; a device's are kept as "CPU/CACHE_DIR" */
};

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
            status = vt_found_add(found, VT_FOUND_FRONTEND, item->name, item->path ? item->path : "");
            if (status == VT_OK) {
                found->items[found->n - 1].frontend = item->frontend;
            }
        }
    }
    vt_found_finish(&rest);
    return status ? vt_fail(err, status, "out of memory looking for plugins") : VT_OK;
}

int vt_core_create(const char *plugins_xml, struct vt_core **core, struct vt_error *err)
{
    struct vt_found_list found = {0};
    struct vt_core *made = calloc(1, sizeof(*made));
    int status = made ? find_all(plugins_xml, &found, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK) {
        pthread_mutex_init(&made->lock, NULL);
        status = vt_formats_init(&made->formats, &found);
        status = status ? status : take_modules(made, &found);
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

void vt_core_destroy(struct vt_core *core)
{
    if (!core) {
        return;
    }
    for (int i = 0; i < core->n_modules; i++) {
        vt_module_unref(core->modules[i]);
    }
    free(core->modules);
    vt_formats_finish(&core->formats);
    vt_settings_finish(&core->settings);
    pthread_mutex_destroy(&core->lock);
    free(core);
}

/* ---- models */

int vt_core_read_file(struct vt_core *core, const char *path, const char *weights_path,
                      struct vt_model **model, struct vt_error *err)
{
    struct vt_graph *graph = NULL;
    int status = vt_formats_read_file(&core->formats, path, weights_path, &graph, err);

    return status ? status : vt_model_create(graph, model, err);
}

int vt_core_read_memory(struct vt_core *core, const void *data, size_t bytes, struct vt_blob *weights,
                        struct vt_model **model, struct vt_error *err)
{
    struct vt_graph *graph = NULL;
    int status = vt_formats_read_memory(&core->formats, data, bytes, weights, &graph, err);

    return status ? status : vt_model_create(graph, model, err);
}

/* ---- device names */

struct target {
    struct vt_module *module;
    char id[32]; /* "" for the device of a plugin that has one */
};

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

/* Split "GPU.1" into plugin and id; nothing is opened. */
static int find_target(const struct vt_core *core, const char *device, struct target *target,
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

/* Open the plugin and list its devices: at least one. */
static int list_devices(struct vt_module *module, const struct vt_device **list, int *n, struct vt_error *err)
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
static int require_device(struct target *target, struct vt_error *err)
{
    const struct vt_device *list;
    int n, status = list_devices(target->module, &list, &n, err);

    if (status) {
        return status;
    }
    for (int i = 0; i < n; i++) {
        if (!*target->id || strcmp(list[i].id, target->id) == 0) {
            snprintf(target->id, sizeof(target->id), "%s", list[i].id);
            return VT_OK;
        }
    }
    return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s.%s\"; %s has %d device%s with the ids %s%s",
                   target->module->name, target->id, target->module->name, n, n == 1 ? "" : "s",
                   n == 1 ? "\"\"" : list[0].id, n > 1 ? " and up" : "");
}

static int open_target(const struct vt_core *core, const char *device, struct target *target,
                       struct vt_error *err)
{
    int status = find_target(core, device, target, err);

    status = status ? status : vt_module_open(target->module, err);
    return status ? status : require_device(target, err);
}

static void device_name(const struct target *target, char name[96])
{
    snprintf(name, 96, "%.60s%s%s", target->module->name, *target->id ? "." : "", target->id);
}

/* ---- configurations. Some keys are the core's own and never reach a plugin that does not list them. */

enum key_kind { KEY_TEXT, KEY_BOOL };

static const struct core_key {
    const char *key;
    enum key_kind kind;
    const char *def;
    bool device_get; /* a device may be asked for it too */
} core_keys[] = {
    {"CACHE_DIR", KEY_TEXT, "", true},
    {"ENABLE_MMAP", KEY_BOOL, "YES", false},
    {"FORCE_TBB_TERMINATE", KEY_BOOL, "NO", false},
    {"CACHE_MODE", KEY_TEXT, "OPTIMIZE_SPEED", false},
};

static const struct core_key *find_core_key(const char *key)
{
    for (size_t i = 0; i < sizeof(core_keys) / sizeof(core_keys[0]); i++) {
        if (strcmp(core_keys[i].key, key) == 0) {
            return &core_keys[i];
        }
    }
    return NULL;
}

/* "YES" or "NO" for the words that stand for them, NULL for others. */
static const char *bool_word(const char *value)
{
    static const char *const words[][2] = {
        {"YES", "NO"},     {"yes", "no"}, {"TRUE", "FALSE"}, {"true", "false"},
        {"True", "False"}, {"1", "0"},    {"ON", "OFF"},     {"on", "off"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(value, words[i][0]) == 0 || strcmp(value, words[i][1]) == 0) {
            return strcmp(value, words[i][0]) == 0 ? "YES" : "NO";
        }
    }
    return NULL;
}

static int check_core_value(const struct core_key *key, const char **value, struct vt_error *err)
{
    if (key->kind == KEY_BOOL) {
        const char *word = bool_word(*value);

        if (!word) {
            return vt_fail(err, VT_E_INVALID, "property %s: '%s' is none of YES and NO", key->key, *value);
        }
        *value = word;
    }
    if (strcmp(key->key, "CACHE_MODE") == 0 && strcmp(*value, "OPTIMIZE_SIZE") &&
        strcmp(*value, "OPTIMIZE_SPEED")) {
        return vt_fail(err, VT_E_INVALID,
                       "property CACHE_MODE: '%s' is none of OPTIMIZE_SIZE and "
                       "OPTIMIZE_SPEED",
                       *value);
    }
    return VT_OK;
}

/* What of a compile configuration goes to the plugin: *out has room for all of it. */
static int split_config(struct vt_module *module, const struct vt_config *config, const char **keys,
                        const char **values, struct vt_config *out, struct vt_error *err)
{
    *out = (struct vt_config){.keys = keys, .values = values};
    for (int i = 0; config && i < config->n; i++) {
        const struct core_key *core_key = find_core_key(config->keys[i]);
        const char *value = config->values[i];
        bool writable = false, known = vt_module_property(module, config->keys[i], &writable);
        int status = VT_OK;

        if (known && writable) {
            keys[out->n] = config->keys[i];
            values[out->n++] = value;
        } else if (core_key) {
            status = check_core_value(core_key, &value, err);
        } else {
            status = vt_fail(err, VT_E_NOT_FOUND,
                             known ? "property %s of device %s can only be read"
                                   : "property %s is not known to device %s",
                             config->keys[i], module->name);
        }
        if (status) {
            return status;
        }
    }
    return VT_OK;
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

static int check_known(const struct vt_graph *graph, struct vt_error *err)
{
    struct missing m = {0};

    find_missing(graph, &m);
    if (m.kinds) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s", m.text);
    }
    return VT_OK;
}

static int compile_on(struct target *target, const struct vt_model *model, const struct vt_config *config,
                      struct vt_compiled **compiled, struct vt_error *err)
{
    const struct vt_io *io[2] = {model->io[0], model->io[1]};
    struct vt_module *module = target->module;
    struct vt_graph *graph = vt_graph_clone(model->graph, err);
    char name[96];
    void *impl = NULL;
    int status;

    if (!graph) {
        return err && err->code ? err->code : VT_E_NOMEM;
    }
    device_name(target, name);
    status = module->fns->compile(module->impl, target->id, graph, config, &impl, err);
    if (status) {
        vt_fail(err, status, "the plugin gives no reason");
        vt_context(err, "model '%s' cannot be compiled for %s: ", vt_model_name(model), name);
        return status;
    }
    return vt_compiled_create(module, impl, name, vt_model_name(model), io, model->n_io, compiled, err);
}

int vt_core_compile(struct vt_core *core, const struct vt_model *model, const char *device,
                    const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    size_t n = config ? (size_t)config->n : 0;
    const char **texts;
    struct vt_config own;
    struct target target;
    int status = open_target(core, device, &target, err);

    status = status ? status : check_known(model->graph, err);
    if (status) {
        return status;
    }
    texts = calloc(2 * n + 1, sizeof(*texts));
    status = texts ? split_config(target.module, config, texts, texts + n, &own, err)
                   : vt_fail(err, VT_E_NOMEM, "out of memory");
    if (status == VT_OK) {
        status = compile_on(&target, model, &own, compiled, err);
    }
    free(texts);
    return status;
}

int vt_core_import(struct vt_core *core, const char *device, const void *data, size_t bytes,
                   const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err)
{
    size_t n = config ? (size_t)config->n : 0;
    const char **texts;
    struct vt_config own;
    struct target target;
    char name[96];
    int status = open_target(core, device, &target, err);

    if (status) {
        return status;
    }
    texts = calloc(2 * n + 1, sizeof(*texts));
    status = texts ? split_config(target.module, config, texts, texts + n, &own, err)
                   : vt_fail(err, VT_E_NOMEM, "out of memory");
    if (status == VT_OK) {
        device_name(&target, name);
        status = vt_exported_open(data, bytes, target.module, target.id, name, &own, compiled, err);
    }
    free(texts);
    return status;
}

int vt_core_query(struct vt_core *core, const struct vt_model *model, const char *device,
                  const struct vt_config *config,
                  void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                  struct vt_error *err)
{
    size_t n = config ? (size_t)config->n : 0;
    const char **texts;
    struct vt_config own;
    struct target target;
    int status = open_target(core, device, &target, err);

    if (status) {
        return status;
    }
    texts = calloc(2 * n + 1, sizeof(*texts));
    status = texts ? split_config(target.module, config, texts, texts + n, &own, err)
                   : vt_fail(err, VT_E_NOMEM, "out of memory");
    if (status == VT_OK) {
        status = target.module->fns->query(target.module->impl, model->graph, &own, verdict, ctx, err);
        if (status) {
            vt_fail(err, status, "device %s cannot judge the model", target.module->name);
        }
    }
    free(texts);
    return status;
}

/* ---- properties */

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
    if (opened && !takers) {
        return vt_fail(err, VT_E_NOT_FOUND, "property %s is not known to any open device", key);
    }
    return VT_OK;
}

int vt_core_set_property(struct vt_core *core, const char *device, const char *key, const char *value,
                         struct vt_error *err)
{
    const struct core_key *core_key = find_core_key(key);
    struct target target = {0};
    int status = *device ? find_target(core, device, &target, err) : VT_OK;

    if (status == VT_OK && core_key) {
        status = check_core_value(core_key, &value, err);
        return status ? status : put_setting(core, *device ? target.module->name : "", key, value, err);
    }
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

static int get_setting(struct vt_core *core, const char *device, const struct core_key *key, char **value,
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

static const char *nth_key(const void *ctx, int i)
{
    const struct key_list *k = ctx;

    if (i >= N_DEVICE_KEYS) {
        return k->list[i - N_DEVICE_KEYS].key;
    }
    for (int p = 0; p < k->n; p++) {
        if (strcmp(k->list[p].key, device_keys[i]) == 0) {
            return NULL;
        }
    }
    return device_keys[i];
}

static int supported_properties(struct vt_module *module, char **value, struct vt_error *err)
{
    struct key_list keys = {0};
    int status = module->fns->properties(module->impl, &keys.list, &keys.n);

    if (status) {
        return vt_fail(err, status, "device %s cannot list its properties", module->name);
    }
    return join(N_DEVICE_KEYS + keys.n, nth_key, &keys, value, err);
}

struct getter {
    const struct target *target;
    const char *key;
};

static int get_text(void *ctx, char *buf, size_t size, size_t *length, struct vt_error *err)
{
    const struct getter *g = ctx;
    struct vt_module *module = g->target->module;

    return module->fns->get_property(module->impl, g->target->id, g->key, buf, size, length, err);
}

static int full_name(const struct target *target, const struct vt_device *list, int n, char **value,
                     struct vt_error *err)
{
    for (int i = 0; i < n; i++) {
        if (n == 1 || !*target->id || strcmp(list[i].id, target->id) == 0) {
            return copy_text(list[i].full_name, value, err);
        }
    }
    return vt_fail(err, VT_E_NOT_FOUND, "there is no device \"%s.%s\"", target->module->name, target->id);
}

static int get_device_property(struct target *target, const char *key, char **value, struct vt_error *err)
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
        status = list_devices(target->module, &list, &n, NULL);
        return join(status ? 0 : n, nth_id, list, value, err);
    }
    if (status == VT_E_NOT_FOUND && strcmp(key, "FULL_DEVICE_NAME") == 0) {
        status = list_devices(target->module, &list, &n, err);
        return status ? status : full_name(target, list, n, value, err);
    }
    if (status == VT_E_NOT_FOUND) {
        return vt_fail(err, status, "device %s has no property %s", target->module->name, key);
    }
    return status ? vt_fail(err, status, "device %s: property %s: %s", target->module->name, key, own.text)
                  : VT_OK;
}

int vt_core_get_property(struct vt_core *core, const char *device, const char *key, char **value,
                         struct vt_error *err)
{
    const struct core_key *core_key = find_core_key(key);
    struct target target;
    int status;

    if (!*device) {
        return core_key ? get_setting(core, "", core_key, value, err)
                        : vt_fail(err, VT_E_NOT_FOUND, "the core has no property %s", key);
    }
    status = find_target(core, device, &target, err);
    status = status ? status : vt_module_open(target.module, err);
    if (status) {
        return status;
    }
    if (core_key && core_key->device_get) {
        return get_setting(core, target.module->name, core_key, value, err);
    }
    return get_device_property(&target, key, value, err);
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

    if (list_devices(module, &list, &n, &reason)) {
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
    struct target target;
    const struct vt_plugin *fns;
    int status = find_target(core, device, &target, err);

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
