#include "matmul.h"

#include "shape.h"

/* A side as a stack of matrices; vectors get an axis of 1 at the side where they are multiplied. */
static struct vt_pshape as_matrices(const struct vt_pshape *shape, bool transpose, bool right)
{
    struct vt_pshape m = *shape;
    struct vt_dim swap;

    if (shape->rank == 1) {
        m.rank = 2;
        m.dims[right ? 1 : 0] = vt_dim_fixed(1);
        m.dims[right ? 0 : 1] = shape->dims[0];
    } else if (transpose && shape->rank > 1) {
        swap = m.dims[m.rank - 1];
        m.dims[m.rank - 1] = m.dims[m.rank - 2];
        m.dims[m.rank - 2] = swap;
    }
    return m;
}

static int mismatch(struct vt_infer *c)
{
    char a[256], b[256];

    return vt_fail(c->err, VT_E_SHAPE, "cannot multiply %s%s and %s%s",
                   vt_pshape_text(&c->in[0]->shape, a, sizeof(a)),
                   vt_attr_bool(c->node, "transpose_a") ? " (transposed)" : "",
                   vt_pshape_text(&c->in[1]->shape, b, sizeof(b)),
                   vt_attr_bool(c->node, "transpose_b") ? " (transposed)" : "");
}

int vt_matmul_shape(struct vt_infer *c, struct vt_pshape *out)
{
    const struct vt_pshape *sa = &c->in[0]->shape, *sb = &c->in[1]->shape;
    struct vt_pshape a = as_matrices(sa, vt_attr_bool(c->node, "transpose_a"), false);
    struct vt_pshape b = as_matrices(sb, vt_attr_bool(c->node, "transpose_b"), true);
    struct vt_dim inner, rows, columns;

    *out = (struct vt_pshape){.rank = -1};
    if (sa->rank == 0 || sb->rank == 0) {
        return mismatch(c);
    }
    if (sa->rank < 0 || sb->rank < 0) {
        return VT_OK;
    }
    if (!vt_dim_meet(a.dims[a.rank - 1], b.dims[b.rank - 2], &inner)) {
        return mismatch(c);
    }
    rows = a.dims[a.rank - 2];
    columns = b.dims[b.rank - 1];
    a.rank -= 2;
    b.rank -= 2;
    if (!vt_pshape_broadcast(&a, &b)) {
        return mismatch(c);
    }
    *out = a;
    if (sa->rank > 1) {
        out->dims[out->rank++] = rows;
    }
    if (sb->rank > 1) {
        out->dims[out->rank++] = columns;
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 1, &type);

    status = status ? status : vt_matmul_shape(c, &out);
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
    }
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"transpose_a", VT_ATTR_BOOL},
    {"transpose_b", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_matmul[] = {
    {.name = "MatMul",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_matmul_ref},
    {0},
};
