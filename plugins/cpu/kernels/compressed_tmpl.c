#include "compressed.h"

#include "gemm_tile.h"

#define PANEL     CPU_COMPRESSED_PANEL
#define UNIT      64 /* columns that tasks are cut at */
#define MAX_TILES (128 / TILE_MR)
#define WORTH     (96 * 1024) /* weights a task should have at least */

enum code { LINEAR4, LINEAR8, TABLE4, TABLE8 };

static enum code code_of(const struct cpu_compressed *form)
{
    return form->bits == 4 ? (form->linear ? LINEAR4 : TABLE4) : form->linear ? LINEAR8 : TABLE8;
}

/* ---- codes to numbers */

/* The table of 4-bit codes in registers. */
struct table {
#if SIMD_LANES == 8
    vf low, high;
#else
    vf all;
#endif
};

SIMD_INLINE struct table load_table(const struct cpu_compressed *form)
{
    struct table t;

#if SIMD_LANES == 8
    t.low = vf_load(form->table);
    t.high = vf_load(form->table + 8);
#else
    t.all = vf_load(form->table);
#endif
    return t;
}

/* What the low bits of each lane stand for. */
SIMD_INLINE vf decode(const enum code code, vi w, const struct table *t, const float *table)
{
#if SIMD_LANES == 16
    (void)table;
    if (code == LINEAR4 || code == TABLE4) {
        return _mm512_permutexvar_ps(w, t->all); /* reads the low four bits of a lane */
    }
    w = vi_and(w, vi_set1(255));
    return code == LINEAR8 ? vf_from_vi(w) : _mm512_i32gather_ps(w, table, 4);
#elif SIMD_LANES == 8
    if (code == TABLE4) {
        return _mm256_blendv_ps(_mm256_permutevar8x32_ps(t->low, w), _mm256_permutevar8x32_ps(t->high, w),
                                vf_bits(vi_shl(w, 28)));
    }
    w = vi_and(w, vi_set1(code == LINEAR4 ? 15 : 255));
    return code == TABLE8 ? _mm256_i32gather_ps(table, w, 4) : vf_from_vi(w);
#else
    (void)t;
    return table[w & (code == LINEAR4 || code == TABLE4 ? 15 : 255)];
#endif
}

/* Scales or zero points of SIMD_LANES columns from `lane` of a panel on. */
SIMD_INLINE vf load_parameter(const struct cpu_compressed *form, const char *p, int64_t lane)
{
    return form->wide ? vf_load((const float *)(p + lane * 4))
                      : vf_load_f16((const uint16_t *)(p + lane * 2));
}

SIMD_INLINE vf load_zero(const struct cpu_compressed *form, const char *scales, int64_t lane)
{
    return form->zeros ? load_parameter(form, scales + PANEL * (form->wide ? 4 : 2), lane)
                       : vf_set1(form->zero);
}

static size_t panel_bytes(const struct cpu_compressed *form)
{
    return (size_t)(form->k / form->group) * cpu_compressed_group(form);
}

/* The group g of column `col`, at that column's lane. */
SIMD_INLINE const char *group_at(const struct cpu_compressed *form, const void *w, int64_t col, int64_t g)
{
    return (const char *)w + (size_t)(col / PANEL) * panel_bytes(form) +
           (size_t)g * cpu_compressed_group(form);
}

/* ---- few rows */

/* Vectors of columns at a time, and sums a vector: chains enough to hide the latency of a sum. */
#define MANY_NV(rows) (SIMD_LANES == 16 ? ((rows) == 1 ? 4 : 2) : SIMD_LANES == 8 ? 2 : 1)

