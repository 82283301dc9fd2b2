/* LSTM, GRU and RNN cells and sequences with constant weights: one matrix product for all steps of x, and for
 * each step one of the state, then the gates.
 *
 * Directions, and groups of rows of the batch, depend on nothing of one another and are the tasks; where
 * there is but one, the products of its steps are shared by the threads. Neither changes a bit. */
#include "kernels/cell.h"
#include "kernels/gemm.h"
#include "plan.h"

#include <ctype.h>

#define GROUP 8 /* rows of the batch in one task */

/* Sharing one step's product is worth it from here on, in multiplications. */
#define SHARED_STEP 400000

enum kind { RNN, GRU, LSTM };

struct recurrent {
    const struct cpu_gemm_f32 *gemm;
    const struct cpu_cell_f32 *kernel;
    enum kind kind;
    struct cpu_cell cell;
    bool sequence, reverse, wide_lengths;
    int64_t batch, steps, width, hidden, directions, gates;
    int in_h, in_c, in_lengths;
    const float *w[2], *r[2], *last[2]; /* packed; `last` is the third gate of a GRU's R by itself */
    const float *bias;                  /* [directions][parts * hidden] */
    const void *fixed[4];               /* x, states and lengths that are constants; NULL: of the step */
    int64_t bias_parts;
    int64_t groups;
    bool shared_steps;
    size_t gemm_scratch;
    int64_t x_rows, state_floats; /* what the temporary holds: gates of x; states and products */
};

/* ---- the node */

static enum kind kind_of(const struct cpu_op *op)
{
    return op->type[0] == 'L' ? LSTM : op->type[0] == 'G' ? GRU : RNN;
}

struct inputs {
    int c, lengths, w, r, b;
};

static struct inputs inputs_of(const struct cpu_op *op)
{
    struct inputs in = {-1, -1, 0, 0, -1};
    int next = 2;

    in.c = kind_of(op) == LSTM ? next++ : -1;
    in.lengths = strstr(op->type, "Sequence") ? next++ : -1;
    in.w = next++;
    in.r = next++;
    in.b = next < op->n_in && op->in[next].type ? next : -1;
    return in;
}

static bool is_weight(const struct cpu_arg *w)
{
    return w->raw && w->rank >= 0 &&
           (w->raw->type == VT_F32 || w->raw->type == VT_F16 || w->raw->type == VT_BF16);
}

/* "sigmoid, tanh" */
static bool functions_of(const struct cpu_op *op, enum cpu_gate_function *f)
{
    static const char *const names[] = {"sigmoid", "tanh", "relu"};
    const char *text = op->host->attr_str(op->node, "activations");

    for (int i = 0; i < 1 + (int)kind_of(op); i++) {
        size_t n = 0;
        bool found = false;

        text += strspn(text, ", \t");
        while (isalnum((unsigned char)text[n]) || text[n] == '_') {
            n++;
        }
        for (int k = 0; k < 3 && !found; k++) {
            found = strlen(names[k]) == n && strncasecmp(names[k], text, n) == 0;
            f[i] = found ? (enum cpu_gate_function)k : f[i];
        }
        if (!found) {
            return false;
        }
        text += n;
    }
    return true;
}

static bool plain_lstm(const struct cpu_op *op)
{
    struct inputs in = inputs_of(op);

    if (kind_of(op) != LSTM || op->host->node_opset(op->node) >= 4) {
        return true;
    }
    return !op->host->attr_i64(op->node, "input_forget") && op->n_in <= in.r + 2;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    enum cpu_gate_function f[3];
    struct inputs in = inputs_of(op);

    *reason = "only f32 of known shape";
    for (int i = 0; i < op->n_in; i++) {
        if (op->in[i].type && (op->in[i].rank < 0 || (i != in.lengths && op->in[i].type != VT_F32))) {
            return false;
        }
    }
    *reason = "the lengths are neither i32 nor i64";
    if (in.lengths >= 0 && op->in[in.lengths].type != VT_I32 && op->in[in.lengths].type != VT_I64) {
        return false;
    }
    *reason = "weights and bias must be constants";
    if (op->out[0].rank < 0 || !is_weight(&op->in[in.w]) || !is_weight(&op->in[in.r]) ||
        (in.b >= 0 && !is_weight(&op->in[in.b]))) {
        return false;
    }
    *reason = "an activation is none of sigmoid, tanh, relu";
    if (!functions_of(op, f)) {
        return false;
    }
    *reason = "peepholes or input_forget";
    return plain_lstm(op);
}

