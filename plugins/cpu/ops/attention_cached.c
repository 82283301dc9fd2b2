/* Attention over keys and values that grow: they lie in variables, where new ones are put behind those that
 * are there. The keys come in blocks with a running softmax, so that their number is no part of a plan. */
#include "kernels/gemm.h"
#include "kernels/softmax.h"

#include "impl.h"

#include <math.h>

enum { Q, K, V, MASK, SCALE, BEAMS };

#define AXIS 2
#define ROWS                                                                                                 \
    64 /* query rows a task works on, and keys at a time: the cuts must not depend on the threads            \
        */
#define KEYS 512
#define FEW  16

#define TOGETHER 4 /* rows that the product takes one by one */

struct cached {
    const struct cpu_gemm_f32 *gemm;
    const struct cpu_softmax_f32 *softmax;
    const char *key_id, *value_id;
    int64_t batch, heads, shared, rows, new_rows, width, out_width, blocks;
    struct vt_tensor mask; /* its description; rank -1: known only at run time */
    bool masked, causal;
    int beam_bytes; /* 0: none */
    int64_t beams;
    size_t gemm_scratch;
};

/* One inference. */
struct job {
    const struct cached *c;
    const float *q, *k, *v;
    float *y, scale;
    int64_t together;         /* heads of the query that a task works on */
    ptrdiff_t k_head, v_head; /* from one head of the cache to the next */
    int64_t keys;
    const char *mask;
    bool mask_bool;
    ptrdiff_t mask_stride[4]; /* in elements: batch, head, row, key */
    float longest_key;        /* of all heads; where a row may leave out masked keys */
};

static bool present(const struct cpu_op *op, int i)
{
    return i < op->n_in && op->in[i].type != VT_DYNAMIC;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shapes";
    for (int i = Q; i <= V; i++) {
        if (op->in[i].type != VT_F32 || op->in[i].rank != 4) {
            return false;
        }
    }
    *reason = "the mask is neither f32 nor boolean";
    if (present(op, MASK) && op->in[MASK].type != VT_F32 && op->in[MASK].type != VT_BOOLEAN) {
        return false;
    }
    *reason = "the scale is no f32";
    if (present(op, SCALE) &&
        (op->in[SCALE].type != VT_F32 || op->in[SCALE].rank < 0 || op->in[SCALE].count != 1)) {
        return false;
    }
    *reason = "the beams are neither i32 nor i64, or their number is not known";
    if (present(op, BEAMS) &&
        ((op->in[BEAMS].type != VT_I32 && op->in[BEAMS].type != VT_I64) || op->in[BEAMS].rank < 0)) {
        return false;
    }
    *reason = "this runtime keeps no variables that grow";
    return op->in[K].dims[1] > 0 && VT_TABLE_HAS(op->host, state_reorder);
}

/* Not known ahead, and of no consequence: there is one layout. Long enough to be worth several threads. */
static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = 4.0 * (double)op->in[Q].count * 256 / 40};
    return 1;
}

/* ---- one block of rows of one head */

/* Keys [first, first + n) that a mask or the order forbids. */
static void hide(const struct job *j, float *scores, const char *mask, int64_t row, int64_t rows,
                 int64_t first, int64_t n)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t k = 0; k < n; k++) {
            bool hidden = j->c->causal ? first + k > row + r
                                       : !mask[r * j->mask_stride[2] + (first + k) * j->mask_stride[3]];

            if (hidden) {
                scores[r * KEYS + k] = -INFINITY;
            }
        }
    }
}

static void multiply(const struct cpu_gemm_f32 *gemm, const struct cpu_batched_gemm_args *args, void *scratch)
{
    int64_t tasks = gemm->batched_tasks(args);

    for (int64_t i = 0; i < tasks; i++) {
        gemm->batched_run(args, i, scratch);
    }
}

struct block {
    int64_t row, rows; /* of the query */
    int64_t keys;      /* that are looked at: the others are masked for all rows */
    const float *q, *k, *v;
    const char *mask; /* at the block's first row */
    float *scores, *acc, *next, *max, *sum;
    void *scratch;
};

