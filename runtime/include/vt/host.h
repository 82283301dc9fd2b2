/* The table of functions that the core hands to plugins and frontends: they link no symbol of the core.
 *
 * Methods are only appended. A plugin that needs a method checks vt_host_has() first when it wants to load on
 * older cores. Unless a comment says otherwise, every method may be called from any thread as long as no
 * other thread changes the same graph, and no pointer is optional. */
#ifndef VT_HOST_H
#define VT_HOST_H

#include "vt/graph.h"
#include "vt/levels.h"
#include "vt/op.h"
#include "vt/status.h"
#include <stddef.h>

#define VT_ABI_MAJOR 0
#define VT_ABI_MINOR 1

/* Every table that crosses the ABI starts with this. `size` is sizeof the table as its author knew it. */
struct vt_abi {
    uint16_t major, minor;
    uint32_t size;
};

#define VT_ABI_HEADER(type)                                                                                  \
    {                                                                                                        \
        VT_ABI_MAJOR, VT_ABI_MINOR, sizeof(type)                                                             \
    }

/* Whether a table covers a method and has it. */
#define VT_TABLE_HAS(table, method)                                                                          \
    ((table)->abi.size >= offsetof(__typeof__(*(table)), method) + sizeof((table)->method) &&                \
     (table)->method != NULL)

/* The processor as the core sees it, capped by VT_CPU_ISA. */
struct vt_cpu_info {
    uint32_t isas;        /* bit 1 << enum vt_isa for each set that CPU and OS support */
    enum vt_isa isa;      /* the highest of them */
    uint64_t l1d, l2, l3; /* bytes: of one core, of one core, a core's share */
    int cores;            /* physical cores available to the process */
    int threads;          /* min(affinity, cgroup quota) */
    const char *brand;
    int numa_nodes; /* at least 1 */
};

struct vt_pool;

enum vt_core_type { VT_CORES_ANY, VT_CORES_PERFORMANCE, VT_CORES_EFFICIENT };

/* Which processors a model's threads want. */
struct vt_cpus_wish {
    enum vt_core_type type; /* becomes VT_CORES_ANY where the machine has no cores of that type */
    bool one_per_core;      /* of a core's hardware threads the first alone */
    bool listed;            /* the numbers are wanted even if all processors will do */
    bool reserve;           /* nobody else gets them until cpus_release */
    int max;                /* 0: all there are */
};

struct vt_pool_options {
    int threads;
    const int *cpus; /* processors for the threads; NULL: wherever the system puts them */
    int n_cpus;
    bool pin;             /* thread i stays on cpus[i % n_cpus]; else each may use all of them */
    bool keep_subnormals; /* workers do not flush them to zero */
};

/* The value of a variable where it lies. */
struct vt_state_view {
    struct vt_tensor t; /* its shape; data lies as follows */
    /* axis >= 0: [outer][room][inner], of which t.dims[axis] rows count; -1: dense. */
    int axis;
    int64_t room;
    bool set; /* false: it has its initial value, and `t` means nothing */
};

struct vt_host {
    struct vt_abi abi;

    /* ---- log */
    void (*log)(enum vt_log_level level, const char *text);
    bool (*log_enabled)(unsigned categories); /* whether any is on: ask before building a costly text */
    void (*trace)(unsigned categories, const char *text);

    /* ---- memory, 64-byte aligned, not zeroed; free takes NULL */
    void *(*alloc)(size_t bytes);
    void (*free)(void *p);

    /* ---- the machine and its threads. A pool is used by one caller at a time; run() calls fn(arg, i) once
     * for each i in 0..count-1 and returns when all are done. threads 0: as many as available. */
    const struct vt_cpu_info *(*cpu)(void);
    struct vt_pool *(*pool_create)(int threads, struct vt_error *err);
    void (*pool_destroy)(struct vt_pool *pool);
    int (*pool_threads)(const struct vt_pool *pool);
    void (*pool_run)(struct vt_pool *pool, void (*fn)(void *arg, int64_t index), void *arg, int64_t count);
    void (*pool_each)(struct vt_pool *pool, void (*fn)(void *arg, int thread, int threads), void *arg);
    unsigned (*fp_begin)(void); /* flush denormals on this thread; returns what fp_end restores */
    void (*fp_end)(unsigned saved);

