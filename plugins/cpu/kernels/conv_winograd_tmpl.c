#include "conv.h"

#include "gemm_tile.h"
#include "vmath.h"

/* Y = A^T [(G g G^T) . (B^T d B)] A for tiles of 4x4 outputs, d being the 6x6 inputs they see. Summed over
 * channels the product in the middle is 36 matrix products: [tiles of a block][ic] times [ic][oc].
 *
 * Toom-Cook with points 0, a, -a, b, -b, infinity; a^2 = 1/2 and b^2 = 2 keep the entries of all three
 * matrices close to 1, which loses about two bits less than the customary 0, 1, -1, 2, -2. */
#define IN  6
#define OUT 4
#define XI  (IN * IN)

#define PA  0.70710678118654752440 /* a */
#define PB  1.41421356237309504880 /* b */
#define PA3 0.35355339059327376220 /* a^3 */
#define PB3 2.82842712474619009760 /* b^3 */

struct winograd_plan {
    int64_t rows, columns, tiles; /* tiles down, across, of all images */
    int64_t t_blocks, n_blocks, panels;
    int64_t block_tiles, block_panels; /* at most */
    ptrdiff_t v_ld, m_ld;
    size_t v_floats, m_floats;
};

static bool winograd_supports(const struct cpu_conv_shape *s)
{
    for (int i = 1; i < CPU_CONV_DIMS; i++) {
        if (s->kernel[i] != 3 || s->stride[i] != 1 || s->dilation[i] != 1) {
            return false;
        }
    }
    return s->kernel[0] == 1 && s->in[0] == 1 && s->out[0] == 1 && s->pad[0] == 0 && s->groups == 1 &&
           !s->x_planar;
}

static struct winograd_plan make_plan(const struct cpu_conv_shape *s)
{
    struct winograd_plan p = {.panels = ceil_div(s->oc, TILE_NR)};
    int64_t tiles_a_block = TILE_MR == 14 ? 28 : 24;

    p.rows = ceil_div(s->out[1], OUT);
    p.columns = ceil_div(s->out[2], OUT);
    p.tiles = s->batch * p.rows * p.columns;
    if (p.tiles == 0 || p.panels == 0) {
        return p;
    }
    p.t_blocks = max_i64(ceil_div(p.tiles, tiles_a_block), min_i64(8, ceil_div(p.tiles, 13)));
    p.n_blocks = max_i64(1, min_i64(ceil_div(8, p.t_blocks), p.panels * TILE_NR / 64));
    p.block_tiles = ceil_div(p.tiles, p.t_blocks);
    p.block_panels = ceil_div(p.panels, p.n_blocks);
    /* not a multiple of 2 KiB, where the rows would share sets of the cache */
    p.v_ld = ceil_div(s->ic, 16) * 16 + 16;
    p.m_ld = p.block_panels * TILE_NR;
    p.v_floats = (size_t)(XI * p.block_tiles * p.v_ld);
    p.m_floats = (size_t)(XI * p.block_tiles * p.m_ld);
    return p;
}

/* Few tiles: a product costs less than bringing its weights in. Both in cycles for a pair of channels, of a
 * core that does sixteen multiplications a cycle and reads eight bytes; all cores together read twelve. */
static bool few_tiles_pay(const struct cpu_conv_shape *s, int64_t tiles, int64_t threads)
{
    double cores = (double)max_i64(1, threads), pixels = (double)(s->batch * s->out[1] * s->out[2]);
    double direct = 9 * pixels / 16 / 0.9 / cores, products = XI * (double)tiles / 16 / 0.8 / cores;
    double reading = XI * sizeof(float) / (cores > 1 ? 12.0 : 8.0);

    return direct > 1.2 * (products > reading ? products : reading);
}

