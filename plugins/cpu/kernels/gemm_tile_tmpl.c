#include "gemm_tile.h"

#include "post_steps.h"

const ptrdiff_t CPU_NAME(gemm_one_run)[1] = {0};

enum finish { FINISH_NONE, FINISH_CLAMP, FINISH_ADD_CLAMP };

/* What a tile knows when it is compiled. With few channels the branches of FORM_ANY cost a tenth of the time.
 */
enum form {
    FORM_ANY,
    FORM_CLAMP,    /* one run, no sums in y, whole vectors, FINISH_CLAMP */
    FORM_ADD_CLAMP /* the same with FINISH_ADD_CLAMP */
};

/* `count` tiles one below another. */
struct sweep {
    int64_t count, runs, k;
    const ptrdiff_t *run_offsets;
    ptrdiff_t lda, ldy, add_ld, panel;
    ptrdiff_t a_step, add_step, y_step; /* from a tile to the next, down the rows */
    bool first;                         /* sums start from the bias, else from y */
    enum finish finish;
    enum form form;
    float low, high; /* the result is held between the two */
    int tail;        /* lanes used of the last vector */
};

/* Where a tile begins. */
struct corner {
    const float *a, *b, *bias, *add;
    float *y;
};

typedef void sweep_fn(const struct sweep *t, struct corner at);

/* vf sum[mr][nv] would be a variable-length array in memory even where mr and nv are constants after
 * inlining. */
typedef vf tile_sums[TILE_MR][TILE_MAX_NV];

SIMD_INLINE vf tile_load(const enum form form, const struct sweep *t, const float *p, bool last)
{
    return form == FORM_ANY && last && t->tail != SIMD_LANES ? vf_load_n(p, t->tail) : vf_load(p);
}

/* What the end of the tile reads comes into the cache while the sums are made. */
SIMD_INLINE void tile_prefetch(const int mr, const int nv, const struct sweep *t, const struct corner *at)
{
    UNROLL
    for (int r = 0; r < mr; r++) {
        __builtin_prefetch(at->add + r * t->add_ld);
        __builtin_prefetch(at->add + r * t->add_ld + (nv - 1) * SIMD_LANES);
    }
}

SIMD_INLINE void tile_begin(const int mr, const int nv, const enum form form, const struct sweep *t,
                            const struct corner *at, tile_sums sum)
{
    const bool first = form != FORM_ANY || t->first;

    if (form == FORM_ADD_CLAMP || (form == FORM_ANY && t->finish == FINISH_ADD_CLAMP)) {
        tile_prefetch(mr, nv, t, at);
    }
    UNROLL
    for (int v = 0; v < nv; v++) {
        vf bias = vf_zero();

        if (first) {
            bias = tile_load(form, t, at->bias + v * SIMD_LANES, v == nv - 1);
        }
        UNROLL
        for (int r = 0; r < mr; r++) {
            sum[r][v] = bias;
        }
    }
    if (!first) {
        UNROLL
        for (int r = 0; r < mr; r++) {
            UNROLL
            for (int v = 0; v < nv; v++) {
                sum[r][v] = tile_load(form, t, at->y + r * t->ldy + v * SIMD_LANES, v == nv - 1);
            }
        }
    }
}

SIMD_INLINE void tile_end(const int mr, const int nv, const enum form form, const struct sweep *t,
                          const struct corner *at, tile_sums sum)
{
    if (form == FORM_ADD_CLAMP || (form == FORM_ANY && t->finish == FINISH_ADD_CLAMP)) {
        UNROLL
        for (int r = 0; r < mr; r++) {
            UNROLL
            for (int v = 0; v < nv; v++) {
                vf x = tile_load(form, t, at->add + r * t->add_ld + v * SIMD_LANES, v == nv - 1);

                sum[r][v] = vf_add(sum[r][v], x);
            }
        }
    }
    if (form != FORM_ANY || t->finish != FINISH_NONE) {
        vf low = vf_set1(t->low), high = vf_set1(t->high);

        UNROLL
        for (int r = 0; r < mr; r++) {
            UNROLL
            for (int v = 0; v < nv; v++) {
                sum[r][v] = vf_min(high, vf_max(low, sum[r][v]));
            }
        }
    }
    UNROLL
    for (int r = 0; r < mr; r++) {
        float *row = at->y + r * t->ldy;

        UNROLL
        for (int v = 0; v < nv - 1; v++) {
            vf_store(row + v * SIMD_LANES, sum[r][v]);
        }
        if (form != FORM_ANY || t->tail == SIMD_LANES) {
            vf_store(row + (nv - 1) * SIMD_LANES, sum[r][nv - 1]);
        } else {
            vf_store_n(row + (nv - 1) * SIMD_LANES, sum[r][nv - 1], t->tail);
        }
    }
}

