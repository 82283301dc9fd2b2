#include "move.h"
#include "shape.h"

/* The axes input as a bit set of normalized axes. False when it is not known. */
static int axes_mask(struct vt_infer *c, int rank, uint32_t *mask, bool *known)
{
    int64_t axes[64];
    int n, at, status;

    *mask = 0;
    *known = vt_infer_i64s(c, 1, axes, 64, &n);
    for (int i = 0; *known && i < n; i++) {
        status = vt_infer_axis(c, axes[i], rank, &at);
        if (status) {
            return status;
        }
        *mask |= at < 0 ? 0 : 1u << at;
    }
    return VT_OK;
}

static bool has_axes(const struct vt_infer *c)
{
    return c->n_in > 1 && c->in[1] && !(c->in[1]->shape.rank == 1 && vt_infer_length(c, 1) == 0);
}

/* Without axes every dimension of 1 goes, so all must be known. */
static void squeeze_all(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 0};

    for (int i = 0; i < src->rank; i++) {
        if (!vt_dim_is_static(src->dims[i]) && vt_dim_can_be(src->dims[i], 1)) {
            vt_infer_unknown(c, 0, c->in[0]->type);
            return;
        }
        if (!vt_dim_is_static(src->dims[i]) || src->dims[i].min != 1) {
            out.dims[out.rank++] = src->dims[i];
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
}

/* Axes that cannot be 1 are left in place (as OpenVINO does in every version); an unknown dimension counts as
 * 1, unless `skip` says that it may stay. */
static void squeeze_axes(struct vt_infer *c, uint32_t mask, bool skip)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 0};

    for (int i = 0; i < src->rank; i++) {
        bool one = vt_dim_can_be(src->dims[i], 1), fixed = vt_dim_is_static(src->dims[i]);

        if (mask >> i & 1 && one && !fixed && skip) {
            vt_infer_unknown(c, 0, c->in[0]->type);
            return;
        }
        if (!(mask >> i & 1 && one)) {
            out.dims[out.rank++] = src->dims[i];
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
}

static int infer_squeeze(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    bool skip = c->node->op->opset >= 15 && vt_attr_bool(c->node, "allow_axis_skip"), known;
    uint32_t mask;
    int status;

    vt_infer_unknown(c, 0, c->in[0]->type);
    if (src->rank < 0) {
        return VT_OK;
    }
    if (!has_axes(c)) {
        squeeze_all(c);
        return VT_OK;
    }
    status = axes_mask(c, src->rank, &mask, &known);
    if (status == VT_OK && known) {
        squeeze_axes(c, mask, skip);
    }
    return status;
}

static int infer_unsqueeze(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 0};
    int64_t axes[VT_MAX_RANK];
    uint32_t mask = 0;
    int n, rank, at, k = 0, status;

    vt_infer_unknown(c, 0, c->in[0]->type);
    if (src->rank < 0 || !vt_infer_i64s(c, 1, axes, VT_MAX_RANK, &n)) {
        n = c->in[1]->shape.rank == 0 ? 1 : vt_infer_length(c, 1);
        if (src->rank >= 0 && n == 1 && src->rank < VT_MAX_RANK) {
            out.rank = src->rank + 1;
            for (int i = 0; i < out.rank; i++) {
                out.dims[i] = vt_dim_any();
            }
            vt_infer_set(c, 0, c->in[0]->type, &out);
        }
        return VT_OK;
    }
    rank = src->rank + n;
    if (rank > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", rank, VT_MAX_RANK);
    }
    for (int i = 0; i < n; i++) {
        status = vt_infer_axis(c, axes[i], rank, &at);
        if (status) {
            return status;
        }
        mask |= 1u << at;
    }
    rank = src->rank + __builtin_popcount(mask); /* a repeated axis counts once */
    if (mask >> rank) {
        return vt_fail(c->err, VT_E_RANGE, "repeated axes leave an axis outside of rank %d", rank);
    }
    for (int i = 0; i < rank; i++) {
        out.dims[out.rank++] = mask >> i & 1 ? vt_dim_fixed(1) : src->dims[k++];
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def squeeze_attrs[] = {
    {"allow_axis_skip", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_squeeze[] = {
    {.name = "Squeeze",
     .opset = 1,
     .min_in = 1,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer_squeeze,
     .eval = vt_copy_ref},
    {.name = "Squeeze",
     .opset = 15,
     .min_in = 1,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = squeeze_attrs,
     .infer = infer_squeeze,
     .eval = vt_copy_ref},
    {.name = "Unsqueeze",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer_unsqueeze,
     .eval = vt_copy_ref},
    {0},
};
