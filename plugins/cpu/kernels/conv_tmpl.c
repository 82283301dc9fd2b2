#include "conv.h"

#include "gemm_tile.h"

/* A convolution is a matrix product whose rows are output pixels. There are three ways to come by the rows:
 *
 * matrix    A 1x1 convolution of stride 1: the input is the matrix.
 * in place  The pixels of an output line lie at equal distances in the input, and each kernel line is one run
 * of taps and channels (or each tap a run of channels). Where there is padding, or the input is NCHW, the
 * lines that a block needs are first copied into scratch with their borders. gathered  Where output lines are
 * too short for tiles, the rows of a block are written out ([row][tap][channel]).
 *
 * A transposed convolution falls into prod(stride) phases: outputs that are congruent modulo the stride use
 * the same taps, and within a phase it is a dense convolution of stride 1; its rows are gathered. */

/* One spatial dim of a gathering: input index = row * step + offset + tap * pitch. */
struct axis {
    int64_t in, rows, step, taps, offset, pitch;
};

struct gather {
    struct axis axis[CPU_CONV_DIMS];
    const float *x;               /* first channel of the group at index 0 of every dim */
    ptrdiff_t pixel, line, plane; /* floats between neighbours in w, h, d */
    int64_t channels;             /* of the group */
};

SIMD_INLINE float *put_zeros(float *dst, int64_t count)
{
    for (int64_t i = 0; i < count; i += SIMD_LANES) {
        vf_store(dst + i, vf_zero());
    }
    return dst + count;
}

/* Writes up to a vector more than `count`; reads no more. */
SIMD_INLINE float *put_copy(float *dst, const float *src, int64_t count)
{
    int64_t i = 0;

    for (; i + SIMD_LANES <= count; i += SIMD_LANES) {
        vf_store(dst + i, vf_load(src + i));
    }
    if (i < count) {
        vf_store(dst + i, vf_load_n(src + i, (int)(count - i)));
    }
    return dst + count;
}

