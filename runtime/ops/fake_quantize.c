/* FakeQuantize and FakeConvert: what a value becomes in a narrow type, in the type it had. */
#include "fake_quantize.h"

#include "auto_broadcast.h"
#include "shape.h"

/* One more input broadcasts into the shape of the data, leading dimensions of 1 aside; it may make dimensions
 * known. */
static int fit(struct vt_infer *c, int input, struct vt_pshape *data)
{
    struct vt_pshape other = c->in[input]->shape, wide = *data;
    char a[256], b[256];
    bool fits;

    while (data->rank >= 0 && other.rank > data->rank && vt_dim_can_be(other.dims[0], 1)) {
        other.rank--;
        memmove(other.dims, other.dims + 1, (size_t)other.rank * sizeof(other.dims[0]));
    }
    fits = vt_pshape_broadcast(&wide, &other) && (data->rank < 0 || wide.rank <= data->rank);
    for (int k = 0; fits && wide.rank >= 0 && k < wide.rank; k++) {
        fits = vt_dim_meet(wide.dims[k], data->dims[k], &wide.dims[k]);
    }
    if (!fits) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d of shape %s does not fit data of shape %s", input,
                       vt_pshape_text(&c->in[input]->shape, a, sizeof(a)),
                       vt_pshape_text(data, b, sizeof(b)));
    }
    if (wide.rank >= 0) {
        *data = wide;
    }
    return VT_OK;
}

static int infer_data(struct vt_infer *c)
{
    struct vt_pshape data = c->in[0]->shape;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, c->n_in - 1, &type);

    for (int i = 1; status == VT_OK && i < c->n_in; i++) {
        status = c->in[i] ? fit(c, i, &data) : VT_OK;
    }
    if (status == VT_OK) {
        status = vt_infer_unary_float(c);
    }
    /* FakeQuantize keeps open dimensions open, as OpenVINO does. */
    if (status == VT_OK && vt_node_is(c->node, "FakeConvert")) {
        vt_infer_set(c, 0, type, &data);
    }
    return status;
}

static const struct vt_attr_def quantize_attrs[] = {
    {"levels", VT_ATTR_I64, .required = true, .min = 2, .max = INT32_MAX},
    VT_AUTO_BROADCAST_ATTR,
    {0},
};

static const struct vt_attr_def convert_attrs[] = {
    {"destination_type", VT_ATTR_STR, .required = true, .allowed = "f8e4m3|f8e5m2"},
    {0},
};

const struct vt_op_def vt_op_fake_quantize[] = {
    {.name = "FakeQuantize",
     .opset = 1,
     .min_in = 5,
     .max_in = 5,
     .n_out = 1,
     .flags = VT_OP_ELEMENTWISE,
     .attrs = quantize_attrs,
     .infer = infer_data,
     .eval = vt_fake_quantize_ref},
    {.name = "FakeConvert",
     .opset = 13,
     .min_in = 2,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_ELEMENTWISE,
     .attrs = convert_attrs,
     .infer = infer_data,
     .eval = vt_fake_convert_ref},
    {0},
};
