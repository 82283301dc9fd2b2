/* The model: an arena of nodes joined by typed ports.
 *
 * Only the core, the operations and the passes see these structs; plugins and frontends reach a graph through
 * the accessors of the host table (vt/host.h). A graph is used by one thread at a time. Everything a graph
 * points to lives in its arena, except the data of constants, which are views into blobs that the graph holds
 * references to. */
#ifndef VT_GRAPH_IMPL_H
#define VT_GRAPH_IMPL_H

#include "arena.h"
#include "vt/graph.h"
#include "vt/op.h"
#include "vt/status.h"
#include "vt/tensor.h"

struct vt_blob;
struct vt_extension;
struct vt_graph;

/* One end of an edge: output `index` of `node`. node NULL: an optional input that is left out. */
struct vt_port {
    struct vt_node *node;
    int index;
};

/* One consumer of an output. */
struct vt_use {
    struct vt_node *node;
    int input;
};

struct vt_output {
    struct vt_value v;  /* type, partial shape, known values */
    const char **names; /* tensor names, may be empty; room for n_names rounded up to a power of two */
    int n_names;
    struct vt_use *uses; /* in no particular order */
    int n_uses, cap_uses;
};

/* One rt_info entry; `value` is the attribute text as the IR wrote it. */
struct vt_rt_info {
    const char *name, *version, *value;
    struct vt_rt_info *next;
};

struct vt_body {
    struct vt_graph *graph;
    struct vt_body_map *maps; /* room for n_maps rounded up to a power of two */
    int n_maps;
};

struct vt_node {
    const struct vt_op_def *op;
    const char *name;           /* friendly name, never NULL, need not be unique */
    union vt_attr_value *attrs; /* as many as op->attrs has rows */
    uint64_t attrs_given;       /* bit i: attribute i was set, not left at its default; only the first 64 */
    struct vt_port *in;
    int n_in;
    struct vt_output *out;
    int n_out;
    struct vt_tensor constant; /* Constant only */
    struct vt_blob *blob; /* Constant only: what holds the data, NULL when the arena does; the graph owns the
                             reference */
    struct vt_body *bodies; /* TensorIterator and Loop 1, If 2 (then, else) */
    int n_bodies;
    struct vt_rt_info *rt_info;
    const char *fused_names; /* original nodes that this one replaced, joined by ",", or NULL */
    struct vt_graph *graph;
    uint32_t id;   /* unique in the graph, grows with creation */
    uint32_t mark; /* scratch of traversals */
    int index;     /* position in graph->nodes, right after vt_graph_sort */
    bool dead;     /* removed; dropped by the next sort */
};

struct vt_graph {
    struct vt_arena arena;
    const char *name;
    struct vt_node **nodes; /* in topological order after vt_graph_sort */
    int n_nodes, cap_nodes;
    struct vt_node **params, **results,
        **sinks; /* Parameter, Result and Assign nodes, in the model's order */
    int n_params, n_results, n_sinks;
    int cap_params, cap_results, cap_sinks;
    struct vt_rt_info *rt_info; /* model-level, names joined by "/" */
    struct vt_arena values;     /* bounds of outputs; renewed by vt_graph_infer */
    struct vt_blob **blobs;
    int n_blobs, cap_blobs;
    struct vt_extension **extensions; /* whose operations the nodes have: references */
    int n_extensions, cap_extensions;
    uint32_t next_id;
    uint32_t mark;
    int depth; /* nesting of sub-graphs, for limits */
};

#define VT_MAX_GRAPH_DEPTH 16
#define VT_MAX_NODES       (1 << 22)

/* ---- building ---------------------------------------------------------------------------------------------
 */

/* NULL when out of memory. */
struct vt_graph *vt_graph_create(const char *name);

/* Also drops the references to blobs. NULL is allowed. */
void vt_graph_destroy(struct vt_graph *graph);

/* A deep copy (sub-graphs too) that shares the blobs. */
struct vt_graph *vt_graph_clone(const struct vt_graph *graph, struct vt_error *err);

/* A copy whose parameters have the given shapes (one each, in order; NULL: those of the original). It reads
 * the constants of the original, which must live longer, and has no tensor names and no rt_info. */
struct vt_graph *vt_graph_clone_shaped(const struct vt_graph *graph, const struct vt_pshape *shapes,
                                       struct vt_error *err);