static int64_t clamp_i64(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Elements [lo, hi) of the taps along w of one line; `line` is that line of the input, w0 the index of tap 0.
 */
static float *gather_line(float *dst, const struct gather *g, const float *line, int64_t w0, int64_t lo,
                          int64_t hi)
{
    const struct axis *w = &g->axis[2];
    int64_t c = g->channels;

    if (w->pitch == 1 && g->pixel == c) { /* the taps are one run */
        int64_t from = clamp_i64(-w0 * c, lo, hi), to = clamp_i64((w->in - w0) * c, from, hi);

        dst = put_zeros(dst, from - lo);
        dst = put_copy(dst, line + w0 * c + from, to - from);
        return put_zeros(dst, hi - to);
    }
    while (lo < hi) {
        int64_t tap = lo / c, end = min_i64(hi, (tap + 1) * c), index = w0 + tap * w->pitch;

        if (index < 0 || index >= w->in) {
            dst = put_zeros(dst, end - lo);
        } else {
            dst = put_copy(dst, line + index * g->pixel + (lo - tap * c), end - lo);
        }
        lo = end;
    }
    return dst;
}

/* Elements [k0, k1) of the row at (d, h, w). */
static void gather_row(float *dst, const struct gather *g, const int64_t at[CPU_CONV_DIMS], int64_t k0,
                       int64_t k1)
{
    const struct axis *ax = g->axis;
    int64_t run = ax[2].taps * g->channels, w0 = at[2] * ax[2].step + ax[2].offset;

    for (int64_t line = k0 / run; line * run < k1; line++) {
        int64_t d = at[0] * ax[0].step + ax[0].offset + line / ax[1].taps * ax[0].pitch;
        int64_t h = at[1] * ax[1].step + ax[1].offset + line % ax[1].taps * ax[1].pitch;
        int64_t lo = max_i64(k0 - line * run, 0), hi = min_i64(k1 - line * run, run);

        if (d < 0 || d >= ax[0].in || h < 0 || h >= ax[1].in) {
            dst = put_zeros(dst, hi - lo);
        } else {
            const float *x = g->x + d * g->plane + h * g->line;

            dst = gather_line(dst, g, x, w0, lo, hi);
        }
    }
}

static void row_position(const struct gather *g, int64_t row, int64_t at[CPU_CONV_DIMS])
{
    at[2] = row % g->axis[2].rows;
    row /= g->axis[2].rows;
    at[1] = row % g->axis[1].rows;
    at[0] = row / g->axis[1].rows;
}

static void next_position(const struct gather *g, int64_t at[CPU_CONV_DIMS])
{
    if (++at[2] == g->axis[2].rows) {
        at[2] = 0;
        if (++at[1] == g->axis[1].rows) {
            at[1] = 0;
            at[0]++;
        }
    }
}

static void gather_rows(float *dst, ptrdiff_t ld, const struct gather *g, int64_t row, int64_t rows,
                        int64_t k0, int64_t k1)
{
    int64_t at[CPU_CONV_DIMS];

    row_position(g, row, at);
    for (int64_t i = 0; i < rows && k0 < k1; i++) {
        gather_row(dst + i * ld, g, at, k0, k1);
        next_position(g, at);
    }
}

/* Rows of the gathered block do not lie a multiple of 2 KiB apart, where they would share sets of the cache.
 */
static int64_t gathered_ld(int64_t k)
{
    int64_t ld = ceil_div(k, 16) * 16;

    return ld % 512 == 0 ? ld + 16 : ld;
}

/* Gathered rows, and the vector that the last copy may write too much. */
static size_t gathered_floats(int64_t rows, int64_t k)
{
    return (size_t)(rows * gathered_ld(k) + 16);
}

static int64_t product(const int64_t v[CPU_CONV_DIMS])
{
    return v[0] * v[1] * v[2];
}

/* --- convolution --- */

#define MAX_ROWS 1024 /* of a block: a task and a sweep cost as much as some tiles of few channels */

enum way { WAY_MATRIX, WAY_IN_PLACE, WAY_GATHERED };

/* In place: a block is some lines of one plane of outputs, or a part of one line. */
struct place {
    bool copied;            /* the block's input lines are in scratch */
    bool joined;            /* the taps of a kernel line are one run */
    int64_t lines, columns; /* of outputs, in a block */
    int64_t line_blocks, column_blocks;
    int64_t runs, run; /* number and length */
    int64_t in_lines, in_columns;
    ptrdiff_t pixel, line, plane;
};

struct conv_plan {
    enum way way;
    int64_t rows; /* output pixels of an image */
    int64_t k, icg, ocg;
    struct gemm_plan cut;
    struct place place;
    size_t floats; /* scratch: gathered rows or copied lines */
};

/* Gathering pays only where many columns share it, so a task takes all panels when blocks of rows are many.
 */
static struct gemm_plan cut_gathered(int64_t m, int64_t n, int64_t k, int64_t others)
{
    struct gemm_plan p = {.panels = ceil_div(n, TILE_NR), .k_block = k_block(k)};
    int64_t tiles = ceil_div(m, TILE_MR), rows, block_work, wanted;

    if (m == 0 || n == 0) {
        return (struct gemm_plan){.k_block = 1};
    }
    p.m_blocks = ceil_div(tiles, clamp_i64(L2_FLOATS / p.k_block / TILE_MR, 1, 16));
    /* small images: rather more blocks of rows than one, as long as each is worth a task */
    rows = ceil_div(m, p.m_blocks);
    block_work = rows * p.panels * TILE_NR * max_i64(k, 1);
    if (p.m_blocks * others < 16 && p.panels < 8) {
        wanted = min_i64(ceil_div(16, others), p.m_blocks * block_work / (256 * 1024));
        p.m_blocks = clamp_i64(wanted, p.m_blocks, tiles);
    }
    wanted = ceil_div(16, p.m_blocks * others);
    p.n_blocks = clamp_i64(wanted, 1, ceil_div(p.panels * TILE_NR, p.m_blocks * others < 8 ? 64 : 128));
    return p;
}

/* Positions along one dim that `outputs` neighbouring outputs read, holes of strides and dilations included.
 */
static int64_t reach(const struct cpu_conv_shape *s, int dim, int64_t outputs)
{
    return (outputs - 1) * s->stride[dim] + (s->kernel[dim] - 1) * s->dilation[dim] + 1;
}

static bool needs_copy(const struct cpu_conv_shape *s)
{
    bool outside = s->x_planar;

    for (int i = 0; i < CPU_CONV_DIMS; i++) {
        outside = outside || s->pad[i] != 0 || reach(s, i, s->out[i]) > s->in[i];
    }
    return outside;
}

#define PLACE_ROWS   (16 * TILE_MR) /* of a block, when lines are short */
#define PLACE_FLOATS (64 * 1024)    /* of copied lines */

/* How many lines and columns of outputs a block has. Sixteen blocks share out well, but four tiles are the
 * least. */
static void size_place(struct place *p, const struct cpu_conv_shape *s)
{
    int64_t least = ceil_div(4 * TILE_MR, s->out[2]), images = max_i64(1, s->batch * s->groups * s->out[0]);

    p->columns = s->out[2];
    p->lines = clamp_i64(PLACE_ROWS / p->columns, 1, s->out[1]);
    if (p->copied) {
        int64_t fit = PLACE_FLOATS / (s->kernel[0] * p->pixel), width = reach(s, 2, p->columns);

        /* lines share their halo, so many are good as long as they stay in the cache */
        p->lines = clamp_i64((fit / width - reach(s, 1, 1)) / s->stride[1] + 1, 1, 2 * p->lines);
        if (reach(s, 1, 1) * width > fit) {
            width = max_i64(fit / reach(s, 1, 1), reach(s, 2, 2 * TILE_MR));
            p->columns = clamp_i64((width - reach(s, 2, 1)) / s->stride[2] + 1, 1, p->columns);
        }
    }
    p->lines = min_i64(p->lines, max_i64(least, ceil_div(s->out[1] * images, 16)));
    p->lines = min_i64(p->lines, s->out[1]);
    p->line_blocks = ceil_div(s->out[1], p->lines);
    p->column_blocks = ceil_div(s->out[2], p->columns);
    p->lines = ceil_div(s->out[1], p->line_blocks);
    p->columns = ceil_div(s->out[2], p->column_blocks);
}

static void make_place(struct place *p, const struct cpu_conv_shape *s)
{
    int64_t icg = s->ic / s->groups;

    *p = (struct place){.copied = needs_copy(s)};
    p->pixel = s->x_pixel;
    if (p->copied) { /* step aside where neighbouring outputs would lie a multiple of 2 KiB apart */
        p->pixel = s->stride[2] * icg % 512 == 0 ? icg + 16 : icg;
    }
    p->joined = s->dilation[2] == 1 && p->pixel == icg;
    p->runs = s->kernel[0] * s->kernel[1] * (p->joined ? 1 : s->kernel[2]);
    p->run = p->joined ? s->kernel[2] * icg : icg;
    size_place(p, s);
    p->in_lines = reach(s, 1, p->lines);
    p->in_columns = reach(s, 2, p->columns);
    p->line = p->pixel * (p->copied ? p->in_columns : s->in[2]);
    p->plane = p->line * (p->copied ? p->in_lines : s->in[1] * s->dilation[0]);
}

/* Tiles end with the output line, so short lines leave them partly empty. With six rows a tile that costs
 * more than gathering, unless few output channels share the gathered rows. Where lines are as short as seven
 * pixels, leaving out the kernel lines that read padding saves a tenth, which gathering cannot. */
static bool lines_fill_tiles(const struct cpu_conv_shape *s)
{
    double rows = (double)s->out[2] / (double)ceil_div(s->out[2], TILE_MR);
    bool few = s->oc / s->groups <= 2 * TILE_NR;

    if (s->x_planar || (SIMD_LANES >= 8 && s->out[2] == 7)) {
        return true;
    }
    return SIMD_LANES == 8 ? rows >= (few ? 5.0 : 5.7) : rows > TILE_MR / 2;
}

static struct conv_plan make_conv_plan(const struct cpu_conv_shape *s)
{
    struct conv_plan p = {.rows = product(s->out), .icg = s->ic / s->groups, .ocg = s->oc / s->groups};
    int64_t others = max_i64(1, s->batch * s->groups);
    bool same = product(s->stride) == 1 && product(s->kernel) == 1;

    p.k = product(s->kernel) * p.icg;
    if (p.rows == 0 || p.ocg == 0) {
        p.cut.k_block = 1;
        return p;
    }
    if (same && !needs_copy(s) && product(s->in) == p.rows) {
        p.way = WAY_MATRIX;
        p.cut = gemm_make_plan(p.rows, p.ocg, p.k, MAX_ROWS / TILE_MR);
    } else if (lines_fill_tiles(s)) {
        p.way = WAY_IN_PLACE;
        make_place(&p.place, s);
        p.cut.panels = ceil_div(p.ocg, TILE_NR);
        p.cut.m_blocks = s->out[0] * p.place.line_blocks * p.place.column_blocks;
        p.cut.n_blocks = clamp_i64(ceil_div(16, p.cut.m_blocks * others), 1, ceil_div(p.cut.panels, 2));
        if (p.place.copied) {
            p.floats = (size_t)(s->kernel[0] * p.place.plane + SIMD_LANES);
        }
        p.floats = (p.floats + 15) / 16 * 16;
    } else {
        p.way = WAY_GATHERED;
        p.cut = cut_gathered(p.rows, p.ocg, p.k, others);
        p.floats = gathered_floats(ceil_div(p.rows, p.cut.m_blocks), min_i64(p.k, p.cut.k_block));
    }
    return p;
}

static int64_t conv_tasks(const struct cpu_conv_shape *s)
{
    struct conv_plan p = make_conv_plan(s);

    return s->batch * s->groups * p.cut.m_blocks * p.cut.n_blocks;
}

static size_t conv_scratch_bytes(const struct cpu_conv_shape *s)
{
    struct conv_plan p = make_conv_plan(s);

    return p.floats * sizeof(float) + (size_t)p.place.runs * sizeof(ptrdiff_t);
}

static void run_matrix(const struct conv_plan *p, const struct cpu_conv_shape *s, struct gemm_block *block,
                       const float *x, int64_t mb, float *scratch)
{
    int64_t m0 = split(p->rows, p->cut.m_blocks, mb), k0 = 0;
    const float *w = block->w;
    struct gather g = {.channels = p->icg, .x = x, .pixel = s->x_pixel};

    block->m = split(p->rows, p->cut.m_blocks, mb + 1) - m0;
    block->y += m0 * block->ldy;
    block->row = m0;
    block->lda = s->x_pixel;
    for (int i = 0; i < CPU_CONV_DIMS; i++) {
        g.axis[i] =
            (struct axis){s->in[i], s->out[i], s->stride[i], s->kernel[i], -s->pad[i], s->dilation[i]};
    }
    g.line = g.pixel * s->in[2];
    g.plane = g.line * s->in[1];
    do {
        block->k = min_i64(p->cut.k_block, p->k - k0);
        block->first = k0 == 0;
        block->last = k0 + block->k >= p->k;
        block->w = w + k0 * TILE_NR;
        block->a = x + m0 * s->x_pixel + k0;
        if (p->way == WAY_GATHERED) {
            block->a = scratch;
            block->lda = gathered_ld(block->k);
            gather_rows(scratch, block->lda, &g, m0, block->m, k0, k0 + block->k);
        }
        CPU_NAME(gemm_block)(block);
        k0 += block->k;
    } while (k0 < p->k);
}

/* One input line with its borders; `from` is the index of its first pixel, `src` the line's pixel 0. */
static float *copy_line(float *dst, const struct cpu_conv_shape *s, const struct place *p, const float *src,
                        int64_t from)
{
    int64_t icg = s->ic / s->groups, begin = clamp_i64(-from, 0, p->in_columns);
    int64_t end = clamp_i64(s->in[2] - from, begin, p->in_columns), count = end - begin;
    ptrdiff_t channel = product(s->in);

    dst = put_zeros(dst, begin * p->pixel);
    if (s->x_planar) {
        CPU_NAME(gemm_transpose)(dst, p->pixel, src + from + begin, channel, icg, count);
        dst += count * p->pixel;
    } else if (p->pixel == icg && s->x_pixel == icg) {
        dst = put_copy(dst, src + (from + begin) * icg, count * icg);
    } else {
        for (int64_t i = 0; i < count; i++) {
            put_copy(dst, src + (from + begin + i) * s->x_pixel, icg);
            dst += p->pixel;
        }
    }
    return put_zeros(dst, (p->in_columns - end) * p->pixel);
}

/* The input lines of a block whose first output is `at`. */
static void copy_lines(float *dst, const struct cpu_conv_shape *s, const struct place *p, const float *x,
                       const int64_t at[CPU_CONV_DIMS])
{
    ptrdiff_t pixel = s->x_planar ? 1 : s->x_pixel;

    for (int64_t t = 0; t < s->kernel[0]; t++) {
        int64_t d = at[0] * s->stride[0] - s->pad[0] + t * s->dilation[0];

        for (int64_t i = 0; i < p->in_lines; i++) {
            int64_t h = at[1] * s->stride[1] - s->pad[1] + i;

            if (d < 0 || d >= s->in[0] || h < 0 || h >= s->in[1]) {
                dst = put_zeros(dst, p->line);
            } else {
                const float *src = x + (d * s->in[1] + h) * s->in[2] * pixel;

                dst = copy_line(dst, s, p, src, at[2] * s->stride[2] - s->pad[2]);
            }
        }
    }
}

static void place_runs(ptrdiff_t *offsets, const struct cpu_conv_shape *s, const struct place *p)
{
    int64_t taps = p->joined ? 1 : s->kernel[2];

    for (int64_t i = 0; i < p->runs; i++) {
        int64_t d = i / taps / s->kernel[1], h = i / taps % s->kernel[1], w = i % taps;

        offsets[i] = d * p->plane + h * s->dilation[1] * p->line + w * s->dilation[2] * p->pixel;
    }
}

/* Kernel lines [h0, h1) that read input lines, not padding, for output line h. */
static void kernel_lines(const struct cpu_conv_shape *s, int64_t h, int64_t *h0, int64_t *h1)
{
    int64_t at = h * s->stride[1] - s->pad[1], d = s->dilation[1];

    *h0 = 0;
    *h1 = s->kernel[1];
    if (s->kernel[0] == 1) { /* else the runs of several planes would not follow one another */
        *h0 = at < 0 ? min_i64(*h1, ceil_div(-at, d)) : 0;
        *h1 = at < s->in[1] ? clamp_i64(ceil_div(s->in[1] - at, d), *h0, *h1) : *h0;
    }
}

/* Runs [r0, r1) of some lines, cut where the weights would leave the cache. */
static void run_runs(const struct place *p, struct gemm_block *block, const ptrdiff_t *offsets, int64_t r0,
                     int64_t r1)
{
    int64_t blocks = max_i64(1, ceil_div(r1 - r0, max_i64(1, 1536 / max_i64(1, p->run))));
    const float *w = block->w;

    for (int64_t i = 0; i < blocks; i++) {
        int64_t from = r0 + split(r1 - r0, blocks, i);

        block->runs = r0 + split(r1 - r0, blocks, i + 1) - from;
        block->run_offsets = offsets + from;
        block->first = i == 0;
        block->last = i == blocks - 1;
        block->w = w + from * p->run * TILE_NR;
        CPU_NAME(gemm_block)(block);
    }
    block->w = w;
}

static void run_in_place(const struct conv_plan *plan, const struct cpu_conv_shape *s,
                         struct gemm_block *block, const float *x, int64_t mb, float *scratch)
{
    const struct place *p = &plan->place;
    int64_t at[CPU_CONV_DIMS], lines, taps = p->joined ? 1 : s->kernel[2];
    ptrdiff_t *offsets = (ptrdiff_t *)(scratch + plan->floats);

    at[2] = split(s->out[2], p->column_blocks, mb % p->column_blocks);
    block->m = split(s->out[2], p->column_blocks, mb % p->column_blocks + 1) - at[2];
    mb /= p->column_blocks;
    at[1] = split(s->out[1], p->line_blocks, mb % p->line_blocks);
    lines = split(s->out[1], p->line_blocks, mb % p->line_blocks + 1) - at[1];
    at[0] = mb / p->line_blocks;
    block->row = (at[0] * s->out[1] + at[1]) * s->out[2] + at[2];
    block->y += block->row * block->ldy;
    block->lda = s->stride[2] * p->pixel;
    block->a_line = s->stride[1] * p->line;
    block->k = p->run;
    if (p->copied) {
        copy_lines(scratch, s, p, x, at);
        block->a = scratch;
    } else {
        block->a =
            x + ((at[0] * s->stride[0] * s->in[1] + at[1] * s->stride[1]) * s->in[2] + at[2] * s->stride[2]) *
                    s->x_pixel;
    }
    place_runs(offsets, s, p);
    while (lines) { /* as many at a time as leave out the same kernel lines */
        int64_t h0, h1, next0, next1;

        kernel_lines(s, at[1], &h0, &h1);
        block->lines = 0;
        do {
            block->lines++;
            kernel_lines(s, at[1] + block->lines, &next0, &next1);
        } while (block->lines < lines && next0 == h0 && next1 == h1);
        run_runs(p, block, offsets, h0 * taps, s->kernel[0] == 1 ? h1 * taps : p->runs);
        at[1] += block->lines;
        lines -= block->lines;
        block->a += block->lines * block->a_line;
        block->row += block->lines * s->out[2];
        block->y += block->lines * s->out[2] * block->ldy;
    }
}

static void conv_run(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, int64_t task,
                     void *scratch)
{
    struct conv_plan p = make_conv_plan(s);
    int64_t nb = task % p.cut.n_blocks, rest = task / p.cut.n_blocks, mb = rest % p.cut.m_blocks;
    int64_t group = rest / p.cut.m_blocks % s->groups, image = rest / p.cut.m_blocks / s->groups;
    int64_t n0 = first_column(p.ocg, p.cut.n_blocks, nb), n1 = first_column(p.ocg, p.cut.n_blocks, nb + 1);
    int64_t pixels = product(s->in);
    const float *x = args->x + image * pixels * (s->x_planar ? s->ic : s->x_pixel);
    struct gemm_block block = {
        .lines = 1,
        .n = n1 - n0,
        .runs = 1,
        .run_offsets = CPU_NAME(gemm_one_run),
        .w = args->w + (group * p.cut.panels * TILE_NR + n0) * p.k,
        .panel = p.k * TILE_NR,
        .y = args->y + image * p.rows * s->y_pixel + group * p.ocg + n0,
        .ldy = s->y_pixel,
        .post = args->post,
        .col = group * p.ocg + n0,
        .batch = {image},
    };

    x += group * p.icg * (s->x_planar ? pixels : 1);
    if (p.way == WAY_IN_PLACE) {
        run_in_place(&p, s, &block, x, mb, scratch);
    } else {
        run_matrix(&p, s, &block, x, mb, scratch);
    }
}

/* Where k is in one block, y holds nothing before the tile that writes it. */
static bool conv_sums_in_place(const struct cpu_conv_shape *s)
{
    struct conv_plan p = make_conv_plan(s);

    return p.way != WAY_IN_PLACE && p.k <= p.cut.k_block && s->oc / s->groups > 1;
}

static size_t conv_packed_bytes(const struct cpu_conv_shape *s)
{
    int64_t panels = ceil_div(s->oc / s->groups, TILE_NR);

    return (size_t)(s->groups * panels * product(s->kernel) * (s->ic / s->groups)) * TILE_NR * sizeof(float);
}

/* One panel, from [n][channel][tap] to [tap][channel][n]: columns are turned as they lie, a piece at a time,
 * so that each line of the source is read once, and the rows then go where their tap wants them. */
static void pack_taps(float *dst, const struct cpu_weights_src *src, int64_t n0, int64_t nr, int64_t icg,
                      int64_t taps)
{
    enum { PIECE = 72 };
    float rows[PIECE * TILE_NR];
    int64_t channel = 0, tap = 0;

    for (int64_t k0 = 0; k0 < icg * taps; k0 += PIECE) {
        int64_t count = min_i64(PIECE, icg * taps - k0);

        CPU_NAME(gemm_pack_panel)(rows, src, n0, nr, k0, count);
        for (int64_t i = 0; i < count; i++) {
            memcpy(dst + (tap * icg + channel) * TILE_NR, rows + i * TILE_NR, TILE_NR * sizeof(float));
            if (++tap == taps) {
                tap = 0;
                channel++;
            }
        }
    }
}

static int64_t conv_panels(const struct cpu_conv_shape *s)
{
    return s->groups * ceil_div(s->oc / s->groups, TILE_NR);
}

static void conv_pack_panels(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w,
                             int64_t first, int64_t last)
{
    int64_t icg = s->ic / s->groups, ocg = s->oc / s->groups, taps = product(s->kernel);
    int64_t a_group = ceil_div(ocg, TILE_NR);
    struct cpu_weights_src src = {w->data, w->type, icg * taps, 1, w->scale};

    for (int64_t i = first; i < last; i++) {
        int64_t n0 = i % a_group * TILE_NR, nr = min_i64(TILE_NR, ocg - n0);
        float *panel = dst + i * taps * icg * TILE_NR;

        if (taps == 1) {
            CPU_NAME(gemm_pack_panel)(panel, &src, i / a_group * ocg + n0, nr, 0, icg);
        } else {
            pack_taps(panel, &src, i / a_group * ocg + n0, nr, icg, taps);
        }
    }
}

static void conv_pack(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w)
{
    conv_pack_panels(dst, s, w, 0, conv_panels(s));
}

/* --- transposed convolution --- */

/* Outputs o with (o + pad) % stride == phase, per dim, and the taps that reach them. */
struct phase {
    int64_t first[CPU_CONV_DIMS];    /* first output */
    int64_t tap[CPU_CONV_DIMS];      /* first tap */
    int64_t tap_step[CPU_CONV_DIMS]; /* to the next one */
    struct gather g;
    int64_t rows, taps, taps_before; /* of this phase; of the phases before it */
};

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = a % b;

        a = b;
        b = r;
    }
    return a;
}

