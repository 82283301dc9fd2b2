/* FakeQuantize with constant ranges, of the whole tensor or of each place along one axis. */
#include "kernels/quantize.h"
#include "model.h"

#define CHUNK 8192

struct fake_quantize {
    const struct cpu_quantize_f32 *kernel;
    struct cpu_quantize ranges;
    int64_t channels, inner; /* channels 1: the whole tensor, in chunks */
    int64_t count, units, pieces;
};

/* The axis along which the ranges differ: -1 where none does, -2 where there are several. */
static int axis_of(const struct cpu_op *op)
{
    int axis = -1;

    for (int i = 1; i < 5; i++) {
        const struct cpu_arg *r = &op->in[i];

        for (int k = 0; k < r->rank; k++) {
            int at = op->in[0].rank - r->rank + k;

            if (r->dims[k] == 1) {
                continue;
            }
            if ((axis >= 0 && axis != at) || at < 0 || r->dims[k] != op->in[0].dims[at]) {
                return -2;
            }
            axis = at;
        }
    }
    return axis;
}

/* Input ranges that run upwards, at every place. */
static bool upwards(const struct cpu_op *op)
{
    const struct cpu_arg *low = &op->in[1], *high = &op->in[2];
    int64_t n = low->count > high->count ? low->count : high->count;

    for (int64_t i = 0; i < n; i++) {
        float a, b;

        memcpy(&a, (const char *)low->raw->data + (size_t)(low->count == 1 ? 0 : i) * sizeof(a), sizeof(a));
        memcpy(&b, (const char *)high->raw->data + (size_t)(high->count == 1 ? 0 : i) * sizeof(b), sizeof(b));
        if (!(a < b)) {
            return false;
        }
    }
    return true;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[0].rank < 0 || op->out[0].rank != op->in[0].rank) {
        return false;
    }
    *reason = "the ranges are not constant";
    for (int i = 1; i < 5; i++) {
        if (!op->in[i].raw || op->in[i].raw->type != VT_F32) {
            return false;
        }
    }
    *reason = "ranges that differ along several axes";
    if (op->out[0].count != op->in[0].count || axis_of(op) == -2) {
        return false;
    }
    *reason = "a range that is empty or runs downwards";
    return cpu_constant_absent(op->host, op->in[1].constant) || upwards(op);
}

static double cost(const struct cpu_op *op)
{
    return (double)op->out[0].count * 1.5;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    int axis = axis_of(op);

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, cost(op), 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, cost(op), 0};
    return op->out[0].rank >= 3 && (axis == -1 || axis == 1) ? 2 : 1;
}

struct job {
    const struct fake_quantize *f;
    const float *src;
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct fake_quantize *f = j->f;

    (void)scratch;
    for (int64_t u = begin; u < end; u++) {
        int64_t at = f->channels == 1 ? u * CHUNK : u * f->inner, n = f->inner;

        if (f->channels == 1) {
            n = f->count - at < CHUNK ? f->count - at : CHUNK;
            f->kernel->one(&f->ranges, 0, j->src + at, j->dst + at, n);
        } else if (f->inner == 1) { /* a unit is a row of all channels */
            at = u * f->channels;
            f->kernel->each(&f->ranges, j->src + at, j->dst + at, f->channels);
        } else {
            f->kernel->one(&f->ranges, u % f->channels, j->src + at, j->dst + at, n);
        }
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct fake_quantize *f = step->data;
    struct job j = {f, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, f->units, f->pieces, piece, &j);
    return VT_OK;
}

/* The five constants of each channel. */
static int make_ranges(struct cpu_build *b, const struct cpu_op *op, struct fake_quantize *f,
                       struct vt_error *err)
{
    double *all = cpu_plan_alloc(b, (size_t)(6 * f->channels) * sizeof(*all));
    const float *given[4];

    if (!all) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < 4; i++) {
        given[i] = cpu_constant_f32(b, &op->in[i + 1], err);
        if (!given[i]) {
            return VT_E_NOMEM;
        }
    }
    for (int64_t c = 0; c < f->channels; c++) {
        double r[4];

        for (int i = 0; i < 4; i++) {
            r[i] = (double)given[i][op->in[i + 1].count == 1 ? 0 : c];
        }
        all[c] = r[0] < r[1] ? r[0] : r[1];
        all[f->channels + c] = r[0] < r[1] ? r[1] : r[0];
        all[2 * f->channels + c] = r[0];
        all[3 * f->channels + c] = r[1] - r[0];
        all[4 * f->channels + c] = r[2];
        all[5 * f->channels + c] = r[3];
    }
    f->ranges.low = all;
    f->ranges.high = all + f->channels;
    f->ranges.in_low = all + 2 * f->channels;
    f->ranges.in_span = all + 3 * f->channels;
    f->ranges.out_low = all + 4 * f->channels;
    f->ranges.out_high = all + 5 * f->channels;
    f->ranges.steps = (double)(op->host->attr_i64(op->node, "levels") - 1);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct fake_quantize *f = cpu_plan_alloc(b, sizeof(*f));
    int axis = axis_of(op);

    if (!f) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    f->kernel = cpu_quantize_f32_get(op->isa);
    f->channels = axis < 0 ? 1 : op->in[0].dims[axis];
    f->count = op->in[0].count;
    f->inner = 1;
    for (int i = axis + 1; axis >= 0 && i < op->in[0].rank && option->in == CPU_PLAIN; i++) {
        f->inner *= op->in[0].dims[i];
    }
    if (f->channels == 1) {
        f->units = (f->count + CHUNK - 1) / CHUNK;
    } else if (f->count) {
        f->units = f->inner == 1 ? f->count / f->channels : f->count / f->inner;
    }
    f->pieces = cpu_pieces(op, cost(op));
    step->run = run;
    step->data = f;
    step->kernel = f->kernel->name;
    return f->count ? make_ranges(b, op, f, err) : VT_OK;
}

const struct cpu_impl cpu_impl_fake_quantize = {
    .name = "fake_quantize",
    .flags = CPU_IN_PLACE | CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
