#include "pad.h"

#include "shape.h"

#define PAD_LIMIT (INT64_MAX / 8) /* sums of places and pads must not overflow */

static int pad_axis(struct vt_infer *c, int i, int64_t begin, int64_t end, struct vt_dim *d)
{
    bool reflect = vt_attr_is(c->node, "pad_mode", "reflect"),
         symmetric = vt_attr_is(c->node, "pad_mode", "symmetric");
    int64_t most, sum, size = 0;

    if (begin < -PAD_LIMIT || begin > PAD_LIMIT || end < -PAD_LIMIT || end > PAD_LIMIT) {
        return vt_fail(c->err, VT_E_RANGE, "the padding of axis %d is too large", i);
    }
    most = (begin > end ? begin : end) + (reflect ? 1 : 0);
    if ((reflect || symmetric) && most > (reflect ? 1 : 0) && d->max >= 0 && most > d->max) {
        return vt_fail(
            c->err, VT_E_RANGE, "padding %lld and %lld of axis %d is too large for %lld elements in mode %s",
            (long long)begin, (long long)end, i, (long long)d->max, vt_attr_str(c->node, "pad_mode"));
    }
    if (vt_attr_is(c->node, "pad_mode", "edge") && most > 0 && d->max == 0) {
        return vt_fail(c->err, VT_E_RANGE, "axis %d is empty and has no edge to repeat", i);
    }
    if (__builtin_add_overflow(begin, end, &sum) ||
        (vt_dim_is_static(*d) && __builtin_add_overflow(d->min, sum, &size))) {
        return vt_fail(c->err, VT_E_RANGE, "padding %lld and %lld of axis %d is too large", (long long)begin,
                       (long long)end, i);
    }
    if (vt_dim_is_static(*d) && size < 0) {
        return vt_fail(c->err, VT_E_RANGE,
                       "padding %lld and %lld of axis %d leaves less than nothing of %lld elements",
                       (long long)begin, (long long)end, i, (long long)d->min);
    }
    *d = sum >= 0 ? vt_dim_add(*d, vt_dim_fixed(sum)) : vt_dim_sub(*d, vt_dim_fixed(-sum));
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = c->in[0]->shape;
    int64_t begin[VT_MAX_RANK], end[VT_MAX_RANK];
    int n_begin = 0, n_end = 0, status = vt_infer_integral(c, 1, "pads_begin");
    bool known =
        vt_infer_i64s(c, 1, begin, VT_MAX_RANK, &n_begin) && vt_infer_i64s(c, 2, end, VT_MAX_RANK, &n_end);

    status = status ? status : vt_infer_integral(c, 2, "pads_end");
    status = status ? status : vt_infer_list(c, 1, "pads_begin", VT_MAX_RANK);
    status = status ? status : vt_infer_list(c, 2, "pads_end", VT_MAX_RANK);
    if (status) {
        return status;
    }
    if (c->n_in > 3 && c->in[3]) {
        enum vt_type value = c->in[3]->type;
        const struct vt_pshape *s = &c->in[3]->shape;

        if (s->rank > 1 || (s->rank == 1 && !vt_dim_can_be(s->dims[0], 1))) {
            return vt_fail(c->err, VT_E_SHAPE, "input 3 (pad value) must be a scalar");
        }

        if (value != VT_DYNAMIC && c->in[0]->type != VT_DYNAMIC && value != c->in[0]->type) {
            return vt_fail(c->err, VT_E_TYPE, "input 3 (pad value) is %s, input 0 is %s",
                           vt_type_info(value)->name, vt_type_info(c->in[0]->type)->name);
        }
    }
    if (out.rank < 0 && vt_infer_length(c, 1) >= 0 && vt_infer_length(c, 1) <= VT_MAX_RANK) {
        out.rank = vt_infer_length(c, 1);
        known = false;
    }
    if (known && (n_begin != out.rank || n_end != out.rank)) {
        return vt_fail(c->err, VT_E_SHAPE, "pads have %d and %d elements, input 0 has rank %d", n_begin,
                       n_end, out.rank);
    }
    for (int i = 0; i < out.rank && status == VT_OK; i++) {
        if (known) {
            status = pad_axis(c, i, begin[i], end[i], &out.dims[i]);
        } else {
            out.dims[i] = vt_dim_any();
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"pad_mode", VT_ATTR_STR, .def.s = "constant", .allowed = "constant|edge|reflect|symmetric"},
    {0},
};

/* Bounds of the pad value travel too: input 3 moves. */
#define ROW(version)                                                                                         \
    {                                                                                                        \
        .name = "Pad", .opset = version, .min_in = 3, .max_in = 4, .n_out = 1, .flags = VT_OP_MOVES_DATA,    \
        .moves = 1 | 8, .attrs = attrs, .infer = infer, .eval = vt_pad_ref                                   \
    }

const struct vt_op_def vt_op_pad[] = {
    ROW(1),
    ROW(12),
    {0},
};