/* scores = q k^T * scale + mask for keys [first, first + n) */
static void score(const struct job *j, const struct block *b, int64_t first, int64_t n)
{
    const struct cached *c = j->c;
    struct cpu_epilogue post = {.step_count = 1, .steps = {{.kind = VT_POST_AFFINE, .a = j->scale}}};
    struct cpu_batched_gemm_args qk = {.m = b->rows,
                                       .n = n,
                                       .k = c->width,
                                       .batch = {1, 1, 1},
                                       .a = b->q,
                                       .b = b->k + first * c->width,
                                       .y = b->scores,
                                       .a_row = c->width,
                                       .a_col = 1,
                                       .b_row = 1,
                                       .b_col = c->width,
                                       .ldy = KEYS,
                                       .post = &post};

    if (b->mask && !j->mask_bool) {
        post.steps[post.step_count++] = (struct cpu_epilogue_step){
            .kind = VT_POST_ADD,
            .src = (const float *)(const void *)b->mask + first * j->mask_stride[3],
            .row_stride = j->mask_stride[2],
            .col_stride = j->mask_stride[3]};
    }
    multiply(c->gemm, &qk, b->scratch);
    if (c->causal || (b->mask && j->mask_bool)) {
        hide(j, b->scores, b->mask, b->row, b->rows, first, n);
    }
}

/* acc += scores * values; what was summed before lies in b->acc and moves to b->next. */
static void gather_values(const struct job *j, struct block *b, int64_t first, int64_t n)
{
    const struct cached *c = j->c;
    struct cpu_epilogue post = {
        .step_count = 1,
        .steps = {{.kind = VT_POST_ADD, .src = b->acc, .row_stride = c->out_width, .col_stride = 1}}};
    struct cpu_batched_gemm_args pv = {.m = b->rows,
                                       .n = c->out_width,
                                       .k = n,
                                       .batch = {1, 1, 1},
                                       .a = b->scores,
                                       .b = b->v + first * c->out_width,
                                       .y = b->next,
                                       .a_row = KEYS,
                                       .a_col = 1,
                                       .b_row = c->out_width,
                                       .b_col = 1,
                                       .ldy = c->out_width,
                                       .post = first ? &post : NULL};
    float *was = b->acc;

    multiply(c->gemm, &pv, b->scratch);
    b->acc = b->next;
    b->next = was;
}

#define CHUNK  64
#define COARSE 128 /* the softmax sums so many keys alike, wherever the row ends */
#define GONE   110 /* e^-GONE is 0 */

/* Largest length of any of `rows` rows; not finite when a number in them is not. */
static float longest(const float *x, int64_t rows, int64_t width)
{
    float most = 0;

    for (int64_t r = 0; r < rows; r++) {
        float sum = 0;

        for (int64_t i = 0; i < width; i++) {
            sum += x[r * width + i] * x[r * width + i];
        }
        if (!isfinite(sum)) {
            return sum;
        }
        most = sum > most ? sum : most;
    }
    return sqrtf(most);
}

static bool any_above(const struct job *j, const char *mask, float limit, int64_t first, int64_t end)
{
    int any = 0;

    for (int64_t k = first; j->mask_bool && k < end; k++) {
        any |= mask[k];
    }
    for (int64_t k = first; !j->mask_bool && k < end; k++) {
        any |= !(((const float *)(const void *)mask)[k] < limit); /* NaN counts */
    }
    return any;
}

/* What a key's mask must at least be for it to matter in this row: scores are within +-`reach`, so the row's
 * maximum is not far below the largest mask, of which some large one will do. -inf: all matter. */
static float limit_of(const struct job *j, const char *mask, float reach)
{
    const float *m = (const float *)(const void *)mask;
    float top = -INFINITY;

    if (j->mask_bool) {
        for (int64_t k = 0; k < j->keys; k++) {
            if (mask[k]) {
                return 1;
            }
        }
        return -INFINITY;
    }
    for (int64_t k = 0; k < j->keys && !(k % CHUNK == 0 && top >= -1); k++) {
        top = m[k] > top ? m[k] : top;
    }
    return top - 2 * reach - GONE;
}

