/* Matrix products: with constant weights packed ahead, and of two activations. */
#include "kernels/gemm.h"
#include "ops/post.h"

enum { A, B, SCALE, BIAS };

static bool flag(const struct cpu_op *op, const char *name)
{
    return op->host->attr_i64(op->node, name) != 0;
}

static bool fused(const struct cpu_op *op)
{
    return op->host->node_opset(op->node) == 0;
}

/* ---- constant weights
 * ------------------------------------------------------------------------------------------------ */

struct dense {
    const struct cpu_gemm_f32 *kernel;
    struct cpu_gemm_args args;
    struct cpu_post post;
    int64_t tasks;
};

static void dense_axes(int rank, struct cpu_post_axes *axes)
{
    *axes = (struct cpu_post_axes){.rank = rank, .column = rank - 1, .n_row = rank - 1};
    for (int i = 0; i < rank - 1; i++) {
        axes->row[i] = i;
    }
}

static bool is_weight(const struct cpu_arg *w)
{
    return w->raw && (w->raw->type == VT_F32 || w->raw->type == VT_F16 || w->raw->type == VT_BF16);
}

/* All leading dims of the weights are 1, so that one matrix serves every row. */
static bool one_matrix(const struct cpu_arg *w)
{
    for (int i = 0; i < w->rank - 2; i++) {
        if (w->dims[i] != 1) {
            return false;
        }
    }
    return w->rank >= 2;
}

static bool dense_supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_post_axes axes;

    *reason = "only f32 with constant weights";
    if (op->in[A].type != VT_F32 || op->out[0].type != VT_F32 || !is_weight(&op->in[B]) || op->in[A].raw) {
        return false;
    }
    *reason = "a rank is below 2 or not known, or the weights have batch dimensions";
    if (op->in[A].rank < 2 || op->out[0].rank < 2 || !one_matrix(&op->in[B]) ||
        op->in[B].rank > op->in[A].rank) {
        return false;
    }
    *reason = "the left operand is transposed";
    if (flag(op, "transpose_a")) {
        return false;
    }
    *reason = "scale and bias must be constants";
    for (int i = SCALE; fused(op) && i <= BIAS && i < op->n_in; i++) {
        if (op->in[i].type != VT_DYNAMIC && !op->in[i].raw) {
            return false;
        }
    }
    dense_axes(op->out[0].rank, &axes);
    return cpu_post_supported(op, &axes, reason);
}

static int plain_option(const struct cpu_op *op, struct cpu_option *o)
{
    int64_t k = op->in[A].dims[op->in[A].rank - 1];

    o[0] = (struct cpu_option){.cost = 2.0 * (double)op->out[0].count * (double)k / 50.0};
    return 1;
}

struct packer {
    const struct cpu_gemm_f32 *kernel;
    struct cpu_weights_src src;
    int64_t n, k;
};

static void pack(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct packer *p = ctx;

    p->kernel->pack(dst, &p->src, p->n, p->k, first, last);
}

static int pack_dense(struct cpu_build *b, const struct cpu_op *op, struct dense *d, struct vt_error *err)
{
    const struct cpu_arg *w = &op->in[B];
    bool transposed = flag(op, "transpose_b");
    struct packer p = {.kernel = d->kernel, .n = d->args.n, .k = d->args.k};
    struct {
        uint64_t kernel; /* of its name */
        uint64_t scale;  /* of its contents */
        int64_t n, k, transposed;
    } key = {cpu_key(0, d->kernel->name, strlen(d->kernel->name)), 0, p.n, p.k, transposed};

    p.src.data = w->raw->data;
    p.src.type = w->raw->type == VT_F32 ? CPU_SRC_F32 : w->raw->type == VT_F16 ? CPU_SRC_F16 : CPU_SRC_BF16;
    p.src.n_stride = transposed ? p.k : 1;
    p.src.k_stride = transposed ? 1 : p.n;
    if (fused(op) && SCALE < op->n_in && op->in[SCALE].type != VT_DYNAMIC) {
        p.src.scale = cpu_constant_f32(b, &op->in[SCALE], err);
        if (!p.src.scale) {
            return VT_E_NOMEM;
        }
        key.scale = cpu_key(1, p.src.scale, (size_t)op->in[SCALE].count * sizeof(float));
    }
    d->args.w = cpu_weights(b, w, cpu_key(0, &key, sizeof(key)), d->kernel->packed_bytes(p.n, p.k), pack, &p,
                            d->kernel->panels(p.n), err);
    return d->args.w ? VT_OK : VT_E_NOMEM;
}

