#include "eye.h"

#include "shape.h"

/* Number of rows or columns as a dimension. */
static int side(struct vt_infer *c, int input, const char *what, struct vt_dim *d)
{
    int64_t value;
    bool known;
    int n, status = vt_infer_scalar(c, input, what, &value, &known);

    *d = vt_dim_any();
    if (status) {
        return status;
    }
    if (vt_infer_bounds(c, input, d, 1, &n) && vt_dim_is_static(*d) && d->min < 0) {
        return vt_fail(c->err, VT_E_INVALID, "input %d (%s) is %lld", input, what, (long long)d->min);
    }
    *d = d->min < 0 ? vt_dim_any() : *d;
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    enum vt_type type = vt_attr_type_of(c->node, "output_type");
    struct vt_pshape out = {.rank = 0};
    struct vt_dim rows, columns;
    int64_t shift;
    bool known;
    int n = 0, status = side(c, 0, "num_rows", &rows);

    status = status ? status : side(c, 1, "num_columns", &columns);
    status = status ? status : vt_infer_scalar(c, 2, "diagonal_index", &shift, &known);
    if (status) {
        return status;
    }
    if (c->n_in > 3 && c->in[3]) {
        n = vt_infer_length(c, 3);
        if (n > VT_MAX_RANK - 2) {
            return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", n + 2, VT_MAX_RANK);
        }
        for (int i = 0; i < n; i++) {
            out.dims[i] = vt_dim_any();
        }
        (void)vt_infer_bounds(c, 3, out.dims, VT_MAX_RANK - 2, &n);
        for (int i = 0; i < n; i++) {
            if (vt_dim_is_static(out.dims[i]) && out.dims[i].min < 0) {
                return vt_fail(c->err, VT_E_INVALID, "input 3 (batch_shape) has %lld at %d",
                               (long long)out.dims[i].min, i);
            }
            out.dims[i] = out.dims[i].min < 0 ? vt_dim_any() : out.dims[i];
        }
    }
    if (n < 0) {
        vt_infer_unknown(c, 0, type);
        return VT_OK;
    }
    out.rank = n + 2;
    out.dims[n] = rows;
    out.dims[n + 1] = columns;
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"output_type", VT_ATTR_TYPE, .required = true, .def.i = VT_F32},
    {0},
};

const struct vt_op_def vt_op_eye[] = {
    {.name = "Eye",
     .opset = 9,
     .min_in = 3,
     .max_in = 4,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_eye_ref},
    {0},
};