static void phase_axis(struct phase *p, const struct cpu_conv_shape *s, int i, int64_t index)
{
    int64_t stride = s->stride[i], dilation = s->dilation[i], step = stride / gcd(stride, dilation);
    int64_t first = (index - s->pad[i]) % stride, tap = 0;
    struct axis *ax = &p->g.axis[i];

    first += first < 0 ? stride : 0;
    while (tap < step && tap * dilation % stride != index) {
        tap++;
    }
    p->first[i] = first;
    p->tap[i] = tap;
    p->tap_step[i] = step;
    ax->in = s->in[i];
    ax->rows = first < s->out[i] ? ceil_div(s->out[i] - first, stride) : 0;
    ax->taps = tap < step && tap < s->kernel[i] ? ceil_div(s->kernel[i] - tap, step) : 0;
    ax->step = 1;
    ax->offset = ax->taps ? (first + s->pad[i] - tap * dilation) / stride : 0;
    ax->pitch = -(step * dilation / stride);
}

static void make_phase(struct phase *p, const struct cpu_conv_shape *s, int64_t index)
{
    int64_t rest = index;

    p->g = (struct gather){.channels = s->ic / s->groups, .pixel = s->x_pixel};
    p->g.line = s->x_pixel * s->in[2];
    p->g.plane = p->g.line * s->in[1];
    p->rows = 1;
    p->taps = 1;
    for (int i = CPU_CONV_DIMS - 1; i >= 0; i--) {
        phase_axis(p, s, i, rest % s->stride[i]);
        rest /= s->stride[i];
        p->rows *= p->g.axis[i].rows;
        p->taps *= p->g.axis[i].taps;
    }
}

