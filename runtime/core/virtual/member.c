/* The devices behind a virtual one: compiling for them, asking them. */
#include "graph.h"
#include "virtual_impl.h"

#include <stdlib.h>

void vt_members_finish(struct vt_members *members)
{
    for (int i = 0; i < members->n; i++) {
        vt_compiled_unref(members->items[i].compiled);
        vt_module_unref(members->items[i].target.module);
    }
    free(members->items);
    *members = (struct vt_members){0};
}

/* ---- compiling */

static bool knows(struct vt_module *module, const char *key)
{
    bool writable = false;

    return vt_core_key_find(key) || strcmp(key, "DEVICE_PROPERTIES") == 0 ||
           (vt_module_property(module, key, &writable) && writable);
}

int vt_members_check_config(const struct vt_members *members, const struct vt_settings *pass,
                            enum vt_virtual_kind kind, struct vt_error *err)
{
    for (int i = 0; i < pass->n; i++) {
        bool known = false;

        for (int m = 0; m < members->n && !known; m++) {
            known = knows(members->items[m].target.module, pass->keys[i]);
        }
        /* Hints that the virtual device has itself are advice: a device without them does without. */
        if (!known && !vt_virtual_has_property(kind, pass->keys[i])) {
            return vt_fail(err, VT_E_NOT_FOUND, "property %s is known neither to %s nor to its devices",
                           pass->keys[i], vt_virtual_name(kind));
        }
    }
    return VT_OK;
}

/* What of `pass` a member knows: *out views `settings`, which the caller finishes, also on failure. */
static int config_of(const struct vt_member *member, const struct vt_settings *pass,
                     struct vt_settings *settings, struct vt_config *out, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < pass->n && status == VT_OK; i++) {
        if (knows(member->target.module, pass->keys[i])) {
            status = vt_settings_put(settings, pass->keys[i], pass->values[i]);
        }
    }
    *out = (struct vt_config){.n = settings->n,
                              .keys = (const char *const *)settings->keys,
                              .values = (const char *const *)settings->values};
    return status ? vt_fail(err, status, "out of memory") : VT_OK;
}

int vt_member_build(struct vt_core *core, struct vt_member *member, const struct vt_model *model,
                    const struct vt_settings *pass, struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_config config;
    int status = config_of(member, pass, &settings, &config, err);

    status = status ? status : vt_core_compile_target(core, &member->target, model, &config, compiled, err);
    vt_settings_finish(&settings);
    return status;
}

int vt_member_import(struct vt_member *member, const void *data, size_t bytes, const struct vt_settings *pass,
                     struct vt_compiled **compiled, struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_config config;
    int status = config_of(member, pass, &settings, &config, err);

    status = status ? status : vt_core_import_target(&member->target, data, bytes, &config, compiled, err);
    vt_settings_finish(&settings);
    return status;
}

int vt_member_compile(struct vt_core *core, struct vt_member *member, const struct vt_model *model,
                      const struct vt_settings *pass, struct vt_error *err)
{
    struct vt_error reason = {0};
    int status = vt_member_build(core, member, model, pass, &member->compiled, &reason);

    if (status) {
        vt_fail(&reason, status, "device %s does not compile the model", member->name);
        member->reason = reason;
        atomic_store(&member->state, VT_MEMBER_FAILED);
        return vt_fail(err, status, "%s", reason.text);
    }
    member->concurrency = member->compiled->fns->concurrency(member->compiled->impl);
    atomic_store(&member->state, VT_MEMBER_READY);
    return VT_OK;
}

int vt_member_query(struct vt_member *member, const struct vt_graph *graph, const struct vt_settings *pass,
                    void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                    struct vt_error *err)
{
    struct vt_module *module = member->target.module;
    struct vt_settings known = {0}, settings = {0};
    struct vt_config config, own;
    int status = config_of(member, pass, &known, &config, err);

    status = status ? status : vt_plugin_config(&member->target, &config, &settings, &own, err);
    if (status == VT_OK) {
        status = module->fns->query(module->impl, graph, &own, verdict, ctx, err);
        if (status) {
            vt_fail(err, status, "device %s cannot judge the model", member->name);
        }
    }
    vt_settings_finish(&known);
    vt_settings_finish(&settings);
    return status;
}

