#include "conv.h"

#include "gemm_tile.h"

/* Vectors run over channels. A register block of neighbouring outputs shares the loads of inputs and weights;
 * at the borders it leaves out the inputs that do not exist, which gives the same blocks with other bounds.
 */

struct dw_job {
    int64_t channels, padded;         /* of x and y; of the weights, in whole vectors */
    int64_t width, pad;               /* of an input line; before it */
    int64_t taps_d, taps_h;           /* taps inside the input */
    ptrdiff_t x_plane, x_line, x_tap; /* floats from a tap to the next along d, h, w */
    ptrdiff_t w_plane, w_line;        /* the same in the weights */
    ptrdiff_t x_pixel, y_pixel;
    const float *bias; /* or NULL */
    float low, high;
};

SIMD_INLINE vf dw_load(const float *p, int n)
{
    return n == SIMD_LANES ? vf_load(p) : vf_load_n(p, n);
}

SIMD_INLINE void dw_store(const struct dw_job *j, float *p, vf a, int n)
{
    a = vf_min(vf_set1(j->high), vf_max(vf_set1(j->low), a));
    if (n == SIMD_LANES) {
        vf_store(p, a);
    } else {
        vf_store_n(p, a, n);
    }
}

/* Inputs of a block: positions [lo, hi) of those that its taps cover exist. */
struct dw_span {
    int lo, hi;
};

/* `px` outputs of n channels; x is the first tap of the first output, there or not. */
SIMD_INLINE void dw_vector(const int taps, const int stride, const int px, const struct dw_job *j,
                           struct dw_span span, const float *x, const float *w, const float *bias, float *y,
                           int n)
{
    vf acc[8], weight[7];
    const float *plane = x, *w_plane = w;

    UNROLL
    for (int o = 0; o < px; o++) {
        acc[o] = bias ? dw_load(bias, n) : vf_zero();
    }
    for (int64_t d = 0; d < j->taps_d; d++) {
        const float *line = plane, *w_line = w_plane;

        for (int64_t h = 0; h < j->taps_h; h++) {
            UNROLL
            for (int t = 0; t < taps; t++) {
                weight[t] = vf_load(w_line + t * j->padded);
            }
            UNROLL
            for (int i = 0; i < (px - 1) * stride + taps; i++) {
                vf v;

                if (i < span.lo || i >= span.hi) {
                    continue;
                }
                v = dw_load(line + i * j->x_pixel, n);
                UNROLL
                for (int o = 0; o < px; o++) {
                    if (i - o * stride >= 0 && i - o * stride < taps) {
                        acc[o] = vf_fma(v, weight[i - o * stride], acc[o]);
                    }
                }
            }
            line += j->x_line;
            w_line += j->w_line;
        }
        plane += j->x_plane;
        w_plane += j->w_plane;
    }
    UNROLL
    for (int o = 0; o < px; o++) {
        dw_store(j, y + o * j->y_pixel, acc[o], n);
    }
}

SIMD_INLINE void dw_channels(const int taps, const int stride, const int px, const struct dw_job *j,
                             struct dw_span span, const float *x, const float *w, float *y)
{
    int64_t c = 0;

    for (; c + SIMD_LANES <= j->channels; c += SIMD_LANES) {
        dw_vector(taps, stride, px, j, span, x + c, w + c, j->bias ? j->bias + c : NULL, y + c, SIMD_LANES);
    }
    if (c < j->channels) {
        dw_vector(taps, stride, px, j, span, x + c, w + c, j->bias ? j->bias + c : NULL, y + c,
                  (int)(j->channels - c));
    }
}

/* Outputs [o, o + px) of a line; `x` is pixel 0 of the first input line that takes part. */
SIMD_INLINE void dw_block(const int taps, const int stride, const int px, const struct dw_job *j,
                          const float *x, const float *w, float *y, int64_t o)
{
    const int positions = (px - 1) * stride + taps;
    int64_t base = o * stride - j->pad, end = j->width - base;

    x += base * j->x_pixel;
    y += o * j->y_pixel;
    if (base >= 0 && end >= positions) {
        dw_channels(taps, stride, px, j, (struct dw_span){0, positions}, x, w, y);
    } else {
        struct dw_span span = {(int)min_i64(positions, max_i64(0, -base)),
                               (int)min_i64(positions, max_i64(0, end))};

        dw_channels(taps, stride, px, j, span, x, w, y);
    }
}

