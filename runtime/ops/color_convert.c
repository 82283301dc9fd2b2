#include "color_convert.h"

#include "element.h"
#include "shape.h"

#include <string.h>

/* One plane [N, H * 3 / 2, W, 1] -> [N, H, W, 3]. */
static int infer_one(struct vt_infer *c, struct vt_pshape *out)
{
    const struct vt_pshape *src = &c->in[0]->shape;

    if (src->rank >= 0 && (src->rank != 4 || !vt_dim_can_be(src->dims[3], 1))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must be [N, H * 3 / 2, W, 1]");
    }
    if (src->rank == 4) {
        if (vt_dim_is_static(src->dims[1]) && src->dims[1].min % 3) {
            return vt_fail(c->err, VT_E_SHAPE, "the height %lld of input 0 is no multiple of 3",
                           (long long)src->dims[1].min);
        }
        out->dims[0] = src->dims[0];
        out->dims[1] = vt_dim_div(vt_dim_mul(src->dims[1], vt_dim_fixed(2)), 3);
        out->dims[2] = src->dims[2];
    }
    return VT_OK;
}

/* Y [N, H, W, 1] and planes of half the size: UV with 2 channels, or U and V. */
static int infer_planes(struct vt_infer *c, struct vt_pshape *out)
{
    for (int i = 0; i < c->n_in; i++) {
        const struct vt_pshape *src = c->in[i] ? &c->in[i]->shape : NULL;
        int64_t channels = i && c->n_in == 2 ? 2 : 1, times = i ? 2 : 1;

        if (!src) {
            return vt_fail(c->err, VT_E_INVALID, "input %d (a plane) is not connected", i);
        }
        if (src->rank < 0) {
            continue;
        }
        if (src->rank != 4 || !vt_dim_can_be(src->dims[3], channels)) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have the axes [N, H, W, %lld]", i,
                           (long long)channels);
        }
        for (int k = 0; k < 3; k++) {
            struct vt_dim whole = vt_dim_mul(src->dims[k], vt_dim_fixed(k ? times : 1));

            if (!vt_dim_meet(out->dims[k], whole, &out->dims[k])) {
                return vt_fail(c->err, VT_E_SHAPE, "axis %d of input %d does not fit the planes before it", k,
                               i);
            }
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = {4, {vt_dim_any(), vt_dim_any(), vt_dim_any(), vt_dim_fixed(3)}};
    bool three = strncmp(c->node->op->name, "I420", 4) == 0;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, c->n_in - 1, &type);

    if (status) {
        return status;
    }
    if (c->n_in != 1 && c->n_in != (three ? 3 : 2)) {
        return vt_fail(c->err, VT_E_INVALID, "there are %d inputs: 1 or %d are possible", c->n_in,
                       three ? 3 : 2);
    }
    if (type != VT_DYNAMIC && type != VT_U8 && !vt_is_float(type)) {
        return vt_fail(c->err, VT_E_TYPE, "the planes must be u8 or of a float type, not %s",
                       vt_type_info(type)->name);
    }
    status = c->n_in == 1 ? infer_one(c, &out) : infer_planes(c, &out);
    for (int k = 1; k < 3 && status == VT_OK; k++) {
        if (vt_dim_is_static(out.dims[k]) && out.dims[k].min % 2) {
            status = vt_fail(c->err, VT_E_SHAPE, "the picture is %lld by %lld: both must be even",
                             (long long)out.dims[1].min, (long long)out.dims[2].min);
        }
    }
    vt_infer_set(c, 0, type, &out);
    return status;
}

#define COLOR(NAME, MAX)                                                                                     \
    {                                                                                                        \
        .name = NAME, .opset = 8, .min_in = 1, .max_in = MAX, .n_out = 1, .infer = infer,                    \
        .eval = vt_color_convert_ref                                                                         \
    }

const struct vt_op_def vt_op_color_convert[] = {
    COLOR("NV12toRGB", 2), COLOR("NV12toBGR", 2), COLOR("I420toRGB", 3), COLOR("I420toBGR", 3), {0},
};