/* A copy of the nodes for which inside[index] holds, with a Parameter for each output of others that they
 * read; what depends on constants alone is copied along. `edges` (room for as many as the graph has inputs of
 * nodes) gets these outputs in the order of the parameters. Results and sinks are those inside, in order of
 * their nodes. It reads the constants of the original, which must live longer. */
struct vt_graph *vt_graph_part(const struct vt_graph *graph, const bool *inside, struct vt_port *edges,
                               int *n_edges, struct vt_error *err);

/* Put copies of the nodes of an If's body `index` in the place of its outputs. The copies are not inferred;
 * the If stays, without consumers, until the next sort. VT_E_UNSUPPORTED, without a message and without a
 * change, for bodies that write variables or whose parameters are not inputs of the If as they are. */
int vt_node_inline_body(struct vt_node *node, int index, struct vt_error *err);

/* A node of operation `op` with `n_in` empty inputs and `n_out` outputs of unknown type; attributes have
 * their defaults. Parameter, Result and sink nodes are appended to the graph's lists. n_out -1: what the
 * operation says. The node is not inferred yet. NULL and an error when out of memory or the counts do not fit
 * the operation. */
struct vt_node *vt_node_create(struct vt_graph *graph, const struct vt_op_def *op, const char *name, int n_in,
                               int n_out, struct vt_error *err);

/* The same, with the operation found by name in an opset (0: internal) and its inputs connected. */
struct vt_node *vt_node_build(struct vt_graph *graph, const char *op, int opset, const char *name, int n_in,
                              const struct vt_port *in, struct vt_error *err);

/* (Re)connect input `input` of `node`, keeping the uses of both ends right. src.node NULL disconnects. */
int vt_node_set_input(struct vt_node *node, int input, struct vt_port src);

/* Append an input; returns its index or a negative status. */
int vt_node_add_input(struct vt_node *node, struct vt_port src);

/* A Constant holding `t`: copied into the graph's arena when `blob` is NULL, else t->data points into the
 * blob, of which the graph takes a reference. Strings are copied with their texts unless they lie in the
 * blob. Its output value is inferred. */
struct vt_node *vt_constant_create(struct vt_graph *graph, const char *name, const struct vt_tensor *t,
                                   struct vt_blob *blob, struct vt_error *err);

/* rank 0 (n 1) or rank 1. */
struct vt_node *vt_constant_i64s(struct vt_graph *graph, const char *name, int rank, int64_t n,
                                 const int64_t *values, struct vt_error *err);
struct vt_node *vt_constant_f32(struct vt_graph *graph, const char *name, float value, struct vt_error *err);

/* Take a reference that lasts as long as the graph. */
int vt_graph_hold_blob(struct vt_graph *graph, struct vt_blob *blob);

int vt_output_add_name(struct vt_graph *graph, struct vt_output *out, const char *name);

/* A stand-in for an operation that the registry lacks (VT_OP_UNKNOWN): no reference, never folded; its type
 * and shape inference yields what vt_unknown_declare said. Attributes are texts under any name. The operation
 * definition lives in the graph's arena. `opset` is the file's word for it, kept as attribute ".opset". */
struct vt_node *vt_unknown_create(struct vt_graph *graph, const char *op, const char *opset, const char *name,
                                  int n_in, int n_out, struct vt_error *err);
int vt_unknown_declare(struct vt_node *node, int output, enum vt_type type, const struct vt_pshape *shape);
int vt_unknown_set_attr(struct vt_node *node, const char *name, const char *text);

/* A copy of an unknown operation's definition in another graph's arena; NULL when out of memory. */
const struct vt_op_def *vt_unknown_copy_op(struct vt_arena *arena, const struct vt_op_def *op);

/* The number in "opset15"; -1 for a set that is none of the standard ones. */
int vt_opset_number(const char *opset);

/* A value from its text; false when it is none of the schema's type, or a word that it does not allow. Ranges
 * are not looked at. */
bool vt_attr_parse(struct vt_arena *arena, const struct vt_attr_def *def, const char *text,
                   union vt_attr_value *value);

/* Whether a value of the right type is one that the schema allows. */
bool vt_attr_value_ok(const struct vt_attr_def *def, const union vt_attr_value *value);

/* ---- changing ---------------------------------------------------------------------------------------------
 */

