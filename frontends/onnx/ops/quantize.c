/* QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear. */
#include "quantize.h"

#include <string.h>

/* ---- scales and zero points beside the data */

struct onnx_value onnx_with_shape(struct onnx_node *n, struct onnx_value v, const int64_t *dims, int count)
{
    const struct vt_tensor *t = onnx_tensor_of(n, v);

    return t ? onnx_constant_as(n, v, t->type, dims, count) : onnx_reshape(n, v, dims, count, false);
}

struct onnx_value onnx_as_scalar(struct onnx_node *n, struct onnx_value v)
{
    return onnx_rank(n, v) == 0 ? v : onnx_with_shape(n, v, NULL, 0);
}

static bool is_single(const struct onnx_node *n, struct onnx_value v)
{
    int rank = onnx_rank(n, v);

    return rank == 0 || (rank == 1 && onnx_dim(n, v, 0) == 1);
}

struct onnx_value onnx_along(struct onnx_node *n, struct onnx_value v, struct onnx_value like, int64_t axis)
{
    int64_t dims[VT_MAX_RANK];
    int rank, at;

    if (!v.node || is_single(n, v)) {
        return v;
    }
    if (onnx_rank(n, v) > 1) {
        return v;
    }
    rank = onnx_need_rank(n, like);
    at = (int)onnx_axis(n, axis, rank);
    if (onnx_status(n)) {
        return ONNX_ABSENT;
    }
    for (int i = 0; i < rank; i++) {
        dims[i] = i == at ? onnx_dim(n, v, 0) : 1;
    }
    return onnx_with_shape(n, v, dims, rank);
}

/* Every element of a blocked parameter `block` times along the axis, up to the data's length. */
static struct onnx_value spread(struct onnx_node *n, struct onnx_value v, struct onnx_value x, int64_t axis,
                                int64_t block)
{
    int rank = onnx_need_rank(n, x);
    struct onnx_value length, index;

    axis = onnx_axis(n, axis, rank);
    length = onnx_gather_axis(n, onnx_shape_of(n, x), onnx_i64(n, axis), 0);
    index = onnx_op(n, "Range", 4, ONNX_IN(onnx_i64(n, 0), length, onnx_i64(n, 1)), "output_type=i64");
    return onnx_gather_axis(n, v, onnx_div(n, index, onnx_i64(n, block)), axis);
}

static struct onnx_value beside(struct onnx_node *n, struct onnx_value v, struct onnx_value x,
                                const struct quantization *q)
{
    if (!v.node) {
        return v;
    }
    return q->block ? spread(n, v, x, q->axis, q->block) : onnx_along(n, v, x, q->axis);
}

/* All bits zero: the number 0 in every type that has it. */
static bool is_zero(const struct onnx_node *n, struct onnx_value v)
{
    const struct vt_tensor *t = onnx_tensor_of(n, v);
    const unsigned char *bytes = t ? t->data : NULL;

    if (!t || t->bytes > 1 << 16 || t->type == VT_F8E8M0) {
        return false;
    }
    for (size_t i = 0; i < t->bytes; i++) {
        if (bytes[i]) {
            return false;
        }
    }
    return true;
}

/* ---- from codes to numbers */

static struct onnx_value subtract_zero(struct onnx_node *n, struct onnx_value x, struct onnx_value zero,
                                       enum vt_type type)
{
    x = onnx_convert(n, x, type);
    if (!zero.node || is_zero(n, zero)) {
        return x;
    }
    return onnx_sub(n, x, onnx_convert(n, zero, type));
}

struct onnx_value onnx_centred(struct onnx_node *n, struct onnx_value x, struct onnx_value zero, int64_t axis)
{
    return subtract_zero(n, x, onnx_along(n, zero, x, axis), VT_F32);
}

/* Blocked weights: the data as [..., blocks, block, ...] with scales as [..., blocks, 1, ...]. False where
 * that cannot be said: no constant, or a last block that is not full. */
