/* Bucketize and SearchSorted: binary searches, one a value; GatherTree: walks through beams. */
#include "impl.h"

/* What of the sorted row counts as before a value; the last two differ in NaN. */
enum order { LESS, NOT_LARGER, NOT_ABOVE };

struct search {
    enum order order;
    bool wide;    /* i64 comes out, not i32 */
    bool by_rows; /* each row of values has a sorted row of its own */
    enum vt_type type;
    int sorted;                    /* which input */
    int64_t n, per, count, pieces; /* per: values that a sorted row serves */
};

struct job {
    const struct search *s;
    const void *sorted, *values;
    void *dst;
};

/* For values [begin, end) against one sorted row; the steps are those of the textbook, without branches. */
#define SEARCH(T)                                                                                            \
    static void search_##T(const struct search *s, const T *sorted, const T *values, void *dst,              \
                           int64_t begin, int64_t end)                                                       \
    {                                                                                                        \
        for (int64_t i = begin; i < end; i++) {                                                              \
            int64_t low = 0, left = s->n;                                                                    \
            T x = values[i];                                                                                 \
                                                                                                             \
            while (left > 0) {                                                                               \
                int64_t half = left / 2;                                                                     \
                T v = sorted[low + half];                                                                    \
                bool before = s->order == LESS ? v < x : s->order == NOT_LARGER ? v <= x : !(x < v);         \
                                                                                                             \
                low += before ? half + 1 : 0;                                                                \
                left = half - (before & !(left & 1)); /* before ? left - half - 1 : half */                  \
            }                                                                                                \
            if (s->wide) {                                                                                   \
                ((int64_t *)dst)[i] = low;                                                                   \
            } else {                                                                                         \
                ((int32_t *)dst)[i] = (int32_t)low;                                                          \
            }                                                                                                \
        }                                                                                                    \
    }

SEARCH(float)
SEARCH(int32_t)
SEARCH(int64_t)

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct search *s = j->s;

    (void)scratch;
    while (begin < end) {
        int64_t row = s->by_rows ? begin / s->per : 0, stop = s->by_rows ? (row + 1) * s->per : end;

        stop = stop < end ? stop : end;
        switch (s->type) {
        case VT_F32:
            search_float(s, (const float *)j->sorted + row * s->n, j->values, j->dst, begin, stop);
            break;
        case VT_I32:
            search_int32_t(s, (const int32_t *)j->sorted + row * s->n, j->values, j->dst, begin, stop);
            break;
        default:
            search_int64_t(s, (const int64_t *)j->sorted + row * s->n, j->values, j->dst, begin, stop);
            break;
        }
        begin = stop;
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct search *s = step->data;
    struct job j = {s, cpu_in(step, run, s->sorted), cpu_in(step, run, !s->sorted), cpu_out(step, run, 0)};

    cpu_parallel_range(run, s->count, s->pieces, piece, &j);
    return VT_OK;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    enum vt_type type = op->in[0].type;

    *reason = "two types, or one that is neither f32, i32 nor i64, or an unknown shape";
    return type == op->in[1].type && (type == VT_F32 || type == VT_I32 || type == VT_I64) &&
           op->in[0].rank >= 0 && op->in[1].rank >= 0 && op->out[0].rank >= 0;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct search *s = cpu_plan_alloc(b, sizeof(*s));
    bool buckets = strcmp(op->type, "Bucketize") == 0;
    const struct cpu_arg *sorted = &op->in[buckets], *values = &op->in[!buckets];

    (void)option;
    if (!s) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    s->sorted = buckets;
    s->type = values->type;
    s->wide = op->out[0].type == VT_I64;
    s->count = values->count;
    s->n = sorted->rank ? sorted->dims[sorted->rank - 1] : 1;
    if (buckets) {
        s->order = op->host->attr_i64(op->node, "with_right_bound") ? LESS : NOT_ABOVE;
    } else {
        s->order = op->host->attr_i64(op->node, "right_mode") ? NOT_LARGER : LESS;
        s->by_rows = sorted->rank > 1;
        s->per = values->rank ? values->dims[values->rank - 1] : 1;
    }
    s->pieces = cpu_pieces(op, (double)s->count * 8);
    step->run = s->count ? run : NULL;
    step->data = s;
    return VT_OK;
}

