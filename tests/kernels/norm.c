/* Normalisations of one level (argument) against double. */
#include "norm.h"

#include "light.h"
#include "softmax.h"

static const struct cpu_norm_f32 *kernel;

struct call {
    const struct cpu_norm_rows *rows;
    const struct cpu_norm_columns *columns;
    const struct cpu_norm_groups *groups;
    const struct cpu_affine *affine;
    const struct cpu_lrn *lrn;
    const float *src;
    float *dst;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    if (c->rows) {
        kernel->rows(c->rows, c->src, c->dst, begin, end);
    } else if (c->columns) {
        kernel->columns(c->columns, c->src, c->dst, begin, end);
    } else if (c->groups) {
        kernel->groups(c->groups, c->src, c->dst, begin, end);
    } else if (c->affine) {
        kernel->affine(c->affine, c->src, c->dst, begin, end);
    } else {
        kernel->lrn(c->lrn, c->src, c->dst, begin, end);
    }
}

static double factor(double x, double eps, enum cpu_norm_eps mode)
{
    return mode == CPU_EPS_OUTSIDE ? 1 / (sqrt(x) + eps)
                                   : 1 / sqrt(mode == CPU_EPS_MAX ? fmax(x, eps) : x + eps);
}

struct moments {
    double mean, factor;
};

/* Of n elements at src[i / run * run_step + i % run * step]. */
static struct moments moments_of(const float *src, int64_t n, int64_t step, int64_t run_length,
                                 int64_t run_step, const struct cpu_norm_rows *p)
{
    struct moments m = {0, 1};
    double sum = 0;

    for (int64_t i = 0; p->mean && i < n; i++) {
        m.mean += (double)src[i / run_length * run_step + i % run_length * step] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i / run_length * run_step + i % run_length * step] - m.mean;

        sum += x * x;
    }
    if (p->variance) {
        m.factor = factor(p->sum ? sum : sum / (double)n, (double)p->eps, p->eps_mode);
    }
    return m;
}

static void check_value(float got, float x, struct moments m, const float *gamma, const float *beta,
                        int64_t i)
{
    double y = ((double)x - m.mean) * m.factor;

    y = gamma ? y * (double)gamma[i] : y;
    y = beta ? y + (double)beta[i] : y;
    CHECK_CLOSE(got, y, 2e-6, 2e-6 * (1 + m.factor));
}

static void check_rows(int64_t rows, int64_t n, int options, enum cpu_norm_eps mode)
{
    struct cpu_norm_rows p = {.n = n,
                              .src_ld = n + 3,
                              .dst_ld = n + 1,
                              .eps = 1e-3f,
                              .eps_mode = mode,
                              .mean = options & 1,
                              .variance = !(options & 2),
                              .sum = options & 4};
    struct call c = {.rows = &p, .src = light_floats(0, (rows - 1) * p.src_ld + n, 1)};
    int64_t dst_count = (rows - 1) * p.dst_ld + n;

    c.dst = light_floats(1, dst_count, 1);
    p.gamma = options & 8 ? light_floats(2, n, 1) : NULL;
    p.beta = options & 16 ? light_floats(3, n, 1) : NULL;
    light_run(run, &c, rows, c.dst, (size_t)dst_count * sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        struct moments m = moments_of(c.src + r * p.src_ld, n, 1, n, 0, &p);

        for (int64_t i = 0; i < n; i++) {
            check_value(c.dst[r * p.dst_ld + i], c.src[r * p.src_ld + i], m, p.gamma, p.beta, i);
        }
    }
}

static void check_columns(int64_t outer, int64_t axis, int64_t inner, int options)
{
    const struct cpu_norm_rows like = {
        .eps = 1e-3f, .mean = options & 1, .variance = true, .sum = options & 4};
    struct cpu_norm_columns p = {axis, inner, 1e-3f, CPU_EPS_INSIDE, like.mean, true, like.sum, NULL, NULL};
    int64_t n = outer * axis * inner;
    struct call c = {.columns = &p, .src = light_floats(0, n, 1), .dst = light_floats(1, n, 1)};

    p.gamma = options & 8 ? light_floats(2, axis, 1) : NULL;
    p.beta = options & 16 ? light_floats(3, axis, 1) : NULL;
    light_run(run, &c, cpu_column_units(outer, inner), c.dst, (size_t)n * sizeof(float));
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const float *s = c.src + o * axis * inner + i;
            struct moments m = moments_of(s, axis, inner, axis, 0, &like);

            for (int64_t a = 0; a < axis; a++) {
                check_value(c.dst[s - c.src + a * inner], s[a * inner], m, p.gamma, p.beta, a);
            }
        }
    }
}

