#include "convolution.h"
#include "post_ref.h"
#include "shape.h"

/* Inputs: 0 data, 1 weights, 2 scale [O] or left out, 3 bias [O] or left out, 4... operands of post. Weights
 * may be of another type than the data: the scale undoes their quantization. */
static int check_channels(struct vt_infer *c, int input, const struct vt_pshape *out)
{
    struct vt_pshape want = {.rank = 1, .dims = {out->rank >= 0 ? out->dims[1] : vt_dim_any()}}, both;
    char text[256];

    if (input >= c->n_in || !c->in[input] || vt_pshape_meet(&c->in[input]->shape, &want, &both)) {
        return VT_OK;
    }
    return vt_fail(c->err, VT_E_SHAPE, "input %d must have one element per output channel, not shape %s",
                   input, vt_pshape_text(&c->in[input]->shape, text, sizeof(text)));
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    int status = vt_convolution_shape(c, &out);

    for (int i = 2; i < 4 && status == VT_OK; i++) {
        status = check_channels(c, i, &out);
    }
    status = status ? status : vt_post_infer(c, &out, false);
    if (status == VT_OK) {
        vt_infer_set(c, 0, c->in[0]->type, &out);
    }
    return status;
}

static const struct vt_attr_def attrs[] = {
    VT_WINDOW_ATTRS,
    {"grouped", VT_ATTR_BOOL},
    VT_POST_ATTR,
    {0},
};

static const struct vt_attr_def back_attrs[] = {
    VT_WINDOW_ATTRS,
    {"output_padding", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {"output_shape", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {"grouped", VT_ATTR_BOOL},
    VT_POST_ATTR,
    {0},
};

const struct vt_op_def vt_op_fused_convolution[] = {
    {.name = "FusedConvolution",
     .opset = 0,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_VARIADIC,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_convolution_ref},
    {.name = "FusedConvolutionBackpropData",
     .opset = 0,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_VARIADIC,
     .attrs = back_attrs,
     .infer = infer,
     .eval = vt_convolution_ref},
    {0},
};
