#include "unary.h"

#include "auto_broadcast.h"
#include "element.h"
#include "graph.h"
#include "post_ref.h"

#include <math.h>

/* Functions of libm, and those that element-wise programs have too. */
#define LIBM(op, fn)                                                                                         \
    static double op(double x, const double *p)                                                              \
    {                                                                                                        \
        (void)p;                                                                                             \
        return fn(x);                                                                                        \
    }
#define POST(op, kind)                                                                                       \
    static double op(double x, const double *p)                                                              \
    {                                                                                                        \
        return vt_post_unary(kind, x, p[0], p[1]);                                                           \
    }

LIBM(acos_f, acos)
LIBM(acosh_f, acosh)
LIBM(asin_f, asin)
LIBM(asinh_f, asinh)
LIBM(atan_f, atan)
LIBM(atanh_f, atanh)
LIBM(cos_f, cos)
LIBM(cosh_f, cosh)
LIBM(isfinite_f, isfinite)
LIBM(isnan_f, isnan)
LIBM(sin_f, sin)
LIBM(sinh_f, sinh)
LIBM(tan_f, tan)
POST(abs_f, VT_POST_ABS)
POST(ceil_f, VT_POST_CEIL)
POST(clamp_f, VT_POST_CLAMP)
POST(elu_f, VT_POST_ELU)
POST(erf_f, VT_POST_ERF)
POST(exp_f, VT_POST_EXP)
POST(floor_f, VT_POST_FLOOR)
POST(hswish_f, VT_POST_HSWISH)
POST(hard_sigmoid_f, VT_POST_HSIGMOID)
POST(log_f, VT_POST_LOG)
POST(mish_f, VT_POST_MISH)
POST(neg_f, VT_POST_NEG)
POST(relu_f, VT_POST_RELU)
POST(sigmoid_f, VT_POST_SIGMOID)
POST(softplus_f, VT_POST_SOFTPLUS)
POST(sqrt_f, VT_POST_SQRT)
POST(swish_f, VT_POST_SWISH)
POST(tanh_f, VT_POST_TANH)

static double gelu_f(double x, const double *p)
{
    return vt_post_unary(p[0] != 0 ? VT_POST_GELU_TANH : VT_POST_GELU_ERF, x, 0, 0);
}

static double hsigmoid_f(double x, const double *p)
{
    (void)p;
    return vt_post_unary(VT_POST_HSIGMOID, x, 1.0 / 6, 0.5);
}

static double isinf_f(double x, const double *p)
{
    return isinf(x) && p[x > 0] != 0;
}

static double round_f(double x, const double *p)
{
    return p[0] != 0 ? round(x) : rint(x);
}

static double selu_f(double x, const double *p)
{
    return p[1] * (x > 0 ? x : p[0] * expm1(x));
}

