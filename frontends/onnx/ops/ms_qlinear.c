/* Operators of com.microsoft that take codes, compute with the numbers they stand for, and give codes. */
#include "layout.h"
#include "quantize.h"
#include "window.h"

/* The numbers of inputs `first` (codes), `first` + 1 (scale) and `first` + 2 (zero point). */
static struct onnx_value numbers(struct onnx_node *n, int first)
{
    struct quantization q = {.scale = onnx_as_scalar(n, onnx_in(n, first + 1)),
                             .zero = onnx_in_opt(n, first + 2)};

    if (q.zero.node) {
        q.zero = onnx_as_scalar(n, q.zero);
    }
    return onnx_dequantize(n, onnx_in(n, first), &q);
}

/* The result as codes of scale `first` and zero point `first` + 1, of the type of the zero point or of codes.
 */
static int codes(struct onnx_node *n, struct onnx_value y, int first, struct onnx_value like)
{
    struct quantization q = {.scale = onnx_as_scalar(n, onnx_in(n, first)),
                             .zero = onnx_in_opt(n, first + 1)};
    enum vt_type type = onnx_type(n, q.zero.node ? q.zero : like);

    if (q.zero.node) {
        q.zero = onnx_as_scalar(n, q.zero);
    }
    return onnx_out(n, 0, onnx_quantize(n, y, &q, type, true));
}

int onnx_ms_qlinear_add(struct onnx_node *n)
{
    return codes(n, onnx_add(n, numbers(n, 0), numbers(n, 3)), 6, onnx_in(n, 0));
}

int onnx_ms_qlinear_mul(struct onnx_node *n)
{
    return codes(n, onnx_mul(n, numbers(n, 0), numbers(n, 3)), 6, onnx_in(n, 0));
}

int onnx_ms_qlinear_leaky_relu(struct onnx_node *n)
{
    struct onnx_value x = numbers(n, 0);
    struct onnx_value slope = onnx_number(n, VT_F32, (double)onnx_attr_f(n, "alpha", 0.01f));

    return codes(n, onnx_binary(n, "PRelu", 1, x, slope), 3, onnx_in(n, 0));
}

int onnx_ms_qlinear_sigmoid(struct onnx_node *n)
{
    return codes(n, onnx_unary(n, "Sigmoid", 1, numbers(n, 0)), 3, onnx_in(n, 0));
}

/* Before opset 13 softmax ran over all axes from `axis` on. */
static struct onnx_value softmax_of_rows(struct onnx_node *n, struct onnx_value x, int64_t axis)
{
    struct onnx_value shape = onnx_shape_of(n, x), rows, flat;

    rows = onnx_op(n, "ReduceProd", 1, ONNX_IN(onnx_slice_axis(n, shape, 0, 0, axis), ONNX_I64S(n, 0)),
                   "keep_dims=true");
    flat = onnx_op(n, "Reshape", 1, ONNX_IN(x, onnx_concat(n, ONNX_IN(rows, ONNX_I64S(n, -1)), 0)),
                   "special_zero=false");
    flat = onnx_op(n, "Softmax", 8, ONNX_IN(flat), "axis=1");
    return onnx_op(n, "Reshape", 1, ONNX_IN(flat, shape), "special_zero=false");
}

int onnx_ms_qlinear_softmax(struct onnx_node *n)
{
    struct onnx_value x = numbers(n, 0), y;
    int rank = onnx_need_rank(n, x);
    int64_t axis = onnx_axis(n, onnx_attr_i(n, "axis", -1), rank);

    if (onnx_attr_i(n, "opset", 13) < 13) {
        y = softmax_of_rows(n, x, axis);
    } else {
        y = onnx_op(n, "Softmax", 8, ONNX_IN(x), "axis=%lld", (long long)axis);
    }
    return codes(n, y, 3, onnx_in(n, 0));
}

int onnx_ms_qlinear_concat(struct onnx_node *n)
{
    int count = (onnx_n_in(n) - 2) / 3;
    struct onnx_value *parts;

    if (count < 1 || (onnx_n_in(n) - 2) % 3) {
        return onnx_fail(n, VT_E_INVALID, "%d inputs are not two and three for each tensor", onnx_n_in(n));
    }
    parts = onnx_alloc(n, (size_t)count * sizeof(*parts));
    for (int i = 0; parts && i < count; i++) {
        parts[i] = numbers(n, 2 + 3 * i);
    }
    return codes(n, onnx_concat(n, parts, parts ? count : 0, onnx_attr_i(n, "axis", 0)), 0, onnx_in(n, 2));
}

