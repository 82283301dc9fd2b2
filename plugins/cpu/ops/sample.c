/* GridSample and AdaptiveAvgPool: weighted sums of places of a map, channels last. */
#include "kernels/sample.h"
#include "impl.h"

#include <math.h>

static int nxc_only(const struct cpu_op *op, double ns, struct cpu_option *o)
{
    (void)op;
    o[0] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, ns, 0};
    return 1;
}

/* ---- GridSample
 * ---------------------------------------------------------------------------------------------------- */

enum sampling { BILINEAR, BICUBIC, NEAREST };

struct grid_sample {
    const struct cpu_sample_f32 *kernel;
    enum sampling sampling;
    bool align, border, reflect;
    int64_t batch, channels, height, width, area; /* area: places of the result in an image */
    int64_t src_pixel, dst_pixel, pieces;
};

static bool grid_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    return op->in[0].type == VT_F32 && op->in[1].type == VT_F32 && op->in[0].rank == 4 &&
           op->in[1].rank == 4 && op->out[0].rank == 4;
}

static int64_t reflected(int64_t i, int64_t n, bool align)
{
    int64_t period = align ? 2 * (n - 1) : 2 * n;

    if (period == 0) {
        return 0;
    }
    i = (i % period + period) % period;
    return i < n ? i : (align ? period : period - 1) - i;
}

/* -1: outside, where all is zero. */
static int64_t inside(const struct grid_sample *g, int64_t i, int64_t n)
{
    if (g->border) {
        return i < 0 ? 0 : i >= n ? n - 1 : i;
    }
    return g->reflect ? reflected(i, n, g->align) : i < 0 || i >= n ? -1 : i;
}

/* From -1..1 to elements; far places and NaN stay within what an index holds. */
static double place(float v, int64_t n, bool align)
{
    double at = align ? (double)((v + 1.0f) * 0.5f * (float)(n - 1))
                      : (double)(((v + 1.0f) * (float)n - 1.0f) * 0.5f);
    double far = (double)n * 1e6 + 1e9;

    return at > -far ? fmin(at, far) : -far;
}

static double cubic(double x)
{
    const double a = -0.75;

    x = fabs(x);
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/* Indices and weights of what an axis contributes: 1, 2 or 4 of them. */
static int neighbours(const struct grid_sample *g, double at, int64_t n, int64_t *index, double *weight)
{
    int64_t first;
    int taps = g->sampling == NEAREST ? 1 : g->sampling == BILINEAR ? 2 : 4;

    if (g->sampling == NEAREST) {
        index[0] = inside(g, (int64_t)rint(at), n);
        weight[0] = 1;
        return 1;
    }
    first = (int64_t)floor(at) - (g->sampling == BICUBIC);
    for (int i = 0; i < taps; i++) {
        index[i] = inside(g, first + i, n);
        weight[i] = g->sampling == BICUBIC ? cubic(at - (double)(first + i))
                    : i                    ? at - (double)first
                                           : 1 - (at - (double)first);
    }
    return taps;
}

struct grid_job {
    const struct grid_sample *g;
    const float *src, *grid;
    float *dst;
};

/* Places [begin, end) of all images. */
static void grid_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct grid_job *j = arg;
    const struct grid_sample *g = j->g;

    (void)scratch;
    for (int64_t at = begin; at < end; at++) {
        const float *image = j->src + at / g->area * g->height * g->width * g->src_pixel;
        const float *rows[16];
        float weights[16];
        int64_t y[4], x[4];
        double wy[4], wx[4];
        int ny = neighbours(g, place(j->grid[2 * at + 1], g->height, g->align), g->height, y, wy);
        int nx = neighbours(g, place(j->grid[2 * at], g->width, g->align), g->width, x, wx), taps = 0;

        for (int i = 0; i < ny; i++) {
            for (int k = 0; k < nx; k++) {
                if (y[i] >= 0 && x[k] >= 0) {
                    rows[taps] = image + (y[i] * g->width + x[k]) * g->src_pixel;
                    weights[taps++] = (float)(wy[i] * wx[k]);
                }
            }
        }
        g->kernel->sum(rows, weights, taps, j->dst + at * g->dst_pixel, g->channels, false);
    }
}

static int grid_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct grid_sample *g = step->data;
    struct grid_job j = {g, cpu_in(step, run, 0), cpu_in(step, run, 1), cpu_out(step, run, 0)};

    cpu_parallel_range(run, g->height && g->width ? g->batch * g->area : 0, g->pieces, grid_piece, &j);
    return VT_OK;
}

static double grid_cost(const struct cpu_op *op)
{
    double taps = strcasecmp(op->host->attr_str(op->node, "mode"), "bicubic") == 0 ? 16 : 4;

    return (double)op->out[0].count * taps * 0.1 + (double)op->in[1].count * 10;
}

static int grid_options(const struct cpu_op *op, struct cpu_option *o)
{
    return nxc_only(op, grid_cost(op), o);
}

