/* What implementations of operations see: the node with concrete shapes, layouts and costs to choose from,
 * and the building of a step.
 *
 * A plan is made for concrete shapes. For every node the candidates of impls.def are asked in order, best
 * first; the first that supports the node says which layouts it offers and what they cost; select.c weighs
 * costs and reorders over the whole graph; prepare() then fills the step. Nothing but run() happens at infer
 * time. */
#ifndef CPU_IMPL_H
#define CPU_IMPL_H

#include "kernels/isa.h"
#include "vt/host.h"

#include <stdatomic.h>

/* How a tensor lies in memory. Tensors below rank 3 are always plain. */
enum cpu_layout {
    CPU_PLAIN = 0, /* row-major as the graph has it */
    CPU_NXC = 1,   /* channels (axis 1) last: N, spatial..., C; pixels may be further apart than C */
};

struct cpu_model;
struct cpu_plan;
struct cpu_build;
struct cpu_run;
struct cpu_step;

#define CPU_LEFT_OUT (-1) /* value index of an input that is left out or is a constant taken raw */

/* How a plan got at a constant that one input reads. */
struct cpu_constant_use {
    bool packed; /* by cpu_weights() */
    bool read;   /* in place */
};

/* Weights of few bits (operation CompressedWeights): the constants that they are made of. */
struct cpu_stored {
    const struct vt_node *node;                /* the operation */
    const struct vt_node *data, *scale, *zero; /* scale and zero may be NULL */
};

/* One input or output of a node in a plan. */
struct cpu_arg {
    enum vt_type type;   /* VT_DYNAMIC: left out */
    int rank;            /* -1: known only at run time */
    const int64_t *dims; /* logical, as the graph has them */
    int64_t count;       /* elements */
    /* Constant: the data as the model stores it. `raw->type` may be f16 or bf16 where `type` is f32: a
     * decompression Convert is seen through. NULL for activations. */
    const struct vt_tensor *raw;
    const struct vt_node *constant; /* the node behind `raw` */
    /* NULL where they are no weights of few bits; else `raw` is what is stored, whose shape may differ. */
    const struct cpu_stored *stored;
    struct cpu_constant_use *use; /* of constants */
};

/* A node with concrete shapes. */
struct cpu_op {
    const struct vt_host *host;
    const struct cpu_model *model;
    const struct vt_node *node;
    const char *type; /* operation name */
    struct cpu_arg *in, *out;
    int n_in, n_out;
    enum cpu_isa isa;
    int threads;
    bool accurate; /* EXECUTION_MODE_HINT=ACCURACY: no faster way with a larger error */
};

/* One way to run a node. Layouts of activations only: constants are taken raw and adapted by prepare(). Input
 * 0 (for CPU_OPT_ALL_LIKE_0 every input of rank >= 3) comes in `in`, other inputs of rank >= 3 in `rest`,
 * outputs leave in `out`. */
struct cpu_option {
    enum cpu_layout in, rest, out;
    double cost; /* estimated nanoseconds of one thread, reorders excluded: the choice must not depend on
                    threads */
    int tag;     /* private to the implementation: which variant */
};

#define CPU_MAX_OPTIONS 4

/* Numbers that tell places or lengths: of i32, or (`wide`) of i64. */
static inline bool cpu_is_index(const struct cpu_arg *arg)
{
    return arg->type == VT_I32 || arg->type == VT_I64;
}

static inline int64_t cpu_index_at(const void *index, bool wide, int64_t i)
{
    return wide ? ((const int64_t *)index)[i] : ((const int32_t *)index)[i];
}

enum cpu_impl_flags {
    CPU_READS_STRIDED = 1 << 0,  /* NXC inputs may have pixels further apart than C */
    CPU_WRITES_STRIDED = 1 << 1, /* NXC outputs too: may write into a slice of a concatenation */
    CPU_IN_PLACE = 1 << 2, /* output 0 may share the memory of an input of the same size that dies here */
    CPU_ALIAS = 1 << 3,    /* no step: output 0 is input 0 with another shape */
    CPU_JOINS = 1 << 5,    /* output 0 is the inputs side by side along one axis: they may be made in place */
    CPU_SPLITS = 1 << 6,   /* the outputs are slices of input 0 along one axis: they may be views */
    CPU_TAKES_RAW = 1 << 4, /* constants are read through `raw` in prepare(); without it they become values in
                               the declared type */
};

