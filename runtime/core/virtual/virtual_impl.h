/* What the files of the virtual devices share. */
#ifndef VT_VIRTUAL_IMPL_H
#define VT_VIRTUAL_IMPL_H

#include "core_impl.h"
#include "virtual.h"

#include <pthread.h>
#include <stdatomic.h>

struct vt_taken;

/* The plugin object. */
struct vt_virtual {
    struct vt_core *core; /* no reference */
    enum vt_virtual_kind kind;
    pthread_mutex_t lock;        /* around what follows */
    struct vt_settings settings; /* properties set for the device; others are at their defaults */
    struct vt_taken *taken;      /* AUTO: which devices models of which priority use */
};

/* ---- property.c: what each kind has, and what of a configuration is whose */

int vt_virtual_properties(const struct vt_virtual *v, const struct vt_property **list, int *n);
int vt_virtual_get_property(struct vt_virtual *v, const char *key, char *buf, size_t size, size_t *length,
                            struct vt_error *err);
int vt_virtual_set_property(struct vt_virtual *v, const char *key, const char *value, struct vt_error *err);
bool vt_virtual_has_property(enum vt_virtual_kind kind, const char *key);

/* A configuration for compiling taken apart. */
struct vt_virtual_config {
    struct vt_settings own;  /* every property of the kind, with its value */
    struct vt_settings pass; /* what goes on to the devices that know it */
};

/* VT_E_INVALID for a bad value. The caller finishes the result, also on failure. */
int vt_virtual_config_init(struct vt_virtual_config *c, struct vt_virtual *v, const struct vt_config *config,
                           struct vt_error *err);
void vt_virtual_config_finish(struct vt_virtual_config *c);

/* ---- list.c, member.c: the devices behind a virtual one */

enum vt_member_state { VT_MEMBER_NEW, VT_MEMBER_READY, VT_MEMBER_FAILED };

struct vt_member {
    struct vt_target target; /* holds a reference to its module */
    char name[VT_DEVICE_NAME];
    int amount; /* the 4 of "CPU(4)", else 0 */
    _Atomic(enum vt_member_state) state;
    struct vt_compiled *compiled; /* once the state is VT_MEMBER_READY */
    int users;              /* AUTO, MULTI: requests that have one of `compiled`, under the relay's lock */
    int concurrency;        /* of the compiled model */
    atomic_int running;     /* inferences at this moment */
    struct vt_error reason; /* why it failed */
};

struct vt_members {
    struct vt_member *items;
    int n;
};

/* The devices that a list stands for: in its order; without what it excludes by "-NAME"; all devices that
 * there are when it names none and the kind is AUTO. A device that is known but not there is left out.
 * VT_E_NOT_FOUND for a name that no plugin has, VT_E_INVALID for a virtual device in the list or a list that
 * cannot be read, VT_E_DEVICE when nothing is left. */
int vt_members_init(struct vt_members *members, struct vt_virtual *v, const char *list, struct vt_error *err);
void vt_members_finish(struct vt_members *members);

/* VT_E_NOT_FOUND when a property is known to none of the members. */
int vt_members_check_config(const struct vt_members *members, const struct vt_settings *pass,
                            enum vt_virtual_kind kind, struct vt_error *err);

/* Compile for a member what of `pass` it knows; `model` is not kept. On success it is ready, else it has
 * failed and its reason is set. */
int vt_member_compile(struct vt_core *core, struct vt_member *member, const struct vt_model *model,
                      const struct vt_settings *pass, struct vt_error *err);

/* The same for any model on a member's device; nothing of the member changes. */
int vt_member_build(struct vt_core *core, struct vt_member *member, const struct vt_model *model,
                    const struct vt_settings *pass, struct vt_compiled **compiled, struct vt_error *err);

/* What vt_compiled_export wrote for the member's device. */
int vt_member_import(struct vt_member *member, const void *data, size_t bytes, const struct vt_settings *pass,
                     struct vt_compiled **compiled, struct vt_error *err);

