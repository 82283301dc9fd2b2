#include "element.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 1, .dims = {src->rank < 0 ? vt_dim_any() : vt_dim_fixed(src->rank)}};
    enum vt_type type = c->node->op->opset >= 3 ? vt_attr_type_of(c->node, "output_type") : VT_I64;

    if (type != VT_I32 && type != VT_I64) {
        return vt_fail(c->err, VT_E_TYPE, "output_type must be i32 or i64, not %s", vt_type_info(type)->name);
    }
    vt_infer_set(c, 0, type, &out);
    return VT_OK;
}

/* Here known values begin: a dimension's interval bounds the element that will hold it. */
static int bounds(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    size_t bytes = (size_t)(src->rank < 0 ? 0 : src->rank) * sizeof(int64_t);
    struct vt_bounds *b;

    if (src->rank < 0) {
        return VT_OK;
    }
    b = c->alloc(c->alloc_ctx, sizeof(*b));
    if (!b) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    b->n = src->rank;
    b->lo = c->alloc(c->alloc_ctx, bytes + sizeof(int64_t));
    b->hi = c->alloc(c->alloc_ctx, bytes + sizeof(int64_t));
    if (!b->lo || !b->hi) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < src->rank; i++) {
        b->lo[i] = src->dims[i].min;
        b->hi[i] = src->dims[i].max < 0 ? INT64_MAX : src->dims[i].max;
    }
    c->out[0].bounds = b;
    return VT_OK;
}

static int eval(struct vt_eval *e)
{
    for (int i = 0; i < e->in[0].rank; i++) {
        vt_set_i64(&e->out[0], i, e->in[0].dims[i]);
    }
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

const struct vt_op_def vt_op_shape_of[] = {
    {.name = "ShapeOf",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_STRINGS,
     .infer = infer,
     .eval = eval,
     .bounds = bounds},
    {.name = "ShapeOf",
     .opset = 3,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_STRINGS,
     .attrs = attrs,
     .infer = infer,
     .eval = eval,
     .bounds = bounds},
    {0},
};