static void find_phase(struct phase *p, const struct cpu_conv_shape *s, int64_t index)
{
    int64_t before = 0;

    for (int64_t i = 0; i < index; i++) {
        make_phase(p, s, i);
        before += p->taps;
    }
    make_phase(p, s, index);
    p->taps_before = before;
}

struct transposed_plan {
    int64_t icg, ocg, phases;
    struct gemm_plan cut; /* of the largest phase; smaller ones have smaller blocks */
    int64_t max_k;
    size_t gathered, result;
};

static struct transposed_plan make_transposed_plan(const struct cpu_conv_shape *s)
{
    struct transposed_plan p = {
        .icg = s->ic / s->groups, .ocg = s->oc / s->groups, .phases = product(s->stride)};
    int64_t rows = 0, block_rows;
    struct phase phase;

    for (int64_t i = 0; i < p.phases; i++) {
        make_phase(&phase, s, i);
        rows = max_i64(rows, phase.rows);
        p.max_k = max_i64(p.max_k, phase.taps * p.icg);
    }
    p.cut = cut_gathered(rows, p.ocg, p.max_k, max_i64(1, s->batch * s->groups * p.phases));
    if (p.cut.m_blocks == 0) {
        return p;
    }
    block_rows = ceil_div(rows, p.cut.m_blocks);
    p.gathered = gathered_floats(block_rows, min_i64(p.max_k, p.cut.k_block));
    p.result = (size_t)(block_rows * (ceil_div(cut_panels(p.ocg), p.cut.n_blocks) + 1) * TILE_NR);
    return p;
}

