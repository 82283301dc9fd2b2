/* Strings as tensors of bytes and back: begins and ends of the texts in one line of bytes. */
#include "string_tensor.h"

#include "shape.h"

static int check_type(struct vt_infer *c, int input, const char *what, enum vt_type want)
{
    enum vt_type type = c->in[input]->type;

    return type == VT_DYNAMIC || type == want
               ? VT_OK
               : vt_fail(c->err, VT_E_TYPE, "input %d (%s) must be %s, not %s", input, what,
                         vt_type_info(want)->name, vt_type_info(type)->name);
}

static int infer_pack(struct vt_infer *c)
{
    const struct vt_pshape *symbols = &c->in[2]->shape;
    struct vt_pshape both;
    enum vt_type type;
    char a[200], b[200];
    int status = vt_infer_same_type(c, 0, 1, &type);

    if (status == VT_OK && type != VT_I32 && type != VT_I64 && type != VT_DYNAMIC) {
        status = vt_fail(c->err, VT_E_TYPE, "begins and ends must be i32 or i64, not %s",
                         vt_type_info(type)->name);
    }
    status = status ? status : check_type(c, 2, "symbols", VT_U8);
    if (status) {
        return status;
    }
    if (symbols->rank >= 0 && symbols->rank != 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 (symbols) must have one axis, not %d", symbols->rank);
    }
    if (!vt_pshape_meet(&c->in[0]->shape, &c->in[1]->shape, &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "begins of shape %s and ends of shape %s differ",
                       vt_pshape_text(&c->in[0]->shape, a, sizeof(a)),
                       vt_pshape_text(&c->in[1]->shape, b, sizeof(b)));
    }
    vt_infer_set(c, 0, VT_STRING, &both);
    return VT_OK;
}

static int infer_unpack(struct vt_infer *c)
{
    struct vt_pshape symbols = {.rank = 1, .dims = {vt_dim_any()}};
    int status = check_type(c, 0, "data", VT_STRING);

    vt_infer_set(c, 0, VT_I32, &c->in[0]->shape);
    vt_infer_set(c, 1, VT_I32, &c->in[0]->shape);
    vt_infer_set(c, 2, VT_U8, &symbols);
    return status;
}

const struct vt_op_def vt_op_string_tensor[] = {
    {.name = "StringTensorPack",
     .opset = 15,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .infer = infer_pack,
     .eval = vt_string_tensor_pack_ref},
    {.name = "StringTensorUnpack",
     .opset = 15,
     .min_in = 1,
     .max_in = 1,
     .n_out = 3,
     .flags = VT_OP_DATA_SHAPE | VT_OP_STRINGS,
     .infer = infer_unpack,
     .eval = vt_string_tensor_unpack_ref},
    {0},
};
