#include "gemm_tile.h"

#define MAX_TILES         (128 / TILE_MR)
#define MAX_BATCHED_TILES (512 / TILE_MR)

static int64_t gemm_tasks(int64_t m, int64_t n, int64_t k)
{
    struct gemm_plan p = gemm_make_plan(m, n, k, MAX_TILES);

    return p.m_blocks * p.n_blocks;
}

static size_t gemm_scratch_bytes(int64_t m, int64_t n, int64_t k)
{
    (void)m;
    (void)n;
    (void)k;
    return 0;
}

static size_t gemm_packed_bytes(int64_t n, int64_t k)
{
    return (size_t)ceil_div(n, TILE_NR) * (size_t)k * TILE_NR * sizeof(float);
}

static int64_t gemm_panels(int64_t n)
{
    return ceil_div(n, TILE_NR);
}

static void gemm_pack(float *dst, const struct cpu_weights_src *src, int64_t n, int64_t k, int64_t first,
                      int64_t last)
{
    for (int64_t i = first; i < last; i++) {
        CPU_NAME(gemm_pack_panel)
        (dst + i * k * TILE_NR, src, i * TILE_NR, min_i64(TILE_NR, n - i * TILE_NR), 0, k);
    }
}

static void gemm_run(const struct cpu_gemm_args *args, int64_t task, void *scratch)
{
    struct gemm_plan p = gemm_make_plan(args->m, args->n, args->k, MAX_TILES);
    int64_t mb = task / p.n_blocks, nb = task % p.n_blocks;
    int64_t m0 = split(args->m, p.m_blocks, mb), m1 = split(args->m, p.m_blocks, mb + 1);
    int64_t n0 = first_column(args->n, p.n_blocks, nb), n1 = first_column(args->n, p.n_blocks, nb + 1);
    struct gemm_block block = {
        .lines = 1,
        .runs = 1,
        .run_offsets = CPU_NAME(gemm_one_run),
        .m = m1 - m0,
        .n = n1 - n0,
        .lda = args->ldx,
        .panel = args->k * TILE_NR,
        .y = args->y + m0 * args->ldy + n0,
        .ldy = args->ldy,
        .post = args->post,
        .row = m0,
        .col = n0,
    };
    int64_t k0 = 0;

    (void)scratch;
    do {
        block.k = min_i64(p.k_block, args->k - k0);
        block.first = k0 == 0;
        block.last = k0 + block.k >= args->k;
        block.a = args->x + m0 * args->ldx + k0;
        block.w = args->w + n0 * args->k + k0 * TILE_NR;
        CPU_NAME(gemm_block)(&block);
        k0 += block.k;
    } while (k0 < args->k);
}

/* --- both operands are activations --- */

/* Up to THIN rows are not worth packing B for: it is read where it is. */
#define THIN 4

static bool is_thin(const struct cpu_batched_gemm_args *args)
{
    return args->m <= THIN && args->a_col == 1;
}

/* B's columns are runs over k: dot products of one row with `count` columns at a time. */
SIMD_INLINE void thin_dots(const int count, const float *a, const float *b, ptrdiff_t ldb, int64_t k,
                           float *y)
{
    vf sum[4];
    int64_t i = 0;

    for (int j = 0; j < count; j++) {
        sum[j] = vf_zero();
    }
    for (; i + SIMD_LANES <= k; i += SIMD_LANES) {
        vf x = vf_load(a + i);

        for (int j = 0; j < count; j++) {
            sum[j] = vf_fma(x, vf_load(b + j * ldb + i), sum[j]);
        }
    }
    if (i < k) {
        vf x = vf_load_n(a + i, (int)(k - i));

        for (int j = 0; j < count; j++) {
            sum[j] = vf_fma(x, vf_load_n(b + j * ldb + i, (int)(k - i)), sum[j]);
        }
    }
    for (int j = 0; j < count; j++) {
        y[j] = vf_hadd(sum[j]);
    }
}

