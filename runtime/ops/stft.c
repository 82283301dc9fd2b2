#include "stft.h"

#include "element.h"
#include "graph.h"
#include "shape.h"

static struct vt_dim half(struct vt_dim d)
{
    return vt_dim_add(vt_dim_div(d, 2), vt_dim_fixed(1));
}

/* Frame size and step, where they are known; both must be positive. */
static int frame(struct vt_infer *c, bool *known, int64_t *size, int64_t *step)
{
    int n, m;

    *known = vt_infer_i64s(c, 2, size, 1, &n) && n == 1 && vt_infer_i64s(c, 3, step, 1, &m) && m == 1;
    if (*known && (*size < 1 || *step < 1)) {
        return vt_fail(c->err, VT_E_RANGE, "frame size %lld and step %lld must be positive", (long long)*size,
                       (long long)*step);
    }
    if (*known && c->in[1]->shape.rank == 1 && c->in[1]->shape.dims[0].min > *size) {
        return vt_fail(c->err, VT_E_SHAPE, "a window of %lld is longer than a frame of %lld",
                       (long long)c->in[1]->shape.dims[0].min, (long long)*size);
    }
    return VT_OK;
}

static int frames(struct vt_infer *c, struct vt_dim length, int64_t size, int64_t step, struct vt_dim *n)
{
    if (length.max >= 0 && length.max < size) {
        return vt_fail(c->err, VT_E_SHAPE, "a signal of %lld is shorter than a frame of %lld",
                       (long long)length.max, (long long)size);
    }
    *n = vt_dim_add(vt_dim_div(vt_dim_sub(length, vt_dim_fixed(size)), step), vt_dim_fixed(1));
    return VT_OK;
}

static int infer_stft(struct vt_infer *c)
{
    const struct vt_pshape *signal = &c->in[0]->shape;
    bool transposed = vt_attr_bool(c->node, "transpose_frames"), known;
    struct vt_dim n = vt_dim_any(), bins = vt_dim_any();
    struct vt_pshape out;
    int64_t size, step;
    int status = vt_infer_unary_float(c);

    status = status ? status : frame(c, &known, &size, &step);
    if (status) {
        return status;
    }
    if (signal->rank < 0) {
        vt_infer_unknown(c, 0, c->in[0]->type);
        return VT_OK;
    }
    if (signal->rank != 1 && signal->rank != 2) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have 1 or 2 axes, not %d", signal->rank);
    }
    if (known) {
        bins = vt_dim_fixed(size / 2 + 1);
        status = frames(c, signal->dims[signal->rank - 1], size, step, &n);
    }
    out = (struct vt_pshape){.rank = 0};
    if (signal->rank == 2) {
        out.dims[out.rank++] = signal->dims[0];
    }
    out.dims[out.rank++] = transposed ? bins : n;
    out.dims[out.rank++] = transposed ? n : bins;
    out.dims[out.rank++] = vt_dim_fixed(2);
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static int inverse_length(struct vt_infer *c, struct vt_dim n, bool known, int64_t size, int64_t step,
                          struct vt_dim *length)
{
    struct vt_dim given;
    int count;

    *length = vt_dim_any();
    if (c->n_in > 4 && c->in[4]) {
        if (vt_infer_bounds(c, 4, &given, 1, &count) && count == 1 && given.min >= 0) {
            *length = given;
        }
        return VT_OK;
    }
    if (known) {
        *length = vt_dim_mul(vt_dim_sub(n, vt_dim_fixed(1)), vt_dim_fixed(step));
        if (!vt_attr_bool(c->node, "center")) {
            *length = vt_dim_add(*length, vt_dim_fixed(size));
        }
    }
    return VT_OK;
}

static int infer_istft(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape;
    struct vt_pshape out = {.rank = 1};
    struct vt_dim length, both;
    int64_t size, step;
    bool known;
    int status = vt_infer_unary_float(c);

    status = status ? status : frame(c, &known, &size, &step);
    if (status) {
        return status;
    }
    if (data->rank < 0) {
        vt_infer_unknown(c, 0, c->in[0]->type);
        return VT_OK;
    }
    if (data->rank != 3 && data->rank != 4) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 must have 3 or 4 axes, not %d", data->rank);
    }
    if (!vt_dim_can_be(data->dims[data->rank - 1], 2) ||
        (known && !vt_dim_meet(data->dims[data->rank - 3], half(vt_dim_fixed(size)), &both))) {
        char text[256];

        return vt_fail(c->err, VT_E_SHAPE, "input 0 %s must end in [frame size / 2 + 1, frames, 2]",
                       vt_pshape_text(data, text, sizeof(text)));
    }
    status = inverse_length(c, data->dims[data->rank - 2], known, size, step, &length);
    out.dims[0] = length;
    if (data->rank == 4) {
        out = (struct vt_pshape){.rank = 2, .dims = {data->dims[0], length}};
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return status;
}

static const struct vt_attr_def stft_attrs[] = {
    {"transpose_frames", VT_ATTR_BOOL, .required = true},
    {0},
};

static const struct vt_attr_def istft_attrs[] = {
    {"center", VT_ATTR_BOOL, .required = true},
    {"normalized", VT_ATTR_BOOL, .required = true},
    {0},
};

const struct vt_op_def vt_op_stft[] = {
    {.name = "STFT",
     .opset = 15,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .attrs = stft_attrs,
     .infer = infer_stft,
     .eval = vt_stft_ref},
    {.name = "ISTFT",
     .opset = 16,
     .min_in = 4,
     .max_in = 5,
     .n_out = 1,
     .attrs = istft_attrs,
     .infer = infer_istft,
     .eval = vt_istft_ref},
    {0},
};
