/* Transposed convolution whose taps do not overlap (kernel = stride, no padding): every input pixel makes its
 * own block of output pixels. A row of input pixels times the weights of one kernel row is a stretch of one
 * output row, so the matrix product writes the result where it belongs. */
#include "kernels/gemm.h"
#include "ops/post.h"

#include <stdlib.h>

enum { DATA, WEIGHTS, SCALE, BIAS };

struct deconv {
    const struct cpu_gemm_f32 *gemm;
    struct cpu_gemm_args args;             /* of one row: m = width, n = kernel width * oc */
    const float *weights;                  /* [kernel depth * kernel height] packed */
    size_t weights_step;                   /* floats from one kernel row to the next */
    struct cpu_epilogue post;              /* operands repeated for the kernel's columns */
    int64_t images, depth, height, kd, kh; /* input rows, kernel rows */
    int64_t x_row, y_row;                  /* floats */
    int64_t gemm_tasks;
};

static bool fused(const struct cpu_op *op)
{
    return op->host->node_opset(op->node) == 0;
}

static bool left_out(const struct cpu_op *op, int i)
{
    return i >= op->n_in || op->in[i].type == VT_DYNAMIC;
}

/* Size, kernel and stride of spatial axis i of three, counted from the front; missing ones are 1. */
static bool axis_fits(const struct cpu_op *op, int axis)
{
    int64_t n, stride, kernel = op->in[WEIGHTS].dims[axis];
    const int64_t *list = op->host->attr_i64s(op->node, "strides", &n);

    if (axis - 2 >= n) {
        return false;
    }
    stride = list[axis - 2];
    list = op->host->attr_i64s(op->node, "dilations", &n);
    if (kernel > 1 && axis - 2 < n && list[axis - 2] != 1) {
        return false;
    }
    list = op->host->attr_i64s(op->node, "pads_begin", &n);
    if (axis - 2 < n && list[axis - 2]) {
        return false;
    }
    return stride == kernel && op->out[0].dims[axis] == op->in[DATA].dims[axis] * stride;
}

static bool raw_float(const struct cpu_arg *arg)
{
    return arg->raw && (arg->raw->type == VT_F32 || arg->raw->type == VT_F16 || arg->raw->type == VT_BF16);
}

/* Operands are constants of one element or one a channel. */
static bool operands_fit(const struct cpu_op *op, int64_t oc)
{
    int64_t n;
    const double *post;

    if (!fused(op)) {
        return true;
    }
    for (int i = SCALE; i < op->n_in; i++) {
        const struct cpu_arg *arg = &op->in[i];

        if (!left_out(op, i) && (!raw_float(arg) || (arg->count != 1 && arg->count != oc))) {
            return false;
        }
    }
    post = op->host->attr_f64s(op->node, "post", &n);
    return n <= VT_POST_MAX_STEPS * VT_POST_STEP && (n == 0 || post);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 with constant weights of rank 3 to 5";
    if (op->in[DATA].raw || op->in[DATA].type != VT_F32 || !raw_float(&op->in[WEIGHTS]) ||
        op->in[DATA].rank < 3 || op->in[DATA].rank > 5 || op->in[WEIGHTS].rank != op->in[DATA].rank ||
        op->out[0].rank != op->in[DATA].rank) {
        return false;
    }
    *reason = "grouped";
    if (fused(op) && op->host->attr_i64(op->node, "grouped")) {
        return false;
    }
    *reason = "the taps overlap, or there is padding";
    for (int axis = 2; axis < op->in[DATA].rank; axis++) {
        if (!axis_fits(op, axis)) {
            return false;
        }
    }
    *reason = "an operand of the fused program is no constant per channel";
    return operands_fit(op, op->out[0].dims[1]);
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double taps = (double)op->in[WEIGHTS].count / (double)op->in[DATA].dims[1];

    o[0] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, 2.0 * (double)op->in[DATA].count * taps / 50, 0};
    return 1;
}

/* ---- weights
 * ----------------------------------------------------------------------------------------------------------
 */

struct packer {
    const struct deconv *d;
    const float *weights; /* [ic][oc][taps] */
    const float *scale;   /* [oc] or NULL */
    int64_t oc, kw;
    float *row; /* [n][k] of one kernel row */
};

static void pack(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct packer *p = ctx;
    const struct deconv *d = p->d;
    int64_t n = d->args.n, k = d->args.k, rows = d->kd * d->kh, taps = rows * p->kw;

    (void)first;
    (void)last;
    for (int64_t r = 0; r < rows; r++) {
        struct cpu_weights_src src = {.data = p->row, .type = CPU_SRC_F32, .n_stride = k, .k_stride = 1};

        for (int64_t j = 0; j < n; j++) {
            int64_t tap = r * p->kw + j / p->oc, c = j % p->oc;

            for (int64_t i = 0; i < k; i++) {
                p->row[j * k + i] =
                    p->weights[(i * p->oc + c) * taps + tap] * (p->scale ? p->scale[c] : 1.0f);
            }
        }
        d->gemm->pack((float *)dst + (size_t)r * d->weights_step, &src, n, k, 0, d->gemm->panels(n));
    }
}

static int pack_weights(struct cpu_build *b, const struct cpu_op *op, struct deconv *d, int64_t kw,
                        struct vt_error *err)
{
    struct packer p = {.d = d, .oc = op->out[0].dims[1], .kw = kw};
    struct {
        uint64_t gemm;  /* of its name */
        uint64_t scale; /* of its contents */
    } key = {cpu_key('d', d->gemm->name, strlen(d->gemm->name)), 0};

