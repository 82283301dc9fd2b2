#include "kernels/softmax.h"

#include "impl.h"

struct softmax {
    const struct cpu_softmax_f32 *kernel;
    bool logarithm;
    int64_t axis, inner, outer, pieces;
};

static int64_t axis_of(const struct cpu_op *op)
{
    int64_t axis = op->host->attr_i64(op->node, "axis");

    return axis < 0 ? axis + op->in[0].rank : axis;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known rank above 0";
    return op->in[0].type == VT_F32 && op->in[0].rank > 0;
}

/* In NXC the channel axis is the last one and the others keep their order behind the batch. */
static void geometry(const struct cpu_op *op, enum cpu_layout layout, struct softmax *s)
{
    int64_t axis = axis_of(op);

    s->axis = op->in[0].dims[axis];
    s->inner = s->outer = 1;
    for (int i = 0; i < op->in[0].rank; i++) {
        int at = layout == CPU_NXC && i == 1 ? op->in[0].rank : i;
        int where = layout == CPU_NXC && axis == 1 ? op->in[0].rank : (int)axis;

        if (i != axis) {
            *(at < where ? &s->outer : &s->inner) *= op->in[0].dims[i];
        }
    }
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double ns = (double)op->in[0].count * 1.0;

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns, 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, ns, 0};
    return op->in[0].rank >= 3 ? 2 : 1;
}

struct job {
    const struct softmax *s;
    const float *src;
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;
    const struct cpu_softmax_f32 *k = j->s->kernel;

    (void)scratch;
    if (j->s->inner == 1) {
        (j->s->logarithm ? k->log_softmax : k->softmax)(j->src, j->s->axis, j->dst, j->s->axis, j->s->axis,
                                                        begin, end);
    } else {
        (j->s->logarithm ? k->log_softmax_strided : k->softmax_strided)(j->src, j->dst, j->s->axis,
                                                                        j->s->inner, begin, end);
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct softmax *s = step->data;
    struct job j = {s, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, s->inner == 1 ? s->outer : cpu_column_units(s->outer, s->inner), s->pieces, piece,
                       &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct softmax *s = cpu_plan_alloc(b, sizeof(*s));

    if (!s) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    s->kernel = cpu_softmax_f32_get(op->isa);
    s->logarithm = strcmp(op->type, "LogSoftmax") == 0;
    geometry(op, option->in, s);
    s->pieces = cpu_pieces(op, (double)op->in[0].count);
    step->run = run;
    step->data = s;
    step->kernel = s->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_softmax = {
    .name = "softmax",
    .flags = CPU_IN_PLACE,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
