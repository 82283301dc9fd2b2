/* Integer arithmetic, comparisons, selection and conversion. */
#include "ops/typed.h"
#include "ops/broadcast.h"
#include "ops/copies.h"

static const struct {
    const char *op;
    enum cpu_binary_op binary;
} binaries[] = {
    {"Add", CPU_ADD},
    {"Subtract", CPU_SUB},
    {"Multiply", CPU_MUL},
    {"Maximum", CPU_MAX},
    {"Minimum", CPU_MIN},
    {"SquaredDifference", CPU_SQDIFF},
    {"Divide", CPU_DIV},
    {"Mod", CPU_MOD},
    {"FloorMod", CPU_FLOORMOD},
    {"Power", CPU_POW},
    {"BitwiseLeftShift", CPU_SHL},
    {"BitwiseRightShift", CPU_SHR},
    {"Xor", CPU_BIT_XOR},
    {"BitwiseAnd", CPU_BIT_AND},
    {"BitwiseOr", CPU_BIT_OR},
    {"BitwiseXor", CPU_BIT_XOR},
    {"LogicalAnd", CPU_BIT_AND},
    {"LogicalOr", CPU_BIT_OR},
    {"LogicalXor", CPU_BIT_XOR},
};

static const struct {
    const char *op;
    enum cpu_compare_op compare;
} compares[] = {
    {"Equal", CPU_EQ},     {"NotEqual", CPU_NE}, {"Less", CPU_LT},
    {"LessEqual", CPU_LE}, {"Greater", CPU_GT},  {"GreaterEqual", CPU_GE},
};

struct typed {
    struct cpu_bcast shape;
    const struct cpu_typed *kernel;
    cpu_binary_fn *binary;
    cpu_compare_fn *compare;
    cpu_select_fn *select;
    int op, from, to;
    int64_t pieces;
};

int cpu_find_binary(const char *op)
{
    for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
        if (strcmp(op, binaries[i].op) == 0) {
            return (int)binaries[i].binary;
        }
    }
    return -1;
}

int cpu_find_compare(const char *op)
{
    for (size_t i = 0; i < sizeof(compares) / sizeof(compares[0]); i++) {
        if (strcmp(op, compares[i].op) == 0) {
            return (int)compares[i].compare;
        }
    }
    return -1;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    return cpu_broadcast_options(op, (double)op->out[0].count * 0.5, o);
}

struct job {
    const struct typed *t;
    const void *in[3];
    void *dst;
};

/* ---- two inputs
 * ------------------------------------------------------------------------------------------------------- */

static bool binary_supports(const struct cpu_op *op, const char **reason)
{
    const struct cpu_typed *k = cpu_typed_get(op->isa);
    int type = cpu_byte_type(op->in[0].type);

    *reason = "the types differ";
    if (op->in[0].type != op->in[1].type) {
        return false;
    }
    *reason = "no kernel for this type";
    if (cpu_find_compare(op->type) >= 0 ? !k->compare(type)
                                        : cpu_find_binary(op->type) < 0 || !k->binary(type)) {
        return false;
    }
    return cpu_broadcast_fits(op, 2, reason);
}

static void binary_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;
    const struct typed *t = j->t;

    (void)scratch;
    if (t->compare) {
        t->compare(&t->shape, (enum cpu_compare_op)t->op, j->in[0], j->in[1], j->dst, begin, end);
    } else {
        t->binary(&t->shape, (enum cpu_binary_op)t->op, j->in[0], j->in[1], j->dst, begin, end);
    }
}

static int binary_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct typed *t = step->data;
    struct job j = {t, {cpu_in(step, run, 0), cpu_in(step, run, 1), NULL}, cpu_out(step, run, 0)};

    cpu_parallel_range(run, t->shape.count, t->pieces, binary_piece, &j);
    return VT_OK;
}

static struct typed *create(struct cpu_build *b, const struct cpu_op *op, struct cpu_step *step,
                            struct vt_error *err)
{
    struct typed *t = cpu_plan_alloc(b, sizeof(*t));

