/* DeformableConvolution: each block of output pixels samples its taps into rows, channels last, which one
 * matrix product with the packed weights turns into the result. */
#include "impl.h"
#include "kernels/gemm.h"
#include "kernels/sample.h"

#include <math.h>
#include <stdlib.h>

#define BLOCK 32 /* output pixels in a task */

struct deformable {
    const struct cpu_gemm_f32 *gemm;
    const struct cpu_sample_f32 *kernel;
    bool zeros, masked; /* zeros: around the data, and sampled into */
    int64_t batch, channels, in[2], out_channels, out[2], taps[2], parts;
    int64_t stride[2], dilation[2], pad[2];
    int64_t src_pixel, dst_pixel, k, blocks;
    const float *weights;
};

static bool supports(const struct cpu_op *op, const char **reason)
{
    int n = op->n_in;

    *reason = "only f32 of known shape";
    for (int i = 0; i < n; i++) {
        if (op->in[i].type && (op->in[i].type != VT_F32 || op->in[i].rank != 4)) {
            return false;
        }
    }
    *reason = "the weights are not constant, or their type has no packing";
    if (op->out[0].rank != 4 || !op->in[2].raw ||
        (op->in[2].raw->type != VT_F32 && op->in[2].raw->type != VT_F16 && op->in[2].raw->type != VT_BF16)) {
        return false;
    }
    *reason = "groups, or padding that is not explicit";
    return op->host->attr_i64(op->node, "group") == 1 &&
           strcasecmp(op->host->attr_str(op->node, "auto_pad"), "explicit") == 0 && !op->in[0].raw &&
           !op->in[1].raw && (n < 4 || !op->in[3].raw);
}

/* ---- weights [out][in][taps] as [out][taps][in], packed */

struct packer {
    const struct cpu_gemm_f32 *gemm;
    struct cpu_weights_src src;
    int64_t n, k;
};

static void pack(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct packer *p = ctx;

    p->gemm->pack(dst, &p->src, p->n, p->k, first, last);
}

static int pack_weights(struct cpu_build *b, const struct cpu_op *op, struct deformable *d,
                        struct vt_error *err)
{
    const struct vt_tensor *raw = op->in[2].raw;
    size_t size = (size_t)vt_type_info(raw->type)->bits / 8;
    int64_t taps = d->taps[0] * d->taps[1];
    char *turned = malloc(raw->bytes + 1);
    struct packer p = {.gemm = d->gemm, .n = d->out_channels, .k = d->k};
    struct {
        uint64_t kernel;
        int64_t n, k, taps;
    } key = {cpu_key('D', d->gemm->name, strlen(d->gemm->name)), p.n, p.k, taps};

    if (!turned) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int64_t o = 0; o < d->out_channels; o++) {
        for (int64_t c = 0; c < d->channels; c++) {
            for (int64_t t = 0; t < taps; t++) {
                memcpy(turned + (size_t)(o * d->k + t * d->channels + c) * size,
                       (const char *)raw->data + (size_t)((o * d->channels + c) * taps + t) * size, size);
            }
        }
    }
    p.src.data = turned;
    p.src.type = raw->type == VT_F32 ? CPU_SRC_F32 : raw->type == VT_F16 ? CPU_SRC_F16 : CPU_SRC_BF16;
    p.src.n_stride = d->k;
    p.src.k_stride = 1;
    d->weights = cpu_weights(b, &op->in[2], cpu_key(0, &key, sizeof(key)), d->gemm->packed_bytes(p.n, p.k),
                             pack, &p, d->gemm->panels(p.n), err);
    free(turned);
    return d->weights ? VT_OK : VT_E_NOMEM;
}

/* ---- running */

struct job {
    const struct deformable *d;
    const float *src, *offsets, *mask;
    float *dst;
};

/* Rows of the map around a place and their weights; none outside. */
static int around(const struct deformable *d, const float *map, float y, float x, float factor,
                  const float **rows, float *weights)
{
    float margin = d->zeros ? 1 : 0, dy = y - floorf(y), dx = x - floorf(x);
    int64_t top, left;
    int n = 0;

    if (d->zeros ? !(y > -margin && x > -margin) : !(y >= 0 && x >= 0)) {
        return 0;
    }
    if (!(y < (float)d->in[0] && x < (float)d->in[1])) {
        return 0;
    }
    top = (int64_t)floorf(y);
    left = (int64_t)floorf(x);
    for (int i = 0; i < 4; i++) {
        int64_t r = top + i / 2, c = left + i % 2;

        if (d->zeros && (r < 0 || r >= d->in[0] || c < 0 || c >= d->in[1])) {
            continue;
        }
        r = r > d->in[0] - 1 ? d->in[0] - 1 : r;
        c = c > d->in[1] - 1 ? d->in[1] - 1 : c;
        rows[n] = map + (r * d->in[1] + c) * d->src_pixel;
        weights[n++] = (i / 2 ? dy : 1 - dy) * (i % 2 ? dx : 1 - dx) * factor;
    }
    return n;
}

