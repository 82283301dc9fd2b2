/* Interpolation of one level (argument): tables against the formulas of the specification, written out once
 * more in double and without tables, and known values. */
#include "interpolate.h"

#include "light.h"

static const struct cpu_interpolate_f32 *kernel;

struct call {
    const struct cpu_interp *p;
    const float *src;
    float *dst;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;
    void *scratch = light_buffer(3, cpu_interp_scratch(c->p), 1, 1);

    kernel->run(c->p, c->src, c->dst, scratch, begin, end);
}

static double coordinate(enum cpu_interp_coord coord, double x, double scale, int64_t in, int64_t out)
{
    if (in == out) {
        return x;
    }
    switch (coord) {
    case CPU_COORD_PYTORCH_HALF_PIXEL: return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case CPU_COORD_ASYMMETRIC: return x / scale;
    case CPU_COORD_TF_HALF_PIXEL_FOR_NN: return (x + 0.5) / scale;
    case CPU_COORD_ALIGN_CORNERS: return out == 1 ? 0 : x * (double)(in - 1) / (double)(out - 1);
    default: return (x + 0.5) / scale - 0.5;
    }
}

static double cubic(double x, double a)
{
    x = fabs(x);
    if (x <= 1) {
        return (a + 2) * x * x * x - (a + 3) * x * x + 1;
    }
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

/* The weight of input i for one output: the formula's kernel at every input, those outside folded or dropped
 * as the mode has it. */
static double weight_at(const struct cpu_interp_params *p, int64_t o, int64_t i, int64_t in, int64_t out,
                        double scale)
{
    double x = coordinate(p->coord, (double)o, scale, in, out), w = 0, sum = 0, a = (double)p->cubic_a;
    double wide = fmax((double)in / (double)out, 1), center = ((double)o + 0.5) * (double)in / (double)out;

    switch (p->mode) {
    case CPU_INTERP_LINEAR_ONNX:
        x = fmin(fmax(x, 0), (double)(in - 1));
        return fmax(0, 1 - fabs(x - (double)i));
    case CPU_INTERP_CUBIC:
        for (int64_t j = (int64_t)floor(x) - 1; j <= (int64_t)floor(x) + 2; j++) {
            int64_t folded = j < 0 ? 0 : j >= in ? in - 1 : j;

            w += folded == i ? cubic(x - (double)j, a) : 0;
        }
        return w;
    case CPU_INTERP_LINEAR:
        a = p->antialias ? scale : 1;
        for (int64_t j = 0; j < in; j++) {
            double t = fmax(0, 1 - fabs(a * (x - (double)j)));

            sum += t;
            w = j == i ? t : w;
        }
        return sum > 0 ? w / sum : 0;
    default:
        for (int64_t j = 0; j < in; j++) {
            double t = ((double)j - center + 0.5) / wide;

            t = p->mode == CPU_INTERP_BILINEAR_PILLOW ? fmax(0, 1 - fabs(t)) : cubic(t, a);
            sum += t;
            w = j == i ? t : w;
        }
        return w / sum;
    }
}

static void make_axis(const struct cpu_interp_params *p, struct cpu_interp_axis *axis, int64_t in,
                      int64_t out)
{
    float scale = (float)out / (float)in;
    struct cpu_interp_params keep = {.mode = CPU_INTERP_NEAREST};

    p = in == out ? &keep : p;
    *axis = (struct cpu_interp_axis){.in = in, .out = out, .taps = cpu_interp_taps(p, in, out, scale)};
    axis->index = calloc((size_t)(out * axis->taps), sizeof(int32_t));
    axis->weight = calloc((size_t)(out * axis->taps), sizeof(float));
    CHECK(axis->index && axis->weight);
    cpu_interp_table(p, scale, axis);
}

static void check_table(const struct cpu_interp_params *p, const struct cpu_interp_axis *axis)
{
    for (int64_t o = 0; o < axis->out && axis->in != axis->out; o++) {
        for (int64_t i = 0; i < axis->in; i++) {
            double got = 0;

            for (int64_t t = 0; t < axis->taps; t++) {
                int32_t at = axis->index[o * axis->taps + t];

                CHECK(at >= 0 && at < axis->in);
                got += at == i ? (double)axis->weight[o * axis->taps + t] : 0;
            }
            CHECK_CLOSE(got, weight_at(p, o, i, axis->in, axis->out, (double)axis->out / (double)axis->in), 0,
                        3e-5);
        }
    }
}

/* Each output as the sum over all inputs of the tables' weights. */
static void check_run(const struct cpu_interp *p, int64_t images)
{
    const struct cpu_interp_axis *a = p->axis;
    int64_t in = a[0].in * a[1].in * a[2].in * p->channels,
            out = a[0].out * a[1].out * a[2].out * p->channels;
    struct call c = {p, light_floats(0, images * in, 1), light_floats(1, images * out, 1)};

    light_run(run, &c, images * a[0].out * a[1].out, c.dst, (size_t)(images * out) * sizeof(float));
    for (int64_t i = 0; i < images * out; i++) {
        int64_t ch = i % p->channels, x = i / p->channels % a[2].out,
                y = i / p->channels / a[2].out % a[1].out;
        int64_t z = i / p->channels / a[2].out / a[1].out % a[0].out;
        const float *src = c.src + i / out * in + ch;
        double sum = 0;

        for (int64_t u = 0; u < a[0].taps * a[1].taps * a[2].taps; u++) {
            int64_t tz = z * a[0].taps + u / a[2].taps / a[1].taps,
                    ty = y * a[1].taps + u / a[2].taps % a[1].taps;
            int64_t tx = x * a[2].taps + u % a[2].taps;

            sum += (double)a[0].weight[tz] * (double)a[1].weight[ty] * (double)a[2].weight[tx] *
                   (double)src[((a[0].index[tz] * a[1].in + a[1].index[ty]) * a[2].in + a[2].index[tx]) *
                               p->channels];
        }
        CHECK_CLOSE(c.dst[i], sum, 1e-6, 1e-6);
    }
}

static void check(const struct cpu_interp_params *p, const int64_t *in, const int64_t *out, int64_t channels)
{
    struct cpu_interp k = {.channels = channels};

    for (int d = 0; d < 3; d++) {
        struct cpu_interp_params q = *p;

        /* Narrowed triangles may miss every input by a rounding error: nothing to compare. */
        q.antialias = q.antialias && out[d] < in[d];
        make_axis(&q, &k.axis[d], in[d], out[d]);
        check_table(&q, &k.axis[d]);
        cpu_interp_trim(&k.axis[d]);
        check_table(&q, &k.axis[d]);
        CHECK(q.mode != CPU_INTERP_LINEAR || q.antialias || k.axis[d].taps <= 2);
    }
    check_run(&k, 2);
    for (int d = 0; d < 3; d++) {
        free(k.axis[d].index);
        free(k.axis[d].weight);
    }
}

/* nearest: positions worked out by hand. */
static void test_nearest(void)
{
    static const struct {
        enum cpu_interp_nearest mode;
        enum cpu_interp_coord coord;
        int64_t in, out;
        int32_t want[8];
    } rows[] = {
        {CPU_NEAREST_ROUND_PREFER_FLOOR, CPU_COORD_HALF_PIXEL, 2, 4, {0, 0, 1, 1}},
        {CPU_NEAREST_FLOOR, CPU_COORD_ASYMMETRIC, 3, 6, {0, 0, 1, 1, 2, 2}},
        {CPU_NEAREST_ROUND_PREFER_FLOOR, CPU_COORD_ASYMMETRIC, 3, 6, {0, 0, 1, 1, 2, 2}},
        {CPU_NEAREST_ROUND_PREFER_CEIL, CPU_COORD_ASYMMETRIC, 3, 6, {0, 1, 1, 2, 2, 2}},
        {CPU_NEAREST_CEIL, CPU_COORD_ASYMMETRIC, 3, 6, {0, 1, 1, 2, 2, 2}},
        {CPU_NEAREST_SIMPLE, CPU_COORD_ASYMMETRIC, 5, 3, {0, 2, 4}},
        {CPU_NEAREST_SIMPLE, CPU_COORD_ASYMMETRIC, 3, 6, {0, 0, 1, 1, 2, 2}},
        {CPU_NEAREST_FLOOR, CPU_COORD_TF_HALF_PIXEL_FOR_NN, 4, 2, {1, 3}},
        {CPU_NEAREST_ROUND_PREFER_FLOOR, CPU_COORD_ALIGN_CORNERS, 3, 5, {0, 0, 1, 1, 2}},
        {CPU_NEAREST_FLOOR, CPU_COORD_PYTORCH_HALF_PIXEL, 5, 1, {0}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cpu_interp_params p = {
            .mode = CPU_INTERP_NEAREST, .coord = rows[i].coord, .nearest = rows[i].mode};
        int32_t index[8];
        float weight[8];
        struct cpu_interp_axis axis = {rows[i].in, rows[i].out, 1, index, weight};

        cpu_interp_table(&p, (float)rows[i].out / (float)rows[i].in, &axis);
        for (int64_t k = 0; k < rows[i].out; k++) {
            CHECK(index[k] == rows[i].want[k] && weight[k] == 1);
        }
    }
}

int main(int argc, char **argv)
{
    static const int64_t sizes[][2][3] = {
        {{1, 5, 7}, {1, 10, 14}}, {{1, 9, 8}, {1, 4, 3}},  {{1, 6, 6}, {1, 6, 17}}, {{1, 1, 3}, {1, 2, 9}},
        {{3, 4, 5}, {5, 7, 4}},   {{1, 11, 2}, {1, 3, 2}}, {{1, 2, 2}, {1, 3, 5}},  {{1, 30, 40}, {1, 7, 9}}};

    kernel = cpu_kernel_exact("interpolate_f32", isa_of_arguments(argc, argv));
    CHECK(kernel);
    test_nearest();
    for (int mode = CPU_INTERP_LINEAR; mode <= CPU_INTERP_BICUBIC_PILLOW; mode++) {
        for (int coord = CPU_COORD_HALF_PIXEL; coord <= CPU_COORD_ALIGN_CORNERS; coord++) {
            for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
                struct cpu_interp_params p = {.mode = mode, .coord = coord, .cubic_a = -0.75f};

                check(&p, sizes[s][0], sizes[s][1], 1);
                check(&p, sizes[s][0], sizes[s][1], 3 + 7 * (int64_t)s);
                p.antialias = mode == CPU_INTERP_LINEAR;
                check(&p, sizes[s][0], sizes[s][1], 2);
            }
        }
    }
    return 0;
}
