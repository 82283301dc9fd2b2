#include "ctc_greedy_decoder.h"

#include "shape.h"

static int data_axes(struct vt_infer *c, struct vt_pshape *data)
{
    *data = c->in[0]->shape;
    if (data->rank < 0) {
        *data = (struct vt_pshape){3, {vt_dim_any(), vt_dim_any(), vt_dim_any()}};
    }
    return data->rank == 3 ? VT_OK
                           : vt_fail(c->err, VT_E_SHAPE, "input 0 must have 3 axes, not %d", data->rank);
}

/* Data [T, N, C], mask [T, N] -> [N, T, 1, 1]. */
static int infer(struct vt_infer *c)
{
    const struct vt_pshape *mask = &c->in[1]->shape;
    struct vt_pshape data, out;
    int status = data_axes(c, &data);

    if (status) {
        return status;
    }
    if (mask->rank >= 0 && (mask->rank != 2 || !vt_dim_meet(data.dims[0], mask->dims[0], &data.dims[0]) ||
                            !vt_dim_meet(data.dims[1], mask->dims[1], &data.dims[1]))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 must be [T, N] of the data [T, N, C]");
    }
    out = (struct vt_pshape){4, {data.dims[1], data.dims[0], vt_dim_fixed(1), vt_dim_fixed(1)}};
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

/* Data [N, T, C], lengths [N] -> classes [N, T], lengths [N]. */
static int infer_seq_len(struct vt_infer *c)
{
    const struct vt_pshape *lengths = &c->in[1]->shape;
    enum vt_type classes = vt_attr_type_of(c->node, "classes_index_type");
    enum vt_type length = vt_attr_type_of(c->node, "sequence_length_type");
    struct vt_pshape data;
    int64_t blank;
    bool known;
    int status = data_axes(c, &data);

    status = status ? status : vt_infer_integral(c, 1, "sequence_length");
    status = status ? status : vt_infer_scalar(c, 2, "blank_index", &blank, &known);
    if (status) {
        return status;
    }
    if ((classes != VT_I32 && classes != VT_I64) || (length != VT_I32 && length != VT_I64)) {
        return vt_fail(c->err, VT_E_TYPE, "classes_index_type and sequence_length_type must be i32 or i64");
    }
    if (lengths->rank >= 0 &&
        (lengths->rank != 1 || !vt_dim_meet(data.dims[0], lengths->dims[0], &data.dims[0]))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 must be [N] of the data [N, T, C]");
    }
    data.rank = 2;
    vt_infer_set(c, 0, classes, &data);
    data.rank = 1;
    vt_infer_set(c, 1, length, &data);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"ctc_merge_repeated", VT_ATTR_BOOL, .def.i = 1},
    {0},
};

static const struct vt_attr_def seq_len_attrs[] = {
    {"merge_repeated", VT_ATTR_BOOL, .def.i = 1},
    {"classes_index_type", VT_ATTR_TYPE, .def.i = VT_I32},
    {"sequence_length_type", VT_ATTR_TYPE, .def.i = VT_I32},
    {0},
};

const struct vt_op_def vt_op_ctc_greedy_decoder[] = {
    {.name = "CTCGreedyDecoder",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_ctc_greedy_decoder_ref},
    {.name = "CTCGreedyDecoderSeqLen",
     .opset = 6,
     .min_in = 2,
     .max_in = 3,
     .n_out = 2,
     .attrs = seq_len_attrs,
     .infer = infer_seq_len,
     .eval = vt_ctc_greedy_decoder_seq_len_ref},
    {0},
};
