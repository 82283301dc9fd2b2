#include "convolution.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"
#include "post_ref.h"

/* Concrete numbers; spatial axes are padded with ones in front. `small` is the side that a window position
 * stands for (output; transposed: input), `large` the side it slides over. */
struct conv {
    bool transposed;
    int64_t batch, groups, in_channels, out_channels; /* channels of one group */
    int64_t small[VT_MAX_SPATIAL], large[VT_MAX_SPATIAL], kernel[VT_MAX_SPATIAL];
    int64_t stride[VT_MAX_SPATIAL], dilation[VT_MAX_SPATIAL], pad[VT_MAX_SPATIAL];
    int64_t n_small, n_large, n_kernel;
};

static int describe(const struct vt_eval *e, struct conv *v)
{
    const struct vt_tensor *data = &e->in[0], *weights = &e->in[1], *dst = &e->out[0];
    int spatial = data->rank - 2, first = vt_conv_grouped(e->node) ? 3 : 2;
    struct vt_window w;
    int status = vt_window_read(e->node, spatial, &w, e->err);

    *v = (struct conv){.transposed = vt_conv_transposed(e->node), .batch = data->dims[0], .groups = 1};
    v->n_small = v->n_large = v->n_kernel = 1;
    v->groups = first == 3 ? weights->dims[0] : 1;
    v->out_channels = weights->dims[first - 2 + v->transposed];
    v->in_channels = weights->dims[first - 1 - v->transposed];
    for (int i = 0; i < VT_MAX_SPATIAL; i++) {
        int axis = i - (VT_MAX_SPATIAL - spatial);

        v->small[i] = v->large[i] = v->kernel[i] = v->stride[i] = v->dilation[i] = 1;
        if (axis >= 0) {
            v->small[i] = (v->transposed ? data : dst)->dims[2 + axis];
            v->large[i] = (v->transposed ? dst : data)->dims[2 + axis];
            v->kernel[i] = weights->dims[first + axis];
            vt_window_resolve(&w, axis, v->large[i], v->small[i], v->kernel[i], v->transposed);
            v->stride[i] = w.stride[axis];
            v->dilation[i] = w.dilation[axis];
            v->pad[i] = w.pad_begin[axis];
        }
        v->n_small *= v->small[i];
        v->n_large *= v->large[i];
        v->n_kernel *= v->kernel[i];
    }
    return status;
}

/* Window positions of one axis whose element under kernel tap `k` lies inside: first <= position < last. */
static void inside(const struct conv *v, int axis, int64_t k, int64_t *first, int64_t *last)
{
    int64_t shift = k * v->dilation[axis] - v->pad[axis], s = v->stride[axis];

    *first = shift < 0 ? (-shift + s - 1) / s : 0;
    *last = v->large[axis] - shift <= 0 ? 0 : (v->large[axis] - shift + s - 1) / s;
    *last = *last < v->small[axis] ? *last : v->small[axis];
}

/* One line of window positions under one tap. */
static void line(const struct conv *v, const double *src, double *dst, double weight, int64_t n)
{
    int64_t step = v->stride[2];

    if (v->transposed) {
        for (int64_t i = 0; i < n; i++) {
            dst[i * step] += weight * src[i];
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            dst[i] += weight * src[i * step];
        }
    }
}

/* dst += src (*) weights for one pair of channels. */
static void plane(const struct conv *v, const double *src, double *dst, const double *weights)
{
    int64_t k[VT_MAX_SPATIAL] = {0}, first[VT_MAX_SPATIAL], last[VT_MAX_SPATIAL];

    if (v->n_kernel == 0) {
        return;
    }
    do {
        double weight = weights[(k[0] * v->kernel[1] + k[1]) * v->kernel[2] + k[2]];
        int64_t x = 0;

        for (int i = 0; i < VT_MAX_SPATIAL; i++) {
            inside(v, i, k[i], &first[i], &last[i]);
        }
        x = first[2] * v->stride[2] - v->pad[2] + k[2] * v->dilation[2];
        for (int64_t d = first[0]; d < last[0] && first[2] < last[2]; d++) {
            for (int64_t h = first[1]; h < last[1]; h++) {
                int64_t z = d * v->stride[0] - v->pad[0] + k[0] * v->dilation[0];
                int64_t y = h * v->stride[1] - v->pad[1] + k[1] * v->dilation[1];
                int64_t small = (d * v->small[1] + h) * v->small[2] + first[2];
                int64_t large = (z * v->large[1] + y) * v->large[2] + x;

                line(v, src + (v->transposed ? small : large), dst + (v->transposed ? large : small), weight,
                     last[2] - first[2]);
            }
        }
    } while (vt_next_index(VT_MAX_SPATIAL, v->kernel, k));
}

static bool has_input(const struct vt_eval *e, int input)
{
    return e->node->op->opset == 0 && input < e->n_in && e->in[input].type != VT_DYNAMIC;
}

/* Scale, bias and program of one finished plane: output channel `channel` of image `image`. */
static void store(struct vt_eval *e, const double *acc, int64_t n, int64_t image, int64_t channel)
{
    struct vt_tensor *dst = &e->out[0];
    double scale = has_input(e, 2) ? vt_get_f64(&e->in[2], channel) : 1;
    double bias = has_input(e, 3) ? vt_get_f64(&e->in[3], channel) : 0;
    int64_t index[VT_MAX_RANK] = {image, channel}, at = (image * dst->dims[1] + channel) * n;

    if (e->node->op->opset) {
        vt_store_doubles(dst, at, acc, n);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        vt_store_double(dst, at + i, vt_post_apply(e, acc[i] * scale + bias, dst->rank, index));
        vt_next_index(dst->rank - 2, dst->dims + 2, index + 2);
    }
}

static void image_group(struct vt_eval *e, const struct conv *v, const double *src, const double *weights,
                        double *acc, int64_t image, int64_t group)
{
    int64_t n_src = v->transposed ? v->n_small : v->n_large, n_dst = v->transposed ? v->n_large : v->n_small;

    for (int64_t o = 0; o < v->out_channels; o++) {
        memset(acc, 0, (size_t)n_dst * sizeof(double));
        for (int64_t i = 0; i < v->in_channels; i++) {
            int64_t pair = v->transposed ? (group * v->in_channels + i) * v->out_channels + o
                                         : (group * v->out_channels + o) * v->in_channels + i;
            int64_t channel = (image * v->groups + group) * v->in_channels + i;

            plane(v, src + channel * n_src, acc, weights + pair * v->n_kernel);
        }
        store(e, acc, n_dst, image, group * v->out_channels + o);
    }
}

int vt_convolution_ref(struct vt_eval *e)
{
    struct conv v;
    double *src, *weights, *acc;
    int status = describe(e, &v);

    if (status) {
        return status;
    }
    src = vt_doubles(&e->in[0], e->err);
    weights = vt_doubles(&e->in[1], e->err);
    acc = vt_doubles_zero(v.transposed ? v.n_large : v.n_small, e->err);
    if (src && weights && acc) {
        for (int64_t n = 0; n < v.batch; n++) {
            for (int64_t g = 0; g < v.groups; g++) {
                image_group(e, &v, src, weights, acc, n, g);
            }
        }
    } else {
        status = VT_E_NOMEM;
    }
    vt_temp_free(src);
    vt_temp_free(weights);
    vt_temp_free(acc);
    return status;
}