    if (!t) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    t->kernel = cpu_typed_get(op->isa);
    t->pieces = cpu_pieces(op, (double)op->out[0].count * 0.5);
    step->data = t;
    step->kernel = t->kernel->name;
    return t;
}

static int no_plan(struct vt_error *err)
{
    return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: broadcasting over these shapes");
}

static int binary_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct typed *t = create(b, op, step, err);
    int type = cpu_byte_type(op->in[0].type);

    (void)option;
    if (!t) {
        return VT_E_NOMEM;
    }
    t->op = cpu_find_compare(op->type);
    if (t->op >= 0) {
        t->compare = t->kernel->compare(type);
    } else {
        t->op = cpu_find_binary(op->type);
        t->binary = t->kernel->binary(type);
    }
    step->run = binary_run;
    return cpu_broadcast_plan(b, op, step, 2, &t->shape) ? VT_OK : no_plan(err);
}

const struct cpu_impl cpu_impl_typed_binary = {
    .name = "typed_binary",
    .flags = CPU_READS_STRIDED,
    .supports = binary_supports,
    .options = options,
    .prepare = binary_prepare,
};

/* ---- Select
 * -------------------------------------------------------------------------------------------------------------
 */

static bool select_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "no kernel for this type";
    if (op->in[0].type != VT_BOOLEAN || op->in[1].type != op->in[2].type || !cpu_copy_size(op->out[0].type)) {
        return false;
    }
    return cpu_broadcast_fits(op, 3, reason);
}

static void select_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->t->select(&j->t->shape, j->in[0], j->in[1], j->in[2], j->dst, begin, end);
}

static int select_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct typed *t = step->data;
    struct job j = {
        t, {cpu_in(step, run, 0), cpu_in(step, run, 1), cpu_in(step, run, 2)}, cpu_out(step, run, 0)};

    cpu_parallel_range(run, t->shape.count, t->pieces, select_piece, &j);
    return VT_OK;
}

static int select_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct typed *t = create(b, op, step, err);

    (void)option;
    if (!t) {
        return VT_E_NOMEM;
    }
    t->select = t->kernel->select(vt_type_info(op->out[0].type)->bits / 8);
    step->run = select_run;
    return t->select && cpu_broadcast_plan(b, op, step, 3, &t->shape) ? VT_OK : no_plan(err);
}

const struct cpu_impl cpu_impl_select = {
    .name = "select",
    .flags = CPU_READS_STRIDED,
    .supports = select_supports,
    .options = options,
    .prepare = select_prepare,
};

/* ---- Convert
 * -------------------------------------------------------------------------------------------------------------
 */

static bool convert_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "no kernel between these types";
    if (op->in[0].rank < 0 ||
        !cpu_typed_get(op->isa)->convert((int)op->in[0].type, (int)op->out[0].type, NULL, NULL, 0, 0)) {
        return false;
    }
    return cpu_broadcast_fits(op, 1, reason);
}

static void convert_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->t->kernel->convert(j->t->from, j->t->to, j->in[0], j->dst, begin, end);
}

static int convert_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct typed *t = step->data;
    struct job j = {t, {cpu_in(step, run, 0), NULL, NULL}, cpu_out(step, run, 0)};

    cpu_parallel_range(run, t->shape.count, t->pieces, convert_piece, &j);
    return VT_OK;
}

static int convert_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct typed *t = create(b, op, step, err);

    (void)option;
    if (!t) {
        return VT_E_NOMEM;
    }
    t->from = (int)op->in[0].type;
    t->to = (int)op->out[0].type;
    t->shape.count = op->out[0].count;
    step->run = convert_run;
    return VT_OK;
}

const struct cpu_impl cpu_impl_convert = {
    .name = "convert",
    .supports = convert_supports,
    .options = options,
    .prepare = convert_prepare,
};
