/* The devices behind a virtual one: reading their list, compiling for them, asking them. */
#include "graph.h"
#include "log.h"
#include "virtual_impl.h"

#include <stdlib.h>

/* ---- reading a list */

/* One entry: "GPU.1", "-CPU", "CPU(4)". */
struct entry {
    char name[VT_DEVICE_NAME];
    bool excluded;
    int amount;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The number in parentheses behind a name, which is cut off there; false when it is none. */
static bool take_amount(struct entry *e)
{
    char *open = strchr(e->name, '('), *end;
    long n;

    if (!open) {
        return true;
    }
    n = strtol(open + 1, &end, 10);
    if (end == open + 1 || strcmp(end, ")") || n < 1 || n > 4096) {
        return false;
    }
    *open = 0;
    e->amount = (int)n;
    return true;
}

/* The entry that `list` begins with; *rest is what follows, NULL at the end. */
static int take_entry(const char *list, struct entry *e, const char **rest, struct vt_error *err)
{
    size_t length = strcspn(list, ",");
    const char *end = list + length;

    *rest = *end ? end + 1 : NULL;
    *e = (struct entry){0};
    while (list < end && blank(*list)) {
        list++;
    }
    while (end > list && blank(end[-1])) {
        end--;
    }
    if (list < end && *list == '-') {
        e->excluded = true;
        list++;
    }
    if (list == end || (size_t)(end - list) >= sizeof(e->name)) {
        return vt_fail(err, VT_E_INVALID, "a list of devices has an entry without name or one too long");
    }
    memcpy(e->name, list, (size_t)(end - list));
    return take_amount(e) ? VT_OK
                          : vt_fail(err, VT_E_INVALID,
                                    "device \"%s\": the number in parentheses is no "
                                    "number from 1 to 4096",
                                    e->name);
}

const char *vt_virtual_next_name(const char *list, char *name, int size)
{
    struct entry e;
    const char *rest = NULL;

    *name = 0;
    if (list && *list && take_entry(list, &e, &rest, NULL) == VT_OK) {
        snprintf(name, (size_t)size, "%s", e.name);
    }
    return rest;
}

/* "GPU" stands for "GPU.0" and "GPU.1" too. */
static bool covers(const char *entry, const char *name)
{
    size_t n = strlen(entry);

    return strncmp(entry, name, n) == 0 && (!name[n] || name[n] == '.');
}

static bool has_member(const struct vt_members *members, const char *name)
{
    for (int i = 0; i < members->n; i++) {
        if (strcmp(members->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int add_target(struct vt_members *members, const struct vt_target *target, int amount,
                      struct vt_error *err)
{
    struct vt_member *wider, *m;
    char name[VT_DEVICE_NAME];

    vt_target_name(target, name);
    if (has_member(members, name)) {
        return VT_OK;
    }
    wider = realloc(members->items, (size_t)(members->n + 1) * sizeof(*wider));
    if (!wider) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    members->items = wider;
    m = &wider[members->n++];
    memset(m, 0, sizeof(*m));
    m->target = *target;
    m->amount = amount;
    vt_module_ref(target->module);
    memcpy(m->name, name, sizeof(name));
    return VT_OK;
}

/* Devices that a program may name on a machine that lacks them, plugin included. */
static bool is_usual(const char *name)
{
    return covers("GPU", name) || covers("NPU", name);
}

/* AUTO and MULTI use all devices of a plugin that is named without a number. */
static int add_named(struct vt_members *members, struct vt_virtual *v, const struct entry *e,
                     struct vt_error *absent, struct vt_error *err)
{
    struct vt_target target;
    const struct vt_device *list;
    int n, status = vt_target_find(v->core, e->name, &target, is_usual(e->name) ? absent : err);

    if (status) {
        return is_usual(e->name) ? VT_OK : status;
    }
    if (target.module->is_virtual) {
        return vt_fail(err, VT_E_INVALID, "device %s cannot be one of the devices of %s", e->name,
                       vt_virtual_name(v->kind));
    }
    if (!*target.id && (v->kind == VT_AUTO || v->kind == VT_MULTI) &&
        vt_module_devices(target.module, &list, &n, absent) == VT_OK) {
        for (int i = 0; i < n && status == VT_OK; i++) {
            snprintf(target.id, sizeof(target.id), "%s", list[i].id);
            status = add_target(members, &target, e->amount, err);
        }
        return status;
    }
    if (vt_target_open(v->core, e->name, &target, absent)) {
        vt_trace(VT_LOG_PLUGIN, "%s: %s is left out", vt_virtual_name(v->kind), e->name);
        return VT_OK;
    }
    return add_target(members, &target, e->amount, err);
}

/* Where a device stands when AUTO has no list: lower is better. */
static int rank_of(const struct vt_member *m)
{
    static const char *const order[] = {"GPU", "CPU", "NPU"};

    for (int i = 0; i < 3; i++) {
        if (covers(order[i], m->name)) {
            return i;
        }
    }
    return 3;
}

static int add_all(struct vt_members *members, struct vt_virtual *v, struct vt_error *absent,
                   struct vt_error *err)
{
    for (int i = 0; i < v->core->n_modules; i++) {
        struct entry e = {0};
        int status;

        snprintf(e.name, sizeof(e.name), "%s", v->core->modules[i]->name);
        status = add_named(members, v, &e, absent, err);
        if (status) {
            return status;
        }
    }
    /* Few devices, and equal ones keep their order. */
    for (int i = 1; i < members->n; i++) {
        for (int k = i; k > 0 && rank_of(&members->items[k]) < rank_of(&members->items[k - 1]); k--) {
            struct vt_member m = members->items[k];

            members->items[k] = members->items[k - 1];
            members->items[k - 1] = m;
        }
    }
    return VT_OK;
}

static void exclude(struct vt_members *members, const char *name)
{
    int kept = 0;

    for (int i = 0; i < members->n; i++) {
        if (covers(name, members->items[i].name)) {
            vt_module_unref(members->items[i].target.module);
        } else {
            members->items[kept++] = members->items[i];
        }
    }
    members->n = kept;
}

static int check_rest(struct vt_members *members, struct vt_virtual *v, const char *list,
                      const struct vt_error *absent, struct vt_error *err)
{
    if (members->n) {
        return VT_OK;
    }
    if (absent->code) {
        return vt_fail(err, VT_E_DEVICE, "%s: none of the devices \"%s\" is there: %s",
                       vt_virtual_name(v->kind), list, absent->text);
    }
    return vt_fail(err, *list ? VT_E_DEVICE : VT_E_INVALID,
                   *list ? "%s: no device is left of \"%s\""
                         : "%s needs a list of devices%s: \"HETERO:GPU,CPU\", \"MULTI:GPU,CPU\", "
                           "\"BATCH:CPU(4)\"",
                   vt_virtual_name(v->kind), list);
}

int vt_members_init(struct vt_members *members, struct vt_virtual *v, const char *list, struct vt_error *err)
{
    struct vt_error absent = {0};
    const char *rest;
    struct entry e;
    bool named = false, excludes = false;
    int status = VT_OK;

    *members = (struct vt_members){0};
    for (const char *at = *list ? list : NULL; at && status == VT_OK; at = rest) {
        status = take_entry(at, &e, &rest, err);
        if (status == VT_OK && !e.excluded) {
            named = true;
            status = add_named(members, v, &e, &absent, err);
        }
        excludes |= e.excluded;
    }
    if (status == VT_OK && !named && (v->kind == VT_AUTO || excludes)) {
        status = add_all(members, v, &absent, err);
    }
    for (const char *at = excludes ? list : NULL; at && status == VT_OK; at = rest) {
        status = take_entry(at, &e, &rest, err);
        if (status == VT_OK && e.excluded) {
            exclude(members, e.name);
        }
    }
    status = status ? status : check_rest(members, v, list, &absent, err);
    if (status == VT_OK && v->kind == VT_BATCH && members->n > 1) {
        status = vt_fail(err, VT_E_INVALID, "BATCH takes one device, not \"%s\"", list);
    }
    return status;
}

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

static int config_of(const struct vt_member *member, const struct vt_settings *pass,
                     struct vt_settings *settings)
{
    int status = VT_OK;

    for (int i = 0; i < pass->n && status == VT_OK; i++) {
        if (knows(member->target.module, pass->keys[i])) {
            status = vt_settings_put(settings, pass->keys[i], pass->values[i]);
        }
    }
    return status;
}

int vt_member_compile(struct vt_core *core, struct vt_member *member, const struct vt_model *model,
                      const struct vt_settings *pass, struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_error reason = {0};
    int status = config_of(member, pass, &settings);

    if (status) {
        vt_fail(&reason, status, "out of memory");
    } else {
        struct vt_config config = {.n = settings.n,
                                   .keys = (const char *const *)settings.keys,
                                   .values = (const char *const *)settings.values};

        status = vt_core_compile_target(core, &member->target, model, &config, &member->compiled, &reason);
    }
    vt_settings_finish(&settings);
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

int vt_member_number(const struct vt_member *member, const char *key, int otherwise)
{
    char *value = NULL;
    int n;

    if (vt_compiled_get_property(member->compiled, key, &value, NULL)) {
        return otherwise;
    }
    n = atoi(value);
    free(value);
    return n > 0 ? n : otherwise;
}

int vt_members_memory(const struct vt_members *members, struct vt_memory_stats *stats)
{
    *stats = (struct vt_memory_stats){0};
    for (int i = 0; i < members->n; i++) {
        struct vt_memory_stats one = {0};
        int status;

        if (!vt_member_is_ready(&members->items[i])) {
            continue;
        }
        status = vt_compiled_memory(members->items[i].compiled, &one, NULL);
        if (status) {
            return status;
        }
        stats->weights += one.weights;
        stats->arena += one.arena;
        stats->constants_mapped += one.constants_mapped;
    }
    return VT_OK;
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

int vt_put_value(const char *text, char *buf, size_t size, size_t *length)
{
    *length = (size_t)snprintf(buf, size, "%s", text);
    return VT_OK;
}
