/* Which operations keep the rows of a batch apart. */
#include "batch.h"
#include "element.h"
#include "graph.h"

#include <stdlib.h>

/* What is known of an output. */
enum kind {
    MIXED,  /* may depend on other rows */
    PLAIN,  /* the same for all rows: does not depend on inputs */
    SHAPES, /* computed from shapes, in which the number of rows may be: good to give shapes, not to compute
             */
    ROWS,   /* first dim is the batch, rows are independent */
};

struct walker {
    const struct vt_graph *one, *many;
    int64_t rows;
    enum kind *kinds; /* by node: of all its outputs */
    const struct vt_node *node;
};

static enum kind kind_in(const struct walker *w, int input)
{
    const struct vt_node *src = vt_node_src(w->node, input);

    return src ? w->kinds[src->index] : PLAIN;
}

static const struct vt_pshape *shape_in(const struct walker *w, int input)
{
    return &vt_node_in(w->node, input)->shape;
}

/* Values of a small integer input. */
struct ints {
    int64_t v[VT_MAX_RANK];
    int64_t n;
};

/* False when they are not known. */
static bool known_ints(const struct walker *w, int input, struct ints *ints)
{
    const struct vt_value *v = vt_node_in(w->node, input);

    if (!v || (!v->constant && !v->bounds)) {
        return false;
    }
    ints->n = v->constant ? vt_tensor_count(v->constant) : v->bounds->n;
    if (ints->n > VT_MAX_RANK || (v->constant && !vt_is_integral(v->type))) {
        return false;
    }
    for (int64_t i = 0; i < ints->n; i++) {
        ints->v[i] = v->constant ? vt_get_i64(v->constant, i) : v->bounds->lo[i];
        if (!v->constant && v->bounds->lo[i] != v->bounds->hi[i]) {
            return false;
        }
    }
    return true;
}

static bool is_first_axis(int64_t axis, int rank)
{
    return axis == 0 || axis == -rank;
}

/* ---- rules: may the node's outputs be ROWS, given that their shapes fit and some input is ROWS? */

static bool attr_axis(const struct walker *w)
{
    return !is_first_axis(vt_attr_i64(w->node, "axis"), shape_in(w, 0)->rank);
}

/* The axes that an input lists are others than the batch. */
static bool input_axes(const struct walker *w, int input)
{
    struct ints axes;

    if (!known_ints(w, input, &axes)) {
        return false;
    }
    for (int64_t i = 0; i < axes.n; i++) {
        if (is_first_axis(axes.v[i], shape_in(w, 0)->rank)) {
            return false;
        }
    }
    return true;
}

static bool second_input_axes(const struct walker *w)
{
    return kind_in(w, 0) == ROWS && input_axes(w, 1);
}

static bool only_first(const struct walker *w)
{
    for (int i = 1; i < w->node->n_in; i++) {
        if (kind_in(w, i) != PLAIN && kind_in(w, i) != SHAPES) {
            return false;
        }
    }
    return kind_in(w, 0) == ROWS;
}

/* An input that is the same for all rows is so in what broadcasting makes of it too. */
static bool broadcasts(const struct walker *w, int input, int rank)
{
    const struct vt_pshape *s = shape_in(w, input);

    return kind_in(w, input) == ROWS    ? s->rank == rank
           : kind_in(w, input) == PLAIN ? s->rank < rank || (s->rank == rank && s->dims[0].max == 1)
                                        : false;
}

static bool elementwise(const struct walker *w)
{
    int rank = w->node->out[0].v.shape.rank;

    for (int i = 0; i < w->node->n_in; i++) {
        if (vt_node_src(w->node, i) && !broadcasts(w, i, rank)) {
            return false;
        }
    }
    return true;
}

static bool matmul(const struct walker *w)
{
    int a = shape_in(w, 0)->rank, b = shape_in(w, 1)->rank;

    if (kind_in(w, 0) == ROWS && kind_in(w, 1) == ROWS) {
        return a == b && a >= 3;
    }
    if (kind_in(w, 0) == ROWS) {
        return (a == 2 ? !vt_attr_bool(w->node, "transpose_a") && b <= 2 : a >= 3) &&
               (b <= 2 || broadcasts(w, 1, a));
    }
    return b >= 3 && (a <= 2 || broadcasts(w, 0, b));
}

static bool attention(const struct walker *w)
{
    int rank = shape_in(w, 0)->rank;

    for (int i = 0; i < w->node->n_in; i++) {
        if (i < 3 ? kind_in(w, i) != ROWS || shape_in(w, i)->rank < 3
                  : vt_node_src(w->node, i) && !broadcasts(w, i, rank)) {
            return false;
        }
    }
    return true;
}

static bool concat(const struct walker *w)
{
    for (int i = 0; i < w->node->n_in; i++) {
        if (kind_in(w, i) != ROWS) {
            return false;
        }
    }
    return attr_axis(w);
}

static bool transpose(const struct walker *w)
{
    struct ints order;

    return kind_in(w, 0) == ROWS && known_ints(w, 1, &order) && order.n && order.v[0] == 0;
}

static bool gather(const struct walker *w)
{
    struct ints axis;
    int rank = shape_in(w, 0)->rank;

    if (!known_ints(w, 2, &axis) || axis.n != 1 || vt_attr_i64(w->node, "batch_dims") != 0) {
        return false;
    }
    return kind_in(w, 0) == ROWS ? kind_in(w, 1) == PLAIN && !is_first_axis(axis.v[0], rank)
                                 : kind_in(w, 0) == PLAIN && is_first_axis(axis.v[0], rank);
}

/* Slices of other axes only. */
static bool slice(const struct walker *w)
{
    return only_first(w) && w->node->n_in == 5 && input_axes(w, 4);
}

