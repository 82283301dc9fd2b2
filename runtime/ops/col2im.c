#include "col2im.h"

#include "shape.h"

static int check_pair(struct vt_infer *c, const char *name)
{
    int64_t n;

    (void)vt_attr_i64s(c->node, name, &n);
    return n == 0 || n == 2
               ? VT_OK
               : vt_fail(c->err, VT_E_INVALID, "%s has %lld elements, not 2", name, (long long)n);
}

/* How many places a window of the kernel takes over the padded output: the product over both axes. */
static int check_places(struct vt_infer *c, const int64_t *size, const int64_t *kernel, struct vt_dim have)
{
    static const char *const names[] = {"strides", "dilations", "pads_begin", "pads_end"};
    int64_t all = 1;

    for (int i = 0; i < 2; i++) {
        int64_t v[4], reach;

        for (int k = 0; k < 4; k++) {
            int64_t n;
            const int64_t *list = vt_attr_i64s(c->node, names[k], &n);

            v[k] = n ? list[i] : k < 2;
        }
        if (size[i] < 0 || size[i] > INT32_MAX || kernel[i] > INT32_MAX) {
            return vt_fail(c->err, VT_E_INVALID, "output size %lld and kernel %lld at %d", (long long)size[i],
                           (long long)kernel[i], i);
        }
        reach = size[i] + v[2] + v[3] - (kernel[i] - 1) * v[1] - 1;
        all *= reach < 0 ? 0 : reach / v[0] + 1;
    }
    return vt_dim_can_be(have, all)
               ? VT_OK
               : vt_fail(c->err, VT_E_SHAPE, "input 0 has %lld columns, the windows %lld",
                         (long long)have.min, (long long)all);
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = -1};
    int64_t kernel[2] = {0}, fixed_size[2];
    struct vt_dim size[2] = {vt_dim_any(), vt_dim_any()}, channels = vt_dim_any();
    int n, first = src->rank - 2, status = vt_infer_integral(c, 1, "output_size");

    status = status ? status : vt_infer_integral(c, 2, "kernel_size");
    status = status ? status : check_pair(c, "strides");
    status = status ? status : check_pair(c, "dilations");
    status = status ? status : check_pair(c, "pads_begin");
    status = status ? status : check_pair(c, "pads_end");
    if (status) {
        return status;
    }
    vt_infer_unknown(c, 0, c->in[0]->type);
    if (src->rank < 0) {
        return VT_OK;
    }
    if (src->rank != 2 && src->rank != 3) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have rank 2 or 3, not %d", src->rank);
    }
    if (vt_infer_i64s(c, 2, kernel, 2, &n) && n == 2) {
        int64_t all;

        if (kernel[0] < 1 || kernel[1] < 1 || __builtin_mul_overflow(kernel[0], kernel[1], &all)) {
            return vt_fail(c->err, VT_E_INVALID, "kernel_size is %lld,%lld", (long long)kernel[0],
                           (long long)kernel[1]);
        }
        channels = src->dims[first];
        if (vt_dim_is_static(channels) && channels.min % all) {
            return vt_fail(c->err, VT_E_SHAPE,
                           "dimension %lld of input 0 is no multiple of the kernel's %lld elements",
                           (long long)channels.min, (long long)all);
        }
        channels = vt_dim_div(channels, all);
    }
    if (vt_infer_bounds(c, 1, size, 2, &n) && n == 2 && kernel[0] && vt_infer_i64s(c, 1, fixed_size, 2, &n)) {
        status = check_places(c, fixed_size, kernel, src->dims[first + 1]);
    }
    out.rank = src->rank + 1;
    out.dims[0] = src->dims[0];
    out.dims[first] = channels;
    out.dims[first + 1] = size[0].min < 0 ? vt_dim_any() : size[0];
    out.dims[first + 2] = size[1].min < 0 ? vt_dim_any() : size[1];
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"strides", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},
    {"dilations", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},
    {"pads_begin", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {"pads_end", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {0},
};

const struct vt_op_def vt_op_col2im[] = {
    {.name = "Col2Im",
     .opset = 15,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_col2im_ref},
    {0},
};
