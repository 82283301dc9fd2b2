/* Typed binary operations, comparisons, Select and Convert of one level (argument) against plain 64-bit code.
 */
#include "eltwise.h"

#include "light.h"

static const struct cpu_typed *kernel;

static size_t size_of(int type)
{
    return type == CPU_TYPE_I64 || type == CPU_TYPE_U64 || type == CPU_TYPE_F64   ? 8
           : type == CPU_TYPE_I32 || type == CPU_TYPE_U32 || type == CPU_TYPE_F32 ? 4
           : type == CPU_TYPE_F16 || type == CPU_TYPE_BF16 || type == CPU_TYPE_I16 || type == CPU_TYPE_U16
               ? 2
               : 1;
}

static int64_t get(const void *p, int type, int64_t i)
{
    switch (type) {
    case CPU_TYPE_I64: return ((const int64_t *)p)[i];
    case CPU_TYPE_I32: return ((const int32_t *)p)[i];
    case CPU_TYPE_I8: return ((const int8_t *)p)[i];
    default: return ((const uint8_t *)p)[i];
    }
}

/* The value after wrapping to the type. */
static int64_t wrap(int type, uint64_t x)
{
    switch (type) {
    case CPU_TYPE_I64: return (int64_t)x;
    case CPU_TYPE_I32: return (int32_t)x;
    case CPU_TYPE_I8: return (int8_t)x;
    default: return (uint8_t)x;
    }
}

static int64_t floor_div(int64_t x, int64_t y)
{
    int64_t q = x / y;

    return q - (x % y != 0 && (x % y < 0) != (y < 0));
}

static int64_t slow_power(int64_t x, int64_t y)
{
    uint64_t r = 1;

    if (y < 0) {
        return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
    }
    for (int64_t i = 0; i < y % 64; i++) {
        r *= (uint64_t)x;
    }
    return (int64_t)r;
}

static int64_t slow(enum cpu_binary_op op, int64_t x, int64_t y, int64_t bits)
{
    uint64_t a = (uint64_t)x, b = (uint64_t)y;

    switch (op) {
    case CPU_ADD: return (int64_t)(a + b);
    case CPU_SUB: return (int64_t)(a - b);
    case CPU_MUL: return (int64_t)(a * b);
    case CPU_DIV: return y == 0 ? 0 : y == -1 ? (int64_t)(0 - a) : x / y;
    case CPU_MAX: return x > y ? x : y;
    case CPU_MIN: return x < y ? x : y;
    case CPU_SQDIFF: return (int64_t)((a - b) * (a - b));
    case CPU_MOD: return y == 0 || y == -1 ? 0 : x % y;
    case CPU_FLOORMOD: return y == 0 || y == -1 ? 0 : x - y * floor_div(x, y);
    case CPU_FLOORDIV: return y == 0 ? 0 : y == -1 ? (int64_t)(0 - a) : floor_div(x, y);
    case CPU_POW: return slow_power(x, y);
    case CPU_BIT_AND: return x & y;
    case CPU_BIT_OR: return x | y;
    case CPU_BIT_XOR: return x ^ y;
    case CPU_SHL: return y < 0 || y >= bits ? 0 : (int64_t)(a << y);
    default: return y < 0 || y >= bits ? (x < 0 ? -1 : 0) : x >> y;
    }
}

static int slow_compare(enum cpu_compare_op op, double x, double y)
{
    switch (op) {
    case CPU_EQ: return x == y;
    case CPU_NE: return x != y;
    case CPU_LT: return x < y;
    case CPU_LE: return x <= y;
    case CPU_GT: return x > y;
    default: return x >= y;
    }
}

