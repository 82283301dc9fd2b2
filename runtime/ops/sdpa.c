#include "sdpa.h"

#include "element.h"
#include "graph.h"
#include "shape.h"

static int misfit(struct vt_infer *c, int input)
{
    char a[256], b[256];

    return vt_fail(c->err, VT_E_SHAPE, "input %d %s does not fit the query %s", input,
                   vt_pshape_text(&c->in[input]->shape, a, sizeof(a)),
                   vt_pshape_text(&c->in[VT_SDPA_QUERY]->shape, b, sizeof(b)));
}

/* Batch axes broadcast like numpy's. */
static bool merge_batch(struct vt_pshape *batch, const struct vt_pshape *shape)
{
    struct vt_pshape other = *shape;

    other.rank -= 2;
    return vt_pshape_broadcast(batch, &other);
}

/* Whether an axis of an addend can be one element, or as long as the scores are. */
static bool axis_fits(struct vt_dim d, struct vt_dim scores)
{
    struct vt_dim both;

    return vt_dim_meet(d, vt_dim_fixed(1), &both) || vt_dim_meet(d, scores, &both);
}

/* The mask must broadcast to [batch..., L, S], and tells what is not known of it yet. */
static int merge_mask(struct vt_infer *c, struct vt_pshape *batch, struct vt_dim *rows, struct vt_dim columns)
{
    const struct vt_value *mask = VT_SDPA_MASK < c->n_in ? c->in[VT_SDPA_MASK] : NULL;
    struct vt_pshape scores = *batch, wide;

    if (!mask || vt_attr_bool(c->node, "causal")) {
        return VT_OK;
    }
    if (mask->type != VT_BOOLEAN && mask->type != VT_DYNAMIC && !vt_is_float(mask->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input %d must be boolean or of a float type, not %s", VT_SDPA_MASK,
                       vt_type_info(mask->type)->name);
    }
    if (batch->rank < 0 || mask->shape.rank < 0) {
        return VT_OK;
    }
    scores.dims[scores.rank++] = *rows;
    scores.dims[scores.rank++] = columns;
    wide = scores;
    if (!vt_pshape_broadcast(&wide, &mask->shape) || wide.rank != scores.rank) {
        return misfit(c, VT_SDPA_MASK);
    }
    /* A batch may come from the mask, but neither rows nor keys. */
    for (int i = 1; i <= 2 && i <= mask->shape.rank; i++) {
        if (!axis_fits(mask->shape.dims[mask->shape.rank - i], scores.dims[scores.rank - i])) {
            return misfit(c, VT_SDPA_MASK);
        }
    }
    *rows = wide.dims[wide.rank - 2];
    wide.rank -= 2;
    *batch = wide;
    return VT_OK;
}

/* The sink must broadcast to [batch..., L, 1]. */
static int check_sink(struct vt_infer *c, const struct vt_pshape *out)
{
    const struct vt_value *sink = VT_SDPA_SINK < c->n_in ? c->in[VT_SDPA_SINK] : NULL;

    if (!sink || sink->shape.rank < 0) {
        return VT_OK;
    }
    if (sink->type != VT_DYNAMIC && !vt_is_float(sink->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input %d must be of a float type, not %s", VT_SDPA_SINK,
                       vt_type_info(sink->type)->name);
    }
    for (int i = 1; i <= sink->shape.rank; i++) {
        struct vt_dim d = sink->shape.dims[sink->shape.rank - i];

        if (i > out->rank || !axis_fits(d, i == 1 ? vt_dim_fixed(1) : out->dims[out->rank - i])) {
            return misfit(c, VT_SDPA_SINK);
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *q = &c->in[VT_SDPA_QUERY]->shape, *k = &c->in[VT_SDPA_KEY]->shape;
    const struct vt_pshape *v = &c->in[VT_SDPA_VALUE]->shape;
    struct vt_pshape out = *q;
    struct vt_dim both, rows;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 2, &type);

    if (status) {
        return status;
    }
    if (type != VT_DYNAMIC && !vt_is_float(type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a float type, not %s",
                       vt_type_info(type)->name);
    }
    for (int i = 0; i < 3; i++) {
        if (c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank < 2) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have 2 axes or more, not %d", i,
                           c->in[i]->shape.rank);
        }
    }
    vt_infer_unknown(c, 0, type);
    if (q->rank < 0 || k->rank < 0 || v->rank < 0) {
        return VT_OK;
    }
    out.rank -= 2;
    if (!merge_batch(&out, k) || !vt_dim_meet(q->dims[q->rank - 1], k->dims[k->rank - 1], &both)) {
        return misfit(c, VT_SDPA_KEY);
    }
    if (!merge_batch(&out, v) || !vt_dim_meet(k->dims[k->rank - 2], v->dims[v->rank - 2], &both)) {
        return misfit(c, VT_SDPA_VALUE);
    }
    rows = q->dims[q->rank - 2];
    status = merge_mask(c, &out, &rows, k->dims[k->rank - 2]);
    out.dims[out.rank++] = rows;
    out.dims[out.rank++] = v->dims[v->rank - 1];
    vt_infer_set(c, 0, type, &out);
    return status ? status : check_sink(c, &out);
}

static const struct vt_attr_def attrs[] = {
    {"causal", VT_ATTR_BOOL},
    {0},
};

const struct vt_op_def vt_op_sdpa[] = {
    {.name = "ScaledDotProductAttention",
     .opset = 13,
     .min_in = 3,
     .max_in = 6,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_sdpa_ref},
    {0},
};
