#include "broadcast.h"

#include "shape.h"

static struct vt_dim at_least_0(struct vt_dim d)
{
    return d.min < 0 && !vt_dim_is_static(d) ? vt_dim_any() : d;
}

/* The target shape as intervals; only its rank, or not even that, when the values are unknown. */
static int target_shape(struct vt_infer *c, struct vt_pshape *target)
{
    int n = vt_infer_length(c, 1);

    if (c->in[1]->shape.rank > 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (target shape) must have rank 1, not %d",
                       c->in[1]->shape.rank);
    }
    *target = (struct vt_pshape){.rank = n};
    if (n > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "rank %d is above the limit of %d", n, VT_MAX_RANK);
    }
    for (int i = 0; i < n; i++) {
        target->dims[i] = vt_dim_any();
    }
    if (vt_infer_bounds(c, 1, target->dims, VT_MAX_RANK, &n)) {
        target->rank = n;
        for (int i = 0; i < n; i++) {
            target->dims[i] = at_least_0(target->dims[i]);
            if (target->dims[i].min < 0) {
                return vt_fail(c->err, VT_E_INVALID, "input 1 (target shape) has %lld at %d",
                               (long long)target->dims[i].min, i);
            }
        }
    }
    return VT_OK;
}

/* numpy and pdpd: the target is the result; `start` is where input 0's first axis lies. */
static int check_one_way(struct vt_infer *c, const struct vt_pshape *target, int start)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    char a[200], b[200];

    if (src->rank < 0 || target->rank < 0) {
        return VT_OK;
    }
    for (int i = 0; i < src->rank; i++) {
        int at = start + i;
        struct vt_dim both;

        if (at < 0 || at >= target->rank ||
            (!vt_dim_can_be(src->dims[i], 1) && !vt_dim_meet(src->dims[i], target->dims[at], &both))) {
            return vt_fail(c->err, VT_E_SHAPE, "shape %s cannot be broadcast to %s",
                           vt_pshape_text(src, a, sizeof(a)), vt_pshape_text(target, b, sizeof(b)));
        }
    }
    return VT_OK;
}

static int check_explicit(struct vt_infer *c, const struct vt_pshape *target)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    int64_t axes[VT_MAX_RANK];
    struct vt_dim both;
    int n, status;

    if (c->n_in < 3 || !c->in[2]) {
        return vt_fail(c->err, VT_E_INVALID, "mode explicit needs input 2 (axes)");
    }
    status = vt_infer_list(c, 2, "axes", VT_MAX_RANK);
    if (status || target->rank < 0 || src->rank < 0 || !vt_infer_i64s(c, 2, axes, VT_MAX_RANK, &n)) {
        return status;
    }
    if (n != src->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "input 2 (axes) has %d elements, input 0 has rank %d", n,
                       src->rank);
    }
    for (int i = 0; i < n; i++) {
        if (axes[i] < 0 || axes[i] >= target->rank || (i && axes[i] <= axes[i - 1])) {
            return vt_fail(c->err, VT_E_INVALID,
                           "input 2 (axes) has %lld at %d: axes must rise and stay below rank %d",
                           (long long)axes[i], i, target->rank);
        }
        if (!vt_dim_can_be(src->dims[i], 1) && !vt_dim_meet(src->dims[i], target->dims[axes[i]], &both)) {
            return vt_fail(c->err, VT_E_SHAPE,
                           "dimension %d of input 0 does not fit dimension %lld of the target", i,
                           (long long)axes[i]);
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape target, out;
    char a[200], b[200];
    int status = target_shape(c, &target), start = target.rank - c->in[0]->shape.rank;

    if (status) {
        return status;
    }
    out = target;
    if (vt_attr_is(c->node, "mode", "bidirectional")) {
        out = c->in[0]->shape;
        if (!vt_pshape_broadcast(&out, &target)) {
            return vt_fail(c->err, VT_E_SHAPE, "shapes %s and %s do not broadcast",
                           vt_pshape_text(&c->in[0]->shape, a, sizeof(a)),
                           vt_pshape_text(&target, b, sizeof(b)));
        }
    } else if (vt_attr_is(c->node, "mode", "explicit") || vt_attr_is(c->node, "mode", "none")) {
        status = check_explicit(c, &target);
    } else {
        status = check_one_way(c, &target, vt_attr_is(c->node, "mode", "pdpd") ? 0 : start);
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"mode", VT_ATTR_STR, .def.s = "numpy", .allowed = "numpy|explicit|none|bidirectional|pdpd"},
    {0},
};

#define ROW(version)                                                                                         \
    {                                                                                                        \
        .name = "Broadcast", .opset = version, .min_in = 2, .max_in = 3, .n_out = 1,                         \
        .flags = VT_OP_MOVES_DATA, .moves = 1, .attrs = attrs, .infer = infer, .eval = vt_broadcast_ref      \
    }

const struct vt_op_def vt_op_broadcast[] = {
    ROW(1),
    ROW(3),
    {0},
};