struct call {
    const struct cpu_bcast *p;
    int type, op, what; /* what: 0 binary, 1 compare, 2 select */
    const void *a, *b, *c;
    void *dst;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    if (c->what == 0) {
        kernel->binary(c->type)(c->p, (enum cpu_binary_op)c->op, c->a, c->b, c->dst, begin, end);
    } else if (c->what == 1) {
        kernel->compare(c->type)(c->p, (enum cpu_compare_op)c->op, c->a, c->b, c->dst, begin, end);
    } else {
        kernel->select(c->op)(c->p, c->c, c->a, c->b, c->dst, begin, end);
    }
}

/* b is [rows][cols], one column, one row, or one element by `form`. */
static void check_integers(int type, int64_t rows, int64_t cols, int form)
{
    const int64_t dims[2] = {rows, cols}, bdims[2] = {form & 1 ? rows : 1, form & 2 ? cols : 1};
    const struct cpu_bcast_shape shapes[2] = {{2, dims, NULL}, {2, bdims, NULL}};
    size_t size = size_of(type);
    int64_t n = rows * cols, nb = bdims[0] * bdims[1];
    char *a = light_buffer(0, n, size, 1), *b = light_buffer(1, nb, size, 1),
         *dst = light_buffer(2, n, size, 1);
    struct cpu_bcast p;
    struct call c = {&p, type, 0, 0, a, b, NULL, dst};

    for (size_t i = 0; i < (size_t)n * size; i++) {
        a[i] = (char)random_bits();
    }
    memset(b, 0, (size_t)nb * size);
    for (int64_t i = 0; i < nb; i++) {
        int64_t v = random_in(type == CPU_TYPE_U8 ? 0 : -12, 12);

        memcpy(b + i * (int64_t)size, &v, size);
    }
    CHECK(cpu_bcast_plan(&p, 2, dims, 2, shapes));
    for (c.op = 0; c.op < CPU_BINARY_COUNT; c.op++) {
        light_run(run, &c, n, dst, (size_t)n * size);
        for (int64_t i = 0; i < n; i++) {
            int64_t j = (form & 1 ? i / cols : 0) * bdims[1] + (form & 2 ? i % cols : 0);
            int64_t want =
                slow((enum cpu_binary_op)c.op, get(a, type, i), get(b, type, j), (int64_t)size * 8);

            CHECK(get(dst, type, i) == wrap(type, (uint64_t)want));
        }
    }
    c.what = 1;
    for (c.op = 0; c.op < CPU_COMPARE_COUNT; c.op++) {
        light_run(run, &c, n, dst, (size_t)n);
        for (int64_t i = 0; i < n; i++) {
            int64_t j = (form & 1 ? i / cols : 0) * bdims[1] + (form & 2 ? i % cols : 0);

            CHECK(((uint8_t *)dst)[i] ==
                  slow_compare((enum cpu_compare_op)c.op, (double)get(a, type, i), (double)get(b, type, j)));
        }
    }
}

static double slow_float(int op, double x, double y)
{
    double m = fmod(x, y);

    switch (op) {
    case CPU_ADD: return x + y;
    case CPU_SUB: return x - y;
    case CPU_MUL: return x * y;
    case CPU_DIV: return x / y;
    case CPU_MAX: return isnan(x) || x > y ? x : y;
    case CPU_MIN: return isnan(x) || x < y ? x : y;
    case CPU_SQDIFF: return (x - y) * (x - y);
    case CPU_MOD: return m;
    case CPU_FLOORMOD: return m != 0 && (m < 0) != (y < 0) ? m + y : m;
    case CPU_FLOORDIV: return floor((double)((float)x / (float)y));
    default: return pow(x, y);
    }
}

