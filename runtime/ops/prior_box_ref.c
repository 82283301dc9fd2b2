#include "prior_box.h"

#include "element.h"

#include <math.h>

/* Where boxes go: the first row of the output gets corners as parts of the image, in the order of the calls.
 */
struct priors {
    struct vt_tensor *out;
    const struct vt_node *node;
    int64_t grid[2], next, end;
    double image[2], step, offset;
    double ratios[VT_PRIOR_RATIOS];
    int n_ratios;
    bool clip;
};

/* A box around a centre; `half` are half its width and height. With `fixed` its first corner is at least 0
 * and its second at most 1. */
static void put(struct priors *p, double x, double y, double half_w, double half_h, bool fixed)
{
    double box[4] = {(x - half_w) / p->image[1], (y - half_h) / p->image[0], (x + half_w) / p->image[1],
                     (y + half_h) / p->image[0]};

    for (int i = 0; i < 4 && p->next < p->end; i++) {
        double v = box[i];

        if (fixed) {
            v = i < 2 ? fmax(v, 0) : fmin(v, 1);
        }
        vt_set_f64(p->out, p->next++, p->clip ? fmin(fmax(v, 0), 1) : v);
    }
}

/* The cell of a fixed size is cut into density * density parts, with a box around the centre of each. */
static void put_dense(struct priors *p, double x, double y, double size, double density, double ratio)
{
    double shift = size / trunc(density), root = sqrt(ratio);

    for (int64_t r = 0; r < (int64_t)density; r++) {
        for (int64_t c = 0; c < (int64_t)density; c++) {
            put(p, x - size / 2 + shift / 2 + (double)c * shift, y - size / 2 + shift / 2 + (double)r * shift,
                size / 2 * root, size / 2 / root, true);
        }
    }
}

static void put_fixed(struct priors *p, double x, double y)
{
    int64_t n_sizes, n_ratios, n_density;
    const double *sizes = vt_attr_f64s(p->node, "fixed_size", &n_sizes);
    const double *ratios = vt_attr_f64s(p->node, "fixed_ratio", &n_ratios);
    const double *density = vt_attr_f64s(p->node, "density", &n_density);

    if (n_ratios == 0) {
        ratios = p->ratios;
        n_ratios = p->n_ratios;
    }
    for (int64_t s = 0; s < n_sizes; s++) {
        for (int64_t i = 0; i < n_ratios; i++) {
            put_dense(p, x, y, sizes[s], density[s], ratios[i]);
        }
    }
}

static void put_ratios(struct priors *p, double x, double y, double size)
{
    for (int i = 1; i < p->n_ratios; i++) {
        double root = sqrt(p->ratios[i]);

        put(p, x, y, size / 2 * root, size / 2 / root, false);
    }
}

static void put_sizes(struct priors *p, double x, double y)
{
    int64_t n_min, n_max;
    const double *min = vt_attr_f64s(p->node, "min_size", &n_min);
    const double *max = vt_attr_f64s(p->node, "max_size", &n_max);
    bool all = vt_attr_bool(p->node, "scale_all_sizes");
    bool max_first = p->node->op->opset < 8 || vt_attr_bool(p->node, "min_max_aspect_ratios_order");
    double scale = all ? 1 : p->image[0]; /* otherwise sizes are parts of the image's height */

    for (int64_t s = 0; s < n_min; s++) {
        double half = s < n_max ? sqrt(min[s] * scale * max[s]) / 2 : 0;

        put(p, x, y, min[s] * scale / 2, min[s] * scale / 2, false);
        if (s < n_max && max_first) {
            put(p, x, y, half, half, false);
        }
        if (all || s == n_min - 1) {
            put_ratios(p, x, y, (all ? min[s] : min[0]) * scale);
        }
        if (s < n_max && !max_first) {
            put(p, x, y, half, half, false);
        }
    }
}

