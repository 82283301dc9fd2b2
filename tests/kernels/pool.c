/* Pooling of one level (argument) against plain loops in double. */
#include "pool.h"

#include "light.h"

static const struct cpu_pool_f32 *kernel;

struct call {
    const struct cpu_pool *p;
    const struct cpu_pool_index *q;
    int max, nhwc;
    const float *src;
    float *dst;
    void *index;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    if (c->q) {
        kernel->max_index_nchw(c->q, c->src, c->dst, c->index, begin, end);
    } else if (c->nhwc) {
        (c->max ? kernel->max_nhwc : kernel->average_nhwc)(c->p, c->src, c->dst, begin, end);
    } else {
        (c->max ? kernel->max_nchw : kernel->average_nchw)(c->p, c->src, c->dst, begin, end);
    }
}

static int64_t src_at(const struct cpu_pool *p, int nhwc, int64_t image, int64_t ch, const int64_t *at)
{
    int64_t plane = p->in[0] * p->in[1] * p->in[2], pixel = (at[0] * p->in[1] + at[1]) * p->in[2] + at[2];

    return nhwc ? (image * plane + pixel) * p->src_ld + ch : (image * p->channels + ch) * plane + pixel;
}

/* The value of one output, and the position in the plane of a maximum. */
static double slow(const struct call *c, int64_t image, int64_t ch, const int64_t *o, int64_t *best)
{
    const struct cpu_pool *p = c->p;
    double acc = c->max ? -INFINITY : 0, inside = 0, padded = 0;
    int64_t k[3];

    *best = 0;
    for (k[0] = 0; k[0] < p->kernel[0]; k[0]++) {
        for (k[1] = 0; k[1] < p->kernel[1]; k[1]++) {
            for (k[2] = 0; k[2] < p->kernel[2]; k[2]++) {
                int64_t at[3], in = 1, pad = 1;
                double x;

                for (int d = 0; d < 3; d++) {
                    at[d] = o[d] * p->stride[d] - p->pad_begin[d] + k[d] * p->dilation[d];
                    in = in && at[d] >= 0 && at[d] < p->in[d];
                    pad = pad && at[d] < p->in[d] + p->pad_end[d];
                }
                padded += (double)pad;
                inside += (double)in;
                if (!in) {
                    continue;
                }
                x = (double)c->src[src_at(p, c->nhwc, image, ch, at)];
                if (c->max && (x > acc || isnan(x))) {
                    *best = (at[0] * p->in[1] + at[1]) * p->in[2] + at[2];
                }
                acc = !c->max ? acc + x : isnan(acc) || acc > x ? acc : x;
            }
        }
    }
    if (c->max) {
        return acc;
    }
    return inside > 0 ? acc / (p->exclude_pad ? inside : padded) : 0;
}

static void check(const struct cpu_pool *p, int64_t images, int max, int nhwc, int with_nan)
{
    int64_t in = p->in[0] * p->in[1] * p->in[2], out = p->out[0] * p->out[1] * p->out[2], best;
    int64_t n = nhwc ? (images * in - 1) * p->src_ld + p->channels : images * in * p->channels;
    int64_t m = nhwc ? (images * out - 1) * p->dst_ld + p->channels : images * out * p->channels;
    float *src = light_floats(0, n, 1);
    struct call c = {.p = p, .max = max, .nhwc = nhwc, .src = src, .dst = light_floats(1, m, 1)};

    for (int64_t i = 0; with_nan && i < n; i += 37) {
        src[i] = NAN;
    }
    light_run(run, &c, cpu_pool_units(p, images, nhwc), c.dst, (size_t)m * sizeof(float));
    for (int64_t i = 0; i < images * p->channels * out; i++) {
        int64_t image = i / (p->channels * out), ch = i / out % p->channels, pixel = i % out;
        const int64_t o[3] = {pixel / (p->out[1] * p->out[2]), pixel / p->out[2] % p->out[1],
                              pixel % p->out[2]};
        double want = slow(&c, image, ch, o, &best);

        CHECK_CLOSE(c.dst[nhwc ? (image * out + pixel) * p->dst_ld + ch : i], want, max ? 0 : 1e-6,
                    max ? 0 : 2e-7);
    }
}