static bool winograd_pays(const struct cpu_conv_shape *s, int64_t threads)
{
    int64_t used = s->out[1] * s->out[2], tiles = ceil_div(s->out[1], OUT) * ceil_div(s->out[2], OUT);

    /* transforms need channels on both sides to share them; tiles and rows of tiles must not be mostly empty
     */
    return winograd_supports(s) && s->ic >= 32 && s->oc >= 32 && used * 3 >= tiles * OUT * OUT * 2 &&
           (s->batch * tiles >= 12 || few_tiles_pay(s, s->batch * tiles, threads));
}

static int64_t winograd_tasks(const struct cpu_conv_shape *s)
{
    struct winograd_plan p = make_plan(s);

    return p.t_blocks * p.n_blocks;
}

/* Transformed inputs, products, and a pixel of zeros for what lies outside. */
static size_t winograd_scratch_bytes(const struct cpu_conv_shape *s)
{
    struct winograd_plan p = make_plan(s);

    return (p.v_floats + p.m_floats + (size_t)p.v_ld) * sizeof(float);
}

static size_t winograd_packed_bytes(const struct cpu_conv_shape *s)
{
    return (size_t)(ceil_div(s->oc, TILE_NR) * s->ic * XI) * TILE_NR * sizeof(float);
}

/* Half of u = G g G^T on vectors of filters: G times three numbers, `step` apart, gives six. */
SIMD_INLINE void transform_filter(vd *u, const int u_step, const vd *g, const int g_step)
{
    vd g0 = g[0], g1 = g[g_step], g2 = g[2 * g_step];
    vd even_a = vd_fma(g0, vd_set1(-2 / 3.0), vd_mul(g2, vd_set1(-1 / 3.0)));
    vd even_b = vd_fma(g0, vd_set1(1 / 6.0), vd_mul(g2, vd_set1(1 / 3.0)));

    u[0] = g0;
    u[u_step] = vd_fma(g1, vd_set1(-PA * 2 / 3), even_a);
    u[2 * u_step] = vd_fma(g1, vd_set1(PA * 2 / 3), even_a);
    u[3 * u_step] = vd_fma(g1, vd_set1(PB / 6), even_b);
    u[4 * u_step] = vd_fma(g1, vd_set1(-PB / 6), even_b);
    u[5 * u_step] = g2;
}

/* Filters of one vector of outputs, times their scales: taps lie TILE_NR floats apart in g, the 36 results
 * `slice` in u. The sums are in double: rounding the weights is not to add to the error of the products. */
SIMD_INLINE void filter_vector(const float *g, const float *scale, float *u, ptrdiff_t slice)
{
    vd taps[9][VD_PARTS], factor[VD_PARTS], d[VD_PARTS][XI];

    vd_from_vf(vf_load(scale), factor);
    UNROLL
    for (int t = 0; t < 9; t++) {
        vd_from_vf(vf_load(g + t * TILE_NR), taps[t]);
    }
    UNROLL
    for (int part = 0; part < VD_PARTS; part++) {
        vd in[9], half[3 * IN];

        UNROLL
        for (int t = 0; t < 9; t++) {
            in[t] = vd_mul(taps[t][part], factor[part]);
        }
        UNROLL
        for (int j = 0; j < 3; j++) {
            transform_filter(half + j, 3, in + j, 3);
        }
        UNROLL
        for (int i = 0; i < IN; i++) {
            transform_filter(d[part] + i * IN, 1, half + i * 3, 1);
        }
    }
    UNROLL
    for (int xi = 0; xi < XI; xi++) {
        vd pair[VD_PARTS];

        UNROLL
        for (int part = 0; part < VD_PARTS; part++) {
            pair[part] = d[part][xi];
        }
        vf_store(u + xi * slice, vd_to_vf(pair));
    }
}

static int64_t winograd_panels(const struct cpu_conv_shape *s)
{
    return ceil_div(s->oc, TILE_NR);
}

/* One panel of each of the 36 matrices, `slice` apart. A few channels at a time go through a buffer: the
 * matrices lie a power of two apart, so that their lines would push one another out of the cache. */