static int64_t transposed_tasks(const struct cpu_conv_shape *s)
{
    struct transposed_plan p = make_transposed_plan(s);

    return s->batch * s->groups * p.phases * p.cut.m_blocks * p.cut.n_blocks;
}

static size_t transposed_scratch_bytes(const struct cpu_conv_shape *s)
{
    struct transposed_plan p = make_transposed_plan(s);

    return (p.gathered + p.result) * sizeof(float);
}

/* Rows of a phase lie apart in y: place them one by one and run the steps there. */
static void scatter_rows(const struct cpu_conv_shape *s, const struct phase *p,
                         const struct cpu_conv_args *args, struct gemm_block *block, const float *result,
                         ptrdiff_t ld, int64_t m0, int64_t rows)
{
    int64_t at[CPU_CONV_DIMS];
    float *y = block->y;

    row_position(&p->g, m0, at);
    block->post = args->post;
    block->m = 1;
    for (int64_t i = 0; i < rows; i++) {
        int64_t d = p->first[0] + at[0] * s->stride[0], h = p->first[1] + at[1] * s->stride[1];
        int64_t w = p->first[2] + at[2] * s->stride[2];

        block->row = (d * s->out[1] + h) * s->out[2] + w;
        block->y = y + block->row * s->y_pixel;
        memcpy(block->y, result + i * ld, (size_t)block->n * sizeof(float));
        CPU_NAME(gemm_epilogue)(block, 0);
        next_position(&p->g, at);
    }
}

