/* The state of building a plan. */
#ifndef CPU_PLAN_H
#define CPU_PLAN_H

#include "model.h"

/* Physical forms of one graph tensor, by layout; -1 where not made. */
struct cpu_forms {
    int value[2];
};

/* A tensor made directly inside its concatenation. */
struct cpu_slice_of {
    int node;      /* index of the concat node, -1: none */
    int64_t begin; /* where along the axis, in elements of the axis */
};

struct cpu_build {
    struct cpu_model *model;
    const struct vt_host *host;
    struct vt_graph *graph;
    struct cpu_plan *plan;
    struct cpu_region temp; /* gone when the plan is complete */
    struct cpu_choice *choices;
    int n_nodes;
    int *tensor_base; /* per node, index of its output 0 in `forms` */
    struct cpu_forms *forms;
    struct cpu_slice_of *slices;
    int *pending; /* per value: reads of root memory yet to be built */
    int cap_values, cap_steps;
    bool *late; /* per node: it is in the tail; NULL: there is none */
    bool ahead; /* made for the weights alone */
};

/* ---- values.c */

/* A new value; -1 when out of memory. */
int cpu_value_add(struct cpu_build *b, const struct cpu_value *v);

static inline int cpu_tensor_id(const struct cpu_build *b, const struct vt_node *node, int port)
{
    return b->tensor_base[b->host->node_index(node)] + port;
}

/* The value of an input in the layout that the choice needs, making constants, views and reorders as needed.
 * CPU_LEFT_OUT for left-out inputs and raw constants. Negative status below CPU_LEFT_OUT on failure. */
int cpu_input_value(struct cpu_build *b, const struct cpu_choice *c, int input, struct vt_error *err);

/* The value of an output, placed as the plan wants it. */
int cpu_output_value(struct cpu_build *b, const struct cpu_choice *c, int output, const int *in, int n_in,
                     struct vt_error *err);

int cpu_value_root(const struct cpu_plan *plan, int value, size_t *offset);

/* ---- reorder.c: a step that copies `from` into `to` (layouts and pixel distances may differ). */
int cpu_reorder_step(struct cpu_build *b, int from, int to, struct vt_error *err);

/* The bytes of a constant, of which `from` is a value, in the layout of `to`: made once, when the plan is.
 * NULL with the message on failure. */
const void *cpu_reorder_constant(struct cpu_build *b, const struct cpu_arg *source,
                                 const struct cpu_value *from, const struct cpu_value *to,
                                 struct vt_error *err);

/* ---- plan.c */
struct cpu_step *cpu_step_add(struct cpu_build *b, int n_in, int n_out, struct vt_error *err);
/* Memory while the step runs: an output more that nobody reads, whose number is returned. Negative and the
 * message on failure. */
int cpu_step_memory(struct cpu_build *b, struct cpu_step *step, int64_t floats, struct vt_error *err);

/* ---- tail.c: what depends on shapes that only the data tells. First mark it, which takes the candidates of
 * its nodes away; when all other steps are there, add the one that runs it. */
int cpu_tail_find(struct cpu_build *b, struct vt_error *err);
int cpu_tail_build(struct cpu_build *b, struct vt_error *err);
/* Whether a node has an input of unknown shape that its candidate does not take; whether planning for shapes
 * as they come pays for its operation. */
bool cpu_reads_unknown(const struct cpu_choice *c);
bool cpu_is_heavy(const struct cpu_op *op);
/* Whether the node belongs to it. */
bool cpu_tail_has(const struct cpu_build *b, const struct vt_node *node);

/* ---- inplace.c: which tensors can be made inside their concatenation. */
int cpu_find_slices(struct cpu_build *b);
/* Whether output `output` of a splitting node may be a view of its input. */
bool cpu_split_view(struct cpu_build *b, const struct cpu_choice *c, int output);

/* Geometry of `part` inside `whole`, which differ along one axis at most: the axis, and whether the slice is
 * one run of memory (plain) or a channel slice (NXC). */
enum cpu_slice_kind { CPU_SLICE_NONE, CPU_SLICE_RUN, CPU_SLICE_CHANNELS };
enum cpu_slice_kind cpu_slice_geometry(int rank, const int64_t *whole, const int64_t *part,
                                       enum cpu_layout layout, int *axis);

#endif
