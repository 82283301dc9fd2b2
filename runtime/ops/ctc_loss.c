#include "ctc_loss.h"

#include "element.h"
#include "shape.h"

/* logits [N, T, C], logit_length [N], labels [N, T], label_length [N], blank_index -> [N] */
static int infer(struct vt_infer *c)
{
    static const char *const names[] = {NULL, "logit_length", "labels", "label_length", "blank_index"};
    static const int ranks[] = {3, 1, 2, 1};
    struct vt_pshape out = {1, {vt_dim_any()}};
    int64_t blank;
    bool known;
    int status = VT_OK;

    if (c->in[0]->type != VT_DYNAMIC && !vt_is_float(c->in[0]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a float type, not %s",
                       vt_type_info(c->in[0]->type)->name);
    }
    for (int i = 0; i < 4 && status == VT_OK; i++) {
        const struct vt_pshape *s = &c->in[i]->shape;

        status = i ? vt_infer_integral(c, i, names[i]) : VT_OK;
        if (status == VT_OK && s->rank >= 0 && s->rank != ranks[i]) {
            status = vt_fail(c->err, VT_E_SHAPE, "input %d must have %d axes, not %d", i, ranks[i], s->rank);
        } else if (status == VT_OK && s->rank > 0 && !vt_dim_meet(out.dims[0], s->dims[0], &out.dims[0])) {
            status = vt_fail(c->err, VT_E_SHAPE, "input %d has another batch than the inputs before it", i);
        }
    }
    status = status ? status : vt_infer_integral(c, 4, names[4]);
    status = status ? status : vt_infer_scalar(c, 4, names[4], &blank, &known);
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"preprocess_collapse_repeated", VT_ATTR_BOOL},
    {"ctc_merge_repeated", VT_ATTR_BOOL, .def.i = 1},
    {"unique", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_ctc_loss[] = {
    {.name = "CTCLoss",
     .opset = 4,
     .min_in = 4,
     .max_in = 5,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_ctc_loss_ref},
    {0},
};