/* ---- weights */

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

/* Rows [row, row + n) of weights [.., k]. */
static const float *packed(struct cpu_build *b, const struct recurrent *q, const struct cpu_arg *w,
                           int64_t row, int64_t n, int64_t k, struct vt_error *err)
{
    struct packer p = {.gemm = q->gemm, .n = n, .k = k};
    struct {
        uint64_t kernel;
        int64_t row, n, k;
    } key = {cpu_key('r', q->gemm->name, strlen(q->gemm->name)), row, n, k};
    enum vt_type type = w->raw->type;

    p.src.data = (const char *)w->raw->data + (size_t)(row * k) * (vt_type_info(type)->bits / 8);
    p.src.type = type == VT_F32 ? CPU_SRC_F32 : type == VT_F16 ? CPU_SRC_F16 : CPU_SRC_BF16;
    p.src.n_stride = k;
    p.src.k_stride = 1;
    return cpu_weights(b, w, cpu_key(0, &key, sizeof(key)), q->gemm->packed_bytes(n, k), pack, &p,
                       q->gemm->panels(n), err);
}

static bool splits_last(const struct recurrent *q)
{
    return q->kind == GRU && !q->cell.before;
}

static int64_t state_rows(const struct recurrent *q)
{
    return (splits_last(q) ? 2 : q->gates) * q->hidden;
}

static int pack_all(struct cpu_build *b, const struct cpu_op *op, struct recurrent *q, struct vt_error *err)
{
    struct inputs in = inputs_of(op);
    int64_t rows = q->gates * q->hidden;

    for (int64_t d = 0; d < q->directions; d++) {
        q->w[d] = packed(b, q, &op->in[in.w], d * rows, rows, q->width, err);
        q->r[d] = packed(b, q, &op->in[in.r], d * rows, state_rows(q), q->hidden, err);
        if (!q->w[d] || !q->r[d]) {
            return VT_E_NOMEM;
        }
        if (splits_last(q)) {
            q->last[d] = packed(b, q, &op->in[in.r], d * rows + 2 * q->hidden, q->hidden, q->hidden, err);
            if (!q->last[d]) {
                return VT_E_NOMEM;
            }
        }
    }
    if (in.b >= 0) {
        q->bias = cpu_constant_f32(b, &op->in[in.b], err);
        return q->bias ? VT_OK : VT_E_NOMEM;
    }
    return VT_OK;
}

/* Constants among the inputs before the weights: initial states and lengths mostly. */
static int fix_inputs(struct cpu_build *b, const struct cpu_op *op, struct recurrent *q, struct vt_error *err)
{
    struct inputs in = inputs_of(op);

    for (int i = 0; i < in.w; i++) {
        if (!op->in[i].raw || !op->in[i].count) {
            continue;
        }
        q->fixed[i] = i == in.lengths ? cpu_constant_aligned(b, &op->in[i], err)
                                      : (const void *)cpu_constant_f32(b, &op->in[i], err);
        if (!q->fixed[i]) {
            return VT_E_NOMEM;
        }
    }
    return VT_OK;
}

/* ---- running */

struct job {
    const struct recurrent *q;
    const struct cpu_run *run;
    const float *x, *h, *c;
    const void *lengths;
    float *y, *h_out, *c_out;
    float *gates; /* of x: [directions][batch * steps][gates * hidden] */
    float *states;
};

