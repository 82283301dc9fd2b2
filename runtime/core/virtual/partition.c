#include "partition.h"

#include "graph.h"
#include "vt/status.h"

#include <stdlib.h>

/* What is known while a graph is divided; arrays are by node index. */
struct divider {
    const struct vt_placement *placement;
    const struct vt_graph *graph;
    int n;
    bool *fixed;
    int *group;
    int n_groups;
    int *group_device, *group_level;
    int *level;
    int *device; /* the result's device_of */
};

static bool is_port(const struct vt_node *node)
{
    return vt_node_is(node, "Parameter") || vt_node_is(node, "Result");
}

static bool has_state(const struct vt_node *node)
{
    if (node->op->flags & (VT_OP_STATEFUL | VT_OP_RANDOM)) {
        return true;
    }
    for (int b = 0; b < node->n_bodies; b++) {
        for (int i = 0; i < node->bodies[b].graph->n_nodes; i++) {
            if (has_state(node->bodies[b].graph->nodes[i])) {
                return true;
            }
        }
    }
    return false;
}

void vt_partition_find_fixed(const struct vt_graph *graph, bool *fixed)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        fixed[i] = !is_port(node) && !has_state(node);
        for (int k = 0; k < node->n_in && fixed[i]; k++) {
            fixed[i] = !node->in[k].node || fixed[node->in[k].node->index];
        }
    }
}

static bool supports(const struct divider *d, int device, int node)
{
    return d->placement->supports[device * d->n + node];
}

static const char *affinity_of(const struct vt_node *node)
{
    const struct vt_rt_info *item = vt_node_rt_info(node, "affinity");

    return item && item->value && *item->value ? item->value : NULL;
}

/* ---- one node, one device */

/* "GPU" names "GPU.0" too. */
static bool names_device(const char *device, const char *affinity)
{
    size_t n = strlen(affinity);

    return strncmp(device, affinity, n) == 0 && (!device[n] || device[n] == '.');
}

static int follow_affinity(struct divider *d, int i, const char *name, struct vt_error *err)
{
    const struct vt_node *node = d->graph->nodes[i];

    for (int k = 0; k < d->placement->n_devices; k++) {
        if (names_device(d->placement->names[k], name)) {
            if (!supports(d, k, i)) {
                return vt_fail(err, VT_E_INVALID, "node '%s' (%s) has the affinity %s, which cannot run it",
                               node->name, node->op->name, name);
            }
            d->device[i] = k;
            return VT_OK;
        }
    }
    return vt_fail(err, VT_E_INVALID, "node '%s' (%s) has the affinity %s, which is not among the devices",
                   node->name, node->op->name, name);
}

static int place_nodes(struct divider *d, struct vt_error *err)
{
    char missing[1000] = "";
    size_t at = 0;

    for (int i = 0; i < d->n; i++) {
        const struct vt_node *node = d->graph->nodes[i];
        const char *affinity = affinity_of(node);

        d->device[i] = -1;
        if (d->fixed[i] || is_port(node)) {
            continue;
        }
        if (affinity) {
            int status = follow_affinity(d, i, affinity, err);

            if (status) {
                return status;
            }
            continue;
        }
        for (int k = 0; k < d->placement->n_devices && d->device[i] < 0; k++) {
            d->device[i] = supports(d, k, i) ? k : -1;
        }
        if (d->device[i] < 0 && at < sizeof(missing)) {
            at += (size_t)snprintf(missing + at, sizeof(missing) - at, "%s%s '%s'", at ? ", " : "",
                                   node->op->name, node->name);
        }
    }
    return at ? vt_fail(err, VT_E_UNSUPPORTED, "not implemented on any of the devices: %s", missing) : VT_OK;
}

/* ---- states: all of a group on one device */

static bool group_fits(const struct divider *d, int group, int device)
{
    for (int i = 0; i < d->n; i++) {
        if (d->group[i] == group && !supports(d, device, i)) {
            return false;
        }
    }
    return true;
}

/* The device of a group; -1 when none can run all of it. */
static int place_group(const struct divider *d, int group)
{
    for (int k = 0; k < d->placement->n_devices; k++) {
        if (group_fits(d, group, k)) {
            return k;
        }
    }
    return -1;
}

static int place_groups(struct divider *d, bool one, struct vt_error *err)
{
    for (int effort = 0; effort < 2; effort++) {
        bool placed = true;

        d->n_groups = vt_partition_groups(d->graph, d->fixed, effort == 0, one, d->group);
        if (d->n_groups < 0) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        for (int g = 0; g < d->n_groups; g++) {
            d->group_device[g] = place_group(d, g);
            placed &= d->group_device[g] >= 0;
        }
        if (placed) {
            for (int i = 0; i < d->n; i++) {
                d->device[i] = d->group[i] >= 0 ? d->group_device[d->group[i]] : d->device[i];
            }
            return VT_OK;
        }
    }
    for (int i = 0; i < d->n; i++) {
        if (d->group[i] >= 0 && d->group_device[d->group[i]] < 0) {
            return vt_fail(err, VT_E_UNSUPPORTED,
                           "not implemented on any one of the devices: a variable with all that lies between "
                           "reading and writing it, such as node '%s' (%s)",
                           d->graph->nodes[i]->name, d->graph->nodes[i]->op->name);
        }
    }
    return VT_E_INTERNAL;
}

