#include "post_ref.h"

#include "element.h"
#include "shape.h"

#include <math.h>

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return x > 40 ? x : log1p(exp(x)); /* beyond 40 the rest is below half an ulp */
}

static double clamp(double x, double low, double high)
{
    return isnan(x) ? x : fmin(fmax(x, low), high);
}

static double gelu_tanh(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

double vt_post_unary(int kind, double acc, double a, double b)
{
    switch (kind) {
    case VT_POST_AFFINE: return a * acc + b;
    case VT_POST_RELU: return acc < 0 ? 0 : acc;
    case VT_POST_LEAKY: return acc < 0 ? a * acc : acc;
    case VT_POST_CLAMP: return clamp(acc, a, b);
    case VT_POST_ABS: return fabs(acc);
    case VT_POST_NEG: return -acc;
    case VT_POST_SQRT: return sqrt(acc);
    case VT_POST_SQUARE: return acc * acc;
    case VT_POST_RECIP: return 1 / acc;
    case VT_POST_EXP: return exp(acc);
    case VT_POST_LOG: return log(acc);
    case VT_POST_TANH: return tanh(acc);
    case VT_POST_ERF: return erf(acc);
    case VT_POST_SIGMOID: return sigmoid(acc);
    case VT_POST_SWISH: return acc * sigmoid(a * acc);
    case VT_POST_HSWISH: return acc * clamp(acc + 3, 0, 6) / 6;
    case VT_POST_HSIGMOID: return clamp(a * acc + b, 0, 1);
    case VT_POST_GELU_ERF: return acc / 2 * (1 + erf(acc / M_SQRT2));
    case VT_POST_GELU_TANH: return gelu_tanh(acc);
    case VT_POST_MISH: return acc * tanh(softplus(acc));
    case VT_POST_SOFTPLUS: return softplus(acc);
    case VT_POST_ELU: return acc > 0 ? acc : a * expm1(acc);
    case VT_POST_FLOOR: return floor(acc);
    case VT_POST_CEIL: return ceil(acc);
    case VT_POST_ROUND_EVEN: return rint(acc);
    case VT_POST_POW: return pow(acc, a);
    default: return NAN;
    }
}

double vt_post_binary(int kind, double acc, double x)
{
    switch (kind) {
    case VT_POST_ADD: return acc + x;
    case VT_POST_SUB: return acc - x;
    case VT_POST_RSUB: return x - acc;
    case VT_POST_MUL: return acc * x;
    case VT_POST_DIV: return acc / x;
    case VT_POST_RDIV: return x / acc;
    case VT_POST_MAX: return acc < x || isnan(x) ? x : acc;
    case VT_POST_MIN: return acc > x || isnan(x) ? x : acc;
    case VT_POST_PRELU: return acc < 0 ? acc * x : acc;
    default: return NAN;
    }
}

double vt_post_apply(const struct vt_eval *e, double acc, int rank, const int64_t *index)
{
    int64_t n;
    const double *step = vt_attr_f64s(e->node, "post", &n);

    for (; n >= VT_POST_STEP; n -= VT_POST_STEP, step += VT_POST_STEP) {
        int kind = (int)step[0];

        if (kind < VT_POST_FIRST_UNARY) {
            const struct vt_tensor *x = &e->in[(int)step[1]];

            acc = vt_post_binary(kind, acc, vt_get_f64(x, vt_broadcast_offset(x, rank, index)));
        } else {
            acc = vt_post_unary(kind, acc, step[2], step[3]);
        }
    }
    return acc;
}

static int check_operand(struct vt_infer *c, int step, int input, struct vt_pshape *shape, bool grow)
{
    struct vt_pshape wide = *shape;
    const struct vt_value *x = c->in[input];
    char operand[256], result[256];

    if (x->type != VT_DYNAMIC && !vt_is_float(x->type)) {
        return vt_fail(c->err, VT_E_TYPE,
                       "step %d of attribute post: input %d must be of a float type, not %s", step, input,
                       vt_type_info(x->type)->name);
    }
    if (!vt_pshape_broadcast(&wide, &x->shape)) {
        return vt_fail(c->err, VT_E_SHAPE,
                       "step %d of attribute post: input %d %s does not broadcast with %s", step, input,
                       vt_pshape_text(&x->shape, operand, sizeof(operand)),
                       vt_pshape_text(shape, result, sizeof(result)));
    }
    if (grow) {
        *shape = wide;
        return VT_OK;
    }
    if (shape->rank < 0 || x->shape.rank < 0) {
        return VT_OK;
    }
    for (int i = 0; i < wide.rank; i++) {
        int at = i - (wide.rank - shape->rank);

        if (at < 0 || (vt_dim_is_static(shape->dims[at]) && vt_dim_is_static(wide.dims[i]) &&
                       wide.dims[i].min != shape->dims[at].min)) {
            return vt_fail(c->err, VT_E_SHAPE,
                           "step %d of attribute post: input %d %s is wider than the result %s", step, input,
                           vt_pshape_text(&x->shape, operand, sizeof(operand)),
                           vt_pshape_text(shape, result, sizeof(result)));
        }
    }
    return VT_OK;
}

int vt_post_infer(struct vt_infer *c, struct vt_pshape *shape, bool grow)
{
    int64_t n;
    const double *step = vt_attr_f64s(c->node, "post", &n);

    if (n % VT_POST_STEP || n / VT_POST_STEP > VT_POST_MAX_STEPS) {
        return vt_fail(c->err, VT_E_INVALID,
                       "attribute post has %lld numbers: want %d a step, at most %d steps", (long long)n,
                       VT_POST_STEP, VT_POST_MAX_STEPS);
    }
    for (int i = 0; i < n / VT_POST_STEP; i++, step += VT_POST_STEP) {
        int status;

        if (!(step[0] >= 1 && step[0] < VT_POST_COUNT) || step[0] != floor(step[0])) {
            return vt_fail(c->err, VT_E_INVALID, "step %d of attribute post: no kind %g", i, step[0]);
        }
        if (step[0] >= VT_POST_FIRST_UNARY) {
            continue;
        }
        if (!(step[1] >= 0 && step[1] < c->n_in) || !c->in[(int)step[1]]) {
            return vt_fail(c->err, VT_E_INVALID, "step %d of attribute post: no input %g", i, step[1]);
        }
        status = check_operand(c, i, (int)step[1], shape, grow);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}