static void pack_panel(float *dst, int64_t slice, const struct cpu_conv_shape *s,
                       const struct cpu_conv_weights *w, int64_t n0)
{
    enum { CHANNELS = 8 };
    struct cpu_weights_src src = {w->data, w->type, s->ic * 9, 1, NULL};
    float g[CHANNELS * 9 * TILE_NR], u[XI * CHANNELS * TILE_NR], scale[TILE_NR];
    int64_t nr = min_i64(TILE_NR, s->oc - n0);

    for (int64_t j = 0; j < TILE_NR; j++) {
        scale[j] = w->scale && j < nr ? w->scale[n0 + j] : 1;
    }
    for (int64_t c = 0; c < s->ic; c += CHANNELS) {
        int64_t count = min_i64(CHANNELS, s->ic - c);

        CPU_NAME(gemm_pack_panel)(g, &src, n0, nr, c * 9, count * 9);
        for (int64_t i = 0; i < count; i++) {
            for (int64_t j = 0; j < TILE_NR; j += SIMD_LANES) {
                filter_vector(g + i * 9 * TILE_NR + j, scale + j, u + i * TILE_NR + j, CHANNELS * TILE_NR);
            }
        }
        for (int xi = 0; xi < XI; xi++) {
            memcpy(dst + xi * slice + c * TILE_NR, u + xi * CHANNELS * TILE_NR,
                   (size_t)(count * TILE_NR) * sizeof(float));
        }
    }
}

static void winograd_pack_panels(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w,
                                 int64_t first, int64_t last)
{
    int64_t slice = winograd_panels(s) * s->ic * TILE_NR;

    for (int64_t panel = first; panel < last; panel++) {
        pack_panel(dst + panel * s->ic * TILE_NR, slice, s, w, panel * TILE_NR);
    }
}

static void winograd_pack(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w)
{
    winograd_pack_panels(dst, s, w, 0, winograd_panels(s));
}

/* B^T times one line of six, `step` apart. */
SIMD_INLINE void transform_in(vf *d, const int step)
{
    vf d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    vf a = vf_set1((float)PA), b = vf_set1((float)PB), k = vf_set1(2.5f), two = vf_set1(2.0f),
       half = vf_set1(0.5f);
    vf even_a = vf_fnma(two, d2, d4), odd_a = vf_fnma(two, d1, d3);
    vf even_b = vf_fnma(half, d2, d4), odd_b = vf_fnma(half, d1, d3);

    d[0] = vf_add(vf_fnma(k, d2, d0), d4);
    d[step] = vf_fma(a, odd_a, even_a);
    d[2 * step] = vf_fnma(a, odd_a, even_a);
    d[3 * step] = vf_fma(b, odd_b, even_b);
    d[4 * step] = vf_fnma(b, odd_b, even_b);
    d[5 * step] = vf_add(vf_fnma(k, d3, d1), d5);
}

/* A^T times one line of six, giving the first four of it. */
SIMD_INLINE void transform_out(vf *m, const int step)
{
    vf m0 = m[0], m5 = m[5 * step];
    vf p = vf_add(m[step], m[2 * step]), q = vf_sub(m[step], m[2 * step]);
    vf r = vf_add(m[3 * step], m[4 * step]), t = vf_sub(m[3 * step], m[4 * step]);

    m[0] = vf_add(vf_add(m0, p), r);
    m[step] = vf_fma(vf_set1((float)PA), q, vf_mul(vf_set1((float)PB), t));
    m[2 * step] = vf_fma(vf_set1(0.5f), p, vf_mul(vf_set1(2.0f), r));
    m[3 * step] = vf_fma(vf_set1((float)PA3), q, vf_fma(vf_set1((float)PB3), t, m5));
}

struct tile_at {
    int64_t image, row, column; /* of the first output */
};

static struct tile_at find_tile(const struct winograd_plan *p, int64_t tile)
{
    int64_t a_image = p->rows * p->columns;

    return (struct tile_at){tile / a_image, tile % a_image / p->columns * OUT, tile % p->columns * OUT};
}

