/* Scaled dot-product attention: softmax(q k^T * scale + mask) v, block of rows by block of rows, so that the
 * scores never leave the cache. */
#include "kernels/gemm.h"
#include "kernels/softmax.h"
#include "ops/broadcast.h"

#include <math.h>

enum { Q, K, V, MASK, SCALE, SINK };

#define ROWS 64 /* query rows a task works on: the cut must not depend on the threads */

/* What is added to the scores, or stands beside them. */
struct addend {
    bool there;
    ptrdiff_t batch[CPU_BATCH_DIMS], row, col;
    const float *constant; /* NULL: the input */
};

struct attention {
    const struct cpu_gemm_f32 *gemm;
    const struct cpu_softmax_f32 *softmax;
    int64_t batch[CPU_BATCH_DIMS], heads; /* heads: product of batch */
    int64_t rows, keys, width, out_width, blocks;
    ptrdiff_t q_batch[CPU_BATCH_DIMS], k_batch[CPU_BATCH_DIMS], v_batch[CPU_BATCH_DIMS];
    struct addend mask;
    struct addend sink; /* a score more in each row, whose weight goes nowhere */
    bool causal;
    float scale;
    size_t gemm_scratch;
};

static bool present(const struct cpu_op *op, int i)
{
    return i < op->n_in && op->in[i].type != VT_DYNAMIC;
}

static bool scale_of(const struct cpu_op *op, float *scale)
{
    *scale = 1.0f / sqrtf((float)op->in[Q].dims[op->in[Q].rank - 1]);
    if (!present(op, SCALE)) {
        return true;
    }
    if (!op->in[SCALE].raw || op->in[SCALE].count != 1 || op->in[SCALE].raw->type != VT_F32) {
        return false;
    }
    memcpy(scale, op->in[SCALE].raw->data, sizeof(*scale));
    return true;
}

/* A causal attention does not look at its mask. */
static bool masked(const struct cpu_op *op)
{
    return present(op, MASK) && !op->host->attr_i64(op->node, "causal");
}

static bool addend_fits(const struct cpu_op *op, int i)
{
    return op->in[i].type == VT_F32 && op->in[i].rank >= 0 && op->in[i].rank <= op->out[0].rank;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    float scale;
    int rank = op->in[Q].rank;

    *reason = "only f32 activations of rank 2 to 5";
    for (int i = Q; i <= V; i++) {
        if (op->in[i].raw || op->in[i].type != VT_F32 || op->in[i].rank < 2 ||
            op->in[i].rank > 2 + CPU_BATCH_DIMS || op->in[i].rank > op->out[0].rank) {
            return false;
        }
    }
    if (op->out[0].rank < rank || op->out[0].type != VT_F32) {
        return false;
    }
    *reason = "the mask or the sink is not f32";
    if ((masked(op) && !addend_fits(op, MASK)) || (present(op, SINK) && !addend_fits(op, SINK))) {
        return false;
    }
    *reason = "the scale is no constant";
    return scale_of(op, &scale);
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double keys = (double)op->in[K].dims[op->in[K].rank - 2];

    o[0] = (struct cpu_option){.cost = 4.0 * (double)op->in[Q].count * keys / 40};
    return 1;
}

struct job {
    const struct attention *a;
    const float *q, *k, *v, *mask, *sink;
    float *y;
};

static ptrdiff_t offset_of(const ptrdiff_t *stride, const int64_t *index)
{
    ptrdiff_t at = 0;

    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        at += stride[i] * (ptrdiff_t)index[i];
    }
    return at;
}

static void multiply(const struct cpu_gemm_f32 *gemm, const struct cpu_batched_gemm_args *args, void *scratch)
{
    int64_t tasks = gemm->batched_tasks(args);

    for (int64_t i = 0; i < tasks; i++) {
        gemm->batched_run(args, i, scratch);
    }
}

/* Keys after the query's own position do not count. */
static void hide_future(float *scores, int64_t ld, int64_t first_row, int64_t rows, int64_t keys)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t k = first_row + r + 1; k < keys; k++) {
            scores[r * ld + k] = -INFINITY;
        }
    }
}