int onnx_ms_qlinear_where(struct onnx_node *n)
{
    struct onnx_value y = onnx_op(n, "Select", 1, ONNX_IN(onnx_in(n, 0), numbers(n, 1), numbers(n, 4)), NULL);

    return codes(n, y, 7, onnx_in(n, 1));
}

int onnx_ms_qlinear_reduce_mean(struct onnx_node *n)
{
    struct onnx_value x = numbers(n, 0), axes;
    bool keep = onnx_attr_i(n, "keepdims", 1) != 0;
    int count = 0;
    const int64_t *list = onnx_attr_is(n, "axes", &count);
    int64_t all[VT_MAX_RANK];

    if (count == 0) {
        count = onnx_need_rank(n, x);
        for (int i = 0; i < count; i++) {
            all[i] = i;
        }
        list = all;
    }
    axes = onnx_i64s(n, list, count > 0 ? count : 0);
    return codes(n, onnx_op(n, "ReduceMean", 1, ONNX_IN(x, axes), "keep_dims=%s", keep ? "true" : "false"), 3,
                 onnx_in(n, 0));
}

/* ---- pooling */

int onnx_ms_qlinear_global_average_pool(struct onnx_node *n)
{
    bool last = onnx_attr_i(n, "channels_last", 0) != 0;
    struct onnx_value x = numbers(n, 0);
    int rank = onnx_need_rank(n, x), count = 0;
    int64_t axes[VT_MAX_RANK];

    for (int i = last ? 1 : 2; i < (last ? rank - 1 : rank); i++) {
        axes[count++] = i;
    }
    return codes(n, onnx_op(n, "ReduceMean", 1, ONNX_IN(x, onnx_i64s(n, axes, count)), "keep_dims=true"), 3,
                 onnx_in(n, 0));
}

int onnx_ms_qlinear_average_pool(struct onnx_node *n)
{
    bool last = onnx_attr_i(n, "channels_last", 0) != 0, ceil = onnx_attr_i(n, "ceil_mode", 0) != 0;
    bool padded = onnx_attr_i(n, "count_include_pad", 0) != 0;
    struct onnx_value x = numbers(n, 0), y;
    int64_t kernel[ONNX_MAX_SPATIAL];
    struct onnx_window w;

    if (last) {
        x = onnx_move_channels(n, x, false);
    }
    if (onnx_window_read(n, onnx_need_rank(n, x) - 2, &w) ||
        onnx_spatial_list(n, "kernel_shape", w.spatial, 1, kernel)) {
        return onnx_status(n);
    }
    y = onnx_op(n, "AvgPool", 1, ONNX_IN(x), "%s;kernel=%s;exclude-pad=%s;rounding_type=%s",
                onnx_window_attrs(n, &w, false), onnx_list(n, kernel, w.spatial), padded ? "false" : "true",
                ceil ? "ceil" : "floor");
    return codes(n, last ? onnx_move_channels(n, y, true) : y, 3, onnx_in(n, 0));
}

/* ---- QuantizeLinear and DequantizeLinear, before the default domain had all that they can */

static struct quantization parameters(struct onnx_node *n)
{
    /* Without an axis the parameters are of the whole tensor. */
    return (struct quantization){onnx_in(n, 1), onnx_in_opt(n, 2), onnx_attr_i(n, "axis", 1),
                                 onnx_attr_i(n, "block_size", 0)};
}

int onnx_ms_quantize_linear(struct onnx_node *n)
{
    struct quantization q = parameters(n);

    return onnx_out(n, 0,
                    onnx_quantize(n, onnx_in(n, 0), &q, q.zero.node ? onnx_type(n, q.zero) : VT_U8, true));
}

int onnx_ms_dequantize_linear(struct onnx_node *n)
{
    struct quantization q = parameters(n);

    return onnx_out(n, 0, onnx_dequantize(n, onnx_in(n, 0), &q));
}