/* The `count` outputs of a line. */
typedef void dw_run_fn(const struct dw_job *j, const float *x, const float *w, float *y, int64_t count);

#define DW_RUN(taps, stride)                                                                                 \
    static void dw_run_##taps##_##stride(const struct dw_job *j, const float *x, const float *w, float *y,   \
                                         int64_t count)                                                      \
    {                                                                                                        \
        int64_t o = 0;                                                                                       \
                                                                                                             \
        for (; o + 8 <= count; o += 8) {                                                                     \
            dw_block(taps, stride, 8, j, x, w, y, o);                                                        \
        }                                                                                                    \
        if (o + 4 <= count) {                                                                                \
            dw_block(taps, stride, 4, j, x, w, y, o);                                                        \
            o += 4;                                                                                          \
        }                                                                                                    \
        if (count - o == 3) {                                                                                \
            dw_block(taps, stride, 3, j, x, w, y, o);                                                        \
        } else if (count - o == 2) {                                                                         \
            dw_block(taps, stride, 2, j, x, w, y, o);                                                        \
        } else if (count - o == 1) {                                                                         \
            dw_block(taps, stride, 1, j, x, w, y, o);                                                        \
        }                                                                                                    \
    }

DW_RUN(3, 1)
DW_RUN(3, 2)
DW_RUN(5, 1)
DW_RUN(5, 2)
DW_RUN(7, 1)

/* Keeps an input in a register, which gcc would load once for each output, and the pointer to the next from
 * becoming one of many offsets. */
#if SIMD_LANES == 16
#define DW_KEEP(v, p) __asm__("" : "+v"(v), "+r"(p))
#elif SIMD_LANES == 8
#define DW_KEEP(v, p) __asm__("" : "+x"(v), "+r"(p))
#else
#define DW_KEEP(v, p) (void)0
#endif

/* Three taps with one position of padding before and at most one behind, the commonest kernel: `px` outputs
 * of n channels, of which the first lacks its first tap (`lead`), the last its last (`trail`). What is
 * missing is known when this is compiled, so that images of 7x7 are as fast as others. */
SIMD_INLINE void dw3_vector(const int stride, const int px, const int lead, const int trail,
                            const struct dw_job *j, const float *x, const float *w, const float *bias,
                            float *y, int n)
{
    const int end = (px - 1) * stride + 3 - trail;
    ptrdiff_t pixel = j->x_pixel, padded = j->padded, y_pixel = j->y_pixel;
    vf low = vf_set1(j->low), high = vf_set1(j->high);
    vf acc[8];

    acc[0] = bias ? dw_load(bias, n) : vf_zero();
    UNROLL
    for (int o = 1; o < px; o++) {
        acc[o] = acc[0];
    }
    for (int64_t d = 0; d < j->taps_d; d++) {
        const float *line = x + d * j->x_plane, *q = w + d * j->w_plane;

        for (int64_t h = 0; h < j->taps_h; h++) {
            vf weight[3] = {vf_load(q), vf_load(q + padded), vf_load(q + 2 * padded)};
            const float *p = line + lead * pixel;

            UNROLL
            for (int i = lead; i < end; i++) {
                vf v = dw_load(p, n);

                p += pixel;
                DW_KEEP(v, p);
                UNROLL
                for (int o = 0; o < px; o++) {
                    if (i - o * stride >= 0 && i - o * stride < 3) {
                        acc[o] = vf_fma(v, weight[i - o * stride], acc[o]);
                    }
                }
            }
            line += j->x_line;
            q += j->w_line;
        }
    }
    UNROLL
    for (int o = 0; o < px; o++) {
        acc[o] = vf_min(high, vf_max(low, acc[o]));
        if (n == SIMD_LANES) {
            vf_store(y, acc[o]);
        } else {
            vf_store_n(y, acc[o], n);
        }
        y += y_pixel;
    }
}

SIMD_INLINE void dw3_block(const int stride, const int px, const int lead, const int trail,
                           const struct dw_job *j, const float *x, const float *w, float *y)
{
    int64_t c = 0;

    for (; c + SIMD_LANES <= j->channels; c += SIMD_LANES) {
        dw3_vector(stride, px, lead, trail, j, x + c, w + c, j->bias ? j->bias + c : NULL, y + c, SIMD_LANES);
    }
    if (c < j->channels) {
        dw3_vector(stride, px, lead, trail, j, x + c, w + c, j->bias ? j->bias + c : NULL, y + c,
                   (int)(j->channels - c));
    }
}