/* ---- levels */

static int wanted_level(const struct divider *d, int i)
{
    const struct vt_node *node = d->graph->nodes[i];
    int level = 0;

    for (int k = 0; k < node->n_in; k++) {
        const struct vt_node *src = node->in[k].node;

        if (src && d->device[src->index] >= 0) {
            int above = d->level[src->index] + (d->device[src->index] != d->device[i]);

            level = above > level ? above : level;
        }
    }
    return level;
}

/* False when groups wait for one another: then the levels have no end. */
static bool find_levels(struct divider *d)
{
    bool changed = true;

    memset(d->level, 0, (size_t)d->n * sizeof(int));
    memset(d->group_level, 0, (size_t)d->n * sizeof(int));
    while (changed) {
        changed = false;
        for (int i = 0; i < d->n; i++) {
            int g = d->group[i], level;

            if (d->device[i] < 0) {
                continue;
            }
            level = wanted_level(d, i);
            if (g >= 0) {
                d->group_level[g] = level > d->group_level[g] ? level : d->group_level[g];
                level = d->group_level[g];
            }
            if (level > d->n) {
                return false;
            }
            changed |= level != d->level[i];
            d->level[i] = level;
        }
    }
    return true;
}

/* ---- parts */

static int find_part(const struct vt_partition *p, int device, int level)
{
    for (int i = 0; i < p->n_parts; i++) {
        if (p->parts[i].device == device && p->parts[i].level == level) {
            return i;
        }
    }
    return VT_NO_PART;
}

static int by_level(const void *a, const void *b)
{
    const struct vt_part *x = a, *y = b;

    return x->level != y->level ? (x->level > y->level) - (x->level < y->level)
                                : (x->device > y->device) - (x->device < y->device);
}

static int make_parts(struct divider *d, struct vt_partition *p, struct vt_error *err)
{
    int capacity = 0;

    for (int i = 0; i < d->n || !p->n_parts; i++) {
        int device = i < d->n ? d->device[i] : 0, level = i < d->n && device >= 0 ? d->level[i] : 0;

        if (device < 0 || find_part(p, device, level) >= 0) {
            continue;
        }
        if (p->n_parts == capacity) {
            struct vt_part *wider;

            capacity = capacity ? 2 * capacity : 8;
            wider = realloc(p->parts, (size_t)capacity * sizeof(*wider));
            if (!wider) {
                return vt_fail(err, VT_E_NOMEM, "out of memory");
            }
            p->parts = wider;
        }
        p->parts[p->n_parts++] = (struct vt_part){device, level};
    }
    qsort(p->parts, (size_t)p->n_parts, sizeof(*p->parts), by_level);
    /* A Result goes with what it shows, to the first part when that is in none. */
    for (int i = 0; i < d->n; i++) {
        const struct vt_node *node = d->graph->nodes[i];

        p->part_of[i] = d->device[i] >= 0 ? find_part(p, d->device[i], d->level[i]) : VT_NO_PART;
        if (vt_node_is(node, "Result")) {
            int src = p->part_of[node->in[0].node->index];

            p->part_of[i] = src >= 0 ? src : 0;
        }
    }
    return VT_OK;
}

static int divide(struct divider *d, struct vt_partition *p, struct vt_error *err)
{
    int status;

    vt_partition_find_fixed(d->graph, d->fixed);
    status = place_nodes(d, err);
    status = status ? status : place_groups(d, false, err);
    if (status == VT_OK && !find_levels(d)) {
        status = place_groups(d, true, err);
        if (status == VT_OK && !find_levels(d)) {
            status = vt_fail(err, VT_E_INTERNAL, "the parts of the model wait for one another");
        }
    }
    return status ? status : make_parts(d, p, err);
}

int vt_partition_init(struct vt_partition *p, const struct vt_placement *placement, struct vt_error *err)
{
    struct divider d = {.placement = placement, .graph = placement->graph, .n = placement->graph->n_nodes};
    size_t n = (size_t)d.n + 1;
    int status;

    *p = (struct vt_partition){.part_of = calloc(n, sizeof(int)), .device_of = calloc(n, sizeof(int))};
    d.device = p->device_of;
    d.fixed = calloc(n, sizeof(bool));
    d.group = calloc(n, sizeof(int));
    d.group_device = calloc(n, sizeof(int));
    d.group_level = calloc(n, sizeof(int));
    d.level = calloc(n, sizeof(int));
    if (p->part_of && p->device_of && d.fixed && d.group && d.group_device && d.group_level && d.level) {
        status = divide(&d, p, err);
    } else {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    free(d.fixed);
    free(d.group);
    free(d.group_device);
    free(d.group_level);
    free(d.level);
    return status;
}

void vt_partition_finish(struct vt_partition *p)
{
    free(p->parts);
    free(p->part_of);
    free(p->device_of);
    *p = (struct vt_partition){0};
}