    /* ---- graphs. A graph handed to compile() belongs to the plugin, which destroys it. */
    struct vt_graph *(*graph_clone)(const struct vt_graph *graph, struct vt_error *err);
    void (*graph_destroy)(struct vt_graph *graph);
    const char *(*graph_name)(const struct vt_graph *graph);
    /* Run passes by name in the given order: "constant_folding,cse,fuse_conv". VT_E_NOT_FOUND for an unknown
     * one. The names are in runtime/graph/passes/passes.def. */
    int (*graph_passes)(struct vt_graph *graph, const char *names, struct vt_error *err);
    /* Give Parameters static shapes (one vt_pshape each, in order) and infer everything anew. */
    int (*graph_reshape)(struct vt_graph *graph, const struct vt_pshape *shapes, struct vt_error *err);
    int (*graph_n_nodes)(const struct vt_graph *graph);
    struct vt_node *(*graph_node)(const struct vt_graph *graph, int index); /* topological order */
    int (*graph_n_params)(const struct vt_graph *graph);
    struct vt_node *(*graph_param)(const struct vt_graph *graph, int index);
    int (*graph_n_results)(const struct vt_graph *graph);
    struct vt_node *(*graph_result)(const struct vt_graph *graph, int index);

    /* ---- nodes */
    const char *(*node_name)(const struct vt_node *node);
    const char *(*node_op)(const struct vt_node *node);    /* "Convolution" */
    int (*node_opset)(const struct vt_node *node);         /* 0: internal fused operation */
    unsigned (*node_flags)(const struct vt_node *node);    /* enum vt_op_flags */
    const char *(*node_fused)(const struct vt_node *node); /* names of the originals or NULL */
    int (*node_index)(const struct vt_node *node);         /* position in graph_node order */
    int (*node_n_in)(const struct vt_node *node);
    int (*node_n_out)(const struct vt_node *node);
    struct vt_edge (*node_in)(const struct vt_node *node, int input);
    int (*node_n_uses)(const struct vt_node *node, int output);
    struct vt_node *(*node_use)(const struct vt_node *node, int output, int use, int *input);
    const struct vt_value *(*node_value)(const struct vt_node *node, int output);
    /* Constant: its data, else NULL. The view lives as long as the graph. */
    const struct vt_tensor *(*node_constant)(const struct vt_node *node);
    /* Constant: tell that the data was copied and will not be read again through this graph: whole pages of
     * the mapped file are given back to the kernel (they come back by themselves when read). */
    void (*node_constant_drop)(const struct vt_node *node);

    /* ---- attributes; the name must be in the operation's schema */
    int64_t (*attr_i64)(const struct vt_node *node, const char *name);
    double (*attr_f64)(const struct vt_node *node, const char *name);
    const char *(*attr_str)(const struct vt_node *node, const char *name);
    const int64_t *(*attr_i64s)(const struct vt_node *node, const char *name, int64_t *n);
    const double *(*attr_f64s)(const struct vt_node *node, const char *name, int64_t *n);

    /* ---- references. node_shapes: output types and shapes for concrete inputs (rank -1: depends on data).
     * node_eval: run the reference; outputs with data NULL are allocated by alloc() and owned by the caller.
     */
    int (*node_shapes)(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                       struct vt_error *err);
    int (*node_eval)(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                     struct vt_state_store *states, struct vt_error *err);
    bool (*node_has_eval)(const struct vt_node *node);

    /* ---- variable states, one store a request: created from the graph's variables, reset to initial values
     */
    struct vt_state_store *(*states_create)(const struct vt_graph *graph, struct vt_error *err);
    void (*states_destroy)(struct vt_state_store *states);
    void (*states_reset)(struct vt_state_store *states);

    /* ---- building, for frontends. Errors name the node. node_create: `n_out` is what the file declares; an
     * operation with a fixed number of outputs gets all of them, and more is an error. VT_E_UNSUPPORTED when
     * there is no such operation in the opset. */
    struct vt_graph *(*graph_create)(const char *name, struct vt_error *err);
    struct vt_node *(*node_create)(struct vt_graph *graph, const char *op, int opset, const char *name,
                                   int n_in, int n_out, struct vt_error *err);
    int (*node_connect)(struct vt_node *node, int input, struct vt_node *src, int port, struct vt_error *err);
    /* Set an attribute from its text; VT_E_NOT_FOUND when the schema lacks the name. */
    int (*node_set_attr)(struct vt_node *node, const char *name, const char *text, struct vt_error *err);
    int (*node_add_tensor_name)(struct vt_node *node, int output, const char *name, struct vt_error *err);
    int (*node_add_rt_info)(struct vt_node *node, const char *name, const char *version, const char *value,
                            struct vt_error *err);
    int (*graph_add_rt_info)(struct vt_graph *graph, const char *path, const char *value,
                             struct vt_error *err);
    /* A Constant that views `t->data` inside `blob` (NULL: the data is copied). */
    struct vt_node *(*constant_create)(struct vt_graph *graph, const char *name, const struct vt_tensor *t,
                                       struct vt_blob *blob, struct vt_error *err);
    /* Sub-graphs: `body`, finished, becomes part of the node (on failure it stays the caller's), wired by
     * struct vt_body_map (vt/graph.h). */
    int (*node_add_body)(struct vt_node *node, struct vt_graph *body, struct vt_error *err);
    int (*node_map_body)(struct vt_node *node, int body, const struct vt_body_map *map, struct vt_error *err);
    /* Sort, check required attributes and inputs, infer types and shapes. */
    int (*graph_finish)(struct vt_graph *graph, struct vt_error *err);
    bool (*op_known)(const char *op);