struct product {
    const struct cpu_gemm_f32 *gemm;
    struct cpu_gemm_args args;
};

static void product_task(void *arg, int64_t task, void *scratch)
{
    struct product *p = arg;

    p->gemm->run(&p->args, task, scratch);
}

/* y = x w; by all threads when `run` is given. */
static void multiply(const struct recurrent *q, const struct cpu_run *run, int64_t m, int64_t n, int64_t k,
                     const float *x, const float *w, float *y, void *scratch)
{
    struct product p = {q->gemm, {.m = m, .n = n, .k = k, .x = x, .w = w, .y = y, .ldx = k, .ldy = n}};
    int64_t tasks = q->gemm->tasks(m, n, k);

    if (run) {
        cpu_parallel(run, tasks, product_task, &p);
        return;
    }
    for (int64_t i = 0; i < tasks; i++) {
        q->gemm->run(&p.args, i, scratch);
    }
}

static int64_t length_of(const struct job *j, int64_t row)
{
    int64_t n = j->q->steps;

    if (j->lengths) {
        n = cpu_index_at(j->lengths, j->q->wide_lengths, row);
    }
    return n < 0 ? 0 : n > j->q->steps ? j->q->steps : n;
}

/* A group of rows in one direction, with memory of its own. */
struct group {
    int64_t d, first, rows;
    float *h, *c, *product, *z, *reset;
    struct cpu_cell cell;
};

static struct group group_of(const struct job *j, int64_t task)
{
    const struct recurrent *q = j->q;
    struct group g = {.d = task / q->groups, .first = task % q->groups * GROUP, .cell = q->cell};
    float *at = j->states + task * q->state_floats;
    int64_t n = GROUP * q->hidden;

    g.rows = q->batch - g.first < GROUP ? q->batch - g.first : GROUP;
    g.h = at;
    g.c = at + n;
    g.z = at + 2 * n;
    g.reset = at + 3 * n;
    g.product = at + 4 * n;
    g.cell.bias = q->bias ? q->bias + g.d * q->bias_parts * q->hidden : NULL;
    return g;
}

/* The gates of x of a row at step i, or NULL past the row's end; *at is its place in time. */
static const float *gates_at(const struct job *j, const struct group *g, int64_t row, int64_t i, int64_t *at)
{
    const struct recurrent *q = j->q;
    int64_t n = length_of(j, g->first + row);

    if (i >= n) {
        return NULL;
    }
    *at = q->reverse || g->d == 1 ? n - 1 - i : i;
    return j->gates + ((g->d * q->batch + g->first + row) * q->steps + *at) * q->gates * q->hidden;
}

static void put_output(const struct job *j, const struct group *g, int64_t row, int64_t at, const float *h)
{
    const struct recurrent *q = j->q;

    if (j->y) {
        float *y = j->y + (((g->first + row) * q->directions + g->d) * q->steps + at) * q->hidden;

        memcpy(y, h, (size_t)q->hidden * sizeof(float));
    }
}

/* One step of all rows of the group. */
static void step_of(const struct job *j, struct group *g, int64_t i, const struct cpu_run *run, void *scratch)
{
    const struct recurrent *q = j->q;
    int64_t n = q->hidden, columns = state_rows(q), at;

    multiply(q, run, g->rows, columns, n, g->h, q->r[g->d], g->product, scratch);
    for (int64_t row = 0; row < g->rows; row++) {
        const float *x = gates_at(j, g, row, i, &at), *h = g->product + row * columns;
        float *state = g->h + row * n;

        if (!x) {
            continue;
        }
        switch (q->kind) {
        case LSTM: q->kernel->lstm(&g->cell, x, h, g->c + row * n, state); break;
        case RNN: q->kernel->rnn(&g->cell, x, h, state); break;
        default:
            q->kernel->gru(&g->cell, x, h, state, g->z + row * n,
                           q->cell.before ? state : g->reset + row * n);
            break;
        }
        if (!splits_last(q)) {
            put_output(j, g, row, at, state);
        }
    }
    if (!splits_last(q)) {
        return;
    }
    multiply(q, run, g->rows, n, n, g->reset, q->last[g->d], g->product, scratch);
    for (int64_t row = 0; row < g->rows; row++) {
        const float *x = gates_at(j, g, row, i, &at);

        if (x) {
            q->kernel->gru_end(&g->cell, x + 2 * n, g->product + row * n, g->z + row * n, g->h + row * n);
            put_output(j, g, row, at, g->h + row * n);
        }
    }
}

