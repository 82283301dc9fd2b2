/* What a device plugin implements: const tables of functions.
 *
 * A plugin is a shared object that exports one symbol, `vt_plugin_entry`, which returns a struct vt_plugin.
 * Every table starts with struct vt_abi; methods are only appended; a method is used only where `size` covers
 * it and it is not NULL. Another major version is refused with a message.
 *
 * The core checks arguments, keeps busy states, runs callbacks, makes async out of sync, and converts
 * tensors, so a plugin sees valid calls only: bound tensors have the port's type and a shape that it accepts.
 * Methods return 0 or a negative VT_E status with the message in `err`. Objects are opaque pointers of the
 * plugin's own. */
#ifndef VT_PLUGIN_H
#define VT_PLUGIN_H

#include "vt/host.h"

/* A configuration: key and value texts, all known to the plugin's property list and validated by it. */
struct vt_config {
    int n;
    const char *const *keys;
    const char *const *values;
};

/* One device that the plugin sees now. */
struct vt_device {
    const char *id;        /* "" when there is just one, else "0", "1", ... */
    const char *full_name; /* "AMD EPYC 9654 ..." */
};

/* Verdict on a node by query(). */
struct vt_node_support {
    const struct vt_node *node;
    bool supported;
    const char *kernel;    /* what would run it; may be NULL */
    const char *precision; /* "f32"; may be NULL */
    const char *reason;    /* why not, or why not a better kernel; may be NULL */
};

enum vt_profile_status {
    VT_PROFILE_NOT_RUN = 0,
    VT_PROFILE_OPTIMIZED_OUT = 1,
    VT_PROFILE_EXECUTED = 2,
};

/* Times of one step of the last inference; texts live as long as the compiled model. */
struct vt_profile {
    enum vt_profile_status status;
    int64_t real_us, cpu_us;
    const char *node_name; /* of the model as it was read */
    const char *node_type; /* operation */
    const char *exec_type; /* kernel and precision: "gemm_avx512_f32" */
};

struct vt_memory_stats {
    uint64_t weights;          /* bytes the compiled model holds for weights in executed form */
    uint64_t arena;            /* planned memory of all streams */
    uint64_t constants_mapped; /* bytes used in place from mapped files */
};

struct vt_compiled_fns;
struct vt_request_fns;
struct vt_context_fns;

/* A property as plugins list them. */
struct vt_property {
    const char *key;
    bool writable;
    bool hidden; /* can be used but SUPPORTED_PROPERTIES does not list it */
};

struct vt_plugin {
    struct vt_abi abi;
    const char *name;    /* device name: "CPU" */
    const char *version; /* build version, shown by ov_core_get_versions_by_device_name */
    const char *description;

    /* Once per core. `host` lives longer than the plugin object. */
    int (*create)(const struct vt_host *host, void **plugin, struct vt_error *err);
    void (*destroy)(void *plugin);

    /* Devices present now; `reason` (may come back NULL) says why there are none. Memory is the plugin's. */
    int (*devices)(void *plugin, const struct vt_device **list, int *n, const char **reason);

    /* Properties of the device. get writes the text of a value into buf (at most size bytes with NUL) and its
     * full length into *length. VT_E_NOT_FOUND for an unknown key, VT_E_INVALID for a bad value, with the
     * allowed ones. */
    int (*properties)(void *plugin, const struct vt_property **list, int *n);
    int (*get_property)(void *plugin, const char *device_id, const char *key, char *buf, size_t size,
                        size_t *length, struct vt_error *err);
    int (*set_property)(void *plugin, const char *device_id, const char *key, const char *value,
                        struct vt_error *err);

    /* Calls `verdict` once for each node of the graph, which stays untouched. Nodes with the flag
     * VT_OP_UNKNOWN may be among them. */
    int (*query)(void *plugin, const struct vt_graph *graph, const struct vt_config *config,
                 void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                 struct vt_error *err);

    /* Compile for a device. The graph belongs to the plugin from here on, also when it fails. `config` is
     * only valid during the call. */
    int (*compile)(void *plugin, const char *device_id, struct vt_graph *graph,
                   const struct vt_config *config, void **compiled, struct vt_error *err);

    /* Load what export wrote. Optional. */
    int (*import)(void *plugin, const char *device_id, const void *blob, size_t bytes,
                  const struct vt_config *config, void **compiled, struct vt_error *err);

    const struct vt_compiled_fns *compiled;
    const struct vt_request_fns *request;
    const struct vt_context_fns *context; /* optional: devices with memory of their own */

