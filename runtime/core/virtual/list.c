/* Lists of devices: "GPU.1,-CPU,NPU(4)". */
#include "log.h"
#include "virtual_impl.h"

#include <stdlib.h>

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

    *rest = *end && end[1] ? end + 1 : NULL; /* a comma may follow the last entry */
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

bool vt_virtual_is_usual(const char *name)
{
    return covers("GPU", name) || covers("NPU", name);
}

/* AUTO and MULTI use all devices of a plugin that is named without a number. */
static int add_named(struct vt_members *members, struct vt_virtual *v, const struct entry *e,
                     struct vt_error *absent, struct vt_error *err)
{
    struct vt_target target;
    const struct vt_device *list;
    int n, status = vt_target_find(v->core, e->name, &target, vt_virtual_is_usual(e->name) ? absent : err);

    if (status) {
        return vt_virtual_is_usual(e->name) ? VT_OK : status;
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
