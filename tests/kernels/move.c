/* Copies, transposes, gather and index tables of one level (argument) against element-by-element loops. */
#include "copy.h"

#include "light.h"

static const struct cpu_move *kernel;

struct call {
    const struct cpu_copy *copy;
    const struct cpu_gather *gather;
    const struct cpu_index_copy *table;
    const void *src, *index;
    void *dst;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;

    if (c->copy) {
        kernel->copy(c->copy, c->src, c->dst, begin, end);
    } else if (c->gather) {
        kernel->gather(c->gather, c->src, c->index, c->dst, begin, end);
    } else {
        kernel->index_copy(c->table, c->src, c->dst, begin, end);
    }
}

static void fill_random(void *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *)p)[i] = (uint8_t)(1 + random_bits() % 0x7e);
    }
}

/* Extents of what strides reach: lowest and one past the highest element. */
static void reach(int rank, const int64_t *dims, const int64_t *stride, int64_t *lo, int64_t *hi)
{
    *lo = 0;
    *hi = 1;
    for (int d = 0; d < rank; d++) {
        *(stride[d] < 0 ? lo : hi) += (dims[d] - 1) * stride[d];
    }
}

static void check_copy(int size, int rank, const int64_t *dims, const int64_t *ss, const int64_t *ds)
{
    int64_t lo, hi, dlo, dhi, n = 1;
    struct cpu_copy plan;
    struct call c = {.copy = &plan};
    char *src, *dst, *want;

    reach(rank, dims, ss, &lo, &hi);
    reach(rank, dims, ds, &dlo, &dhi);
    src = light_buffer(0, hi - lo, (size_t)size, 1);
    dst = light_buffer(1, dhi, (size_t)size, 1);
    want = light_buffer(2, dhi, (size_t)size, 1);
    fill_random(src, (size_t)((hi - lo) * size));
    memset(want, 0x7f, (size_t)(dhi * size));
    for (int d = 0; d < rank; d++) {
        n *= dims[d];
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, from = -lo, to = 0;

        for (int d = rank - 1; d >= 0; d--) {
            from += rest % dims[d] * ss[d];
            to += rest % dims[d] * ds[d];
            rest /= dims[d];
        }
        memcpy(want + to * size, src + from * size, (size_t)size);
    }
    CHECK(cpu_copy_plan(&plan, size, rank, dims, ss, ds));
    c.src = src - lo * size;
    c.dst = dst;
    light_run(run, &c, plan.units, dst, (size_t)(dhi * size));
    CHECK(memcmp(dst, want, (size_t)(dhi * size)) == 0);
}

static void dense(int rank, const int64_t *dims, int64_t *stride, int64_t gap)
{
    int64_t step = 1;

    for (int d = rank - 1; d >= 0; d--) {
        stride[d] = step;
        step = step * dims[d] + gap;
    }
}

/* dims are those of dst; dst dimension d is src dimension order[d]. */
static void check_transpose(int size, int rank, const int64_t *dims, const int *order, int64_t gap)
{
    int64_t src_dims[5], src[5], ss[5], ds[5];

    for (int d = 0; d < rank; d++) {
        src_dims[order[d]] = dims[d];
    }
    dense(rank, src_dims, src, gap);
    dense(rank, dims, ds, gap * 2);
    for (int d = 0; d < rank; d++) {
        ss[d] = src[order[d]];
    }
    check_copy(size, rank, dims, ss, ds);
}

static void test_transposes(void)
{
    for (int size = 1; size <= 8; size *= 2) {
        static const int swap[2] = {1, 0},
                         orders[][4] = {{0, 2, 3, 1}, {0, 3, 1, 2}, {2, 0, 3, 1}, {3, 2, 1, 0},
                                        {1, 0, 2, 3}, {0, 2, 1, 3}, {0, 1, 3, 2}};

        for (int64_t a = 1; a <= 35; a += a < 18 ? 1 : 5) {
            for (int64_t b = 1; b <= 35; b += b < 18 ? 1 : 5) {
                const int64_t dims[2] = {a, b};

                check_transpose(size, 2, dims, swap, (a + b) % 2 * 3);
            }
        }
        check_transpose(size, 2, (const int64_t[2]){130, 67}, swap, 0);
        check_transpose(size, 2, (const int64_t[2]){64, 256}, swap, 0);
        for (size_t o = 0; o < sizeof(orders) / sizeof(orders[0]); o++) {
            check_transpose(size, 4, (const int64_t[4]){2, 3, 19, 33}, orders[o], 0);
            check_transpose(size, 4, (const int64_t[4]){2, 17, 1, 70}, orders[o], 1);
            check_transpose(size, 4, (const int64_t[4]){3, 40, 5, 2}, orders[o], 0);
        }
    }
}

