/* Normalisations over and by channels: GroupNormalization, BatchNormInference, LRN. */
#include "impl.h"
#include "kernels/norm.h"
#include "kernels/softmax.h"

#include <math.h>

static int both_layouts(const struct cpu_op *op, double ns, struct cpu_option *o)
{
    ns *= (double)op->out[0].count;
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns, 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, ns, 0};
    return op->out[0].rank >= 3 ? 2 : 1;
}

static int64_t spatial_of(const struct cpu_arg *x)
{
    int64_t n = 1;

    for (int i = 2; i < x->rank; i++) {
        n *= x->dims[i];
    }
    return n;
}

static int no_memory(struct vt_error *err)
{
    return vt_fail(err, VT_E_NOMEM, "out of memory");
}

/* ---- GroupNormalization
 * -------------------------------------------------------------------------------------------- */

struct groups {
    const struct cpu_norm_f32 *kernel;
    struct cpu_norm_groups shape;
    int64_t units, pieces;
};

static bool groups_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    for (int i = 0; i < 3; i++) {
        if (op->in[i].type != VT_F32 || op->in[i].rank < 0) {
            return false;
        }
    }
    return op->in[0].rank >= 2 && op->out[0].rank == op->in[0].rank;
}

static int groups_options(const struct cpu_op *op, struct cpu_option *o)
{
    return both_layouts(op, 1, o);
}

struct groups_job {
    const struct groups *g;
    struct cpu_norm_groups shape;
    const float *src;
    float *dst;
};

static void groups_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct groups_job *j = arg;

    (void)scratch;
    j->g->kernel->groups(&j->shape, j->src, j->dst, begin, end);
}

static int groups_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct groups *g = step->data;
    struct groups_job j = {g, g->shape, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    j.shape.gamma = cpu_in(step, run, 1);
    j.shape.beta = cpu_in(step, run, 2);
    cpu_parallel_range(run, g->units, g->pieces, groups_piece, &j);
    return VT_OK;
}

static int groups_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct groups *g = cpu_plan_alloc(b, sizeof(*g));

    if (!g) {
        return no_memory(err);
    }
    g->kernel = cpu_norm_f32_get(op->isa);
    g->shape = (struct cpu_norm_groups){.channels = op->in[0].dims[1],
                                        .groups = op->host->attr_i64(op->node, "num_groups"),
                                        .spatial = spatial_of(&op->in[0]),
                                        .eps = (float)op->host->attr_f64(op->node, "epsilon"),
                                        .eps_mode = CPU_EPS_INSIDE,
                                        .nhwc = option->in == CPU_NXC};
    g->units = op->out[0].count ? op->in[0].dims[0] * g->shape.groups : 0;
    g->pieces = cpu_pieces(op, (double)op->out[0].count);
    step->run = groups_run;
    step->data = g;
    step->kernel = g->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_group_norm = {
    .name = "group_norm",
    .flags = CPU_IN_PLACE,
    .supports = groups_supports,
    .options = groups_options,
    .prepare = groups_prepare,
};

/* ---- BatchNormInference that no convolution took in
 * ---------------------------------------------------------------- */

struct affine {
    const struct cpu_norm_f32 *kernel;
    struct cpu_affine shape;
    int data; /* input */
    int64_t units, pieces;
};

static int data_input(const struct cpu_op *op)
{
    return op->host->node_opset(op->node) >= 5 ? 0 : 2;
}

static bool affine_supports(const struct cpu_op *op, const char **reason)
{
    int data = data_input(op);

    *reason = "only f32 of known shape";
    if (op->in[data].type != VT_F32 || op->in[data].rank < 2) {
        return false;
    }
    /* A layout is offered for input 0 alone. */
    *reason = "the statistics are not constant";
    for (int i = 0; i < 5; i++) {
        if (i != data &&
            (!op->in[i].raw || op->in[i].type != VT_F32 || op->in[i].count != op->in[data].dims[1])) {
            return false;
        }
    }
    return true;
}

static int affine_options(const struct cpu_op *op, struct cpu_option *o)
{
    int n = both_layouts(op, 0.4, o);

    return data_input(op) == 0 ? n : 1;
}

struct affine_job {
    const struct affine *a;
    const float *src;
    float *dst;
};

static void affine_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct affine_job *j = arg;

    (void)scratch;
    j->a->kernel->affine(&j->a->shape, j->src, j->dst, begin, end);
}

static int affine_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct affine *a = step->data;
    struct affine_job j = {a, cpu_in(step, run, a->data), cpu_out(step, run, 0)};

    cpu_parallel_range(run, a->units, a->pieces, affine_piece, &j);
    return VT_OK;
}