static void transposed_run(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, int64_t task,
                           void *scratch)
{
    struct transposed_plan p = make_transposed_plan(s);
    int64_t nb = task % p.cut.n_blocks, mb = task / p.cut.n_blocks % p.cut.m_blocks;
    int64_t rest = task / p.cut.n_blocks / p.cut.m_blocks, group, image, m0, n0, k, k0 = 0;
    struct cpu_epilogue bias = {.bias = args->post ? args->post->bias : NULL};
    float *gathered = scratch, *result = gathered + p.gathered;
    struct gemm_block block = {
        .lines = 1, .runs = 1, .run_offsets = CPU_NAME(gemm_one_run), .post = &bias, .y = result};
    struct phase phase;
    const float *w;

    find_phase(&phase, s, rest % p.phases);
    group = rest / p.phases % s->groups;
    image = rest / p.phases / s->groups;
    m0 = split(phase.rows, p.cut.m_blocks, mb);
    block.m = split(phase.rows, p.cut.m_blocks, mb + 1) - m0;
    if (block.m == 0) {
        return;
    }
    n0 = first_column(p.ocg, p.cut.n_blocks, nb);
    block.n = first_column(p.ocg, p.cut.n_blocks, nb + 1) - n0;
    block.ldy = ceil_div(block.n, TILE_NR) * TILE_NR;
    block.col = group * p.ocg + n0;
    block.batch[0] = image;
    k = phase.taps * p.icg;
    block.panel = k * TILE_NR;
    phase.g.x = args->x + image * product(s->in) * s->x_pixel + group * p.icg;
    w = args->w + (group * product(s->kernel) + phase.taps_before) * p.icg * p.cut.panels * TILE_NR + n0 * k;
    do {
        block.k = min_i64(p.cut.k_block, k - k0);
        block.first = k0 == 0;
        block.a = gathered;
        block.lda = gathered_ld(block.k);
        block.w = w + k0 * TILE_NR;
        gather_rows(gathered, block.lda, &phase.g, m0, block.m, k0, k0 + block.k);
        CPU_NAME(gemm_block)(&block);
        k0 += block.k;
    } while (k0 < k);
    k0 = block.m;
    block.y = args->y + image * product(s->out) * s->y_pixel + block.col;
    scatter_rows(s, &phase, args, &block, result, block.ldy, m0, k0);
}