struct cpu_impl {
    const char *name; /* "conv_nxc": what VT_LOG=dispatch, profiling and the runtime graph show */
    unsigned flags;

    /* Whether it can run the node at these shapes; if not, a reason for the log. */
    bool (*supports)(const struct cpu_op *op, const char **reason);

    /* Fill at most CPU_MAX_OPTIONS ways, return how many (at least 1). NULL: one plain way whose cost is
     * bytes moved. */
    int (*options)(const struct cpu_op *op, struct cpu_option *options);

    /* Fill step->run, step->data, step->scratch. */
    int (*prepare)(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err);

    /* The one input whose memory output 0 may share if it dies here, of the same size and layout and no other
     * input's memory; -1: none. NULL: none, or any with CPU_IN_PLACE. */
    int (*shared_input)(const struct cpu_op *op, const struct cpu_option *option);

    /* Bytes of packed weights beyond those of the model's own in f32; NULL: none to speak of. The sum over a
     * plan is bounded (select.c); a candidate that would exceed it is passed over. */
    size_t (*growth)(const struct cpu_op *op);

    /* Whether the node's weights would have another form with other shapes of what is no constant: such are
     * not packed before shapes are known. NULL: no. */
    bool (*form_varies)(const struct cpu_op *op);

    /* Bit i: input i may have a shape that only the run tells (then its tensor is run->dynamic[step->in[i]]),
     * while the outputs' shapes are known. The shape of a model's input that leads to none but such inputs is
     * no part of the plan's key. */
    unsigned takes_unknown;

    /* Bit i: input i comes plain, whatever the option says about the others. */
    unsigned always_plain;
};

/* ---- values: the tensors of a plan
 * ---------------------------------------------------------------------------- */

enum cpu_place {
    CPU_AT_ARENA,
    CPU_AT_INPUT,  /* the tensor bound to parameter `port` */
    CPU_AT_OUTPUT, /* the tensor given for result `port` */
    CPU_AT_CONST,
    CPU_AT_DYNAMIC, /* shape and memory come into being at run time */
};

struct cpu_value {
    struct vt_tensor t; /* type, logical dims, dense bytes; data only for CPU_AT_CONST */
    enum cpu_layout layout;
    int64_t pixel; /* NXC: elements from one pixel to the next, C when dense; else 0 */
    enum cpu_place place;
    int port;
    int parent;    /* value in whose memory it lies at `offset` bytes, or -1 */
    size_t offset; /* in the parent, or in the arena */
    size_t bytes;  /* memory it spans */
    int root;      /* end of the chain of parents, and its offset there; set when the plan is complete */
    size_t root_offset;
    int first, last; /* steps that write first and read last; of roots, views included */
};

/* A view `offset` bytes into its root; tensors without elements may have no memory. */
static inline void *cpu_part_of(void *root, size_t offset)
{
    return root ? (char *)root + offset : NULL;
}

/* ---- steps
 * ------------------------------------------------------------------------------------------------------ */

typedef int cpu_run_fn(const struct cpu_step *step, struct cpu_run *run);

struct cpu_step {
    cpu_run_fn *run;
    const void *data;    /* the implementation's own, in the plan's memory */
    const int *in, *out; /* value indices; CPU_LEFT_OUT where there is none */
    int n_in, n_out;
    size_t scratch; /* bytes a thread */
    bool serial;    /* too little work to hand any of it to another thread */
    const struct vt_node *node;
    const char *kernel; /* shown by profiling and VT_LOG=dispatch */
};

/* One inference on one stream. */
struct cpu_run {
    const struct vt_host *host;
    struct cpu_model *model;
    const struct cpu_plan *plan;
    struct cpu_frame *frame;
    const atomic_int *cancelled;
    void **data;               /* per value, where it is now */
    struct vt_tensor *dynamic; /* per value of CPU_AT_DYNAMIC, its tensor */
    struct vt_pool *pool;
    int threads;
    bool serial;   /* the running step's */
    char *scratch; /* of all threads */
    size_t scratch_stride;
    struct vt_state_store *states;
    struct vt_heap *heap; /* of the stream; NULL: the host has none */
    struct vt_error *err;
};

