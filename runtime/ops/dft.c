#include "dft.h"

#include "element.h"
#include "shape.h"

bool vt_dft_real_input(const struct vt_node *node)
{
    return strcmp(node->op->name, "RDFT") == 0;
}

bool vt_dft_real_output(const struct vt_node *node)
{
    return strcmp(node->op->name, "IRDFT") == 0;
}

static struct vt_dim half(struct vt_dim d)
{
    return vt_dim_add(vt_dim_div(d, 2), vt_dim_fixed(1));
}

/* Extent of an axis after the transform; `last` is the last of the listed axes. */
static struct vt_dim resized(const struct vt_infer *c, struct vt_dim now, const struct vt_dim *size,
                             bool last)
{
    struct vt_dim d = now;

    if (size && size->min >= 0 && (size->max >= 0 || size->min > 0)) {
        d = *size;
    } else if (size && !(size->min == -1 && size->max == -1)) {
        return vt_dim_any(); /* -1 or anything */
    } else if (last && vt_dft_real_output(c->node)) {
        return vt_dim_mul(vt_dim_sub(now, vt_dim_fixed(1)), vt_dim_fixed(2));
    }
    return last && vt_dft_real_input(c->node) ? half(d) : d;
}

static int transform_axes(struct vt_infer *c, struct vt_pshape *shape, int rank)
{
    struct vt_dim sizes[VT_MAX_RANK];
    int64_t axes[VT_MAX_RANK];
    int n, n_sizes = 0, axis, status;
    bool given = c->n_in > 2 && c->in[2], known;

    if (!vt_infer_i64s(c, 1, axes, VT_MAX_RANK, &n)) {
        for (int i = 0; i < rank; i++) {
            shape->dims[i] = vt_dim_any();
        }
        return VT_OK;
    }
    known = given && vt_infer_bounds(c, 2, sizes, VT_MAX_RANK, &n_sizes);
    if (known && n_sizes != n) {
        return vt_fail(c->err, VT_E_SHAPE, "%d sizes for %d axes", n_sizes, n);
    }
    for (int i = 0; i < n; i++) {
        struct vt_dim unknown = vt_dim_any();

        status = vt_infer_axis(c, axes[i], rank, &axis);
        if (status) {
            return status;
        }
        shape->dims[axis] = resized(c, shape->dims[axis],
                                    !given  ? NULL
                                    : known ? &sizes[i]
                                            : &unknown,
                                    i == n - 1);
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape shape = c->in[0]->shape;
    bool real_in = vt_dft_real_input(c->node);
    int status = vt_infer_unary_float(c), rank = shape.rank - !real_in;

    if (status || shape.rank < 0) {
        return status;
    }
    if (rank < 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have %d axes or more, not %d", 1 + !real_in,
                       shape.rank);
    }
    if (!real_in && !vt_dim_can_be(shape.dims[rank], 2)) {
        return vt_fail(c->err, VT_E_SHAPE, "the last axis of input 0 must have 2 elements");
    }
    status = transform_axes(c, &shape, rank);
    if (real_in) {
        if (rank == VT_MAX_RANK) {
            return vt_fail(c->err, VT_E_SHAPE, "input 0 has too many axes");
        }
        shape.dims[shape.rank++] = vt_dim_fixed(2);
    } else if (vt_dft_real_output(c->node)) {
        shape.rank--;
    }
    vt_infer_set(c, 0, c->in[0]->type, &shape);
    return status;
}

#define DFT(NAME, OPSET)                                                                                     \
    {                                                                                                        \
        .name = NAME, .opset = OPSET, .min_in = 2, .max_in = 3, .n_out = 1, .infer = infer,                  \
        .eval = vt_dft_ref                                                                                   \
    }

const struct vt_op_def vt_op_dft[] = {
    DFT("DFT", 7), DFT("IDFT", 7), DFT("RDFT", 9), DFT("IRDFT", 9), {0},
};