typedef void dw3_fn(const struct dw_job *j, const float *x, const float *w, float *y);

#define DW3(stride, px, lead, trail)                                                                         \
    static void dw3_##stride##_##px##_##lead##trail(const struct dw_job *j, const float *x, const float *w,  \
                                                    float *y)                                                \
    {                                                                                                        \
        dw3_block(stride, px, lead, trail, j, x, w, y);                                                      \
    }
#define DW3_EACH(stride, px)                                                                                 \
    DW3(stride, px, 0, 0)                                                                                    \
    DW3(stride, px, 0, 1)                                                                                    \
    DW3(stride, px, 1, 0)                                                                                    \
    DW3(stride, px, 1, 1)
#define DW3_ENTRIES(stride, px)                                                                              \
    {                                                                                                        \
        {dw3_##stride##_##px##_00, dw3_##stride##_##px##_01},                                                \
        {                                                                                                    \
            dw3_##stride##_##px##_10, dw3_##stride##_##px##_11                                               \
        }                                                                                                    \
    }

DW3_EACH(1, 4)
DW3_EACH(1, 5)
DW3_EACH(1, 6)
DW3_EACH(1, 7)
DW3_EACH(1, 8)
DW3_EACH(2, 4)
DW3_EACH(2, 5)
DW3_EACH(2, 6)
DW3_EACH(2, 7)
DW3_EACH(2, 8)

static dw3_fn *const dw3_blocks[2][5][2][2] = {
    {DW3_ENTRIES(1, 4), DW3_ENTRIES(1, 5), DW3_ENTRIES(1, 6), DW3_ENTRIES(1, 7), DW3_ENTRIES(1, 8)},
    {DW3_ENTRIES(2, 4), DW3_ENTRIES(2, 5), DW3_ENTRIES(2, 6), DW3_ENTRIES(2, 7), DW3_ENTRIES(2, 8)},
};

/* Positions of padding that the last output reads. */
static int64_t dw_beyond(const struct cpu_conv_shape *s)
{
    return (s->out[2] - 1) * s->stride[2] + s->kernel[2] - s->pad[2] - s->in[2];
}

static bool dw3_fits(const struct cpu_conv_shape *s)
{
    return s->kernel[2] == 3 && s->stride[2] <= 2 && s->dilation[2] == 1 && s->pad[2] == 1 &&
           s->out[2] >= 4 && dw_beyond(s) <= 1;
}

static dw_run_fn *find_run(const struct cpu_conv_shape *s)
{
    static const struct {
        int64_t taps, stride;
        dw_run_fn *run;
    } runs[] = {
        {3, 1, dw_run_3_1}, {3, 2, dw_run_3_2}, {5, 1, dw_run_5_1}, {5, 2, dw_run_5_2}, {7, 1, dw_run_7_1},
    };

    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        if (s->dilation[2] == 1 && s->kernel[2] == runs[i].taps && s->stride[2] == runs[i].stride) {
            return runs[i].run;
        }
    }
    return NULL;
}

SIMD_INLINE void dw_one_vector(const struct dw_job *j, int64_t taps, const float *x, const float *w,
                               const float *bias, float *y, int n)
{
    vf acc = bias ? dw_load(bias, n) : vf_zero();

    for (int64_t d = 0; d < j->taps_d; d++) {
        for (int64_t h = 0; h < j->taps_h; h++) {
            const float *xp = x + d * j->x_plane + h * j->x_line, *wp = w + d * j->w_plane + h * j->w_line;

            for (int64_t t = 0; t < taps; t++) {
                acc = vf_fma(dw_load(xp + t * j->x_tap, n), vf_load(wp + t * j->padded), acc);
            }
        }
    }
    dw_store(j, y, acc, n);
}

/* One output with any number of taps, for kernels without a version of their own. */
static void dw_one(const struct dw_job *j, int64_t taps, const float *x, const float *w, float *y)
{
    int64_t c = 0;

    for (; c + SIMD_LANES <= j->channels; c += SIMD_LANES) {
        dw_one_vector(j, taps, x + c, w + c, j->bias ? j->bias + c : NULL, y + c, SIMD_LANES);
    }
    if (c < j->channels) {
        dw_one_vector(j, taps, x + c, w + c, j->bias ? j->bias + c : NULL, y + c, (int)(j->channels - c));
    }
}

