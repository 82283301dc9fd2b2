/* Operations that change nothing go away, and chains that only rename dimensions become one step. */
#include "passes.h"

#include "element.h"
#include "match.h"

static const char *const pass = "eliminate_nop";

static const struct vt_pshape *shape_of(struct vt_port port)
{
    return &vt_port_output(port)->v.shape;
}

static bool keeps_shape(const struct vt_node *node)
{
    return vt_match_same_shape(shape_of(node->in[0]), &node->out[0].v.shape);
}

static bool all_ones(struct vt_port port)
{
    int64_t v[VT_MAX_RANK];
    int n;

    if (!vt_match_i64s(port, v, VT_MAX_RANK, &n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (v[i] != 1) {
            return false;
        }
    }
    return true;
}

static bool all_positive(struct vt_port port)
{
    int64_t v[VT_MAX_RANK];
    int n;

    if (!vt_match_i64s(port, v, VT_MAX_RANK, &n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (v[i] <= 0) {
            return false;
        }
    }
    return true;
}

/* ---- one rule an operation: whether the node passes input 0 on */

static bool nop_shape(const struct vt_node *node)
{
    return keeps_shape(node);
}

static bool nop_convert(const struct vt_node *node)
{
    enum vt_type type = vt_port_output(node->in[0])->v.type;

    return type != VT_DYNAMIC && type == node->out[0].v.type;
}

static bool nop_transpose(const struct vt_node *node)
{
    int64_t order[VT_MAX_RANK];
    int n;

    if (!vt_match_i64s(node->in[1], order, VT_MAX_RANK, &n) || n == 0) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (order[i] != i) {
            return false;
        }
    }
    return true;
}

static bool nop_pad(const struct vt_node *node)
{
    return vt_match_all(node->in[1], 0) && vt_match_all(node->in[2], 0);
}

static bool nop_alone(const struct vt_node *node)
{
    return node->n_in == 1;
}

static bool nop_split(const struct vt_node *node)
{
    return node->n_out == 1 && (keeps_shape(node) || vt_node_is(node, "Split"));
}

/* Steps are positive and nothing is lost, so every axis is taken whole and in order. */
static bool nop_slice(const struct vt_node *node)
{
    return keeps_shape(node) && all_positive(node->in[3]);
}

static bool nop_strided_slice(const struct vt_node *node)
{
    return keeps_shape(node) && (node->n_in < 4 || !node->in[3].node || all_positive(node->in[3]));
}

static bool nop_tile(const struct vt_node *node)
{
    const struct vt_pshape *repeats = shape_of(node->in[1]);
    int rank = shape_of(node->in[0])->rank;

    return keeps_shape(node) || (rank >= 0 && repeats->rank == 1 && repeats->dims[0].max >= 0 &&
                                 repeats->dims[0].max <= rank && all_ones(node->in[1]));
}

static bool nop_always(const struct vt_node *node)
{
    (void)node;
    return true;
}

static const struct {
    const char *op;
    bool (*nop)(const struct vt_node *node);
} rules[] = {
    {"Reshape", nop_shape},   {"Squeeze", nop_shape},
    {"Unsqueeze", nop_shape}, {"Broadcast", nop_shape},
    {"Convert", nop_convert}, {"Transpose", nop_transpose},
    {"Pad", nop_pad},         {"Concat", nop_alone},
    {"Split", nop_split},     {"VariadicSplit", nop_split},
    {"Slice", nop_slice},     {"StridedSlice", nop_strided_slice},
    {"Tile", nop_tile},       {"Identity", nop_always},
};

/* ---- arithmetic with the neutral element */

static const struct {
    const char *op;
    double neutral;
    bool commutes;
} neutral[] = {
    {"Add", 0, true},     {"Subtract", 0, false}, {"Multiply", 1, true},
    {"Divide", 1, false}, {"Power", 1, false},
};

static bool neutral_input(const struct vt_node *node, double value, int input)
{
    struct vt_port constant = node->in[input], other = node->in[1 - input];

    return vt_match_fits(shape_of(constant), shape_of(other)) && vt_match_all(constant, value) &&
           vt_port_output(other)->v.type == node->out[0].v.type;
}

/* The input that comes out unchanged, or -1. */
static int neutral_passes(const struct vt_node *node)
{
    for (size_t i = 0; i < sizeof(neutral) / sizeof(neutral[0]); i++) {
        if (!vt_node_is(node, neutral[i].op) || !vt_attr_is(node, "auto_broadcast", "numpy")) {
            continue;
        }
        if (neutral_input(node, neutral[i].neutral, 1)) {
            return 0;
        }
        return neutral[i].commutes && neutral_input(node, neutral[i].neutral, 0) ? 1 : -1;
    }
    return -1;
}

/* ---- chains of reshapes */

static bool renames_dims(const struct vt_node *node)
{
    return vt_node_is(node, "Reshape") || vt_node_is(node, "Squeeze") || vt_node_is(node, "Unsqueeze");
}

/* A Reshape whose result does not depend on its input's dimensions, only on how many elements there are. */
static bool reshapes_by_count(const struct vt_node *node)
{
    int64_t v[VT_MAX_RANK];
    int n;

    if (!vt_node_is(node, "Reshape") || !vt_match_i64s(node->in[1], v, VT_MAX_RANK, &n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (v[i] == 0) {
            return false;
        }
    }
    return true;
}

/* Reshape(Reshape(x)) reads x; a chain that ends in the shape it began with is x. */
static int shorten(struct vt_node *node, struct vt_error *err)
{
    struct vt_port origin = node->in[0];

    while (renames_dims(origin.node) && origin.node->n_in) {
        origin = origin.node->in[0];
        if (vt_match_same_shape(shape_of(origin), &node->out[0].v.shape)) {
            return vt_rewrite_bypass(pass, node, 0, origin);
        }
    }
    if (!vt_match_same(origin, node->in[0]) && reshapes_by_count(node)) {
        struct vt_node *inner = node->in[0].node;
        int status = vt_node_set_input(node, 0, origin);

        if (status == VT_OK) {
            vt_node_fused(node, inner);
            vt_rewrite_prune(inner);
            status = vt_node_infer(node, err);
        }
        return status;
    }
    return VT_OK;
}

/* ---- Concat of a whole Split, or of nothing */

static int normal_axis(int64_t axis, int rank)
{
    return (int)(axis < 0 ? axis + rank : axis);
}

/* Whether inputs i.. of the Concat are all outputs of one Split along the same axis, in order. */
static bool whole_split(const struct vt_node *concat, int i)
{
    const struct vt_node *split = concat->in[i].node;
    int rank = concat->out[0].v.shape.rank, n;
    int64_t axis;

    if (rank <= 0 || concat->in[i].index != 0 || i + split->n_out > concat->n_in ||
        !(vt_node_is(split, "Split") || vt_node_is(split, "VariadicSplit")) ||
        !vt_match_i64s(split->in[1], &axis, 1, &n) || n != 1 ||
        normal_axis(axis, rank) != normal_axis(vt_attr_i64(concat, "axis"), rank)) {
        return false;
    }
    for (int k = 0; k < split->n_out; k++) {
        if (concat->in[i + k].node != split || concat->in[i + k].index != k) {
            return false;
        }
    }
    return true;
}

/* Whether input i of a Concat has no elements along its axis. */
static bool adds_nothing(const struct vt_node *concat, int i)
{
    const struct vt_pshape *shape = shape_of(concat->in[i]);
    int axis = normal_axis(vt_attr_i64(concat, "axis"), shape->rank);

    return shape->rank > 0 && vt_dim_is_static(shape->dims[axis]) && shape->dims[axis].max == 0;
}

static int shorten_concat(struct vt_node *node, struct vt_error *err)
{
    struct vt_node *now;
    struct vt_port in[64];
    int n = 0;

    if (node->n_in > 64) {
        return VT_OK;
    }
    for (int i = 0; i < node->n_in;) {
        if (node->in[i].node && whole_split(node, i)) {
            in[n++] = node->in[i].node->in[0];
            i += node->in[i].node->n_out;
        } else if (node->in[i].node && adds_nothing(node, i) && n + node->n_in - i > 1) {
            i++;
        } else {
            in[n++] = node->in[i++];
        }
    }
    if (n == node->n_in) {
        return VT_OK;
    }
    if (n == 1) {
        return vt_rewrite_bypass(pass, node, 0, in[0]);
    }
    now = vt_node_build(node->graph, "Concat", node->op->opset, node->name, n, in, err);
    if (!now) {
        return vt_failed(err);
    }
    vt_rewrite_copy_attrs(now, node);
    return vt_rewrite_replace(pass, node, now, err);
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    int through;

    if (node->n_in == 0 || !node->in[0].node) {
        return VT_OK;
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (vt_node_is(node, rules[i].op)) {
            if (rules[i].nop(node)) {
                return vt_rewrite_bypass(pass, node, 0, node->in[0]);
            }
            break;
        }
    }
    if (renames_dims(node)) {
        return shorten(node, err);
    }
    if (vt_node_is(node, "Concat")) {
        return shorten_concat(node, err);
    }
    through = neutral_passes(node);
    return through >= 0 ? vt_rewrite_bypass(pass, node, 0, node->in[through]) : VT_OK;
}

int vt_pass_eliminate_nop(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i];

        if (!node->dead) {
            status = visit(node, err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