/* Keys behind which a mask or the order hides all from all rows of the block: their exponentials are 0, and
 * they need not be computed. */
static int64_t keys_of(const struct job *j, const struct block *b)
{
    int64_t keys = j->c->causal ? b->row + b->rows : 0, size = j->mask_bool ? 1 : (int64_t)sizeof(float);
    float reach = 0;

    if (j->c->rows == 1 || (!j->c->causal && (!b->mask || j->mask_stride[3] != 1))) {
        return j->keys;
    }
    if (!j->c->causal && !j->mask_bool) {
        reach = 1.01f * fabsf(j->scale) * j->longest_key * longest(b->q, b->rows, j->c->width);
    }
    for (int64_t r = 0; !j->c->causal && r < (j->mask_stride[2] ? b->rows : 1); r++) {
        const char *mask = b->mask + r * j->mask_stride[2] * size;
        float limit = limit_of(j, mask, reach);
        int64_t end = j->keys;

        if (!isfinite(limit)) {
            return j->keys;
        }
        while (end > keys && !any_above(j, mask, limit, (end - 1) / CHUNK * CHUNK, end)) {
            end = (end - 1) / CHUNK * CHUNK;
        }
        keys = end > keys ? end : keys;
    }
    keys = (keys + COARSE - 1) / COARSE * COARSE;
    return keys < j->keys ? keys : j->keys;
}

static void carve(const struct cached *c, struct block *b, void *scratch)
{
    b->scratch = scratch;
    b->scores = (float *)(void *)((char *)scratch + c->gemm_scratch);
    b->acc = b->scores + ROWS * KEYS;
    b->next = b->acc + ROWS * c->out_width;
    b->max = b->next + ROWS * c->out_width;
    b->sum = b->max + ROWS;
}

static size_t carved_bytes(const struct cached *c)
{
    return c->gemm_scratch + (size_t)(ROWS * (KEYS + 2 * c->out_width + 2)) * sizeof(float);
}

static void task(void *arg, int64_t index, void *scratch)
{
    const struct job *j = arg;
    const struct cached *c = j->c;
    int64_t at = index / c->blocks * j->together, item = at / c->heads, head = at % c->heads;
    int64_t cached = item * (c->heads / c->shared) + head / c->shared;
    struct block b = {.row = index % c->blocks * ROWS};

    b.rows = c->rows - b.row < ROWS ? c->rows - b.row : ROWS;
    b.rows *= j->together;
    b.q = j->q + (at * c->rows + b.row) * c->width;
    b.k = j->k + cached * j->k_head;
    b.v = j->v + cached * j->v_head;
    if (j->mask) {
        ptrdiff_t offset = (ptrdiff_t)item * j->mask_stride[0] + (ptrdiff_t)head * j->mask_stride[1] +
                           (ptrdiff_t)b.row * j->mask_stride[2];

        b.mask = j->mask + offset * (j->mask_bool ? 1 : (ptrdiff_t)sizeof(float));
    }
    carve(c, &b, scratch);
    for (int64_t r = 0; r < b.rows; r++) {
        b.max[r] = -INFINITY;
        b.sum[r] = 0;
    }
    memset(b.acc, 0, (size_t)(b.rows * c->out_width) * sizeof(float));
    b.keys = keys_of(j, &b);
    for (int64_t first = 0; first < b.keys; first += KEYS) {
        int64_t n = b.keys - first < KEYS ? b.keys - first : KEYS;

        score(j, &b, first, n);
        c->softmax->online(b.scores, KEYS, n, b.rows, b.max, b.sum, b.acc, c->out_width, c->out_width);
        gather_values(j, &b, first, n);
    }
    for (int64_t r = 0; r < b.rows; r++) {
        c->softmax->scale(j->y + (at * c->rows + b.row + r) * c->out_width, b.acc + r * c->out_width,
                          1.0f / b.sum[r], c->out_width);
    }
}

