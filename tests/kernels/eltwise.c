/* Element-wise programs of one level (argument) against double: every kind, every operand form, every
 * remainder, chains, special values, guard pages, in place. */
#include "eltwise.h"

#include "light.h"

static const struct cpu_eltwise_f32 *kernel;

struct call {
    const struct cpu_eltwise *p;
    const float *const *data;
    float *dst;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    kernel->run(c->p, c->data, c->dst, begin, end);
}

static int64_t count_of(int rank, const int64_t *dims)
{
    int64_t n = 1;

    for (int i = 0; i < rank; i++) {
        n *= dims[i];
    }
    return n;
}

/* Element of a broadcast input by coordinates, by numpy's rule. */
static float element(const float *data, int rank, const int64_t *dims, int in_rank, const int64_t *in,
                     int64_t flat)
{
    int64_t offset = 0, step = 1;

    for (int d = rank - 1; d >= 0; d--) {
        int e = d - (rank - in_rank);
        int64_t at = flat % dims[d];

        flat /= dims[d];
        if (e >= 0) {
            offset += in[e] == 1 ? 0 : at * step;
            step *= in[e];
        }
    }
    return data[offset];
}

static void check_shapes(int kind, int rank, const int64_t *dims, int src_rank, const int64_t *src_dims,
                         int op_rank, const int64_t *op_dims, int at_end)
{
    const struct cpu_bcast_shape shapes[2] = {{src_rank, src_dims, NULL}, {op_rank, op_dims, NULL}};
    int64_t n = count_of(rank, dims);
    const float *data[2] = {light_floats(0, count_of(src_rank, src_dims), at_end),
                            light_floats(1, count_of(op_rank, op_dims), at_end)};
    float *dst = light_floats(2, n, at_end);
    struct cpu_eltwise p = {.count = 1, .steps = {{kind, 1, 0, 0}}};
    struct call c = {&p, data, dst};

    CHECK(cpu_bcast_plan(&p.shape, rank, dims, 2, shapes));
    CHECK(p.shape.count == n);
    light_run(run, &c, n, dst, (size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        double x = (double)element(data[0], rank, dims, src_rank, src_dims, i);
        double y = (double)element(data[1], rank, dims, op_rank, op_dims, i);

        CHECK_CLOSE(dst[i], slow_binary((enum vt_post_kind)kind, x, y), 1.3e-7, 0);
    }
}

static void test_binary_lengths(void)
{
    for (int kind = VT_POST_ADD; kind < VT_POST_FIRST_UNARY; kind++) {
        for (int64_t n = 1; n <= 35; n++) {
            const int64_t dims[1] = {n}, one[1] = {1};

            check_shapes(kind, 1, dims, 1, dims, 1, dims, (int)(n & 1));
            check_shapes(kind, 1, dims, 1, dims, 1, one, (int)(n & 1));
            check_shapes(kind, 1, dims, 1, one, 1, dims, 1);
        }
    }
}

static void test_forms(void)
{
    static const int64_t dims[][4] = {
        {2, 3, 5, 7}, {1, 64, 7, 7}, {3, 1, 33, 129}, {2, 5, 1, 1500}, {4, 2, 40, 3}};

    for (size_t s = 0; s < sizeof(dims) / sizeof(dims[0]); s++) {
        for (int mask = 0; mask < 16; mask++) {
            for (int side = 0; side < 2; side++) {
                int64_t op[4];
                int kind = side ? VT_POST_SUB : VT_POST_MUL;

                for (int d = 0; d < 4; d++) {
                    op[d] = mask >> d & 1 ? dims[s][d] : 1;
                }
                check_shapes(kind, 4, dims[s], 4, dims[s], 4, op, side);
                check_shapes(kind, 4, dims[s], 4, op, 4, dims[s], side);
                check_shapes(kind, 4, dims[s], 4, dims[s], 3, op + 1, side);
            }
        }
    }
}

/* Views with odd strides as inputs. */
static void test_strides(void)
{
    const int64_t dims[3] = {3, 4, 21}, stride[3] = {4 * 21 * 3 + 5, 21 * 3, 3}, n = 3 * 4 * 21;
    const struct cpu_bcast_shape shapes[2] = {{3, dims, NULL}, {3, dims, stride}};
    const float *data[2] = {light_floats(0, n, 1),
                            light_floats(1, 2 * stride[0] + 3 * stride[1] + 20 * 3 + 1, 1)};
    float *dst = light_floats(2, n, 1);
    struct cpu_eltwise p = {.count = 1, .steps = {{VT_POST_ADD, 1, 0, 0}}};
    struct call c = {&p, data, dst};

    CHECK(cpu_bcast_plan(&p.shape, 3, dims, 2, shapes));
    light_run(run, &c, n, dst, (size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        int64_t at = i / 84 * stride[0] + i / 21 % 4 * stride[1] + i % 21 * 3;

        CHECK(dst[i] == data[0][i] + data[1][at]);
    }
}

static double tolerance(int kind)
{
    return kind == VT_POST_MISH || kind == VT_POST_GELU_ERF || kind == VT_POST_GELU_TANH ? 1e-6 : 4e-7;
}

static void check_unary(int kind, float a, float b, float lo, float hi)
{
    for (int64_t n = 1; n < 2200; n += n < 40 ? 1 : 719) {
        const struct cpu_bcast_shape shape = {1, &n, NULL};
        float *src = light_floats(0, n, (int)(n & 1)), *dst = light_floats(1, n, (int)(n & 1));
        const float *data[1] = {src};
        struct cpu_eltwise p = {.count = 1, .steps = {{kind, -1, a, b}}};
        struct call c = {&p, data, dst};

        for (int64_t i = 0; i < n; i++) {
            src[i] = lo + (hi - lo) * (0.5f + 0.5f * src[i]);
        }
        CHECK(cpu_bcast_plan(&p.shape, 1, &n, 1, &shape));
        light_run(run, &c, n, dst, (size_t)n * sizeof(float));
        for (int64_t i = 0; i < n; i++) {
            double x = (double)src[i], want = slow_unary((enum vt_post_kind)kind, x, (double)a, (double)b);
            /* gelu of negative numbers cancels; a x + b may. */
            double small = fabs((double)a * x) + fabs((double)b);

            small = kind == VT_POST_AFFINE || kind == VT_POST_HSIGMOID ? small * 1.3e-7 : 1.3e-7 * fabs(x);
            CHECK_CLOSE(dst[i], want, tolerance(kind), small);
        }
    }
}

static void test_unary(void)
{
    for (int kind = VT_POST_FIRST_UNARY; kind < VT_POST_COUNT; kind++) {
        int positive = kind == VT_POST_SQRT || kind == VT_POST_LOG || kind == VT_POST_POW;
        float a = kind == VT_POST_CLAMP ? -0.75f : kind == VT_POST_POW ? 1.7f : 0.3f, b = 0.6f;

        check_unary(kind, a, b, positive ? 0.001f : -9, 9);
        check_unary(kind, a, b, positive ? 0.5f : -0.8f, 0.9f);
    }
    for (float y = -3; y <= 3; y += 0.5f) {
        check_unary(VT_POST_POW, y, 0, 0.01f, 30);
    }
    check_unary(VT_POST_POW, 3, 0, -30, 30);
    check_unary(VT_POST_POW, -3, 0, -30, -1);
    check_unary(VT_POST_POW, 31, 0, -15, 15);
    check_unary(VT_POST_POW, 100.5f, 0, 0.5f, 2.4f);
}

static void test_special(void)
{
    static const float value[] = {0.0f, -0.0f, 1,    -1,    0.5f,   INFINITY, -INFINITY,
                                  NAN,  88.8f, -104, 3e38f, -3e38f, 1e-30f};

    for (int kind = VT_POST_FIRST_UNARY; kind < VT_POST_COUNT; kind++) {
        for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
            const int64_t n = 17;
            const struct cpu_bcast_shape shape = {1, &n, NULL};
            float src[17], dst[17];
            const float *data[1] = {src};
            float a = kind == VT_POST_CLAMP ? -2 : kind == VT_POST_POW ? 1.7f : 0.5f;
            struct cpu_eltwise p = {.count = 1, .steps = {{kind, -1, a, 0.25f}}};
            float want = (float)slow_unary((enum vt_post_kind)kind, (double)value[i], (double)a, 0.25);

            for (int j = 0; j < n; j++) {
                src[j] = value[i];
            }
            CHECK(cpu_bcast_plan(&p.shape, 1, &n, 1, &shape));
            kernel->run(&p, data, dst, 0, n);
            for (int j = 0; j < n; j++) {
                if (isnan(want) || isinf(want)) {
                    CHECK_CLOSE(dst[j], want, 0, 0);
                } else if (fabsf(want) < 2e-38f) {
                } else {
                    CHECK_CLOSE(dst[j], want, 1e-6, 1e-7);
                }
            }
        }
    }
}

/* max and min let NaN of either side through. */
static void test_nan_operand(void)
{
    const int64_t n = 40;
    const struct cpu_bcast_shape shapes[2] = {{1, &n, NULL}, {1, &n, NULL}};

    for (int kind = VT_POST_MAX; kind <= VT_POST_MIN; kind++) {
        float a[40], b[40], dst[40];
        const float *data[2] = {a, b};
        struct cpu_eltwise p = {.count = 1, .steps = {{kind, 1, 0, 0}}};

        for (int i = 0; i < n; i++) {
            a[i] = i % 3 == 1 ? NAN : 1;
            b[i] = i % 3 == 2 ? NAN : 2;
        }
        CHECK(cpu_bcast_plan(&p.shape, 1, &n, 2, shapes));
        kernel->run(&p, data, dst, 0, n);
        for (int i = 0; i < n; i++) {
            CHECK_CLOSE(dst[i], i % 3 ? NAN : kind == VT_POST_MAX ? 2 : 1, 0, 0);
        }
    }
}

/* Sixteen steps with operands of all forms, in place. */
static void test_chain(void)
{
    static const int64_t shape_dims[5][3] = {{6, 11, 50}, {6, 11, 50}, {1, 1, 50}, {6, 11, 1}, {1, 11, 1}};
    const int64_t n = 6 * 11 * 50;
    struct cpu_bcast_shape shapes[5];
    const float *data[5];
    float *dst, *copy = malloc((size_t)n * sizeof(float));
    struct cpu_eltwise p = {.count = VT_POST_MAX_STEPS};

    for (int i = 0; i < 5; i++) {
        shapes[i] = (struct cpu_bcast_shape){3, shape_dims[i], NULL};
        data[i] = light_floats(i, count_of(3, shape_dims[i]), 1);
    }
    for (int i = 0; i < VT_POST_MAX_STEPS; i++) {
        static const int kinds[4] = {VT_POST_ADD, VT_POST_TANH, VT_POST_MUL, VT_POST_AFFINE};
        int kind = kinds[i % 4];

        p.steps[i] =
            (struct cpu_eltwise_step){kind, kind < VT_POST_FIRST_UNARY ? 1 + i / 2 % 4 : -1, 1.25f, 0.1f};
    }
    CHECK(copy && cpu_bcast_plan(&p.shape, 3, shape_dims[0], 5, shapes));
    memcpy(copy, data[0], (size_t)n * sizeof(float));
    dst = (float *)(uintptr_t)data[0];
    kernel->run(&p, data, dst, 1000, n);
    kernel->run(&p, data, dst, 0, 1000);
    for (int64_t i = 0; i < n; i++) {
        double x = (double)copy[i];

        for (int s = 0; s < p.count; s++) {
            const struct cpu_eltwise_step *t = &p.steps[s];

            x = t->input < 0 ? slow_unary((enum vt_post_kind)t->kind, x, 1.25, (double)0.1f)
                             : slow_binary((enum vt_post_kind)t->kind, x,
                                           (double)element(data[t->input], 3, shape_dims[0], 3,
                                                           shape_dims[t->input], i));
        }
        CHECK_CLOSE(dst[i], x, 2e-6, 2e-6);
    }
    free(copy);
}

static void test_plan(void)
{
    const int64_t a[3] = {2, 3, 4}, b[2] = {5, 4}, none[2] = {0, 4};
    const struct cpu_bcast_shape bad = {2, b, NULL}, empty = {2, none, NULL}, good = {3, a, NULL};
    struct cpu_bcast p;

    CHECK(!cpu_bcast_plan(&p, 3, a, 1, &bad));
    CHECK(!cpu_bcast_plan(&p, 2, a + 1, 1, &good));
    CHECK(!cpu_bcast_plan(&p, 3, a, 0, &good));
    CHECK(cpu_bcast_plan(&p, 3, a, 1, &good) && p.rank == 1 && p.count == 24);
    CHECK(cpu_bcast_plan(&p, 2, none, 1, &empty) && p.count == 0);
    CHECK(cpu_bcast_plan(&p, 0, NULL, 1, &(struct cpu_bcast_shape){0, NULL, NULL}) && p.count == 1);
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("eltwise_f32", isa_of_arguments(argc, argv));
    CHECK(kernel && strcmp(kernel->name, "eltwise_f32") == 0);
    test_plan();
    test_binary_lengths();
    test_forms();
    test_strides();
    test_unary();
    test_special();
    test_nan_operand();
    test_chain();
    return 0;
}
