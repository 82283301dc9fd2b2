/* f32 element-wise operations and fused chains of them, in one pass over memory. */
#include "ops/broadcast.h"

#include <math.h>

struct eltwise {
    const struct cpu_eltwise_f32 *kernel;
    struct cpu_eltwise program;
    const float *constant[CPU_BCAST_INPUTS]; /* NULL: taken from the step */
    int inputs;
    int64_t pieces;
};

/* ---- operations as programs
 * -------------------------------------------------------------------------------------- */

static const struct {
    const char *op;
    enum vt_post_kind kind;
    bool binary;
} simple[] = {
    {"Add", VT_POST_ADD, true},          {"Subtract", VT_POST_SUB, true},
    {"Multiply", VT_POST_MUL, true},     {"Divide", VT_POST_DIV, true},
    {"Maximum", VT_POST_MAX, true},      {"Minimum", VT_POST_MIN, true},
    {"Relu", VT_POST_RELU, false},       {"Abs", VT_POST_ABS, false},
    {"Negative", VT_POST_NEG, false},    {"Sqrt", VT_POST_SQRT, false},
    {"Exp", VT_POST_EXP, false},         {"Log", VT_POST_LOG, false},
    {"Tanh", VT_POST_TANH, false},       {"Erf", VT_POST_ERF, false},
    {"Sigmoid", VT_POST_SIGMOID, false}, {"HSwish", VT_POST_HSWISH, false},
    {"Mish", VT_POST_MISH, false},       {"SoftPlus", VT_POST_SOFTPLUS, false},
    {"Floor", VT_POST_FLOOR, false},     {"Ceiling", VT_POST_CEIL, false},
};

static double attr(const struct cpu_op *op, const char *name)
{
    return op->host->attr_f64(op->node, name);
}

static bool scalar_constant(const struct cpu_arg *arg, float *value)
{
    if (!arg->raw || arg->count != 1 || arg->raw->type != VT_F32) {
        return false;
    }
    memcpy(value, arg->raw->data, sizeof(*value));
    return true;
}

/* Operations with parameters; false when it is none of them or a parameter is not constant. */
static bool parametric(const struct cpu_op *op, struct cpu_eltwise_step *s)
{
    s->input = -1;
    if (strcmp(op->type, "Clamp") == 0) {
        s->kind = VT_POST_CLAMP;
        s->a = (float)attr(op, "min");
        s->b = (float)attr(op, "max");
    } else if (strcmp(op->type, "Elu") == 0) {
        s->kind = VT_POST_ELU;
        s->a = (float)attr(op, "alpha");
    } else if (strcmp(op->type, "HSigmoid") == 0) {
        s->kind = VT_POST_HSIGMOID;
        s->a = 1.0f / 6;
        s->b = 0.5f;
    } else if (strcmp(op->type, "Gelu") == 0) {
        bool tanh_form = op->host->node_opset(op->node) >= 7 &&
                         strcasecmp(op->host->attr_str(op->node, "approximation_mode"), "tanh") == 0;

        s->kind = tanh_form ? VT_POST_GELU_TANH : VT_POST_GELU_ERF;
    } else if (strcmp(op->type, "Round") == 0) {
        s->kind = VT_POST_ROUND_EVEN;
        return strcasecmp(op->host->attr_str(op->node, "mode"), "half_to_even") == 0;
    } else if (strcmp(op->type, "Swish") == 0) {
        s->kind = VT_POST_SWISH;
        s->a = 1;
        return op->n_in < 2 || op->in[1].type == VT_DYNAMIC || scalar_constant(&op->in[1], &s->a);
    } else if (strcmp(op->type, "HardSigmoid") == 0) {
        s->kind = VT_POST_HSIGMOID;
        return scalar_constant(&op->in[1], &s->a) && scalar_constant(&op->in[2], &s->b);
    } else if (strcmp(op->type, "Power") == 0) {
        s->kind = VT_POST_POW;
        return scalar_constant(&op->in[1], &s->a);
    } else {
        return false;
    }
    return true;
}

/* The program of a node and how many of its inputs it reads; false when it has none. */
static bool program_of(const struct cpu_op *op, struct cpu_eltwise *p, int *inputs)
{
    int64_t n;
    const double *post;

    *inputs = 1;
    p->count = 1;
    if (strcmp(op->type, "Elementwise") == 0) {
        post = op->host->attr_f64s(op->node, "post", &n);
        p->count = (int32_t)(n / VT_POST_STEP);
        *inputs = op->n_in;
        if (p->count > VT_POST_MAX_STEPS) {
            return false;
        }
        for (int i = 0; i < p->count; i++) {
            const double *s = post + i * VT_POST_STEP;

            p->steps[i] = (struct cpu_eltwise_step){(int32_t)s[0], (int32_t)s[1], (float)s[2], (float)s[3]};
        }
        return true;
    }
    if (strcmp(op->type, "PRelu") == 0) {
        p->steps[0] = (struct cpu_eltwise_step){VT_POST_PRELU, 1, 0, 0};
        *inputs = 2;
        return true;
    }
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        if (strcmp(op->type, simple[i].op) == 0) {
            p->steps[0] = (struct cpu_eltwise_step){(int32_t)simple[i].kind, simple[i].binary ? 1 : -1, 0, 0};
            *inputs = simple[i].binary ? 2 : 1;
            return true;
        }
    }
    return parametric(op, &p->steps[0]);
}

/* A node whose operands broadcast by numpy's rule: the slope of a PRelu that has one number a channel lies
 * along axis 1. */
struct aligned {
    struct cpu_op op;
    struct cpu_arg in[2];
    int64_t dims[VT_MAX_RANK];
};

