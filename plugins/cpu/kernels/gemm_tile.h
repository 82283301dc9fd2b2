/* The heart shared by matrix products and convolutions of one level: a block of rows times a run of packed
 * panels. Internal to the templates; the contract for callers is in gemm.h. */
#ifndef CPU_KERNELS_GEMM_TILE_H
#define CPU_KERNELS_GEMM_TILE_H

#include "gemm.h"
#include "simd.h"

/* The register tile: TILE_MR rows times TILE_NV vectors, plus one broadcast and TILE_NV weights. */
#if SIMD_LANES == 16
#define TILE_MR 14
#define TILE_NV 2
#elif SIMD_LANES == 8
#define TILE_MR 6
#define TILE_NV 2
#else
#define TILE_MR 4
#define TILE_NV 4
#endif
#define TILE_NR (TILE_NV * SIMD_LANES)

/* Vectors of the widest tile: with sixteen registers four rows of three are as good as six of two. */
#define TILE_MAX_NV (SIMD_LANES == 8 ? 3 : TILE_NV)

/* One block of k of a block of rows and columns. With k cut up, y itself holds the sums between the blocks.
 *
 * Rows come in lines of m each, lda apart; lines lie a_line apart (a product has one line; a convolution that
 * reads its input in place has one per line of pixels). k comes in runs: run i of a row begins at
 * run_offsets[i] floats from its start and is k long; the runs' weights follow one another in the panel. */
struct gemm_block {
    int64_t lines, m, n, runs, k;
    const float *a;
    ptrdiff_t lda, a_line;
    const ptrdiff_t *run_offsets;
    const float *w;  /* first panel, at this block's k */
    ptrdiff_t panel; /* floats from a panel to the next */
    float *y;        /* all rows ldy apart, also across lines */
    ptrdiff_t ldy;
    bool first, last;                        /* first: start from the bias; last: run the epilogue */
    const struct cpu_epilogue *post;         /* or NULL */
    int64_t row, col, batch[CPU_BATCH_DIMS]; /* of y[0], as the epilogue counts */
};

extern const ptrdiff_t CPU_NAME(gemm_one_run)[1]; /* run_offsets of rows that are one run */

void CPU_NAME(gemm_block)(const struct gemm_block *block);

/* Steps [from, step_count) of `post` on the block's y, for callers that place results themselves. */
void CPU_NAME(gemm_epilogue)(const struct gemm_block *block, int from);

/* k elements of nr weights each, from column n0 and row k0 of the source on, into dst[k][TILE_NR]; columns
 * from nr on become zeros. */
void CPU_NAME(gemm_pack_panel)(float *dst, const struct cpu_weights_src *src, int64_t n0, int64_t nr,
                               int64_t k0, int64_t k);

/* dst[j * dst_ld + i] = src[i * src_ld + j] for i below rows, j below cols. */
void CPU_NAME(gemm_transpose)(float *dst, ptrdiff_t dst_ld, const float *src, ptrdiff_t src_ld, int64_t rows,
                              int64_t cols);

static inline int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Start of part i of n things cut into `parts` of nearly the same size. */
static inline int64_t split(int64_t n, int64_t parts, int64_t i)
{
    return n / parts * i + min_i64(i, n % parts);
}

/* k in blocks that fit the caches; a multiple of 8 but for the last. */
static inline int64_t k_block(int64_t k)
{
    int64_t blocks = k <= 1536 ? 1 : ceil_div(k, 1024);

    return max_i64(1, ceil_div(ceil_div(k, blocks), 8) * 8);
}

/* How a product is cut into tasks: m_blocks * n_blocks of them. */
struct gemm_plan {
    int64_t m_blocks, n_blocks, panels, k_block;
};

/* Panels that tasks may be cut at: not before a lone last vector, which shares a tile with the panel before.
 */
static inline int64_t cut_panels(int64_t n)
{
    int64_t beyond = n % TILE_NR;

    return ceil_div(n, TILE_NR) - (TILE_MAX_NV > TILE_NV && n > TILE_NR && beyond && beyond <= SIMD_LANES);
}

/* First column of part i of n_blocks. */
static inline int64_t first_column(int64_t n, int64_t n_blocks, int64_t i)
{
    return i == n_blocks ? n : split(cut_panels(n), n_blocks, i) * TILE_NR;
}

/* Rows of a block are chosen so that they stay in the second-level cache while panels pass by; columns so
 * that a task is worth handing to a thread, yet large products give many tasks. */
#define L2_FLOATS (96 * 1024)

/* Blocks of rows, a few more where their number would leave threads waiting for the last task: sixteen tasks
 * if each is `worth` it, and a multiple of four. Small tiles lose more by rows that do not fill them. */
static inline int64_t even_blocks(int64_t m_blocks, int64_t n_blocks, int64_t tiles, int64_t worth)
{
    int64_t least = min_i64(ceil_div(16, n_blocks), worth / n_blocks);

    if (TILE_MR < 8) {
        return m_blocks;
    }
    m_blocks = min_i64(tiles, max_i64(m_blocks, least));
    if (m_blocks > 4 && n_blocks % 4) {
        m_blocks = min_i64(tiles, ceil_div(m_blocks, 4) * 4);
    }
    return m_blocks;
}

static inline struct gemm_plan gemm_make_plan(int64_t m, int64_t n, int64_t k, int64_t max_tiles)
{
    struct gemm_plan p = {.panels = ceil_div(n, TILE_NR), .k_block = k_block(k)};
    int64_t tiles = ceil_div(m, TILE_MR), tiles_a_block, rows, work, target, panels_a_block;

    if (m == 0 || n == 0) {
        return (struct gemm_plan){.k_block = 1};
    }
    tiles_a_block = min_i64(max_tiles, max_i64(1, L2_FLOATS / p.k_block / TILE_MR));
    p.m_blocks = ceil_div(tiles, tiles_a_block);
    rows = ceil_div(m, p.m_blocks);
    work = rows * TILE_NR * max_i64(k, 1);
    target = max_i64(128 * 1024, min_i64(2 * 1024 * 1024, p.m_blocks * p.panels * work / 64));
    panels_a_block = min_i64(cut_panels(n), ceil_div(target, work));
    p.n_blocks = ceil_div(cut_panels(n), panels_a_block);
    p.m_blocks = even_blocks(p.m_blocks, p.n_blocks, tiles, tiles * TILE_MR * n * k / (256 * 1024));
    return p;
}

#endif
