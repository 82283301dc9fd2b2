/* Rows of strings, unpacked to begins, ends and bytes, of which those without a text get a default one. */
#include "sparse_fill_empty_rows_unpacked.h"

#include "shape.h"

static int check_bytes(struct vt_infer *c, int input, const char *what)
{
    const struct vt_value *v = c->in[input];

    if (v->type != VT_U8 && v->type != VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_TYPE, "input %d (%s) must be u8, not %s", input, what,
                       vt_type_info(v->type)->name);
    }
    return v->shape.rank < 0 || v->shape.rank == 1
               ? VT_OK
               : vt_fail(c->err, VT_E_SHAPE, "input %d (%s) must have one axis, not %d", input, what,
                         v->shape.rank);
}

static int infer(struct vt_infer *c)
{
    struct vt_dim plain = vt_infer_dim(c, 2, 0), most = vt_dim_add(plain, vt_infer_dim(c, 3, 0));
    struct vt_pshape both, symbols = {1, {{plain.min, most.max}}}, rows = {1, {vt_dim_any()}};
    enum vt_type type;
    char a[200], b[200];
    int status = vt_infer_same_type(c, 0, 1, &type);

    if (status == VT_OK && type != VT_I32 && type != VT_I64 && type != VT_DYNAMIC) {
        status = vt_fail(c->err, VT_E_TYPE, "begins and ends must be i32 or i64, not %s",
                         vt_type_info(type)->name);
    }
    status = status ? status : check_bytes(c, 2, "symbols");
    status = status ? status : check_bytes(c, 3, "default_value");
    if (status) {
        return status;
    }
    if (!vt_pshape_meet(&c->in[0]->shape, &c->in[1]->shape, &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "begins of shape %s and ends of shape %s differ",
                       vt_pshape_text(&c->in[0]->shape, a, sizeof(a)),
                       vt_pshape_text(&c->in[1]->shape, b, sizeof(b)));
    }
    if (both.rank == 0) {
        return vt_fail(c->err, VT_E_SHAPE, "begins and ends must have rows: a rank of at least 1");
    }
    if (both.rank > 0) {
        rows.dims[0] = both.dims[0];
    }
    vt_infer_set(c, 0, type, &both);
    vt_infer_set(c, 1, type, &both);
    vt_infer_set(c, 2, VT_U8, &symbols);
    vt_infer_set(c, 3, VT_BOOLEAN, &rows);
    return VT_OK;
}

const struct vt_op_def vt_op_sparse_fill_empty_rows_unpacked[] = {
    {.name = "SparseFillEmptyRowsUnpackedString",
     .opset = 16,
     .min_in = 4,
     .max_in = 4,
     .n_out = 4,
     .flags = VT_OP_DATA_SHAPE,
     .infer = infer,
     .eval = vt_sparse_fill_empty_rows_unpacked_ref},
    {0},
};