static void test_floats(void)
{
    for (int64_t n = 1; n <= 70; n++) {
        const struct cpu_bcast_shape shapes[2] = {{1, &n, NULL}, {1, &n, NULL}};
        float *a = light_floats(0, n, 1), *b = light_floats(1, n, 1), *dst = light_floats(2, n, 1);
        struct cpu_bcast p;
        struct call c = {&p, CPU_TYPE_F32, 0, 0, a, b, NULL, dst};

        CHECK(cpu_bcast_plan(&p, 1, &n, 2, shapes));
        if (n > 40) {
            a[3] = NAN;
            b[4] = NAN;
            a[5] = b[5];
            a[6] = INFINITY;
            b[7] = -INFINITY;
        }
        for (c.op = 0; c.op <= CPU_POW; c.op++) {
            light_run(run, &c, n, dst, (size_t)n * sizeof(float));
            for (int64_t i = 0; i < n; i++) {
                CHECK_CLOSE(dst[i], slow_float(c.op, (double)a[i], (double)b[i]), 2.5e-7, 1.2e-7);
            }
        }
        c.what = 1;
        for (c.op = 0; c.op < CPU_COMPARE_COUNT; c.op++) {
            light_run(run, &c, n, dst, (size_t)n);
            for (int64_t i = 0; i < n; i++) {
                CHECK(((uint8_t *)dst)[i] ==
                      slow_compare((enum cpu_compare_op)c.op, (double)a[i], (double)b[i]));
            }
        }
    }
}

static void test_select(void)
{
    for (int size = 1; size <= 8; size *= 2) {
        for (int form = 0; form < 4; form++) {
            const int64_t dims[2] = {5, 37}, adims[2] = {form & 1 ? 5 : 1, 37},
                          cdims[2] = {5, form & 2 ? 37 : 1};
            const struct cpu_bcast_shape shapes[3] = {{2, cdims, NULL}, {2, adims, NULL}, {2, dims, NULL}};
            const int64_t n = 5 * 37;
            char *a = light_buffer(0, adims[0] * 37, (size_t)size, 1),
                 *b = light_buffer(1, n, (size_t)size, 1);
            uint8_t *cond = light_buffer(3, 5 * cdims[1], 1, 1);
            char *dst = light_buffer(2, n, (size_t)size, 1);
            struct cpu_bcast p;
            struct call c = {&p, 0, size, 2, a, b, cond, dst};

            memset(a, 0x11, (size_t)(adims[0] * 37 * size));
            memset(b, 0x22, (size_t)(n * size));
            for (int i = 0; i < 5 * cdims[1]; i++) {
                cond[i] = (uint8_t)(random_bits() & 2);
            }
            CHECK(cpu_bcast_plan(&p, 2, dims, 3, shapes));
            light_run(run, &c, n, dst, (size_t)(n * size));
            for (int64_t i = 0; i < n * size; i++) {
                int64_t e = i / size;

                CHECK(dst[i] == (cond[e / 37 * cdims[1] + (form & 2 ? e % 37 : 0)] ? 0x11 : 0x22));
            }
        }
    }
}

/* Values that every type holds pass through every pair. */
static void test_convert_pairs(void)
{
    static const int types[] = {CPU_TYPE_BF16, CPU_TYPE_F16, CPU_TYPE_F32, CPU_TYPE_F64,
                                CPU_TYPE_I8,   CPU_TYPE_I16, CPU_TYPE_I32, CPU_TYPE_I64,
                                CPU_TYPE_U8,   CPU_TYPE_U16, CPU_TYPE_U32, CPU_TYPE_U64};
    const int count = sizeof(types) / sizeof(types[0]);

    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            const int64_t n = 1100 + i;
            float *want = light_floats(0, n, 1), *got = light_floats(3, n, 1);
            char *a = light_buffer(1, n, size_of(types[i]), 1), *b = light_buffer(2, n, size_of(types[j]), 1);

            for (int64_t k = 0; k < n; k++) {
                want[k] = (float)(k * 7 % 128);
            }
            CHECK(kernel->convert(CPU_TYPE_F32, types[i], want, a, 0, n));
            CHECK(kernel->convert(types[i], types[j], a, b, 0, 333));
            CHECK(kernel->convert(types[i], types[j], a, b, 333, n));
            CHECK(kernel->convert(types[j], CPU_TYPE_F32, b, got, 0, n));
            CHECK(memcmp(want, got, (size_t)n * sizeof(float)) == 0);
        }
    }
    CHECK(!kernel->convert(CPU_TYPE_F32, 6, NULL, NULL, 0, 0) &&
          !kernel->convert(0, CPU_TYPE_F32, NULL, NULL, 0, 0));
}

