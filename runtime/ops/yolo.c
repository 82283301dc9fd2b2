#include "yolo.h"

#include "shape.h"

static int four_axes(struct vt_infer *c)
{
    int rank = c->in[0]->shape.rank;

    return rank < 0 || rank == 4
               ? VT_OK
               : vt_fail(c->err, VT_E_SHAPE, "input 0 must have 4 axes [N, C, H, W], not %d", rank);
}

/* ---- RegionYolo */

/* Axes axis..end_axis become one. */
static int flatten(struct vt_infer *c, const struct vt_pshape *src, struct vt_pshape *out)
{
    int axis, end, status = vt_infer_axis(c, vt_attr_i64(c->node, "axis"), src->rank, &axis);

    status = status ? status : vt_infer_axis(c, vt_attr_i64(c->node, "end_axis"), src->rank, &end);
    if (status) {
        return status;
    }
    if (end < axis) {
        return vt_fail(c->err, VT_E_INVALID, "end_axis %d lies before axis %d", end, axis);
    }
    for (int i = 0; i < src->rank; i++) {
        if (i > axis && i <= end) {
            out->dims[out->rank - 1] = vt_dim_mul(out->dims[out->rank - 1], src->dims[i]);
        } else {
            out->dims[out->rank++] = src->dims[i];
        }
    }
    return VT_OK;
}

static int infer_region(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 0};
    int64_t entries = vt_attr_i64(c->node, "classes") + vt_attr_i64(c->node, "coords") + 1, regions;
    bool softmax = vt_attr_bool(c->node, "do_softmax");
    int status = four_axes(c);

    if (status) {
        return status;
    }
    regions = vt_attr_i64(c->node, "num");
    if (!softmax) {
        (void)vt_attr_i64s(c->node, "mask", &regions);
    }
    if (src->rank == 4 && vt_dim_is_static(src->dims[1]) && src->dims[1].min < entries * regions) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 has %lld channels, %lld regions of %lld values need %lld",
                       (long long)src->dims[1].min, (long long)regions, (long long)entries,
                       (long long)(entries * regions));
    }
    if (src->rank < 0) {
        vt_infer_unknown(c, 0, c->in[0]->type);
        return VT_OK;
    }
    if (softmax) {
        status = flatten(c, src, &out);
    } else {
        out = *src;
        out.dims[1] = vt_dim_fixed(entries * regions);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static const struct vt_attr_def region_attrs[] = {
    {"anchors", VT_ATTR_F64S},
    {"axis", VT_ATTR_I64, .required = true},
    {"coords", VT_ATTR_I64, .required = true, .min = 0, .max = 1 << 20},
    {"classes", VT_ATTR_I64, .required = true, .min = 0, .max = 1 << 20},
    {"end_axis", VT_ATTR_I64, .required = true},
    {"num", VT_ATTR_I64, .required = true, .min = 0, .max = 1 << 20},
    {"do_softmax", VT_ATTR_BOOL, .def.i = 1},
    {"mask", VT_ATTR_I64S},
    {0},
};

/* ---- ReorgYolo */

static int infer_reorg(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = *src;
    int64_t n, stride;
    const int64_t *strides = vt_attr_i64s(c->node, "stride", &n);
    int status = four_axes(c);

    if (n < 1) {
        return vt_fail(c->err, VT_E_INVALID, "attribute stride is empty");
    }
    stride = strides[0];
    if (status || src->rank < 0) {
        vt_infer_like(c, 0, 0);
        return status;
    }
    if (vt_dim_is_static(src->dims[1]) && src->dims[1].min < stride * stride) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 has %lld channels, stride %lld needs at least %lld",
                       (long long)src->dims[1].min, (long long)stride, (long long)(stride * stride));
    }
    out.dims[1] = vt_dim_mul(src->dims[1], vt_dim_fixed(stride * stride));
    for (int i = 2; i < 4; i++) {
        if (vt_dim_is_static(src->dims[i]) && src->dims[i].min % stride) {
            return vt_fail(c->err, VT_E_SHAPE, "dimension %lld of axis %d is no multiple of stride %lld",
                           (long long)src->dims[i].min, i, (long long)stride);
        }
        out.dims[i] = vt_dim_div(src->dims[i], stride);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def reorg_attrs[] = {
    {"stride", VT_ATTR_I64S, .required = true, .min = 1, .max = 1 << 15},
    {0},
};

const struct vt_op_def vt_op_yolo[] = {
    {.name = "RegionYolo",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = region_attrs,
     .infer = infer_region,
     .eval = vt_region_yolo_ref},
    {.name = "ReorgYolo",
     .opset = 1, /* introduced by opset2 */
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = reorg_attrs,
     .infer = infer_reorg,
     .eval = vt_reorg_yolo_ref},
    {0},
};
