/* Inside of the CPU plugin: compiled models, streams, plans, requests. */
#ifndef CPU_MODEL_H
#define CPU_MODEL_H

#include "impl.h"
#include "property.h"
#include "region.h"
#include "vt/plugin.h"

#include <pthread.h>
#include <stdatomic.h>

struct cpu_config {
    int threads; /* of one stream */
    int streams;
    bool perf_count;
    bool accurate; /* EXECUTION_MODE_HINT */
    bool keep_subnormals;
    bool single; /* NUM_STREAMS=0: no thread but the caller's */
    bool pin;
    bool reserve;                /* `cpus` are to be released */
    enum vt_core_type core_type; /* that the processors are of */
    int *cpus;                   /* the model's processors; NULL: any of the process */
    int n_cpus;
};

/* Weights in executed form. */
struct cpu_weight {
    const void *source; /* data pointer of the constant */
    uint64_t key;
    void *data;
    size_t bytes, wanted; /* with and without what fills the last 64 bytes */
    struct cpu_weight *next;
};

#define CPU_WEIGHT_BUCKETS 256

struct cpu_weights_cache {
    pthread_mutex_t lock;
    struct cpu_weight *buckets[CPU_WEIGHT_BUCKETS];
    struct cpu_weights_chunk *chunks; /* the newest is the one being filled */
    const void **sources;             /* addresses of the constants of the model's own graph, sorted */
    int n_sources;
    uint64_t bytes;  /* of memory of its own */
    uint64_t mapped; /* of the blob that the model came from */
};

/* Everything fixed for one set of shapes. */
struct cpu_plan {
    struct cpu_region region;
    struct vt_graph *graph; /* of its own when the model is dynamic */
    bool owns_graph;
    struct cpu_value *values;
    int n_values;
    struct cpu_step *steps;
    int n_steps;
    int *results; /* per result, the value at CPU_AT_OUTPUT or CPU_AT_DYNAMIC */
    int n_results;
    size_t arena_bytes, scratch_bytes;
    bool has_dynamic;
    struct cpu_plans *inner; /* of sub-graphs that its steps run */
    int *ports;              /* values that lie in inputs and outputs: bound anew for each inference */
    int n_ports;
    uint64_t id;      /* unique in the process */
    int64_t *key;     /* ranks and dims of the parameters */
    uint64_t hash;    /* of the key */
    size_t bytes;     /* that it takes, its graph included */
    atomic_int users; /* inferences that use it now; the LRU drops only idle ones */
    uint64_t used;    /* clock of the LRU */
    struct cpu_plan *next;
};

#define CPU_PLAN_BUCKETS 128

/* The plans of one graph (plans.c). */
struct cpu_plans {
    struct cpu_model *model; /* NULL: not begun */
    struct vt_graph *graph;
    int n_params;
    uint32_t *open;         /* per parameter, bit k: dimension k is no part of the key; NULL: none is */
    struct cpu_plan *fixed; /* the one of a graph whose parameters are static: there are no others */
    pthread_mutex_t lock;
    struct cpu_plan *buckets[CPU_PLAN_BUCKETS];
    int n;
    size_t bytes;       /* of all plans */
    size_t arena_bytes; /* of the largest yet */
    /* What the largest shapes that there may be will want; 0: not known, or very much. */
    size_t reserve_arena, reserve_scratch;
    uint64_t clock;
    bool owns_graph;
    bool inner;             /* of a sub-graph */
    struct cpu_plans *next; /* of the same plan */
};

/* Memory that grows and stays. */
struct cpu_buffer {
    void *data;
    size_t bytes;
};

/* Anonymous memory, of which only what is touched is there. */
struct cpu_mapping {
    char *data;
    size_t bytes;
    bool huge; /* huge pages were asked for */
};

/* Memory of a plan that runs. One that runs inside of a step of another has the next deeper frame. */
struct cpu_frame {
    struct cpu_mapping arena, scratch;
    void **data;
    struct vt_tensor *dynamic;
    int n_values;
    uint64_t bound;             /* id of the plan that `data` is filled for; 0: none */
    struct cpu_buffer *buffers; /* of steps that run plans in the deeper frame */
    int n_buffers;
    bool outermost;           /* of the model's own plans */
    struct cpu_frame *deeper; /* NULL: none was needed yet */
};

