#include "strided_slice.h"

#include "shape.h"
#include "slice_range.h"

static bool mask_bit(const struct vt_node *node, const char *name, int i)
{
    int64_t n;
    const int64_t *mask = vt_attr_i64s(node, name, &n);

    return i < n && mask[i];
}

/* How many source axes the elements after `from` name. */
static int named_after(const struct vt_node *node, int from, int n)
{
    int count = 0;

    for (int i = from; i < n; i++) {
        count += !mask_bit(node, "new_axis_mask", i);
    }
    return count;
}

int vt_strided_axes(const struct vt_node *node, int rank, int n, struct vt_strided_axis *axes)
{
    int src = 0, count = 0;
    bool ellipsis = false;

    for (int i = 0; i < n; i++) {
        if (mask_bit(node, "ellipsis_mask", i) && !ellipsis) {
            int end = rank - named_after(node, i + 1, n);

            ellipsis = true;
            for (; src < end; src++) {
                axes[count++] = (struct vt_strided_axis){.src = src, .at = -1};
            }
        } else if (mask_bit(node, "new_axis_mask", i)) {
            axes[count++] = (struct vt_strided_axis){.src = -1, .at = i};
        } else if (src == rank) {
            return -1;
        } else {
            axes[count++] = (struct vt_strided_axis){.src = src++,
                                                     .at = i,
                                                     .shrink = mask_bit(node, "shrink_axis_mask", i),
                                                     .whole_begin = mask_bit(node, "begin_mask", i),
                                                     .whole_end = mask_bit(node, "end_mask", i)};
        }
    }
    for (; src < rank; src++) {
        axes[count++] = (struct vt_strided_axis){.src = src, .at = -1};
    }
    return count;
}

struct ends {
    struct vt_dim begin[VT_MAX_RANK], end[VT_MAX_RANK];
    int64_t step[VT_MAX_RANK];
    bool begin_known, end_known, step_known;
};

static void read_ends(struct vt_infer *c, struct ends *e, int n)
{
    int k;

    e->begin_known = vt_infer_bounds(c, 1, e->begin, VT_MAX_RANK, &k) && k == n;
    e->end_known = vt_infer_bounds(c, 2, e->end, VT_MAX_RANK, &k) && k == n;
    e->step_known = true;
    if (c->n_in > 3 && c->in[3]) {
        e->step_known = vt_infer_i64s(c, 3, e->step, VT_MAX_RANK, &k) && k == n;
        return;
    }
    for (int i = 0; i < n; i++) {
        e->step[i] = 1;
    }
}

static int axis_length(struct vt_infer *c, const struct ends *e, const struct vt_strided_axis *a,
                       struct vt_dim *d)
{
    const int at = a->at;
    struct vt_dim begin, end;
    int64_t step;

    if (at < 0) {
        return VT_OK;
    }
    if (!e->step_known) {
        *d = (struct vt_dim){0, d->max};
        return VT_OK;
    }
    step = e->step[at];
    if (step == 0) {
        return vt_fail(c->err, VT_E_INVALID, "input 3 (strides) has 0 at %d", at);
    }
    begin = a->whole_begin   ? vt_dim_fixed(step > 0 ? 0 : INT64_MAX)
            : e->begin_known ? e->begin[at]
                             : (struct vt_dim){-2, -1};
    end = a->whole_end   ? vt_dim_fixed(step > 0 ? INT64_MAX : INT64_MIN)
          : e->end_known ? e->end[at]
                         : (struct vt_dim){-2, -1};
    *d = vt_slice_length(begin, end, step, *d);
    return VT_OK;
}

/* The length that begin, end and strides share, -1: unknown. */
static int spec_length(struct vt_infer *c, int *length)
{
    static const char *const names[] = {"", "begin", "end", "strides"};

    *length = -1;
    for (int i = 1; i < c->n_in && i < 4; i++) {
        int n = c->in[i] ? vt_infer_length(c, i) : -1, status = vt_infer_integral(c, i, names[i]);

        status = status ? status : vt_infer_list(c, i, names[i], VT_MAX_RANK);
        if (status == VT_OK && c->in[i] && c->in[i]->shape.rank == 0) {
            status = vt_fail(c->err, VT_E_SHAPE, "input %d (%s) must have rank 1, not 0", i, names[i]);
        }
        if (status) {
            return status;
        }
        if (n >= 0 && *length >= 0 && n != *length) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d (%s) has %d elements, earlier ones %d", i, names[i],
                           n, *length);
        }
        *length = n < 0 ? *length : n;
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_strided_axis axes[VT_STRIDED_MAX_AXES];
    struct vt_pshape out = {.rank = 0};
    struct ends ends = {0};
    int n, count, status = spec_length(c, &n);

    vt_infer_unknown(c, 0, c->in[0]->type);
    if (status || src->rank < 0 || n < 0) {
        return status;
    }
    count = vt_strided_axes(c->node, src->rank, n, axes);
    if (count < 0) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (begin) has %d elements, more than rank %d has axes", n,
                       src->rank);
    }
    read_ends(c, &ends, n);
    for (int i = 0; i < count; i++) {
        struct vt_dim d = axes[i].src < 0 ? vt_dim_fixed(1) : src->dims[axes[i].src];

        if (axes[i].shrink) {
            continue;
        }
        status = axes[i].src < 0 ? VT_OK : axis_length(c, &ends, &axes[i], &d);
        if (status) {
            return status;
        }
        if (out.rank == VT_MAX_RANK) {
            return vt_fail(c->err, VT_E_SHAPE, "the result's rank is above the limit of %d", VT_MAX_RANK);
        }
        out.dims[out.rank++] = d;
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"begin_mask", VT_ATTR_I64S},       {"end_mask", VT_ATTR_I64S},      {"new_axis_mask", VT_ATTR_I64S},
    {"shrink_axis_mask", VT_ATTR_I64S}, {"ellipsis_mask", VT_ATTR_I64S}, {0},
};

const struct vt_op_def vt_op_strided_slice[] = {
    {.name = "StridedSlice",
     .opset = 1,
     .min_in = 3,
     .max_in = 4,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_strided_slice_ref},
    {0},
};