static void block(void *arg, int64_t task, void *scratch)
{
    struct job *j = arg;
    const struct attention *a = j->a;
    int64_t head = task / a->blocks, row = task % a->blocks * ROWS, index[CPU_BATCH_DIMS], rest = head;
    int64_t rows = a->rows - row < ROWS ? a->rows - row : ROWS, ld = a->keys + a->sink.there;
    float *scores = (float *)((char *)scratch + a->gemm_scratch);
    struct cpu_epilogue post = {.step_count = 1, .steps = {{.kind = VT_POST_AFFINE, .a = a->scale}}};

    for (int i = CPU_BATCH_DIMS - 1; i >= 0; i--) {
        index[i] = rest % a->batch[i];
        rest /= a->batch[i];
    }
    if (a->mask.there) {
        post.steps[post.step_count++] =
            (struct cpu_epilogue_step){.kind = VT_POST_ADD,
                                       .src = j->mask + offset_of(a->mask.batch, index) + row * a->mask.row,
                                       .row_stride = a->mask.row,
                                       .col_stride = a->mask.col};
    }
    struct cpu_batched_gemm_args qk = {.m = rows, .n = a->keys, .k = a->width, .batch = {1, 1, 1}};
    qk.a = j->q + offset_of(a->q_batch, index) + row * a->width;
    qk.a_row = a->width;
    qk.a_col = 1;
    qk.b = j->k + offset_of(a->k_batch, index);
    qk.b_row = 1;
    qk.b_col = a->width;
    qk.y = scores;
    qk.ldy = ld;
    qk.post = &post;
    multiply(a->gemm, &qk, scratch);
    if (a->causal) {
        hide_future(scores, ld, row, rows, a->keys);
    }
    for (int64_t r = 0; a->sink.there && r < rows; r++) {
        scores[r * ld + a->keys] = j->sink[offset_of(a->sink.batch, index) + (row + r) * a->sink.row];
    }
    a->softmax->softmax(scores, ld, scores, ld, ld, 0, rows);

    struct cpu_batched_gemm_args pv = {.m = rows, .n = a->out_width, .k = a->keys, .batch = {1, 1, 1}};
    pv.a = scores;
    pv.a_row = ld;
    pv.a_col = 1;
    pv.b = j->v + offset_of(a->v_batch, index);
    pv.b_row = a->out_width;
    pv.b_col = 1;
    pv.y = j->y + (head * a->rows + row) * a->out_width;
    pv.ldy = a->out_width;
    multiply(a->gemm, &pv, scratch);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct attention *a = step->data;
    struct job j = {.a = a,
                    .q = cpu_in(step, run, Q),
                    .k = cpu_in(step, run, K),
                    .v = cpu_in(step, run, V),
                    .mask = a->mask.constant ? a->mask.constant : cpu_in(step, run, MASK),
                    .sink = a->sink.constant ? a->sink.constant : cpu_in(step, run, SINK),
                    .y = cpu_out(step, run, 0)};

    cpu_parallel(run, a->heads * a->blocks, block, &j);
    return VT_OK;
}

/* Strides of the batch axes, aligned to the result's. */
static void batch_strides(const struct cpu_op *op, int input, ptrdiff_t *out)
{
    ptrdiff_t stride[VT_MAX_RANK];
    int rank = op->out[0].rank, n = rank - 2;

    cpu_operand_strides(&op->in[input], NULL, rank, stride);
    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        int axis = n - CPU_BATCH_DIMS + i;

        out[i] = axis < 0 ? 0 : stride[axis];
    }
}

static int fill_addend(struct cpu_build *b, const struct cpu_op *op, int input, struct addend *d,
                       struct vt_error *err)
{
    ptrdiff_t stride[VT_MAX_RANK];
    int rank = op->out[0].rank;

    if (!d->there) {
        return VT_OK;
    }
    cpu_operand_strides(&op->in[input], NULL, rank, stride);
    batch_strides(op, input, d->batch);
    d->row = stride[rank - 2];
    d->col = stride[rank - 1];
    if (op->in[input].raw) {
        d->constant = cpu_constant_f32(b, &op->in[input], err);
        return d->constant ? VT_OK : VT_E_NOMEM;
    }
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct attention *a = cpu_plan_alloc(b, sizeof(*a));
    int rank = op->out[0].rank, status;
    size_t first, second;

    (void)option;
    if (!a) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    a->gemm = cpu_gemm_f32_get(op->isa);
    a->softmax = cpu_softmax_f32_get(op->isa);
    a->rows = op->out[0].dims[rank - 2];
    a->out_width = op->out[0].dims[rank - 1];
    a->width = op->in[Q].dims[op->in[Q].rank - 1];
    a->keys = op->in[K].dims[op->in[K].rank - 2];
    a->blocks = (a->rows + ROWS - 1) / ROWS;
    a->heads = 1;
    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        int axis = rank - 2 - CPU_BATCH_DIMS + i;

        a->batch[i] = axis < 0 ? 1 : op->out[0].dims[axis];
        a->heads *= a->batch[i];
    }
    batch_strides(op, Q, a->q_batch);
    batch_strides(op, K, a->k_batch);
    batch_strides(op, V, a->v_batch);
    a->causal = op->host->attr_i64(op->node, "causal") != 0;
    scale_of(op, &a->scale);
    first = cpu_gemm_scratch_bound(a->gemm, a->keys, a->width);
    second = cpu_gemm_scratch_bound(a->gemm, a->out_width, a->keys);
    a->gemm_scratch = ((second > first ? second : first) + 63) & ~(size_t)63;
    a->mask.there = masked(op);
    a->sink.there = present(op, SINK);
    step->scratch = a->gemm_scratch + (size_t)(ROWS * (a->keys + a->sink.there)) * sizeof(float);
    step->run = run;
    step->data = a;
    step->kernel = "attention_f32";
    status = fill_addend(b, op, MASK, &a->mask, err);
    return status ? status : fill_addend(b, op, SINK, &a->sink, err);
}

const struct cpu_impl cpu_impl_attention = {
    .name = "attention",
    .flags = CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