static void check_groups(int64_t channels, int64_t groups, int64_t spatial, bool nhwc)
{
    const struct cpu_norm_rows like = {.eps = 1e-3f, .mean = true, .variance = true};
    const int64_t images = 2, per = channels / groups, n = images * channels * spatial;
    struct cpu_norm_groups p = {channels,
                                groups,
                                spatial,
                                1e-3f,
                                CPU_EPS_INSIDE,
                                nhwc,
                                light_floats(2, channels, 1),
                                light_floats(3, channels, 1)};
    struct call c = {.groups = &p, .src = light_floats(0, n, 1), .dst = light_floats(1, n, 1)};

    light_run(run, &c, images * groups, c.dst, (size_t)n * sizeof(float));
    for (int64_t u = 0; u < images * groups; u++) {
        int64_t first = u % groups * per, image = u / groups * channels * spatial;
        const float *s = c.src + image + (nhwc ? first : first * spatial);
        struct moments m = nhwc ? moments_of(s, per * spatial, 1, per, channels, &like)
                                : moments_of(s, per * spatial, 1, per * spatial, 0, &like);

        for (int64_t i = 0; i < per * spatial; i++) {
            int64_t ch = nhwc ? i % per : i / spatial, at = nhwc ? i / per * channels + ch : i;

            check_value(c.dst[s - c.src + at], s[at], m, p.gamma, p.beta, first + ch);
        }
    }
}

static void check_affine(int64_t channels, int64_t spatial, bool nhwc)
{
    int64_t n = 2 * channels * spatial;
    struct cpu_affine p = {channels, spatial, nhwc, light_floats(2, channels, 1),
                           light_floats(3, channels, 1)};
    struct call c = {.affine = &p, .src = light_floats(0, n, 1), .dst = light_floats(1, n, 1)};

    light_run(run, &c, nhwc ? 2 * spatial : 2 * channels, c.dst, (size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        int64_t ch = nhwc ? i % channels : i / spatial % channels;

        CHECK_CLOSE(c.dst[i], (double)c.src[i] * (double)p.scale[ch] + (double)p.shift[ch], 0, 2.4e-7);
    }
}

static void check_lrn(int64_t channels, int64_t spatial, int64_t size, float beta, bool nhwc)
{
    int64_t n = 2 * channels * spatial, channel_step = nhwc ? 1 : spatial;
    struct cpu_lrn p = {channels, spatial, size, 2.5f, beta, 0.9f, nhwc};
    struct call c = {.lrn = &p, .src = light_floats(0, n, 1), .dst = light_floats(1, n, 1)};

    light_run(run, &c, nhwc ? 2 * spatial : cpu_column_units(2, spatial), c.dst, (size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        int64_t ch = nhwc ? i % channels : i / spatial % channels;
        double sum = 0;

        for (int64_t k = ch - (size - 1) / 2; k <= ch + size / 2; k++) {
            double x = k < 0 || k >= channels ? 0 : (double)c.src[i + (k - ch) * channel_step];

            sum += x * x;
        }
        CHECK_CLOSE(c.dst[i], (double)c.src[i] * pow((double)0.9f + 2.5 / (double)size * sum, -(double)beta),
                    2e-6, 0);
    }
}

/* A mean far from zero must not eat the variance. */
static void test_offset(void)
{
    const int64_t n = 20000;
    struct cpu_norm_rows p = {.n = n, .src_ld = n, .dst_ld = n, .eps = 1e-6f, .mean = true, .variance = true};
    float *src = light_floats(0, n, 1), *dst = light_floats(1, n, 1);
    struct moments m;

    for (int64_t i = 0; i < n; i++) {
        src[i] += 100;
    }
    kernel->rows(&p, src, dst, 0, 1);
    m = moments_of(src, n, 1, n, 0, &p);
    for (int64_t i = 0; i < n; i++) {
        CHECK_CLOSE(dst[i], ((double)src[i] - m.mean) * m.factor, 0, 3e-5);
    }
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("norm_f32", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int64_t n = 1; n <= 140; n++) {
        check_rows(3, n, (int)(n % 32), (enum cpu_norm_eps)(n % 3));
        check_rows(3, n, 1 | 8 | 16, CPU_EPS_INSIDE);
    }
    check_rows(2, 9001, 8, CPU_EPS_INSIDE);
    for (int64_t inner = 1; inner <= 140; inner += inner < 36 ? 1 : 13) {
        check_columns(2, 21, inner, (int)(inner % 32));
    }
    check_columns(1, 333, 70, 4);
    for (int nhwc = 0; nhwc < 2; nhwc++) {
        for (int64_t per = 1; per <= 35; per += 2) {
            check_groups(3 * per, 3, 19, nhwc);
        }
        check_groups(64, 1, 200, nhwc);
        for (int64_t n = 1; n <= 35; n++) {
            check_affine(n, 36 - n, nhwc);
            check_lrn(n, 5, 1 + n % 6, 0.75f, nhwc);
            check_lrn(9, n, 5, n % 2 ? 1 : 0.6f, nhwc);
        }
    }
    test_offset();
    return 0;
}
