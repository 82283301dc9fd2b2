/* Functions of one element that have no vector kernel, integer ones, and tests: plain loops, shared by the
 * threads. */
#include "impl.h"

#include <math.h>
#include <stdlib.h>

enum { F32 = 1, I32 = 2, I64 = 4, BOOL = 8, INTS = I32 | I64 };

enum function {
    ACOS,
    ACOSH,
    ASIN,
    ASINH,
    ATAN,
    ATANH,
    COS,
    COSH,
    SIN,
    SINH,
    TAN,
    SIGN,
    SELU,
    SOFTSIGN,
    ROUND_AWAY,
    IS_FINITE,
    IS_INF,
    IS_NAN,
    ABS,
    NEGATIVE,
    RELU,
    NOT,
};

static const struct {
    const char *op;
    enum function function;
    int types;
} rows[] = {
    {"Acos", ACOS, F32},        {"Acosh", ACOSH, F32},
    {"Asin", ASIN, F32},        {"Asinh", ASINH, F32},
    {"Atan", ATAN, F32},        {"Atanh", ATANH, F32},
    {"Cos", COS, F32},          {"Cosh", COSH, F32},
    {"Sin", SIN, F32},          {"Sinh", SINH, F32},
    {"Tan", TAN, F32},          {"Sign", SIGN, F32 | INTS},
    {"Selu", SELU, F32},        {"SoftSign", SOFTSIGN, F32},
    {"Round", ROUND_AWAY, F32}, {"IsFinite", IS_FINITE, F32},
    {"IsInf", IS_INF, F32},     {"IsNaN", IS_NAN, F32},
    {"Abs", ABS, INTS},         {"Negative", NEGATIVE, INTS},
    {"Relu", RELU, INTS},       {"LogicalNot", NOT, BOOL},
    {"BitwiseNot", NOT, BOOL},
};

struct unary {
    enum function function;
    enum vt_type type;
    float a, b;
    int64_t count, pieces;
};

static int bit_of(enum vt_type type)
{
    return type == VT_F32 ? F32 : type == VT_I32 ? I32 : type == VT_I64 ? I64 : type == VT_BOOLEAN ? BOOL : 0;
}

static int find(const struct cpu_op *op)
{
    for (int i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); i++) {
        if (strcmp(rows[i].op, op->type) == 0) {
            return i;
        }
    }
    return -1;
}

static bool scalar(const struct cpu_arg *arg, float *value)
{
    if (!arg->raw || arg->count != 1 || arg->raw->type != VT_F32) {
        return false;
    }
    memcpy(value, arg->raw->data, sizeof(*value));
    return true;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    int row = find(op);
    float a, b;

    *reason = "no loop for this type";
    if (row < 0 || !(rows[row].types & bit_of(op->in[0].type)) || op->in[0].rank < 0) {
        return false;
    }
    *reason = "a parameter is no constant number";
    return rows[row].function != SELU || (scalar(&op->in[1], &a) && scalar(&op->in[2], &b));
}

static double cost(const struct cpu_op *op)
{
    return (double)op->out[0].count * (op->in[0].type == VT_F32 ? 5 : 0.5);
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, cost(op), 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, cost(op), 0};
    return op->out[0].rank >= 3 ? 2 : 1;
}

struct job {
    const struct unary *u;
    const void *src;
    void *dst;
};

#define EACH(expr)                                                                                           \
    for (int64_t i = begin; i < end; i++) {                                                                  \
        x = src[i];                                                                                          \
        dst[i] = (expr);                                                                                     \
    }                                                                                                        \
    return

static void floats(const struct unary *u, const float *src, float *dst, int64_t begin, int64_t end)
{
    float x;

    switch (u->function) {
    case ACOS: EACH(acosf(x));
    case ACOSH: EACH(acoshf(x));
    case ASIN: EACH(asinf(x));
    case ASINH: EACH(asinhf(x));
    case ATAN: EACH(atanf(x));
    case ATANH: EACH(atanhf(x));
    case COS: EACH(cosf(x));
    case COSH: EACH(coshf(x));
    case SIN: EACH(sinf(x));
    case SINH: EACH(sinhf(x));
    case TAN: EACH(tanf(x));
    case SIGN: EACH(x > 0 ? 1 : x < 0 ? -1 : x);
    case SELU: EACH(u->b * (x > 0 ? x : u->a * expm1f(x)));
    case SOFTSIGN: EACH(x / (1 + fabsf(x)));
    default: EACH(roundf(x));
    }
}

static void tests(const struct unary *u, const float *src, uint8_t *dst, int64_t begin, int64_t end)
{
    bool negative = u->a != 0, positive = u->b != 0;
    float x;

    switch (u->function) {
    case IS_FINITE: EACH(isfinite(x) != 0);
    case IS_NAN: EACH(x != x);
    default: EACH((negative && x == -INFINITY) || (positive && x == INFINITY));
    }
}

#define INTEGERS(name, T, U)                                                                                 \
    static void name(const struct unary *u, const T *src, T *dst, int64_t begin, int64_t end)                \
    {                                                                                                        \
        T x;                                                                                                 \
                                                                                                             \
        switch (u->function) {                                                                               \
        case ABS: EACH(x < 0 ? (T)(0 - (U)x) : x);                                                           \
        case NEGATIVE: EACH((T)(0 - (U)x));                                                                  \
        case RELU: EACH(x < 0 ? 0 : x);                                                                      \
        default: EACH((x > 0) - (x < 0));                                                                    \
        }                                                                                                    \
    }

INTEGERS(ints, int32_t, uint32_t)
INTEGERS(longs, int64_t, uint64_t)

static void nots(const uint8_t *src, uint8_t *dst, int64_t begin, int64_t end)
{
    uint8_t x;

    EACH(!x);
}

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct unary *u = j->u;

    (void)scratch;
    switch (u->type) {
    case VT_I32: ints(u, j->src, j->dst, begin, end); break;
    case VT_I64: longs(u, j->src, j->dst, begin, end); break;
    case VT_BOOLEAN: nots(j->src, j->dst, begin, end); break;
    default:
        if (u->function == IS_FINITE || u->function == IS_INF || u->function == IS_NAN) {
            tests(u, j->src, j->dst, begin, end);
        } else {
            floats(u, j->src, j->dst, begin, end);
        }
        break;
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct unary *u = step->data;
    struct job j = {u, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, u->count, u->pieces, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct unary *u = cpu_plan_alloc(b, sizeof(*u));

    (void)option;
    if (!u) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *u = (struct unary){.function = rows[find(op)].function,
                        .type = op->in[0].type,
                        .count = op->in[0].count,
                        .pieces = cpu_pieces(op, cost(op))};
    if (u->function == SELU) {
        scalar(&op->in[1], &u->a);
        scalar(&op->in[2], &u->b);
    } else if (u->function == IS_INF) {
        u->a = op->host->attr_i64(op->node, "detect_negative") ? 1 : 0;
        u->b = op->host->attr_i64(op->node, "detect_positive") ? 1 : 0;
    }
    step->run = run;
    step->data = u;
    return VT_OK;
}

const struct cpu_impl cpu_impl_unary = {
    .name = "unary",
    .flags = CPU_IN_PLACE,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