/* nv vectors of columns from `col` on, for `rows` rows. sums: of x over each group, [rows][groups]. */
SIMD_INLINE void few_columns(const int rows, const int nv, const enum code code,
                             const struct cpu_compressed_args *args, int64_t col, const float *sums)
{
    const struct cpu_compressed *form = args->form;
    const int per = code == LINEAR4 || code == TABLE4 ? 8 : 4, bits = 32 / per, par = rows <= 2 ? 2 : 1;
    const struct table t = load_table(form);
    int64_t groups = form->k / form->group, words = form->group / per;
    size_t word_bytes = cpu_compressed_words(form), step = cpu_compressed_group(form);
    const float *bias = args->post ? args->post->bias : NULL;
    const char *base[4];
    vf total[CPU_COMPRESSED_FEW][4];

    for (int v = 0; v < nv; v++) {
        base[v] = group_at(form, args->w, col + v * SIMD_LANES, 0);
        for (int r = 0; r < rows; r++) {
            total[r][v] = vf_zero();
        }
    }
    for (int64_t g = 0; g < groups; g++) {
        vf acc[CPU_COMPRESSED_FEW][4][2];
        const float *x = args->x + g * form->group;

        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int v = 0; v < nv; v++) {
                acc[r][v][0] = acc[r][v][1] = vf_zero();
            }
        }
        for (int64_t i = 0; i <= words; i++) {
            const int full = i < words;
            const int count = full ? per : (int)(form->group - words * per);
            vi w[4];

            if (!count) {
                break;
            }
            UNROLL
            for (int v = 0; v < nv; v++) {
                w[v] = vi_load(
                    (const int32_t *)(base[v] +
                                      ((size_t)i * PANEL + (size_t)((col + v * SIMD_LANES) % PANEL)) * 4));
            }
            if (full) {
                UNROLL
                for (int j = 0; j < per; j++) {
                    UNROLL
                    for (int v = 0; v < nv; v++) {
                        vf q = decode(code, w[v], &t, form->table);

                        w[v] = bits == 4 ? vi_shr(w[v], 4) : vi_shr(w[v], 8);
                        UNROLL
                        for (int r = 0; r < rows; r++) {
                            acc[r][v][j % par] =
                                vf_fma(vf_set1(x[r * args->ldx + i * per + j]), q, acc[r][v][j % par]);
                        }
                    }
                }
            } else {
                for (int j = 0; j < count; j++) {
                    for (int v = 0; v < nv; v++) {
                        vf q = decode(code, w[v], &t, form->table);

                        w[v] = bits == 4 ? vi_shr(w[v], 4) : vi_shr(w[v], 8);
                        for (int r = 0; r < rows; r++) {
                            acc[r][v][0] = vf_fma(vf_set1(x[r * args->ldx + i * per + j]), q, acc[r][v][0]);
                        }
                    }
                }
            }
        }
        UNROLL
        for (int v = 0; v < nv; v++) {
            const char *scales = base[v] + word_bytes;
            int64_t lane = (col + v * SIMD_LANES) % PANEL;
            vf scale = load_parameter(form, scales, lane), zero = load_zero(form, scales, lane);

            UNROLL
            for (int r = 0; r < rows; r++) {
                vf sum = par == 2 ? vf_add(acc[r][v][0], acc[r][v][1]) : acc[r][v][0];

                total[r][v] = vf_fma(scale, vf_fnma(zero, vf_set1(sums[r * groups + g]), sum), total[r][v]);
            }
            base[v] += step;
        }
    }
    for (int v = 0; v < nv; v++) {
        int64_t at = col + v * SIMD_LANES;
        int left = (int)min_i64(SIMD_LANES, form->n - at);

        for (int r = 0; r < rows && left > 0; r++) {
            vf y = bias ? vf_add(total[r][v], vf_load_n(bias + at, left)) : total[r][v];

            vf_store_n(args->y + r * args->ldy + at, y, left);
        }
    }
}

/* Columns [c0, c1), whose ends are multiples of a panel or the matrix's. */
SIMD_INLINE void few_rows(const int rows, const enum code code, const struct cpu_compressed_args *args,
                          int64_t c0, int64_t c1, const float *sums)
{
    const int nv = MANY_NV(rows);
    int64_t c = c0;

    for (; c + nv * SIMD_LANES <= ceil_div(c1, PANEL) * PANEL; c += nv * SIMD_LANES) {
        few_columns(rows, nv, code, args, c, sums);
    }
    for (; nv > 1 && c < c1; c += SIMD_LANES) {
        few_columns(rows, 1, code, args, c, sums);
    }
}

#define FEW_OF(code_name, code)                                                                              \
    SIMD_NOINLINE void few_##code_name(const struct cpu_compressed_args *args, int64_t c0, int64_t c1,       \
                                       const float *sums)                                                    \
    {                                                                                                        \
        switch (args->m) {                                                                                   \
        case 1: few_rows(1, code, args, c0, c1, sums); break;                                                \
        case 2: few_rows(2, code, args, c0, c1, sums); break;                                                \
        case 3: few_rows(3, code, args, c0, c1, sums); break;                                                \
        default: few_rows(4, code, args, c0, c1, sums); break;                                               \
        }                                                                                                    \
    }

