#include "extract_image_patches.h"

#include "shape.h"

/* Number of patches along one axis: as a convolution counts its outputs. */
static struct vt_dim patches(struct vt_dim in, int64_t size, int64_t stride, int64_t rate, bool valid)
{
    int64_t reach = (size - 1) * rate + 1;

    if (valid) {
        struct vt_dim d = {in.min < reach ? 0 : (in.min - reach) / stride + 1,
                           in.max < 0       ? -1
                           : in.max < reach ? 0
                                            : (in.max - reach) / stride + 1};

        return d;
    }
    return (struct vt_dim){(in.min + stride - 1) / stride, in.max < 0 ? -1 : (in.max + stride - 1) / stride};
}

static int infer(struct vt_infer *c)
{
    static const char *const names[] = {"sizes", "strides", "rates"};
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 4, .dims = {vt_dim_any(), vt_dim_any(), vt_dim_any(), vt_dim_any()}};
    const int64_t *values[3];
    bool valid = vt_attr_is(c->node, "auto_pad", "valid");

    for (int i = 0; i < 3; i++) {
        int64_t n;

        values[i] = vt_attr_i64s(c->node, names[i], &n);
        if (n != 2) {
            return vt_fail(c->err, VT_E_INVALID, "attribute %s has %lld numbers, not 2", names[i],
                           (long long)n);
        }
    }
    if (src->rank >= 0 && src->rank != 4) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have 4 axes [N, C, H, W], not %d", src->rank);
    }
    if (src->rank == 4) {
        out.dims[0] = src->dims[0];
        out.dims[1] = vt_dim_mul(src->dims[1], vt_dim_fixed(values[0][0] * values[0][1]));
        for (int i = 0; i < 2; i++) {
            out.dims[i + 2] = patches(src->dims[i + 2], values[0][i], values[1][i], values[2][i], valid);
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"sizes", VT_ATTR_I64S, .required = true, .min = 1, .max = 1 << 20},
    {"strides", VT_ATTR_I64S, .required = true, .min = 1, .max = 1 << 20},
    {"rates", VT_ATTR_I64S, .required = true, .min = 1, .max = 1 << 20},
    {"auto_pad", VT_ATTR_STR, .required = true, .allowed = "valid|same_lower|same_upper"},
    {0},
};

const struct vt_op_def vt_op_extract_image_patches[] = {
    {.name = "ExtractImagePatches",
     .opset = 3,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_extract_image_patches_ref},
    {0},
};