static void test_views(void)
{
    for (int size = 1; size <= 8; size *= 2) {
        /* A slice with steps, reversed rows, a broadcast, a tile, concat (dst rows further apart), one long
         * run. */
        check_copy(size, 3, (const int64_t[3]){3, 5, 11}, (const int64_t[3]){400, 33, 2},
                   (const int64_t[3]){55, 11, 1});
        check_copy(size, 2, (const int64_t[2]){7, 13}, (const int64_t[2]){-20, -1},
                   (const int64_t[2]){13, 1});
        check_copy(size, 3, (const int64_t[3]){4, 9, 6}, (const int64_t[3]){9, 1, 0},
                   (const int64_t[3]){54, 6, 1});
        check_copy(size, 4, (const int64_t[4]){2, 3, 4, 21}, (const int64_t[4]){0, 21, 0, 1},
                   (const int64_t[4]){252, 84, 21, 1});
        for (int64_t n = 1; n < 150; n++) {
            check_copy(size, 2, (const int64_t[2]){5, n}, (const int64_t[2]){n, 1},
                       (const int64_t[2]){n + 7, 1});
        }
        check_copy(size, 1, (const int64_t[1]){50001}, (const int64_t[1]){1}, (const int64_t[1]){1});
        check_copy(size, 2, (const int64_t[2]){3, 40000}, (const int64_t[2]){40001, 1},
                   (const int64_t[2]){40000, 1});
        check_copy(size, 2, (const int64_t[2]){6, 5}, (const int64_t[2]){7, 2}, (const int64_t[2]){3, 30});
        check_copy(size, 0, NULL, NULL, NULL);
    }
}

static void test_plan(void)
{
    const int64_t dims[3] = {4, 0, 5}, one[3] = {1, 1, 1};
    struct cpu_copy p;

    CHECK(cpu_copy_plan(&p, 4, 3, dims, one, one) && p.units == 0);
    CHECK(!cpu_copy_plan(&p, 3, 1, one, one, one));
    CHECK(!cpu_copy_plan(&p, 4, 17, one, one, one));
    CHECK(!cpu_copy_plan_transpose(&p, 4, 2, one, (const int32_t[2]){0, 2}));
    CHECK(cpu_copy_plan_transpose(&p, 4, 3, (const int64_t[3]){2, 3, 4}, (const int32_t[3]){0, 1, 2}));
    CHECK(p.rank == 1);
}

static void check_gather(int64_t outer, int64_t axis, int64_t count, int64_t row, int bytes, int wrap,
                         int batched)
{
    const int64_t batches = batched ? 2 : 1;
    struct cpu_gather p = {axis, count, row, outer / batches, bytes, wrap, batched};
    struct call c = {.gather = &p};
    char *src = light_buffer(0, outer * axis * row, 1, 1), *dst = light_buffer(1, outer * count * row, 1, 1);
    void *index = light_buffer(2, batches * count, (size_t)bytes, 1);

    fill_random(src, (size_t)(outer * axis * row));
    for (int64_t i = 0; i < batches * count; i++) {
        int64_t v = random_in(-axis - 2, axis + 2);

        if (bytes == 8) {
            ((int64_t *)index)[i] = v;
        } else {
            ((int32_t *)index)[i] = (int32_t)v;
        }
    }
    c.src = src;
    c.index = index;
    c.dst = dst;
    light_run(run, &c, outer * count, dst, (size_t)(outer * count * row));
    for (int64_t u = 0; u < outer * count; u++) {
        int64_t o = u / count, i = u % count + (batched ? o / p.outer_per_batch * count : 0);
        int64_t v = bytes == 8 ? ((int64_t *)index)[i] : ((int32_t *)index)[i];

        v += v < 0 && wrap ? axis : 0;
        for (int64_t k = 0; k < row; k++) {
            CHECK(dst[u * row + k] == (v < 0 || v >= axis ? 0 : src[(o * axis + v) * row + k]));
        }
    }
}

