#include "compressed_weights.h"

#include "shape.h"

/* Inputs: 0 the stored numbers, 1 scale or left out, 2 zero point or left out, both of shapes that broadcast
 * to that of input 0. Output, f32: (number - zero point) * scale, reshaped to `shape`. */
static int check_operand(struct vt_infer *c, int input)
{
    struct vt_pshape shape = c->in[0]->shape;
    char a[256], b[256];

    if (input >= c->n_in || !c->in[input]) {
        return VT_OK;
    }
    if (vt_pshape_broadcast(&shape, &c->in[input]->shape)) {
        bool same = shape.rank == c->in[0]->shape.rank;

        for (int i = 0; same && i < shape.rank; i++) {
            same = shape.dims[i].max == c->in[0]->shape.dims[i].max;
        }
        if (same) {
            return VT_OK;
        }
    }
    return vt_fail(c->err, VT_E_SHAPE, "input %d of shape %s does not broadcast to the weights' %s", input,
                   vt_pshape_text(&c->in[input]->shape, a, sizeof(a)),
                   vt_pshape_text(&c->in[0]->shape, b, sizeof(b)));
}

static bool same_count(const struct vt_pshape *a, const struct vt_pshape *b)
{
    int64_t n[2] = {1, 1};
    const struct vt_pshape *shapes[2] = {a, b};

    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < shapes[k]->rank; i++) {
            if (__builtin_mul_overflow(n[k], shapes[k]->dims[i].min, &n[k])) {
                return false;
            }
        }
    }
    return n[0] == n[1];
}

static int infer(struct vt_infer *c)
{
    int64_t n;
    const int64_t *dims = vt_attr_i64s(c->node, "shape", &n);
    struct vt_pshape out = {.rank = (int32_t)n};
    char a[256], b[256];
    int status = check_operand(c, 1);

    status = status ? status : check_operand(c, 2);
    if (status) {
        return status;
    }
    if (n > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_INVALID, "rank %lld is above the limit of %d", (long long)n, VT_MAX_RANK);
    }
    for (int i = 0; i < n; i++) {
        if (dims[i] < 0) {
            return vt_fail(c->err, VT_E_INVALID, "attribute shape has %lld at %d", (long long)dims[i], i);
        }
        out.dims[i] = vt_dim_fixed(dims[i]);
    }
    if (vt_pshape_is_static(&c->in[0]->shape) && !same_count(&out, &c->in[0]->shape)) {
        return vt_fail(c->err, VT_E_SHAPE, "weights of shape %s cannot become %s",
                       vt_pshape_text(&c->in[0]->shape, a, sizeof(a)), vt_pshape_text(&out, b, sizeof(b)));
    }
    vt_infer_set(c, 0, VT_F32, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"shape", VT_ATTR_I64S, .required = true},
    {0},
};

const struct vt_op_def vt_op_compressed_weights[] = {
    {.name = "CompressedWeights",
     .opset = 0,
     .min_in = 1,
     .max_in = 3,
     .n_out = 1,
     .flags = VT_OP_NO_FOLD,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_compressed_weights_ref},
    {0},
};