FEW_OF(linear4, LINEAR4)
FEW_OF(linear8, LINEAR8)
FEW_OF(table4, TABLE4)
FEW_OF(table8, TABLE8)

static void sum_groups(const struct cpu_compressed_args *args, float *sums)
{
    const struct cpu_compressed *form = args->form;
    int64_t groups = form->k / form->group;

    for (int64_t r = 0; r < args->m; r++) {
        for (int64_t g = 0; g < groups; g++) {
            const float *x = args->x + r * args->ldx + g * form->group;
            vf sum = vf_zero();
            int64_t i = 0;

            for (; i + SIMD_LANES <= form->group; i += SIMD_LANES) {
                sum = vf_add(sum, vf_load(x + i));
            }
            if (i < form->group) {
                sum = vf_add(sum, vf_load_n(x + i, (int)(form->group - i)));
            }
            sums[r * groups + g] = vf_hadd(sum);
        }
    }
}

static int64_t few_tasks(const struct cpu_compressed *form)
{
    return max_i64(1, min_i64(ceil_div(form->n, UNIT), form->n * form->k / WORTH));
}

static void run_few(const struct cpu_compressed_args *args, int64_t task, float *sums)
{
    const struct cpu_compressed *form = args->form;
    int64_t units = ceil_div(form->n, UNIT), tasks = few_tasks(form);
    int64_t c0 = split(units, tasks, task) * UNIT,
            c1 = min_i64(form->n, split(units, tasks, task + 1) * UNIT);
    struct gemm_block block = {.lines = 1,
                               .runs = 1,
                               .run_offsets = CPU_NAME(gemm_one_run),
                               .m = args->m,
                               .n = c1 - c0,
                               .y = args->y + c0,
                               .ldy = args->ldy,
                               .post = args->post,
                               .col = c0};

    sum_groups(args, sums);
    switch (code_of(form)) {
    case LINEAR4: few_linear4(args, c0, c1, sums); break;
    case LINEAR8: few_linear8(args, c0, c1, sums); break;
    case TABLE4: few_table4(args, c0, c1, sums); break;
    default: few_table8(args, c0, c1, sums); break;
    }
    CPU_NAME(gemm_epilogue)(&block, 0);
}

/* ---- many rows: a panel of the f32 tile at a time */

/* Elements [k0, k0 + count) of one group, of one vector of columns; k0 counts from the group's start and is a
 * multiple of a word's elements. */
SIMD_INLINE void unpack_run(const enum code code, const struct cpu_compressed *form, const char *group,
                            int64_t lane, int64_t k0, int64_t count, float *dst)
{
    const int per = code == LINEAR4 || code == TABLE4 ? 8 : 4;
    const struct table t = load_table(form);
    const char *scales = group + cpu_compressed_words(form);
    vf scale = load_parameter(form, scales, lane), zero = load_zero(form, scales, lane);

    for (int64_t i = 0; i < count; i += per) {
        vi w = vi_load((const int32_t *)(group + ((size_t)((k0 + i) / per) * PANEL + (size_t)lane) * 4));
        int64_t n = min_i64(per, count - i);

        for (int64_t j = 0; j < n; j++) {
            vf q = decode(code, w, &t, form->table);

            w = per == 8 ? vi_shr(w, 4) : vi_shr(w, 8);
            vf_store(dst + (i + j) * TILE_NR, vf_mul(vf_sub(q, zero), scale));
        }
    }
}

SIMD_NOINLINE void unpack_vector(const struct cpu_compressed *form, const char *group, int64_t lane,
                                 int64_t k0, int64_t count, float *dst)
{
    switch (code_of(form)) {
    case LINEAR4: unpack_run(LINEAR4, form, group, lane, k0, count, dst); break;
    case LINEAR8: unpack_run(LINEAR8, form, group, lane, k0, count, dst); break;
    case TABLE4: unpack_run(TABLE4, form, group, lane, k0, count, dst); break;
    default: unpack_run(TABLE8, form, group, lane, k0, count, dst); break;
    }
}

