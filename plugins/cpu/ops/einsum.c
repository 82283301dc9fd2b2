/* Einsum of two operands as one batched matrix product: labels that both have and the result keeps count the
 * matrices, those that it drops are summed over. Operands and result are copied where their axes are not in
 * such an order. Other equations become such products when a model is compiled (pass split_einsum). */
#include "kernels/copy.h"
#include "kernels/gemm.h"
#include "plan.h"

#include <ctype.h>

enum { BATCH, ROWS, COLUMNS, SUMMED, KINDS };

struct term {
    int n;
    char label[VT_MAX_RANK];
};

struct equation {
    struct term a, b, out;
    struct term kind[KINDS];
    int64_t size[256]; /* of labels */
};

/* ---- the equation */

static bool read_term(const char **text, struct term *t)
{
    t->n = 0;
    for (; **text && **text != ',' && **text != '-'; ++*text) {
        if (**text == ' ') {
            continue;
        }
        if (!isalpha((unsigned char)**text) || t->n == VT_MAX_RANK ||
            memchr(t->label, **text, (size_t)t->n)) {
            return false; /* an ellipsis, or a diagonal */
        }
        t->label[t->n++] = **text;
    }
    return true;
}

static bool has(const struct term *t, char label)
{
    return memchr(t->label, label, (size_t)t->n) != NULL;
}

/* Without an arrow: labels that occur once, in their order. */
static void implicit(struct equation *e)
{
    e->out.n = 0;
    for (int label = 'A'; label <= 'z'; label++) {
        if (has(&e->a, (char)label) != has(&e->b, (char)label) && e->out.n < VT_MAX_RANK) {
            e->out.label[e->out.n++] = (char)label;
        }
    }
}

static bool read_equation(const char *text, struct equation *e)
{
    if (!read_term(&text, &e->a) || *text++ != ',' || !read_term(&text, &e->b) || *text == ',') {
        return false;
    }
    if (!*text) {
        implicit(e);
        return true;
    }
    text += 2;
    return read_term(&text, &e->out) && !*text;
}

static bool sizes(struct equation *e, const struct term *t, const struct cpu_arg *arg)
{
    if (arg->rank != t->n) {
        return false;
    }
    for (int i = 0; i < t->n; i++) {
        int64_t *size = &e->size[(unsigned char)t->label[i]];

        if ((*size > 1 && arg->dims[i] > 1 && *size != arg->dims[i]) || arg->dims[i] == 0) {
            return false;
        }
        *size = *size > arg->dims[i] ? *size : arg->dims[i];
    }
    return true;
}

/* An axis of one element repeats along the other operand's, or is anywhere. */
static void drop_ones(struct term *t, const struct cpu_arg *arg)
{
    int n = 0;

    for (int i = 0; i < t->n; i++) {
        if (arg->dims[i] > 1) {
            t->label[n++] = t->label[i];
        }
    }
    t->n = n;
}

static void add(struct term *t, char label)
{
    t->label[t->n++] = label;
}

static bool sort_labels(struct equation *e)
{
    for (int i = 0; i < e->out.n; i++) {
        char label = e->out.label[i];
        bool in_a = has(&e->a, label), in_b = has(&e->b, label);

        add(&e->kind[in_a && in_b ? BATCH : in_a ? ROWS : COLUMNS], label);
    }
    for (int i = 0; i < e->a.n; i++) {
        if (!has(&e->out, e->a.label[i])) {
            if (!has(&e->b, e->a.label[i])) {
                return false; /* summed over in one operand alone */
            }
            add(&e->kind[SUMMED], e->a.label[i]);
        }
    }
    for (int i = 0; i < e->b.n; i++) {
        if (!has(&e->out, e->b.label[i]) && !has(&e->a, e->b.label[i])) {
            return false;
        }
    }
    return true;
}

static bool understand(const struct cpu_op *op, struct equation *e)
{
    *e = (struct equation){0};
    if (op->n_in != 2 || !read_equation(op->host->attr_str(op->node, "equation"), e) ||
        !sizes(e, &e->a, &op->in[0]) || !sizes(e, &e->b, &op->in[1]) || !sizes(e, &e->out, &op->out[0])) {
        return false;
    }
    drop_ones(&e->a, &op->in[0]);
    drop_ones(&e->b, &op->in[1]);
    drop_ones(&e->out, &op->out[0]);
    return sort_labels(e);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct equation e;

    *reason = "only f32 of known shape";
    for (int i = 0; i < op->n_in; i++) {
        if (op->in[i].type != VT_F32 || op->in[i].rank < 0) {
            return false;
        }
    }
    *reason = "not two operands, or a label that makes no matrix product";
    return op->out[0].rank >= 0 && understand(op, &e);
}

/* ---- the step */

struct turn {
    bool needed;
    struct cpu_copy plan;
    int64_t pieces;
};

struct einsum {
    const struct cpu_gemm_f32 *gemm;
    const struct cpu_move *move;
    struct cpu_batched_gemm_args args;
    struct turn turn[3]; /* of both operands, and of the result */
    int memory[3];       /* outputs of the step that hold them */
    int64_t tasks;
};

static int64_t product(const struct equation *e, int kind)
{
    int64_t n = 1;

    for (int i = 0; i < e->kind[kind].n; i++) {
        n *= e->size[(unsigned char)e->kind[kind].label[i]];
    }
    return n;
}

/* The labels of three kinds one after another. */
static struct term ordered(const struct equation *e, int second, int third)
{
    struct term t = e->kind[BATCH];

    for (int i = 0; i < e->kind[second].n; i++) {
        add(&t, e->kind[second].label[i]);
    }
    for (int i = 0; i < e->kind[third].n; i++) {
        add(&t, e->kind[third].label[i]);
    }
    return t;
}