/* The 36 pixels of a tile; those outside the image are `zeros`. */
static void find_pixels(const float *pixel[XI], const struct cpu_conv_shape *s, const float *x,
                        struct tile_at at, const float *zeros)
{
    for (int i = 0; i < XI; i++) {
        int64_t h = at.row - s->pad[1] + i / IN, w = at.column - s->pad[2] + i % IN;
        bool inside = h >= 0 && h < s->in[1] && w >= 0 && w < s->in[2];

        pixel[i] = inside ? x + ((at.image * s->in[1] + h) * s->in[2] + w) * s->x_pixel : zeros;
    }
}

SIMD_INLINE void input_vector(const float *const pixel[XI], int64_t c, int n, float *v, ptrdiff_t slice)
{
    vf d[XI];

    UNROLL
    for (int j = 0; j < IN; j++) {
        UNROLL
        for (int i = 0; i < IN; i++) {
            const float *from = pixel[i * IN + j] + c;

            d[i * IN + j] = n == SIMD_LANES ? vf_load(from) : vf_load_n(from, n);
        }
        transform_in(d + j, IN);
    }
    UNROLL
    for (int i = 0; i < IN; i++) {
        transform_in(d + i * IN, 1);
        UNROLL
        for (int j = 0; j < IN; j++) {
            vf_store(v + (i * IN + j) * slice + c, d[i * IN + j]);
        }
    }
}

static void input_tile(const float *const pixel[XI], int64_t channels, float *v, ptrdiff_t slice)
{
    int64_t c = 0;

    for (; c + SIMD_LANES <= channels; c += SIMD_LANES) {
        input_vector(pixel, c, SIMD_LANES, v, slice);
    }
    if (c < channels) {
        input_vector(pixel, c, (int)(channels - c), v, slice);
    }
}

struct output {
    const float *bias; /* or NULL */
    float low, high;
    int from; /* first step that is left for the pass over y */
};

static struct output begin_output(const struct cpu_epilogue *post, int64_t col)
{
    struct output o = {.low = -INFINITY, .high = INFINITY};

    o.bias = post && post->bias ? post->bias + col : NULL;
    if (post && post->step_count && post->steps[0].kind == VT_POST_RELU) {
        o.low = 0;
        o.from = 1;
    } else if (post && post->step_count && post->steps[0].kind == VT_POST_CLAMP) {
        o.low = post->steps[0].a;
        o.high = post->steps[0].b;
        o.from = 1;
    }
    return o;
}

/* `height` x `width` outputs of n channels. */
SIMD_INLINE void output_vector(const float *m, ptrdiff_t slice, const struct output *o, int64_t c, int n,
                               float *y, ptrdiff_t pixel, ptrdiff_t line, int height, int width)
{
    vf bias = !o->bias ? vf_zero() : n == SIMD_LANES ? vf_load(o->bias + c) : vf_load_n(o->bias + c, n);
    vf d[XI], low = vf_set1(o->low), high = vf_set1(o->high);

    UNROLL
    for (int j = 0; j < IN; j++) {
        UNROLL
        for (int i = 0; i < IN; i++) {
            d[i * IN + j] = vf_load(m + (i * IN + j) * slice + c);
        }
        transform_out(d + j, IN);
    }
    UNROLL
    for (int i = 0; i < OUT; i++) {
        transform_out(d + i * IN, 1);
        UNROLL
        for (int j = 0; j < OUT; j++) {
            float *to = y + i * line + j * pixel + c;
            vf value = vf_min(high, vf_max(low, vf_add(d[i * IN + j], bias)));

            if (i < height && j < width) {
                if (n == SIMD_LANES) {
                    vf_store(to, value);
                } else {
                    vf_store_n(to, value, n);
                }
            }
        }
    }
}

