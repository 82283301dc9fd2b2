/* Rows in groups, each with a matrix of its own, as experts have them. Matrices are stored transposed: [G, N,
 * K]. */
#include "grouped_matmul.h"

#include "element.h"
#include "shape.h"

/* Rows [total, K] cut by cumulative ends; group g: rows x matrix g. */
static int infer_ragged(struct vt_infer *c, struct vt_dim groups, struct vt_dim columns)
{
    struct vt_pshape out = {2, {vt_infer_dim(c, 0, 0), columns}};
    const struct vt_value *ends = c->n_in > 2 ? c->in[2] : NULL;
    struct vt_dim both;
    int status = vt_infer_integral(c, 2, "offsets");

    if (status) {
        return status;
    }
    if (!ends) {
        return vt_fail(c->err, VT_E_INVALID, "rows of rank 2 need input 2 (offsets), the ends of the groups");
    }
    if (ends->shape.rank >= 0 &&
        (ends->shape.rank != 1 || !vt_dim_meet(ends->shape.dims[0], groups, &both))) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "input 2 (offsets) must have one element for each matrix of input 1");
    }
    vt_infer_set(c, 0, c->out[0].type, &out);
    return VT_OK;
}

static int infer_uniform(struct vt_infer *c, struct vt_dim groups, struct vt_dim columns)
{
    struct vt_pshape out = {3, {groups, vt_infer_dim(c, 0, 1), columns}};

    if (c->n_in > 2 && c->in[2]) {
        return vt_fail(c->err, VT_E_INVALID,
                       "rows of rank 3 are in groups already: input 2 (offsets) must be left out");
    }
    if (!vt_dim_meet(groups, vt_infer_dim(c, 0, 0), &out.dims[0])) {
        return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ in the number of groups");
    }
    vt_infer_set(c, 0, c->out[0].type, &out);
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *rows = &c->in[0]->shape, *matrices = &c->in[1]->shape;
    struct vt_dim inner;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 1, &type);

    if (status) {
        return status;
    }
    if (type == VT_BOOLEAN || type == VT_STRING) {
        return vt_fail(c->err, VT_E_TYPE, "inputs must be of a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    if (matrices->rank >= 0 && matrices->rank != 3) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (the matrices) must have rank 3, not %d", matrices->rank);
    }
    if (rows->rank >= 0 && rows->rank != 2 && rows->rank != 3) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 (the rows) must have rank 2 or 3, not %d", rows->rank);
    }
    if (rows->rank >= 0 && !vt_dim_meet(rows->dims[rows->rank - 1], vt_infer_dim(c, 1, 2), &inner)) {
        return vt_fail(c->err, VT_E_SHAPE, "the last axes of inputs 0 and 1 differ");
    }
    vt_infer_unknown(c, 0, type);
    if (rows->rank < 0) {
        return VT_OK;
    }
    return rows->rank == 2 ? infer_ragged(c, vt_infer_dim(c, 1, 0), vt_infer_dim(c, 1, 1))
                           : infer_uniform(c, vt_infer_dim(c, 1, 0), vt_infer_dim(c, 1, 1));
}

const struct vt_op_def vt_op_grouped_matmul[] = {
    {.name = "GroupedMatMul",
     .opset = 17,
     .min_in = 2,
     .max_in = 3,
     .n_out = 1,
     .infer = infer,
     .eval = vt_grouped_matmul_ref},
    {0},
};