/* numpy's pads, by coordinates. */
static int64_t padded_index(int64_t i, int64_t n, enum cpu_pad_mode mode)
{
    if (mode == CPU_PAD_CONSTANT) {
        return i < 0 || i >= n ? -1 : i;
    }
    if (mode == CPU_PAD_EDGE) {
        return i < 0 ? 0 : i >= n ? n - 1 : i;
    }
    while (i < 0 || i >= n) {
        i = mode == CPU_PAD_REFLECT ? (i < 0 ? -i : 2 * n - 2 - i) : i < 0 ? -1 - i : 2 * n - 1 - i;
    }
    return i;
}

static void check_pad(int size, enum cpu_pad_mode mode, const int64_t *dims, const int64_t *begin,
                      const int64_t *end)
{
    struct cpu_index_copy p = {.rank = 3, .size = size, .fill = 0x1112131415161718u};
    struct call c = {.table = &p};
    int32_t table[3][64];
    int64_t n = 1, m = 1;
    char *src, *dst;

    for (int d = 0; d < 3; d++) {
        p.src_dims[d] = dims[d];
        p.dst_dims[d] = begin[d] + dims[d] + end[d];
        n *= dims[d];
        m *= p.dst_dims[d];
        CHECK(cpu_pad_table(table[d], dims[d], begin[d], end[d], mode));
        p.table[d] = begin[d] || end[d] ? table[d] : NULL;
    }
    src = light_buffer(0, n, (size_t)size, 1);
    dst = light_buffer(1, m, (size_t)size, 1);
    fill_random(src, (size_t)(n * size));
    c.src = src;
    c.dst = dst;
    light_run(run, &c, cpu_index_copy_units(&p), dst, (size_t)(m * size));
    for (int64_t i = 0; i < m; i++) {
        int64_t rest = i, offset = 0, step = 1, inside = 1;

        for (int d = 2; d >= 0; d--) {
            int64_t at = padded_index(rest % p.dst_dims[d] - begin[d], dims[d], mode);

            rest /= p.dst_dims[d];
            inside = inside && at >= 0;
            offset += at * step;
            step *= dims[d];
        }
        CHECK(memcmp(dst + i * size, inside ? src + offset * size : (const char *)&p.fill, (size_t)size) ==
              0);
    }
}

static void test_pads(void)
{
    int32_t table[16];

    for (int size = 1; size <= 8; size *= 2) {
        for (int mode = CPU_PAD_CONSTANT; mode <= CPU_PAD_SYMMETRIC; mode++) {
            check_pad(size, (enum cpu_pad_mode)mode, (const int64_t[3]){4, 5, 21},
                      (const int64_t[3]){1, 0, 3}, (const int64_t[3]){2, 4, 1});
            check_pad(size, (enum cpu_pad_mode)mode, (const int64_t[3]){4, 5, 21},
                      (const int64_t[3]){3, 2, 0}, (const int64_t[3]){0, 0, 0});
            check_pad(size, (enum cpu_pad_mode)mode, (const int64_t[3]){4, 5, 21},
                      (const int64_t[3]){-1, 1, -3}, (const int64_t[3]){2, -2, -1});
        }
    }
    CHECK(!cpu_pad_table(table, 3, 3, 0, CPU_PAD_REFLECT));
    CHECK(!cpu_pad_table(table, 3, 0, 4, CPU_PAD_SYMMETRIC));
    CHECK(!cpu_pad_table(table, 0, 1, 0, CPU_PAD_EDGE));
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("move", isa_of_arguments(argc, argv));
    CHECK(kernel);
    test_plan();
    test_transposes();
    test_views();
    for (int64_t row = 1; row <= 140; row += row < 70 ? 1 : 9) {
        check_gather(4, 6, 9, row, row % 2 ? 8 : 4, (int)(row & 2), (int)(row & 4));
    }
    test_pads();
    return 0;
}
