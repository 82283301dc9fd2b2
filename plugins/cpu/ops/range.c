/* Range whose start, stop and step only the run tells: how many elements there are comes out of it. */
#include "impl.h"
#include "model.h"

#include <math.h>

enum { START, STOP, STEP };

/* Bytes that a piece of work writes. */
#define PIECE ((int64_t)64 * 1024)

static bool is_known(enum vt_type type)
{
    return type == VT_I32 || type == VT_I64 || type == VT_F32 || type == VT_F64;
}

static bool is_whole(enum vt_type type)
{
    return type == VT_I32 || type == VT_I64;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    bool whole = true;

    *reason = "an input is no scalar, or none of i32, i64, f32 and f64";
    for (int i = START; i <= STEP; i++) {
        if (op->in[i].rank != 0 || !is_known(op->in[i].type)) {
            return false;
        }
        whole &= is_whole(op->in[i].type);
    }
    *reason = "integers made of real numbers, or another type than these four";
    return is_known(op->out[0].type) && (whole || !is_whole(op->out[0].type));
}

struct range {
    enum vt_type in[3], out;
    bool whole;
};

struct job {
    void *dst;
    enum vt_type type;
    bool whole; /* start and step */
    int64_t first, by;
    double real_first, real_by;
};

static int64_t whole_at(const struct job *j, int64_t i)
{
    return (int64_t)((uint64_t)j->first + (uint64_t)i * (uint64_t)j->by);
}

static double real_at(const struct job *j, int64_t i)
{
    return j->whole ? (double)whole_at(j, i) : j->real_first + (double)i * j->real_by;
}

static void fill(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;

    (void)scratch;
    switch (j->type) {
    case VT_I32:
        for (int64_t i = begin; i < end; i++) {
            ((int32_t *)j->dst)[i] = (int32_t)whole_at(j, i);
        }
        break;
    case VT_I64:
        for (int64_t i = begin; i < end; i++) {
            ((int64_t *)j->dst)[i] = whole_at(j, i);
        }
        break;
    case VT_F32:
        for (int64_t i = begin; i < end; i++) {
            ((float *)j->dst)[i] = (float)real_at(j, i);
        }
        break;
    default:
        for (int64_t i = begin; i < end; i++) {
            ((double *)j->dst)[i] = real_at(j, i);
        }
        break;
    }
}

static double real_of(const void *data, enum vt_type type)
{
    switch (type) {
    case VT_I32: return *(const int32_t *)data;
    case VT_I64: return (double)*(const int64_t *)data;
    case VT_F32: return (double)*(const float *)data;
    default: return *(const double *)data;
    }
}

static int64_t whole_of(const void *data, enum vt_type type)
{
    return type == VT_I32 ? *(const int32_t *)data : *(const int64_t *)data;
}

/* ceil((stop - start) / step), at least 0, in 128 bits: nothing overflows. */
static int count_whole(const int64_t *v, int64_t *n, struct vt_error *err)
{
    __int128 span = (__int128)v[STOP] - v[START], up = v[STEP] > 0 ? v[STEP] - 1 : (__int128)v[STEP] + 1,
             count;

    if (v[STEP] == 0) {
        return vt_fail(err, VT_E_INVALID, "step (input 2) is 0");
    }
    count = (v[STEP] > 0) == (span > 0) && span != 0 ? (span + up) / v[STEP] : 0;
    *n = count > INT64_MAX ? INT64_MAX : (int64_t)count;
    return VT_OK;
}

static int count_real(const double *v, int64_t *n, struct vt_error *err)
{
    double count = ceil((v[STOP] - v[START]) / v[STEP]);

    for (int i = START; i <= STEP; i++) {
        if (!isfinite(v[i])) {
            return vt_fail(err, VT_E_INVALID, "input %d is %g", i, v[i]);
        }
    }
    if (v[STEP] == 0) {
        return vt_fail(err, VT_E_INVALID, "step (input 2) is 0");
    }
    if (count >= 9007199254740992.0) {
        return vt_fail(err, VT_E_RANGE, "the range has %g elements", count);
    }
    *n = count > 0 ? (int64_t)count : 0;
    return VT_OK;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct range *r = step->data;
    struct job j = {.type = r->out, .whole = is_whole(r->in[START]) && is_whole(r->in[STEP])};
    int64_t n = 0, v[3] = {0}, bytes = r->out == VT_I32 || r->out == VT_F32 ? 4 : 8;
    double real[3];
    int status;

    for (int i = START; i <= STEP; i++) {
        v[i] = is_whole(r->in[i]) ? whole_of(cpu_in(step, run, i), r->in[i]) : 0;
        real[i] = real_of(cpu_in(step, run, i), r->in[i]);
    }
    j.first = v[START];
    j.by = v[STEP];
    j.real_first = real[START];
    j.real_by = real[STEP];
    status = r->whole ? count_whole(v, &n, run->err) : count_real(real, &n, run->err);
    if (status) {
        return status;
    }
    j.dst = cpu_output_now(run, step, 0, r->out, 1, &n);
    if (!j.dst && n) {
        return run->err && run->err->code ? run->err->code : VT_E_NOMEM;
    }
    run->serial = n * bytes < 2 * PIECE;
    cpu_parallel_range(run, n, run->serial ? 1 : n * bytes / PIECE, fill, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct range *r = cpu_plan_alloc(b, sizeof(*r));

    (void)option;
    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->out = op->out[0].type;
    r->whole = true;
    for (int i = START; i <= STEP; i++) {
        r->in[i] = op->in[i].type;
        r->whole &= is_whole(r->in[i]);
    }
    step->run = run;
    step->data = r;
    return VT_OK;
}

const struct cpu_impl cpu_impl_range = {
    .name = "range",
    .supports = supports,
    .prepare = prepare,
};
