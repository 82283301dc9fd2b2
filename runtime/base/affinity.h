/* Which processors a model's threads may use: by core type, by core, and which ones are reserved. */
#ifndef VT_AFFINITY_H
#define VT_AFFINITY_H

#include "vt/host.h"

struct vt_processor {
    int cpu;
    bool sibling;   /* not the first allowed hardware thread of its core */
    bool efficient; /* a slower kind of core than the machine's best */
};

/* The processors allowed[i] != 0 of 0 .. count - 1, in the order in which they should be used: fast cores,
 * slow cores, then the siblings of both. Core types come from the lists of Intel's hybrid processors or from
 * Arm's capacities. `root` is put in front of every path that is read; "" is the real system. Returns how
 * many; `list` has room for count. */
int vt_processors_sort(const char *root, const unsigned char *allowed, int count, struct vt_processor *list);

/* Memory nodes that are online; 1 when the system does not tell. */
int vt_numa_nodes(const char *root);

/* struct vt_host's cpus_choose and cpus_release. Any thread. */
int vt_cpus_choose(struct vt_cpus_wish *wish, int **cpus, int *n, struct vt_error *err);
void vt_cpus_release(const int *cpus, int n);

#endif