static void output_tile(const float *m, ptrdiff_t slice, const struct output *o, struct gemm_block *block,
                        const struct cpu_conv_shape *s, struct tile_at at)
{
    int height = (int)min_i64(OUT, s->out[1] - at.row), width = (int)min_i64(OUT, s->out[2] - at.column);
    ptrdiff_t line = s->out[2] * s->y_pixel;
    float *y = block->y;
    int64_t c = 0;

    for (; c + SIMD_LANES <= block->n; c += SIMD_LANES) {
        output_vector(m, slice, o, c, SIMD_LANES, y, s->y_pixel, line, height, width);
    }
    if (c < block->n) {
        output_vector(m, slice, o, c, (int)(block->n - c), y, s->y_pixel, line, height, width);
    }
    if (!block->post || o->from >= block->post->step_count) {
        return;
    }
    block->lines = 1;
    block->m = width;
    block->ldy = s->y_pixel;
    block->batch[0] = at.image;
    for (int i = 0; i < height; i++) {
        block->row = (at.row + i) * s->out[2] + at.column;
        block->y = y + i * line;
        CPU_NAME(gemm_epilogue)(block, o->from);
    }
}

/* All 36 products of a block. */
static void multiply(const struct winograd_plan *p, const struct cpu_conv_shape *s, const float *w, float *v,
                     float *m, int64_t tiles, int64_t panels)
{
    struct gemm_block block = {.lines = 1,
                               .m = tiles,
                               .n = panels * TILE_NR,
                               .runs = 1,
                               .k = s->ic,
                               .lda = p->v_ld,
                               .run_offsets = CPU_NAME(gemm_one_run),
                               .panel = s->ic * TILE_NR,
                               .ldy = p->m_ld,
                               .first = true,
                               .last = true};

    for (int xi = 0; xi < XI; xi++) {
        block.a = v + xi * tiles * p->v_ld;
        block.w = w + xi * p->panels * s->ic * TILE_NR;
        block.y = m + xi * tiles * p->m_ld;
        CPU_NAME(gemm_block)(&block);
    }
}

static void winograd_run(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, int64_t task,
                         void *scratch)
{
    struct winograd_plan p = make_plan(s);
    int64_t nb = task % p.n_blocks, tb = task / p.n_blocks;
    int64_t t0 = split(p.tiles, p.t_blocks, tb), tiles = split(p.tiles, p.t_blocks, tb + 1) - t0;
    int64_t p0 = split(p.panels, p.n_blocks, nb), panels = split(p.panels, p.n_blocks, nb + 1) - p0;
    float *v = scratch, *m = v + p.v_floats, *zeros = m + p.m_floats;
    struct output o = begin_output(args->post, p0 * TILE_NR);
    const float *pixel[XI];

    memset(zeros, 0, (size_t)p.v_ld * sizeof(float));
    for (int64_t t = 0; t < tiles; t++) {
        find_pixels(pixel, s, args->x, find_tile(&p, t0 + t), zeros);
        input_tile(pixel, s->ic, v + t * p.v_ld, tiles * p.v_ld);
    }
    multiply(&p, s, args->w + p0 * s->ic * TILE_NR, v, m, tiles, panels);
    for (int64_t t = 0; t < tiles; t++) {
        struct tile_at at = find_tile(&p, t0 + t);
        struct gemm_block block = {.post = args->post, .col = p0 * TILE_NR};

        block.n = min_i64(panels * TILE_NR, s->oc - block.col);
        block.y =
            args->y + ((at.image * s->out[1] + at.row) * s->out[2] + at.column) * s->y_pixel + block.col;
        output_tile(m + t * p.m_ld, tiles * p.m_ld, &o, &block, s, at);
    }
}

extern const struct cpu_winograd_f32 CPU_NAME(winograd_f32);
const struct cpu_winograd_f32 CPU_NAME(winograd_f32) = {
    .name = CPU_NAME_TEXT(winograd_f32),
    .isa = CPU_ISA_ID,
    .supports = winograd_supports,
    .pays = winograd_pays,
    .packed_bytes = winograd_packed_bytes,
    .pack = winograd_pack,
    .panels = winograd_panels,
    .pack_panels = winograd_pack_panels,
    .tasks = winograd_tasks,
    .scratch_bytes = winograd_scratch_bytes,
    .run = winograd_run,
};
