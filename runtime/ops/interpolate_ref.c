#include "interpolate.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"

#include <math.h>

/* Every mode is separable: along one axis each output element is a weighted sum of input elements, its taps.
 * Coordinates are computed in float on purpose: which neighbour wins must not differ from other runtimes. */
struct taps {
    int64_t width;  /* taps per output element */
    int64_t *index; /* [out][width] */
    double *weight;
};

static int taps_init(struct taps *t, int64_t out, int64_t width, struct vt_error *err)
{
    size_t n;

    t->width = width;
    if (__builtin_mul_overflow((size_t)out, (size_t)width, &n) || n > SIZE_MAX / 16) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    t->index = vt_temp_zero(n + 1, sizeof(*t->index));
    t->weight = vt_temp_zero(n + 1, sizeof(*t->weight));
    return t->index && t->weight ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
}

static void taps_finish(struct taps *t)
{
    vt_temp_free(t->index);
    vt_temp_free(t->weight);
}

static int64_t clamp(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static float source(const struct vt_interpolate *p, int64_t at, float scale, int64_t out, int64_t in)
{
    float x = (float)at;

    if (scale == 1.0f || out == in) {
        return x;
    }
    switch (p->coordinates) {
    case VT_PYTORCH_HALF_PIXEL: return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case VT_ASYMMETRIC: return x / scale;
    case VT_TF_HALF_PIXEL: return (x + 0.5f) / scale;
    case VT_ALIGN_CORNERS: return out == 1 ? 0 : x * (float)(in - 1) / (float)(out - 1);
    default: return (x + 0.5f) / scale - 0.5f;
    }
}

static int64_t nearest(const struct vt_interpolate *p, float x, bool shrinks)
{
    switch (p->nearest) {
    case VT_PREFER_CEIL: return (int64_t)roundf(x);
    case VT_NEAREST_FLOOR: return (int64_t)floorf(x);
    case VT_NEAREST_CEIL: return (int64_t)ceilf(x);
    case VT_SIMPLE: return shrinks ? (int64_t)ceilf(x) : (int64_t)x;
    default: return x == (float)(int64_t)x + 0.5f ? (int64_t)floorf(x) : (int64_t)roundf(x);
    }
}

static double cubic(double x, double a)
{
    x = fabs(x);
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static double triangle(double x)
{
    return fmax(0, 1 - fabs(x));
}

/* One axis being resized. */
struct axis {
    int64_t in, out;
    float scale;
};

static int nearest_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                        struct vt_error *err)
{
    int status = taps_init(t, a->out, 1, err);

    for (int64_t i = 0; i < a->out && status == VT_OK; i++) {
        t->index[i] = clamp(nearest(p, source(p, i, a->scale, a->out, a->in), a->scale < 1.0f), a->in);
        t->weight[i] = 1;
    }
    return status;
}

static int linear_onnx_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                            struct vt_error *err)
{
    int status = taps_init(t, a->out, 2, err);

    for (int64_t i = 0; i < a->out && status == VT_OK; i++) {
        float x = fmaxf(0.0f, fminf(source(p, i, a->scale, a->out, a->in), (float)(a->in - 1)));
        int64_t left = clamp((int64_t)x, a->in), right = clamp(left + 1, a->in);

        t->index[2 * i] = left;
        t->index[2 * i + 1] = right;
        t->weight[2 * i + 1] = left == right ? 0 : (double)(x - (float)left);
        t->weight[2 * i] = 1 - t->weight[2 * i + 1];
    }
    return status;
}

static int cubic_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                      struct vt_error *err)
{
    int status = taps_init(t, a->out, 4, err);

    for (int64_t i = 0; i < a->out && status == VT_OK; i++) {
        float x = source(p, i, a->scale, a->out, a->in);
        int64_t left = (int64_t)floorf(x);

        for (int64_t k = 0; k < 4; k++) {
            t->index[4 * i + k] = clamp(left - 1 + k, a->in);
            t->weight[4 * i + k] = cubic((double)(x - (float)left) + 1 - (double)k, p->cube_coeff);
        }
    }
    return status;
}

/* Weights of one output element sum to 1, or are all 0. */
static void normalize(double *weight, int64_t n)
{
    double sum = 0;

    for (int64_t k = 0; k < n; k++) {
        sum += weight[k];
    }
    for (int64_t k = 0; k < n && sum != 0; k++) {
        weight[k] /= sum;
    }
}