/* What the member's device says about each node of a graph. */
int vt_member_query(struct vt_member *member, const struct vt_graph *graph, const struct vt_settings *pass,
                    void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                    struct vt_error *err);

/* Names of the members that `wanted` picks (NULL: all), separated by `separator`: a new string. */
char *vt_members_names(const struct vt_members *members, bool (*wanted)(const struct vt_member *member),
                       const char *separator);
bool vt_member_is_ready(const struct vt_member *member);

/* "{CPU:{NUM_STREAMS:2,...},...}" of all ready members: a new string or NULL. */
char *vt_members_properties(const struct vt_members *members);

/* The number that a property of a compiled model says; `otherwise` when it says none. */
int vt_compiled_number(struct vt_compiled *compiled, const char *key, int otherwise);

/* The sum over all ready members. VT_E_UNSUPPORTED when one does not count. */
int vt_add_memory(struct vt_compiled *compiled, struct vt_memory_stats *sum); /* of one */
int vt_members_memory(const struct vt_members *members, struct vt_memory_stats *stats);

/* ---- bindings.c: what the core bound to a request of AUTO, MULTI or BATCH */

struct vt_binding {
    struct vt_tensor t;
    size_t capacity;
    bool bound;
};

struct vt_bindings {
    int n_io[2];
    struct vt_binding *io[2]; /* by side and port */
    uint32_t version;         /* another one after each change, never 0 at first */
};

/* The caller finishes the result, also on failure. */
int vt_bindings_init(struct vt_bindings *bindings, const int n_io[2], struct vt_error *err);
void vt_bindings_finish(struct vt_bindings *bindings);

/* t NULL: nothing is bound any more. */
void vt_bindings_put(struct vt_bindings *bindings, int side, int port, const struct vt_tensor *t,
                     size_t capacity);

/* Bind all of it to a device's request that knows the version *seen, 0: none, and knows this one then. */
int vt_bindings_tell(const struct vt_bindings *bindings, const struct vt_request_fns *fns, void *request,
                     uint32_t *seen, struct vt_error *err);

/* Whether a model has variable states. */
bool vt_graph_is_stateful(const struct vt_graph *graph);

/* Mark where a device's request forgets earlier cancels, if it can keep those that come before its run. */
void vt_member_begin(const struct vt_request_fns *fns, void *request);

/* Write a text as a property's value. */
int vt_put_value(const char *text, char *buf, size_t size, size_t *length);

/* ---- the kinds: tables, and compiling from a model that is theirs to keep */

extern const struct vt_compiled_fns vt_relay_compiled_fns;
extern const struct vt_request_fns vt_relay_request_fns;

extern const struct vt_compiled_fns vt_hetero_compiled_fns;
extern const struct vt_request_fns vt_hetero_request_fns;
extern const struct vt_compiled_fns vt_batch_compiled_fns;
extern const struct vt_request_fns vt_batch_request_fns;

/* Each takes over `members`, `config` and a reference of the model, also on failure. */
int vt_auto_compile(struct vt_virtual *v, struct vt_model *model, struct vt_members *members,
                    struct vt_virtual_config *config, void **compiled, struct vt_error *err);
int vt_hetero_compile(struct vt_virtual *v, struct vt_model *model, struct vt_members *members,
                      struct vt_virtual_config *config, void **compiled, struct vt_error *err);
/* What its export wrote. Takes over `members` and `config`, also on failure. */
int vt_hetero_import(struct vt_virtual *v, const void *blob, size_t bytes, struct vt_members *members,
                     struct vt_virtual_config *config, void **compiled, struct vt_error *err);

int vt_batch_compile(struct vt_virtual *v, struct vt_model *model, struct vt_members *members,
                     struct vt_virtual_config *config, void **compiled, struct vt_error *err);

/* One verdict for each node: the first device that can run it is its kernel. */
int vt_hetero_query(const struct vt_members *members, const struct vt_graph *graph,
                    const struct vt_settings *pass,
                    void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                    struct vt_error *err);

#endif