    /* As import, from `offset` on in a blob to which the plugin may take a reference (host->blob_ref), so
     * that what lies in it can be used in place: it is 64-byte aligned where export wrote it so, counted from
     * the first byte that it wrote. Used instead of import where it is there. Optional. */
    int (*import_blob)(void *plugin, const char *device_id, struct vt_blob *blob, size_t offset,
                       const struct vt_config *config, void **compiled, struct vt_error *err);

    /* What the compiled form of a model depends on beside the model: processor, precision, ... as a text, for
     * the cache of models. As get_property. Optional: without it everything in `config` counts. */
    int (*cache_key)(void *plugin, const char *device_id, const struct vt_config *config, char *buf,
                     size_t size, size_t *length, struct vt_error *err);
};

/* All methods may be called from several threads at once. */
struct vt_compiled_fns {
    struct vt_abi abi;

    void (*destroy)(void *compiled); /* after all its requests */
    int (*create_request)(void *compiled, void **request, struct vt_error *err);
    int (*properties)(void *compiled, const struct vt_property **list, int *n);
    int (*get_property)(void *compiled, const char *key, char *buf, size_t size, size_t *length,
                        struct vt_error *err);
    int (*set_property)(void *compiled, const char *key, const char *value,
                        struct vt_error *err); /* optional */
    /* How many requests can run at the same time: the number of streams. The core runs as many asynchronous
     * inferences at once; users may call synchronous ones from more threads than that, and run may then wait.
     */
    int (*concurrency)(void *compiled);
    /* The graph as it is executed, for display; the caller destroys it through the host. Optional. */
    int (*runtime_graph)(void *compiled, struct vt_graph **graph, struct vt_error *err);
    /* Write a blob through `write` (0 or negative). Optional. */
    int (*export)(void *compiled, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                  struct vt_error *err);
    int (*memory)(void *compiled, struct vt_memory_stats *stats); /* optional */
    /* As export, but small: weights stay in the files that the model was read from, and loading is slower.
     * Optional. */
    int (*export_small)(void *compiled, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                        struct vt_error *err);
};

/* One request is used by one thread at a time, except cancel. Ports count the model's parameters and results.
 */
struct vt_request_fns {
    struct vt_abi abi;

    void (*destroy)(void *request);

    /* The tensor that the next runs read; its data stays the caller's and unchanged until run returns. The
     * view is copied. */
    int (*bind_input)(void *request, int port, const struct vt_tensor *t, struct vt_error *err);

    /* Where the next runs write an output. NULL: into memory of the core's choosing, through `output`. A
     * bound tensor has room for `capacity` bytes. The core binds outputs of static shape and leaves dynamic
     * ones to `output`. */
    int (*bind_output)(void *request, int port, const struct vt_tensor *t, size_t capacity,
                       struct vt_error *err);

    /* Run to the end. For each output without a bound tensor (or whose bound tensor is too small) the plugin
     * calls `output` once with type and shape filled in before it writes; the core fills in data. Called at
     * infer time, so static models call it with the same shape each time and the core gives the same memory.
     */
    int (*run)(void *request, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err);

    /* Ask a running inference to stop between steps; run then returns VT_E_CANCELLED. From any thread. The
     * wish is forgotten when run begins: one that comes before is kept by the core. */
    void (*cancel)(void *request);

    /* Variable states of this request, and the profile of the last run (times only with PERF_COUNT). */
    struct vt_state_store *(*states)(void *request);                       /* optional */
    int (*profile)(void *request, const struct vt_profile **list, int *n); /* optional */

    /* Forget earlier cancels now; the next run then forgets none, so that no cancel between the two is lost.
     * Called before each run where it is there. Optional. */
    void (*begin)(void *request);
};

/* Remote contexts and tensors of devices with memory of their own. */
struct vt_context_fns {
    struct vt_abi abi;

    int (*create)(void *plugin, const char *device_id, const struct vt_config *config, void **context,
                  struct vt_error *err);
    void (*destroy)(void *context);
    int (*params)(void *context, const char **text, struct vt_error *err);
    int (*tensor_create)(void *context, const struct vt_tensor *shape, const struct vt_config *config,
                         void **tensor, struct vt_error *err);
    void (*tensor_destroy)(void *tensor);
    int (*tensor_map)(void *tensor, struct vt_tensor *view, struct vt_error *err);
    int (*tensor_unmap)(void *tensor, struct vt_error *err);
};

/* The exported symbol. `host_major` and `host_minor` are the core's ABI: a plugin may return NULL when it
 * cannot live with them. */
#define VT_PLUGIN_SYMBOL "vt_plugin_entry"
typedef const struct vt_plugin *(*vt_plugin_entry_fn)(int host_major, int host_minor);

#endif
