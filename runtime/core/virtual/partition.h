/* Which device runs which node of a model, and in which parts.
 *
 * A part is what one device runs at once. Parts follow one another: each has a level, and every edge from one
 * part to another goes to a higher level, so no part waits for itself. A node is on the level of what it
 * reads on the same device, or above what it reads from another one. Nodes that need no input of the model
 * ("fixed": weights and what is computed of them) belong to no part: each part has its own copy. */
#ifndef VT_PARTITION_H
#define VT_PARTITION_H

#include "graph.h"

#include <stdbool.h>

#define VT_NO_PART -1

struct vt_part {
    int device;
    int level;
};

struct vt_partition {
    struct vt_part *parts; /* in the order in which they can run; at least one */
    int n_parts;
    int *part_of;   /* by node index: VT_NO_PART for Parameters and fixed nodes */
    int *device_of; /* by node index: -1 for Parameters, Results and fixed nodes */
};

/* What the devices say: `supports[d * n_nodes + i]` whether device d can run node i; `names` as the
 * `affinity` of a node may spell them, in the order of preference. */
struct vt_placement {
    const struct vt_graph *graph; /* sorted */
    int n_devices;
    const char *const *names;
    const bool *supports;
};

/* VT_E_UNSUPPORTED naming the operations that no device can run, or a state that no device can keep together
 * with what reads and writes it; VT_E_INVALID for an affinity that names no device of the list or one that
 * cannot run the node. The caller finishes the result, also on failure. */
int vt_partition_init(struct vt_partition *p, const struct vt_placement *placement, struct vt_error *err);
void vt_partition_finish(struct vt_partition *p);

/* Which nodes of a sorted graph are fixed, by their index. */
void vt_partition_find_fixed(const struct vt_graph *graph, bool *fixed);

/* partition_state.c: nodes that must be in one part because they belong to the same variable: group[i] is a
 * number from 0 or -1. With `wide`, whatever reads a state directly belongs to it too. Groups are closed:
 * what lies between two members is one. With `one`, all are one group. Returns how many there are, or
 * VT_E_NOMEM. */
int vt_partition_groups(const struct vt_graph *graph, const bool *fixed, bool wide, bool one, int *group);

#endif
