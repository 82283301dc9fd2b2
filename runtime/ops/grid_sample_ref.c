#include "grid_sample.h"

#include "doubles.h"
#include "element.h"

#include <math.h>

struct sampler {
    const struct vt_tensor *src;
    int64_t height, width;
    bool align, border, reflect;
};

/* Fold an index back at the borders; with aligned corners the border elements are not repeated. */
static int64_t reflect(int64_t i, int64_t n, bool align)
{
    int64_t period = align ? 2 * (n - 1) : 2 * n;

    if (period == 0) {
        return 0;
    }
    i = (i % period + period) % period;
    return i < n ? i : (align ? period : period - 1) - i;
}

/* One element of a plane; what lies outside depends on the padding. */
static double pixel(const struct sampler *s, int64_t plane, int64_t y, int64_t x)
{
    if (s->border) {
        y = y < 0 ? 0 : y >= s->height ? s->height - 1 : y;
        x = x < 0 ? 0 : x >= s->width ? s->width - 1 : x;
    } else if (s->reflect) {
        y = reflect(y, s->height, s->align);
        x = reflect(x, s->width, s->align);
    } else if (y < 0 || y >= s->height || x < 0 || x >= s->width) {
        return 0;
    }
    return vt_get_f64(s->src, (plane * s->height + y) * s->width + x);
}

/* From -1..1 to element coordinates, in float as the grid comes. */
static double place(float v, int64_t n, bool align)
{
    return align ? (double)((v + 1.0f) * 0.5f * (float)(n - 1))
                 : (double)(((v + 1.0f) * (float)n - 1.0f) * 0.5f);
}

static double bilinear(const struct sampler *s, int64_t plane, double y, double x)
{
    int64_t top = (int64_t)floor(y), left = (int64_t)floor(x);
    double dy = y - (double)top, dx = x - (double)left;

    return (1 - dy) * ((1 - dx) * pixel(s, plane, top, left) + dx * pixel(s, plane, top, left + 1)) +
           dy * ((1 - dx) * pixel(s, plane, top + 1, left) + dx * pixel(s, plane, top + 1, left + 1));
}

static double cubic(double x)
{
    const double a = -0.75;

    x = fabs(x);
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

static double bicubic(const struct sampler *s, int64_t plane, double y, double x)
{
    int64_t top = (int64_t)floor(y), left = (int64_t)floor(x);
    double dy = y - (double)top, dx = x - (double)left, sum = 0;

    for (int i = -1; i < 3; i++) {
        for (int k = -1; k < 3; k++) {
            sum += cubic(dy - i) * cubic(dx - k) * pixel(s, plane, top + i, left + k);
        }
    }
    return sum;
}

static double clamp_place(double v, int64_t n)
{
    double far = (double)n * 1e6 + 1e9; /* keeps the conversion to an index defined; NaN goes below, too */

    return v > -far ? fmin(v, far) : -far;
}

int vt_grid_sample_ref(struct vt_eval *e)
{
    const struct vt_tensor *grid = &e->in[1];
    struct vt_tensor *dst = &e->out[0];
    struct sampler s = {.src = &e->in[0], .height = e->in[0].dims[2], .width = e->in[0].dims[3]};
    bool nearest = vt_attr_is(e->node, "mode", "nearest"), smooth = vt_attr_is(e->node, "mode", "bicubic");
    int64_t plane = dst->dims[2] * dst->dims[3];

    s.align = vt_attr_bool(e->node, "align_corners");
    s.border = vt_attr_is(e->node, "padding_mode", "border");
    s.reflect = vt_attr_is(e->node, "padding_mode", "reflection");
    if (s.height == 0 || s.width == 0) {
        return VT_OK;
    }
    for (int64_t i = 0; i < vt_tensor_count(dst); i++) {
        int64_t p = i / plane, at = (p / dst->dims[1] * plane + i % plane) * 2;
        double x = clamp_place(place((float)vt_get_f64(grid, at), s.width, s.align), s.width);
        double y = clamp_place(place((float)vt_get_f64(grid, at + 1), s.height, s.align), s.height);
        double v = nearest  ? pixel(&s, p, (int64_t)rint(y), (int64_t)rint(x))
                   : smooth ? bicubic(&s, p, y, x)
                            : bilinear(&s, p, y, x);

        vt_store_double(dst, i, v);
    }
    return VT_OK;
}
