/* Products and parts of matrices. */
#include "parts.h"

/* OpenVINO's Einsum takes no spaces. */
static const char *without_spaces(struct onnx_node *n, const char *text)
{
    char *copy = text ? onnx_alloc(n, strlen(text) + 1) : NULL, *to = copy;

    for (; copy && *text; text++) {
        if (*text != ' ') {
            *to++ = *text;
        }
    }
    return copy ? copy : "";
}

int onnx_einsum(struct onnx_node *n)
{
    const char *equation = without_spaces(n, onnx_attr_s(n, "equation", ""));
    int count = onnx_n_in(n);
    struct onnx_value *in = onnx_alloc(n, ((size_t)count + 1) * sizeof(*in));

    for (int i = 0; in && i < count; i++) {
        in[i] = onnx_in(n, i);
    }
    return onnx_out(n, 0, onnx_op(n, "Einsum", 7, in, count, "equation=%s", equation));
}

/* Above and on diagonal k, or below and on it: column - row >= k, or <= k. */
int onnx_trilu(struct onnx_node *n)
{
    bool upper = onnx_attr_i(n, "upper", 1);
    struct onnx_value x = onnx_in(n, 0), row = onnx_iota(n, onnx_dim_value(n, x, -2), 2, 0),
                      column = onnx_iota(n, onnx_dim_value(n, x, -1), 1, 0), stays;

    if (onnx_has_in(n, 1)) {
        row = onnx_add(n, row, onnx_scalar_in(n, 1));
    }
    stays = onnx_binary(n, upper ? "GreaterEqual" : "LessEqual", 1, column, row);
    return onnx_out(n, 0, onnx_select(n, stays, x, onnx_number_like(n, x, 0)));
}

int onnx_det(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_unary(n, "Determinant", 0, onnx_in(n, 0)));
}