static bool has_mask(const struct vt_node *node, const char *name)
{
    int64_t n;
    const int64_t *mask = vt_attr_i64s(node, name, &n);

    return n > 0 && mask[0];
}

/* The first dim is taken whole and stays what it is. */
static bool strided_slice(const struct walker *w)
{
    struct ints strides;

    if (!only_first(w) || has_mask(w->node, "new_axis_mask") || has_mask(w->node, "shrink_axis_mask") ||
        has_mask(w->node, "ellipsis_mask")) {
        return false;
    }
    return w->node->n_in < 4 || (known_ints(w, 3, &strides) && strides.n && strides.v[0] == 1);
}

static bool pad(const struct walker *w)
{
    struct ints begin;

    return only_first(w) && known_ints(w, 1, &begin) && begin.n && begin.v[0] == 0;
}

static const struct rule {
    const char *op;
    bool (*keeps)(const struct walker *w);
} rules[] = {
    {"Result", only_first},
    {"Convolution", only_first},
    {"GroupConvolution", only_first},
    {"ConvolutionBackpropData", only_first},
    {"GroupConvolutionBackpropData", only_first},
    {"MaxPool", only_first},
    {"AvgPool", only_first},
    {"AdaptiveAvgPool", only_first},
    {"AdaptiveMaxPool", only_first},
    {"DepthToSpace", only_first},
    {"SpaceToDepth", only_first},
    {"Interpolate", only_first},
    {"BatchNormInference", only_first},
    {"PRelu", only_first},
    {"GroupNormalization", only_first},
    {"Reshape", only_first},
    {"Squeeze", only_first},
    {"Unsqueeze", only_first},
    {"Tile", only_first},
    {"Softmax", attr_axis},
    {"LogSoftmax", attr_axis},
    {"TopK", attr_axis},
    {"MVN", second_input_axes},
    {"NormalizeL2", second_input_axes},
    {"ReduceMean", second_input_axes},
    {"ReduceSum", second_input_axes},
    {"ReduceMax", second_input_axes},
    {"ReduceMin", second_input_axes},
    {"ReduceProd", second_input_axes},
    {"ReduceL1", second_input_axes},
    {"ReduceL2", second_input_axes},
    {"Split", second_input_axes},
    {"VariadicSplit", second_input_axes},
    {"CumSum", second_input_axes},
    {"MatMul", matmul},
    {"ScaledDotProductAttention", attention},
    {"Concat", concat},
    {"Transpose", transpose},
    {"Gather", gather},
    {"Slice", slice},
    {"StridedSlice", strided_slice},
    {"Pad", pad},
};

static bool keeps_rows(const struct walker *w)
{
    const struct vt_node *node = w->node;

    if (node->op->flags & VT_OP_ELEMENTWISE) {
        return elementwise(w);
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (vt_node_is(node, rules[i].op)) {
            return rules[i].keeps(w);
        }
    }
    return false;
}

/* ---- shapes: 1 row became `rows`, all else stayed */

static bool has_rows(const struct vt_pshape *one, const struct vt_pshape *many, int64_t rows)
{
    if (one->rank < 1 || one->rank != many->rank || !vt_pshape_is_static(one) || !vt_pshape_is_static(many) ||
        one->dims[0].min != 1 || many->dims[0].min != rows) {
        return false;
    }
    for (int i = 1; i < one->rank; i++) {
        if (one->dims[i].min != many->dims[i].min) {
            return false;
        }
    }
    return true;
}

static bool outputs_have_rows(const struct walker *w)
{
    const struct vt_node *a = w->one->nodes[w->node->index], *b = w->node;

    for (int i = 0; i < b->n_out; i++) {
        if (!has_rows(&a->out[i].v.shape, &b->out[i].v.shape, w->rows)) {
            return false;
        }
    }
    return true;
}

static enum kind judge(const struct walker *w)
{
    const struct vt_node *node = w->node;
    enum kind most = PLAIN;

    if (node->n_bodies || (node->op->flags & (VT_OP_RANDOM | VT_OP_STATEFUL))) {
        return MIXED;
    }
    if (vt_node_is(node, "Parameter")) {
        return outputs_have_rows(w) ? ROWS : MIXED;
    }
    for (int i = 0; i < node->n_in; i++) {
        enum kind k = kind_in(w, i);

        if (k == MIXED) {
            return MIXED;
        }
        most = k > most ? k : most;
    }
    if (vt_node_is(node, "ShapeOf") && most == ROWS) {
        return SHAPES;
    }
    if (most != ROWS) {
        return most;
    }
    return keeps_rows(w) && outputs_have_rows(w) ? ROWS : MIXED;
}

bool vt_batch_rows_independent(const struct vt_graph *one, const struct vt_graph *many, int64_t rows,
                               char *reason, size_t size)
{
    struct walker w = {.one = one, .many = many, .rows = rows};
    bool ok = one->n_nodes == many->n_nodes && one->n_params && one->n_results;

    snprintf(reason, size, "it has no inputs");
    w.kinds = calloc((size_t)many->n_nodes + 1, sizeof(*w.kinds));
    ok = ok && w.kinds;
    for (int i = 0; i < many->n_nodes && ok; i++) {
        w.node = many->nodes[i];
        w.kinds[i] = judge(&w);
        ok = w.kinds[i] != MIXED && strcmp(w.node->name, one->nodes[i]->name) == 0 &&
             (!vt_node_is(w.node, "Result") || w.kinds[i] == ROWS);
        if (!ok) {
            snprintf(reason, size, "node '%.200s' (%s) does not keep the rows of a batch apart", w.node->name,
                     w.node->op->name);
        }
    }
    free(w.kinds);
    return ok;
}