    p.weights = cpu_constant_f32(b, &op->in[WEIGHTS], err);
    if (fused(op) && !left_out(op, SCALE)) {
        p.scale = cpu_constant_f32(b, &op->in[SCALE], err);
        if (!p.scale) {
            return VT_E_NOMEM;
        }
        key.scale = cpu_key(1, p.scale, (size_t)op->in[SCALE].count * sizeof(float));
    }
    p.row = malloc((size_t)(d->args.n * d->args.k) * sizeof(float));
    if (!p.weights || !p.row) {
        free(p.row);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    d->weights_step = (d->gemm->packed_bytes(d->args.n, d->args.k) + 63) / 64 * 16;
    d->weights = cpu_weights(b, &op->in[WEIGHTS], cpu_key(0, &key, sizeof(key)),
                             (size_t)(d->kd * d->kh) * d->weights_step * sizeof(float), pack, &p, 1, err);
    free(p.row);
    return d->weights ? VT_OK : VT_E_NOMEM;
}

/* ---- the program behind
 * ------------------------------------------------------------------------------------------------ */

/* A vector per channel, once for each column of the kernel; a scalar too. NULL when out of memory. */
static const float *repeat(struct cpu_build *b, const struct cpu_arg *arg, int64_t oc, int64_t times,
                           struct vt_error *err)
{
    const float *src = cpu_constant_f32(b, arg, err);
    float *dst = src ? cpu_plan_alloc(b, (size_t)(oc * times) * sizeof(float)) : NULL;

    for (int64_t i = 0; dst && i < oc * times; i++) {
        dst[i] = src[arg->count == 1 ? 0 : i % oc];
    }
    return dst;
}

static int fill_post(struct cpu_build *b, const struct cpu_op *op, struct cpu_epilogue *post, int64_t kw,
                     struct vt_error *err)
{
    int64_t n = 0, oc = op->out[0].dims[1];
    const double *steps = fused(op) ? op->host->attr_f64s(op->node, "post", &n) : NULL;

    if (fused(op) && !left_out(op, BIAS)) {
        post->bias = repeat(b, &op->in[BIAS], oc, kw, err);
        if (!post->bias) {
            return VT_E_NOMEM;
        }
    }
    post->step_count = (int)(n / VT_POST_STEP);
    for (int i = 0; i < post->step_count; i++) {
        const double *s = steps + (ptrdiff_t)i * VT_POST_STEP;
        struct cpu_epilogue_step *out = &post->steps[i];

        *out = (struct cpu_epilogue_step){.kind = (enum vt_post_kind)(int)s[0],
                                          .a = (float)s[2],
                                          .b = (float)s[3],
                                          .col_stride = s[1] >= 0};
        if (s[1] >= 0) {
            out->src = repeat(b, &op->in[(int)s[1]], oc, kw, err);
            if (!out->src) {
                return VT_E_NOMEM;
            }
        }
    }
    return VT_OK;
}

/* ---- the step
 * ----------------------------------------------------------------------------------------------------------
 */

struct job {
    const struct deconv *d;
    const float *x;
    float *y;
};

/* One kernel row over one row of input pixels. */
static void row_task(void *arg, int64_t task, void *scratch)
{
    struct job *j = arg;
    const struct deconv *d = j->d;
    struct cpu_gemm_args args = d->args;
    int64_t kh = task % d->kh, h = task / d->kh % d->height, rest = task / (d->kh * d->height);
    int64_t kd = rest % d->kd, z = rest / d->kd; /* z counts images and depth together */

    args.x = j->x + (z * d->height + h) * d->x_row;
    args.w = d->weights + (size_t)(kd * d->kh + kh) * d->weights_step;
    args.y = j->y + (((z * d->kd + kd) * d->height + h) * d->kh + kh) * d->y_row;
    args.post = &d->post;
    for (int64_t i = 0; i < d->gemm_tasks; i++) {
        d->gemm->run(&args, i, scratch);
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct deconv *d = step->data;
    struct job j = {d, cpu_in(step, run, DATA), cpu_out(step, run, 0)};

    cpu_parallel(run, d->images * d->depth * d->kd * d->height * d->kh, row_task, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct deconv *d = cpu_plan_alloc(b, sizeof(*d));
    const struct cpu_arg *x = &op->in[DATA], *w = &op->in[WEIGHTS];
    int rank = x->rank;
    int64_t width = x->dims[rank - 1], kw = w->dims[rank - 1], oc = op->out[0].dims[1];
    int status;

    (void)option;
    if (!d) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    d->gemm = cpu_gemm_f32_get(op->isa);
    d->images = x->dims[0];
    d->depth = rank == 5 ? x->dims[2] : 1;
    d->height = rank >= 4 ? x->dims[rank - 2] : 1;
    d->kd = rank == 5 ? w->dims[2] : 1;
    d->kh = rank >= 4 ? w->dims[rank - 2] : 1;
    d->args = (struct cpu_gemm_args){.m = width, .n = kw * oc, .k = x->dims[1], .ldy = kw * oc};
    d->args.ldx = cpu_build_in(b, step, DATA)->pixel;
    d->x_row = width * d->args.ldx;
    d->y_row = width * kw * oc;
    d->gemm_tasks = d->gemm->tasks(d->args.m, d->args.n, d->args.k);
    status = pack_weights(b, op, d, kw, err);
    if (status == VT_OK) {
        status = fill_post(b, op, &d->post, kw, err);
    }
    step->scratch = d->gemm->scratch_bytes(d->args.m, d->args.n, d->args.k);
    step->run = run;
    step->data = d;
    step->kernel = d->gemm->name;
    return status;
}

const struct cpu_impl cpu_impl_deconv_rows = {
    .name = "deconv_rows",
    .flags = CPU_READS_STRIDED | CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
