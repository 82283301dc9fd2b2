/* Rows joined into one, of one level (argument), against plain loops; all bits are equal. */
#include "bags.h"

#include "light.h"

static const struct cpu_bags *kernel;

#define ROWS 37

static double join(enum cpu_bag_kind kind, double a, double b)
{
    switch (kind) {
    case CPU_BAG_SUB: return a - b;
    case CPU_BAG_PROD: return a * b;
    case CPU_BAG_MIN: return b < a ? b : a;
    case CPU_BAG_MAX: return b > a ? b : a;
    default: return a + b;
    }
}

static void check_f32(enum cpu_bag_kind kind, int64_t n, int64_t count, bool weighted, int at_end)
{
    int64_t stride = n + (int64_t)(random_bits() % 3), rows[ROWS];
    float *table = light_buffer(0, (ROWS - 1) * stride + n, sizeof(float), at_end);
    double *acc = light_buffer(1, n, sizeof(double), at_end), want[CPU_BAG_CHUNK], weights[ROWS];
    float *dst = light_buffer(2, n, sizeof(float), at_end);
    int64_t divisor = random_bits() % 2 ? 1 : 7;

    for (int64_t i = 0; i < (ROWS - 1) * stride + n; i++) {
        table[i] = random_bits() % 50 ? random_float() : random_bits() % 2 ? NAN : INFINITY;
    }
    for (int64_t k = 0; k < count; k++) {
        rows[k] = random_bits() % ROWS;
        weights[k] = (double)random_float();
    }
    kernel->load(CPU_BAG_F32, table, acc, n);
    for (int64_t i = 0; i < n; i++) {
        want[i] = (double)table[i];
        for (int64_t k = 0; k < count; k++) {
            double x = (double)table[rows[k] * stride + i];

            want[i] = join(kind, want[i], weighted ? weights[k] * x : x);
        }
    }
    kernel->join(CPU_BAG_F32, kind, table, stride, rows, weighted ? weights : NULL, count, acc, n);
    kernel->store(CPU_BAG_F32, acc, divisor, dst, n);
    for (int64_t i = 0; i < n; i++) {
        float f = (float)(divisor == 1 ? want[i] : want[i] / (double)divisor);

        CHECK(isnan(f) ? isnan(dst[i]) : memcmp(&f, &dst[i], sizeof(f)) == 0);
    }
}

static void check_places(int64_t n, bool wide, bool same, int at_end)
{
    int32_t *narrow = light_buffer(0, n, sizeof(*narrow), at_end);
    int64_t *index = light_buffer(1, n, sizeof(*index), at_end),
            *places = light_buffer(2, n, sizeof(*places), at_end);
    int64_t most = 9, along = (int64_t)(random_bits() % 2), first = (int64_t)(random_bits() % 18) - 9;
    bool one = along == 1;
    int found;

    for (int64_t i = 0; i < n; i++) {
        index[i] = same ? first : (int64_t)(random_bits() % 18) - 9;
        narrow[i] = (int32_t)index[i];
        one &= (index[i] + 9) % 9 == (index[0] + 9) % 9;
    }
    found = kernel->places(wide ? (void *)index : (void *)narrow, wide, n, most, 5, 100, along, places);
    CHECK(found == (one ? CPU_PLACES_CONSECUTIVE : 0));
    for (int64_t i = 0; i < n; i++) {
        CHECK(places[i] == 100 + (index[i] + 9) % 9 * 5 + i * along);
    }
    index[n / 2] = random_bits() % 2 ? 9 : -10;
    narrow[n / 2] = (int32_t)index[n / 2];
    found = kernel->places(wide ? (void *)index : (void *)narrow, wide, n, most, 5, 100, along, places);
    CHECK(found & CPU_PLACES_OUTSIDE);
}

int main(int argc, char **argv)
{
    enum cpu_isa isa = isa_of_arguments(argc, argv);

    kernel = cpu_kernel_exact("bags", isa);
    CHECK(kernel != NULL);
    for (int64_t n = 1; n <= CPU_BAG_CHUNK; n += n < 40 ? 1 : 31) {
        for (int i = 0; i < 10; i++) {
            check_f32((enum cpu_bag_kind)(i % 5), n, (int64_t)(random_bits() % ROWS), i == 0, i & 1);
        }
        for (int i = 0; i < 8; i++) {
            check_places(n, i & 1, i & 2, (i & 4) != 0);
        }
    }
    return 0;
}