static int grid_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct grid_sample *g = cpu_plan_alloc(b, sizeof(*g));
    const char *mode = op->host->attr_str(op->node, "mode"),
               *padding = op->host->attr_str(op->node, "padding_mode");

    (void)option;
    if (!g) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *g = (struct grid_sample){
        .kernel = cpu_sample_f32_get(op->isa),
        .sampling = strcasecmp(mode, "nearest") == 0   ? NEAREST
                    : strcasecmp(mode, "bicubic") == 0 ? BICUBIC
                                                       : BILINEAR,
        .align = op->host->attr_i64(op->node, "align_corners") != 0,
        .border = strcasecmp(padding, "border") == 0,
        .reflect = strcasecmp(padding, "reflection") == 0,
        .batch = op->out[0].dims[0],
        .channels = op->in[0].dims[1],
        .height = op->in[0].dims[2],
        .width = op->in[0].dims[3],
        .area = op->out[0].dims[2] * op->out[0].dims[3],
        .src_pixel = cpu_build_in(b, step, 0)->pixel,
        .dst_pixel = cpu_build_out(b, step, 0)->pixel,
        .pieces = cpu_pieces(op, grid_cost(op)),
    };
    step->run = op->out[0].count ? grid_run : NULL;
    step->data = g;
    step->kernel = g->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_grid_sample = {
    .name = "grid_sample",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = grid_supports,
    .options = grid_options,
    .prepare = grid_prepare,
};

/* ---- AdaptiveAvgPool
 * ----------------------------------------------------------------------------------------------- */

struct adaptive {
    const struct cpu_sample_f32 *kernel;
    int64_t batch, channels, in[3], out[3], area; /* leading axes of 1 where there are fewer */
    int64_t src_pixel, dst_pixel, pieces;
};

static bool adaptive_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    return op->in[0].type == VT_F32 && op->in[0].rank >= 3 && op->in[0].rank <= 5 &&
           op->out[0].rank == op->in[0].rank && op->in[0].count > 0;
}

struct adaptive_job {
    const struct adaptive *a;
    const float *src;
    float *dst;
};

/* The window of place `at` of n along an axis of `size`. */
static void window(int64_t at, int64_t n, int64_t size, int64_t *begin, int64_t *end)
{
    *begin = at * size / n;
    *end = ((at + 1) * size + n - 1) / n;
}

static void average(const struct adaptive_job *j, const float *image, int64_t place, float *dst)
{
    const struct adaptive *a = j->a;
    int64_t begin[3], end[3], count = 1;
    float weight;

    for (int i = 2; i >= 0; i--) {
        window(place % a->out[i], a->out[i], a->in[i], &begin[i], &end[i]);
        place /= a->out[i];
        count *= end[i] - begin[i];
    }
    weight = 1 / (float)count;
    memset(dst, 0, (size_t)a->channels * sizeof(*dst));
    for (int64_t d = begin[0]; d < end[0]; d++) {
        for (int64_t h = begin[1]; h < end[1]; h++) {
            for (int64_t w = begin[2]; w < end[2];) {
                const float *rows[8];
                float weights[8];
                int n = 0;

                for (; n < 8 && w < end[2]; n++, w++) {
                    rows[n] = image + ((d * a->in[1] + h) * a->in[2] + w) * a->src_pixel;
                    weights[n] = weight;
                }
                a->kernel->sum(rows, weights, n, dst, a->channels, true);
            }
        }
    }
}

static void adaptive_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct adaptive_job *j = arg;
    const struct adaptive *a = j->a;
    int64_t size = a->in[0] * a->in[1] * a->in[2] * a->src_pixel;

    (void)scratch;
    for (int64_t at = begin; at < end; at++) {
        average(j, j->src + at / a->area * size, at % a->area, j->dst + at * a->dst_pixel);
    }
}

static int adaptive_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct adaptive *a = step->data;
    struct adaptive_job j = {a, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, a->batch * a->area, a->pieces, adaptive_piece, &j);
    return VT_OK;
}

static double adaptive_cost(const struct cpu_op *op)
{
    return (double)op->in[0].count * 0.3;
}

static int adaptive_options(const struct cpu_op *op, struct cpu_option *o)
{
    return nxc_only(op, adaptive_cost(op), o);
}

static int adaptive_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct adaptive *a = cpu_plan_alloc(b, sizeof(*a));
    int rank = op->in[0].rank;

    (void)option;
    if (!a) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    a->kernel = cpu_sample_f32_get(op->isa);
    a->batch = op->in[0].dims[0];
    a->channels = op->in[0].dims[1];
    a->area = 1;
    for (int i = 0; i < 3; i++) {
        int axis = rank - 3 + i;

        a->in[i] = axis < 2 ? 1 : op->in[0].dims[axis];
        a->out[i] = axis < 2 ? 1 : op->out[0].dims[axis];
        a->area *= a->out[i];
    }
    a->src_pixel = cpu_build_in(b, step, 0)->pixel;
    a->dst_pixel = cpu_build_out(b, step, 0)->pixel;
    a->pieces = cpu_pieces(op, adaptive_cost(op));
    step->run = op->out[0].count ? adaptive_run : NULL;
    step->data = a;
    step->kernel = a->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_adaptive_avg = {
    .name = "adaptive_avg",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = adaptive_supports,
    .options = adaptive_options,
    .prepare = adaptive_prepare,
};
