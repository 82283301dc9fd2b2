#include "convolution.h"

#include "shape.h"

#include <strings.h>

bool vt_conv_grouped(const struct vt_node *node)
{
    return strncmp(node->op->name, "Group", 5) == 0 ||
           (node->op->opset == 0 && vt_attr_bool(node, "grouped"));
}

bool vt_conv_transposed(const struct vt_node *node)
{
    return strstr(node->op->name, "Backprop") != NULL;
}

/* What is being convolved, gathered before the shape is put together. */
struct conv_infer {
    struct vt_infer *c;
    int spatial, first; /* number of spatial axes; first spatial axis of the weights */
    struct vt_dim data_channels, in_channels, out_channels;
    struct vt_dim in[VT_MAX_SPATIAL], kernel[VT_MAX_SPATIAL];
    struct vt_window window;
};

static int count_spatial(struct conv_infer *q)
{
    const struct vt_pshape *data = &q->c->in[0]->shape, *weights = &q->c->in[1]->shape;
    int known = vt_window_spatial(q->c->node);

    q->spatial = data->rank >= 0 ? data->rank - 2 : weights->rank >= 0 ? weights->rank - q->first : known;
    if (data->rank >= 0 && (q->spatial < 1 || q->spatial > VT_MAX_SPATIAL)) {
        return vt_fail(q->c->err, VT_E_SHAPE, "input 0 must have 3 to 5 axes, not %d", data->rank);
    }
    if (weights->rank >= 0 && weights->rank - q->first != q->spatial) {
        return vt_fail(q->c->err, VT_E_SHAPE, "input 1 must have %d axes for %d spatial ones, not %d",
                       q->first + q->spatial, q->spatial, weights->rank);
    }
    return VT_OK;
}

static void gather_dims(struct conv_infer *q)
{
    const struct vt_pshape *data = &q->c->in[0]->shape, *weights = &q->c->in[1]->shape;
    bool transposed = vt_conv_transposed(q->c->node);
    struct vt_dim group = vt_dim_fixed(1), a = vt_dim_any(), b = vt_dim_any();

    q->data_channels = data->rank >= 0 ? data->dims[1] : vt_dim_any();
    if (weights->rank >= 0) {
        group = q->first == 3 ? weights->dims[0] : group;
        a = vt_dim_mul(group, weights->dims[q->first - 2]);
        b = weights->dims[q->first - 1];
    }
    q->out_channels = transposed ? vt_dim_mul(group, b) : a;
    q->in_channels = transposed ? a : vt_dim_mul(group, b);
    for (int i = 0; i < q->spatial; i++) {
        q->in[i] = data->rank >= 0 ? data->dims[2 + i] : vt_dim_any();
        q->kernel[i] = weights->rank >= 0 ? weights->dims[q->first + i] : vt_dim_any();
    }
}

/* Spatial extents that a transposed convolution is told to have. True when there is anything. */
static int given_extents(struct conv_infer *q, struct vt_dim *extent, bool *given)
{
    const struct vt_node *node = q->c->node;
    int64_t n = 0;
    int len = 0;

    *given = false;
    if (node->op->opset == 0) {
        const int64_t *v = vt_attr_i64s(node, "output_shape", &n);

        for (int i = 0; i < n && i < VT_MAX_SPATIAL; i++) {
            extent[i] = vt_dim_fixed(v[i]);
        }
        len = (int)n;
        *given = n > 0;
    } else if (q->c->n_in > 2 && q->c->in[2]) {
        *given = true;
        for (int i = 0; i < VT_MAX_SPATIAL; i++) {
            extent[i] = vt_dim_any();
        }
        if (!vt_infer_bounds(q->c, 2, extent, VT_MAX_SPATIAL, &len)) {
            len = vt_infer_length(q->c, 2);
            len = len < 0 ? q->spatial : len;
        }
    }
    if (*given && len != q->spatial) {
        return vt_fail(q->c->err, VT_E_SHAPE, "the output shape has %d extents for %d spatial axes", len,
                       q->spatial);
    }
    for (int i = 0; *given && i < q->spatial; i++) {
        extent[i].min = extent[i].min < 0 ? 0 : extent[i].min;
        if (extent[i].max >= 0 && extent[i].max < extent[i].min) {
            return vt_fail(q->c->err, VT_E_INVALID, "the output shape has a negative extent on axis %d", i);
        }
    }
    return VT_OK;
}

static int spatial_shape(struct conv_infer *q, struct vt_pshape *out)
{
    struct vt_dim extent[VT_MAX_SPATIAL];
    bool given = false;
    int status = VT_OK;

    if (vt_conv_transposed(q->c->node)) {
        status = given_extents(q, extent, &given);
    }
    for (int i = 0; i < q->spatial && status == VT_OK; i++) {
        if (given) {
            out->dims[2 + i] = extent[i];
        } else if (vt_conv_transposed(q->c->node)) {
            status = vt_window_back(&q->window, i, q->in[i], q->kernel[i], &out->dims[2 + i], q->c->err);
        } else {
            status = vt_window_out(&q->window, i, q->in[i], q->kernel[i], &out->dims[2 + i], q->c->err);
        }
    }
    return status;
}

int vt_convolution_shape(struct vt_infer *c, struct vt_pshape *out)
{
    struct conv_infer q = {.c = c, .first = vt_conv_grouped(c->node) ? 3 : 2};
    struct vt_dim both;
    int status = count_spatial(&q);

    *out = (struct vt_pshape){.rank = -1};
    if (status || q.spatial < 0) {
        return status;
    }
    status = vt_window_read(c->node, q.spatial, &q.window, c->err);
    if (status) {
        return status;
    }
    gather_dims(&q);
    if (!vt_dim_meet(q.data_channels, q.in_channels, &both)) {
        char data[256], weights[256];

        return vt_fail(c->err, VT_E_SHAPE, "the channels of input 0 %s do not fit the weights %s",
                       vt_pshape_text(&c->in[0]->shape, data, sizeof(data)),
                       vt_pshape_text(&c->in[1]->shape, weights, sizeof(weights)));
    }
    out->rank = 2 + q.spatial;
    out->dims[0] = c->in[0]->shape.rank >= 0 ? c->in[0]->shape.dims[0] : vt_dim_any();
    out->dims[1] = q.out_channels;
    return spatial_shape(&q, out);
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 1, &type);

    status = status ? status : vt_convolution_shape(c, &out);
    if (status == VT_OK) {
        vt_infer_set(c, 0, type, &out);
    }
    return status;
}

static const struct vt_attr_def attrs[] = {
    VT_WINDOW_ATTRS,
    {0},
};

static const struct vt_attr_def back_attrs[] = {
    VT_WINDOW_ATTRS,
    {"output_padding", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {0},
};

#define CONVOLUTION(NAME, MAX_IN, ATTRS)                                                                     \
    {                                                                                                        \
        .name = NAME, .opset = 1, .min_in = 2, .max_in = MAX_IN, .n_out = 1, .attrs = ATTRS, .infer = infer, \
        .eval = vt_convolution_ref                                                                           \
    }

const struct vt_op_def vt_op_convolution[] = {
    CONVOLUTION("Convolution", 2, attrs),
    CONVOLUTION("GroupConvolution", 2, attrs),
    CONVOLUTION("ConvolutionBackpropData", 3, back_attrs),
    CONVOLUTION("GroupConvolutionBackpropData", 3, back_attrs),
    {0},
};