/* All consumers of `old` read `now` instead; tensor names move along. */
int vt_port_replace(struct vt_port old, struct vt_port now);

/* Take out a node whose outputs have no consumers left; its inputs lose a use. */
void vt_node_remove(struct vt_node *node);

/* Remember in `by` that it stands for `original` too (fused_names), for profiling and the runtime graph. */
void vt_node_fused(struct vt_node *by, const struct vt_node *original);

/* Topological order over the nodes that results and sinks need (parameters stay), dropping the others.
 * VT_E_FORMAT naming a node on the cycle when there is one. */
int vt_graph_sort(struct vt_graph *graph, struct vt_error *err);

/* ---- inference of types and shapes ------------------------------------------------------------------------
 */

/* Infer one node from its inputs' values. */
int vt_node_infer(struct vt_node *node, struct vt_error *err);

/* Infer all nodes in order (after vt_graph_sort). The error names the node. */
int vt_graph_infer(struct vt_graph *graph, struct vt_error *err);

/* ---- looking ----------------------------------------------------------------------------------------------
 */

static inline struct vt_port vt_port_of(struct vt_node *node, int index)
{
    return (struct vt_port){node, index};
}

static inline struct vt_output *vt_port_output(struct vt_port port)
{
    return &port.node->out[port.index];
}

/* The first rt_info entry of that name, or NULL. */
struct vt_rt_info *vt_node_rt_info(const struct vt_node *node, const char *name);

/* Whether the indices of a mapping between a node and its body exist at both ends. */
bool vt_body_map_fits(const struct vt_node *node, const struct vt_graph *body, const struct vt_body_map *map);

/* Operation name, any version that the registry has. */
bool vt_node_is(const struct vt_node *node, const char *op_name);

/* The node that feeds input `input`, or NULL. */
static inline struct vt_node *vt_node_src(const struct vt_node *node, int input)
{
    return input < node->n_in ? node->in[input].node : NULL;
}

/* The value at an input, or NULL when it is left out. */
static inline const struct vt_value *vt_node_in(const struct vt_node *node, int input)
{
    return input < node->n_in && node->in[input].node ? &vt_port_output(node->in[input])->v : NULL;
}

/* Find an output by one of its tensor names. */
bool vt_graph_find_tensor(const struct vt_graph *graph, const char *name, struct vt_port *port);

/* ---- evaluation by the references
 * -------------------------------------------------------------------------- */

/* Infer the output shapes of one node from concrete inputs: out[] get type, shape and bytes, data untouched.
 * An output whose shape depends on data has rank -1. Inputs left out have type VT_DYNAMIC. */
int vt_node_shapes(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                   struct vt_error *err);

/* Run the reference of one node. Outputs with data NULL get fresh memory by vt_tensor_alloc, owned by the
 * caller; outputs that come with data must have the inferred shape. */
int vt_node_eval(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                 struct vt_state_store *states, struct vt_error *err);

/* The same, but everything that is allocated, outputs too, is of the heap, which the caller may reset when it
 * has no need of them any more. */
int vt_node_eval_in(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                    struct vt_state_store *states, struct vt_heap *heap, struct vt_error *err);

/* Run a whole graph by the references: `in` per parameter, `out` per result (data freshly allocated). */
int vt_graph_eval(const struct vt_graph *graph, const struct vt_tensor *in, struct vt_tensor *out,
                  struct vt_state_store *states, struct vt_error *err);

/* Memory of a described tensor: 64-byte aligned, zeroed; data stays NULL for empty ones. It is that of the
 * heap that the thread uses (heap.h), and goes with it. */
int vt_tensor_alloc(struct vt_tensor *t, struct vt_error *err);
/* The same, not zeroed. */
int vt_tensor_room(struct vt_tensor *t, struct vt_error *err);
void vt_tensor_free(struct vt_tensor *t);

/* ---- registry (runtime/ops/registry.c)
 * ---------------------------------------------------------------------- */

/* The newest version of `name` whose opset is at most `opset` (0: the internal opset). NULL when there is
 * none. */
const struct vt_op_def *vt_op_find(const char *name, int opset);

/* Whether any version of the name exists. */
bool vt_op_known(const char *name);

/* Calls `each` for every version, ordered by name and opset. */
void vt_op_names(void (*each)(void *ctx, const char *name, int opset), void *ctx);

#endif