static bool dequantize_grouped(struct onnx_node *n, struct onnx_value x, const struct quantization *q,
                               enum vt_type type, struct onnx_value *y)
{
    const struct vt_tensor *t = onnx_tensor_of(n, x);
    int64_t grouped[VT_MAX_RANK + 1], each[VT_MAX_RANK + 1];
    struct onnx_value scale, zero = ONNX_ABSENT;
    int axis;

    if (!t || !q->block || t->rank >= VT_MAX_RANK || onnx_rank(n, q->scale) != t->rank) {
        return false;
    }
    axis = (int)onnx_axis(n, q->axis, t->rank);
    if (onnx_status(n) || t->dims[axis] % q->block ||
        onnx_dim(n, q->scale, axis) * q->block != t->dims[axis]) {
        return false;
    }
    for (int i = 0; i <= t->rank; i++) {
        int from = i > axis ? i - 1 : i;

        grouped[i] = i == axis ? t->dims[axis] / q->block : i == axis + 1 ? q->block : t->dims[from];
        each[i] = i == axis + 1 ? 1 : grouped[i];
    }
    scale = onnx_with_shape(n, q->scale, each, t->rank + 1);
    if (q->zero.node) {
        zero = onnx_with_shape(n, q->zero, each, t->rank + 1);
    }
    *y = subtract_zero(n, onnx_with_shape(n, x, grouped, t->rank + 1), zero, type);
    *y = onnx_reshape(n, onnx_mul(n, *y, onnx_convert(n, scale, type)), t->dims, t->rank, false);
    return true;
}

struct onnx_value onnx_dequantize(struct onnx_node *n, struct onnx_value x, const struct quantization *q)
{
    enum vt_type wanted = onnx_type(n, q->scale), type = wanted;
    struct onnx_value y;

    /* What f16 and bf16 do not hold exactly is scaled in f32. */
    if (vt_type_info(onnx_type(n, x))->bits > 8) {
        type = VT_F32;
    }
    if (!dequantize_grouped(n, x, q, type, &y)) {
        y = subtract_zero(n, x, beside(n, q->zero, x, q), type);
        y = onnx_mul(n, y, onnx_convert(n, beside(n, q->scale, x, q), type));
    }
    return onnx_convert(n, y, wanted);
}

/* ---- from numbers to codes */

static bool limits(enum vt_type type, double *low, double *high)
{
    const struct vt_type_info *info = vt_type_info(type);

    switch (type) {
    case VT_F8E4M3: *high = 448; break;
    case VT_F8E5M2: *high = 57344; break;
    case VT_F4E2M1: *high = 6; break;
    case VT_U2:
    case VT_U4:
    case VT_U8:
    case VT_U16: *low = 0, *high = (double)((1u << info->bits) - 1); return true;
    case VT_I4:
    case VT_I8:
    case VT_I16: *high = (double)((1u << (info->bits - 1)) - 1), *low = -*high - 1; return true;
    default: return false;
    }
    *low = -*high;
    return true;
}

struct onnx_value onnx_quantize(struct onnx_node *n, struct onnx_value x, const struct quantization *q,
                                enum vt_type type, bool saturate)
{
    struct onnx_value y;
    double low, high;

    if (onnx_status(n)) {
        return ONNX_ABSENT;
    }
    if (!limits(type, &low, &high)) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: quantising to %s", vt_type_info(type)->name);
        return ONNX_ABSENT;
    }
    y = onnx_div(n, onnx_convert(n, x, VT_F32), onnx_convert(n, beside(n, q->scale, x, q), VT_F32));
    if (!vt_type_info(type)->is_float) {
        y = onnx_op(n, "Round", 5, ONNX_IN(y), "mode=half_to_even");
    }
    if (q->zero.node && !is_zero(n, q->zero)) {
        y = onnx_add(n, y, onnx_convert(n, beside(n, q->zero, x, q), VT_F32));
    }
    if (saturate || !vt_type_info(type)->is_float) {
        y = onnx_op(n, "Clamp", 1, ONNX_IN(y), "min=%.9g;max=%.9g", low, high);
    }
    return onnx_convert(n, y, type);
}

