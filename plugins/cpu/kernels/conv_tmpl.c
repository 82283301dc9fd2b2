#include "conv.h"

#include "gemm_tile.h"

/* A convolution is a matrix product whose rows are output pixels. The rows of a block are gathered from the
 * input
 * ([row][tap][channel], the order of the packed weights) into scratch that stays in the second-level cache
 * while all panels of the task pass by. A 1x1 convolution needs no gathering, its input is the matrix.
 *
 * A transposed convolution falls into prod(stride) phases: outputs that are congruent modulo the stride use
 * the same taps, and within a phase it is a dense convolution of stride 1. */

/* One spatial dim of a gathering: input index = row * step + offset + tap * pitch. */
struct axis {
    int64_t in, rows, step, taps, offset, pitch;
};

struct gather {
    struct axis axis[CPU_CONV_DIMS];
    const float *x;                  /* first channel of the group at index 0 of every dim */
    ptrdiff_t pixel, line, plane;    /* floats between neighbours in w, h, d */
    int64_t channels;                /* of the group */
    int64_t first_line, first_plane; /* index that x stands for, when only a part is there */
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
            const float *x = g->x + (d - g->first_plane) * g->plane + (h - g->first_line) * g->line;

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

struct conv_plan {
    int64_t rows; /* output pixels of an image */
    int64_t k, icg, ocg;
    bool matrix; /* the input is the matrix: nothing to gather */
    struct gemm_plan cut;
    size_t slab_floats, gathered;
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
    p.n_blocks = clamp_i64(wanted, 1, ceil_div(p.panels, 4));
    return p;
}

/* Input lines and planes that the rows [row, row + rows) need. */
static void needed_lines(const struct gather *g, int64_t row, int64_t rows, int64_t first[2], int64_t last[2])
{
    int64_t a[CPU_CONV_DIMS], b[CPU_CONV_DIMS];

    row_position(g, row, a);
    row_position(g, row + rows - 1, b);
    for (int i = 0; i < 2; i++) {
        const struct axis *ax = &g->axis[i];
        int64_t lo = a[i], hi = b[i];

        if (i == 1 && a[0] != b[0]) {
            lo = 0;
            hi = ax->rows - 1;
        }
        first[i] = clamp_i64(lo * ax->step + ax->offset, 0, ax->in);
        last[i] = clamp_i64(hi * ax->step + ax->offset + (ax->taps - 1) * ax->pitch + 1, first[i], ax->in);
    }
}

static void make_gather(struct gather *g, const struct cpu_conv_shape *s)
{
    *g = (struct gather){.channels = s->ic / s->groups, .pixel = s->x_planar ? s->ic : s->x_pixel};
    for (int i = 0; i < CPU_CONV_DIMS; i++) {
        g->axis[i] =
            (struct axis){s->in[i], s->out[i], s->stride[i], s->kernel[i], -s->pad[i], s->dilation[i]};
    }
    g->line = g->pixel * s->in[2];
    g->plane = g->line * s->in[1];
}

static struct conv_plan make_conv_plan(const struct cpu_conv_shape *s)
{
    struct conv_plan p = {.rows = product(s->out), .icg = s->ic / s->groups, .ocg = s->oc / s->groups};
    struct gather g;
    int64_t block_rows;

    p.k = product(s->kernel) * p.icg;
    p.matrix = !s->x_planar && product(s->kernel) == 1;
    for (int i = 0; i < CPU_CONV_DIMS; i++) {
        p.matrix = p.matrix && s->stride[i] == 1 && s->pad[i] == 0 && s->in[i] == s->out[i];
    }
    if (p.matrix) {
        p.cut = gemm_make_plan(p.rows, p.ocg, p.k, 128 / TILE_MR);
        return p;
    }
    p.cut = cut_gathered(p.rows, p.ocg, p.k, max_i64(1, s->batch * s->groups));
    if (p.cut.m_blocks == 0) {
        return p;
    }
    block_rows = ceil_div(p.rows, p.cut.m_blocks);
    p.gathered = gathered_floats(block_rows, min_i64(p.k, p.cut.k_block));
    if (s->x_planar) {
        make_gather(&g, s);
        for (int64_t i = 0; i < p.cut.m_blocks; i++) {
            int64_t r0 = split(p.rows, p.cut.m_blocks, i), r1 = split(p.rows, p.cut.m_blocks, i + 1), lo[2],
                    hi[2];

            needed_lines(&g, r0, r1 - r0, lo, hi);
            p.slab_floats =
                (size_t)max_i64((int64_t)p.slab_floats, (hi[0] - lo[0]) * (hi[1] - lo[1]) * g.line);
        }
        p.slab_floats = (p.slab_floats + 15) / 16 * 16;
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

    return (p.gathered + p.slab_floats) * sizeof(float);
}

/* The lines of an NCHW image that a block needs, turned into NHWC. */
static void turn_slab(float *slab, struct gather *g, const struct cpu_conv_shape *s, const float *image,
                      int64_t row, int64_t rows)
{
    int64_t first[2], last[2], lines;
    ptrdiff_t channel = s->in[0] * s->in[1] * s->in[2];

    needed_lines(g, row, rows, first, last);
    g->first_plane = first[0];
    g->first_line = first[1];
    lines = last[1] - first[1];
    g->plane = lines * g->line;
    g->x = slab;
    for (int64_t d = first[0]; d < last[0]; d++) {
        const float *src = image + (d * s->in[1] + first[1]) * s->in[2];

        CPU_NAME(gemm_transpose)
        (slab + (d - first[0]) * g->plane, s->ic, src, channel, s->ic, lines * s->in[2]);
    }
}

struct conv_task {
    int64_t image, group, m0, m1, n0, n1; /* columns within the group */
};

static struct conv_task find_task(const struct conv_plan *p, const struct cpu_conv_shape *s, int64_t task)
{
    struct conv_task t;
    int64_t nb = task % p->cut.n_blocks, rest = task / p->cut.n_blocks, mb = rest % p->cut.m_blocks;

