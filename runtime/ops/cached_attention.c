#include "cached_attention.h"

#include "element.h"
#include "shape.h"

/* CachedAttention: the keys of variable `variable_id` [B,H,past,D], their rows along axis 0 chosen by the
 * beams, get the new keys [B,H,L,D] behind them along axis 2; so do the values of `value_id`. Both stay in
 * the variables. The result is ScaledDotProductAttention (opset 13) of the query [B,G*H,L,D] with them, where
 * G heads of the query that follow one another share one head of keys and values. An unset variable is empty.
 */

static int check_rank(struct vt_infer *c, int input)
{
    char text[256];

    if (c->in[input]->shape.rank == 4 || c->in[input]->shape.rank < 0) {
        return VT_OK;
    }
    return vt_fail(c->err, VT_E_SHAPE, "input %d must have 4 axes, not shape %s", input,
                   vt_pshape_text(&c->in[input]->shape, text, sizeof(text)));
}

static int check_heads(struct vt_infer *c)
{
    struct vt_dim q = vt_infer_dim(c, VT_CACHED_QUERY, 1), k = vt_infer_dim(c, VT_CACHED_KEY, 1);
    struct vt_dim v = vt_infer_dim(c, VT_CACHED_VALUE, 1), both;

    if (!vt_dim_meet(k, v, &both) ||
        (vt_dim_is_static(q) && vt_dim_is_static(both) && (both.min == 0 || q.min % both.min))) {
        return vt_fail(c->err, VT_E_SHAPE, "the heads of query, key and value do not fit");
    }
    return VT_OK;
}

static int infer_attention(struct vt_infer *c)
{
    struct vt_pshape out = {.rank = 4};
    struct vt_dim both;
    enum vt_type type;
    int status = vt_infer_same_float(c, 0, 2, &type);

    for (int i = 0; i < 3 && status == VT_OK; i++) {
        status = check_rank(c, i);
    }
    status = status ? status : check_heads(c);
    if (status) {
        return status;
    }
    if (!vt_dim_meet(vt_infer_dim(c, 0, 3), vt_infer_dim(c, 1, 3), &both) ||
        !vt_dim_meet(vt_infer_dim(c, 1, 2), vt_infer_dim(c, 2, 2), &both) ||
        !vt_dim_meet(vt_infer_dim(c, 0, 0), vt_infer_dim(c, 1, 0), &out.dims[0]) ||
        !vt_dim_meet(out.dims[0], vt_infer_dim(c, 2, 0), &out.dims[0])) {
        return vt_fail(c->err, VT_E_SHAPE, "the shapes of query, key and value do not fit");
    }
    out.dims[1] = vt_infer_dim(c, 0, 1);
    out.dims[2] = vt_infer_dim(c, 0, 2);
    out.dims[3] = vt_infer_dim(c, 2, 3);
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

static const struct vt_attr_def attention_attrs[] = {
    {"variable_id", VT_ATTR_STR, .required = true},
    {"value_id", VT_ATTR_STR, .required = true},
    {"key_shape", VT_ATTR_SHAPE},
    {"value_shape", VT_ATTR_SHAPE},
    {"key_place", VT_ATTR_I64, .def.i = -1}, /* of the variable among the model's */
    {"value_place", VT_ATTR_I64, .def.i = -1},
    {"causal", VT_ATTR_BOOL},
    {0},
};

/* StateShape: the shape of a variable; with beams its rows along axis 0 as they choose them, with `appended`
 * so much longer along axis 2. Of an unset variable: the initial one, or the least that its declaration
 * allows. */

static int infer_shape(struct vt_infer *c)
{
    const struct vt_pshape *declared = vt_attr_shape(c->node, "variable_shape");
    struct vt_pshape out = {.rank = 1};
    enum vt_type type;
    int status = vt_infer_index_type(c, "output_type", &type);

    out.dims[0] = declared && declared->rank >= 0 ? vt_dim_fixed(declared->rank) : vt_dim_any();
    vt_infer_set(c, 0, type, &out);
    return status;
}

static const struct vt_pshape *input_shape(const struct vt_infer *c, int input)
{
    return input < c->n_in && c->in[input] ? &c->in[input]->shape : NULL;
}

/* What the shape may be, `past` being the length if it is known. */
static int bound_shape(struct vt_infer *c)
{
    const struct vt_pshape *declared = vt_attr_shape(c->node, "variable_shape");
    const struct vt_pshape *beams = input_shape(c, VT_STATE_BEAMS),
                           *appended = input_shape(c, VT_STATE_APPENDED);
    int64_t past = vt_attr_i64(c->node, "past");
    struct vt_bounds *b = c->alloc(c->alloc_ctx, sizeof(*b));

    if (!b || !declared || declared->rank <= VT_CACHED_AXIS) {
        return b ? VT_OK : vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    b->n = declared->rank;
    b->lo = c->alloc(c->alloc_ctx, (size_t)b->n * sizeof(int64_t));
    b->hi = c->alloc(c->alloc_ctx, (size_t)b->n * sizeof(int64_t));
    if (!b->lo || !b->hi) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < b->n; i++) {
        struct vt_dim d = declared->dims[i];

        if (i == 0 && beams && beams->rank == 1) {
            d = beams->dims[0];
        }
        if (i == VT_CACHED_AXIS) {
            d = past >= 0 ? vt_dim_fixed(past) : d;
            if (appended && appended->rank == declared->rank) {
                d = vt_dim_add(d, appended->dims[i]);
            } else if (appended) {
                d = vt_dim_any();
            }
        }
        b->lo[i] = d.min;
        b->hi[i] = d.max < 0 ? INT64_MAX : d.max;
    }
    c->out[0].bounds = b;
    return VT_OK;
}

static const struct vt_attr_def shape_attrs[] = {
    {"variable_id", VT_ATTR_STR, .required = true},
    {"variable_type", VT_ATTR_TYPE},
    {"variable_shape", VT_ATTR_SHAPE},
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {"past", VT_ATTR_I64, .def.i = -1},
    {0},
};

#define STATE (VT_OP_STATEFUL | VT_OP_NO_FOLD)

const struct vt_op_def vt_op_cached_attention[] = {
    {.name = "CachedAttention",
     .opset = 0,
     .min_in = 3,
     .max_in = 6,
     .n_out = 1,
     .flags = STATE | VT_OP_SINK | VT_OP_VARIADIC,
     .attrs = attention_attrs,
     .infer = infer_attention,
     .eval = vt_cached_attention_ref},
    {.name = "StateShape",
     .opset = 0,
     .min_in = 0,
     .max_in = 3,
     .n_out = 1,
     .flags = STATE,
     .attrs = shape_attrs,
     .infer = infer_shape,
     .eval = vt_state_shape_ref,
     .bounds = bound_shape},
    {0},
};