/* The second row repeats the variances. */
static void put_variances(struct priors *p)
{
    int64_t n;
    const double *variance = vt_attr_f64s(p->node, "variance", &n);

    for (int64_t i = 0; i < p->end; i++) {
        vt_set_f64(p->out, p->end + i, n == 0 ? 0.1 : n == 1 ? variance[0] : variance[i % 4]);
    }
}

static int begin(struct vt_eval *e, struct priors *p)
{
    int64_t boxes = vt_prior_count(e->node), cells;

    p->out = &e->out[0];
    p->node = e->node;
    p->end = p->out->dims[1];
    p->step = vt_attr_f64(e->node, "step");
    p->offset = vt_attr_f64(e->node, "offset");
    p->clip = vt_attr_bool(e->node, "clip");
    for (int i = 0; i < 2; i++) {
        p->grid[i] = vt_get_i64(&e->in[0], i);
        p->image[i] = vt_get_f64(&e->in[1], i);
        if (p->image[i] <= 0 || p->grid[i] < 0) {
            return vt_fail(e->err, VT_E_RANGE, "a grid of %lld on an image of %g on axis %d",
                           (long long)p->grid[i], p->image[i], i);
        }
    }
    if (__builtin_mul_overflow(p->grid[0], p->grid[1], &cells) || boxes < 0 ||
        __builtin_mul_overflow(cells, 4 * boxes, &cells) || cells != p->end) {
        return vt_fail(e->err, VT_E_SHAPE, "the output has %lld elements, the grid another number",
                       (long long)p->end);
    }
    return VT_OK;
}

int vt_prior_box_ref(struct vt_eval *e)
{
    struct priors p = {0};
    int status = begin(e, &p);
    double step[2];

    if (status) {
        return status;
    }
    p.n_ratios = vt_prior_ratios(e->node, p.ratios);
    if (!vt_attr_bool(e->node, "scale_all_sizes")) { /* the step is a part of the image's height, too */
        p.step = p.step == -1 ? p.image[0] / (double)p.grid[0] : p.step * p.image[0];
    }
    for (int i = 0; i < 2; i++) {
        step[i] = p.step == 0 ? p.image[i] / (double)p.grid[i] : p.step;
    }
    p.offset = p.step == 0 ? 0.5 : p.offset;
    for (int64_t h = 0; h < p.grid[0]; h++) {
        for (int64_t w = 0; w < p.grid[1]; w++) {
            double x = ((double)w + p.offset) * step[1], y = ((double)h + p.offset) * step[0];
            put_fixed(&p, x, y);
            put_sizes(&p, x, y);
        }
    }
    while (p.next < p.end) { /* densities with fixed ratios count more boxes than they make */
        vt_set_f64(p.out, p.next++, 0);
    }
    put_variances(&p);
    return VT_OK;
}

int vt_prior_box_clustered_ref(struct vt_eval *e)
{
    struct priors p = {0};
    int status = begin(e, &p);
    double step[2] = {vt_attr_f64(e->node, "step_h"), vt_attr_f64(e->node, "step_w")};
    int64_t n, n_height;
    const double *width = vt_attr_f64s(e->node, "width", &n);
    const double *height = vt_attr_f64s(e->node, "height", &n_height);

    if (status) {
        return status;
    }
    if (step[0] == 0 && step[1] == 0) {
        for (int i = 0; i < 2; i++) {
            step[i] = p.step != 0 ? p.step : p.image[i] / (double)p.grid[i];
        }
    }
    for (int64_t h = 0; h < p.grid[0]; h++) {
        for (int64_t w = 0; w < p.grid[1]; w++) {
            for (int64_t s = 0; s < n; s++) {
                put(&p, ((double)w + p.offset) * step[1], ((double)h + p.offset) * step[0], width[s] / 2,
                    height[s] / 2, false);
            }
        }
    }
    put_variances(&p);
    return VT_OK;
}