/* What one running inference needs. */
struct cpu_stream {
    struct vt_pool *pool;
    struct vt_heap *heap; /* of what lives within an inference; NULL: the host has none */
    struct cpu_frame frame;
    struct cpu_stream *next_free;
};

struct cpu_model {
    const struct vt_host *host;
    enum cpu_isa isa;
    struct cpu_config config;
    struct cpu_properties properties; /* as they were when it was compiled */
    struct vt_graph *graph;
    int n_params, n_results;
    bool dynamic;
    struct cpu_weights_cache weights;
    struct vt_blob *blob; /* that it was loaded from, or NULL */
    bool *covered;        /* per node of `graph`: a constant that the plan has in packed forms only; static
                             models */
    struct cpu_plans plans;

    pthread_mutex_t stream_lock;
    pthread_cond_t stream_freed;
    struct cpu_stream *streams, *free_streams;
};

/* ---- compile.c. Graph and processors belong to the model, also on failure. */
void cpu_config_finish(const struct vt_host *host, const struct cpu_config *config);
int cpu_model_create(const struct vt_host *host, struct vt_graph *graph, const struct cpu_config *config,
                     struct cpu_model **model, struct vt_error *err);
/* From a graph after all passes, with packed forms that lie in `blob` from `data` on (see blob.h). */
struct cpu_blob_item;
int cpu_model_load(const struct vt_host *host, struct vt_graph *graph, const struct cpu_config *config,
                   struct vt_blob *blob, const char *data, const struct cpu_blob_item *items, size_t n_items,
                   struct cpu_model **model, struct vt_error *err);
void cpu_model_destroy(struct cpu_model *model);

/* ---- plans.c */
/* The graph must live longer. */
void cpu_plans_init(struct cpu_plans *plans, struct cpu_model *model, struct vt_graph *graph);
void cpu_plans_finish(struct cpu_plans *plans);
/* The plan for inputs of these shapes, found or made; release it with cpu_plan_release. From any thread. */
int cpu_plans_get(struct cpu_plans *plans, const struct vt_tensor *inputs, struct cpu_plan **plan,
                  struct vt_error *err);
/* The one that was used last, or NULL; release it, too. */
struct cpu_plan *cpu_plans_newest(struct cpu_plans *plans);
void cpu_plan_release(struct cpu_plan *plan);
/* Plans of a sub-graph, which belong to the plan being built, as does with `owns` the graph, also on failure:
 * NULL and the message. */
struct cpu_plans *cpu_plans_inner(struct cpu_build *b, struct vt_graph *graph, bool owns,
                                  struct vt_error *err);
/* While compiling: find the dimensions that are no part of the key, since none but inputs that may have
 * unknown shapes depend on them: lengths of caches and masks. Before any plan is made. */
void cpu_plans_open(struct cpu_plans *plans);
/* While compiling: pack what does not depend on the shapes, by making a plan for shapes that might come:
 * where the parameters are bounded, the largest, which also tell how much memory to reserve. */
void cpu_plans_pack(struct cpu_plans *plans);
/* The latter alone. */
void cpu_plans_reserve(struct cpu_plans *plans);

/* ---- plan.c: build a plan for a graph whose parameters are static. */
/* `ahead`: for the weights alone, which it packs; it is never run. */
struct cpu_plan *cpu_plan_create(struct cpu_model *model, struct vt_graph *graph, bool owns_graph, bool ahead,
                                 struct vt_error *err);
void cpu_plan_destroy(const struct vt_host *host, struct cpu_plan *plan);

/* Options of the node with concrete shapes; ops of a graph, indexed like its nodes. `impl` is NULL where no
 * step is needed (Parameter, Constant, Result, decompression Convert). */
struct cpu_choice {
    struct cpu_op op;
    const struct cpu_impl *impl;
    struct cpu_option options[CPU_MAX_OPTIONS];
    int n_options, chosen;
    bool dynamic; /* some shape is known only at run time */
};

/* ---- select.c */
struct cpu_choice *cpu_select(struct cpu_model *model, struct vt_graph *graph, struct cpu_region *region,
                              struct vt_error *err);
enum cpu_layout cpu_option_input_layout(const struct cpu_choice *c, int input);
/* Constant behind an input, decompression seen through; NULL for activations. */
const struct vt_node *cpu_constant_of(const struct vt_host *host, const struct vt_node *node, int input);
/* The candidate that a node alone would get, NULL: none. `reason` says why the first of the better ones was
 * refused, or is empty. */
