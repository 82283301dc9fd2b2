#include "segment_max.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape, *ids = &c->in[1]->shape;
    struct vt_pshape out = *src;
    struct vt_dim rows;
    int64_t count = 0;
    bool known = false;
    int status = vt_infer_integral(c, 1, "segment_ids");

    status = status ? status : vt_infer_scalar(c, 2, "num_segments", &count, &known);
    if (status) {
        return status;
    }
    if (src->rank == 0 || (ids->rank >= 0 && ids->rank != 1)) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have at least one axis, input 1 (segment_ids) one");
    }
    if (src->rank > 0 && ids->rank == 1 && !vt_dim_meet(src->dims[0], ids->dims[0], &rows)) {
        return vt_fail(c->err, VT_E_SHAPE, "segment_ids has %lld elements, axis 0 of the data %lld",
                       (long long)ids->dims[0].min, (long long)src->dims[0].min);
    }
    if (known && count < 0) {
        return vt_fail(c->err, VT_E_INVALID, "num_segments is %lld", (long long)count);
    }
    if (src->rank > 0) {
        int64_t last[VT_BOUNDS_MAX];
        int n = 0;

        out.dims[0] = known ? vt_dim_fixed(count) : vt_dim_any();
        if (!known && (c->n_in < 3 || !c->in[2]) && vt_infer_i64s(c, 1, last, VT_BOUNDS_MAX, &n)) {
            if (n && (last[n - 1] < 0 || __builtin_add_overflow(last[n - 1], 1, &count))) {
                return vt_fail(c->err, VT_E_INVALID, "segment_ids end with %lld", (long long)last[n - 1]);
            }
            out.dims[0] = vt_dim_fixed(count);
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"fill_mode", VT_ATTR_STR, .required = true, .allowed = "zero|lowest"},
    {0},
};

const struct vt_op_def vt_op_segment_max[] = {
    {.name = "SegmentMax",
     .opset = 16,
     .min_in = 2,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_DATA_SHAPE,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_segment_max_ref},
    {0},
};
