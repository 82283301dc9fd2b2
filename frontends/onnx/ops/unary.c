/* Functions of one number without parameters. */
#include "parts.h"

#define UNARY(translator, op, opset)                                                                         \
    int onnx_##translator(struct onnx_node *n)                                                               \
    {                                                                                                        \
        return onnx_out(n, 0, onnx_unary(n, op, opset, onnx_in(n, 0)));                                      \
    }

UNARY(abs, "Abs", 1)
UNARY(acos, "Acos", 1)
UNARY(acosh, "Acosh", 4)
UNARY(asin, "Asin", 1)
UNARY(asinh, "Asinh", 4)
UNARY(atan, "Atan", 1)
UNARY(atanh, "Atanh", 4)
UNARY(bitwise_not, "BitwiseNot", 13)
UNARY(ceil, "Ceiling", 1)
UNARY(cos, "Cos", 1)
UNARY(cosh, "Cosh", 1)
UNARY(erf, "Erf", 1)
UNARY(exp, "Exp", 1)
UNARY(floor, "Floor", 1)
UNARY(is_nan, "IsNaN", 10)
UNARY(log, "Log", 1)
UNARY(mish, "Mish", 4)
UNARY(neg, "Negative", 1)
UNARY(not, "LogicalNot", 1)
UNARY(relu, "Relu", 1)
UNARY(sigmoid, "Sigmoid", 1)
UNARY(sign, "Sign", 1)
UNARY(sin, "Sin", 1)
UNARY(sinh, "Sinh", 1)
UNARY(softplus, "SoftPlus", 4)
UNARY(softsign, "SoftSign", 9)
UNARY(sqrt, "Sqrt", 1)
UNARY(tan, "Tan", 1)
UNARY(tanh, "Tanh", 1)

int onnx_reciprocal(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);

    return onnx_out(n, 0, onnx_div(n, onnx_number_like(n, x, 1), x));
}

int onnx_round(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_op(n, "Round", 5, ONNX_IN(onnx_in(n, 0)), "mode=half_to_even"));
}

int onnx_is_inf(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "IsInf", 10, ONNX_IN(onnx_in(n, 0)), "detect_negative=%s;detect_positive=%s",
                            onnx_bool(onnx_attr_i(n, "detect_negative", 1)),
                            onnx_bool(onnx_attr_i(n, "detect_positive", 1))));
}

/* A value, a sequence or an optional. */
int onnx_identity(struct onnx_node *n)
{
    const struct onnx_sequence *s = onnx_in_sequence(n, 0);
    int count = s ? onnx_sequence_length(s) : 0;
    struct onnx_value *values;

    if (!s) {
        return onnx_out(n, 0, onnx_in(n, 0));
    }
    values = onnx_alloc(n, ((size_t)count + 1) * sizeof(*values));
    for (int i = 0; values && i < count; i++) {
        values[i] = onnx_sequence_at(s, i);
    }
    return onnx_out_sequence(n, 0, onnx_sequence_kind(s), values, count);
}