/* ---- the variables */

static int choose(const struct cached *c, const struct cpu_step *step, struct cpu_run *run)
{
    const void *beams = cpu_in(step, run, BEAMS);
    int64_t few[FEW], *index = few;
    int status;

    if (!c->beam_bytes) {
        return VT_OK;
    }
    if (c->beams > FEW) {
        index = cpu_borrow(run, (size_t)c->beams * sizeof(*index));
        if (!index) {
            return vt_fail(run->err, VT_E_NOMEM, "out of memory");
        }
    }
    for (int64_t i = 0; i < c->beams; i++) {
        index[i] = c->beam_bytes == 4 ? ((const int32_t *)beams)[i] : ((const int64_t *)beams)[i];
    }
    status = run->host->state_reorder(run->states, c->key_id, index, c->beams, run->err);
    if (status == VT_OK) {
        status = run->host->state_reorder(run->states, c->value_id, index, c->beams, run->err);
    }
    if (index != few) {
        cpu_return(run, index);
    }
    return status;
}

/* Put `fresh` [batch, heads, rows, width] behind what there is. */
static int append(const struct cached *c, struct cpu_run *run, const char *id, const float *fresh,
                  int64_t rows, int64_t width, struct vt_state_view *view)
{
    int64_t outer = c->batch * (c->heads / c->shared), past;
    int64_t dims[4] = {c->batch, c->heads / c->shared, rows, width};
    struct vt_tensor want;
    int status = run->host->state_view(run->states, id, view, run->err);

    if (status) {
        return status;
    }
    past = view->set && view->t.rank == 4 ? view->t.dims[AXIS] : 0;
    if (__builtin_add_overflow(dims[AXIS], past, &dims[AXIS]) ||
        !vt_tensor_describe(&want, VT_F32, 4, dims)) {
        return vt_fail(run->err, VT_E_SHAPE, "variable '%s' would be too large", id);
    }
    status = run->host->state_extend(run->states, id, &want, AXIS, view, run->err);
    for (int64_t i = 0; status == VT_OK && i < outer && want.bytes; i++) {
        memcpy((float *)view->t.data + (i * view->room + past) * width, fresh + i * rows * width,
               (size_t)(rows * width) * sizeof(float));
    }
    return status;
}

/* ---- the step */

static int bind_mask(struct job *j, const struct cpu_step *step, struct cpu_run *run)
{
    const struct cached *c = j->c;
    struct vt_tensor t = c->mask;
    int64_t want[4] = {c->batch, c->heads, c->rows, j->keys};
    ptrdiff_t stride = 1;

    if (!c->masked) {
        return VT_OK;
    }
    if (t.rank < 0) {
        t = run->dynamic[step->in[MASK]];
    } else {
        t.data = cpu_in(step, run, MASK);
    }
    if (t.rank > 4) {
        return vt_fail(run->err, VT_E_SHAPE, "the mask has %d dimensions where 4 fit", t.rank);
    }
    j->mask = t.data;
    j->mask_bool = t.type == VT_BOOLEAN;
    for (int i = 3; i >= 0; i--) {
        int at = i - (4 - t.rank);
        int64_t dim = at >= 0 ? t.dims[at] : 1;

        if (dim != 1 && dim != want[i]) {
            return vt_fail(run->err, VT_E_SHAPE, "dimension %d of the mask is %lld where %lld fit", at,
                           (long long)dim, (long long)want[i]);
        }
        j->mask_stride[i] = dim == 1 ? 0 : stride;
        stride *= dim;
    }
    return VT_OK;
}

/* One new row: heads that share keys read them together, as rows of one product, where that leaves enough
 * tasks. So few rows are computed one by one, whatever their number: the bits are the same. */
static void join_heads(struct job *j, const struct cpu_run *run)
{
    const struct cached *c = j->c;

    j->together = 1;
    if (c->rows == 1 && c->shared <= TOGETHER && !c->causal && (!j->mask || j->mask_stride[1] == 0) &&
        c->batch * c->heads / c->shared >= run->threads) {
        j->together = c->shared;
        j->mask_stride[2] = 0;
    }
}

