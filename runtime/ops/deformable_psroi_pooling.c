/* DeformablePSROIPooling-1. */
#include "deformable_psroi_pooling.h"

#include "shape.h"

static int check_offsets(struct vt_infer *c, const struct vt_pshape *out)
{
    const struct vt_pshape *offsets = &c->in[2]->shape;
    int64_t part = vt_attr_i64(c->node, "part_size"), channels;
    struct vt_dim both;

    if (offsets->rank < 0) {
        return VT_OK;
    }
    if (offsets->rank != 4 || !vt_dim_meet(offsets->dims[0], out->dims[0], &both) ||
        !vt_dim_can_be(offsets->dims[2], part) || !vt_dim_can_be(offsets->dims[3], part)) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 must be [number of boxes, 2 * classes, %lld, %lld]",
                       (long long)part, (long long)part);
    }
    channels = offsets->dims[1].min == offsets->dims[1].max ? offsets->dims[1].max : 2;
    if (channels < 2 || channels % 2 || vt_attr_i64(c->node, "output_dim") % (channels / 2)) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "input 2 has %lld channels, not two for a class of output channels",
                       (long long)channels);
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *maps = &c->in[0]->shape, *boxes = &c->in[1]->shape;
    int64_t group = vt_attr_i64(c->node, "group_size"), outputs = vt_attr_i64(c->node, "output_dim");
    struct vt_pshape out = {4,
                            {vt_dim_any(), vt_dim_fixed(outputs), vt_dim_fixed(group), vt_dim_fixed(group)}};
    enum vt_type type;
    int status = vt_infer_same_float(c, 0, c->n_in - 1, &type);

    if (status) {
        return status;
    }
    if (maps->rank >= 0 && (maps->rank != 4 || !vt_dim_can_be(maps->dims[1], outputs * group * group))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must be [N, %lld, H, W]",
                       (long long)(outputs * group * group));
    }
    if (boxes->rank >= 0 && (boxes->rank != 2 || !vt_dim_can_be(boxes->dims[1], 5))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 must be [number of boxes, 5]");
    }
    if (boxes->rank == 2) {
        out.dims[0] = boxes->dims[0];
    }
    if (c->n_in > 2 && c->in[2]) {
        status = check_offsets(c, &out);
    }
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
    }
    return status;
}

#define SIZE(NAME, ...)                                                                                      \
    {                                                                                                        \
        NAME, VT_ATTR_I64, .min = 1, .max = 1 << 15, __VA_ARGS__                                             \
    }

static const struct vt_attr_def attrs[] = {
    SIZE("output_dim", .required = true),
    {"spatial_scale", VT_ATTR_F64, .required = true},
    SIZE("group_size", .def.i = 1),
    {"mode", VT_ATTR_STR, .def.s = "bilinear_deformable", .allowed = "bilinear_deformable"},
    SIZE("spatial_bins_x", .def.i = 1),
    SIZE("spatial_bins_y", .def.i = 1),
    {"trans_std", VT_ATTR_F64, .def.f = 1},
    SIZE("part_size", .def.i = 1),
    {0},
};

const struct vt_op_def vt_op_deformable_psroi_pooling[] = {
    {.name = "DeformablePSROIPooling",
     .opset = 1,
     .min_in = 2,
     .max_in = 3,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_deformable_psroi_pooling_ref},
    {0},
};