/* B's rows are runs over n: one row of A times `nv` vectors of columns, the last with `tail` lanes. */
SIMD_INLINE void thin_columns(const int nv, const float *a, const float *b, ptrdiff_t ldb, int64_t k,
                              int tail, float *y)
{
    vf sum[4], odd[4];
    vm mask = vm_first(tail);

    for (int v = 0; v < nv; v++) {
        sum[v] = odd[v] = vf_zero();
    }
    for (int64_t i = 0; i < k; i++) {
        vf x = vf_set1(a[i]);

        for (int v = 0; v < nv; v++) {
            const float *p = b + i * ldb + v * SIMD_LANES;
            vf w = v == nv - 1 && tail < SIMD_LANES ? vf_load_m(p, mask) : vf_load(p);

            if (i & 1) {
                odd[v] = vf_fma(x, w, odd[v]);
            } else {
                sum[v] = vf_fma(x, w, sum[v]);
            }
        }
    }
    for (int v = 0; v < nv; v++) {
        vf_store_n(y + v * SIMD_LANES, vf_add(sum[v], odd[v]), v == nv - 1 ? tail : SIMD_LANES);
    }
}

static void thin_row(const struct cpu_batched_gemm_args *args, const float *a, const float *b, int64_t n,
                     float *y)
{
    int64_t j = 0;

    if (args->b_col != 1) {
        for (; j + 4 <= n; j += 4) {
            thin_dots(4, a, b + j * args->b_col, args->b_col, args->k, y + j);
        }
        for (; j < n; j++) {
            thin_dots(1, a, b + j * args->b_col, args->b_col, args->k, y + j);
        }
        return;
    }
    for (; j + 4 * SIMD_LANES <= n; j += 4 * SIMD_LANES) {
        thin_columns(4, a, b + j, args->b_row, args->k, SIMD_LANES, y + j);
    }
    for (; j < n; j += SIMD_LANES) {
        thin_columns(1, a, b + j, args->b_row, args->k, (int)min_i64(SIMD_LANES, n - j), y + j);
    }
}

/* block: m rows and n columns of y, a and w (B's first column) set by the caller. */
static void run_thin(const struct cpu_batched_gemm_args *args, struct gemm_block *block)
{
    for (int64_t i = 0; i < block->m; i++) {
        float *y = block->y + i * block->ldy;

        thin_row(args, block->a + i * args->a_row, block->w, block->n, y);
        for (int64_t j = 0; args->post && args->post->bias && j < block->n; j++) {
            y[j] += args->post->bias[block->col + j];
        }
    }
    CPU_NAME(gemm_epilogue)(block, 0);
}

/* Scratch: the packed panels of one block of k, then the rows of A if they are not contiguous over k. */
struct batched_plan {
    struct gemm_plan cut;
    int64_t count; /* products */
    size_t b_floats, a_floats;
};

static struct batched_plan make_batched_plan(const struct cpu_batched_gemm_args *args)
{
    struct batched_plan p = {.count = 1};
    int64_t rows, panels;

    p.cut = gemm_make_plan(args->m, args->n, args->k, MAX_BATCHED_TILES);
    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        p.count *= args->batch[i];
    }
    if (p.cut.m_blocks == 0) {
        p.count = 0;
        return p;
    }
    rows = ceil_div(args->m, p.cut.m_blocks);
    panels = ceil_div(cut_panels(args->n), p.cut.n_blocks) + (p.cut.panels - cut_panels(args->n));
    if (is_thin(args)) {
        return p;
    }
    p.b_floats = (size_t)(panels * p.cut.k_block * TILE_NR);
    p.a_floats = args->a_col == 1 ? 0 : (size_t)(rows * p.cut.k_block);
    return p;
}

static int64_t batched_tasks(const struct cpu_batched_gemm_args *args)
{
    struct batched_plan p = make_batched_plan(args);

    return p.count * p.cut.m_blocks * p.cut.n_blocks;
}

