#include "batch_norm.h"

#include "graph.h"
#include "shape.h"

int vt_batch_norm_data(const struct vt_node *node)
{
    return node->op->opset >= 5 ? 0 : 2;
}

static int infer(struct vt_infer *c)
{
    int data = vt_batch_norm_data(c->node);
    struct vt_pshape shape = c->in[data]->shape;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 4, &type);

    if (status) {
        return status;
    }
    if (shape.rank >= 0 && shape.rank < 2) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d must have 2 axes or more, not %d", data, shape.rank);
    }
    for (int i = 0; i < 5; i++) {
        struct vt_pshape want = {.rank = 1, .dims = {shape.rank > 1 ? shape.dims[1] : vt_dim_any()}}, both;
        char text[256];

        if (i != data && !vt_pshape_meet(&c->in[i]->shape, &want, &both)) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have one element per channel, not shape %s", i,
                           vt_pshape_text(&c->in[i]->shape, text, sizeof(text)));
        }
        if (i != data && shape.rank > 1 && c->in[i]->shape.rank == 1) {
            shape.dims[1] = both.dims[0];
        }
    }
    vt_infer_set(c, 0, type, &shape);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"epsilon", VT_ATTR_F64, .required = true},
    {0},
};

const struct vt_op_def vt_op_batch_norm[] = {
    {.name = "BatchNormInference",
     .opset = 1,
     .min_in = 5,
     .max_in = 5,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_batch_norm_ref},
    {.name = "BatchNormInference",
     .opset = 5,
     .min_in = 5,
     .max_in = 5,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_batch_norm_ref},
    {0},
};