static void pack_phase(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w,
                       const struct phase *p, int64_t group)
{
    int64_t icg = s->ic / s->groups, ocg = s->oc / s->groups, taps = product(s->kernel);
    const struct axis *ax = p->g.axis;
    size_t bytes = w->type == CPU_SRC_F32 ? 4 : 2;

    for (int64_t n0 = 0; n0 < ocg; n0 += TILE_NR) {
        for (int64_t i = 0; i < p->taps; i++) {
            int64_t d = p->tap[0] + i / (ax[1].taps * ax[2].taps) * p->tap_step[0];
            int64_t h = p->tap[1] + i / ax[2].taps % ax[1].taps * p->tap_step[1];
            int64_t x = p->tap[2] + i % ax[2].taps * p->tap_step[2];
            int64_t tap = (d * s->kernel[1] + h) * s->kernel[2] + x;
            struct cpu_weights_src src = {.type = w->type, .n_stride = taps, .k_stride = ocg * taps};

            src.data = (const char *)w->data + (size_t)(group * icg * ocg * taps + tap) * bytes;
            src.scale = w->scale ? w->scale + group * ocg : NULL;
            CPU_NAME(gemm_pack_panel)(dst, &src, n0, min_i64(TILE_NR, ocg - n0), 0, icg);
            dst += icg * TILE_NR;
        }
    }
}

