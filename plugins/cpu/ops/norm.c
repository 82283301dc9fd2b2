/* LayerNorm and RMS norm (fused); MVN and NormalizeL2 over neighbouring axes; GRN. */
#include "kernels/norm.h"
#include "kernels/softmax.h"

#include "ops/axes.h"

struct norm {
    const struct cpu_norm_f32 *kernel;
    struct cpu_norm_rows rows;
    struct cpu_norm_columns columns; /* the same, where the axes are not the last in memory */
    int64_t units, pieces;
};

/* False when the axes are not constant. */
static bool axes_mask(const struct cpu_op *op, unsigned *mask)
{
    int rank = op->in[0].rank;
    int64_t n;

    if (strcmp(op->type, "GRN") == 0) {
        *mask = 1u << 1;
        return rank > 1;
    }
    if (strcmp(op->type, "LayerNorm") == 0) {
        n = op->host->attr_i64(op->node, "axes_count");
        *mask = n >= 1 && n <= rank ? ((1u << n) - 1) << (rank - n) : 0;
        return true;
    }
    return cpu_axes_mask(&op->in[1], rank, mask);
}

static bool affine_fits(const struct cpu_op *op, int input, int64_t n)
{
    const struct cpu_arg *arg = &op->in[input];

    return input >= op->n_in || arg->type == VT_DYNAMIC || (arg->raw && arg->count == n);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_middle m;
    unsigned mask;

    *reason = "only f32 of known rank";
    if (op->in[0].raw || op->in[0].type != VT_F32 || op->in[0].rank < 1 || op->out[0].type != VT_F32) {
        return false;
    }
    if (strcmp(op->type, "MVN") == 0 && op->host->node_opset(op->node) < 6) {
        *reason = "the old form of MVN";
        return false;
    }
    *reason = "the axes are not constant, or not neighbours";
    if (!axes_mask(op, &mask) || !cpu_axes_middle(&op->in[0], mask, CPU_PLAIN, &m)) {
        return false;
    }
    *reason = "scale or shift is no constant of the normalised size";
    return strcmp(op->type, "LayerNorm") != 0 || (affine_fits(op, 1, m.axis) && affine_fits(op, 2, m.axis));
}

static double cost(const struct cpu_op *op)
{
    return (double)op->in[0].count * 0.5;
}

/* Channels last, the channels of a pixel are a row. */
static int options(const struct cpu_op *op, struct cpu_option *o)
{
    unsigned mask;

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, cost(op), 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, cost(op), 0};
    return op->in[0].rank >= 3 && axes_mask(op, &mask) && mask == 1u << 1 ? 2 : 1;
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

struct job {
    const struct norm *n;
    const float *src;
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;
    const struct norm *n = j->n;

    (void)scratch;
    if (n->columns.inner == 1) {
        n->kernel->rows(&n->rows, j->src, j->dst, begin, end);
    } else {
        n->kernel->columns(&n->columns, j->src, j->dst, begin, end);
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct norm *n = step->data;
    struct job j = {n, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, n->units, n->pieces, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct norm *n = cpu_plan_alloc(b, sizeof(*n));
    struct cpu_middle m;
    const float **affine[2];
    unsigned mask;

    if (!n) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    axes_mask(op, &mask);
    cpu_axes_middle(&op->in[0], mask, option->in, &m);
    formula(op, &n->rows);
    n->rows.n = n->rows.src_ld = n->rows.dst_ld = m.axis;
    if (option->in == CPU_NXC) {
        n->rows.src_ld = cpu_build_in(b, step, 0)->pixel;
        n->rows.dst_ld = cpu_build_out(b, step, 0)->pixel;
    }
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
    n->columns = (struct cpu_norm_columns){.axis = m.axis,
                                           .inner = m.inner,
                                           .eps = n->rows.eps,
                                           .eps_mode = n->rows.eps_mode,
                                           .mean = n->rows.mean,
                                           .variance = n->rows.variance,
                                           .sum = n->rows.sum,
                                           .gamma = n->rows.gamma,
                                           .beta = n->rows.beta};
    n->kernel = cpu_norm_f32_get(op->isa);
    n->units = m.inner == 1 ? m.outer : cpu_column_units(m.outer, m.inner);
    n->pieces = cpu_pieces(op, cost(op));
    step->run = op->in[0].count ? run : NULL;
    step->data = n;
    step->kernel = n->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_norm = {
    .name = "norm",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_IN_PLACE | CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
