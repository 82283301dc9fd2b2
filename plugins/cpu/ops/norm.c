/* LayerNorm and RMS norm (fused); MVN and NormalizeL2 over trailing axes or the channels; GRN. */
#include "kernels/norm.h"
#include "kernels/softmax.h"

#include "impl.h"

struct norm {
    struct cpu_norm_rows rows;
    cpu_norm_rows_fn *kernel;
    int64_t count, pieces;
};

/* How many trailing axes the axes input names, 0 when they are not just the trailing ones. */
static int trailing_axes(const struct cpu_arg *axes, int rank)
{
    int64_t values[VT_MAX_RANK];
    unsigned seen = 0;
    int n;

    if (!cpu_constant_i64s(axes, values, rank, &n)) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        int64_t axis = values[i] + (values[i] < 0 ? rank : 0);

        if (axis < 0 || axis >= rank) {
            return 0;
        }
        seen |= 1u << axis;
    }
    return seen == ((1u << n) - 1) << (rank - n) ? n : 0;
}

static int axes_count(const struct cpu_op *op)
{
    if (strcmp(op->type, "LayerNorm") == 0) {
        return (int)op->host->attr_i64(op->node, "axes_count");
    }
    return trailing_axes(&op->in[1], op->in[0].rank);
}

static bool affine_fits(const struct cpu_op *op, int input, int64_t n)
{
    const struct cpu_arg *arg = &op->in[input];

    return input >= op->n_in || arg->type == VT_DYNAMIC || (arg->raw && arg->count == n);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    int axes;
    int64_t n = 1;

    *reason = "only f32 of known rank";
    if (op->in[0].raw || op->in[0].type != VT_F32 || op->in[0].rank < 1 || op->out[0].type != VT_F32) {
        return false;
    }
    if (strcmp(op->type, "MVN") == 0 && op->host->node_opset(op->node) < 6) {
        *reason = "the old form of MVN";
        return false;
    }
    *reason = "the axes are not the trailing ones";
    axes = axes_count(op);
    if (axes < 1 || axes > op->in[0].rank) {
        return false;
    }
    for (int i = op->in[0].rank - axes; i < op->in[0].rank; i++) {
        n *= op->in[0].dims[i];
    }
    *reason = "scale or shift is no constant of the normalised size";
    return strcmp(op->type, "LayerNorm") != 0 || (affine_fits(op, 1, n) && affine_fits(op, 2, n));
}

/* All but the lengths. */
static void formula(const struct cpu_op *op, struct cpu_norm_rows *r)
{
    const struct vt_host *host = op->host;
    bool response = strcmp(op->type, "GRN") == 0;

    *r = (struct cpu_norm_rows){.eps = (float)host->attr_f64(op->node, response ? "bias" : "eps"),
                                .eps_mode = CPU_EPS_INSIDE,
                                .variance = true};
    if (response || strcmp(op->type, "NormalizeL2") == 0) {
        r->sum = true;
        if (!response && strcasecmp(host->attr_str(op->node, "eps_mode"), "max") == 0) {
            r->eps_mode = CPU_EPS_MAX;
        }
        return;
    }
    r->mean = true;
    if (strcasecmp(host->attr_str(op->node, "eps_mode"), "outside_sqrt") == 0) {
        r->eps_mode = CPU_EPS_OUTSIDE;
    }
    if (strcmp(op->type, "LayerNorm") == 0) {
        r->mean = !host->attr_i64(op->node, "rms");
    } else {
        r->variance = host->attr_i64(op->node, "normalize_variance") != 0;
    }
}

static void fill(const struct cpu_op *op, struct cpu_norm_rows *r)
{
    formula(op, r);
    r->n = 1;
    for (int i = op->in[0].rank - axes_count(op); i < op->in[0].rank; i++) {
        r->n *= op->in[0].dims[i];
    }
    r->src_ld = r->dst_ld = r->n;
}

struct job {
    const struct norm *n;
    const float *src;
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->n->kernel(&j->n->rows, j->src, j->dst, begin, end);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct norm *n = step->data;
    struct job j = {n, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, n->count, n->pieces, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct norm *n = cpu_plan_alloc(b, sizeof(*n));
    const struct cpu_norm_f32 *k = cpu_norm_f32_get(op->isa);
    const float **affine[2];