static void check_index(const struct cpu_pool *p, int64_t images, int bytes, int axis)
{
    int64_t in = p->in[0] * p->in[1] * p->in[2], out = p->out[0] * p->out[1] * p->out[2];
    int64_t n = images * in * p->channels, m = images * out * p->channels, best;
    struct cpu_pool_index q = {*p, axis < 2 ? in : 0,
                               axis == 0   ? images * p->channels
                               : axis == 1 ? p->channels
                                           : 1,
                               bytes};
    float *src = light_floats(0, n, 1);
    struct call c = {.p = p, .q = &q, .max = 1, .src = src, .dst = light_floats(1, m, 1)};

    for (int64_t i = 0; i < n; i++) {
        src[i] = (float)(int)(src[i] * 4);
    }
    c.index = light_buffer(2, m, (size_t)bytes, 1);
    light_run(run, &c, cpu_pool_units(p, images, false), c.dst, (size_t)m * sizeof(float));
    for (int64_t i = 0; i < m; i++) {
        int64_t plane = i / out, pixel = i % out;
        const int64_t o[3] = {pixel / (p->out[1] * p->out[2]), pixel / p->out[2] % p->out[1],
                              pixel % p->out[2]};
        double want = slow(&c, plane / p->channels, plane % p->channels, o, &best);

        best += axis == 0 ? plane * in : axis == 1 ? plane % p->channels * in : 0;
        CHECK((double)c.dst[i] == want);
        CHECK((bytes == 8 ? ((int64_t *)c.index)[i] : ((int32_t *)c.index)[i]) == best);
    }
}

static struct cpu_pool pool_2d(int64_t channels, int64_t h, int64_t w, int64_t k, int64_t stride,
                               int64_t dilation, int64_t pad)
{
    int64_t reach = (k - 1) * dilation + 1;

    return (struct cpu_pool){
        .channels = channels,
        .in = {1, h, w},
        .out = {1, (h + 2 * pad - reach) / stride + 1, (w + 2 * pad - reach) / stride + 1},
        .kernel = {1, k, k},
        .stride = {1, stride, stride},
        .dilation = {1, dilation, dilation},
        .pad_begin = {0, pad, pad},
        .pad_end = {0, pad, pad},
        .src_ld = channels + 2,
        .dst_ld = channels + 5};
}

static void check_all(struct cpu_pool p, int64_t images)
{
    for (int nhwc = 0; nhwc < 2; nhwc++) {
        check(&p, images, 1, nhwc, 0);
        check(&p, images, 1, nhwc, 1);
        for (int exclude = 0; exclude < 2; exclude++) {
            p.exclude_pad = exclude;
            check(&p, images, 0, nhwc, 0);
        }
    }
    for (int axis = 0; axis < 3; axis++) {
        check_index(&p, images, axis == 1 ? 8 : 4, axis);
    }
}

int main(int argc, char **argv)
{
    struct cpu_pool p;

    kernel = cpu_kernel_exact("pool_f32", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int64_t c = 1; c <= 35; c++) {
        check_all(pool_2d(c, 6, 5, 2, 2, 1, 0), 1);
    }
    check_all(pool_2d(70, 7, 7, 3, 2, 1, 1), 2);
    check_all(pool_2d(3, 12, 75, 3, 1, 1, 1), 2);
    check_all(pool_2d(2, 20, 41, 3, 1, 2, 2), 1);
    check_all(pool_2d(130, 9, 9, 3, 3, 2, 2), 1);
    /* Rounded up output: the last windows hang over the end, one lies wholly in the pad. */
    p = pool_2d(5, 7, 7, 2, 3, 1, 0);
    p.out[1] = p.out[2] = 3;
    check_all(p, 2);
    p = pool_2d(4, 4, 4, 1, 4, 1, 3);
    p.out[1] = p.out[2] = 3;
    check_all(p, 1);
    /* 3-D, unlike in every dimension. */
    p = (struct cpu_pool){.channels = 18,
                          .in = {4, 5, 40},
                          .out = {3, 3, 38},
                          .kernel = {2, 3, 3},
                          .stride = {1, 2, 1},
                          .dilation = {1, 1, 1},
                          .pad_begin = {0, 1, 0},
                          .pad_end = {0, 1, 0},
                          .src_ld = 18,
                          .dst_ld = 20};
    check_all(p, 2);
    /* Global. */
    p = pool_2d(67, 13, 7, 1, 1, 1, 0);
    p.kernel[1] = 13;
    p.kernel[2] = 7;
    p.out[1] = p.out[2] = 1;
    check_all(p, 3);
    p = pool_2d(2, 100, 100, 100, 1, 1, 0);
    check_all(p, 1);
    return 0;
}