static void move_states(const struct job *j, const struct group *g, bool out)
{
    const struct recurrent *q = j->q;
    size_t bytes = (size_t)q->hidden * sizeof(float);

    for (int64_t row = 0; row < g->rows; row++) {
        int64_t at = ((g->first + row) * q->directions + g->d) * q->hidden, own = row * q->hidden;

        if (out) {
            memcpy(j->h_out + at, g->h + own, bytes);
            if (j->c_out) {
                memcpy(j->c_out + at, g->c + own, bytes);
            }
        } else {
            memcpy(g->h + own, j->h + at, bytes);
            if (j->c) {
                memcpy(g->c + own, j->c + at, bytes);
            }
        }
    }
}

static void run_group(const struct job *j, int64_t task, const struct cpu_run *run, void *scratch)
{
    const struct recurrent *q = j->q;
    struct group g = group_of(j, task);
    int64_t most = 0;

    for (int64_t row = 0; row < g.rows; row++) {
        int64_t n = length_of(j, g.first + row);

        most = n > most ? n : most;
        for (int64_t at = n; j->y && at < q->steps; at++) {
            memset(j->y + (((g.first + row) * q->directions + g.d) * q->steps + at) * q->hidden, 0,
                   (size_t)q->hidden * sizeof(float));
        }
    }
    memset(g.reset, 0,
           (size_t)(GROUP * q->hidden) * sizeof(float)); /* rows that have ended are multiplied too */
    move_states(j, &g, false);
    for (int64_t i = 0; i < most; i++) {
        step_of(j, &g, i, run, scratch);
    }
    move_states(j, &g, true);
}

static const void *input_of(const struct cpu_step *step, const struct cpu_run *run, int i)
{
    const struct recurrent *q = step->data;

    return i < 0 ? NULL : q->fixed[i] ? q->fixed[i] : cpu_in(step, run, i);
}

static void group_task(void *arg, int64_t task, void *scratch)
{
    run_group(arg, task, NULL, scratch);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct recurrent *q = step->data;
    int state = q->sequence ? 1 : 0;
    struct job j = {.q = q, .run = run, .x = input_of(step, run, 0), .h = input_of(step, run, q->in_h)};

    j.c = input_of(step, run, q->in_c);
    j.lengths = input_of(step, run, q->in_lengths);
    j.y = q->sequence ? cpu_out(step, run, 0) : NULL;
    j.h_out = cpu_out(step, run, state);
    j.c_out = q->kind == LSTM ? cpu_out(step, run, state + 1) : NULL;
    j.gates = cpu_out(step, run, step->n_out - 1);
    j.states = j.gates + q->x_rows * q->gates * q->hidden;
    for (int64_t d = 0; d < q->directions; d++) {
        multiply(q, run, q->batch * q->steps, q->gates * q->hidden, q->width, j.x, q->w[d],
                 j.gates + d * q->batch * q->steps * q->gates * q->hidden, NULL);
    }
    if (q->shared_steps) {
        run_group(&j, 0, run, NULL);
    } else {
        cpu_parallel(run, q->directions * q->groups, group_task, &j);
    }
    return VT_OK;
}

/* ---- the step */

