/* Activations with parameters, and what is drawn from several numbers along an axis. */
#include "parts.h"

#include <math.h>

int onnx_hard_swish(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_unary(n, "HSwish", 4, onnx_in(n, 0)));
}

int onnx_gelu(struct onnx_node *n)
{
    const char *mode = onnx_attr_s(n, "approximate", "none");
    bool tanh_form = mode && strcmp(mode, "tanh") == 0;

    if (mode && !tanh_form && strcmp(mode, "none") != 0) {
        return onnx_fail(n, VT_E_INVALID, "attribute approximate is \"%s\"", mode);
    }
    return onnx_out(
        n, 0,
        onnx_op(n, "Gelu", 7, ONNX_IN(onnx_in(n, 0)), "approximation_mode=%s", tanh_form ? "TANH" : "ERF"));
}

int onnx_elu(struct onnx_node *n)
{
    double alpha = onnx_attr_f(n, "alpha", 1);

    return onnx_out(n, 0, onnx_op(n, "Elu", 1, ONNX_IN(onnx_in(n, 0)), "alpha=%.9g", alpha));
}

/* max(0, x) + min(0, alpha * (exp(x / alpha) - 1)) = alpha * Elu(x / alpha) */
int onnx_celu(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), alpha = onnx_number_like(n, x, onnx_attr_f(n, "alpha", 1));

    x = onnx_op(n, "Elu", 1, ONNX_IN(onnx_div(n, x, alpha)), "alpha=1");
    return onnx_out(n, 0, onnx_mul(n, x, alpha));
}

int onnx_selu(struct onnx_node *n)
{
    bool first = onnx_opset(n) < 6;
    struct onnx_value x = onnx_in(n, 0),
                      alpha = onnx_number_like(n, x, onnx_attr_f(n, "alpha", first ? 1.6732f : 1.67326319f)),
                      gamma = onnx_number_like(n, x, onnx_attr_f(n, "gamma", first ? 1.0507f : 1.05070102f));

    return onnx_out(n, 0, onnx_op(n, "Selu", 1, ONNX_IN(x, alpha, gamma), NULL));
}

int onnx_hard_sigmoid(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), alpha = onnx_number_like(n, x, onnx_attr_f(n, "alpha", 0.2f)),
                      beta = onnx_number_like(n, x, onnx_attr_f(n, "beta", 0.5f));

    return onnx_out(n, 0, onnx_op(n, "HardSigmoid", 1, ONNX_IN(x, alpha, beta), NULL));
}

int onnx_swish(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), alpha = onnx_number_like(n, x, onnx_attr_f(n, "alpha", 1));

    return onnx_out(n, 0, onnx_op(n, "Swish", 4, ONNX_IN(x, alpha), NULL));
}

int onnx_leaky_relu(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), alpha = onnx_number_like(n, x, onnx_attr_f(n, "alpha", 0.01f));

    return onnx_out(n, 0, onnx_op(n, "PRelu", 1, ONNX_IN(x, alpha), NULL));
}

/* A slope of rank 1 belongs to the last axis from opset 7 on, to the channels before; PRelu takes it for the
 * channels' one. */
int onnx_prelu(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), slope = onnx_in(n, 1);
    int rank = onnx_rank(n, x), own = onnx_rank(n, slope);
    int64_t axes[VT_MAX_RANK];

    if (onnx_opset(n) >= 7 && own != 0 && (own < 0 || own == 1) && rank != 2) {
        if (rank < 0 || own < 0) {
            struct onnx_value below = onnx_binary(n, "Less", 1, x, onnx_number_like(n, x, 0));

            return onnx_out(n, 0, onnx_select(n, below, onnx_mul(n, x, slope), x));
        }
        for (int i = 0; i + 1 < rank; i++) {
            axes[i] = i;
        }
        slope = rank > 1 ? onnx_unsqueeze(n, slope, axes, rank - 1) : slope;
    }
    return onnx_out(n, 0, onnx_op(n, "PRelu", 1, ONNX_IN(x, slope), NULL));
}

int onnx_thresholded_relu(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), alpha = onnx_number_like(n, x, onnx_attr_f(n, "alpha", 1)),
                      above = onnx_binary(n, "Greater", 1, x, alpha);

    return onnx_out(n, 0, onnx_select(n, above, x, onnx_number_like(n, x, 0)));
}

/* x + bias below -lambd, x - bias above lambd, else 0; whole numbers are compared and moved as floats. */
int onnx_shrink(struct onnx_node *n)
{
    double bias = onnx_attr_f(n, "bias", 0), lambd = onnx_attr_f(n, "lambd", 0.5f);
    struct onnx_value src = onnx_in(n, 0), x = src, zero, low, high;
    bool whole = onnx_type(n, x) != VT_DYNAMIC && !vt_type_info(onnx_type(n, x))->is_float;

    x = whole ? onnx_convert(n, x, VT_F64) : x;
    zero = onnx_number_like(n, x, 0);
    low = onnx_select(n, onnx_binary(n, "Less", 1, x, onnx_number_like(n, x, -lambd)),
                      onnx_add(n, x, onnx_number_like(n, x, bias)), zero);
    high = onnx_select(n, onnx_binary(n, "Greater", 1, x, onnx_number_like(n, x, lambd)),
                       onnx_sub(n, x, onnx_number_like(n, x, bias)), low);
    return onnx_out(n, 0, whole ? onnx_convert_like(n, high, src) : high);
}

/* ---- limits */

static bool finite_f32(const struct onnx_node *n, struct onnx_value v, float *value)
{
    const struct vt_tensor *t = v.node ? onnx_tensor_of(n, v) : NULL;

    if (!t || t->type != VT_F32 || vt_tensor_count(t) != 1) {
        return false;
    }
    memcpy(value, t->data, sizeof(*value));
    return isfinite(*value);
}