const struct cpu_impl cpu_impl_search = {
    .name = "search",
    .supports = supports,
    .prepare = prepare,
};

/* ---- GatherTree
 * ---------------------------------------------------------------------------------------------------- */

struct tree {
    int64_t steps, batch, beams;
    bool real;
};

static int64_t whole(const void *p, bool real, int64_t i)
{
    if (real) {
        float x = ((const float *)p)[i];

        return x > -1 && x < 0x1p31f ? (int64_t)x : -1;
    }
    return ((const int32_t *)p)[i];
}

static bool is_end(const void *end, bool real, const int32_t *v)
{
    float x;

    if (!real) {
        return *v == *(const int32_t *)end;
    }
    memcpy(&x, v, sizeof(x));
    return x == *(const float *)end;
}

/* From the last step of a beam back to the first; after the first end token only end tokens follow. False:
 * `wrong` is a parent that is not there. */
static bool walk(const struct tree *t, const int32_t *ids, const void *parents, const void *end,
                 int64_t batch, int64_t beam, int64_t steps, int32_t *dst, int64_t *wrong)
{
    int64_t at = beam, each = t->batch * t->beams, line = batch * t->beams;
    int32_t token;

    memcpy(&token, end, sizeof(token));
    for (int64_t s = t->steps - 1; s >= steps; s--) {
        dst[s * each + line + beam] = token;
    }
    for (int64_t s = steps - 1; s >= 0; s--) {
        if (at < 0 || at >= t->beams) {
            *wrong = at;
            return false;
        }
        dst[s * each + line + beam] = ids[s * each + line + at];
        at = whole(parents, t->real, s * each + line + at);
    }
    for (int64_t s = 0, ended = 0; s < steps; s++) {
        int32_t *v = &dst[s * each + line + beam];

        *v = ended ? token : *v;
        ended |= is_end(end, t->real, v);
    }
    return true;
}

static int tree_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct tree *t = step->data;
    const void *lengths = cpu_in(step, run, 2);

    for (int64_t k = 0; k < t->batch * t->beams; k++) {
        int64_t steps = whole(lengths, t->real, k / t->beams), wrong;

        steps = steps > t->steps ? t->steps : steps < 0 ? 0 : steps;
        if (!walk(t, cpu_in(step, run, 0), cpu_in(step, run, 1), cpu_in(step, run, 3), k / t->beams,
                  k % t->beams, steps, cpu_out(step, run, 0), &wrong)) {
            return vt_fail(run->err, VT_E_RANGE, "parent %lld is outside of the %lld beams", (long long)wrong,
                           (long long)t->beams);
        }
    }
    return VT_OK;
}

static bool tree_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only i32 and f32 of known shape";
    for (int i = 0; i < 4; i++) {
        if (op->in[i].type != op->in[0].type || op->in[i].rank < 0 || op->in[i].count == 0) {
            return false;
        }
    }
    return (op->in[0].type == VT_I32 || op->in[0].type == VT_F32) && op->in[0].rank == 3;
}

static int tree_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct tree *t = cpu_plan_alloc(b, sizeof(*t));

    (void)option;
    if (!t) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *t = (struct tree){op->in[0].dims[0], op->in[0].dims[1], op->in[0].dims[2], op->in[0].type == VT_F32};
    step->run = tree_run;
    step->data = t;
    return VT_OK;
}

const struct cpu_impl cpu_impl_gather_tree = {
    .name = "gather_tree",
    .supports = tree_supports,
    .prepare = tree_prepare,
};
