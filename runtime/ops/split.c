#include "split.h"

#include "element.h"
#include "shape.h"

static int find_axis(struct vt_infer *c, int *axis)
{
    int64_t value;
    bool known;
    int status = vt_infer_scalar(c, 1, "axis", &value, &known);

    *axis = -1;
    if (status || !known) {
        return status;
    }
    return vt_infer_axis(c, value, c->in[0]->shape.rank, axis);
}

/* All outputs have the input's rank and nothing else is known. */
static void set_rank_only(struct vt_infer *c)
{
    struct vt_pshape out = {.rank = c->in[0]->shape.rank};

    for (int i = 0; i < out.rank; i++) {
        out.dims[i] = vt_dim_any();
    }
    for (int i = 0; i < c->n_out; i++) {
        vt_infer_set(c, i, c->in[0]->type, &out);
    }
}

static int infer_split(struct vt_infer *c)
{
    int64_t parts = vt_attr_i64(c->node, "num_splits");
    struct vt_pshape out = c->in[0]->shape;
    int axis, status = find_axis(c, &axis);
    struct vt_dim d;

    if (status) {
        return status;
    }
    if (parts < 1 || parts != c->n_out) {
        return vt_fail(c->err, VT_E_INVALID, "num_splits is %lld, but the node has %d outputs",
                       (long long)parts, c->n_out);
    }
    if (axis < 0) {
        set_rank_only(c);
        return VT_OK;
    }
    d = out.dims[axis];
    if (vt_dim_is_static(d) && d.min % parts) {
        return vt_fail(c->err, VT_E_SHAPE, "dimension %lld of axis %d cannot be split in %lld equal parts",
                       (long long)d.min, axis, (long long)parts);
    }
    out.dims[axis] = vt_dim_div(d, parts);
    if (!vt_dim_is_static(d)) {
        out.dims[axis].min = d.min / parts + (d.min % parts != 0);
    }
    for (int i = 0; i < c->n_out; i++) {
        vt_infer_set(c, i, c->in[0]->type, &out);
    }
    return VT_OK;
}

static int set_lengths(struct vt_infer *c, int axis, const struct vt_dim *lengths)
{
    struct vt_pshape out = c->in[0]->shape;
    struct vt_dim whole = out.dims[axis], sum = vt_dim_fixed(0), fit;
    int open = -1;

    for (int i = 0; i < c->n_out; i++) {
        bool fixed = vt_dim_is_static(lengths[i]);

        if (fixed && (lengths[i].min < -1 || (lengths[i].min == -1 && open >= 0))) {
            return vt_fail(c->err, VT_E_INVALID, "input 2 (split_lengths) has %lld at %d",
                           (long long)lengths[i].min, i);
        }
        if (fixed && lengths[i].min == -1) {
            open = i;
        } else {
            sum = vt_dim_add(sum, lengths[i].min < 0 ? vt_dim_any() : lengths[i]);
        }
    }
    if (open < 0 ? !vt_dim_meet(sum, whole, &fit) : whole.max >= 0 && sum.min > whole.max) {
        return vt_fail(c->err, VT_E_SHAPE, "the lengths add up to %lld, axis %d has %lld", (long long)sum.min,
                       axis, (long long)whole.min);
    }
    for (int i = 0; i < c->n_out; i++) {
        out.dims[axis] = i == open ? vt_dim_sub(whole, sum) : lengths[i].min < 0 ? vt_dim_any() : lengths[i];
        vt_infer_set(c, i, c->in[0]->type, &out);
    }
    return VT_OK;
}

static int infer_variadic(struct vt_infer *c)
{
    struct vt_dim lengths[VT_SPLIT_MAX_PARTS];
    struct vt_pshape out = c->in[0]->shape;
    int n = vt_infer_length(c, 2), axis, status = find_axis(c, &axis);

    if (status) {
        return status;
    }
    if (n > VT_SPLIT_MAX_PARTS) {
        return vt_fail(c->err, VT_E_RANGE, "%d parts are above the limit of %d", n, VT_SPLIT_MAX_PARTS);
    }
    if (n >= 0 && n != c->n_out) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "input 2 (split_lengths) has %d elements, but the node has %d outputs", n, c->n_out);
    }
    if (axis < 0) {
        set_rank_only(c);
        return VT_OK;
    }
    if (vt_infer_bounds(c, 2, lengths, VT_SPLIT_MAX_PARTS, &n) && n == c->n_out) {
        return set_lengths(c, axis, lengths);
    }
    out.dims[axis] = (struct vt_dim){0, out.dims[axis].max};
    for (int i = 0; i < c->n_out; i++) {
        vt_infer_set(c, i, c->in[0]->type, &out);
    }
    return VT_OK;
}

static const struct vt_attr_def split_attrs[] = {
    {"num_splits", VT_ATTR_I64, .required = true, .min = 1, .max = INT32_MAX},
    {0},
};

const struct vt_op_def vt_op_split[] = {
    {.name = "Split",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = -1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = split_attrs,
     .infer = infer_split,
     .eval = vt_split_ref},
    {.name = "VariadicSplit",
     .opset = 1,
     .min_in = 3,
     .max_in = 3,
     .n_out = -1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer_variadic,
     .eval = vt_split_ref},
    {0},
};