/* min(max(x, low), high); one Clamp where both limits are numbers known now. */
static struct onnx_value clip(struct onnx_node *n, struct onnx_value x, struct onnx_value low,
                              struct onnx_value high)
{
    float a, b;

    if (finite_f32(n, low, &a) && finite_f32(n, high, &b) && a <= b) {
        return onnx_op(n, "Clamp", 1, ONNX_IN(x), "min=%.9g;max=%.9g", (double)a, (double)b);
    }
    x = low.node ? onnx_binary(n, "Maximum", 1, x, onnx_scalar(n, low)) : x;
    return high.node ? onnx_binary(n, "Minimum", 1, x, onnx_scalar(n, high)) : x;
}

int onnx_clip(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), low = ONNX_ABSENT, high = ONNX_ABSENT;

    if (onnx_opset(n) >= 11) {
        low = onnx_in_opt(n, 1);
        high = onnx_in_opt(n, 2);
    } else {
        low = onnx_has_attr(n, "min") ? onnx_number_like(n, x, onnx_attr_f(n, "min", 0)) : low;
        high = onnx_has_attr(n, "max") ? onnx_number_like(n, x, onnx_attr_f(n, "max", 0)) : high;
    }
    return onnx_out(n, 0, clip(n, x, low, high));
}

/* ---- along an axis: the axis itself from opset 13 on, before all axes from it on */

struct along {
    struct onnx_value x, shape; /* what to work on; the shape to go back to, absent if none */
    int64_t axis;
};

static struct along along(struct onnx_node *n)
{
    struct along a = {.x = onnx_in(n, 0), .axis = onnx_attr_i(n, "axis", onnx_opset(n) >= 13 ? -1 : 1)};
    int rank = onnx_rank(n, a.x);

    if (onnx_opset(n) >= 13 || a.axis == -1 || (rank >= 0 && a.axis == rank - 1)) {
        return a;
    }
    a.shape = onnx_shape_of(n, a.x);
    a.x = onnx_flatten_at(n, a.x, a.axis);
    a.axis = 1;
    return a;
}

static int out_along(struct onnx_node *n, const struct along *a, struct onnx_value v)
{
    if (a->shape.node) {
        v = onnx_op(n, "Reshape", 1, ONNX_IN(v, a->shape), "special_zero=false");
    }
    return onnx_out(n, 0, v);
}

int onnx_softmax(struct onnx_node *n)
{
    struct along a = along(n);

    return out_along(n, &a, onnx_op(n, "Softmax", 8, ONNX_IN(a.x), "axis=%lld", (long long)a.axis));
}

int onnx_log_softmax(struct onnx_node *n)
{
    struct along a = along(n);

    return out_along(n, &a, onnx_op(n, "LogSoftmax", 5, ONNX_IN(a.x), "axis=%lld", (long long)a.axis));
}

int onnx_hardmax(struct onnx_node *n)
{
    struct along a = along(n);
    struct onnx_value place = onnx_squeeze(n, onnx_place_of(n, a.x, a.axis, "max"), &a.axis, 1);

    return out_along(n, &a,
                     onnx_op(n, "OneHot", 1,
                             ONNX_IN(place, onnx_dim_value(n, a.x, a.axis), onnx_number_like(n, a.x, 1),
                                     onnx_number_like(n, a.x, 0)),
                             "axis=%lld", (long long)a.axis));
}

/* ---- dropout */

static bool known_false(struct onnx_node *n, struct onnx_value v)
{
    const struct vt_tensor *t = onnx_tensor_of(n, v);

    return t && t->bytes == 1 && *(const uint8_t *)t->data == 0;
}

/* Training: an element stays with probability 1 - ratio and is divided by that. */
static struct onnx_value training_mask(struct onnx_node *n, struct onnx_value shape, struct onnx_value ratio,
                                       struct onnx_value training)
{
    struct onnx_value drawn =
        onnx_op(n, "RandomUniform", 8, ONNX_IN(shape, onnx_number(n, VT_F32, 0), onnx_number(n, VT_F32, 1)),
                "output_type=f32;global_seed=0;op_seed=%lld", (long long)onnx_attr_i(n, "seed", 0));
    struct onnx_value keep = onnx_binary(n, "GreaterEqual", 1, drawn, ratio);

    return onnx_binary(n, "LogicalOr", 1, keep, onnx_unary(n, "LogicalNot", 1, training));
}

int onnx_dropout(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), shape = onnx_shape_of(n, x), mask, ratio,
                      training = onnx_opset(n) >= 12 ? onnx_in_opt(n, 2) : ONNX_ABSENT;

    if (!training.node || known_false(n, training)) {
        mask = onnx_opset(n) >= 10 ? onnx_number(n, VT_BOOLEAN, 1) : onnx_number_like(n, x, 1);
        if (onnx_has_out(n, 1)) {
            onnx_out(n, 1, onnx_broadcast(n, mask, shape, "numpy"));
        }
        return onnx_out(n, 0, x);
    }
    ratio = onnx_has_in(n, 1) ? onnx_scalar(n, onnx_in(n, 1)) : onnx_number(n, VT_F32, 0.5);
    ratio = onnx_convert(n, ratio, VT_F32);
    training = onnx_scalar(n, training);
    mask = training_mask(n, shape, ratio, training);
    onnx_out(n, 1, mask);
    ratio = onnx_select(n, training, ratio, onnx_number(n, VT_F32, 0));
    ratio = onnx_convert_like(n, onnx_sub(n, onnx_number(n, VT_F32, 1), ratio), x);
    return onnx_out(n, 0, onnx_select(n, mask, onnx_div(n, x, ratio), onnx_number_like(n, x, 0)));
}
