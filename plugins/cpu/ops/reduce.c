/* Reductions over neighbouring axes. */
#include "kernels/reduce.h"
#include "kernels/eltwise.h"

#include "ops/axes.h"

struct reduce {
    const struct cpu_reduce_f32 *kernel;
    enum cpu_reduce_kind kind;
    bool logical, all; /* booleans: whether all or any */
    cpu_fold_fn *fold; /* of integers, by `op`; else NULL */
    enum cpu_binary_op op;
    struct cpu_middle m;
    int64_t pieces;
};

/* `whole`: what does the same with integers, CPU_BINARY_COUNT: nothing. */
static const struct {
    const char *op;
    enum cpu_reduce_kind kind;
    enum cpu_binary_op whole;
} kinds[] = {
    {"ReduceSum", CPU_REDUCE_SUM, CPU_ADD},        {"ReduceMean", CPU_REDUCE_MEAN, CPU_BINARY_COUNT},
    {"ReduceMax", CPU_REDUCE_MAX, CPU_MAX},        {"ReduceMin", CPU_REDUCE_MIN, CPU_MIN},
    {"ReduceProd", CPU_REDUCE_PROD, CPU_MUL},      {"ReduceL1", CPU_REDUCE_L1, CPU_BINARY_COUNT},
    {"ReduceL2", CPU_REDUCE_L2, CPU_BINARY_COUNT},
};

static int kind_of(const struct cpu_op *op)
{
    int i = 0;

    while (i < (int)(sizeof(kinds) / sizeof(kinds[0])) - 1 && strcmp(op->type, kinds[i].op) != 0) {
        i++;
    }
    return i;
}

static bool is_logical(const struct cpu_op *op)
{
    return strncmp(op->type, "ReduceLogical", 13) == 0;
}

static bool geometry(const struct cpu_op *op, enum cpu_layout layout, struct cpu_middle *m)
{
    unsigned mask;

    return cpu_axes_mask(&op->in[1], op->in[0].rank, &mask) && cpu_axes_middle(&op->in[0], mask, layout, m);
}

static bool folds(const struct cpu_op *op)
{
    return kinds[kind_of(op)].whole != CPU_BINARY_COUNT &&
           cpu_typed_get(op->isa)->fold((int)op->in[0].type) != NULL;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_middle m;

    *reason = "its rank is not known";
    if (op->in[0].rank < 1 || op->out[0].rank < 0) {
        return false;
    }
    *reason = "no kernel for this type";
    if (is_logical(op) ? op->in[0].type != VT_BOOLEAN : op->in[0].type != VT_F32 && !folds(op)) {
        return false;
    }
    *reason = "nothing to reduce";
    if (!op->in[0].count && op->out[0].count) {
        return false;
    }
    *reason = "the axes are not constant, or not neighbours";
    return geometry(op, CPU_PLAIN, &m);
}

/* Whether what is left of the axes has one order in both layouts: no channels or nothing behind them. */
static bool order_survives(const struct cpu_op *op)
{
    unsigned mask;
    bool channels, spatial = false;

    cpu_axes_mask(&op->in[1], op->in[0].rank, &mask);
    channels = !(mask >> 1 & 1) && op->in[0].dims[1] > 1;
    for (int i = 2; i < op->in[0].rank; i++) {
        spatial |= !(mask >> i & 1) && op->in[0].dims[i] > 1;
    }
    return !channels || !spatial;
}

/* A channels-last way exists when the output keeps the rank (keep_dims), or its order is the same either way.
 */
static int options(const struct cpu_op *op, struct cpu_option *o)
{
    struct cpu_middle m;
    double ns = (double)op->in[0].count * 0.3;

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns, 0};
    if (op->in[0].rank < 3 || !geometry(op, CPU_NXC, &m)) {
        return 1;
    }
    if (op->out[0].rank == op->in[0].rank) {
        o[1] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, ns, 0};
        return 2;
    }
    if (op->out[0].rank <= 2 && order_survives(op)) {
        o[1] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_PLAIN, ns, 0};
        return 2;
    }
    return 1;
}

struct job {
    const struct reduce *r;
    const void *src;
    void *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    if (j->r->fold) {
        j->r->fold(j->r->op, j->src, j->dst, j->r->m.axis, j->r->m.inner, begin, end);
    } else if (j->r->logical) {
        j->r->kernel->logic(j->r->all, j->src, j->dst, j->r->m.axis, j->r->m.inner, begin, end);
    } else {
        j->r->kernel->reduce(j->r->kind, j->src, j->dst, j->r->m.axis, j->r->m.inner, begin, end);
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct reduce *r = step->data;
    struct job j = {r, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run,
                       r->m.inner == 1 || r->fold ? r->m.outer : cpu_column_units(r->m.outer, r->m.inner),
                       r->pieces, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct reduce *r = cpu_plan_alloc(b, sizeof(*r));

    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    geometry(op, option->in, &r->m);
    r->kind = kinds[kind_of(op)].kind;
    r->op = kinds[kind_of(op)].whole;
    r->fold = op->in[0].type != VT_F32 && !is_logical(op) ? cpu_typed_get(op->isa)->fold((int)op->in[0].type)
                                                          : NULL;
    r->logical = is_logical(op);
    r->all = strcmp(op->type, "ReduceLogicalAnd") == 0;
    r->kernel = cpu_reduce_f32_get(op->isa);
    r->pieces = cpu_pieces(op, (double)op->in[0].count * 0.3);
    step->run = run;
    step->data = r;
    step->kernel = r->fold ? cpu_typed_get(op->isa)->name : r->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_reduce = {
    .name = "reduce",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
