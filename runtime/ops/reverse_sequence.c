#include "reverse_sequence.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = c->in[0]->shape;
    const struct vt_pshape *lengths = &c->in[1]->shape;
    int batch, seq, status = vt_infer_axis(c, vt_attr_i64(c->node, "batch_axis"), out.rank, &batch);

    status = status ? status : vt_infer_axis(c, vt_attr_i64(c->node, "seq_axis"), out.rank, &seq);
    if (status) {
        return status;
    }
    if (lengths->rank >= 0 && lengths->rank != 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (seq_lengths) must have rank 1, not %d", lengths->rank);
    }
    if (out.rank >= 0 && lengths->rank == 1 &&
        !vt_dim_meet(out.dims[batch], lengths->dims[0], &out.dims[batch])) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (seq_lengths) has %lld elements, the batch axis %lld",
                       (long long)lengths->dims[0].min, (long long)c->in[0]->shape.dims[batch].min);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"batch_axis", VT_ATTR_I64, .def.i = 0},
    {"seq_axis", VT_ATTR_I64, .def.i = 1},
    {0},
};

const struct vt_op_def vt_op_reverse_sequence[] = {
    {.name = "ReverseSequence",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_reverse_sequence_ref},
    {0},
};
