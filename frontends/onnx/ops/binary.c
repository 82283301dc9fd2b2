/* Arithmetic, comparisons, logic and bits on two or more tensors with NumPy's broadcasting. */
#include "parts.h"

/* Before opset 7 the second input is broadcast only when `broadcast` says so, its axes from `axis` on. */
static struct onnx_value second(struct onnx_node *n, struct onnx_value a)
{
    struct onnx_value b = onnx_in(n, 1);
    int rank_a, rank_b, count = 0;
    int64_t axis, axes[VT_MAX_RANK];

    if (onnx_opset(n) >= 7 || !onnx_attr_i(n, "broadcast", 0) || !onnx_has_attr(n, "axis")) {
        return b;
    }
    rank_a = onnx_need_rank(n, a);
    rank_b = onnx_need_rank(n, b);
    axis = onnx_axis(n, onnx_attr_i(n, "axis", 0), rank_a);
    for (int64_t i = axis + rank_b; i < rank_a && rank_b >= 0; i++, count++) {
        axes[count] = rank_b + count;
    }
    return count ? onnx_unsqueeze(n, b, axes, count) : b;
}

static int two(struct onnx_node *n, const char *op, int opset)
{
    struct onnx_value a = onnx_in(n, 0);

    return onnx_out(n, 0, onnx_binary(n, op, opset, a, second(n, a)));
}

#define BINARY(translator, op, opset)                                                                        \
    int onnx_##translator(struct onnx_node *n)                                                               \
    {                                                                                                        \
        return two(n, op, opset);                                                                            \
    }

BINARY(plus, "Add", 1)
BINARY(minus, "Subtract", 1)
BINARY(times, "Multiply", 1)
BINARY(divided, "Divide", 1)
BINARY(and, "LogicalAnd", 1)
BINARY(or, "LogicalOr", 1)
BINARY(xor, "LogicalXor", 1)
BINARY(equal, "Equal", 1)
BINARY(greater, "Greater", 1)
BINARY(greater_or_equal, "GreaterEqual", 1)
BINARY(less, "Less", 1)
BINARY(less_or_equal, "LessEqual", 1)
BINARY(bitwise_and, "BitwiseAnd", 13)
BINARY(bitwise_or, "BitwiseOr", 13)
BINARY(bitwise_xor, "BitwiseXor", 13)

/* The remainder has the sign of the divisor, with fmod=1 that of the dividend. */
int onnx_mod(struct onnx_node *n)
{
    return two(n, onnx_attr_i(n, "fmod", 0) ? "Mod" : "FloorMod", 1);
}

/* The result has the type of the base. A whole base to a broken exponent is raised in the exponent's type. */
int onnx_pow(struct onnx_node *n)
{
    struct onnx_value base = onnx_in(n, 0), exponent = second(n, base), power;
    const struct vt_type_info *x = vt_type_info(onnx_type(n, base)),
                              *y = vt_type_info(onnx_type(n, exponent));

    if (x->bits && y->bits && y->is_float && !x->is_float) {
        power = onnx_binary(n, "Power", 1, onnx_convert_like(n, base, exponent), exponent);
        return onnx_out(n, 0, onnx_convert_like(n, power, base));
    }
    return onnx_out(n, 0, onnx_binary(n, "Power", 1, base, onnx_convert_like(n, exponent, base)));
}

int onnx_where(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_select(n, onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2)));
}

int onnx_bit_shift(struct onnx_node *n)
{
    const char *direction = onnx_attr_s(n, "direction", "");

    if (direction && strcmp(direction, "LEFT") == 0) {
        return two(n, "BitwiseLeftShift", 15);
    }
    if (direction && strcmp(direction, "RIGHT") == 0) {
        return two(n, "BitwiseRightShift", 15);
    }
    return onnx_fail(n, VT_E_INVALID, "attribute direction is \"%s\"", direction ? direction : "");
}

/* ---- any number of inputs */

static struct onnx_value all(struct onnx_node *n, const char *op)
{
    struct onnx_value v = onnx_in(n, 0);

    for (int i = 1; i < onnx_n_in(n); i++) {
        v = onnx_binary(n, op, 1, v, onnx_in(n, i));
    }
    return v;
}

int onnx_max(struct onnx_node *n)
{
    return onnx_out(n, 0, all(n, "Maximum"));
}

int onnx_min(struct onnx_node *n)
{
    return onnx_out(n, 0, all(n, "Minimum"));
}

int onnx_sum(struct onnx_node *n)
{
    return onnx_out(n, 0, all(n, "Add"));
}

int onnx_mean(struct onnx_node *n)
{
    struct onnx_value sum = all(n, "Add");

    return onnx_out(n, 0, onnx_div(n, sum, onnx_number_like(n, sum, onnx_n_in(n))));
}
