#include "batch_to_space.h"

#include "shape.h"

struct spec {
    int64_t block[VT_MAX_RANK], begin[VT_MAX_RANK], end[VT_MAX_RANK], all;
};

/* Values of the inputs 1..3; *known is false when they are not all known. */
static int read_spec(struct vt_infer *c, int rank, struct spec *s, bool *known)
{
    int n, a, b;

    *known = rank >= 0 && vt_infer_i64s(c, 1, s->block, VT_MAX_RANK, &n) &&
             vt_infer_i64s(c, 2, s->begin, VT_MAX_RANK, &a) && vt_infer_i64s(c, 3, s->end, VT_MAX_RANK, &b);
    if (!*known) {
        return VT_OK;
    }
    if (n != rank || a != rank || b != rank) {
        return vt_fail(c->err, VT_E_SHAPE, "inputs 1 to 3 have %d, %d and %d elements, input 0 has rank %d",
                       n, a, b, rank);
    }
    s->all = 1;
    for (int i = 0; i < rank; i++) {
        if (s->block[i] < 1 || s->begin[i] < 0 || s->end[i] < 0 || s->begin[i] > INT32_MAX ||
            s->end[i] > INT32_MAX) {
            return vt_fail(c->err, VT_E_INVALID, "block %lld with borders %lld and %lld at axis %d",
                           (long long)s->block[i], (long long)s->begin[i], (long long)s->end[i], i);
        }
        if (__builtin_mul_overflow(s->all, s->block[i], &s->all)) {
            return vt_fail(c->err, VT_E_RANGE, "the blocks are too large");
        }
    }
    if (rank && (s->block[0] != 1 || s->begin[0] || s->end[0])) {
        return vt_fail(c->err, VT_E_INVALID, "block 1 and no borders are wanted at the batch axis");
    }
    return VT_OK;
}

static int divide(struct vt_infer *c, int axis, int64_t n, struct vt_dim *d)
{
    if (vt_dim_is_static(*d) && d->min % n) {
        return vt_fail(c->err, VT_E_SHAPE, "length %lld of axis %d is no multiple of %lld", (long long)d->min,
                       axis, (long long)n);
    }
    *d = (struct vt_dim){d->min / n + (d->min % n != 0), d->max < 0 ? -1 : d->max / n};
    return VT_OK;
}

static int infer_space(struct vt_infer *c)
{
    struct vt_pshape out = c->in[0]->shape;
    struct spec s;
    bool known;
    int status = read_spec(c, out.rank, &s, &known);

    for (int i = 0; i < out.rank && status == VT_OK; i++) {
        struct vt_dim borders;

        if (!known) {
            out.dims[i] = vt_dim_any();
            continue;
        }
        borders = vt_dim_fixed(s.begin[i] + s.end[i]);
        out.dims[i] = vt_dim_mul(out.dims[i], vt_dim_fixed(s.block[i]));
        if (out.dims[i].max >= 0 && out.dims[i].max < borders.min) {
            return vt_fail(c->err, VT_E_RANGE, "crops %lld and %lld of axis %d are above its length %lld",
                           (long long)s.begin[i], (long long)s.end[i], i, (long long)out.dims[i].max);
        }
        out.dims[i] = vt_dim_sub(out.dims[i], borders);
    }
    if (status == VT_OK && known && out.rank > 0) {
        status = divide(c, 0, s.all, &out.dims[0]);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static int infer_batch(struct vt_infer *c)
{
    struct vt_pshape out = c->in[0]->shape;
    struct spec s;
    bool known;
    int status = read_spec(c, out.rank, &s, &known);

    for (int i = 0; i < out.rank && status == VT_OK; i++) {
        if (!known) {
            out.dims[i] = vt_dim_any();
            continue;
        }
        out.dims[i] = vt_dim_add(out.dims[i], vt_dim_fixed(s.begin[i] + s.end[i]));
        status = divide(c, i, s.block[i], &out.dims[i]);
    }
    if (status == VT_OK && known && out.rank > 0) {
        out.dims[0] = vt_dim_mul(out.dims[0], vt_dim_fixed(s.all));
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

const struct vt_op_def vt_op_batch_to_space[] = {
    {.name = "BatchToSpace",
     .opset = 2,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .infer = infer_space,
     .eval = vt_batch_to_space_ref},
    {.name = "SpaceToBatch",
     .opset = 2,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .infer = infer_batch,
     .eval = vt_space_to_batch_ref},
    {0},
};