/* Taps [lo, hi) of one dim that lie inside the input for output `at`. */
static void inside(const struct cpu_conv_shape *s, int dim, int64_t at, int64_t *lo, int64_t *hi)
{
    int64_t base = at * s->stride[dim] - s->pad[dim], d = s->dilation[dim];

    *lo = base < 0 ? ceil_div(-base, d) : 0;
    *hi = base < s->in[dim] ? min_i64(s->kernel[dim], ceil_div(s->in[dim] - base, d)) : 0;
    *lo = min_i64(*lo, s->kernel[dim]);
    *hi = max_i64(*hi, *lo);
}

static int64_t padded_channels(const struct cpu_conv_shape *s)
{
    return ceil_div(s->oc, SIMD_LANES) * SIMD_LANES;
}

static void begin_clamp(struct dw_job *j, const struct cpu_epilogue *post, int *from)
{
    j->low = -INFINITY;
    j->high = INFINITY;
    *from = 0;
    if (post && post->step_count && post->steps[0].kind == VT_POST_RELU) {
        j->low = 0;
        *from = 1;
    } else if (post && post->step_count && post->steps[0].kind == VT_POST_CLAMP) {
        j->low = post->steps[0].a;
        j->high = post->steps[0].b;
        *from = 1;
    }
}

/* A line of outputs. */
struct dw_out {
    int64_t image, row;     /* of its first output */
    int64_t taps_d, taps_h; /* inside the input */
    const float *x, *w;     /* pixel 0 of the first input line that takes part, and its weights */
    float *y;
};

static struct dw_out find_line(const struct cpu_conv_shape *s, const struct cpu_conv_args *args,
                               const struct dw_job *j, int64_t index)
{
    int64_t image = index / (s->out[0] * s->out[1]), rest = index % (s->out[0] * s->out[1]);
    int64_t d = rest / s->out[1], h = rest % s->out[1], d0, d1, h0, h1;
    struct dw_out line = {.image = image, .row = rest * s->out[2]};

    inside(s, 0, d, &d0, &d1);
    inside(s, 1, h, &h0, &h1);
    line.taps_d = d1 - d0;
    line.taps_h = h1 - h0;
    line.x = args->x + image * s->in[0] * s->in[1] * s->in[2] * s->x_pixel;
    if (line.taps_d && line.taps_h) {
        line.x += ((d * s->stride[0] - s->pad[0] + d0 * s->dilation[0]) * s->in[1] + h * s->stride[1] -
                   s->pad[1] + h0 * s->dilation[1]) *
                  s->in[2] * s->x_pixel;
    }
    line.w = args->w + d0 * j->w_plane + h0 * j->w_line;
    line.y = args->y + (image * s->out[0] * s->out[1] * s->out[2] + line.row) * s->y_pixel;
    return line;
}

static void dw_line(const struct cpu_conv_shape *s, struct dw_job *j, const struct dw_out *line)
{
    dw_run_fn *run = find_run(s);
    int64_t w0, w1;

    j->taps_d = line->taps_d;
    j->taps_h = line->taps_h;
    if (run) {
        run(j, line->x, line->w, line->y, s->out[2]);
        return;
    }
    for (int64_t o = 0; o < s->out[2]; o++) {
        const float *x = line->x;

        inside(s, 2, o, &w0, &w1);
        if (w1 > w0) {
            x += (o * s->stride[2] - s->pad[2] + w0 * s->dilation[2]) * s->x_pixel;
        }
        dw_one(j, w1 - w0, x, line->w + w0 * j->padded, line->y + o * s->y_pixel);
    }
}

/* Some lines in blocks of four to eight outputs of nearly the same size, one block of all lines before the
 * next: the input lines that neighbours share stay in the first-level cache. */
static void dw3_lines(const struct cpu_conv_shape *s, struct dw_job *j, const struct dw_out *lines,
                      int64_t count)
{
    int64_t blocks = ceil_div(s->out[2], 8), o = 0, beyond = dw_beyond(s);

    for (int64_t i = 0; i < blocks; i++) {
        int64_t px = split(s->out[2], blocks, i + 1) - o;
        bool trail = i == blocks - 1 && beyond == 1;
        dw3_fn *run = dw3_blocks[s->stride[2] - 1][px - 4][i == 0][trail];

        for (int64_t l = 0; l < count; l++) {
            j->taps_d = lines[l].taps_d;
            j->taps_h = lines[l].taps_h;
            run(j, lines[l].x + (o * s->stride[2] - 1) * s->x_pixel, lines[l].w, lines[l].y + o * s->y_pixel);
        }
        o += px;
    }
}

