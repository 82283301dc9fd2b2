/* Compiled models: a plugin's object together with what users ask about it. All functions may be called from
 * several threads at once. */
#ifndef VT_COMPILED_H
#define VT_COMPILED_H

#include "arena.h"
#include "io.h"
#include "model.h"
#include "vt/plugin.h"

#include <pthread.h>
#include <stdatomic.h>

struct vt_executor;
struct vt_module;

struct vt_compiled {
    struct vt_module *module; /* the plugin, kept open */
    const struct vt_compiled_fns *fns;
    const struct vt_request_fns *request_fns;
    void *impl;
    struct vt_io *io[2]; /* by enum vt_side: a copy, later reshapes of the model do not show */
    int n_io[2];
    char *name;            /* of the model */
    char *device;          /* "CPU", "GPU.1" */
    bool from_cache;       /* loaded, not compiled; set right after creation */
    struct vt_arena arena; /* texts and ports */
    pthread_mutex_t lock;  /* around making the executor */
    struct vt_executor *executor;
    atomic_int refs;
};

/* Takes over a plugin's compiled model, also on failure, and copies what is known of the ports. One
 * reference.
 */
int vt_compiled_create(struct vt_module *module, void *impl, const char *device, const char *name,
                       const struct vt_io *const io[2], const int n_io[2], struct vt_compiled **compiled,
                       struct vt_error *err);

/* The threads that run asynchronous inferences, started at the first call. */
struct vt_executor *vt_compiled_executor(struct vt_compiled *compiled, struct vt_error *err);

struct vt_compiled *vt_compiled_ref(struct vt_compiled *compiled);
void vt_compiled_unref(struct vt_compiled *compiled);

/* *value is a new string for free(). VT_E_NOT_FOUND for an unknown key. */
int vt_compiled_get_property(struct vt_compiled *compiled, const char *key, char **value,
                             struct vt_error *err);

/* VT_E_UNSUPPORTED where the device cannot change a compiled model. */
int vt_compiled_set_property(struct vt_compiled *compiled, const char *key, const char *value,
                             struct vt_error *err);

/* The graph as it is executed, as a model of its own. */
int vt_compiled_runtime_model(struct vt_compiled *compiled, struct vt_model **model, struct vt_error *err);

/* Write all of it, ports included, in pieces; vt_core_import reads it. */
int vt_compiled_export(struct vt_compiled *compiled, int (*write)(void *ctx, const void *data, size_t bytes),
                       void *ctx, struct vt_error *err);

/* VT_E_UNSUPPORTED where the device does not count. */
int vt_compiled_memory(struct vt_compiled *compiled, struct vt_memory_stats *stats, struct vt_error *err);

#endif
