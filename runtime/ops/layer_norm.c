#include "layer_norm.h"

#include "shape.h"

/* Inputs: 0 data, 1 gamma or left out, 2 beta or left out. result = (data - mean) / deviation * gamma + beta
 * over the last axes_count axes; with `rms` the mean counts as 0. gamma and beta broadcast over those axes.
 */
static int check_operand(struct vt_infer *c, int input, int64_t axes)
{
    const struct vt_pshape *data = &c->in[0]->shape;
    struct vt_pshape tail = {.rank = (int)axes}, wide;
    char text[256], whole[256];

    if (input >= c->n_in || !c->in[input] || data->rank < 0 || c->in[input]->shape.rank < 0) {
        return VT_OK;
    }
    for (int i = 0; i < tail.rank; i++) {
        tail.dims[i] = data->dims[data->rank - tail.rank + i];
    }
    wide = c->in[input]->shape;
    while (wide.rank > tail.rank && vt_dim_is_static(wide.dims[0]) && wide.dims[0].min == 1) {
        wide.rank--;
        memmove(wide.dims, wide.dims + 1, sizeof(*wide.dims) * (size_t)wide.rank);
    }
    if (wide.rank <= tail.rank && vt_pshape_broadcast(&wide, &tail) && vt_pshape_meet(&wide, &tail, &wide)) {
        return VT_OK;
    }
    return vt_fail(c->err, VT_E_SHAPE, "input %d %s does not broadcast over the last %lld axes of %s", input,
                   vt_pshape_text(&c->in[input]->shape, text, sizeof(text)), (long long)axes,
                   vt_pshape_text(data, whole, sizeof(whole)));
}

static int infer(struct vt_infer *c)
{
    int64_t axes = vt_attr_i64(c->node, "axes_count");
    int status = vt_infer_unary_float(c);

    if (status == VT_OK && c->in[0]->shape.rank >= 0 && axes > c->in[0]->shape.rank) {
        status = vt_fail(c->err, VT_E_RANGE, "attribute axes_count is %lld for rank %d", (long long)axes,
                         c->in[0]->shape.rank);
    }
    status = status ? status : check_operand(c, 1, axes);
    return status ? status : check_operand(c, 2, axes);
}

static const struct vt_attr_def attrs[] = {
    {"axes_count", VT_ATTR_I64, .def.i = 1, .min = 1, .max = VT_MAX_RANK},
    {"eps", VT_ATTR_F64, .def.f = 1e-5},
    {"eps_mode", VT_ATTR_STR, .def.s = "inside_sqrt", .allowed = "inside_sqrt|outside_sqrt"},
    {"rms", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_layer_norm[] = {
    {.name = "LayerNorm",
     .opset = 0,
     .min_in = 1,
     .max_in = 3,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_layer_norm_ref},
    {0},
};