static void note_longest(struct job *j)
{
    const struct cached *c = j->c;

    for (int64_t h = 0; c->rows > 1 && j->mask && !j->mask_bool && h < c->batch * c->heads / c->shared; h++) {
        float most = longest(j->k + h * j->k_head, j->keys, c->width);

        if (isfinite(j->longest_key) && !(most <= j->longest_key)) {
            j->longest_key = most;
        }
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct cached *c = step->data;
    const float *scale = cpu_in(step, run, SCALE);
    struct vt_state_view keys, values;
    struct job j = {.c = c, .q = cpu_in(step, run, Q), .y = cpu_out(step, run, 0)};
    int status = choose(c, step, run);

    if (status == VT_OK) {
        status = append(c, run, c->key_id, cpu_in(step, run, K), c->new_rows, c->width, &keys);
    }
    if (status == VT_OK) {
        status = append(c, run, c->value_id, cpu_in(step, run, V), c->new_rows, c->out_width, &values);
    }
    if (status) {
        return status;
    }
    j.scale = scale ? *scale : 1.0f / sqrtf((float)c->width);
    j.k = keys.t.data;
    j.v = values.t.data;
    j.k_head = (ptrdiff_t)(keys.room * c->width);
    j.v_head = (ptrdiff_t)(values.room * c->out_width);
    j.keys = keys.t.dims[AXIS];
    if (values.t.dims[AXIS] != j.keys) {
        return vt_fail(run->err, VT_E_SHAPE, "variables '%s' and '%s' have %lld and %lld rows", c->key_id,
                       c->value_id, (long long)j.keys, (long long)values.t.dims[AXIS]);
    }
    status = bind_mask(&j, step, run);
    if (status == VT_OK) {
        note_longest(&j);
        join_heads(&j, run);
        cpu_parallel(run, c->batch * c->heads / j.together * c->blocks, task, &j);
    }
    return status;
}

/* Of products with any number of keys up to KEYS. */
static size_t gemm_scratch(const struct cached *c)
{
    size_t first = cpu_gemm_scratch_bound(c->gemm, KEYS, c->width);
    size_t second = cpu_gemm_scratch_bound(c->gemm, c->out_width, KEYS);

    return ((second > first ? second : first) + 63) & ~(size_t)63;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct cached *c = cpu_plan_alloc(b, sizeof(*c));

    (void)option;
    if (!c) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *c = (struct cached){.gemm = cpu_gemm_f32_get(op->isa),
                         .softmax = cpu_softmax_f32_get(op->isa),
                         .key_id = op->host->attr_str(op->node, "variable_id"),
                         .value_id = op->host->attr_str(op->node, "value_id"),
                         .batch = op->in[Q].dims[0],
                         .heads = op->in[Q].dims[1],
                         .shared = op->in[Q].dims[1] / op->in[K].dims[1],
                         .rows = op->in[Q].dims[2],
                         .new_rows = op->in[K].dims[2],
                         .width = op->in[Q].dims[3],
                         .out_width = op->in[V].dims[3],
                         .causal = op->host->attr_i64(op->node, "causal") != 0,
                         .beam_bytes = !present(op, BEAMS)            ? 0
                                       : op->in[BEAMS].type == VT_I32 ? 4
                                                                      : 8,
                         .beams = present(op, BEAMS) ? op->in[BEAMS].count : 0};
    c->blocks = (c->rows + ROWS - 1) / ROWS;
    c->masked = present(op, MASK) && !c->causal;
    if (c->masked) {
        c->mask = cpu_build_in(b, step, MASK)->t;
    }
    c->gemm_scratch = gemm_scratch(c);
    step->scratch = carved_bytes(c);
    step->run = run;
    step->data = c;
    step->kernel = "attention_cached_f32";
    return VT_OK;
}

const struct cpu_impl cpu_impl_attention_cached = {
    .name = "attention_cached",
    .supports = supports,
    .options = options,
    .prepare = prepare,
    .takes_unknown = 1u << MASK,
};
