/* Reductions over axes that the second input names. */
#include "reduce.h"

#include "bounds.h"
#include "element.h"
#include "graph.h"
#include "shape.h"

int vt_reduce_axes(const int64_t *axes, int64_t n, int rank, bool *reduced, struct vt_error *err)
{
    for (int i = 0; i < rank; i++) {
        reduced[i] = false;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t axis = axes[i];

        if (rank == 0 && (axis == 0 || axis == -1)) {
            continue;
        }
        if (axis < -rank || axis >= rank) {
            return vt_fail(err, VT_E_RANGE, "axis %lld (input 1) is outside of rank %d", (long long)axis,
                           rank);
        }
        reduced[axis < 0 ? axis + rank : axis] = true;
    }
    return VT_OK;
}

/* Axes are not known yet: each dimension stays or becomes 1 (keep_dims), or the rank is open. */
static void infer_open_axes(struct vt_infer *c)
{
    const struct vt_value *data = c->in[0], *axes = c->in[1];
    bool one = axes->shape.rank == 0 || vt_infer_length(c, 1) == 1;
    struct vt_pshape shape = data->shape;

    if (shape.rank >= 0 && vt_attr_bool(c->node, "keep_dims")) {
        for (int i = 0; i < shape.rank; i++) {
            struct vt_dim *d = &shape.dims[i];

            d->min = d->min > 1 ? 1 : d->min;
            d->max = d->max == 0 ? 1 : d->max;
        }
    } else if (shape.rank > 0 && one) {
        shape.rank--;
        for (int i = 0; i < shape.rank; i++) {
            shape.dims[i] = vt_dim_any();
        }
    } else {
        shape.rank = -1;
    }
    vt_infer_set(c, 0, data->type, &shape);
}

static int infer_shape(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape;
    struct vt_pshape shape = {.rank = 0};
    int64_t axes[VT_MAX_RANK * 4];
    bool reduced[VT_MAX_RANK];
    int n, status;

    if (c->in[1]->shape.rank > 1) {
        return vt_fail(c->err, VT_E_SHAPE, "axes (input 1) must have rank 0 or 1, not %d",
                       c->in[1]->shape.rank);
    }
    if (c->in[1]->type != VT_DYNAMIC && !vt_is_integral(c->in[1]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "axes (input 1) must be of an integer type, not %s",
                       vt_type_info(c->in[1]->type)->name);
    }
    if (data->rank < 0 || !vt_infer_i64s(c, 1, axes, VT_MAX_RANK * 4, &n)) {
        infer_open_axes(c);
        return VT_OK;
    }
    status = vt_reduce_axes(axes, n, data->rank, reduced, c->err);
    for (int i = 0; status == VT_OK && i < data->rank; i++) {
        if (!reduced[i]) {
            shape.dims[shape.rank++] = data->dims[i];
        } else if (vt_attr_bool(c->node, "keep_dims")) {
            shape.dims[shape.rank++] = vt_dim_fixed(1);
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &shape);
    return status;
}

static int infer_numeric(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;

    if (type == VT_BOOLEAN || type == VT_STRING) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    return infer_shape(c);
}

static int infer_logical(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;
    int status = infer_shape(c);

    if (type != VT_BOOLEAN && type != VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be boolean, not %s", vt_type_info(type)->name);
    }
    c->out[0].type = VT_BOOLEAN;
    return status;
}

static struct vt_interval combine(const struct vt_infer *c, struct vt_interval a, struct vt_interval b)
{
    if (vt_node_is(c->node, "ReduceSum")) {
        return vt_interval_add(a, b);
    }
    if (vt_node_is(c->node, "ReduceProd")) {
        return vt_interval_mul(a, b);
    }
    if (vt_node_is(c->node, "ReduceMax")) {
        return (struct vt_interval){a.lo > b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
    }
    return (struct vt_interval){a.lo < b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
}

/* Shape arithmetic reduces vectors: one result from all elements. */
static int bounds(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape;
    struct vt_interval all;
    struct vt_bounds *b;
    int64_t n, axis;
    int axes;

    if (data->rank != 1 || !vt_dim_is_static(data->dims[0]) || data->dims[0].min == 0 ||
        !vt_bounds_known(c, 0) || !vt_infer_i64s(c, 1, &axis, 1, &axes) || axes != 1) {
        return VT_OK;
    }
    n = data->dims[0].min;
    all = vt_bounds_at(c, 0, 0);
    for (int64_t i = 1; i < n; i++) {
        all = combine(c, all, vt_bounds_at(c, 0, i));
    }
    b = c->alloc(c->alloc_ctx, sizeof(*b));
    if (!b) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    b->n = 1;
    b->lo = c->alloc(c->alloc_ctx, sizeof(int64_t));
    b->hi = c->alloc(c->alloc_ctx, sizeof(int64_t));
    if (!b->lo || !b->hi) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    all = vt_interval_of_type(all, c->out[0].type);
    b->lo[0] = all.lo;
    b->hi[0] = all.hi;
    c->out[0].bounds = b;
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"keep_dims", VT_ATTR_BOOL},
    {0},
};

#define ROW(op_name, first_opset, infer_fn, bounds_fn)                                                       \
    {                                                                                                        \
        .name = op_name, .opset = first_opset, .min_in = 2, .max_in = 2, .n_out = 1, .attrs = attrs,         \
        .infer = infer_fn, .eval = vt_reduce_ref, .bounds = bounds_fn                                        \
    }

const struct vt_op_def vt_op_reduce[] = {
    ROW("ReduceSum", 1, infer_numeric, bounds),     ROW("ReduceMean", 1, infer_numeric, NULL),
    ROW("ReduceMax", 1, infer_numeric, bounds),     ROW("ReduceMin", 1, infer_numeric, bounds),
    ROW("ReduceProd", 1, infer_numeric, bounds),    ROW("ReduceL1", 4, infer_numeric, NULL),
    ROW("ReduceL2", 4, infer_numeric, NULL),        ROW("ReduceLogicalAnd", 1, infer_logical, NULL),
    ROW("ReduceLogicalOr", 1, infer_logical, NULL), {0},
};
