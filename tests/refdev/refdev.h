/* REFDEV: a device that computes every node by the runtime's reference. The smallest plugin that has every
 * method that a plugin needs, and the pattern for new ones. */
#ifndef REFDEV_H
#define REFDEV_H

#include "vt/plugin.h"

/* What can be set for the device and for one compiled model. */
struct refdev_settings {
    bool perf_count;
    int num_streams;
};

struct refdev_plugin {
    const struct vt_host *host;
    struct refdev_settings settings; /* of the device: what compile() starts from */
};

/* A value in a request: output `port` of a node. */
struct refdev_step {
    const struct vt_node *node;
    int *in; /* slots read, -1 for an optional input that is left out */
    int n_in;
    int out; /* its first slot, the others follow */
    int n_out;
    int param;  /* index of a Parameter, else -1 */
    int result; /* index of a Result, else -1 */
};

struct refdev_compiled {
    const struct vt_host *host;
    struct vt_graph *graph;
    struct refdev_settings settings;
    struct refdev_step *steps;
    int n_steps;
    int *slots_in; /* memory of all steps' `in` */
    int n_slots;
    int *last_use; /* per slot: the last step that reads it */
    int max_in;    /* of any step */
    int n_params, n_results;
};

extern const struct vt_compiled_fns refdev_compiled_fns;
extern const struct vt_request_fns refdev_request_fns;

/* plugin.c */
int refdev_properties(const struct vt_property **list, int *n);
int refdev_get(const struct refdev_settings *settings, const char *key, char *buf, size_t size,
               size_t *length);
int refdev_set(struct refdev_settings *settings, const char *key, const char *value, struct vt_error *err);

bool refdev_can_run(const struct vt_host *host, const struct vt_node *node);

/* compile.c */
int refdev_compile(void *plugin, const char *device_id, struct vt_graph *graph,
                   const struct vt_config *config, void **compiled, struct vt_error *err);

/* exec.c */
int refdev_create_request(void *compiled, void **request, struct vt_error *err);

#endif