    /* ---- files */
    int (*blob_map)(const char *path, struct vt_blob **blob, struct vt_error *err);
    const void *(*blob_data)(const struct vt_blob *blob, size_t *bytes);
    void (*blob_unref)(struct vt_blob *blob);

    /* ---- operations that this runtime does not have. The node keeps the place of an operation in the model:
     * it can be looked at and saved, while compiling it answers "not implemented". `opset` is the file's word
     * ("opset15", "extension"), attr_str(node, ".opset") gives it back; node_opset is its number or -1.
     * node_set_attr keeps every name, as a text. Output types and shapes are what the file declares. */
    struct vt_node *(*node_create_unknown)(struct vt_graph *graph, const char *op, const char *opset,
                                           const char *name, int n_in, int n_out, struct vt_error *err);
    int (*node_declare_output)(struct vt_node *node, int output, enum vt_type type,
                               const struct vt_pshape *shape, struct vt_error *err);
    int (*node_n_bodies)(const struct vt_node *node);
    struct vt_graph *(*node_body)(const struct vt_node *node, int body);

    /* ---- compiled models as files. graph_write gives the graph as bytes, exact, in a form that only the
     * same build of the runtime reads. `place` says for each Constant, sub-graphs included, where its data is
     * kept (its space and offset) or that it is nowhere; NULL puts all into the form. graph_read takes any
     * bytes: VT_E_FORMAT for what is no graph. Constants view the spaces, to whose blobs the graph takes
     * references; absent ones have addresses in a range of `absent` bytes, where all reads as zero. */
    int (*graph_write)(const struct vt_graph *graph,
                       int (*place)(void *ctx, const struct vt_node *constant, struct vt_graph_place *place),
                       int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                       struct vt_error *err);
    int (*graph_read)(const void *data, size_t bytes, const struct vt_graph_space *spaces, int n_spaces,
                      size_t absent, struct vt_graph **graph, struct vt_error *err);
    bool (*node_constant_absent)(const struct vt_node *node);
    /* Constant: the mapped file that holds its data, and where; NULL when it lies in memory. */
    const struct vt_blob *(*node_constant_blob)(const struct vt_node *node, uint64_t *offset);
    /* Path and time of change (nanoseconds) of a mapped file; NULL for memory. */
    const char *(*blob_file)(const struct vt_blob *blob, int64_t *mtime);
    struct vt_blob *(*blob_ref)(struct vt_blob *blob); /* returns its argument */
    /* 64-bit hash, fast and no defence against malice; `seed` chains. */
    uint64_t (*hash)(const void *data, size_t bytes, uint64_t seed);

    /* ---- processors. cpus_choose: how many processors the wish leaves, at least one, in *n, and their
     * numbers in *cpus (for free()), the best first; *cpus is NULL when any will do. Reserved ones are given
     * to nobody else until cpus_release. VT_E_DEVICE when all are reserved. */
    int (*cpus_choose)(struct vt_cpus_wish *wish, int **cpus, int *n, struct vt_error *err);
    void (*cpus_release)(const int *cpus, int n);
    struct vt_pool *(*pool_create_on)(const struct vt_pool_options *options, struct vt_error *err);
    /* Between them the calling thread is thread 0 of the pool: on its processors, with the floating-point
     * mode of its workers. Neither allocates. */
    void (*pool_enter)(struct vt_pool *pool);
    void (*pool_leave)(struct vt_pool *pool);
    unsigned (*fp_keep)(void); /* keep denormals on this thread; returns what fp_end restores */