/* Memory for this inference, 64-byte aligned; NULL when out of it. For the thread that runs the steps. */
static inline void *cpu_borrow(const struct cpu_run *run, size_t bytes)
{
    return run->heap ? run->host->heap_alloc(run->heap, bytes) : run->host->alloc(bytes + 1);
}

static inline void cpu_return(const struct cpu_run *run, void *p)
{
    if (run->heap) {
        run->host->heap_free(run->heap, p);
    } else {
        run->host->free(p);
    }
}

static inline void *cpu_in(const struct cpu_step *step, const struct cpu_run *run, int i)
{
    return i < step->n_in && step->in[i] >= 0 ? run->data[step->in[i]] : NULL;
}

static inline void *cpu_out(const struct cpu_step *step, const struct cpu_run *run, int i)
{
    return run->data[step->out[i]];
}

/* Run tasks 0..count-1 on the stream's threads; `scratch` is the running thread's own, step->scratch bytes.
 */
void cpu_parallel(const struct cpu_run *run, int64_t count,
                  void (*fn)(void *arg, int64_t task, void *scratch), void *arg);

/* Cut [0, units) into at most `pieces` ranges and run them in parallel. */
void cpu_parallel_range(const struct cpu_run *run, int64_t units, int64_t pieces,
                        void (*fn)(void *arg, int64_t begin, int64_t end, void *scratch), void *arg);

/* ---- what prepare() may call
 * ------------------------------------------------------------------------------------- */

/* Zeroed memory that lives as long as the plan; NULL when out of memory. */
void *cpu_plan_alloc(struct cpu_build *b, size_t bytes);

/* The value bound to input or output i of the step being built (layout, pixel, dims); NULL where left out. */
const struct cpu_value *cpu_build_in(struct cpu_build *b, const struct cpu_step *step, int i);
const struct cpu_value *cpu_build_out(struct cpu_build *b, const struct cpu_step *step, int i);

/* Whether value `part` was placed inside the memory of value `whole`, `offset` bytes from its start. */
bool cpu_value_inside(const struct cpu_build *b, int part, int whole, size_t offset);

/* Into how many pieces to cut `ns` nanoseconds of work: 1 when handing over costs more than it gains. Must
 * not decide about results: cut only where any cut gives the same bits. */
int64_t cpu_pieces(const struct cpu_op *op, double ns);

/* Weights in executed form: one copy for all plans and streams of the model. `key` tells forms of the same
 * constant apart (include everything that the form depends on). fill() runs only the first time, on ranges of
 * [0, units) that the stream's threads share; the key must be the same in every process (no addresses). The
 * source's pages are given back afterwards when `raw` is not
 * used in place elsewhere. NULL and an error when it fails. 64-byte aligned. */
typedef void cpu_fill_fn(void *dst, void *ctx, int64_t first, int64_t last);
const void *cpu_weights(struct cpu_build *b, const struct cpu_arg *source, uint64_t key, size_t bytes,
                        cpu_fill_fn *fill, void *ctx, int64_t units, struct vt_error *err);

/* Before a constant of any size worth mentioning is read in place, through `raw`: a model that was loaded
 * from a file lacks those that all who use them took by cpu_weights(), where only fill() reads `raw`. False
 * and an error when it is absent. */
bool cpu_constant_there(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err);

/* A constant as dense f32, aligned; converted when stored otherwise. NULL and an error on failure. */
const float *cpu_constant_f32(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err);

/* A constant in its own type, aligned to its elements: as the model stores it, or a copy. NULL for an empty
 * one, or with an error on failure. */
const void *cpu_constant_aligned(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err);

/* What forms of weights of few bits depend on beside the stored numbers: which scales and zero points. */
uint64_t cpu_stored_key(const struct vt_host *host, const struct cpu_stored *stored);

/* Values of an i32 or i64 constant of at most `max` elements; false when it is no such constant. */
bool cpu_constant_i64s(const struct cpu_arg *source, int64_t *values, int max, int *n);

uint64_t cpu_key(uint64_t seed, const void *data, size_t bytes);

#endif