static int64_t dw_lines(const struct cpu_conv_shape *s)
{
    return s->batch * s->out[0] * s->out[1];
}

#define DW_LINES 8 /* at once */

static int64_t dw_tasks(const struct cpu_conv_shape *s)
{
    int64_t work = s->out[2] * s->oc * s->kernel[0] * s->kernel[1] * s->kernel[2], all = dw_lines(s);
    int64_t lines = max_i64(1, 64 * 1024 / max_i64(1, work));

    if (dw3_fits(s)) { /* more share input lines */
        lines = max_i64(lines, min_i64(DW_LINES, all / 16));
    }
    return s->out[2] && s->oc ? ceil_div(all, lines) : 0;
}

static void dw_run(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, int64_t task,
                   void *scratch)
{
    int64_t tasks = dw_tasks(s), last = split(dw_lines(s), tasks, task + 1), count;
    bool three = dw3_fits(s);
    struct dw_out lines[DW_LINES];
    struct dw_job j = {
        .channels = s->oc, .padded = padded_channels(s), .x_pixel = s->x_pixel, .y_pixel = s->y_pixel};
    int from;

    (void)scratch;
    j.width = s->in[2];
    j.pad = s->pad[2];
    j.x_tap = s->dilation[2] * s->x_pixel;
    j.x_line = s->dilation[1] * s->in[2] * s->x_pixel;
    j.x_plane = s->dilation[0] * s->in[1] * s->in[2] * s->x_pixel;
    j.w_line = s->kernel[2] * j.padded;
    j.w_plane = s->kernel[1] * j.w_line;
    j.bias = args->post ? args->post->bias : NULL;
    begin_clamp(&j, args->post, &from);
    for (int64_t i = split(dw_lines(s), tasks, task); i < last; i += count) {
        count = min_i64(DW_LINES, last - i);
        for (int64_t l = 0; l < count; l++) {
            lines[l] = find_line(s, args, &j, i + l);
        }
        if (three) {
            dw3_lines(s, &j, lines, count);
        }
        for (int64_t l = 0; l < count; l++) {
            struct gemm_block block = {.lines = 1,
                                       .m = s->out[2],
                                       .n = s->oc,
                                       .y = lines[l].y,
                                       .ldy = s->y_pixel,
                                       .post = args->post,
                                       .row = lines[l].row,
                                       .batch = {lines[l].image}};

            if (!three) {
                dw_line(s, &j, &lines[l]);
            }
            if (args->post && from < args->post->step_count) {
                CPU_NAME(gemm_epilogue)(&block, from);
            }
        }
    }
}

static size_t dw_packed_bytes(const struct cpu_conv_shape *s)
{
    return (size_t)(padded_channels(s) * s->kernel[0] * s->kernel[1] * s->kernel[2]) * sizeof(float);
}

static void dw_pack(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w)
{
    int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2], padded = padded_channels(s);

    for (int64_t tap = 0; tap < taps; tap++) {
        for (int64_t c = 0; c < padded; c++) {
            float value = 0;

            if (c < s->oc && w->type == CPU_SRC_F32) {
                memcpy(&value, (const char *)w->data + (c * taps + tap) * 4, 4);
            } else if (c < s->oc) {
                uint16_t half;

                memcpy(&half, (const char *)w->data + (c * taps + tap) * 2, 2);
                value = w->type == CPU_SRC_F16 ? simd_f16_to_f32(half) : simd_bf16_to_f32(half);
            }
            dst[tap * padded + c] = c < s->oc && w->scale ? value * w->scale[c] : value;
        }
    }
}

static size_t dw_scratch_bytes(const struct cpu_conv_shape *s)
{
    (void)s;
    return 0;
}

extern const struct cpu_dwconv_f32 CPU_NAME(dwconv_f32);
const struct cpu_dwconv_f32 CPU_NAME(dwconv_f32) = {
    .name = CPU_NAME_TEXT(dwconv_f32),
    .isa = CPU_ISA_ID,
    .packed_bytes = dw_packed_bytes,
    .pack = dw_pack,
    .tasks = dw_tasks,
    .scratch_bytes = dw_scratch_bytes,
    .run = dw_run,
};
