/* PriorBox and PriorBoxClustered. Along x a box depends on its column and its place in the list of a cell's
 * boxes alone, along y on its row: both are worked out once, then copied. */
#include "model.h"

#include <math.h>

enum extent {
    SQUARE,    /* size */
    MEAN,      /* between size and largest */
    OBLONG,    /* size by the root of a ratio */
    PART,      /* likewise, around a part of the cell; begins at 0 or later and ends at 1 or before */
    RECTANGLE, /* size wide and largest high */
};

/* A box of a cell. */
struct kind {
    enum extent extent;
    double size, largest, root, shift, part[2];
};

struct priors {
    struct kind *kinds;
    int64_t n, boxes;               /* boxes: as many as the operation counts for a cell */
    bool clip, clustered, relative; /* relative: sizes are parts of the image's height */
    double step, steps[2], offset;  /* steps: of PriorBoxClustered, along y and x */
    float variance[4];
};

#define MOST_RATIOS 256
#define MOST_KINDS  (1 << 16)

static int ratios_of(const struct cpu_op *op, double *ratios)
{
    int64_t n_given;
    const double *given = op->host->attr_f64s(op->node, "aspect_ratio", &n_given);
    bool flip = op->host->attr_i64(op->node, "flip") != 0;
    int n = 1;

    ratios[0] = 1;
    for (int64_t i = 0; i < n_given; i++) {
        for (int inverse = 0; inverse <= flip; inverse++) {
            double ratio = inverse ? 1 / given[i] : given[i];
            bool there = false;

            for (int k = 0; k < n; k++) {
                there = there || fabs(ratios[k] - ratio) < 1e-6;
            }
            if (!there && n < MOST_RATIOS) {
                ratios[n++] = ratio;
            }
        }
    }
    return n;
}

static void add(struct priors *q, struct kind kind)
{
    if (q->kinds) {
        q->kinds[q->n] = kind;
    }
    q->n++;
}

static void add_parts(struct priors *q, const struct cpu_op *op, const double *ratios, int64_t n_ratios)
{
    int64_t n_sizes, n_density, n_fixed;
    const double *sizes = op->host->attr_f64s(op->node, "fixed_size", &n_sizes);
    const double *density = op->host->attr_f64s(op->node, "density", &n_density);
    const double *fixed = op->host->attr_f64s(op->node, "fixed_ratio", &n_fixed);

    ratios = n_fixed ? fixed : ratios;
    n_ratios = n_fixed ? n_fixed : n_ratios;
    for (int64_t s = 0; s < n_sizes && s < n_density; s++) {
        int64_t parts = density[s] < 1000 ? (int64_t)density[s] : 1000; /* too many */

        for (int64_t i = 0; i < n_ratios && q->n <= MOST_KINDS; i++) {
            struct kind k = {PART, sizes[s], 0, sqrt(ratios[i]), sizes[s] / trunc(density[s]), {0}};

            for (int64_t part = 0; part < parts * parts; part++) {
                k.part[0] = (double)(part / parts);
                k.part[1] = (double)(part % parts);
                add(q, k);
            }
        }
    }
}

static void add_sizes(struct priors *q, const struct cpu_op *op, const double *ratios, int n_ratios)
{
    int64_t n_min, n_max;
    const double *min = op->host->attr_f64s(op->node, "min_size", &n_min);
    const double *max = op->host->attr_f64s(op->node, "max_size", &n_max);
    bool max_first =
        op->host->node_opset(op->node) < 8 || op->host->attr_i64(op->node, "min_max_aspect_ratios_order");

    for (int64_t s = 0; s < n_min && q->n <= MOST_KINDS; s++) {
        struct kind mean = {MEAN, min[s], s < n_max ? max[s] : 0, 0, 0, {0}};

        add(q, (struct kind){SQUARE, min[s], 0, 0, 0, {0}});
        if (s < n_max && max_first) {
            add(q, mean);
        }
        for (int i = 1; i < n_ratios && (!q->relative || s == n_min - 1); i++) {
            add(q, (struct kind){OBLONG, q->relative ? min[0] : min[s], 0, sqrt(ratios[i]), 0, {0}});
        }
        if (s < n_max && !max_first) {
            add(q, mean);
        }
    }
}