const struct cpu_impl *cpu_impl_judge(struct cpu_model *model, struct cpu_region *region,
                                      const struct vt_node *node, char *reason, size_t size);

/* Whether an operation has a candidate that takes inputs of unknown shapes. */
bool cpu_takes_unknown(const char *op);

/* ---- query.c: the method of struct vt_plugin, for a model compiled with this configuration. */
int cpu_query(const struct vt_host *host, const struct vt_graph *graph, const struct cpu_config *config,
              void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
              struct vt_error *err);

/* The passes that a graph goes through before anything is chosen (compile.c). */
extern const char cpu_passes[];

/* ---- memory.c: give every arena value an offset; returns the arena's size. */
size_t cpu_plan_memory(struct cpu_plan *plan);
/* Bytes that live at the same time at most: no placing can do with less. */
size_t cpu_plan_least(const struct cpu_plan *plan);

/* ---- weights.c */
void cpu_weights_init(struct cpu_weights_cache *cache);
/* Note which constants live as long as the model: only their executed forms are kept across plans. */
bool cpu_weights_sources(struct cpu_weights_cache *cache, const struct vt_host *host,
                         const struct vt_graph *graph);
void cpu_weights_finish(struct cpu_weights_cache *cache);
/* Use a form that lies elsewhere for as long as the model lives, 64-byte aligned. False: out of memory. */
bool cpu_weights_adopt(struct cpu_weights_cache *cache, const void *source, uint64_t key, const void *data,
                       size_t bytes);

static inline bool cpu_constant_absent(const struct vt_host *host, const struct vt_node *constant)
{
    return VT_TABLE_HAS(host, node_constant_absent) && host->node_constant_absent(constant);
}

/* ---- stream.c */
int cpu_streams_create(struct cpu_model *model, struct vt_error *err);
void cpu_streams_destroy(struct cpu_model *model);
/* Waits for a free one. */
struct cpu_stream *cpu_stream_take(struct cpu_model *model);
/* NULL when all are in use. */
struct cpu_stream *cpu_stream_try(struct cpu_model *model);
void cpu_stream_give(struct cpu_model *model, struct cpu_stream *stream);
/* Memory and pointers of a plan; nothing to do when it is the plan that ran last. */
int cpu_frame_bind(struct cpu_model *model, struct cpu_frame *frame, const struct cpu_plan *plan,
                   struct vt_error *err);
/* Buffer `index` of a frame with room for so many bytes, what it held kept; NULL: out of memory. */
void *cpu_frame_buffer(struct cpu_frame *frame, int index, size_t bytes);

/* ---- run.c */

/* What a plan reads and where it writes. */
struct cpu_ports {
    const struct vt_tensor *inputs; /* of the types and shapes that the plan is for */
    /* Memory for result `port` of this type and shape; called once for each. NULL with a status and the
     * message on failure, or where there is no element. */
    void *(*output)(void *ctx, int port, const struct vt_tensor *want, int *status, struct vt_error *err);
    void *ctx;
};

/* `run` has model, pool, threads, states, cancelled and err; the rest is filled in. With `profile`, a row a
 * step, times are taken. */
int cpu_run_plan(struct cpu_run *run, const struct cpu_plan *plan, struct cpu_frame *frame,
                 const struct cpu_ports *ports, struct vt_profile *profile);
/* Memory for an output of this shape, which may have come out of the data; NULL with the message when there
 * is none, or the shape is not the one that was known. */
void *cpu_output_now(struct cpu_run *run, const struct cpu_step *step, int port, enum vt_type type, int rank,
                     const int64_t *dims);
/* Inside of a step: the plan of a sub-graph for these inputs, found or made, in the next deeper frame. */
int cpu_run_inner(const struct cpu_run *outer, struct cpu_plans *plans, const struct cpu_ports *ports);

/* ---- runtime_graph.c: the method of struct vt_compiled_fns. */
int cpu_runtime_graph(void *compiled, struct vt_graph **graph, struct vt_error *err);

/* ---- exec.c */
extern const struct vt_request_fns cpu_request_fns;
int cpu_request_create(void *compiled, void **request, struct vt_error *err);

#endif