SIMD_INLINE void next_tile(const struct sweep *t, struct corner *at)
{
    at->a += t->a_step;
    at->add += t->add_step;
    at->y += t->y_step;
}

/* Weights of step u, vector v: a tile wider than a panel takes its last vector from the next one. */
#define WEIGHTS(u, v)                                                                                        \
    vf_load(((v) < TILE_NV ? b + (v)*SIMD_LANES : b_next + ((v)-TILE_NV) * SIMD_LANES) + (u)*TILE_NR)

/* Rows are reached from five pointers three rows apart (base, base + lda, base + 2 lda are one addressing
 * mode each); fourteen pointers would not fit the registers. */
SIMD_INLINE void tile_wide(const int mr, const int nv, const enum form form, const struct sweep *t,
                           const struct corner *at)
{
    const float *a = at->a, *b = at->b, *b_next = b + t->panel;
    ptrdiff_t lda = t->lda;
    tile_sums sum;

    (void)b_next;
    tile_begin(mr, nv, form, t, at, sum);

#define ROW(r)                                                                                               \
    ((r) < 3    ? p0 + (r)*lda                                                                               \
     : (r) < 6  ? p3 + ((r)-3) * lda                                                                         \
     : (r) < 9  ? p6 + ((r)-6) * lda                                                                         \
     : (r) < 12 ? p9 + ((r)-9) * lda                                                                         \
                : p12 + ((r)-12) * lda)
#define STEPS(count)                                                                                         \
    do {                                                                                                     \
        UNROLL                                                                                               \
        for (int u = 0; u < (count); u++) {                                                                  \
            vf w[TILE_MAX_NV];                                                                               \
                                                                                                             \
            UNROLL                                                                                           \
            for (int v = 0; v < nv; v++) {                                                                   \
                w[v] = WEIGHTS(u, v);                                                                        \
            }                                                                                                \
            UNROLL                                                                                           \
            for (int r = 0; r < mr; r++) {                                                                   \
                vf x = vf_set1(ROW(r)[u]);                                                                   \
                                                                                                             \
                UNROLL                                                                                       \
                for (int v = 0; v < nv; v++) {                                                               \
                    sum[r][v] = vf_fma(x, w[v], sum[r][v]);                                                  \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
        b += (count)*TILE_NR;                                                                                \
        if (nv > TILE_NV) {                                                                                  \
            b_next += (count)*TILE_NR;                                                                       \
        }                                                                                                    \
        p0 += (count);                                                                                       \
        p3 += (count);                                                                                       \
        __asm__("" : "+r"(p0), "+r"(p3)); /* keep them apart */                                              \
        if (mr > 6) {                                                                                        \
            p6 += (count);                                                                                   \
            __asm__("" : "+r"(p6));                                                                          \
        }                                                                                                    \
        if (mr > 9) {                                                                                        \
            p9 += (count);                                                                                   \
            __asm__("" : "+r"(p9));                                                                          \
        }                                                                                                    \
        if (mr > 12) {                                                                                       \
            p12 += (count);                                                                                  \
            __asm__("" : "+r"(p12));                                                                         \
        }                                                                                                    \
    } while (0)

    for (int64_t run = 0; run < (form != FORM_ANY ? 1 : t->runs); run++) {
        const float *p0 = a + t->run_offsets[run], *p3 = p0, *p6 = p0, *p9 = p0, *p12 = p0;
        int64_t k = t->k;

        p3 += mr > 3 ? 3 * lda : 0;
        p6 += mr > 6 ? 6 * lda : 0;
        p9 += mr > 9 ? 9 * lda : 0;
        p12 += mr > 12 ? 12 * lda : 0;
        for (; k >= 4; k -= 4) {
            STEPS(4);
        }
        for (; k > 0; k--) {
            STEPS(1);
        }
    }
#undef STEPS
#undef ROW
    tile_end(mr, nv, form, t, at, sum);
}

#if SIMD_LANES == 8
/* Twelve sums, the weights and a broadcast fill the sixteen registers, and gcc then spills or copies in every
 * step. So the fullest tiles name theirs. A is the address of row r at step u. */
#define ASM_ROW_2(A, x, r)                                                                                   \
    "vbroadcastss " A ", %%ymm" x "\n\t"                                                                     \
    "vfmadd231ps %%ymm12, %%ymm" x ", %[s" r "0]\n\t"                                                        \
    "vfmadd231ps %%ymm13, %%ymm" x ", %[s" r "1]\n\t"
#define ASM_ROW_3(A, r)                                                                                      \
    "vbroadcastss " A ", %%ymm15\n\t"                                                                        \
    "vfmadd231ps %%ymm12, %%ymm15, %[s" r "0]\n\t"                                                           \
    "vfmadd231ps %%ymm13, %%ymm15, %[s" r "1]\n\t"                                                           \
    "vfmadd231ps %%ymm14, %%ymm15, %[s" r "2]\n\t"
#define ASM_STEP_5x2(u)                                                                                      \
    "vmovups " #u "*64(%[b]), %%ymm12\n\t"                                                                   \
    "vmovups " #u "*64+32(%[b]), %%ymm13\n\t" ASM_ROW_2(#u "*4(%[p0])", "14", "0")                           \
        ASM_ROW_2(#u "*4(%[p0],%[lda],4)", "15", "1") ASM_ROW_2(#u "*4(%[p0],%[lda],8)", "14", "2")          \
            ASM_ROW_2(#u "*4(%[p3])", "15", "3") ASM_ROW_2(#u "*4(%[p3],%[lda],4)", "14", "4")
#define ASM_STEP_6x2(u) ASM_STEP_5x2(u) ASM_ROW_2(#u "*4(%[p3],%[lda],8)", "15", "5")
#define ASM_STEP_4x3(u)                                                                                      \
    "vmovups " #u "*64(%[b]), %%ymm12\n\t"                                                                   \
    "vmovups " #u "*64+32(%[b]), %%ymm13\n\t"                                                                \
    "vmovups " #u "*64(%[b_next]), %%ymm14\n\t" ASM_ROW_3(#u "*4(%[p0])", "0")                               \
        ASM_ROW_3(#u "*4(%[p0],%[lda],4)", "1") ASM_ROW_3(#u "*4(%[p0],%[lda],8)", "2")                      \
            ASM_ROW_3(#u "*4(%[p3])", "3")

#define ASM_SUM(r, v)  [s##r##v] "+x"(sum[r][v])
#define ASM_SUMS_2(r)  ASM_SUM(r, 0), ASM_SUM(r, 1)
#define ASM_SUMS_3(r)  ASM_SUM(r, 0), ASM_SUM(r, 1), ASM_SUM(r, 2)
#define ASM_SUMS_5x2() ASM_SUMS_2(0), ASM_SUMS_2(1), ASM_SUMS_2(2), ASM_SUMS_2(3), ASM_SUMS_2(4)
#define ASM_SUMS_6x2() ASM_SUMS_5x2(), ASM_SUMS_2(5)
#define ASM_SUMS_4x3() ASM_SUMS_3(0), ASM_SUMS_3(1), ASM_SUMS_3(2), ASM_SUMS_3(3)

#define ASM_NEXT_5x2()
#define ASM_NEXT_6x2()
#define ASM_NEXT_4x3() , [b_next] "r"(b_next)

#define ASM_STEPS(tile, steps)                                                                               \
    __asm__ volatile(steps                                                                                   \
                     : ASM_SUMS_##tile()                                                                     \
                     : [b] "r"(b), [p0] "r"(p0), [p3] "r"(p3), [lda] "r"(lda)ASM_NEXT_##tile()               \
                     : "xmm12", "xmm13", "xmm14", "xmm15", "memory")

#define NAMED(mr, nv)                                                                                        \
    SIMD_INLINE void tile_##mr##x##nv(const enum form form, const struct sweep *t, const struct corner *at)  \
    {                                                                                                        \
        const float *b = at->b, *b_next = b + t->panel;                                                      \
        ptrdiff_t lda = t->lda;                                                                              \
        tile_sums sum;                                                                                       \
                                                                                                             \
        (void)b_next;                                                                                        \
        tile_begin(mr, nv, form, t, at, sum);                                                                \
        for (int64_t run = 0; run < (form != FORM_ANY ? 1 : t->runs); run++) {                               \
            const float *p0 = at->a + t->run_offsets[run], *p3 = p0 + 3 * lda;                               \
            int64_t k = t->k;                                                                                \
                                                                                                             \
            for (; k >= 4; k -= 4, b += 4 * TILE_NR, p0 += 4, p3 += 4) {                                     \
                ASM_STEPS(mr##x##nv, ASM_STEP_##mr##x##nv(0) ASM_STEP_##mr##x##nv(1) ASM_STEP_##mr##x##nv(2) \
                                         ASM_STEP_##mr##x##nv(3));                                           \
                b_next += 4 * TILE_NR;                                                                       \
            }                                                                                                \
            for (; k > 0; k--, b += TILE_NR, p0++, p3++) {                                                   \
                ASM_STEPS(mr##x##nv, ASM_STEP_##mr##x##nv(0));                                               \
                b_next += TILE_NR;                                                                           \
            }                                                                                                \
        }                                                                                                    \
        tile_end(mr, nv, form, t, at, sum);                                                                  \
    }

NAMED(5, 2)
NAMED(6, 2)
NAMED(4, 3)
#endif

/* Few rows: the sums of one row are too few to hide the latency of the FMA, so several steps of k have sums
 * of their own; and the weights come from far away, so they are prefetched. */
#define THIN_MR    (SIMD_LANES == 16 ? 4 : 3)
#define THIN_AHEAD 1024 /* floats */

SIMD_INLINE void tile_thin(const int mr, const int nv, const int depth, const struct sweep *t,
                           const struct corner *at)
{
    const float *a = at->a, *b = at->b, *b_next = b + t->panel;
    ptrdiff_t lda = t->lda;
    tile_sums first, sum[4];

    (void)b_next;
    tile_begin(mr, nv, FORM_ANY, t, at, first);
    UNROLL
    for (int u = 0; u < depth; u++) {
        UNROLL
        for (int r = 0; r < mr; r++) {
            UNROLL
            for (int v = 0; v < nv; v++) {
                sum[u][r][v] = vf_zero();
            }
        }
    }
    for (int64_t run = 0; run < t->runs; run++) {
        const float *p = a + t->run_offsets[run];
        int64_t k = 0;

        for (; k + depth <= t->k; k += depth) {
            UNROLL
            for (int u = 0; u < depth; u++) {
                UNROLL
                for (int line = 0; line < TILE_NR; line += 16) {
                    __builtin_prefetch(b + u * TILE_NR + THIN_AHEAD + line);
                }
                UNROLL
                for (int r = 0; r < mr; r++) {
                    vf x = vf_set1(p[r * lda + u]);

                    UNROLL
                    for (int v = 0; v < nv; v++) {
                        sum[u][r][v] = vf_fma(x, WEIGHTS(u, v), sum[u][r][v]);
                    }
                }
            }
            b += depth * TILE_NR;
            b_next += depth * TILE_NR;
            p += depth;
        }
        for (; k < t->k; k++) {
            UNROLL
            for (int r = 0; r < mr; r++) {
                vf x = vf_set1(p[r * lda]);

                UNROLL
                for (int v = 0; v < nv; v++) {
                    sum[0][r][v] = vf_fma(x, WEIGHTS(0, v), sum[0][r][v]);
                }
            }
            b += TILE_NR;
            b_next += TILE_NR;
            p++;
        }
    }
    UNROLL
    for (int r = 0; r < mr; r++) {
        UNROLL
        for (int v = 0; v < nv; v++) {
            UNROLL
            for (int u = 0; u < depth; u++) {
                first[r][v] = vf_add(first[r][v], sum[u][r][v]);
            }
        }
    }
    tile_end(mr, nv, FORM_ANY, t, at, first);
}

#if SIMD_LANES == 16
#define THIN_DEPTH(mr) ((mr) <= 2 ? 4 : 2)
#else
#define THIN_DEPTH(mr) ((mr) == 1 ? 4 : 2)
#endif

#define THIN(mr, nv)                                                                                         \
    static void sweep_##mr##x##nv(const struct sweep *t, struct corner at)                                   \
    {                                                                                                        \
        for (int64_t i = 0; i < t->count; i++) {                                                             \
            tile_thin(mr, nv, THIN_DEPTH(mr), t, &at);                                                       \
            next_tile(t, &at);                                                                               \
        }                                                                                                    \
    }
#define SWEEP(mr, nv, TILE_OF)                                                                               \
    static void sweep_##mr##x##nv(const struct sweep *t, struct corner at)                                   \
    {                                                                                                        \
        switch (t->form) {                                                                                   \
        case FORM_ANY:                                                                                       \
            for (int64_t i = 0; i < t->count; i++, next_tile(t, &at)) {                                      \
                TILE_OF(mr, nv, FORM_ANY);                                                                   \
            }                                                                                                \
            break;                                                                                           \
        case FORM_CLAMP:                                                                                     \
            for (int64_t i = 0; i < t->count; i++, next_tile(t, &at)) {                                      \
                TILE_OF(mr, nv, nv < TILE_NV ? FORM_ANY : FORM_CLAMP);                                       \
            }                                                                                                \
            break;                                                                                           \
        case FORM_ADD_CLAMP:                                                                                 \
            for (int64_t i = 0; i < t->count; i++, next_tile(t, &at)) {                                      \
                TILE_OF(mr, nv, nv < TILE_NV ? FORM_ANY : FORM_ADD_CLAMP);                                   \
            }                                                                                                \
            break;                                                                                           \
        }                                                                                                    \
    }
#define WIDE_TILE(mr, nv, form)  tile_wide(mr, nv, form, t, &at)
#define NAMED_TILE(mr, nv, form) tile_##mr##x##nv(form, t, &at)
#define WIDE(mr, nv)             SWEEP(mr, nv, WIDE_TILE)
#define SWEEP_NAMED(mr, nv)      SWEEP(mr, nv, NAMED_TILE)

#if SIMD_LANES == 16
#define EACH_TILE(TILE, THIN, FULL, nv)                                                                      \
    THIN(1, nv)                                                                                              \
    THIN(2, nv)                                                                                              \
    THIN(3, nv)                                                                                              \
    THIN(4, nv)                                                                                              \
    TILE(5, nv)                                                                                              \
    TILE(6, nv)                                                                                              \
    TILE(7, nv)                                                                                              \
    TILE(8, nv)                                                                                              \
    TILE(9, nv)                                                                                              \
    TILE(10, nv)                                                                                             \
    TILE(11, nv)                                                                                             \
    TILE(12, nv)                                                                                             \
    TILE(13, nv)                                                                                             \
    TILE(14, nv)
#elif SIMD_LANES == 8
#define EACH_TILE(TILE, THIN, FULL, nv)                                                                      \
    THIN(1, nv)                                                                                              \
    THIN(2, nv)                                                                                              \
    THIN(3, nv)                                                                                              \
    TILE(4, nv)                                                                                              \
    FULL(5, nv)                                                                                              \
    FULL(6, nv)
#else
#define EACH_TILE(TILE, THIN, FULL, nv)                                                                      \
    TILE(1, nv)                                                                                              \
    TILE(2, nv)                                                                                              \
    TILE(3, nv)                                                                                              \
    TILE(4, nv)
#endif

#define EACH_TILE_BEYOND(TILE, THIN, FULL, nv)                                                               \
    THIN(1, nv)                                                                                              \
    THIN(2, nv)                                                                                              \
    TILE(3, nv)                                                                                              \
    FULL(4, nv)

#define ENTRY(mr, nv) [mr - 1] = sweep_##mr##x##nv,

EACH_TILE(WIDE, THIN, WIDE, 1)
#if SIMD_LANES == 8
EACH_TILE(WIDE, THIN, SWEEP_NAMED, 2)
#else
EACH_TILE(WIDE, THIN, WIDE, 2)
#endif
#if TILE_NV == 4
EACH_TILE(WIDE, THIN, WIDE, 3)
EACH_TILE(WIDE, THIN, WIDE, 4)
#elif TILE_MAX_NV == 3
EACH_TILE_BEYOND(WIDE, THIN, SWEEP_NAMED, 3)
#endif

static sweep_fn *const sweeps[TILE_MAX_NV][TILE_MR] = {
    {EACH_TILE(ENTRY, ENTRY, ENTRY, 1)},        {EACH_TILE(ENTRY, ENTRY, ENTRY, 2)},
#if TILE_MAX_NV == 3
    {EACH_TILE_BEYOND(ENTRY, ENTRY, ENTRY, 3)},
#endif
#if TILE_NV == 4
    {EACH_TILE(ENTRY, ENTRY, ENTRY, 3)},        {EACH_TILE(ENTRY, ENTRY, ENTRY, 4)},
#endif
};

static const float zeros[TILE_MAX_NV * SIMD_LANES];

static ptrdiff_t batch_offset(const ptrdiff_t strides[CPU_BATCH_DIMS], const int64_t index[CPU_BATCH_DIMS])
{
    ptrdiff_t offset = 0;

    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        offset += strides[i] * index[i];
    }
    return offset;
}

#define EACH_ELEMENT(expression)                                                                             \
    do {                                                                                                     \
        for (int64_t r = 0; r < rows; r++) {                                                                 \
            float *row = y + r * ldy;                                                                        \
            int64_t c = 0;                                                                                   \
                                                                                                             \
            for (; c + SIMD_LANES <= cols; c += SIMD_LANES) {                                                \
                vf acc = vf_load(row + c);                                                                   \
                                                                                                             \
                vf_store(row + c, expression);                                                               \
            }                                                                                                \
            if (c < cols) {                                                                                  \
                vf acc = vf_load_m(row + c, tail);                                                           \
                                                                                                             \
                vf_store_m(row + c, expression, tail);                                                       \
            }                                                                                                \
        }                                                                                                    \
    } while (0)

static void apply_unary(const struct cpu_epilogue_step *step, int64_t rows, int64_t cols, float *y,
                        ptrdiff_t ldy)
{
    vm tail = vm_first((int)(cols % SIMD_LANES));
    float a = step->a, b = step->b;

    switch (step->kind) {
#define CASE(kind)                                                                                           \
    case kind: EACH_ELEMENT(post_unary(kind, acc, a, b)); break;
        POST_EACH_UNARY(CASE)
#undef CASE
    default: break;
    }
}

/* relu: the step is an addition and a relu follows, the end of a residual block. */
static void apply_binary(const struct cpu_epilogue_step *step, const float *src, bool relu, int64_t rows,
                         int64_t cols, float *y, ptrdiff_t ldy)
{
    vm tail = vm_first((int)(cols % SIMD_LANES));
    bool vector = step->col_stride != 0;

#define OPERAND                                                                                              \
    (!vector                  ? vf_set1(src[r * step->row_stride])                                           \
     : c + SIMD_LANES <= cols ? vf_load(src + r * step->row_stride + c)                                      \
                              : vf_load_m(src + r * step->row_stride + c, tail))
    if (relu) {
        EACH_ELEMENT(vf_max(vf_zero(), vf_add(acc, OPERAND)));
        return;
    }
    switch (step->kind) {
#define CASE(kind)                                                                                           \
    case kind: EACH_ELEMENT(post_binary(kind, acc, OPERAND)); break;
        POST_EACH_BINARY(CASE)
#undef CASE
    default: break;
    }
#undef OPERAND
}

static void apply_steps(const struct gemm_block *block, int from, int64_t row, int64_t col, int64_t rows,
                        int64_t cols, float *y, ptrdiff_t ldy)
{
    for (int i = from; i < block->post->step_count; i++) {
        const struct cpu_epilogue_step *step = &block->post->steps[i];

        if (step->kind >= VT_POST_FIRST_UNARY) {
            apply_unary(step, rows, cols, y, ldy);
        } else {
            const float *src = step->src + batch_offset(step->batch, block->batch);
            bool relu =
                step->kind == VT_POST_ADD && i + 1 < block->post->step_count && step[1].kind == VT_POST_RELU;

            src += (block->row + row) * step->row_stride + (block->col + col) * step->col_stride;
            apply_binary(step, src, relu, rows, cols, y, ldy);
            i += relu;
        }
    }
}

void CPU_NAME(gemm_epilogue)(const struct gemm_block *block, int from)
{
    if (block->post) {
        apply_steps(block, from, 0, 0, block->lines * block->m, block->n, block->y, block->ldy);
    }
}

/* The commonest programs are done in registers: an addition, a relu or clamp, or the one and then the other.
 * Returns the first step that is left. */
static int take_steps(const struct gemm_block *block, struct sweep *t, const float **add)
{
    const struct cpu_epilogue_step *step = block->post ? block->post->steps : NULL;
    int count = block->last && block->post ? block->post->step_count : 0, i = 0;

    *add = NULL;
    t->finish = FINISH_NONE;
    t->low = -INFINITY;
    t->high = INFINITY;
    if (i < count && step[i].kind == VT_POST_ADD && step[i].col_stride == 1) {
        *add = step[i].src + batch_offset(step[i].batch, block->batch) + block->row * step[i].row_stride +
               block->col;
        t->add_ld = step[i].row_stride;
        t->finish = FINISH_ADD_CLAMP;
        i++;
    }
    if (i < count && (step[i].kind == VT_POST_RELU || step[i].kind == VT_POST_CLAMP)) {
        bool relu = step[i].kind == VT_POST_RELU;

        t->low = relu ? 0 : step[i].a;
        t->high = relu ? INFINITY : step[i].b;
        t->finish = *add ? FINISH_ADD_CLAMP : FINISH_CLAMP;
        i++;
    }
    return i;
}

/* Rows that lie a multiple of 2 KiB apart share few sets of the first-level cache: then fewer rows a tile. */
static int64_t tile_rows(const struct gemm_block *block, int64_t nv)
{
    bool crowded = block->lda * (ptrdiff_t)sizeof(float) % 2048 == 0;

    return nv > TILE_NV ? 4 : crowded && TILE_MR > 8 ? TILE_MR / 2 : TILE_MR;
}

/* Columns [n0, n1) of a block, one tile's width. */
struct columns {
    const struct gemm_block *block;
    const float *bias, *add; /* of the block's first result, or NULL */
    int from;                /* first step that tiles do not do themselves */
    int64_t n0, n1;
};

/* `count` tiles of mr rows each, from row m0 of a line on: one sweep, or one each where steps follow. */
static void sweep_rows(const struct columns *c, struct sweep *t, int64_t line, int64_t m0, int64_t mr,
                       int64_t count)
{
    const struct gemm_block *block = c->block;
    int64_t nv = ceil_div(c->n1 - c->n0, SIMD_LANES), row = line * block->m + m0;
    bool steps = block->last && block->post && c->from < block->post->step_count;
    struct corner at = {
        .a = block->a + line * block->a_line + m0 * block->lda,
        .b = block->w + c->n0 / TILE_NR * block->panel,
        .bias = c->bias ? c->bias + c->n0 : zeros,
        .add = c->add ? c->add + row * t->add_ld + c->n0 : zeros,
        .y = block->y + row * block->ldy + c->n0,
    };

    t->a_step = mr * block->lda;
    t->y_step = mr * block->ldy;
    t->add_step = c->add ? mr * t->add_ld : 0;
    t->count = steps ? 1 : count;
    sweeps[nv - 1][mr - 1](t, at);
    for (int64_t i = 0; steps && i < count; i++) {
        apply_steps(block, c->from, row + i * mr, c->n0, mr, c->n1 - c->n0, at.y, block->ldy);
        next_tile(t, &at);
        if (i + 1 < count) {
            sweeps[nv - 1][mr - 1](t, at);
        }
    }
}

static void run_columns(const struct columns *c, struct sweep *t)
{
    int64_t m = c->block->m, nv = ceil_div(c->n1 - c->n0, SIMD_LANES);
    int64_t parts = ceil_div(m, tile_rows(c->block, nv)), mr = parts ? m / parts : 0;
    int64_t larger = parts ? m % parts : 0;

    t->tail = (int)(c->n1 - c->n0 - (nv - 1) * SIMD_LANES);
    t->form = FORM_ANY;
    if (t->runs == 1 && t->first && t->tail == SIMD_LANES && nv >= TILE_NV) {
        t->form = t->finish == FINISH_ADD_CLAMP ? FORM_ADD_CLAMP : FORM_CLAMP;
    }
    for (int64_t line = 0; line < c->block->lines && parts; line++) {
        if (larger) {
            sweep_rows(c, t, line, 0, mr + 1, larger);
        }
        sweep_rows(c, t, line, larger * (mr + 1), mr, parts - larger);
    }
}

void CPU_NAME(gemm_block)(const struct gemm_block *block)
{
    struct sweep t = {.runs = block->runs,
                      .k = block->k,
                      .run_offsets = block->run_offsets,
                      .lda = block->lda,
                      .ldy = block->ldy,
                      .panel = block->panel,
                      .first = block->first};
    struct columns c = {.block = block};

    if (block->first && block->post && block->post->bias) {
        c.bias = block->post->bias + block->col;
    }
    c.from = take_steps(block, &t, &c.add);
    for (c.n0 = 0; c.n0 < block->n; c.n0 = c.n1) {
        /* a lone vector behind the last whole panel goes together with it where tiles of three are */
        c.n1 = min_i64(c.n0 + TILE_NR, block->n);
        if (TILE_MAX_NV > TILE_NV && block->n - c.n0 <= TILE_MAX_NV * SIMD_LANES) {
            c.n1 = block->n;
        }
        run_columns(&c, &t);
    }
}

/* --- packing --- */

static void load_elements(float *dst, const void *data, enum cpu_src_type type, int64_t first, int64_t stride,
                          int64_t count)
{
    if (type == CPU_SRC_F32) {
        const char *p = (const char *)data + first * 4;

        if (stride == 1) {
            memcpy(dst, p, (size_t)count * 4);
            return;
        }
        for (int64_t i = 0; i < count; i++) {
            memcpy(&dst[i], p + i * stride * 4, 4);
        }
    } else {
        const char *p = (const char *)data + first * 2;
        uint16_t h;

        for (int64_t i = 0; i < count; i++) {
            memcpy(&h, p + i * stride * 2, 2);
            dst[i] = type == CPU_SRC_F16 ? simd_f16_to_f32(h) : simd_bf16_to_f32(h);
        }
    }
}

#if SIMD_LANES >= 8
/* dst[j * dst_ld + i] = src[i * src_ld + j] for i, j below 8. */
SIMD_INLINE void transpose_8x8(float *dst, ptrdiff_t dst_ld, const float *src, ptrdiff_t src_ld)
{
    __m256 a[8], b[8];

    UNROLL
    for (int i = 0; i < 8; i++) {
        a[i] = _mm256_loadu_ps(src + i * src_ld);
    }
    UNROLL
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    UNROLL
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
        a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
        a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
        a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(dst + i * dst_ld, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_storeu_ps(dst + (i + 4) * dst_ld, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}

#if SIMD_LANES == 16
/* Sixteen pixels of three planes: two shuffles for each of the three vectors. */
SIMD_INLINE void interleave_3x16(float *dst, const float *src, ptrdiff_t src_ld)
{
    /* places in r, g (from 16 on), then in the result and b; element e of the output is pixel e / 3 */
    const vi rg0 = _mm512_setr_epi32(0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    const vi rg1 = _mm512_setr_epi32(21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    const vi rg2 = _mm512_setr_epi32(0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    const vi b0 = _mm512_setr_epi32(0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0);
    const vi b1 = _mm512_setr_epi32(0, 5, 0, 0, 6, 0, 0, 7, 0, 0, 8, 0, 0, 9, 0, 0);
    const vi b2 = _mm512_setr_epi32(10, 0, 0, 11, 0, 0, 12, 0, 0, 13, 0, 0, 14, 0, 0, 15);
    vf r = vf_load(src), g = vf_load(src + src_ld), b = vf_load(src + 2 * src_ld);

    /* b's places: every third element, from 2, 1 and 0 on */
    vf_store(dst, _mm512_mask_permutexvar_ps(_mm512_permutex2var_ps(r, rg0, g), 0x4924, b0, b));
    vf_store(dst + 16, _mm512_mask_permutexvar_ps(_mm512_permutex2var_ps(r, rg1, g), 0x2492, b1, b));
    vf_store(dst + 32, _mm512_mask_permutexvar_ps(_mm512_permutex2var_ps(r, rg2, g), 0x9249, b2, b));
}
#endif

/* Three or four planes into pixels. Pixels are written as four floats each; with three of them the fourth is
 * overwritten by the next pixel, so the last one goes apart. */
static void interleave(float *dst, const float *src, ptrdiff_t src_ld, int64_t planes, int64_t cols)
{
    const float *last = src + (planes == 4 ? 3 * src_ld : 0);
    int64_t j = 0;

#if SIMD_LANES == 16
    for (; planes == 3 && j + 16 <= cols; j += 16) {
        interleave_3x16(dst + j * 3, src + j, src_ld);
    }
#endif
    for (; j + 5 <= cols; j += 4) {
        __m128 r0 = _mm_loadu_ps(src + j), r1 = _mm_loadu_ps(src + src_ld + j);
        __m128 r2 = _mm_loadu_ps(src + 2 * src_ld + j), r3 = _mm_loadu_ps(last + j);

        _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
        _mm_storeu_ps(dst + j * planes, r0);
        _mm_storeu_ps(dst + (j + 1) * planes, r1);
        _mm_storeu_ps(dst + (j + 2) * planes, r2);
        _mm_storeu_ps(dst + (j + 3) * planes, r3);
    }
    for (; j < cols; j++) {
        for (int64_t i = 0; i < planes; i++) {
            dst[j * planes + i] = src[i * src_ld + j];
        }
    }
}
#endif

void CPU_NAME(gemm_transpose)(float *dst, ptrdiff_t dst_ld, const float *src, ptrdiff_t src_ld, int64_t rows,
                              int64_t cols)
{
    int64_t i = 0;

#if SIMD_LANES >= 8
    if ((rows == 3 || rows == 4) && dst_ld == rows) {
        interleave(dst, src, src_ld, rows, cols);
        return;
    }
    for (; i + 8 <= rows; i += 8) {
        int64_t j = 0;

        for (; j + 8 <= cols; j += 8) {
            transpose_8x8(dst + j * dst_ld + i, dst_ld, src + i * src_ld + j, src_ld);
        }
        for (; j < cols; j++) {
            for (int64_t r = i; r < i + 8; r++) {
                dst[j * dst_ld + r] = src[r * src_ld + j];
            }
        }
    }
#endif
    for (; i < rows; i++) {
        for (int64_t j = 0; j < cols; j++) {
            dst[j * dst_ld + i] = src[i * src_ld + j];
        }
    }
}

/* Columns of weights are runs over k in the source: converted piece by piece, then turned. */
static void pack_columns(float *dst, const struct cpu_weights_src *src, int64_t n0, int64_t nr, int64_t k0,
                         int64_t k)
{
    enum { PIECE = 64 };
    float piece[TILE_NR * PIECE];
    bool direct = src->type == CPU_SRC_F32 && src->k_stride == 1 && (uintptr_t)src->data % sizeof(float) == 0;

    for (int64_t kk = 0; kk < k; kk += PIECE) {
        int64_t count = min_i64(PIECE, k - kk);
        const float *from = piece;
        ptrdiff_t from_ld = PIECE;

        if (direct) {
            from = (const float *)src->data + n0 * src->n_stride + k0 + kk;
            from_ld = src->n_stride;
        } else {
            for (int64_t i = 0; i < nr; i++) {
                load_elements(piece + i * PIECE, src->data, src->type,
                              (n0 + i) * src->n_stride + (k0 + kk) * src->k_stride, src->k_stride, count);
            }
        }
        CPU_NAME(gemm_transpose)(dst + kk * TILE_NR, TILE_NR, from, from_ld, nr, count);
    }
}

void CPU_NAME(gemm_pack_panel)(float *dst, const struct cpu_weights_src *src, int64_t n0, int64_t nr,
                               int64_t k0, int64_t k)
{
    if (src->n_stride == 1) {
        for (int64_t i = 0; i < k; i++) {
            load_elements(dst + i * TILE_NR, src->data, src->type, n0 + (k0 + i) * src->k_stride, 1, nr);
        }
    } else {
        pack_columns(dst, src, n0, nr, k0, k);
    }
    if (nr == TILE_NR && !src->scale) {
        return;
    }
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; src->scale && j < nr; j++) {
            dst[i * TILE_NR + j] *= src->scale[n0 + j];
        }
        for (int64_t j = nr; j < TILE_NR; j++) {
            dst[i * TILE_NR + j] = 0;
        }
    }
}