/* y = (x - mean) * gamma / sqrt(variance + eps) + beta */
static int fold(struct cpu_build *b, const struct cpu_op *op, struct affine *a, struct vt_error *err)
{
    int gamma = a->data ? 0 : 1;
    float *scale = cpu_plan_alloc(b, (size_t)(2 * a->shape.channels + 1) * sizeof(*scale));
    double eps = op->host->attr_f64(op->node, "epsilon");
    const float *given[5];

    if (!scale) {
        return no_memory(err);
    }
    for (int i = 0; i < 5; i++) {
        given[i] = i == a->data || !a->shape.channels ? NULL : cpu_constant_f32(b, &op->in[i], err);
        if (i != a->data && a->shape.channels && !given[i]) {
            return VT_E_NOMEM;
        }
    }
    for (int64_t c = 0; c < a->shape.channels; c++) {
        double s = (double)given[gamma][c] / sqrt((double)given[4][c] + eps);

        scale[c] = (float)s;
        scale[a->shape.channels + c] = (float)((double)given[gamma + 1][c] - (double)given[3][c] * s);
    }
    a->shape.scale = scale;
    a->shape.shift = scale + a->shape.channels;
    return VT_OK;
}

static int affine_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct affine *a = cpu_plan_alloc(b, sizeof(*a));
    const struct cpu_arg *x;

    if (!a) {
        return no_memory(err);
    }
    a->data = data_input(op);
    x = &op->in[a->data];
    a->kernel = cpu_norm_f32_get(op->isa);
    a->shape = (struct cpu_affine){
        .channels = x->dims[1], .spatial = spatial_of(x), .nhwc = option->in == CPU_NXC || x->rank == 2};
    a->units = x->count ? x->dims[0] * (a->shape.nhwc ? a->shape.spatial : a->shape.channels) : 0;
    a->pieces = cpu_pieces(op, (double)x->count * 0.4);
    step->run = affine_run;
    step->data = a;
    step->kernel = a->kernel->name;
    return fold(b, op, a, err);
}

const struct cpu_impl cpu_impl_batch_norm = {
    .name = "batch_norm",
    .flags = CPU_IN_PLACE | CPU_TAKES_RAW,
    .supports = affine_supports,
    .options = affine_options,
    .prepare = affine_prepare,
};

/* ---- LRN
 * -------------------------------------------------------------------------------------------------------- */

struct lrn {
    const struct cpu_norm_f32 *kernel;
    struct cpu_lrn shape;
    int64_t units, pieces;
};

static bool lrn_supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;
    int n;

    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[0].rank < 3) {
        return false;
    }
    *reason = "only across channels, with a window of odd size";
    return cpu_constant_i64s(&op->in[1], &axis, 1, &n) && n == 1 &&
           (axis == 1 || axis == 1 - op->in[0].rank) && op->host->attr_i64(op->node, "size") % 2 == 1;
}

static int lrn_options(const struct cpu_op *op, struct cpu_option *o)
{
    return both_layouts(op, 3, o);
}

struct lrn_job {
    const struct lrn *l;
    const float *src;
    float *dst;
};

static void lrn_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct lrn_job *j = arg;

    (void)scratch;
    j->l->kernel->lrn(&j->l->shape, j->src, j->dst, begin, end);
}

static int lrn_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct lrn *l = step->data;
    struct lrn_job j = {l, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, l->units, l->pieces, lrn_piece, &j);
    return VT_OK;
}

static int lrn_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                       struct cpu_step *step, struct vt_error *err)
{
    struct lrn *l = cpu_plan_alloc(b, sizeof(*l));
    const struct cpu_arg *x = &op->in[0];

    if (!l) {
        return no_memory(err);
    }
    l->kernel = cpu_norm_f32_get(op->isa);
    l->shape = (struct cpu_lrn){.channels = x->dims[1],
                                .spatial = spatial_of(x),
                                .size = op->host->attr_i64(op->node, "size"),
                                .alpha = (float)op->host->attr_f64(op->node, "alpha"),
                                .beta = (float)op->host->attr_f64(op->node, "beta"),
                                .bias = (float)op->host->attr_f64(op->node, "bias"),
                                .nhwc = option->in == CPU_NXC};
    if (x->count) {
        l->units =
            l->shape.nhwc ? x->dims[0] * l->shape.spatial : cpu_column_units(x->dims[0], l->shape.spatial);
    }
    l->pieces = cpu_pieces(op, (double)x->count * 3);
    step->run = lrn_run;
    step->data = l;
    step->kernel = l->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_lrn = {
    .name = "lrn",
    .supports = lrn_supports,
    .options = lrn_options,
    .prepare = lrn_prepare,
};
