#include "ml_forest.h"

#include <math.h>
#include <string.h>

int onnx_forest_alloc(struct onnx_node *n, struct forest *f, int64_t room, int64_t targets, const char *how)
{
    int64_t **lists[] = {&f->feature, &f->yes, &f->no, &f->missing, &f->mode, &f->roots};

    if (room < 1 || targets < 1 || targets > 1 << 20 || room > (1 << 28) / targets) {
        return onnx_fail(n, VT_E_INVALID, "%lld nodes for %lld targets", (long long)room, (long long)targets);
    }
    f->room = room;
    f->targets = targets;
    for (int i = 0; i < 6; i++) {
        *lists[i] = onnx_alloc(n, (size_t)room * sizeof(int64_t));
    }
    f->split = onnx_alloc(n, (size_t)room * sizeof(double));
    f->weight = onnx_alloc(n, (size_t)room * (size_t)targets * sizeof(double));
    for (int64_t i = 0; f->weight && i < room * targets; i++) {
        f->weight[i] = strcmp(how, "MIN") == 0 ? INFINITY : strcmp(how, "MAX") == 0 ? -INFINITY : 0;
    }
    return onnx_status(n);
}

#define MAX_DEPTH 4096

/* Levels from a node down, itself included; 0 for a circle. `known` remembers them, -1 above the node that is
 * being measured. */
static int64_t height(const struct forest *f, int64_t node, int64_t level, int64_t *known)
{
    int64_t a, b;

    if (known[node] || level > MAX_DEPTH) {
        return known[node] < 0 || level > MAX_DEPTH ? 0 : known[node];
    }
    known[node] = -1;
    if (f->mode[node] == LEAF) {
        return known[node] = 1;
    }
    a = height(f, f->yes[node], level + 1, known);
    b = a ? height(f, f->no[node], level + 1, known) : 0;
    if (!a || !b) {
        return 0;
    }
    return known[node] = 1 + (a > b ? a : b);
}

int onnx_forest_measure(struct onnx_node *n, struct forest *f)
{
    int64_t *known = onnx_alloc(n, (size_t)f->n * sizeof(*known) + 1);

    for (int64_t i = 0; known && i < f->n_roots; i++) {
        int64_t levels = height(f, f->roots[i], 1, known);

        if (!levels || levels > MAX_DEPTH) {
            return onnx_fail(n, VT_E_FORMAT, "tree %lld has a circle, or is deeper than %d", (long long)i,
                             MAX_DEPTH);
        }
        f->depth = levels - 1 > f->depth ? levels - 1 : f->depth;
    }
    return onnx_status(n);
}

/* ---- the walk */

static struct onnx_value ints(struct onnx_node *n, const int64_t *v, int64_t count)
{
    return onnx_i64s(n, v, (int)count);
}

struct onnx_value onnx_forest_numbers(struct onnx_node *n, const double *v, int rank, const int64_t *dims,
                                      enum vt_type type)
{
    struct vt_tensor t;

    if (!vt_tensor_describe(&t, VT_F64, rank, dims)) {
        onnx_fail(n, VT_E_RANGE, "the table of nodes is too large");
        return ONNX_ABSENT;
    }
    t.data = (void *)(uintptr_t)v;
    if (type == VT_F32) {
        float *narrow = onnx_alloc(n, t.bytes / 2 + 1);

        for (size_t i = 0; narrow && i < t.bytes / sizeof(double); i++) {
            narrow[i] = (float)v[i];
        }
        vt_tensor_describe(&t, VT_F32, rank, dims);
        t.data = narrow;
    }
    return onnx_status(n) ? ONNX_ABSENT : onnx_constant(n, &t);
}

static struct onnx_value at_nodes(struct onnx_node *n, struct onnx_value table, struct onnx_value nodes)
{
    return onnx_gather_axis(n, table, nodes, 0);
}

/* Which branch holds, for nodes of one mode or of several. */
static struct onnx_value decide(struct onnx_node *n, const struct forest *f, struct onnx_value x,
                                struct onnx_value split, struct onnx_value modes)
{
    static const char *const ops[] = {"LessEqual", "Less", "GreaterEqual", "Greater", "Equal", "NotEqual"};
    struct onnx_value all = ONNX_ABSENT;
    unsigned seen = 0;