/* Float to integers as OpenVINO's CPU device has it: by way of i32. */
static void test_convert_special(void)
{
    static const float x[] = {0.4f,     -0.5f, 1.5f,  -1.5f, 127.9f, 128.5f, 255.7f, 300,
                              -129,     -300,  32768, 65520, 70000,  -70000, 3e9f,   -3e9f,
                              INFINITY, NAN,   2.7f,  -2.7f, -0.0f,  1e19f};
    static const int8_t i8[] = {0,   0,   1,    -1, 127, -128, -1, 44, 127, -44, 0,
                                -16, 112, -112, 0,  0,   0,    0,  2,  -2,  0,   0};
    static const int32_t i32[] = {0,         0,         1,     -1,    127,   128,      255,       300,
                                  -129,      -300,      32768, 65520, 70000, -70000,   INT32_MIN, INT32_MIN,
                                  INT32_MIN, INT32_MIN, 2,     -2,    0,     INT32_MIN};
    enum { N = sizeof(x) / sizeof(x[0]) };
    int8_t b[N];
    int32_t w[N];
    int64_t l[N];
    uint8_t flag[N];
    uint16_t h[N];

    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_I8, x, b, 0, N) && memcmp(b, i8, N) == 0);
    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_U8, x, b, 0, N) && memcmp(b, i8, N) == 0);
    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_I32, x, w, 0, N) && memcmp(w, i32, sizeof(i32)) == 0);
    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_I64, x, l, 0, N) && l[14] == 3000000000 &&
          l[17] == INT64_MIN);
    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_BOOLEAN, x, flag, 0, N) && flag[0] == 1 && flag[20] == 0);
    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_F16, x, h, 0, N) && h[11] == 0x7c00 && h[2] == 0x3e00 &&
          h[20] == 0x8000);
    CHECK(kernel->convert(CPU_TYPE_F32, CPU_TYPE_BF16, x, h, 0, N) && h[2] == 0x3fc0 && h[16] == 0x7f80 &&
          h[17] > 0x7f80);
}

/* Every half float goes to f32 and back unchanged. */
static void test_halves(void)
{
    for (int type = CPU_TYPE_BF16; type <= CPU_TYPE_F16; type++) {
        uint16_t *h = light_buffer(0, 65536, 2, 1), *back = light_buffer(1, 65536, 2, 1);
        float *f = light_floats(2, 65536, 1);

        for (int i = 0; i < 65536; i++) {
            h[i] = (uint16_t)i;
        }
        CHECK(kernel->convert(type, CPU_TYPE_F32, h, f, 0, 65536));
        CHECK(kernel->convert(CPU_TYPE_F32, type, f, back, 0, 65536));
        for (int i = 0; i < 65536; i++) {
            CHECK(isnan(f[i]) ? (back[i] & 0x7fff) > (type == CPU_TYPE_F16 ? 0x7c00 : 0x7f80)
                              : back[i] == h[i]);
        }
    }
}

int main(int argc, char **argv)
{
    static const int types[] = {CPU_TYPE_I32, CPU_TYPE_I64, CPU_TYPE_U8, CPU_TYPE_I8};

    kernel = cpu_kernel_exact("typed", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int t = 0; t < 4; t++) {
        for (int form = 0; form < 4; form++) {
            for (int64_t cols = 1; cols < 72; cols += 7) {
                check_integers(types[t], 3, cols, form);
            }
        }
    }
    test_floats();
    test_select();
    test_convert_pairs();
    test_convert_special();
    test_halves();
    return 0;
}