static double sign_f(double x, const double *p)
{
    (void)p;
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double softsign_f(double x, const double *p)
{
    (void)p;
    return x / (1 + fabs(x));
}

/* ---- integers */

static int64_t same_i(int64_t x, const double *p, bool u)
{
    (void)p;
    (void)u;
    return x;
}

static int64_t neg_i(int64_t x, const double *p, bool u)
{
    (void)p;
    (void)u;
    return (int64_t) - (uint64_t)x;
}

static int64_t abs_i(int64_t x, const double *p, bool u)
{
    return x < 0 && !u ? neg_i(x, p, u) : x;
}

static int64_t relu_i(int64_t x, const double *p, bool u)
{
    (void)p;
    return x < 0 && !u ? 0 : x;
}

static int64_t sign_i(int64_t x, const double *p, bool u)
{
    (void)p;
    return x == 0 ? 0 : x < 0 && !u ? -1 : 1;
}

/* The bounds come to the nearest integers between them. */
static int64_t clamp_i(int64_t x, const double *p, bool u)
{
    double low = ceil(p[0]), high = floor(p[1]), v = u ? (double)(uint64_t)x : (double)x;

    if (v > high) {
        return high >= 9223372036854775808.0 ? (int64_t)(uint64_t)high : (int64_t)high;
    }
    return v < low ? (int64_t)low : x;
}

static int64_t not_l(int64_t x, const double *p, bool u)
{
    (void)p;
    (void)u;
    return !x;
}

static int64_t not_i(int64_t x, const double *p, bool u)
{
    (void)p;
    (void)u;
    return ~x;
}

/* The y with erf(y) = x: a guess (S. Winitzki, a = 0.147), then Halley's method on erfc where x is near 1,
 * which keeps all digits of 1 - |x|. */
static double erfinv_f(double x, const double *p)
{
    double rest = 1 - fabs(x), log_both = log(rest * (1 + fabs(x))), half = 2 / (M_PI * 0.147) + log_both / 2,
           y;

    (void)p;
    if (!(rest > 0) || x == 0) {
        return rest < 0 || isnan(x) ? (double)NAN : x == 0 ? x : copysign((double)INFINITY, x);
    }
    y = sqrt(sqrt(half * half - log_both / 0.147) - half);
    for (int i = 0; i < 3; i++) {
        double over = fabs(x) > 0.5 ? rest - erfc(y) : erf(y) - fabs(x);
        double slope = M_2_SQRTPI * exp(-y * y);

        y -= over / (slope + y * over);
    }
    return copysign(y, x);
}

static const struct vt_unary rows[] = {
    {"Abs", abs_f, abs_i},
    {"Acos", acos_f, NULL},
    {"Acosh", acosh_f, NULL},
    {"Asin", asin_f, NULL},
    {"Asinh", asinh_f, NULL},
    {"Atan", atan_f, NULL},
    {"Atanh", atanh_f, NULL},
    {"Ceiling", ceil_f, same_i},
    {"Clamp", clamp_f, clamp_i},
    {"Cos", cos_f, NULL},
    {"Cosh", cosh_f, NULL},
    {"Elu", elu_f, NULL},
    {"Erf", erf_f, NULL},
    {"ErfInv", erfinv_f, NULL},
    {"Exp", exp_f, NULL},
    {"Floor", floor_f, same_i},
    {"Gelu", gelu_f, NULL},
    {"HSigmoid", hsigmoid_f, NULL},
    {"HSwish", hswish_f, NULL},
    {"Log", log_f, NULL},
    {"LogicalNot", NULL, not_l},
    {"BitwiseNot", NULL, not_i},
    {"Mish", mish_f, NULL},
    {"Negative", neg_f, neg_i},
    {"Relu", relu_f, relu_i},
    {"Round", round_f, same_i},
    {"Sigmoid", sigmoid_f, NULL},
    {"Sign", sign_f, sign_i},
    {"Sin", sin_f, NULL},
    {"Sinh", sinh_f, NULL},
    {"SoftPlus", softplus_f, NULL},
    {"SoftSign", softsign_f, NULL},
    {"Sqrt", sqrt_f, NULL},
    {"Tan", tan_f, NULL},
    {"Tanh", tanh_f, NULL},
    {"IsFinite", isfinite_f, NULL},
    {"IsInf", isinf_f, NULL},
    {"IsNaN", isnan_f, NULL},
    {"Swish", swish_f, NULL},
    {"Selu", selu_f, NULL},
    {"HardSigmoid", hard_sigmoid_f, NULL},
};

const struct vt_unary *vt_unary_find(const char *name, enum vt_type type)
{
    if (type == VT_BOOLEAN && strcmp(name, "BitwiseNot") == 0) {
        name = "LogicalNot";
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

void vt_unary_params(const struct vt_node *node, double *p)
{
    p[0] = p[1] = 0;
    if (vt_node_is(node, "Clamp")) {
        p[0] = vt_attr_f64(node, "min");
        p[1] = vt_attr_f64(node, "max");
    } else if (vt_node_is(node, "Elu")) {
        p[0] = vt_attr_f64(node, "alpha");
    } else if (vt_node_is(node, "Gelu") && node->op->attrs) {
        p[0] = vt_attr_is(node, "approximation_mode", "TANH");
    } else if (vt_node_is(node, "IsInf")) {
        p[0] = vt_attr_bool(node, "detect_negative");
        p[1] = vt_attr_bool(node, "detect_positive");
    } else if (vt_node_is(node, "Round")) {
        p[0] = vt_attr_is(node, "mode", "half_away_from_zero");
    } else if (vt_node_is(node, "Swish")) {
        p[0] = 1;
    }
}

/* Parameters of a node that runs: attributes, or scalar inputs after the first. */
static int params(const struct vt_eval *e, double *p)
{
    vt_unary_params(e->node, p);
    for (int i = 1; i < e->n_in && i <= VT_UNARY_PARAMS; i++) {
        if (e->in[i].type == VT_DYNAMIC) {
            continue;
        }
        if (vt_tensor_count(&e->in[i]) != 1) {
            return vt_fail(e->err, VT_E_SHAPE, "input %d must have one element", i);
        }
        p[i - 1] = vt_get_f64(&e->in[i], 0);
    }
    return VT_OK;
}

/* Floats and booleans take the result as it is; integers round it, and NaN is their least value. */
static void store(struct vt_tensor *dst, int64_t i, double v)
{
    if (!vt_is_integral(dst->type) || dst->type == VT_BOOLEAN) {
        vt_set_f64(dst, i, v);
    } else {
        vt_set_f64(dst, i, isnan(v) ? -INFINITY : rint(v));
    }
}

int vt_unary_ref(struct vt_eval *e)
{
    const struct vt_unary *op = vt_unary_find(e->node->op->name, e->in[0].type);
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    bool whole = op->whole && vt_is_integral(src->type), u = src->type == VT_U64;
    int64_t n = vt_tensor_count(dst);
    double p[VT_UNARY_PARAMS];
    int status = params(e, p);

    for (int64_t i = 0; status == VT_OK && i < n; i++) {
        if (whole) {
            vt_set_i64(dst, i, op->whole(vt_get_i64(src, i), p, u));
        } else {
            store(dst, i, op->real(vt_get_f64(src, i), p));
        }
    }
    return status;
}

int vt_prelu_ref(struct vt_eval *e)
{
    struct vt_tensor in[2] = {e->in[0], e->in[1]}, *dst = &e->out[0];
    int64_t n = vt_tensor_count(dst);
    struct vt_walk w;

    if (in[1].rank == 1 && in[0].rank > 2 && (in[1].dims[0] == in[0].dims[1])) {
        in[1].rank = in[0].rank - 1;
        for (int i = 1; i < in[1].rank; i++) {
            in[1].dims[i] = 1;
        }
    }
    vt_walk_init(&w, dst->rank, dst->dims, 2, in);
    for (int64_t i = 0; i < n; i++, vt_walk_next(&w)) {
        double x = vt_get_f64(&in[0], w.at[0]);

        store(dst, i, vt_post_binary(VT_POST_PRELU, x, vt_get_f64(&in[1], w.at[1])));
    }
    return VT_OK;
}