struct dense_job {
    const struct dense *d;
    struct cpu_gemm_args args;
};

static void dense_task(void *arg, int64_t task, void *scratch)
{
    struct dense_job *j = arg;

    j->d->kernel->run(&j->args, task, scratch);
}

static int dense_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct dense *d = step->data;
    struct cpu_epilogue local;
    struct dense_job j = {d, d->args};

    j.args.x = cpu_in(step, run, A);
    j.args.y = cpu_out(step, run, 0);
    j.args.post = cpu_post_bind(&d->post, step, run, &local);
    cpu_parallel(run, d->tasks, dense_task, &j);
    return VT_OK;
}

static int dense_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    struct dense *d = cpu_plan_alloc(b, sizeof(*d));
    struct cpu_post_axes axes;
    int status;

    (void)option;
    if (!d) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    d->kernel = cpu_gemm_f32_get(op->isa);
    d->args.k = op->in[A].dims[op->in[A].rank - 1];
    d->args.n = op->out[0].dims[op->out[0].rank - 1];
    d->args.m = d->args.n ? op->out[0].count / d->args.n : 0;
    d->args.ldx = d->args.k;
    d->args.ldy = d->args.n;
    status = pack_dense(b, op, d, err);
    dense_axes(op->out[0].rank, &axes);
    if (status == VT_OK) {
        status = cpu_post_prepare(b, op, step, &axes, fused(op) ? BIAS : -1, &d->post, err);
    }
    d->tasks = d->kernel->tasks(d->args.m, d->args.n, d->args.k);
    step->scratch = d->kernel->scratch_bytes(d->args.m, d->args.n, d->args.k);
    step->run = dense_run;
    step->data = d;
    step->kernel = d->kernel->name;
    return status;
}

const struct cpu_impl cpu_impl_matmul_packed = {
    .name = "matmul_packed",
    .flags = CPU_TAKES_RAW,
    .supports = dense_supports,
    .options = plain_option,
    .prepare = dense_prepare,
};

/* ---- two activations
 * -------------------------------------------------------------------------------------------------- */

struct batched {
    const struct cpu_gemm_f32 *kernel;
    struct cpu_batched_gemm_args args;
    struct cpu_post post;
    int64_t tasks;
};

/* One operand as the kernel sees it: rank-2 matrices with broadcast batch dims aligned to the result. A
 * vector gains an axis of 1, in front for A, behind for B, which the result drops again. */
struct operand {
    int64_t rows, cols;           /* after transposing */
    ptrdiff_t row, col;           /* element strides */
    ptrdiff_t batch[VT_MAX_RANK]; /* aligned at the right to the result's batch axes */
};

static void describe(const struct cpu_arg *arg, bool transposed, bool left, int n_batch, struct operand *o)
{
    int64_t rows = arg->rank >= 2 ? arg->dims[arg->rank - 2] : left ? 1 : arg->dims[0];
    int64_t cols = arg->rank >= 2 ? arg->dims[arg->rank - 1] : left ? arg->dims[0] : 1;
    int64_t step = rows * cols;

    transposed = transposed && arg->rank >= 2;
    *o = (struct operand){rows, cols, cols, 1, {0}};
    if (transposed) {
        *o = (struct operand){cols, rows, 1, cols, {0}};
    }
    for (int i = arg->rank - 3; i >= 0; i--) {
        o->batch[n_batch - (arg->rank - 2) + i] = arg->dims[i] == 1 ? 0 : step;
        step *= arg->dims[i];
    }
}

static int batch_rank(const struct cpu_op *op)
{
    int a = op->in[A].rank > 2 ? op->in[A].rank - 2 : 0, b = op->in[B].rank > 2 ? op->in[B].rank - 2 : 0;

    return a > b ? a : b;
}