/* The attribute antialias changes nothing, as in OpenVINO's CPU plugin. */
static int linear_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                       struct vt_error *err)
{
    int64_t reach = 2;
    int status = taps_init(t, a->out, 2 * reach + 1, err);

    for (int64_t i = 0; i < a->out && status == VT_OK; i++) {
        float x = source(p, i, a->scale, a->out, a->in);
        int64_t middle = (int64_t)roundf(x);

        for (int64_t k = 0; k < t->width; k++) {
            int64_t from = middle - reach + k, at = i * t->width + k;

            t->index[at] = clamp(from, a->in);
            t->weight[at] = from < 0 || from >= a->in ? 0 : triangle((double)(x - (float)from));
        }
        normalize(t->weight + i * t->width, t->width);
    }
    return status;
}

/* As Pillow resizes: the filter is stretched when shrinking, and cut off at the borders. */
static int pillow_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                       struct vt_error *err)
{
    bool bilinear = p->mode == VT_BILINEAR_PILLOW;
    double step = (double)a->in / (double)(a->out ? a->out : 1), stretch;
    int64_t width;
    int status;

    stretch = step < 1 ? 1 : step;
    width = (int64_t)fmin(ceil((bilinear ? 1 : 2) * stretch), (double)a->in + 2) * 2 + 1;
    status = taps_init(t, a->out, width, err);
    for (int64_t i = 0; i < a->out && status == VT_OK; i++) {
        double center = ((double)i + 0.5) * step, support = (bilinear ? 1 : 2) * stretch;
        int64_t first = (int64_t)fmax(0, floor(center - support + 0.5));
        int64_t last = (int64_t)fmin((double)a->in, floor(center + support + 0.5));

        for (int64_t k = 0; k < width && first + k < last; k++) {
            double x = ((double)(first + k) - center + 0.5) / stretch;

            t->index[i * width + k] = first + k;
            t->weight[i * width + k] = bilinear ? triangle(x) : cubic(x, -0.5); /* not cube_coeff */
        }
        normalize(t->weight + i * width, width);
    }
    return status;
}

/* The mean over what an output element covers of the input, as TensorFlow's ResizeArea has it: element i from
 * i * step to (i + 1) * step, the last one repeated behind the end. */
static int area_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                     struct vt_error *err)
{
    bool corners = p->coordinates == VT_ALIGN_CORNERS && a->out > 1;
    double step =
        corners ? (double)(a->in - 1) / (double)(a->out - 1) : (double)a->in / (double)(a->out ? a->out : 1);
    int64_t width = (int64_t)ceil(step) + 1;
    int status = taps_init(t, a->out, width, err);

    for (int64_t i = 0; i < a->out && status == VT_OK; i++) {
        double begin = (double)i * step, end = begin + (step > 0 ? step : 1);

        for (int64_t k = 0; k < width; k++) {
            double from = floor(begin) + (double)k, covered = fmin(end, from + 1) - fmax(begin, from);

            t->index[i * width + k] = clamp((int64_t)from, a->in);
            t->weight[i * width + k] = fmax(0, covered);
        }
        normalize(t->weight + i * width, width);
    }
    return status;
}

static int make_taps(const struct vt_interpolate *p, const struct axis *a, struct taps *t,
                     struct vt_error *err)
{
    switch (p->mode) {
    case VT_NEAREST: return nearest_taps(p, a, t, err);
    case VT_LINEAR: return linear_taps(p, a, t, err);
    case VT_LINEAR_ONNX: return linear_onnx_taps(p, a, t, err);
    case VT_CUBIC: return cubic_taps(p, a, t, err);
    case VT_AREA: return area_taps(p, a, t, err);
    default: return pillow_taps(p, a, t, err);
    }
}

/* ---- the whole */

struct run {
    struct vt_eval *e;
    struct vt_interpolate p;
    struct axis axes[VT_MAX_RANK];
    bool resized[VT_MAX_RANK];
    bool integral;
};

static int64_t axis_number(const struct run *r, int i)
{
    const struct vt_tensor *t = r->p.axes >= 0 ? &r->e->in[r->p.axes] : NULL;
    int64_t n, axis = i;

    if (r->e->node->op->opset < 4) {
        axis = vt_attr_i64s(r->e->node, "axes", &n)[i];
    } else if (t && t->type != VT_DYNAMIC) {
        axis = vt_get_i64(t, i);
    }
    return axis < 0 ? axis + r->e->in[0].rank : axis;
}

static int64_t axis_count(const struct run *r)
{
    int64_t n = r->e->in[0].rank;

    if (r->e->node->op->opset < 4) {
        vt_attr_i64s(r->e->node, "axes", &n);
    } else if (r->p.axes >= 0 && r->e->in[r->p.axes].type != VT_DYNAMIC) {
        n = vt_tensor_count(&r->e->in[r->p.axes]);
    }
    return n;
}