/* All taps of one output pixel. */
static void sample_pixel(const struct job *j, int64_t image, int64_t pixel, float *to)
{
    const struct deformable *d = j->d;
    const float *map = j->src + image * d->in[0] * d->in[1] * d->src_pixel;
    int64_t area = d->out[0] * d->out[1], taps = d->taps[0] * d->taps[1], each = d->channels / d->parts;
    int64_t row = pixel / d->out[1], column = pixel % d->out[1];

    for (int64_t t = 0; t < taps; t++) {
        float y = (float)(row * d->stride[0] - d->pad[0] + t / d->taps[1] * d->dilation[0]);
        float x = (float)(column * d->stride[1] - d->pad[1] + t % d->taps[1] * d->dilation[1]);

        for (int64_t p = 0; p < d->parts; p++) {
            int64_t field = (image * d->parts + p) * taps + t;
            float factor = j->mask ? j->mask[field * area + pixel] : 1;
            const float *rows[4];
            float weights[4];
            int n = around(d, map + p * each, y + j->offsets[2 * field * area + pixel],
                           x + j->offsets[(2 * field + 1) * area + pixel], factor, rows, weights);

            d->kernel->sum(rows, weights, n, to + t * d->channels + p * each, each, false);
        }
    }
}

static size_t rows_bytes(const struct deformable *d)
{
    return (((size_t)(BLOCK * d->k) * sizeof(float)) + 63) & ~(size_t)63;
}

static void task(void *arg, int64_t index, void *scratch)
{
    const struct job *j = arg;
    const struct deformable *d = j->d;
    int64_t image = index / d->blocks, first = index % d->blocks * BLOCK, area = d->out[0] * d->out[1];
    struct cpu_gemm_args args = {.m = area - first < BLOCK ? area - first : BLOCK,
                                 .n = d->out_channels,
                                 .k = d->k,
                                 .x = scratch,
                                 .w = d->weights,
                                 .y = j->dst + (image * area + first) * d->dst_pixel,
                                 .ldx = d->k,
                                 .ldy = d->dst_pixel};
    int64_t tasks = d->gemm->tasks(args.m, args.n, args.k);

    for (int64_t i = 0; i < args.m; i++) {
        sample_pixel(j, image, first + i, (float *)scratch + i * d->k);
    }
    for (int64_t i = 0; i < tasks; i++) {
        d->gemm->run(&args, i, (char *)scratch + rows_bytes(d));
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct deformable *d = step->data;
    struct job j = {d, cpu_in(step, run, 0), cpu_in(step, run, 1), d->masked ? cpu_in(step, run, 3) : NULL,
                    cpu_out(step, run, 0)};

    cpu_parallel(run, d->batch * d->blocks, task, &j);
    return VT_OK;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double k = (double)op->in[2].count / (double)(op->out[0].dims[1] ? op->out[0].dims[1] : 1);

    o[0] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, (double)op->out[0].count * k / 20, 0};
    return 1;
}

static void describe(const struct cpu_op *op, struct deformable *d)
{
    const struct vt_host *host = op->host;
    int64_t n;
    const int64_t *stride = host->attr_i64s(op->node, "strides", &n);
    const int64_t *dilation = host->attr_i64s(op->node, "dilations", &n);
    const int64_t *pad = host->attr_i64s(op->node, "pads_begin", &n);

    d->zeros = host->node_opset(op->node) >= 8 && host->attr_i64(op->node, "bilinear_interpolation_pad");
    d->masked = op->n_in > 3 && op->in[3].type;
    d->parts = host->attr_i64(op->node, "deformable_group");
    d->batch = op->out[0].dims[0];
    d->channels = op->in[0].dims[1];
    d->out_channels = op->out[0].dims[1];
    for (int i = 0; i < 2; i++) {
        d->in[i] = op->in[0].dims[2 + i];
        d->out[i] = op->out[0].dims[2 + i];
        d->taps[i] = op->in[2].dims[2 + i];
        d->stride[i] = stride[i];
        d->dilation[i] = dilation[i];
        d->pad[i] = i < n ? pad[i] : 0;
    }
    d->k = d->taps[0] * d->taps[1] * d->channels;
    d->blocks = (d->out[0] * d->out[1] + BLOCK - 1) / BLOCK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct deformable *d = cpu_plan_alloc(b, sizeof(*d));
    size_t most = 0;

    (void)option;
    if (!d) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    describe(op, d);
    d->gemm = cpu_gemm_f32_get(op->isa);
    d->kernel = cpu_sample_f32_get(op->isa);
    d->src_pixel = cpu_build_in(b, step, 0)->pixel;
    d->dst_pixel = cpu_build_out(b, step, 0)->pixel;
    for (int64_t m = 1; m <= BLOCK; m++) {
        size_t bytes = d->gemm->scratch_bytes(m, d->out_channels, d->k);

        most = bytes > most ? bytes : most;
    }
    step->scratch = rows_bytes(d) + most;
    step->run = op->out[0].count ? run : NULL;
    step->data = d;
    step->kernel = d->kernel->name;
    return op->out[0].count ? pack_weights(b, op, d, err) : VT_OK;
}

const struct cpu_impl cpu_impl_deformable = {
    .name = "deformable",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