static void transposed_pack(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w)
{
    int64_t panels = ceil_div(s->oc / s->groups, TILE_NR), phases = product(s->stride);
    struct phase phase;

    for (int64_t group = 0; group < s->groups; group++) {
        for (int64_t i = 0; i < phases; i++) {
            make_phase(&phase, s, i);
            pack_phase(dst, s, w, &phase, group);
            dst += phase.taps * (s->ic / s->groups) * panels * TILE_NR;
        }
    }
}

extern const struct cpu_conv_f32 CPU_NAME(conv_f32);
const struct cpu_conv_f32 CPU_NAME(conv_f32) = {
    .name = CPU_NAME_TEXT(conv_f32),
    .isa = CPU_ISA_ID,
    .mr = TILE_MR,
    .nr = TILE_NR,
    .packed_bytes = conv_packed_bytes,
    .pack = conv_pack,
    .panels = conv_panels,
    .pack_panels = conv_pack_panels,
    .tasks = conv_tasks,
    .scratch_bytes = conv_scratch_bytes,
    .run = conv_run,
    .sums_in_place = conv_sums_in_place,
    .transposed_packed_bytes = conv_packed_bytes,
    .transposed_pack = transposed_pack,
    .transposed_tasks = transposed_tasks,
    .transposed_scratch_bytes = transposed_scratch_bytes,
    .transposed_run = transposed_run,
};