/* dst[count][TILE_NR] of the columns from n0 on. A block of k never ends inside of a word. */
static void unpack(const struct cpu_compressed_args *args, int64_t n0, int64_t k0, int64_t count, float *dst)
{
    const struct cpu_compressed *form = args->form;

    for (int v = 0; v < TILE_NV; v++) {
        int64_t col = n0 + v * SIMD_LANES, lane = col % PANEL, done = 0;

        for (; col < ceil_div(form->n, PANEL) * PANEL && done < count;) {
            int64_t k = k0 + done, g = k / form->group, inside = k % form->group;
            int64_t n = min_i64(form->group - inside, count - done);

            unpack_vector(form, group_at(form, args->w, col, g), lane, inside, n,
                          dst + done * TILE_NR + v * SIMD_LANES);
            done += n;
        }
        for (; done < count; done++) {
            vf_store(dst + done * TILE_NR + v * SIMD_LANES, vf_zero());
        }
    }
}

/* A block of k is as many groups as fit the f32 product's, or part of one. */
static int64_t block_of(const struct cpu_compressed *form)
{
    int64_t wanted = k_block(form->k);

    if (form->group <= wanted) {
        return max_i64(1, wanted / form->group) * form->group;
    }
    return wanted;
}

static int64_t block_end(const struct cpu_compressed *form, int64_t k0)
{
    int64_t end = min_i64(form->k, k0 + block_of(form)), group_end = (k0 / form->group + 1) * form->group;

    return form->group > block_of(form) ? min_i64(end, group_end) : end;
}

static void run_many(const struct cpu_compressed_args *args, int64_t task, float *panel)
{
    const struct cpu_compressed *form = args->form;
    struct gemm_plan p = gemm_make_plan(args->m, form->n, form->k, MAX_TILES);
    int64_t mb = task / p.n_blocks, nb = task % p.n_blocks;
    int64_t m0 = split(args->m, p.m_blocks, mb), m1 = split(args->m, p.m_blocks, mb + 1);
    int64_t n0 = first_column(form->n, p.n_blocks, nb), n1 = first_column(form->n, p.n_blocks, nb + 1);

    for (int64_t n = n0; n < n1; n += TILE_NR) {
        struct gemm_block block = {.lines = 1,
                                   .runs = 1,
                                   .run_offsets = CPU_NAME(gemm_one_run),
                                   .m = m1 - m0,
                                   .n = min_i64(TILE_NR, n1 - n),
                                   .lda = args->ldx,
                                   .w = panel,
                                   .y = args->y + m0 * args->ldy + n,
                                   .ldy = args->ldy,
                                   .post = args->post,
                                   .row = m0,
                                   .col = n};

        for (int64_t k0 = 0, k1; k0 < form->k; k0 = k1) {
            k1 = block_end(form, k0);
            unpack(args, n, k0, k1 - k0, panel);
            block.k = k1 - k0;
            block.panel = block.k * TILE_NR;
            block.first = k0 == 0;
            block.last = k1 == form->k;
            block.a = args->x + m0 * args->ldx + k0;
            CPU_NAME(gemm_block)(&block);
        }
    }
}

/* ---- the family */

static int64_t tasks(const struct cpu_compressed *form, int64_t m)
{
    struct gemm_plan p;

    if (m == 0 || form->n == 0) {
        return 0;
    }
    if (m <= CPU_COMPRESSED_FEW) {
        return few_tasks(form);
    }
    p = gemm_make_plan(m, form->n, form->k, MAX_TILES);
    return p.m_blocks * p.n_blocks;
}

static size_t scratch_bytes(const struct cpu_compressed *form, int64_t m)
{
    if (m <= CPU_COMPRESSED_FEW) {
        return (size_t)(m * (form->k / form->group)) * sizeof(float);
    }
    return (size_t)(max_i64(block_of(form), 8) * TILE_NR) * sizeof(float);
}

static void run(const struct cpu_compressed_args *args, int64_t task, void *scratch)
{
    if (args->m <= CPU_COMPRESSED_FEW) {
        run_few(args, task, scratch);
    } else {
        run_many(args, task, scratch);
    }
}

extern const struct cpu_gemm_compressed CPU_NAME(gemm_compressed);
const struct cpu_gemm_compressed CPU_NAME(gemm_compressed) = {
    .name = CPU_NAME_TEXT(gemm_compressed),
    .isa = CPU_ISA_ID,
    .tasks = tasks,
    .scratch_bytes = scratch_bytes,
    .run = run,
};
