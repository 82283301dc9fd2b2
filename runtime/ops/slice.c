#include "slice.h"

#include "element.h"
#include "shape.h"

static int check_inputs(struct vt_infer *c, int first)
{
    static const char *const names[] = {"start", "stop", "step", "axes"};

    for (int i = first; i < c->n_in; i++) {
        const struct vt_value *v = c->in[i];
        int status = vt_infer_integral(c, i, names[i - first]);

        if (v && v->shape.rank == 0) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d (%s) must have rank 1, not 0", i, names[i - first]);
        }
        status = status ? status : vt_infer_list(c, i, names[i - first], VT_MAX_RANK);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* The axes in the order of the other inputs: given, or 0, 1, 2, ... False when they are not known. */
static bool find_axes(struct vt_infer *c, int first, int64_t *axes, int *n)
{
    if (c->n_in > first + 3 && c->in[first + 3]) {
        return vt_infer_i64s(c, first + 3, axes, VT_MAX_RANK, n);
    }
    *n = -1;
    for (int i = first; i < first + 3; i++) {
        *n = *n < 0 ? vt_infer_length(c, i) : *n;
    }
    for (int i = 0; i < *n && i < VT_MAX_RANK; i++) {
        axes[i] = i;
    }
    return *n >= 0 && *n <= VT_MAX_RANK;
}

static bool read_bounds(struct vt_infer *c, int input, int n, struct vt_dim *d)
{
    int k;

    if (vt_infer_bounds(c, input, d, VT_MAX_RANK, &k)) {
        return k == n;
    }
    for (int i = 0; i < n; i++) {
        d[i] = (struct vt_dim){-2, -1};
    }
    return true;
}

/* The shape that a slice of input 0 has; its unknown parts as intervals. */
static int sliced_shape(struct vt_infer *c, int first, struct vt_pshape *out)
{
    struct vt_dim start[VT_MAX_RANK], stop[VT_MAX_RANK], step[VT_MAX_RANK];
    int64_t axes[VT_MAX_RANK];
    uint32_t seen = 0;
    int n, axis, status = check_inputs(c, first);

    *out = c->in[0]->shape;
    if (status || out->rank < 0) {
        return status;
    }
    if (!find_axes(c, first, axes, &n)) {
        for (int i = 0; i < out->rank; i++) {
            out->dims[i].min = 0;
        }
        return VT_OK;
    }
    if (!read_bounds(c, first, n, start) || !read_bounds(c, first + 1, n, stop) ||
        !read_bounds(c, first + 2, n, step)) {
        return vt_fail(c->err, VT_E_SHAPE, "start, stop, step and axes must have the same length");
    }
    for (int i = 0; i < n; i++) {
        status = vt_infer_axis(c, axes[i], out->rank, &axis);
        if (status) {
            return status;
        }
        if (seen >> axis & 1) {
            return vt_fail(c->err, VT_E_INVALID, "axis %d is given twice", axis);
        }
        seen |= 1u << axis;
        if (!vt_dim_is_static(step[i])) {
            out->dims[axis].min = 0;
            continue;
        }
        if (step[i].min == 0) {
            return vt_fail(c->err, VT_E_INVALID, "input %d (step) has 0 at %d", first + 2, i);
        }
        out->dims[axis] = vt_slice_length(start[i], stop[i], step[i].min, out->dims[axis]);
    }
    return VT_OK;
}

static int infer_slice(struct vt_infer *c)
{
    struct vt_pshape out;
    int status = sliced_shape(c, 1, &out);

    if (status == VT_OK && out.rank == 0) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 (data) must have at least rank 1");
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static int infer_scatter(struct vt_infer *c)
{
    struct vt_pshape part, both;
    enum vt_type type;
    char a[200], b[200];
    int status = vt_infer_same_type(c, 0, 1, &type);

    status = status ? status : sliced_shape(c, 2, &part);
    if (status) {
        return status;
    }
    if (!vt_pshape_meet(&part, &c->in[1]->shape, &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (updates) has shape %s, the slice %s",
                       vt_pshape_text(&c->in[1]->shape, a, sizeof(a)), vt_pshape_text(&part, b, sizeof(b)));
    }
    vt_infer_set(c, 0, type, &c->in[0]->shape);
    return VT_OK;
}

const struct vt_op_def vt_op_slice[] = {
    {.name = "Slice",
     .opset = 8,
     .min_in = 4,
     .max_in = 5,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer_slice,
     .eval = vt_slice_ref},
    {.name = "SliceScatter",
     .opset = 15,
     .min_in = 5,
     .max_in = 6,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 3,
     .infer = infer_scatter,
     .eval = vt_slice_scatter_ref},
    {0},
};