static void lstm_order(const struct cpu_op *op, int *order)
{
    const char *format =
        op->host->node_opset(op->node) < 4 ? op->host->attr_str(op->node, "weights_format") : "fico";

    for (int i = 0; i < 4; i++) {
        const char *at = strchr(format, "fico"[i]);

        order[i] = at ? (int)(at - format) : i;
    }
}

static void describe(const struct cpu_op *op, struct recurrent *q)
{
    struct inputs in = inputs_of(op);
    const struct cpu_arg *x = &op->in[0];

    q->kind = kind_of(op);
    q->sequence = in.lengths >= 0;
    q->in_h = 1;
    q->in_c = in.c;
    q->in_lengths = in.lengths;
    q->wide_lengths = q->sequence && op->in[in.lengths].type == VT_I64;
    q->batch = x->dims[0];
    q->steps = q->sequence ? x->dims[1] : 1;
    q->width = x->dims[x->rank - 1];
    q->directions = q->sequence ? op->in[1].dims[1] : 1;
    q->hidden = op->host->attr_i64(op->node, "hidden_size");
    q->gates = q->kind == LSTM ? 4 : q->kind == GRU ? 3 : 1;
    q->reverse = q->sequence && strcasecmp(op->host->attr_str(op->node, "direction"), "reverse") == 0;
    q->cell.hidden = q->hidden;
    q->cell.clip = (float)op->host->attr_f64(op->node, "clip");
    q->cell.before = q->kind == GRU && op->host->attr_i64(op->node, "linear_before_reset");
    functions_of(op, q->cell.function);
    if (q->kind == LSTM) {
        lstm_order(op, q->cell.order);
    }
    q->bias_parts = q->gates + q->cell.before;
    q->groups = (q->batch + GROUP - 1) / GROUP;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static double cost(const struct recurrent *q)
{
    return (double)q->directions * (double)(q->batch * q->steps) * (double)(q->gates * q->hidden) *
           (double)(q->width + q->hidden) / 25;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    struct recurrent q = {0};

    describe(op, &q);
    o[0] = (struct cpu_option){.cost = cost(&q)};
    return 1;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct recurrent *q = cpu_plan_alloc(b, sizeof(*q));
    int64_t rows, floats;
    int status;

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    describe(op, q);
    q->gemm = cpu_gemm_f32_get(op->isa);
    q->kernel = cpu_cell_f32_get(op->isa);
    status = pack_all(b, op, q, err);
    status = status ? status : fix_inputs(b, op, q, err);
    rows = q->gates * q->hidden;
    q->x_rows = q->directions * q->batch * q->steps;
    q->state_floats = GROUP * (4 * q->hidden + rows);
    if (status == VT_OK &&
        (__builtin_mul_overflow(q->x_rows, rows, &floats) ||
         __builtin_add_overflow(floats, q->directions * q->groups * q->state_floats, &floats))) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (status == VT_OK && cpu_step_memory(b, step, floats, err) < 0) {
        status = VT_E_NOMEM;
    }
    q->shared_steps = q->directions * q->groups == 1 && q->batch * rows * q->hidden >= SHARED_STEP;
    step->scratch = larger(q->gemm->scratch_bytes(q->batch * q->steps, rows, q->width),
                           larger(q->gemm->scratch_bytes(GROUP, state_rows(q), q->hidden),
                                  q->gemm->scratch_bytes(GROUP, q->hidden, q->hidden)));
    for (int64_t m = 1; m < GROUP; m++) {
        step->scratch = larger(step->scratch, larger(q->gemm->scratch_bytes(m, state_rows(q), q->hidden),
                                                     q->gemm->scratch_bytes(m, q->hidden, q->hidden)));
    }
    for (int i = 0; i < op->n_out; i++) { /* no steps: the states go through */
        step->run = op->out[i].count ? run : step->run;
    }
    step->data = q;
    step->kernel = q->kernel->name;
    return status;
}

const struct cpu_impl cpu_impl_recurrent = {
    .name = "recurrent",
    .flags = CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
