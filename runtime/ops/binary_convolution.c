#include "binary_convolution.h"

#include "convolution.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    int status = vt_convolution_shape(c, &out);

    if (status == VT_OK) {
        vt_infer_set(c, 0, c->in[0]->type, &out);
    }
    return status;
}

static const struct vt_attr_def attrs[] = {
    VT_WINDOW_ATTRS,
    {"mode", VT_ATTR_STR, .def.s = "xnor-popcount", .allowed = "xnor-popcount"},
    {"pad_value", VT_ATTR_F64, .required = true},
    {0},
};

const struct vt_op_def vt_op_binary_convolution[] = {
    {.name = "BinaryConvolution",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_binary_convolution_ref},
    {0},
};