    /* Ask node_eval, which runs with these states, to stop between two nodes of a sub-graph with
     * VT_E_CANCELLED, or take that back: a Loop may never end by itself. From any thread. */
    void (*states_cancel)(struct vt_state_store *states, bool cancelled);

    /* ---- one model for many shapes. A copy whose parameters have these shapes (one vt_pshape each, in
     * order; NULL: as they are), inferred once: cheaper than graph_clone and graph_reshape. It reads the
     * constants of `graph`, which must live longer, and has no tensor names and no rt_info. graph_bytes: the
     * memory that a graph takes, what it reads of others' not counted. */
    struct vt_graph *(*graph_clone_shaped)(const struct vt_graph *graph, const struct vt_pshape *shapes,
                                           struct vt_error *err);
    size_t (*graph_bytes)(const struct vt_graph *graph);
    /* A copy of the nodes for which inside[node_index] holds, with a Parameter for each output of others that
     * they read, which `edges` lists in the same order (room for as many as all nodes have inputs); what
     * depends on constants alone is copied along. Results are those inside, in the order of their nodes. It
     * reads the constants of `graph`, which must live longer. */
    struct vt_graph *(*graph_part)(const struct vt_graph *graph, const bool *inside, struct vt_edge *edges,
                                   int *n_edges, struct vt_error *err);
    /* How a body of a node is wired; the list lives as long as the node. */
    const struct vt_body_map *(*node_body_maps)(const struct vt_node *node, int body, int *n);

    /* ---- building, while the model is read. node_infer: check required attributes and inputs and infer the
     * node's outputs from those of its inputs, which are inferred already; graph_finish infers all anew.
     * node_set_name: another friendly name. constant_clone: a Constant of another graph again, in this one;
     * both share the data. */
    int (*node_infer)(struct vt_node *node, struct vt_error *err);
    int (*node_set_name)(struct vt_node *node, const char *name, struct vt_error *err);
    struct vt_node *(*constant_clone)(struct vt_graph *graph, const struct vt_node *constant,
                                      const char *name, struct vt_error *err);

    /* ---- operations of the extensions (vintner_extension.h) that were added to the core which reads a model
     * on this thread: whether there is one of that name in a set that is none of the standard ones, or that
     * this runtime lacks: the version of an IR file's layer, an ONNX operator's domain. node_create_unknown
     * then creates a node of it instead of a stand-in: its inference says the outputs (node_declare_output
     * does nothing), node_set_attr follows its schema. */
    bool (*extension_op)(const char *op, const char *opset);

    /* A new inference begins: the texts of strings that earlier ones made are forgotten (vt/strings.h). A
     * device calls it first thing in each run, since the core copies results after the run. */
    void (*states_begin)(struct vt_state_store *states);
    /* ---- variables that grow along an axis without being copied each time. state_extend makes the value a
     * tensor of `want`'s type and dims that keeps its rows along the axis, those that come to it not being
     * written yet; a value that is set must agree in all else. state_reorder makes row i along axis 0 what
     * row index[i] was; it does nothing to a variable that is not set. Views are valid until the next call
     * for the same variable. For the thread that runs the request. */
    int (*state_view)(struct vt_state_store *states, const char *name, struct vt_state_view *view,
                      struct vt_error *err);
    int (*state_extend)(struct vt_state_store *states, const char *name, const struct vt_tensor *want,
                        int axis, struct vt_state_view *view, struct vt_error *err);
    int (*state_reorder)(struct vt_state_store *states, const char *name, const int64_t *index, int64_t n,
                         struct vt_error *err);

    /* ---- references without allocation. A heap is memory for one inference after another: heap_reset gives
     * back all that was taken (what is still held is gone), and after an inference of the same sizes nothing
     * is allocated any more. heap_alloc: 64-byte aligned, not zeroed. node_eval_in: as node_eval, but the
     * reference takes all its memory from the heap, that of outputs too. For one thread at a time. */
    struct vt_heap *(*heap_create)(void);
    void (*heap_destroy)(struct vt_heap *heap);
    void *(*heap_alloc)(struct vt_heap *heap, size_t bytes);
    void (*heap_free)(struct vt_heap *heap, void *p);
    void (*heap_reset)(struct vt_heap *heap);
    int (*node_eval_in)(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                        struct vt_state_store *states, struct vt_heap *heap, struct vt_error *err);
    /* The name of the extension that extension_op finds; NULL when it finds none. It lives as long as the
     * core. */
    const char *(*extension_name)(const char *op, const char *opset);
};

#endif