    rest /= p->cut.m_blocks;
    t.group = rest % s->groups;
    t.image = rest / s->groups;
    t.m0 = split(p->rows, p->cut.m_blocks, mb);
    t.m1 = split(p->rows, p->cut.m_blocks, mb + 1);
    t.n0 = split(p->cut.panels, p->cut.n_blocks, nb) * TILE_NR;
    t.n1 = min_i64(p->ocg, split(p->cut.panels, p->cut.n_blocks, nb + 1) * TILE_NR);
    return t;
}

static void conv_run(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, int64_t task,
                     void *scratch)
{
    struct conv_plan p = make_conv_plan(s);
    struct conv_task t = find_task(&p, s, task);
    ptrdiff_t image = product(s->in) * (s->x_planar ? s->ic : s->x_pixel);
    const float *x = args->x + t.image * image;
    float *gathered = scratch, *slab = gathered + p.gathered;
    struct gather g;
    struct gemm_block block = {
        .m = t.m1 - t.m0,
        .n = t.n1 - t.n0,
        .panel = p.k * TILE_NR,
        .y = args->y + (t.image * p.rows + t.m0) * s->y_pixel + t.group * p.ocg + t.n0,
        .ldy = s->y_pixel,
        .post = args->post,
        .row = t.m0,
        .col = t.group * p.ocg + t.n0,
        .batch = {t.image},
    };
    int64_t k0 = 0;

    make_gather(&g, s);
    g.x = x;
    if (s->x_planar) {
        turn_slab(slab, &g, s, x, t.m0, block.m);
    }
    g.x += t.group * p.icg;
    do {
        block.k = min_i64(p.cut.k_block, p.k - k0);
        block.first = k0 == 0;
        block.last = k0 + block.k >= p.k;
        block.w = args->w + (t.group * p.cut.panels * TILE_NR + t.n0) * p.k + k0 * TILE_NR;
        if (p.matrix) {
            block.a = g.x + t.m0 * g.pixel + k0;
            block.lda = g.pixel;
        } else {
            block.a = gathered;
            block.lda = gathered_ld(block.k);
            gather_rows(gathered, block.lda, &g, t.m0, block.m, k0, k0 + block.k);
        }
        CPU_NAME(gemm_block)(&block);
        k0 += block.k;
    } while (k0 < p.k);
}

static size_t conv_packed_bytes(const struct cpu_conv_shape *s)
{
    int64_t panels = ceil_div(s->oc / s->groups, TILE_NR);

    return (size_t)(s->groups * panels * product(s->kernel) * (s->ic / s->groups)) * TILE_NR * sizeof(float);
}

static void conv_pack(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w)
{
    int64_t icg = s->ic / s->groups, ocg = s->oc / s->groups, taps = product(s->kernel);

    for (int64_t group = 0; group < s->groups; group++) {
        for (int64_t n0 = 0; n0 < ocg; n0 += TILE_NR) {
            for (int64_t tap = 0; tap < taps; tap++) {
                struct cpu_weights_src src = {w->data, w->type, icg * taps, taps, w->scale};

                src.data = (const char *)w->data + tap * (w->type == CPU_SRC_F32 ? 4 : 2);
                CPU_NAME(gemm_pack_panel)(dst, &src, group * ocg + n0, min_i64(TILE_NR, ocg - n0), 0, icg);
                dst += icg * TILE_NR;
            }
        }
    }
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
    p.result = (size_t)(block_rows * ceil_div(p.cut.panels, p.cut.n_blocks) * TILE_NR);
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
    struct gemm_block block = {.post = &bias, .y = result};
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
    n0 = split(p.cut.panels, p.cut.n_blocks, nb) * TILE_NR;
    block.n = min_i64(p.ocg, split(p.cut.panels, p.cut.n_blocks, nb + 1) * TILE_NR) - n0;
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
    .tasks = conv_tasks,
    .scratch_bytes = conv_scratch_bytes,
    .run = conv_run,
    .transposed_packed_bytes = conv_packed_bytes,
    .transposed_pack = transposed_pack,
    .transposed_tasks = transposed_tasks,
    .transposed_scratch_bytes = transposed_scratch_bytes,
    .transposed_run = transposed_run,
};