static void batched_axes(const struct cpu_op *op, struct cpu_post_axes *axes)
{
    int n = batch_rank(op);

    *axes = (struct cpu_post_axes){.rank = op->out[0].rank, .column = op->out[0].rank - 1, .n_row = 1};
    axes->row[0] = op->out[0].rank - 2;
    axes->n_batch = n;
    for (int i = 0; i < n && i < CPU_BATCH_DIMS; i++) {
        axes->batch[i] = i;
    }
}

static bool batched_supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_post_axes axes;
    int count = 0;

    *reason = "only f32";
    if (op->in[A].type != VT_F32 || op->in[B].type != VT_F32 || op->out[0].type != VT_F32) {
        return false;
    }
    *reason = "a rank is not known, 0, or above 5";
    if (op->in[A].rank < 1 || op->in[B].rank < 1 || op->out[0].rank < 0 || batch_rank(op) > CPU_BATCH_DIMS) {
        return false;
    }
    *reason = "scale and bias need constant weights";
    if (fused(op) && ((op->n_in > SCALE && op->in[SCALE].type != VT_DYNAMIC) ||
                      (op->n_in > BIAS && op->in[BIAS].type != VT_DYNAMIC))) {
        return false;
    }
    if (fused(op)) {
        int64_t n;

        op->host->attr_f64s(op->node, "post", &n);
        count = (int)n;
    }
    if (!count) {
        return true;
    }
    *reason = "a fused program needs matrices";
    if (op->in[A].rank < 2 || op->in[B].rank < 2) {
        return false;
    }
    batched_axes(op, &axes);
    return cpu_post_supported(op, &axes, reason);
}

static void fill_batched(const struct cpu_op *op, struct cpu_batched_gemm_args *args)
{
    int n = batch_rank(op);
    struct operand a, b;
    int64_t step;

    describe(&op->in[A], flag(op, "transpose_a"), true, n, &a);
    describe(&op->in[B], flag(op, "transpose_b"), false, n, &b);
    *args = (struct cpu_batched_gemm_args){.m = a.rows,
                                           .n = b.cols,
                                           .k = a.cols,
                                           .a_row = a.row,
                                           .a_col = a.col,
                                           .b_row = b.row,
                                           .b_col = b.col,
                                           .ldy = b.cols};
    step = a.rows * b.cols;
    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        args->batch[i] = 1;
    }
    for (int i = n - 1; i >= 0; i--) {
        args->batch[i] = op->out[0].dims[i];
        args->a_batch[i] = a.batch[i];
        args->b_batch[i] = b.batch[i];
        args->y_batch[i] = step;
        step *= args->batch[i];
    }
}

struct batched_job {
    const struct batched *m;
    struct cpu_batched_gemm_args args;
};

static void batched_task(void *arg, int64_t task, void *scratch)
{
    struct batched_job *j = arg;

    j->m->kernel->batched_run(&j->args, task, scratch);
}

static int batched_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct batched *m = step->data;
    struct cpu_epilogue local;
    struct batched_job j = {m, m->args};

    j.args.a = cpu_in(step, run, A);
    j.args.b = cpu_in(step, run, B);
    j.args.y = cpu_out(step, run, 0);
    j.args.post = cpu_post_bind(&m->post, step, run, &local);
    cpu_parallel(run, m->tasks, batched_task, &j);
    return VT_OK;
}

static int batched_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct batched *m = cpu_plan_alloc(b, sizeof(*m));
    int status = VT_OK;

    (void)option;
    if (!m) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    m->kernel = cpu_gemm_f32_get(op->isa);
    fill_batched(op, &m->args);
    if (op->in[A].rank >= 2 && op->in[B].rank >= 2) {
        struct cpu_post_axes axes;

        batched_axes(op, &axes);
        status = cpu_post_prepare(b, op, step, &axes, -1, &m->post, err);
    }
    m->tasks = m->kernel->batched_tasks(&m->args);
    step->scratch = m->kernel->batched_scratch_bytes(&m->args);
    step->run = batched_run;
    step->data = m;
    step->kernel = m->kernel->name;
    return status;
}

const struct cpu_impl cpu_impl_matmul_batched = {
    .name = "matmul_batched",
    .supports = batched_supports,
    .options = plain_option,
    .prepare = batched_prepare,
};