    (void)option;
    if (!n) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    fill(op, &n->rows);
    affine[0] = &n->rows.gamma;
    affine[1] = &n->rows.beta;
    for (int i = 0; strcmp(op->type, "LayerNorm") == 0 && i < 2; i++) {
        if (i + 1 < op->n_in && op->in[i + 1].type != VT_DYNAMIC) {
            *affine[i] = cpu_constant_f32(b, &op->in[i + 1], err);
            if (!*affine[i]) {
                return VT_E_NOMEM;
            }
        }
    }
    n->kernel = k->rows;
    n->count = n->rows.n ? op->in[0].count / n->rows.n : 0;
    n->pieces = cpu_pieces(op, (double)op->in[0].count * 0.5);
    step->run = run;
    step->data = n;
    step->kernel = k->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_norm_rows = {
    .name = "norm_rows",
    .flags = CPU_IN_PLACE | CPU_TAKES_RAW,
    .supports = supports,
    .prepare = prepare,
};

/* ---- NormalizeL2, MVN and GRN over the channels
 * --------------------------------------------------------------------- */

struct channels {
    const struct cpu_norm_f32 *kernel;
    struct cpu_norm_rows rows; /* channels last: a row a pixel */
    struct cpu_norm_columns columns;
    bool last;
    int64_t units, pieces;
};

static bool channels_supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;
    int n;

    *reason = "only f32 of known rank above 1";
    if (op->in[0].type != VT_F32 || op->in[0].rank < 2 || op->out[0].type != VT_F32) {
        return false;
    }
    if (strcmp(op->type, "MVN") == 0 && op->host->node_opset(op->node) < 6) {
        *reason = "the old form of MVN";
        return false;
    }
    *reason = "the axis is not that of the channels";
    return strcmp(op->type, "GRN") == 0 || (cpu_constant_i64s(&op->in[1], &axis, 1, &n) && n == 1 &&
                                            (axis == 1 || axis == 1 - op->in[0].rank));
}

static int channels_options(const struct cpu_op *op, struct cpu_option *o)
{
    double ns = (double)op->in[0].count * 0.5;

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns, 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, ns, 0};
    return op->in[0].rank >= 3 ? 2 : 1;
}

struct channels_job {
    const struct channels *c;
    const float *src;
    float *dst;
};

static void channels_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct channels_job *j = arg;

    (void)scratch;
    if (j->c->last) {
        j->c->kernel->rows(&j->c->rows, j->src, j->dst, begin, end);
    } else {
        j->c->kernel->columns(&j->c->columns, j->src, j->dst, begin, end);
    }
}

static int channels_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct channels *c = step->data;
    struct channels_job j = {c, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, c->units, c->pieces, channels_piece, &j);
    return VT_OK;
}

static int channels_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct channels *c = cpu_plan_alloc(b, sizeof(*c));
    const int64_t *dims = op->in[0].dims;

    if (!c) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    c->kernel = cpu_norm_f32_get(op->isa);
    formula(op, &c->rows);
    c->rows.n = dims[1];
    c->columns = (struct cpu_norm_columns){.axis = dims[1],
                                           .inner = 1,
                                           .eps = c->rows.eps,
                                           .eps_mode = c->rows.eps_mode,
                                           .mean = c->rows.mean,
                                           .variance = c->rows.variance,
                                           .sum = c->rows.sum};
    for (int i = 2; i < op->in[0].rank; i++) {
        c->columns.inner *= dims[i];
    }
    c->last = option->in == CPU_NXC;
    if (c->last) {
        c->rows.src_ld = cpu_build_in(b, step, 0)->pixel;
        c->rows.dst_ld = cpu_build_out(b, step, 0)->pixel;
        c->units = dims[0] * c->columns.inner;
    } else {
        c->units = cpu_column_units(dims[0], c->columns.inner);
    }
    c->pieces = cpu_pieces(op, (double)op->in[0].count * 0.5);
    step->run = op->in[0].count ? channels_run : NULL;
    step->data = c;
    step->kernel = c->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_norm_channels = {
    .name = "norm_channels",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = channels_supports,
    .options = channels_options,
    .prepare = channels_prepare,
};
