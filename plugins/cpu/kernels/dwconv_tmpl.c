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

/* One line of outputs: image, d, h. */
static void dw_line(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, struct dw_job *j,
                    int64_t image, int64_t d, int64_t h, int from)
{
    int64_t d0, d1, h0, h1, w0, w1, row = (d * s->out[1] + h) * s->out[2];
    dw_run_fn *run = find_run(s);
    const float *x = args->x + image * s->in[0] * s->in[1] * s->in[2] * s->x_pixel, *w = args->w;
    float *y = args->y + (image * s->out[0] * s->out[1] * s->out[2] + row) * s->y_pixel;

    inside(s, 0, d, &d0, &d1);
    inside(s, 1, h, &h0, &h1);
    j->taps_d = d1 - d0;
    j->taps_h = h1 - h0;
    if (j->taps_d && j->taps_h) {
        x += ((d * s->stride[0] - s->pad[0] + d0 * s->dilation[0]) * s->in[1] + h * s->stride[1] - s->pad[1] +
              h0 * s->dilation[1]) *
             s->in[2] * s->x_pixel;
    }
    w += d0 * j->w_plane + h0 * j->w_line;
    if (run) {
        run(j, x, w, y, s->out[2]);
    }
    for (int64_t o = 0; o < s->out[2] && !run; o++) {
        inside(s, 2, o, &w0, &w1);
        dw_one(j, w1 - w0,
               w1 > w0 ? x + (o * s->stride[2] - s->pad[2] + w0 * s->dilation[2]) * s->x_pixel : x,
               w + w0 * j->padded, y + o * s->y_pixel);
    }
    if (args->post && from < args->post->step_count) {
        struct gemm_block block = {.lines = 1,
                                   .m = s->out[2],
                                   .n = s->oc,
                                   .y = y,
                                   .ldy = s->y_pixel,
                                   .post = args->post,
                                   .row = row,
                                   .batch = {image}};

        CPU_NAME(gemm_epilogue)(&block, from);
    }
}

static int64_t dw_lines(const struct cpu_conv_shape *s)
{
    return s->batch * s->out[0] * s->out[1];
}

static int64_t dw_tasks(const struct cpu_conv_shape *s)
{
    int64_t work = s->out[2] * s->oc * s->kernel[0] * s->kernel[1] * s->kernel[2];
    int64_t lines = max_i64(1, 64 * 1024 / max_i64(1, work));

    return s->out[2] && s->oc ? ceil_div(dw_lines(s), lines) : 0;
}

static void dw_run(const struct cpu_conv_shape *s, const struct cpu_conv_args *args, int64_t task,
                   void *scratch)
{
    int64_t tasks = dw_tasks(s), first = split(dw_lines(s), tasks, task),
            last = split(dw_lines(s), tasks, task + 1);
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
    for (int64_t i = first; i < last; i++) {
        int64_t image = i / (s->out[0] * s->out[1]), line = i % (s->out[0] * s->out[1]);

        dw_line(s, args, &j, image, line / s->out[1], line % s->out[1], from);
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