    for (int64_t i = 0; i < f->n; i++) {
        seen |= f->mode[i] < MEMBER ? 1u << f->mode[i] : 0;
    }
    for (int m = 0; m < MEMBER; m++) {
        struct onnx_value one;

        if (!(seen >> m & 1)) {
            continue;
        }
        one = onnx_binary(n, ops[m], 1, x, split);
        if (seen != 1u << m) {
            one = onnx_binary(n, "LogicalAnd", 1, one, onnx_binary(n, "Equal", 1, modes, onnx_i64(n, m)));
        }
        all = all.node ? onnx_binary(n, "LogicalOr", 1, all, one) : one;
    }
    return all;
}

struct tables {
    struct onnx_value feature, yes, no, missing, mode, split;
};

static struct onnx_value step(struct onnx_node *n, const struct forest *f, const struct tables *t,
                              struct onnx_value x, struct onnx_value nodes)
{
    struct onnx_value value, yes;

    value = onnx_op(n, "GatherElements", 6, ONNX_IN(x, at_nodes(n, t->feature, nodes)), "axis=1");
    yes = decide(n, f, value, at_nodes(n, t->split, nodes), at_nodes(n, t->mode, nodes));
    if (f->has_missing) {
        struct onnx_value lost = onnx_unary(n, "IsNaN", 10, value);

        lost = onnx_binary(n, "LogicalAnd", 1, lost,
                           onnx_convert(n, at_nodes(n, t->missing, nodes), VT_BOOLEAN));
        yes = onnx_binary(n, "LogicalOr", 1, yes, lost);
    }
    return onnx_op(n, "Select", 1, ONNX_IN(yes, at_nodes(n, t->yes, nodes), at_nodes(n, t->no, nodes)), NULL);
}

/* The leaf of each row in each tree, as the weights of its targets: [rows, trees, targets]. */
static struct onnx_value walk(struct onnx_node *n, const struct forest *f, struct onnx_value x,
                              enum vt_type type)
{
    struct tables t = {ints(n, f->feature, f->n), ints(n, f->yes, f->n), ints(n, f->no, f->n)};
    struct onnx_value nodes, rows;
    int64_t dims[2] = {f->n, f->targets};

    t.missing = f->has_missing ? ints(n, f->missing, f->n) : ONNX_ABSENT;
    t.mode = ints(n, f->mode, f->n);
    t.split = onnx_forest_numbers(n, f->split, 1, &f->n, onnx_type(n, x));
    rows = onnx_gather_axis(n, onnx_shape_of(n, x), ONNX_I64S(n, 0), 0);
    nodes = onnx_op(
        n, "Broadcast", 3,
        ONNX_IN(ints(n, f->roots, f->n_roots), onnx_concat(n, ONNX_IN(rows, ONNX_I64S(n, f->n_roots)), 0)),
        "mode=numpy");
    for (int64_t i = 0; i < f->depth && !onnx_status(n); i++) {
        nodes = step(n, f, &t, x, nodes);
    }
    return at_nodes(n, onnx_forest_numbers(n, f->weight, 2, dims, type), nodes);
}

static struct onnx_value aggregate(struct onnx_node *n, const struct forest *f, struct onnx_value votes,
                                   const char *how)
{
    struct onnx_value axis = ONNX_I64S(n, 1), y;
    bool least = strcmp(how, "MIN") == 0;

    if (!least && strcmp(how, "MAX") != 0) {
        y = onnx_op(n, "ReduceSum", 1, ONNX_IN(votes, axis), "keep_dims=false");
        return strcmp(how, "AVERAGE") == 0 ? onnx_div(n, y, onnx_number_like(n, y, (double)f->n_roots)) : y;
    }
    y = onnx_op(n, least ? "ReduceMin" : "ReduceMax", 1, ONNX_IN(votes, axis), "keep_dims=false");
    /* A target that no leaf votes for has 0. */
    return onnx_op(n, "Select", 1, ONNX_IN(onnx_unary(n, "IsInf", 10, y), onnx_number_like(n, y, 0), y),
                   NULL);
}

void onnx_forest_vote(struct forest *f, int64_t node, int64_t target, double weight)
{
    double *w = &f->weight[node * f->targets + target];

    *w = isinf(*w) ? weight : *w + weight;
}

static struct onnx_value features(struct onnx_node *n, bool wide)
{
    struct onnx_value x = onnx_in(n, 0);
    int64_t front = 0;

    x = wide || onnx_type(n, x) == VT_F64 ? onnx_convert(n, x, VT_F64) : onnx_convert(n, x, VT_F32);
    return onnx_need_rank(n, x) == 1 ? onnx_unsqueeze(n, x, &front, 1) : x;
}

struct onnx_value onnx_forest_result(struct onnx_node *n, const struct forest *f, enum vt_type type,
                                     const char *how)
{
    return aggregate(n, f, walk(n, f, features(n, f->wide), type), how);
}
