#include "deformable_convolution.h"

#include "doubles.h"
#include "heap.h"

#include <math.h>

struct deform {
    double *data, *offsets, *weights, *factors; /* factors may be NULL */
    struct vt_window window;
    int64_t batch, in_channels, in[2];
    int64_t out_channels, out[2];
    int64_t kernel[2], group, deformable;
    bool zeros; /* around the data */
};

static double element(const struct deform *q, const double *map, int64_t y, int64_t x)
{
    if (q->zeros) {
        return y < 0 || y >= q->in[0] || x < 0 || x >= q->in[1] ? 0 : map[y * q->in[1] + x];
    }
    y = y > q->in[0] - 1 ? q->in[0] - 1 : y;
    x = x > q->in[1] - 1 ? q->in[1] - 1 : x;
    return map[y * q->in[1] + x];
}

/* `map` between its elements; 0 outside, and for a place that is no number. */
static double sample(const struct deform *q, const double *map, double y, double x)
{
    double margin = q->zeros ? 1 : 0, dy = y - floor(y), dx = x - floor(x);
    int64_t top, left;

    if (q->zeros ? !(y > -margin && x > -margin) : !(y >= 0 && x >= 0)) {
        return 0;
    }
    if (!(y < (double)q->in[0] && x < (double)q->in[1])) {
        return 0;
    }
    top = (int64_t)floor(y);
    left = (int64_t)floor(x);
    return (1 - dy) * ((1 - dx) * element(q, map, top, left) + dx * element(q, map, top, left + 1)) +
           dy * ((1 - dx) * element(q, map, top + 1, left) + dx * element(q, map, top + 1, left + 1));
}

/* What one tap reads of channel c. */
static double tap(const struct deform *q, int64_t n, int64_t c, const int64_t at[2], const int64_t k[2])
{
    int64_t taps = q->kernel[0] * q->kernel[1], area = q->out[0] * q->out[1];
    int64_t part = c / (q->in_channels / q->deformable), i = k[0] * q->kernel[1] + k[1];
    int64_t place = at[0] * q->out[1] + at[1], field = (n * q->deformable + part) * taps + i;
    double origin[2], value;

    for (int axis = 0; axis < 2; axis++) {
        origin[axis] = (double)(at[axis] * q->window.stride[axis] - q->window.pad_begin[axis] +
                                k[axis] * q->window.dilation[axis]) +
                       q->offsets[(2 * field + axis) * area + place];
        origin[axis] = (double)(float)origin[axis];
    }
    value = sample(q, q->data + (n * q->in_channels + c) * q->in[0] * q->in[1], origin[0], origin[1]);
    return q->factors ? value * q->factors[field * area + place] : value;
}

static double convolve(const struct deform *q, int64_t n, int64_t o, const int64_t at[2])
{
    int64_t channels = q->in_channels / q->group, first = o / (q->out_channels / q->group) * channels, k[2];
    const double *weight = q->weights + o * channels * q->kernel[0] * q->kernel[1];
    double sum = 0;

    for (int64_t c = 0; c < channels; c++) {
        for (k[0] = 0; k[0] < q->kernel[0]; k[0]++) {
            for (k[1] = 0; k[1] < q->kernel[1]; k[1]++) {
                sum += *weight++ * tap(q, n, first + c, at, k);
            }
        }
    }
    return sum;
}

static void run(const struct deform *q, struct vt_tensor *out)
{
    int64_t next = 0, at[2];

    for (int64_t n = 0; n < q->batch; n++) {
        for (int64_t o = 0; o < q->out_channels; o++) {
            for (at[0] = 0; at[0] < q->out[0]; at[0]++) {
                for (at[1] = 0; at[1] < q->out[1]; at[1]++) {
                    vt_store_double(out, next++, convolve(q, n, o, at));
                }
            }
        }
    }
}

int vt_deformable_convolution_ref(struct vt_eval *e)
{
    struct deform q = {.group = vt_attr_i64(e->node, "group"),
                       .deformable = vt_attr_i64(e->node, "deformable_group")};
    bool mask = e->n_in > 3 && e->in[3].type != VT_DYNAMIC;
    int status = vt_window_read(e->node, 2, &q.window, e->err);

    if (status) {
        return status;
    }
    q.zeros = e->node->op->opset >= 8 && vt_attr_bool(e->node, "bilinear_interpolation_pad");
    q.batch = e->out[0].dims[0];
    q.in_channels = e->in[0].dims[1];
    q.out_channels = e->out[0].dims[1];
    for (int i = 0; i < 2; i++) {
        q.in[i] = e->in[0].dims[2 + i];
        q.kernel[i] = e->in[2].dims[2 + i];
        q.out[i] = e->out[0].dims[2 + i];
        vt_window_resolve(&q.window, i, q.in[i], q.out[i], q.kernel[i], false);
    }
    q.data = vt_doubles(&e->in[0], e->err);
    q.offsets = vt_doubles(&e->in[1], e->err);
    q.weights = vt_doubles(&e->in[2], e->err);
    q.factors = mask ? vt_doubles(&e->in[3], e->err) : NULL;
    if (!q.data || !q.offsets || !q.weights || (mask && !q.factors)) {
        status = VT_E_NOMEM;
    } else {
        run(&q, &e->out[0]);
    }
    vt_temp_free(q.data);
    vt_temp_free(q.offsets);
    vt_temp_free(q.weights);
    vt_temp_free(q.factors);
    return status;
}