/* ---- asking */

bool vt_member_is_ready(const struct vt_member *member)
{
    return atomic_load(&member->state) == VT_MEMBER_READY;
}

/* A text that grows. */
struct text {
    char *s;
    size_t n;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *t, const char *fmt, ...)
{
    char *piece = NULL, *wider;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&piece, fmt, ap);
    va_end(ap);
    wider = n < 0 ? NULL : realloc(t->s, t->n + (size_t)n + 1);
    if (wider) {
        memcpy(wider + t->n, piece, (size_t)n + 1);
        t->s = wider;
        t->n += (size_t)n;
    }
    t->failed |= !wider;
    if (n >= 0) {
        free(piece);
    }
}

static char *take_text(struct text *t)
{
    if (t->failed) {
        free(t->s);
        return NULL;
    }
    return t->s;
}

char *vt_members_names(const struct vt_members *members, bool (*wanted)(const struct vt_member *member),
                       const char *separator)
{
    struct text t = {0};

    append(&t, "%s", "");
    for (int i = 0; i < members->n; i++) {
        if (!wanted || wanted(&members->items[i])) {
            append(&t, "%s%s", t.n ? separator : "", members->items[i].name);
        }
    }
    return take_text(&t);
}

static void append_properties(struct text *t, const struct vt_member *m)
{
    char *keys = NULL, *save = NULL;
    int n = 0;

    if (vt_compiled_get_property(m->compiled, "SUPPORTED_PROPERTIES", &keys, NULL)) {
        return;
    }
    append(t, "%s:{", m->name);
    for (char *key = strtok_r(keys, " ", &save); key; key = strtok_r(NULL, " ", &save)) {
        char *value = NULL;

        if (strcmp(key, "SUPPORTED_PROPERTIES") &&
            !vt_compiled_get_property(m->compiled, key, &value, NULL)) {
            append(t, "%s%s:%s", n++ ? "," : "", key, value);
            free(value);
        }
    }
    append(t, "}");
    free(keys);
}

char *vt_members_properties(const struct vt_members *members)
{
    struct text t = {0};
    int n = 0;

    append(&t, "{");
    for (int i = 0; i < members->n; i++) {
        if (vt_member_is_ready(&members->items[i])) {
            append(&t, "%s", n++ ? "," : "");
            append_properties(&t, &members->items[i]);
        }
    }
    append(&t, "}");
    return take_text(&t);
}

int vt_compiled_number(struct vt_compiled *compiled, const char *key, int otherwise)
{
    char *value = NULL;
    int n;

    if (vt_compiled_get_property(compiled, key, &value, NULL)) {
        return otherwise;
    }
    n = atoi(value);
    free(value);
    return n > 0 ? n : otherwise;
}

int vt_add_memory(struct vt_compiled *compiled, struct vt_memory_stats *sum)
{
    struct vt_memory_stats one = {0};
    int status = vt_compiled_memory(compiled, &one, NULL);

    if (status == VT_OK) {
        sum->weights += one.weights;
        sum->arena += one.arena;
        sum->constants_mapped += one.constants_mapped;
    }
    return status;
}

int vt_members_memory(const struct vt_members *members, struct vt_memory_stats *stats)
{
    int status = VT_OK;

    *stats = (struct vt_memory_stats){0};
    for (int i = 0; i < members->n && status == VT_OK; i++) {
        if (vt_member_is_ready(&members->items[i])) {
            status = vt_add_memory(members->items[i].compiled, stats);
        }
    }
    return status;
}

bool vt_graph_is_stateful(const struct vt_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (node->op->flags & VT_OP_STATEFUL) {
            return true;
        }
        for (int b = 0; b < node->n_bodies; b++) {
            if (vt_graph_is_stateful(node->bodies[b].graph)) {
                return true;
            }
        }
    }
    return false;
}

void vt_member_begin(const struct vt_request_fns *fns, void *request)
{
    if (VT_TABLE_HAS(fns, begin)) {
        fns->begin(request);
    }
}

int vt_put_value(const char *text, char *buf, size_t size, size_t *length)
{
    *length = (size_t)snprintf(buf, size, "%s", text);
    return VT_OK;
}
