/* RandomUniform by Philox: the words that the reference takes, in pieces. */
#include "impl.h"
#include "kernels/philox.h"
#include "model.h"

#define WORDS 1024 /* that a unit takes */

struct uniform {
    const struct cpu_philox *kernel;
    uint64_t key, counter;
    enum vt_type type;
    int64_t rank; /* elements of the shape input */
    bool wide;    /* which are i64 */
};

struct job {
    const struct uniform *u;
    void *dst;
    int64_t count;
    double low, range;
    int64_t first;
    uint64_t span;
    bool two; /* words an element */
};

static void floats(const struct job *j, const uint32_t *words, float *dst, int64_t n)
{
    if (j->low == 0 && j->range == 1) {
        for (int64_t i = 0; i < n; i++) {
            dst[i] = (float)(int32_t)(words[i] & 0x7fffffu) * 0x1p-23f;
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        dst[i] = (float)((double)(int32_t)(words[i] & 0x7fffffu) * 0x1p-23 * j->range + j->low);
    }
}

static void integers(const struct job *j, const uint32_t *words, int64_t at, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t x = j->two ? (uint64_t)words[2 * i] << 32 | words[2 * i + 1] : words[i];
        int64_t v;

        /* A division of 32 bits is cheaper. */
        x = j->two ? x % j->span : (uint32_t)x % (uint32_t)j->span;
        v = (int64_t)((uint64_t)j->first + x);
        if (j->u->type == VT_I32) {
            ((int32_t *)j->dst)[at + i] = (int32_t)v;
        } else {
            ((int64_t *)j->dst)[at + i] = v;
        }
    }
}

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    int64_t each = j->two ? WORDS / 2 : WORDS;

    (void)scratch;
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t at = unit * each, n = j->count - at < each ? j->count - at : each;
        uint32_t words[WORDS];

        j->u->kernel->words(j->u->key, j->u->counter, (uint64_t)unit * (WORDS / 4),
                            ((j->two ? 2 * n : n) + 3) / 4, words);
        if (j->u->type == VT_F32) {
            floats(j, words, (float *)j->dst + at, n);
        } else {
            integers(j, words, at, n);
        }
    }
}

/* Where the numbers begin and how many there are. */
static int limits(const struct cpu_step *step, struct cpu_run *run, struct job *j)
{
    const void *low = cpu_in(step, run, 1), *high = cpu_in(step, run, 2);
    int64_t last;

    if (j->u->type == VT_F32) {
        double top = (double)*(const float *)high;

        j->low = (double)*(const float *)low;
        j->range = top - j->low;
        return j->low < top
                   ? VT_OK
                   : vt_fail(run->err, VT_E_INVALID, "minval %g must be below maxval %g", j->low, top);
    }
    j->first = cpu_index_at(low, j->u->type == VT_I64, 0);
    last = cpu_index_at(high, j->u->type == VT_I64, 0);
    j->span = (uint64_t)last - (uint64_t)j->first;
    j->two = j->span > UINT32_MAX;
    return j->first < last ? VT_OK
                           : vt_fail(run->err, VT_E_INVALID, "minval %lld must be below maxval %lld",
                                     (long long)j->first, (long long)last);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct uniform *u = step->data;
    const void *shape = cpu_in(step, run, 0);
    struct job j = {.u = u, .count = 1};
    int64_t dims[VT_MAX_RANK], units;
    int status = limits(step, run, &j);

    if (status) {
        return status;
    }
    for (int64_t i = 0; i < u->rank; i++) {
        dims[i] = cpu_index_at(shape, u->wide, i);
    }
    j.dst = cpu_output_now(run, step, 0, u->type, (int)u->rank, dims);
    if (!j.dst) {
        return VT_E_NOMEM;
    }
    for (int64_t i = 0; i < u->rank; i++) {
        j.count *= dims[i];
    }
    units = (j.two ? 2 * j.count + WORDS - 1 : j.count + WORDS - 1) / WORDS;
    cpu_parallel_range(run, units, units / 16, piece, &j); /* sixteen take some microseconds */
    return VT_OK;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    const struct vt_host *host = op->host;
    enum vt_type type = op->out[0].type;

    *reason = "only f32, i32 and i64";
    if (type != VT_F32 && type != VT_I32 && type != VT_I64) {
        return false;
    }
    *reason = "the shape is unknown or too long";
    if (op->in[0].rank < 0 || op->in[0].count > VT_MAX_RANK || op->in[1].rank < 0 || op->in[2].rank < 0 ||
        !cpu_is_index(&op->in[0]) || (op->out[0].rank >= 0 && !op->out[0].count)) {
        return false;
    }
    *reason = "the generator is not Philox, or takes its seeds from the system";
    return strcasecmp(host->attr_str(op->node, "alignment"), "pytorch") != 0 &&
           (host->attr_i64(op->node, "global_seed") || host->attr_i64(op->node, "op_seed"));
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double n = op->out[0].rank >= 0 ? (double)op->out[0].count : 1 << 20;

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, n * 0.5, 0};
    return 1;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct uniform *u = cpu_plan_alloc(b, sizeof(*u));

    (void)option;
    if (!u) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *u = (struct uniform){.kernel = cpu_philox_get(op->isa),
                          .key = (uint64_t)op->host->attr_i64(op->node, "global_seed"),
                          .counter = (uint64_t)op->host->attr_i64(op->node, "op_seed"),
                          .type = op->out[0].type,
                          .rank = op->in[0].count,
                          .wide = op->in[0].type == VT_I64};
    step->run = run;
    step->data = u;
    step->kernel = u->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_random_uniform = {
    .name = "random_uniform",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