static const struct cpu_op *align(const struct cpu_op *op, struct aligned *a)
{
    int rank = op->in[0].rank;

    if (strcmp(op->type, "PRelu") != 0 || rank < 3 || op->in[1].rank != 1 ||
        op->in[1].dims[0] != op->in[0].dims[1]) {
        return op;
    }
    a->op = *op;
    memcpy(a->in, op->in, sizeof(a->in));
    a->op.in = a->in;
    for (int i = 0; i < rank; i++) {
        a->dims[i] = i == 1 ? op->in[1].dims[0] : 1;
    }
    a->in[1].rank = rank;
    a->in[1].dims = a->dims;
    return &a->op;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_eltwise p = {0};
    struct aligned a;
    int inputs;

    *reason = "it is no program of element-wise steps";
    if (!program_of(op, &p, &inputs)) {
        return false;
    }
    *reason = "only f32";
    for (int i = 0; i < inputs; i++) {
        if (op->in[i].type != VT_F32) {
            return false;
        }
    }
    return op->out[0].type == VT_F32 && cpu_broadcast_fits(align(op, &a), inputs, reason);
}

/* Nanoseconds an element on one thread: moving it, and what the steps cost. */
static double element_ns(const struct cpu_eltwise *p)
{
    double ns = 0.3;

    for (int i = 0; i < p->count; i++) {
        ns += p->steps[i].kind >= VT_POST_EXP ? 0.8 : 0.1;
    }
    return ns;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    struct cpu_eltwise p = {0};
    int inputs;

    program_of(op, &p, &inputs);
    return cpu_broadcast_options(op, (double)op->out[0].count * element_ns(&p), o);
}

/* ---- the step
 * ---------------------------------------------------------------------------------------------------------
 */

struct job {
    const struct eltwise *e;
    const float *data[CPU_BCAST_INPUTS];
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->e->kernel->run(&j->e->program, j->data, j->dst, begin, end);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct eltwise *e = step->data;
    struct job j;

    j.e = e;
    j.dst = cpu_out(step, run, 0);
    for (int i = 0; i < e->inputs; i++) {
        j.data[i] = e->constant[i] ? e->constant[i] : cpu_in(step, run, i);
    }
    cpu_parallel_range(run, e->program.shape.count, e->pieces, piece, &j);
    return VT_OK;
}

/* How an input meets the last two dimensions of the collapsed shape. */
enum meeting { MEETS_NOT, MEETS_WHOLE, MEETS_NUMBER, MEETS_COLUMN };

static enum meeting meeting_of(const struct cpu_bcast *s, int input)
{
    const int64_t *stride = s->stride[input];
    int last = s->rank - 1;

    if (stride[last] == 1 && stride[last - 1] == s->dims[last]) {
        return MEETS_WHOLE;
    }
    for (int i = 0; i < last; i++) {
        if (stride[i] && (i == last - 1 || stride[last])) {
            return MEETS_NOT;
        }
    }
    return stride[last] == 0 ? MEETS_NUMBER : stride[last] == 1 ? MEETS_COLUMN : MEETS_NOT;
}

/* Rows of a few channels, each with constants of its own (mean and scale of pictures), are too short for
 * vectors: several become one, with the constants repeated. */
static int join_rows(struct cpu_build *b, struct eltwise *e)
{
    struct cpu_bcast *s = &e->program.shape;
    int last = s->rank - 1;
    int64_t width = s->dims[last], rows = last ? s->dims[last - 1] : 1, times = 1;

    for (int i = 0; i < e->inputs; i++) {
        enum meeting m = last && width <= 32 ? meeting_of(s, i) : MEETS_NOT;

        if (m == MEETS_NOT || (m == MEETS_COLUMN && !e->constant[i])) {
            return VT_OK;
        }
    }
    for (int64_t k = 2; k * width <= 512 && k <= rows; k++) {
        times = rows % k == 0 ? k : times;
    }
    for (int i = 0; i < e->inputs && times > 1; i++) {
        enum meeting m = meeting_of(s, i);
        float *wide = m == MEETS_COLUMN ? cpu_plan_alloc(b, (size_t)(times * width) * sizeof(*wide)) : NULL;

        if (m == MEETS_COLUMN && !wide) {
            return VT_E_NOMEM;
        }
        for (int64_t k = 0; k < times && wide; k++) {
            memcpy(wide + k * width, e->constant[i], (size_t)width * sizeof(*wide));
        }
        e->constant[i] = wide ? wide : e->constant[i];
        s->stride[i][last - 1] = m == MEETS_WHOLE ? times * width : 0;
    }
    s->dims[last - 1] = rows / times;
    s->dims[last] = times * width;
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct eltwise *e = cpu_plan_alloc(b, sizeof(*e));
    struct aligned a;

    (void)option;
    if (!e) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    e->kernel = cpu_eltwise_f32_get(op->isa);
    program_of(op, &e->program, &e->inputs);
    for (int i = 0; i < e->inputs; i++) {
        if (op->in[i].raw && op->in[i].count) {
            e->constant[i] = cpu_constant_f32(b, &op->in[i], err);
            if (!e->constant[i]) {
                return VT_E_NOMEM;
            }
        }
    }
    if (!cpu_broadcast_plan(b, align(op, &a), step, e->inputs, &e->program.shape)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: element-wise operation over these shapes");
    }
    if (join_rows(b, e)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    e->pieces = cpu_pieces(op, (double)op->out[0].count * element_ns(&e->program));
    step->run = run;
    step->data = e;
    step->kernel = e->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_eltwise = {
    .name = "eltwise",
    .flags = CPU_READS_STRIDED | CPU_IN_PLACE | CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