static bool same(const struct term *a, const struct term *b)
{
    return a->n == b->n && memcmp(a->label, b->label, (size_t)a->n) == 0;
}

/* Copy axes in the order of `from` into that of `to`. */
static bool plan_turn(const struct cpu_op *op, const struct equation *e, struct turn *t,
                      const struct term *from, const struct term *to)
{
    int64_t dims[VT_MAX_RANK], count = 1;
    int32_t order[VT_MAX_RANK];

    for (int i = 0; i < from->n; i++) {
        dims[i] = e->size[(unsigned char)from->label[i]];
        order[i] = (int32_t)((const char *)memchr(from->label, to->label[i], (size_t)from->n) - from->label);
        count *= dims[i];
    }
    t->needed = true;
    t->pieces = cpu_pieces(op, (double)count);
    return cpu_copy_plan_transpose(&t->plan, sizeof(float), from->n, dims, order);
}

struct turn_job {
    const struct einsum *s;
    const struct turn *turn;
    const void *src;
    void *dst;
};

static void turn_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct turn_job *j = arg;

    (void)scratch;
    j->s->move->copy(&j->turn->plan, j->src, j->dst, begin, end);
}

static void turn(const struct einsum *s, const struct cpu_run *run, int which, const void *src, void *dst)
{
    struct turn_job j = {s, &s->turn[which], src, dst};

    cpu_parallel_range(run, j.turn->plan.units, j.turn->pieces, turn_piece, &j);
}

struct job {
    const struct einsum *s;
    struct cpu_batched_gemm_args args;
};

static void task(void *arg, int64_t index, void *scratch)
{
    struct job *j = arg;

    j->s->gemm->batched_run(&j->args, index, scratch);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct einsum *s = step->data;
    const float *operand[2];
    float *out = cpu_out(step, run, s->turn[2].needed ? s->memory[2] : 0);
    struct job j = {s, s->args};

    for (int i = 0; i < 2; i++) {
        operand[i] = cpu_in(step, run, i);
        if (s->turn[i].needed) {
            float *to = cpu_out(step, run, s->memory[i]);

            turn(s, run, i, operand[i], to);
            operand[i] = to;
        }
    }
    j.args.a = operand[0];
    j.args.b = operand[1];
    j.args.y = out;
    cpu_parallel(run, s->tasks, task, &j);
    if (s->turn[2].needed) {
        turn(s, run, 2, out, cpu_out(step, run, 0));
    }
    return VT_OK;
}

static double cost(const struct equation *e)
{
    double flops = 2;

    for (int i = 0; i < KINDS; i++) {
        flops *= (double)product(e, i);
    }
    return flops / 40 + 1000;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    struct equation e;

    understand(op, &e);
    o[0] = (struct cpu_option){.cost = cost(&e)};
    return 1;
}

static int plan_turns(struct cpu_build *b, const struct cpu_op *op, const struct equation *e,
                      struct einsum *s, struct cpu_step *step, struct vt_error *err)
{
    int64_t m = s->args.m, n = s->args.n, k = s->args.k;
    struct term a = ordered(e, ROWS, SUMMED), a2 = ordered(e, SUMMED, ROWS), y = ordered(e, ROWS, COLUMNS),
                c = ordered(e, SUMMED, COLUMNS), c2 = ordered(e, COLUMNS, SUMMED);
    bool ok = true;

    s->args.a_row = k;
    s->args.a_col = 1;
    if (same(&e->a, &a2) && !same(&e->a, &a)) {
        s->args.a_row = 1;
        s->args.a_col = m;
    } else if (!same(&e->a, &a)) {
        ok = plan_turn(op, e, &s->turn[0], &e->a, &a);
    }
    s->args.b_row = n;
    s->args.b_col = 1;
    if (same(&e->b, &c2) && !same(&e->b, &c)) {
        s->args.b_row = 1;
        s->args.b_col = k;
    } else if (!same(&e->b, &c)) {
        ok = ok && plan_turn(op, e, &s->turn[1], &e->b, &c);
    }
    if (!same(&e->out, &y)) {
        ok = ok && plan_turn(op, e, &s->turn[2], &y, &e->out);
    }
    if (!ok) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: an equation over so many axes");
    }
    for (int i = 0; i < 3; i++) {
        int64_t count = i < 2 ? op->in[i].count : op->out[0].count;

        s->memory[i] = s->turn[i].needed ? cpu_step_memory(b, step, count, err) : 0;
        if (s->memory[i] < 0) {
            return VT_E_NOMEM;
        }
    }
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct einsum *s = cpu_plan_alloc(b, sizeof(*s));
    struct equation e;
    int status;

    (void)option;
    if (!s) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    understand(op, &e);
    s->gemm = cpu_gemm_f32_get(op->isa);
    s->move = cpu_move_get(op->isa);
    s->args.m = product(&e, ROWS);
    s->args.n = product(&e, COLUMNS);
    s->args.k = product(&e, SUMMED);
    s->args.ldy = s->args.n;
    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        s->args.batch[i] = 1;
    }
    s->args.batch[0] = product(&e, BATCH);
    s->args.a_batch[0] = s->args.m * s->args.k;
    s->args.b_batch[0] = s->args.k * s->args.n;
    s->args.y_batch[0] = s->args.m * s->args.n;
    status = plan_turns(b, op, &e, s, step, err);
    s->tasks = s->gemm->batched_tasks(&s->args);
    step->scratch = s->gemm->batched_scratch_bytes(&s->args);
    step->run = run;
    step->data = s;
    step->kernel = s->gemm->name;
    return status;
}

const struct cpu_impl cpu_impl_einsum = {
    .name = "einsum",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
