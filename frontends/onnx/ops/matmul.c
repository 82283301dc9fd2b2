/* Products of matrices. */
#include "exact.h"
#include "extents.h"

int onnx_matmul(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "MatMul", 1, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)),
                            "transpose_a=false;transpose_b=false"));
}

static struct onnx_value scaled(struct onnx_node *n, struct onnx_value v, float factor)
{
    return factor == 1 ? v : onnx_mul(n, v, onnx_number_like(n, v, factor));
}

/* alpha A B + beta C. Before version 7 attribute `broadcast` let C be smaller, as it may be now. */
int onnx_gemm(struct onnx_node *n)
{
    float alpha = onnx_attr_f(n, "alpha", 1), beta = onnx_attr_f(n, "beta", 1);
    bool flip_a = onnx_attr_i(n, "transA", 0) != 0, flip_b = onnx_attr_i(n, "transB", 0) != 0;
    struct onnx_value v =
        onnx_op(n, "MatMul", 1, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)), "transpose_a=%s;transpose_b=%s",
                flip_a ? "true" : "false", flip_b ? "true" : "false");

    v = scaled(n, v, alpha);
    if (onnx_has_in(n, 2) && beta != 0) {
        v = onnx_add(n, v, scaled(n, onnx_in(n, 2), beta));
    }
    return onnx_out(n, 0, v);
}

/* ---- whole numbers */

/* A zero point: for the rows of A one number for each, for the columns of B likewise. */
static struct onnx_value without_zero(struct onnx_node *n, struct onnx_value v, int input, bool rows)
{
    struct onnx_value zero = onnx_in_opt(n, input);

    if (!zero.node) {
        return v;
    }
    if (rows && onnx_need_rank(n, zero) == 1 && onnx_dim(n, zero, 0) != 1) {
        zero = onnx_unsqueeze(n, zero, (const int64_t[]){1}, 1);
    }
    return onnx_sub(n, v, onnx_convert(n, zero, onnx_type(n, v)));
}

static struct onnx_value product(struct onnx_node *n, struct onnx_value a, struct onnx_value b)
{
    return onnx_convert(n, onnx_op(n, "MatMul", 1, ONNX_IN(a, b), "transpose_a=false;transpose_b=false"),
                        VT_I32);
}

int onnx_matmul_integer(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), b = onnx_in(n, 1), high, low;
    int64_t depth = onnx_dim(n, a, -1);
    enum onnx_exactly way;
    enum vt_type type;

    if (depth < 0 && onnx_rank(n, b) >= 1) {
        depth = onnx_dim(n, b, onnx_rank(n, b) == 1 ? 0 : -2);
    }
    way = onnx_exactly(onnx_largest_sum(n, b, 3, false, depth));
    type = way == ONNX_AS_I32 ? VT_I32 : VT_F32;
    a = without_zero(n, onnx_convert(n, a, type), 2, true);
    b = without_zero(n, onnx_convert(n, b, type), 3, false);
    if (way != ONNX_HALVES) {
        return onnx_out(n, 0, product(n, a, b));
    }
    onnx_split_digits(n, a, &high, &low);
    high = onnx_mul(n, product(n, high, b), onnx_number(n, VT_I32, 16));
    return onnx_out(n, 0, onnx_add(n, high, product(n, low, b)));
}
