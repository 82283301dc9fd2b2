/* Softmax and log-softmax of one level (argument) against double. */
#include "softmax.h"

#include "light.h"

static const struct cpu_softmax_f32 *kernel;

struct call {
    const float *src;
    float *dst;
    int64_t src_ld, dst_ld, n, inner;
    int log;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    if (c->inner) {
        (c->log ? kernel->log_softmax_strided : kernel->softmax_strided)(c->src, c->dst, c->n, c->inner,
                                                                         begin, end);
    } else {
        (c->log ? kernel->log_softmax : kernel->softmax)(c->src, c->src_ld, c->dst, c->dst_ld, c->n, begin,
                                                         end);
    }
}

/* One vector of n elements `step` apart. */
static void check_vector(const float *src, const float *dst, int64_t n, int64_t step, int log)
{
    double max = -INFINITY, sum = 0, total = 0;

    for (int64_t i = 0; i < n; i++) {
        max = fmax(max, (double)src[i * step]);
    }
    for (int64_t i = 0; i < n; i++) {
        sum += exp((double)src[i * step] - max);
    }
    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i * step] - max;

        /* x - max is rounded before exp. */
        CHECK_CLOSE(dst[i * step], log ? x - __builtin_log(sum) : exp(x) / sum, 1e-6 + 6e-8 * fabs(x),
                    log ? 1e-6 : 1e-37);
        total += (double)dst[i * step];
    }
    CHECK(log || fabs(total - 1) < 2e-6);
}

static void check_rows(int64_t rows, int64_t n, int64_t gap, float spread, int log)
{
    struct call c = {.src_ld = n + gap, .dst_ld = n + 2 * gap, .n = n, .log = log};
    int64_t src_count = (rows - 1) * c.src_ld + n, dst_count = (rows - 1) * c.dst_ld + n;
    float *src = light_floats(0, src_count, (int)(n & 1));

    c.src = src;
    c.dst = light_floats(1, dst_count, (int)(n & 1));
    for (int64_t i = 0; i < src_count; i++) {
        src[i] *= spread;
    }
    light_run(run, &c, rows, c.dst, (size_t)dst_count * sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        check_vector(c.src + r * c.src_ld, c.dst + r * c.dst_ld, n, 1, log);
    }
}

static void check_columns(int64_t outer, int64_t axis, int64_t inner, int log)
{
    struct call c = {.n = axis, .inner = inner, .log = log};
    int64_t n = outer * axis * inner;

    c.src = light_floats(0, n, (int)(inner & 1));
    c.dst = light_floats(1, n, (int)(inner & 1));
    light_run(run, &c, cpu_column_units(outer, inner), c.dst, (size_t)n * sizeof(float));
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            check_vector(c.src + o * axis * inner + i, c.dst + o * axis * inner + i, axis, inner, log);
        }
    }
}

static void test_special(void)
{
    float x[5] = {-INFINITY, 0, -INFINITY, 1, -1000}, y[5];

    kernel->softmax(x, 5, y, 5, 5, 0, 1);
    CHECK(y[0] == 0 && y[2] == 0 && y[4] == 0);
    CHECK_CLOSE(y[1] + y[3], 1, 1e-6, 0);
    x[1] = NAN;
    kernel->softmax(x, 5, y, 5, 5, 0, 1);
    for (int i = 0; i < 5; i++) {
        CHECK(isnan(y[i]));
    }
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("softmax_f32", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int log = 0; log < 2; log++) {
        for (int64_t n = 1; n <= 140; n++) {
            check_rows(4, n, n % 3, n % 2 ? 3.0f : 80.0f, log);
        }
        check_rows(2, 40000, 0, 10, log);
        for (int64_t inner = 2; inner <= 140; inner += inner < 36 ? 1 : 13) {
            check_columns(2, 19, inner, log);
        }
        check_columns(1, 1, 33, log);
        check_columns(1, 5000, 3, log);
    }
    test_special();
    return 0;
}
