#include "matmul.h"
#include "post_ref.h"
#include "shape.h"

/* Inputs: 0 A, 1 B, 2 scale [n] or left out, 3 bias [n] or left out, 4... operands of post. B may be of
 * another type than A: the scale undoes its quantization. */
static int check_columns(struct vt_infer *c, int input, const struct vt_pshape *out)
{
    const struct vt_pshape *b = &c->in[1]->shape;
    struct vt_pshape want = {.rank = 1, .dims = {vt_dim_any()}}, both;
    char text[256];

    if (b->rank == 1) {
        want.dims[0] = vt_dim_fixed(1);
    } else if (out->rank > 0) {
        want.dims[0] = out->dims[out->rank - 1];
    }
    if (input >= c->n_in || !c->in[input] || vt_pshape_meet(&c->in[input]->shape, &want, &both)) {
        return VT_OK;
    }
    return vt_fail(c->err, VT_E_SHAPE, "input %d must have one element per column, not shape %s", input,
                   vt_pshape_text(&c->in[input]->shape, text, sizeof(text)));
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    int status = vt_matmul_shape(c, &out);

    for (int i = 2; i < 4 && status == VT_OK; i++) {
        status = check_columns(c, i, &out);
    }
    status = status ? status : vt_post_infer(c, &out, false);
    if (status == VT_OK) {
        vt_infer_set(c, 0, c->in[0]->type, &out);
    }
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"transpose_a", VT_ATTR_BOOL},
    {"transpose_b", VT_ATTR_BOOL},
    VT_POST_ATTR,
    {0},
};

const struct vt_op_def vt_op_fused_matmul[] = {
    {.name = "FusedMatMul",
     .opset = 0,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_VARIADIC,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_matmul_ref},
    {0},
};