static void describe(struct run *r)
{
    const struct vt_tensor *src = &r->e->in[0], *dst = &r->e->out[0];

    for (int i = 0; i < src->rank; i++) {
        r->axes[i] =
            (struct axis){.in = src->dims[i] + r->p.pad_begin[i] + r->p.pad_end[i], .out = dst->dims[i]};
    }
    for (int i = 0; i < axis_count(r); i++) {
        int64_t at = axis_number(r, i);
        struct axis *a = &r->axes[at];

        r->resized[at] = true;
        a->scale =
            r->p.by_scales ? (float)vt_get_f64(&r->e->in[r->p.scales], i) : (float)a->out / (float)a->in;
    }
}

/* The input with its padding of zeros. */
static double *padded(const struct run *r)
{
    const struct vt_tensor *src = &r->e->in[0];
    int64_t n = 1, from = 0, index[VT_MAX_RANK] = {0};
    double *v;

    for (int i = 0; i < src->rank; i++) {
        if (__builtin_mul_overflow(n, r->axes[i].in, &n)) {
            vt_fail(r->e->err, VT_E_SHAPE, "the padded input is too large");
            return NULL;
        }
    }
    v = vt_doubles_zero(n, r->e->err);
    if (!v || vt_tensor_count(src) == 0) {
        return v;
    }
    do {
        int64_t to = 0;

        for (int i = 0; i < src->rank; i++) {
            to = to * r->axes[i].in + index[i] + r->p.pad_begin[i];
        }
        v[to] = vt_get_f64(src, from++);
    } while (vt_next_index(src->rank, src->dims, index));
    return v;
}

/* Resize one axis; frees `src`. */
static double *resize(struct run *r, double *src, int axis)
{
    const struct axis *a = &r->axes[axis];
    struct taps t = {0};
    int64_t outer = 1, inner = 1;
    double *dst = NULL;

    for (int i = 0; i < r->e->in[0].rank; i++) {
        if (i < axis) {
            outer *= r->axes[i].out;
        } else if (i > axis) {
            inner *= r->axes[i].in;
        }
    }
    if (make_taps(&r->p, a, &t, r->e->err) == VT_OK) {
        dst = vt_doubles_zero(outer * a->out * inner, r->e->err);
    }
    for (int64_t o = 0; dst && a->in && o < outer * a->out; o++) {
        for (int64_t k = 0; k < t.width; k++) {
            int64_t at = o % a->out * t.width + k;
            const double *line = src + (o / a->out * a->in + t.index[at]) * inner;

            for (int64_t i = 0; i < inner && t.weight[at] != 0; i++) {
                dst[o * inner + i] += t.weight[at] * line[i];
            }
        }
    }
    taps_finish(&t);
    vt_temp_free(src);
    return dst;
}

/* Nearest elements are moved, so that any type comes through unchanged. */
static int move_nearest(struct run *r)
{
    const struct vt_tensor *src = &r->e->in[0];
    struct vt_tensor *dst = &r->e->out[0];
    struct taps t[VT_MAX_RANK] = {0};
    int64_t index[VT_MAX_RANK] = {0}, to = 0;
    int status = VT_OK;

    for (int i = 0; i < src->rank && status == VT_OK; i++) {
        if (r->resized[i]) {
            status = make_taps(&r->p, &r->axes[i], &t[i], r->e->err);
        }
    }
    if (status == VT_OK && vt_tensor_count(dst) && vt_tensor_count(src)) {
        do {
            int64_t from = 0;
            bool outside = false;

            for (int i = 0; i < src->rank; i++) {
                int64_t at = (r->resized[i] ? t[i].index[index[i]] : index[i]) - r->p.pad_begin[i];

                outside |= at < 0 || at >= src->dims[i];
                from = from * src->dims[i] + at;
            }
            if (outside) {
                vt_set_i64(dst, to, 0);
            } else {
                vt_move_element(dst, to, src, from);
            }
            to++;
        } while (vt_next_index(dst->rank, dst->dims, index));
    }
    for (int i = 0; i < src->rank; i++) {
        taps_finish(&t[i]);
    }
    return status;
}

int vt_interpolate_ref(struct vt_eval *e)
{
    struct run r = {.e = e, .integral = vt_is_integral(e->out[0].type)};
    int status = vt_interpolate_read(e->node, e->n_in, e->in[0].rank, &r.p, e->err);
    double *v;

    if (status) {
        return status;
    }
    describe(&r);
    if (r.p.mode == VT_NEAREST) {
        return move_nearest(&r);
    }
    v = padded(&r);
    for (int i = 0; i < e->in[0].rank && v; i++) {
        if (r.resized[i]) {
            v = resize(&r, v, i);
        }
    }
    for (int64_t i = 0; v && i < vt_tensor_count(&e->out[0]); i++) {
        vt_set_f64(&e->out[0], i, r.integral ? round(v[i]) : v[i]);
    }
    vt_temp_free(v);
    return v ? VT_OK : VT_E_NOMEM;
}
