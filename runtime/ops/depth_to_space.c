#include "depth_to_space.h"

#include "shape.h"

static int check_rank(struct vt_infer *c)
{
    int rank = c->in[0]->shape.rank;

    return rank == 0 || rank == 1 || rank == 2
               ? vt_fail(c->err, VT_E_SHAPE, "input 0 must have at least rank 3, not %d", rank)
               : VT_OK;
}

/* d / n, which must be whole. */
static int divide(struct vt_infer *c, int axis, int64_t n, struct vt_dim *d)
{
    if (vt_dim_is_static(*d) && d->min % n) {
        return vt_fail(c->err, VT_E_SHAPE, "dimension %lld of axis %d is no multiple of %lld",
                       (long long)d->min, axis, (long long)n);
    }
    *d = (struct vt_dim){d->min / n + (d->min % n != 0), d->max < 0 ? -1 : d->max / n};
    return VT_OK;
}

static int infer(struct vt_infer *c, bool to_space)
{
    struct vt_pshape out = c->in[0]->shape;
    int64_t block = vt_attr_i64(c->node, "block_size"), all = 1;
    int status = check_rank(c);

    for (int i = 2; i < out.rank && status == VT_OK; i++) {
        if (__builtin_mul_overflow(all, block, &all)) {
            return vt_fail(c->err, VT_E_RANGE, "block_size %lld is too large", (long long)block);
        }
        if (to_space) {
            out.dims[i] = vt_dim_mul(out.dims[i], vt_dim_fixed(block));
        } else {
            status = divide(c, i, block, &out.dims[i]);
        }
    }
    if (status == VT_OK && out.rank >= 0 && to_space) {
        status = divide(c, 1, all, &out.dims[1]);
    } else if (out.rank >= 0) {
        out.dims[1] = vt_dim_mul(out.dims[1], vt_dim_fixed(all));
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static int infer_to_space(struct vt_infer *c)
{
    return infer(c, true);
}

static int infer_to_depth(struct vt_infer *c)
{
    return infer(c, false);
}

static const struct vt_attr_def attrs[] = {
    {"mode", VT_ATTR_STR, .required = true, .def.s = "blocks_first", .allowed = "blocks_first|depth_first"},
    {"block_size", VT_ATTR_I64, .def.i = 1, .min = 1, .max = INT32_MAX},
    {0},
};

const struct vt_op_def vt_op_depth_to_space[] = {
    {.name = "DepthToSpace",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer_to_space,
     .eval = vt_depth_to_space_ref},
    {.name = "SpaceToDepth",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer_to_depth,
     .eval = vt_space_to_depth_ref},
    {0},
};
