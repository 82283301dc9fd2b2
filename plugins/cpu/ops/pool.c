/* Max and average pooling, channels last or planar. */
#include "kernels/pool.h"

#include "impl.h"

struct pool {
    struct cpu_pool shape;
    cpu_pool_fn *kernel;
    int64_t units, pieces;
};

static bool is_max(const struct cpu_op *op)
{
    return strcmp(op->type, "MaxPool") == 0;
}

/* Indices are asked for by someone. */
static bool wants_indices(const struct cpu_op *op)
{
    return op->n_out > 1 && op->host->node_n_uses(op->node, 1) > 0;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double taps = 1, ns;
    int64_t n;
    const int64_t *kernel = op->host->attr_i64s(op->node, "kernel", &n);

    for (int64_t i = 0; i < n; i++) {
        taps *= (double)kernel[i];
    }
    ns = (double)op->out[0].count * taps * 0.1;
    o[0] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, ns, 0};
    o[1] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns * 3, 0};
    return 2;
}

static int64_t at(const int64_t *list, int64_t n, int64_t i, int64_t otherwise)
{
    return i < n ? list[i] : otherwise;
}

/* "explicit" takes the attribute; the others follow from the sizes. The end needs no care: windows are cut
 * there, and the average counts padding up to pad_end. */
static void pads(const struct cpu_op *op, struct cpu_pool *p, int i, int64_t begin, int64_t end)
{
    const char *mode = op->host->attr_str(op->node, "auto_pad");
    /* One window per stride; rounding up may have added one more, which the pads do not follow. */
    int64_t n = (p->in[i] + p->stride[i] - 1) / p->stride[i];
    int64_t total = (n - 1) * p->stride[i] + (p->kernel[i] - 1) * p->dilation[i] + 1 - p->in[i];

    total = total > 0 ? total : 0;
    p->pad_begin[i] = begin;
    p->pad_end[i] = end;
    if (strcasecmp(mode, "valid") == 0) {
        p->pad_begin[i] = p->pad_end[i] = 0;
    } else if (strcasecmp(mode, "same_upper") == 0) {
        p->pad_begin[i] = total / 2;
        p->pad_end[i] = total - total / 2;
    } else if (strcasecmp(mode, "same_lower") == 0) {
        p->pad_begin[i] = total - total / 2;
        p->pad_end[i] = total / 2;
    }
}

/* An average over a padded input divides by whole windows, also by what rounding up adds behind the padding.
 */
static void count_whole_windows(const struct cpu_op *op, struct cpu_pool *p)
{
    bool padded = false;

    for (int i = 0; i < 3; i++) {
        padded |= p->pad_begin[i] || p->pad_end[i];
    }
    for (int i = 0; i < 3 && padded && !is_max(op); i++) {
        int64_t reach = (p->out[i] - 1) * p->stride[i] + (p->kernel[i] - 1) * p->dilation[i] + 1 - p->in[i] -
                        p->pad_begin[i];

        p->pad_end[i] = reach > p->pad_end[i] ? reach : p->pad_end[i];
    }
}

static void fill_shape(const struct cpu_op *op, struct cpu_pool *p)
{
    int spatial = op->in[0].rank - 2;
    int64_t nk, ns, nb, ne, nd = 0;
    const int64_t *kernel = op->host->attr_i64s(op->node, "kernel", &nk);
    const int64_t *stride = op->host->attr_i64s(op->node, "strides", &ns);
    const int64_t *begin = op->host->attr_i64s(op->node, "pads_begin", &nb);
    const int64_t *end = op->host->attr_i64s(op->node, "pads_end", &ne);
    bool dilated = op->host->node_opset(op->node) >= (is_max(op) ? 8 : 16);
    const int64_t *dilation = dilated ? op->host->attr_i64s(op->node, "dilations", &nd) : NULL;

    p->channels = op->in[0].dims[1];
    for (int i = 0; i < 3; i++) {
        int axis = i - (3 - spatial);

        p->in[i] = p->out[i] = p->kernel[i] = p->stride[i] = p->dilation[i] = 1;
        if (axis < 0) {
            continue;
        }
        p->in[i] = op->in[0].dims[2 + axis];
        p->out[i] = op->out[0].dims[2 + axis];
        p->kernel[i] = at(kernel, nk, axis, 1);
        p->stride[i] = at(stride, ns, axis, 1);
        p->dilation[i] = at(dilation, nd, axis, 1);
        pads(op, p, i, at(begin, nb, axis, 0), at(end, ne, axis, 0));
    }
    count_whole_windows(op, p);
    p->exclude_pad = !is_max(op) && op->host->attr_i64(op->node, "exclude-pad");
}

/* Whether a window covers nothing but padding. */
static bool is_empty(const struct cpu_pool *p, int d, int64_t window)
{
    int64_t at = window * p->stride[d] - p->pad_begin[d], step = p->dilation[d];
    int64_t tap = at < 0 ? (step - 1 - at) / step : 0;

    return tap >= p->kernel[d] || at + tap * step >= p->in[d];
}

/* Rounding up may add windows that hold nothing but padding; what they give is the reference's business.
 * Those that begin inside hold something, so that only the ones before them and the last have to be looked
 * at. */
static bool any_empty(const struct cpu_pool *p)
{
    for (int d = 0; d < 3; d++) {
        for (int64_t o = 0; o < p->out[d] && o * p->stride[d] < p->pad_begin[d]; o++) {
            if (is_empty(p, d, o)) {
                return true;
            }
        }
        if (p->out[d] > 0 && is_empty(p, d, p->out[d] - 1)) {
            return true;
        }
    }
    return false;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_pool p = {0};

    *reason = "only f32 of rank 3 to 5";
    if (op->in[0].type != VT_F32 || op->in[0].rank < 3 || op->in[0].rank > 5 ||
        op->out[0].rank != op->in[0].rank) {
        return false;
    }
    *reason = "the positions of the maxima are used";
    if (wants_indices(op)) {
        return false;
    }
    fill_shape(op, &p);
    *reason = "a window lies outside of the input";
    return !is_max(op) || !any_empty(&p);
}

struct job {
    const struct pool *p;
    const float *src;
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->p->kernel(&j->p->shape, j->src, j->dst, begin, end);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct pool *p = step->data;
    struct job j = {p, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, p->units, p->pieces, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct pool *p = cpu_plan_alloc(b, sizeof(*p));
    const struct cpu_pool_f32 *k = cpu_pool_f32_get(op->isa);
    bool nhwc = option->in == CPU_NXC;

    if (!p) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    fill_shape(op, &p->shape);
    p->shape.src_ld = cpu_build_in(b, step, 0)->pixel;
    p->shape.dst_ld = cpu_build_out(b, step, 0)->pixel;
    p->kernel = is_max(op) ? (nhwc ? k->max_nhwc : k->max_nchw) : (nhwc ? k->average_nhwc : k->average_nchw);
    p->units = cpu_pool_units(&p->shape, op->in[0].dims[0], nhwc);
    p->pieces = cpu_pieces(op, option->cost);
    step->run = run;
    step->data = p;
    step->kernel = k->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_pool = {
    .name = "pool",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
