/* CTCGreedyDecoder and CTCGreedyDecoderSeqLen: the best class of each step, without blanks and repetitions.
 */
#include "impl.h"

struct ctc {
    bool by_length, merge;
    bool wide_length, wide_blank; /* i64, not i32 */
    enum vt_type out[2];
    int64_t batch, steps, classes, pieces;
};

/* The first of the largest; NaN is never larger, nor is anything larger than NaN. */
static int64_t best_class(const float *v, int64_t n)
{
    float most = v[0], lanes[16];
    int64_t i = 0;

    if (n >= 32 && most == most) {
        for (int k = 0; k < 16; k++) {
            lanes[k] = most;
        }
        for (; i + 16 <= n; i += 16) {
            for (int k = 0; k < 16; k++) {
                lanes[k] = v[i + k] > lanes[k] ? v[i + k] : lanes[k];
            }
        }
        for (int k = 0; k < 16; k++) {
            most = lanes[k] > most ? lanes[k] : most;
        }
    }
    for (; i < n; i++) {
        most = v[i] > most ? v[i] : most;
    }
    if (most != most) {
        return 0;
    }
    for (i = 0; v[i] != most; i++) {
    }
    return i;
}

static void put(void *p, enum vt_type type, int64_t i, int64_t v)
{
    switch (type) {
    case VT_F32: ((float *)p)[i] = (float)v; break;
    case VT_I32: ((int32_t *)p)[i] = (int32_t)v; break;
    default: ((int64_t *)p)[i] = v; break;
    }
}

struct job {
    const struct ctc *c;
    const float *data;
    const void *lengths; /* or the mask */
    int64_t blank;
    void *out, *counts;
};

/* As long as the mask is not 0, and one step at least. */
static int64_t masked(const struct job *j, int64_t b)
{
    const float *mask = j->lengths;
    int64_t n = 0;

    while (n < j->c->steps && (n == 0 || mask[n * j->c->batch + b] != 0)) {
        n++;
    }
    return n;
}

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct ctc *c = j->c;

    (void)scratch;
    for (int64_t b = begin; b < end; b++) {
        int64_t length = c->by_length ? cpu_index_at(j->lengths, c->wide_length, b) : masked(j, b);
        int64_t first = c->by_length ? b * c->steps : b, each = c->by_length ? 1 : c->batch;
        int64_t previous = -1, n = 0;

        for (int64_t t = 0; t < length; t++) {
            int64_t k = best_class(j->data + (first + t * each) * c->classes, c->classes);

            if (k != j->blank && !(c->merge && k == previous)) {
                put(j->out, c->out[0], b * c->steps + n++, k);
            }
            previous = k;
        }
        if (c->by_length) {
            put(j->counts, c->out[1], b, n);
        }
        for (; n < c->steps; n++) {
            put(j->out, c->out[0], b * c->steps + n, -1);
        }
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct ctc *c = step->data;
    struct job j = {.c = c,
                    .data = cpu_in(step, run, 0),
                    .lengths = cpu_in(step, run, 1),
                    .blank = c->classes - 1,
                    .out = cpu_out(step, run, 0)};

    if (c->by_length) {
        const void *blank = cpu_in(step, run, 2);

        j.blank = blank ? cpu_index_at(blank, c->wide_blank, 0) : j.blank;
        j.counts = cpu_out(step, run, 1);
        if (j.blank < 0 || j.blank >= c->classes) {
            return vt_fail(run->err, VT_E_RANGE, "blank_index is %lld, the classes are 0 to %lld",
                           (long long)j.blank, (long long)c->classes - 1);
        }
        for (int64_t b = 0; b < c->batch; b++) {
            int64_t length = cpu_index_at(j.lengths, c->wide_length, b);

            if (length < 0 || length > c->steps) {
                return vt_fail(run->err, VT_E_RANGE,
                               "sequence_length[%lld] is %lld, the sequences have %lld steps", (long long)b,
                               (long long)length, (long long)c->steps);
            }
        }
    }
    cpu_parallel_range(run, c->batch, c->pieces, piece, &j);
    return VT_OK;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    bool by_length = strcmp(op->type, "CTCGreedyDecoderSeqLen") == 0;

    *reason = "only f32 of known shape with elements";
    if (op->in[0].type != VT_F32 || op->in[0].rank != 3 || !op->in[0].count || op->out[0].rank < 0 ||
        op->in[1].rank < 0) {
        return false;
    }
    *reason = "lengths are neither i32 nor i64";
    if (!by_length) {
        return op->in[1].type == VT_F32;
    }
    return cpu_is_index(&op->in[1]) &&
           (op->n_in < 3 || op->in[2].type == VT_DYNAMIC || cpu_is_index(&op->in[2]));
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct ctc *c = cpu_plan_alloc(b, sizeof(*c));

    (void)option;
    if (!c) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    c->by_length = strcmp(op->type, "CTCGreedyDecoderSeqLen") == 0;
    c->merge = op->host->attr_i64(op->node, c->by_length ? "merge_repeated" : "ctc_merge_repeated") != 0;
    c->wide_length = op->in[1].type == VT_I64;
    c->wide_blank = op->n_in > 2 && op->in[2].type == VT_I64;
    for (int i = 0; i < op->n_out && i < 2; i++) {
        c->out[i] = op->out[i].type;
    }
    c->steps = op->in[0].dims[c->by_length ? 1 : 0];
    c->batch = op->in[0].dims[c->by_length ? 0 : 1];
    c->classes = op->in[0].dims[2];
    c->pieces = cpu_pieces(op, (double)op->in[0].count * 0.3);
    step->run = run;
    step->data = c;
    return VT_OK;
}

const struct cpu_impl cpu_impl_ctc = {
    .name = "ctc_greedy",
    .supports = supports,
    .prepare = prepare,
};
