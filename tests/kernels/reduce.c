/* Reductions and TopK of one level (argument) against double. */
#include "reduce.h"

#include "light.h"

static const struct cpu_reduce_f32 *kernel;

struct call {
    enum cpu_reduce_kind kind;
    const struct cpu_topk *topk;
    const float *src;
    float *dst;
    void *index, *scratch;
    int64_t axis, inner;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    if (c->topk) {
        kernel->topk(c->topk, c->src, c->dst, c->index, c->scratch, begin, end);
    } else {
        kernel->reduce(c->kind, c->src, c->dst, c->axis, c->inner, begin, end);
    }
}

static double slow(enum cpu_reduce_kind kind, const float *src, int64_t n, int64_t step)
{
    double sum = 0, prod = 1, l1 = 0, square = 0, max = -INFINITY, min = INFINITY, e = 0;

    for (int64_t i = 0; i < n; i++) {
        double x = (double)src[i * step];

        sum += x;
        prod *= x;
        l1 += fabs(x);
        square += x * x;
        max = x > max ? x : max;
        min = x < min ? x : min;
    }
    for (int64_t i = 0; i < n; i++) {
        e += exp((double)src[i * step] - max);
    }
    switch (kind) {
    case CPU_REDUCE_SUM: return sum;
    case CPU_REDUCE_MEAN: return sum / (double)n;
    case CPU_REDUCE_MAX: return max;
    case CPU_REDUCE_MIN: return min;
    case CPU_REDUCE_PROD: return prod;
    case CPU_REDUCE_L1: return l1;
    case CPU_REDUCE_L2: return sqrt(square);
    case CPU_REDUCE_SUM_SQUARE: return square;
    case CPU_REDUCE_LOG_SUM: return log(sum);
    default: return log(e) + max;
    }
}

static void check_reduce(int64_t outer, int64_t axis, int64_t inner, float shift)
{
    int64_t n = outer * axis * inner, units = inner == 1 ? outer : cpu_column_units(outer, inner);
    float *src = light_floats(0, n, (int)(axis & 1));
    struct call c = {.src = src, .dst = light_floats(1, outer * inner, 1), .axis = axis, .inner = inner};

    for (int64_t i = 0; i < n; i++) {
        src[i] = src[i] * 0.5f + shift;
    }
    for (c.kind = CPU_REDUCE_SUM; c.kind < CPU_REDUCE_COUNT; c.kind++) {
        if (c.kind == CPU_REDUCE_LOG_SUM && shift == 0) {
            continue;
        }
        light_run(run, &c, units, c.dst, (size_t)(outer * inner) * sizeof(float));
        for (int64_t i = 0; i < outer * inner; i++) {
            double want = slow(c.kind, src + i / inner * axis * inner + i % inner, axis, inner);
            /* Sums of both signs cancel; products of many factors grow their rounding errors. */
            double relative = c.kind == CPU_REDUCE_PROD ? 1e-7 * (double)(axis + 2) : 1e-6;

            CHECK_CLOSE(c.dst[i], want, relative,
                        c.kind == CPU_REDUCE_PROD ? 1e-38 : 2e-7 * sqrt((double)axis));
        }
    }
}

static void test_special(void)
{
    float x[70], y[2];

    for (int at = 0; at < 70; at++) {
        for (int i = 0; i < 70; i++) {
            x[i] = (float)i;
        }
        x[at] = NAN;
        kernel->reduce(CPU_REDUCE_MAX, x, y, 70, 1, 0, 1);
        CHECK(isnan(y[0]));
        kernel->reduce(CPU_REDUCE_MIN, x, y, 35, 2, 0, 1);
        CHECK(isnan(y[at % 2]) && y[1 - at % 2] == (float)(1 - at % 2));
        kernel->reduce(CPU_REDUCE_SUM, x, y, 70, 1, 0, 1);
        CHECK(isnan(y[0]));
    }
    for (int i = 0; i < 70; i++) {
        x[i] = -INFINITY;
    }
    kernel->reduce(CPU_REDUCE_LOG_SUM_EXP, x, y, 70, 1, 0, 1);
    CHECK(y[0] == -INFINITY);
    x[5] = INFINITY;
    kernel->reduce(CPU_REDUCE_LOG_SUM_EXP, x, y, 35, 2, 0, 1);
    CHECK(y[0] == -INFINITY && y[1] == INFINITY);
    x[5] = 1e4f;
    kernel->reduce(CPU_REDUCE_LOG_SUM_EXP, x, y, 70, 1, 0, 1);
    CHECK(y[0] == 1e4f);
    kernel->reduce(CPU_REDUCE_SUM, x, y, 0, 1, 0, 1);
    CHECK(y[0] == 0);
    kernel->reduce(CPU_REDUCE_PROD, x, y, 0, 2, 0, 1);
    CHECK(y[0] == 1 && y[1] == 1);
}

