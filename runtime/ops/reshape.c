#include "move.h"
#include "shape.h"

/* What the pattern says of one output dimension. Bounds that reach below 0 may stand for -1, and those that
 * hold 0 may stand for a copied dimension. */
static struct vt_dim pattern_dim(struct vt_dim want, const struct vt_pshape *src, int i, bool special_zero)
{
    struct vt_dim copied = src->rank < 0 || i >= src->rank ? vt_dim_any() : src->dims[i];

    if (vt_dim_is_static(want)) {
        return special_zero && want.min == 0 ? copied : want;
    }
    if (want.min < 0) {
        return vt_dim_any();
    }
    if (special_zero && want.min == 0) {
        struct vt_pshape a = {1, {want}}, b = {1, {copied}}, both;

        vt_pshape_join(&a, &b, &both);
        return both.dims[0];
    }
    return want;
}

/* total / others, as far as intervals tell. False when it cannot be a whole number. */
static bool divide(struct vt_dim total, struct vt_dim others, struct vt_dim *out)
{
    *out = vt_dim_any();
    if (vt_dim_is_static(total) && vt_dim_is_static(others)) {
        if (others.min == 0) {
            *out = vt_dim_fixed(1); /* any would do; this is OpenVINO's choice */
            return total.min == 0;
        }
        *out = vt_dim_fixed(total.min / others.min);
        return total.min % others.min == 0;
    }
    if (others.min > 0) {
        out->max = total.max < 0 ? -1 : total.max / others.min;
    }
    if (others.max > 0) {
        out->min = total.min / others.max + (total.min % others.max != 0);
    }
    return true;
}

/* Give the one open dimension what the others leave over. Copied dimensions cancel on both sides, even when
 * they are unknown. */
static int fill_open(struct vt_infer *c, const struct vt_dim *want, bool special_zero, int open,
                     struct vt_pshape *out)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_dim total = vt_dim_fixed(1), others = vt_dim_fixed(1);

    if (src->rank < 0) {
        out->dims[open] = vt_dim_any();
        return VT_OK;
    }
    for (int i = 0; i < src->rank || i < out->rank; i++) {
        bool copied = i < out->rank && special_zero && vt_dim_is_static(want[i]) && want[i].min == 0;

        if (copied && i < src->rank) {
            continue;
        }
        if (i < src->rank) {
            total = vt_dim_mul(total, src->dims[i]);
        }
        if (i < out->rank && i != open) {
            others = vt_dim_mul(others, out->dims[i]);
        }
    }
    if (!divide(total, others, &out->dims[open])) {
        char a[200], b[200];

        out->dims[open] = vt_dim_any();
        return vt_fail(c->err, VT_E_SHAPE, "cannot find dimension %d of pattern %s: shape %s does not divide",
                       open, vt_pshape_text(out, b, sizeof(b)), vt_pshape_text(src, a, sizeof(a)));
    }
    return VT_OK;
}

static int check_count(struct vt_infer *c, const struct vt_pshape *out)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_dim a = vt_dim_fixed(1), b = vt_dim_fixed(1), both;
    char ta[200], tb[200];

    if (src->rank < 0) {
        return VT_OK;
    }
    for (int i = 0; i < src->rank; i++) {
        a = vt_dim_mul(a, src->dims[i]);
    }
    for (int i = 0; i < out->rank; i++) {
        b = vt_dim_mul(b, out->dims[i]);
    }
    return vt_dim_meet(a, b, &both)
               ? VT_OK
               : vt_fail(c->err, VT_E_SHAPE, "shape %s cannot become %s: other number of elements",
                         vt_pshape_text(src, ta, sizeof(ta)), vt_pshape_text(out, tb, sizeof(tb)));
}

static int infer_known(struct vt_infer *c, const struct vt_dim *want, int n)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    bool special_zero = vt_attr_bool(c->node, "special_zero");
    struct vt_pshape out = {.rank = n};
    int open = -1, dynamic = -1, n_dynamic = 0, status = VT_OK;

    for (int i = 0; i < n; i++) {
        bool fixed = vt_dim_is_static(want[i]);

        if (fixed && want[i].min == -1 && open >= 0) {
            return vt_fail(c->err, VT_E_INVALID, "the pattern has -1 at %d and at %d, only one is allowed",
                           open, i);
        }
        if (fixed && want[i].min < -1) {
            return vt_fail(c->err, VT_E_INVALID, "the pattern has %lld at %d", (long long)want[i].min, i);
        }
        if (fixed && want[i].min == 0 && special_zero && src->rank >= 0 && i >= src->rank) {
            return vt_fail(c->err, VT_E_INVALID,
                           "0 at %d of the pattern copies a dimension that rank %d lacks", i, src->rank);
        }
        if (fixed && want[i].min == -1) {
            open = i;
            out.dims[i] = vt_dim_any();
            continue;
        }
        out.dims[i] = pattern_dim(want[i], src, i, special_zero);
        if (!vt_dim_is_static(out.dims[i])) {
            dynamic = i;
            n_dynamic++;
        }
    }
    if (open >= 0) {
        status = fill_open(c, want, special_zero, open, &out);
    } else if (n_dynamic == 1 && vt_pshape_is_static(src)) {
        struct vt_pshape guess = out;

        /* The count of elements settles a single unknown dimension. */
        if (fill_open(&(struct vt_infer){.node = c->node, .n_in = c->n_in, .in = c->in}, want, special_zero,
                      dynamic, &guess) == VT_OK) {
            (void)vt_dim_meet(out.dims[dynamic], guess.dims[dynamic], &out.dims[dynamic]);
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status ? status : check_count(c, &out);
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = {.rank = -1};
    struct vt_dim want[VT_MAX_RANK];
    int n = vt_infer_length(c, 1);

    if (c->in[1]->type != VT_DYNAMIC && !vt_is_integral(c->in[1]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 1 (pattern) must be of an integer type, not %s",
                       vt_type_info(c->in[1]->type)->name);
    }
    if (c->in[1]->shape.rank > 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (pattern) must have rank 1, not %d",
                       c->in[1]->shape.rank);
    }
    if (n > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_SHAPE, "input 1 (pattern) has %d elements, at most %d are supported", n,
                       VT_MAX_RANK);
    }
    if (vt_infer_bounds(c, 1, want, VT_MAX_RANK, &n)) {
        return infer_known(c, want, n);
    }
    out.rank = n;
    for (int i = 0; i < n; i++) {
        out.dims[i] = vt_dim_any();
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"special_zero", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_reshape[] = {
    {.name = "Reshape",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_copy_ref},
    {0},
};