/* What the operation counts, which is more than there are with densities and fixed ratios. */
static int64_t count(const struct cpu_op *op, int n_ratios)
{
    int64_t n_min, n_max, n_sizes, n_fixed, n_density;
    const double *density = op->host->attr_f64s(op->node, "density", &n_density);
    double n;

    op->host->attr_f64s(op->node, "min_size", &n_min);
    op->host->attr_f64s(op->node, "max_size", &n_max);
    op->host->attr_f64s(op->node, "fixed_size", &n_sizes);
    op->host->attr_f64s(op->node, "fixed_ratio", &n_fixed);
    if (n_sizes > 0) {
        n = (double)n_ratios * (double)n_sizes;
    } else if (op->host->attr_i64(op->node, "scale_all_sizes")) {
        n = (double)n_ratios * (double)n_min + (double)n_max;
    } else {
        n = (double)n_ratios + (double)n_min - 1;
    }
    for (int64_t i = 0; i < n_density; i++) {
        n += (trunc(density[i]) * trunc(density[i]) - 1) * (double)(n_fixed > 0 ? n_fixed : n_ratios);
    }
    return n >= 0 && n <= 1 << 20 ? (int64_t)n : 0;
}

/* Fills `kinds`, if there is room, and counts them. */
static void list(struct priors *q, const struct cpu_op *op)
{
    double ratios[MOST_RATIOS];
    int n_ratios;

    q->n = 0;
    if (q->clustered) {
        int64_t n, n_height;
        const double *width = op->host->attr_f64s(op->node, "width", &n);
        const double *height = op->host->attr_f64s(op->node, "height", &n_height);

        for (int64_t i = 0; i < n && i < n_height; i++) {
            add(q, (struct kind){RECTANGLE, width[i], height[i], 0, 0, {0}});
        }
        q->boxes = q->n;
        return;
    }
    n_ratios = ratios_of(op, ratios);
    q->relative = !op->host->attr_i64(op->node, "scale_all_sizes");
    add_parts(q, op, ratios, n_ratios);
    add_sizes(q, op, ratios, n_ratios);
    q->boxes = count(op, n_ratios);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct priors q = {.clustered = strcmp(op->type, "PriorBoxClustered") == 0};

    *reason = "only two whole numbers each";
    for (int i = 0; i < 2; i++) {
        if ((op->in[i].type != VT_I32 && op->in[i].type != VT_I64) || op->in[i].rank != 1 ||
            op->in[i].count != 2) {
            return false;
        }
    }
    *reason = "too many boxes";
    list(&q, op);
    return q.n <= MOST_KINDS;
}

/* Half of what a box measures along an axis, 0: y. */
static double half_of(const struct kind *k, int axis, double scale)
{
    switch (k->extent) {
    case SQUARE: return k->size * scale / 2;
    case MEAN: return sqrt(k->size * scale * k->largest) / 2;
    case RECTANGLE: return (axis == 0 ? k->largest : k->size) / 2;
    case PART: scale = 1; break;
    case OBLONG: break;
    }
    return axis == 0 ? k->size * scale / 2 / k->root : k->size * scale / 2 * k->root;
}

/* Begin and end of every box along an axis: [cells][n][2]. */
static void project(const struct priors *q, int axis, int64_t cells, double step, double offset, double image,
                    double scale, float *dst)
{
    for (int64_t cell = 0; cell < cells; cell++) {
        double middle = ((double)cell + offset) * step;

        for (int64_t i = 0; i < q->n; i++) {
            const struct kind *k = &q->kinds[i];
            double half = half_of(k, axis, scale), at = middle, v[2];

            if (k->extent == PART) {
                at = at - k->size / 2 + k->shift / 2 + k->part[axis] * k->shift;
            }
            v[0] = (at - half) / image;
            v[1] = (at + half) / image;
            if (k->extent == PART) {
                v[0] = fmax(v[0], 0);
                v[1] = fmin(v[1], 1);
            }
            for (int end = 0; end < 2; end++) {
                *dst++ = (float)(q->clip ? fmin(fmax(v[end], 0), 1) : v[end]);
            }
        }
    }
}

static void fill(const struct priors *q, const int64_t *grid, const float *y, const float *x, float *dst,
                 int64_t end)
{
    int64_t at = 0, row = q->n * 2;

    for (int64_t cell = 0; cell < grid[0] * grid[1]; cell++) {
        const float *v = y + cell / grid[1] * row, *u = x + cell % grid[1] * row;

        for (int64_t i = 0; i < q->n && at < end; i++, at += 4) {
            dst[at] = u[i * 2];
            dst[at + 1] = v[i * 2];
            dst[at + 2] = u[i * 2 + 1];
            dst[at + 3] = v[i * 2 + 1];
        }
    }
    for (; at < end; at++) {
        dst[at] = 0;
    }
    for (int64_t i = 0; i < end; i += 4) { /* the second row repeats the variances */
        memcpy(dst + end + i, q->variance, sizeof(q->variance));
    }
}