/* A long sum of equal numbers: one chain of f32 additions would be off by percents. */
static void test_long_sum(void)
{
    const int64_t n = 1000000;
    float *src = light_floats(0, n, 1), y = 0;

    for (int64_t i = 0; i < n; i++) {
        src[i] = 0.1f;
    }
    kernel->reduce(CPU_REDUCE_SUM, src, &y, n, 1, 0, 1);
    CHECK_CLOSE(y, (double)0.1f * (double)n, 1e-6, 0);
}

/* a before b in the order of TopK. */
static int before(const float *row, int64_t a, int64_t b, int min)
{
    float x = row[a], y = row[b];

    if (isnan(x) || isnan(y)) {
        return isnan(x) && isnan(y) ? a < b : min ? isnan(y) : isnan(x);
    }
    return x == y ? a < b : min ? x < y : x > y;
}

static void check_topk(int64_t rows, int64_t n, int64_t k, int min, int by_index, int bytes, int nans)
{
    struct cpu_topk p = {n, k, min, by_index, bytes};
    float *src = light_floats(0, rows * n, 1);
    struct call c = {.topk = &p, .src = src, .dst = light_floats(1, rows * k, 1)};

    c.index = light_buffer(2, rows * k, (size_t)bytes, 1);
    c.scratch = light_buffer(3, cpu_topk_scratch(n, k), 1, 1);
    for (int64_t i = 0; i < rows * n; i++) {
        /* Few values, so that there are ties; -0 ties with 0. */
        src[i] = nans && random_bits() % 9 == 0
                     ? NAN
                     : (float)(int)(src[i] * 6) * (random_bits() % 2 ? 1.0f : -1.0f);
    }
    light_run(run, &c, rows, c.dst, (size_t)(rows * k) * sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        const float *row = src + r * n;

        for (int64_t j = 0; j < k; j++) {
            int64_t at = bytes == 8 ? ((int64_t *)c.index)[r * k + j] : ((int32_t *)c.index)[r * k + j],
                    better = 0;

            CHECK(at >= 0 && at < n && memcmp(&row[at], &c.dst[r * k + j], sizeof(float)) == 0);
            for (int64_t i = 0; i < n; i++) {
                better += before(row, i, at, min);
            }
            if (by_index) {
                int64_t last = j == 0       ? -1
                               : bytes == 8 ? ((int64_t *)c.index)[r * k + j - 1]
                                            : ((int32_t *)c.index)[r * k + j - 1];

                CHECK(better < k && at > last);
            } else {
                CHECK(better == j);
            }
        }
    }
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("reduce_f32", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int64_t n = 1; n <= 140; n++) {
        check_reduce(3, n, 1, n % 2 ? 1 : 0);
    }
    check_reduce(2, 9001, 1, 0);
    for (int64_t inner = 2; inner <= 140; inner += inner < 36 ? 1 : 13) {
        check_reduce(2, 1 + inner % 7 * 33, inner, inner % 2 ? 1 : 0);
    }
    test_special();
    test_long_sum();
    for (int options = 0; options < 16; options++) {
        for (int64_t n = 1; n <= 70; n += n < 20 ? 1 : 7) {
            check_topk(3, n, 1, options & 1, options & 2, options & 4 ? 8 : 4, options & 8);
            check_topk(3, n, 1 + n / 2, options & 1, options & 2, options & 4 ? 8 : 4, options & 8);
            check_topk(2, n, n, options & 1, options & 2, options & 4 ? 8 : 4, options & 8);
        }
        check_topk(1, 1000, 5, options & 1, options & 2, 4, options & 8);
    }
    return 0;
}