/* ---- the operators */

static void read_parameters(struct onnx_node *n, struct quantization *q)
{
    *q = (struct quantization){onnx_in(n, 1), onnx_in_opt(n, 2), onnx_attr_i(n, "axis", 1),
                               onnx_attr_i(n, "block_size", 0)};
    if (q->block < 0) {
        onnx_fail(n, VT_E_INVALID, "block_size is %lld", (long long)q->block);
    } else if (q->block && onnx_rank(n, q->scale) < 2 && is_single(n, q->scale)) {
        q->block = 0;
    }
}

/* An attribute that names an element type; 0 stands for none. */
static enum vt_type type_attribute(struct onnx_node *n, const char *name)
{
    int64_t proto = onnx_attr_i(n, name, 0);

    return proto ? onnx_type_of_proto(n, proto) : VT_DYNAMIC;
}

int onnx_quantize_linear(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);
    enum vt_type type = type_attribute(n, "output_dtype");
    bool saturate = onnx_attr_i(n, "saturate", 1) != 0;
    struct quantization q;

    read_parameters(n, &q);
    if (q.zero.node) {
        type = onnx_type(n, q.zero);
    } else if (type == VT_DYNAMIC) {
        type = VT_U8;
    }
    return onnx_out(n, 0, onnx_quantize(n, x, &q, type, saturate));
}

int onnx_dequantize_linear(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), y;
    enum vt_type type = type_attribute(n, "output_dtype");
    struct quantization q;

    read_parameters(n, &q);
    y = onnx_dequantize(n, x, &q);
    return onnx_out(n, 0, type == VT_DYNAMIC ? y : onnx_convert(n, y, type));
}

/* scale = (max(x, 0) - min(x, 0)) / 255, zero = round(-min / scale). */
struct quantization onnx_dynamic_range(struct onnx_node *n, struct onnx_value x)
{
    struct onnx_value flat = onnx_reshape(n, x, (const int64_t[]){-1}, 1, false), axes = ONNX_I64S(n, 0);
    struct onnx_value low = onnx_op(n, "ReduceMin", 1, ONNX_IN(flat, axes), "keep_dims=false");
    struct onnx_value high = onnx_op(n, "ReduceMax", 1, ONNX_IN(flat, axes), "keep_dims=false");
    struct onnx_value nought = onnx_number(n, VT_F32, 0), scale, zero;

    low = onnx_binary(n, "Minimum", 1, low, nought);
    high = onnx_binary(n, "Maximum", 1, high, nought);
    scale = onnx_div(n, onnx_sub(n, high, low), onnx_number(n, VT_F32, 255));
    /* Nothing but zeros: any scale will do that is not 0. */
    scale =
        onnx_op(n, "Select", 1,
                ONNX_IN(onnx_binary(n, "Equal", 1, scale, nought), onnx_number(n, VT_F32, 1), scale), NULL);
    zero = onnx_div(n, onnx_sub(n, nought, low), scale);
    zero = onnx_op(n, "Round", 5, ONNX_IN(zero), "mode=half_to_even");
    zero = onnx_convert(n, onnx_op(n, "Clamp", 1, ONNX_IN(zero), "min=0;max=255"), VT_U8);
    return (struct quantization){.scale = scale, .zero = zero};
}

int onnx_dynamic_quantize_linear(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);
    struct quantization q = onnx_dynamic_range(n, x);

    onnx_out(n, 0, onnx_quantize(n, x, &q, VT_U8, true));
    onnx_out(n, 1, q.scale);
    return onnx_out(n, 2, q.zero);
}