static size_t batched_scratch_bytes(const struct cpu_batched_gemm_args *args)
{
    struct batched_plan p = make_batched_plan(args);

    return (p.b_floats + p.a_floats) * sizeof(float);
}

static void pack_b(float *dst, const struct cpu_batched_gemm_args *args, const float *b, int64_t n0,
                   int64_t n, int64_t k0, int64_t k)
{
    struct cpu_weights_src src = {b, CPU_SRC_F32, args->b_col, args->b_row, NULL};

    for (int64_t i = 0; i < n; i += TILE_NR) {
        CPU_NAME(gemm_pack_panel)(dst + i * k, &src, n0 + i, min_i64(TILE_NR, n - i), k0, k);
    }
}

static void batched_run(const struct cpu_batched_gemm_args *args, int64_t task, void *scratch)
{
    struct batched_plan p = make_batched_plan(args);
    int64_t nb = task % p.cut.n_blocks, rest = task / p.cut.n_blocks;
    int64_t mb = rest % p.cut.m_blocks, item = rest / p.cut.m_blocks;
    int64_t m0 = split(args->m, p.cut.m_blocks, mb), m1 = split(args->m, p.cut.m_blocks, mb + 1);
    int64_t n0 = first_column(args->n, p.cut.n_blocks, nb);
    int64_t n1 = first_column(args->n, p.cut.n_blocks, nb + 1);
    const float *a = args->a, *b = args->b;
    float *packed_b = scratch, *packed_a = packed_b + p.b_floats;
    struct gemm_block block = {.lines = 1,
                               .runs = 1,
                               .run_offsets = CPU_NAME(gemm_one_run),
                               .m = m1 - m0,
                               .n = n1 - n0,
                               .post = args->post,
                               .row = m0,
                               .col = n0};
    int64_t k0 = 0;

    block.ldy = args->ldy;
    block.y = args->y + m0 * args->ldy + n0;
    for (int i = CPU_BATCH_DIMS - 1; i >= 0; i--) {
        int64_t index = item % args->batch[i];

        item /= args->batch[i];
        block.batch[i] = index;
        a += index * args->a_batch[i];
        b += index * args->b_batch[i];
        block.y += index * args->y_batch[i];
    }
    if (is_thin(args)) {
        block.a = a + m0 * args->a_row;
        block.w = b + n0 * args->b_col;
        run_thin(args, &block);
        return;
    }
    do {
        block.k = min_i64(p.cut.k_block, args->k - k0);
        block.first = k0 == 0;
        block.last = k0 + block.k >= args->k;
        block.a = a + m0 * args->a_row + k0;
        block.lda = args->a_row;
        if (args->a_col != 1) {
            CPU_NAME(gemm_transpose)
            (packed_a, block.k, a + m0 + k0 * args->a_col, args->a_col, block.k, block.m);
            block.a = packed_a;
            block.lda = block.k;
        }
        pack_b(packed_b, args, b, n0, block.n, k0, block.k);
        block.w = packed_b;
        block.panel = block.k * TILE_NR;
        CPU_NAME(gemm_block)(&block);
        k0 += block.k;
    } while (k0 < args->k);
}

extern const struct cpu_gemm_f32 CPU_NAME(gemm_f32);
const struct cpu_gemm_f32 CPU_NAME(gemm_f32) = {
    .name = CPU_NAME_TEXT(gemm_f32),
    .isa = CPU_ISA_ID,
    .mr = TILE_MR,
    .nr = TILE_NR,
    .packed_bytes = gemm_packed_bytes,
    .panels = gemm_panels,
    .pack = gemm_pack,
    .tasks = gemm_tasks,
    .scratch_bytes = gemm_scratch_bytes,
    .run = gemm_run,
    .batched_tasks = batched_tasks,
    .batched_scratch_bytes = batched_scratch_bytes,
    .batched_run = batched_run,
};
