#include "sparse_fill_empty_rows.h"

#include "shape.h"

static int check(struct vt_infer *c)
{
    static const int ranks[] = {1, 1, 2, 0};
    struct vt_dim both;

    for (int i = 0; i < 4; i++) {
        if (c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank != ranks[i]) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have %d axes, not %d", i, ranks[i],
                           c->in[i]->shape.rank);
        }
    }
    if (c->in[1]->shape.rank == 1 && !vt_dim_can_be(c->in[1]->shape.dims[0], 2)) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (dense_shape) must have 2 elements");
    }
    if (c->in[2]->shape.rank == 2 &&
        (!vt_dim_can_be(c->in[2]->shape.dims[1], 2) ||
         (c->in[0]->shape.rank == 1 &&
          !vt_dim_meet(c->in[2]->shape.dims[0], c->in[0]->shape.dims[0], &both)))) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 (indices) must be [number of values, 2]");
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape indices = {2, {vt_dim_any(), vt_dim_fixed(2)}}, values = {1, {vt_dim_any()}},
                     rows = values;
    struct vt_dim shape[2] = {vt_dim_any(), vt_dim_any()};
    enum vt_type type;
    int n, status = check(c);

    status = status ? status : vt_infer_integral(c, 1, "dense_shape");
    status = status ? status : vt_infer_integral(c, 2, "indices");
    if (status) {
        return status;
    }
    if (c->in[0]->type != VT_DYNAMIC && c->in[3]->type != VT_DYNAMIC && c->in[0]->type != c->in[3]->type) {
        return vt_fail(c->err, VT_E_TYPE, "the values are %s, the default value is %s",
                       vt_type_info(c->in[0]->type)->name, vt_type_info(c->in[3]->type)->name);
    }
    if (vt_infer_bounds(c, 1, shape, 2, &n) && shape[0].min >= 0) {
        rows.dims[0] = shape[0];
    }
    type = c->in[2]->type;
    vt_infer_set(c, 0, type, &indices);
    vt_infer_set(c, 1, c->in[0]->type, &values);
    vt_infer_set(c, 2, VT_BOOLEAN, &rows);
    return VT_OK;
}

const struct vt_op_def vt_op_sparse_fill_empty_rows[] = {
    {.name = "SparseFillEmptyRows",
     .opset = 16,
     .min_in = 4,
     .max_in = 4,
     .n_out = 3,
     .flags = VT_OP_DATA_SHAPE,
     .infer = infer,
     .eval = vt_sparse_fill_empty_rows_ref},
    {0},
};