static int64_t number(const struct cpu_step *step, const struct cpu_run *run, int input, int i)
{
    const void *data = cpu_in(step, run, input);

    return run->plan->values[step->in[input]].t.type == VT_I32 ? ((const int32_t *)data)[i]
                                                               : ((const int64_t *)data)[i];
}

/* The distance of cells, and where in a cell its boxes are. */
static double measure(const struct priors *q, const int64_t *grid, const double *image, double *steps)
{
    double step = q->step;

    if (q->clustered) {
        for (int i = 0; i < 2; i++) {
            steps[i] = q->steps[0] != 0 || q->steps[1] != 0 ? q->steps[i]
                       : step != 0                          ? step
                                                            : image[i] / (double)grid[i];
        }
        return q->offset;
    }
    if (q->relative) { /* the step is a part of the image's height, too */
        step = step == -1 ? image[0] / (double)grid[0] : step * image[0];
    }
    for (int i = 0; i < 2; i++) {
        steps[i] = step == 0 ? image[i] / (double)grid[i] : step;
    }
    return step == 0 ? 0.5 : q->offset;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct priors *q = step->data;
    int64_t grid[2], cells, dims[2] = {2, 0};
    double image[2], steps[2], offset;
    float *dst, *y;

    for (int i = 0; i < 2; i++) {
        grid[i] = number(step, run, 0, i);
        image[i] = (double)number(step, run, 1, i);
        if (image[i] <= 0 || grid[i] < 0) {
            return vt_fail(run->err, VT_E_RANGE, "a grid of %lld on an image of %g on axis %d",
                           (long long)grid[i], image[i], i);
        }
    }
    if (__builtin_mul_overflow(grid[0], grid[1], &cells) ||
        __builtin_mul_overflow(cells, 4 * q->boxes, &dims[1])) {
        return vt_fail(run->err, VT_E_SHAPE, "a grid of %lld by %lld is too large", (long long)grid[0],
                       (long long)grid[1]);
    }
    dst = cpu_output_now(run, step, 0, VT_F32, 2, dims);
    if (dims[1] == 0) {
        return VT_OK;
    }
    if (!dst) {
        return VT_E_NOMEM;
    }
    y = cpu_borrow(run, (size_t)((grid[0] + grid[1]) * q->n + 1) * 2 * sizeof(*y));
    if (!y) {
        return vt_fail(run->err, VT_E_NOMEM, "out of memory");
    }
    offset = measure(q, grid, image, steps);
    for (int axis = 0; axis < 2; axis++) {
        project(q, axis, grid[axis], steps[axis], offset, image[axis], q->relative ? image[0] : 1,
                y + (axis ? grid[0] * q->n * 2 : 0));
    }
    fill(q, grid, y, y + grid[0] * q->n * 2, dst, dims[1]);
    cpu_return(run, y);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct priors *q = cpu_plan_alloc(b, sizeof(*q));
    const struct vt_host *host = op->host;
    const double *variance;
    int64_t n;

    (void)option;
    if (q) {
        q->clustered = strcmp(op->type, "PriorBoxClustered") == 0;
        list(q, op);
        q->kinds = cpu_plan_alloc(b, (size_t)(q->n + 1) * sizeof(*q->kinds));
    }
    if (!q || !q->kinds) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    list(q, op);
    q->clip = host->attr_i64(op->node, "clip") != 0;
    q->step = host->attr_f64(op->node, "step");
    q->offset = host->attr_f64(op->node, "offset");
    if (q->clustered) {
        q->steps[0] = host->attr_f64(op->node, "step_h");
        q->steps[1] = host->attr_f64(op->node, "step_w");
    }
    variance = host->attr_f64s(op->node, "variance", &n);
    for (int i = 0; i < 4; i++) {
        q->variance[i] = (float)(n == 0 ? 0.1 : n == 1 ? variance[0] : variance[i]);
    }
    step->run = run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_prior_box = {
    .name = "prior_box",
    .supports = supports,
    .prepare = prepare,
};
