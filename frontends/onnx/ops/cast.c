/* Element types and constants. */
#include "parts.h"
#include "vt/strings.h"

/* Out of range values of the eight-bit floats become the largest one, unless saturate=0: then it is Convert's
 * way, infinite or NaN. */
static struct onnx_value saturated(struct onnx_node *n, struct onnx_value v, enum vt_type type)
{
    const struct vt_type_info *from = vt_type_info(onnx_type(n, v));
    double most = type == VT_F8E4M3 ? 448 : 57344;
    struct onnx_value bounded;

    v = from->bits && !from->is_float ? onnx_convert(n, v, VT_F32) : v;
    if (!onnx_attr_i(n, "saturate", 1)) {
        return v;
    }
    bounded = onnx_op(n, "Clamp", 1, ONNX_IN(v), "min=%g;max=%g", -most, most);
    return onnx_select(n, onnx_unary(n, "IsNaN", 10, v), v, bounded);
}

/* A power of two as its exponent's eight bits, by arithmetic on the bits of f32: the exponent, one more where
 * the mantissa says so. Below 2^-126 it counts from 2^-127, the least one. */
static struct onnx_value power_of_two(struct onnx_node *n, struct onnx_value v)
{
    const char *mode = onnx_attr_s(n, "round_mode", "up");
    int kind = !mode || strcmp(mode, "up") == 0 ? 0 : strcmp(mode, "nearest") == 0 ? 1 : 2;
    static const int up_from[3] = {1, 0x400000, 0x800000}, least_from[3] = {0x400001, 0x600000, 0x800000};
    bool saturate = onnx_attr_i(n, "saturate", 1);
    struct onnx_value bits, code, mantissa, from, nan;

    if (kind == 2 && strcmp(mode, "down") != 0) {
        onnx_fail(n, VT_E_INVALID, "attribute round_mode is \"%s\"", mode);
    }
    v = onnx_convert(n, v, VT_F32);
    nan = onnx_unary(n, "IsNaN", 10, v);
    bits = onnx_op(n, "BitCast", 0, ONNX_IN(v), "destination_type=i32");
    bits = onnx_binary(n, "BitwiseAnd", 13, bits, onnx_number(n, VT_I32, 0x7fffffff));
    if (!saturate) {
        struct onnx_value small = onnx_binary(n, "Less", 1, bits, onnx_number(n, VT_I32, 0x400000));

        nan = onnx_binary(n, "LogicalOr", 1, nan, small);
    }
    code = onnx_binary(n, "BitwiseRightShift", 15, bits, onnx_number(n, VT_I32, 23));
    mantissa = onnx_binary(n, "BitwiseAnd", 13, bits, onnx_number(n, VT_I32, 0x7fffff));
    from = onnx_select(n, onnx_binary(n, "Equal", 1, code, onnx_number(n, VT_I32, 0)),
                       onnx_number(n, VT_I32, least_from[kind]), onnx_number(n, VT_I32, up_from[kind]));
    from = onnx_convert(n, onnx_binary(n, "GreaterEqual", 1, mantissa, from), VT_I32);
    code =
        onnx_binary(n, "Minimum", 1, onnx_add(n, code, from), onnx_number(n, VT_I32, saturate ? 254 : 255));
    code = onnx_convert(n, onnx_select(n, nan, onnx_number(n, VT_I32, 255), code), VT_U8);
    return onnx_op(n, "BitCast", 0, ONNX_IN(code), "destination_type=f8e8m0");
}

struct onnx_value onnx_cast_as(struct onnx_node *n, struct onnx_value v, enum vt_type type)
{
    if (type == onnx_type(n, v)) {
        return v;
    }
    if (type == VT_STRING || onnx_type(n, v) == VT_STRING) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: casts between texts and numbers");
    }
    if (type == VT_F8E4M3 || type == VT_F8E5M2) {
        v = saturated(n, v, type);
    } else if (type == VT_F4E2M1 && vt_type_info(onnx_type(n, v))->is_float) {
        /* There is no NaN of four bits: ONNX's tests want -0. */
        v = onnx_select(n, onnx_unary(n, "IsNaN", 10, v), onnx_number_like(n, v, -0.0), v);
    }
    return type == VT_F8E8M0 ? power_of_two(n, v) : onnx_convert(n, v, type);
}

int onnx_cast(struct onnx_node *n)
{
    struct onnx_value v = onnx_in(n, 0);

    return onnx_out(n, 0, onnx_cast_as(n, v, onnx_attr_type(n, "to", VT_DYNAMIC)));
}

int onnx_cast_like(struct onnx_node *n)
{
    struct onnx_value v = onnx_in(n, 0), like = onnx_in(n, 1);

    if (onnx_type(n, like) != VT_DYNAMIC) {
        return onnx_out(n, 0, onnx_cast_as(n, v, onnx_type(n, like)));
    }
    return onnx_out(n, 0, onnx_convert_like(n, v, like));
}

static bool is_float(enum vt_type type)
{
    return vt_type_info(type)->is_float;
}

/* Whole numbers of one width wrap into each other, so that Convert keeps their bits. */
int onnx_bit_cast(struct onnx_node *n)
{
    struct onnx_value v = onnx_in(n, 0);
    enum vt_type from = onnx_type(n, v), to = onnx_attr_type(n, "to", VT_DYNAMIC);

    if (from != VT_DYNAMIC && vt_type_info(from)->bits == vt_type_info(to)->bits && !is_float(from) &&
        !is_float(to) && to != VT_BOOLEAN) {
        return onnx_out(n, 0, onnx_convert(n, v, to));
    }
    return onnx_out(n, 0,
                    onnx_op(n, "BitCast", 0, ONNX_IN(v), "destination_type=%s", vt_type_info(to)->name));
}

/* ---- constants */

static struct onnx_value floats(struct onnx_node *n)
{
    int count = 0;
    const float *values = onnx_attr_fs(n, "value_floats", &count);
    int64_t dim = count;
    struct vt_tensor t;

    if (!vt_tensor_describe(&t, VT_F32, 1, &dim)) {
        return ONNX_ABSENT;
    }
    t.data = (void *)values;
    return onnx_constant(n, &t);
}

static struct onnx_value texts(struct onnx_node *n, const char *const *values, int count, int rank)
{
    int64_t dim = count;
    struct vt_tensor t;

    if (!vt_tensor_describe(&t, VT_STRING, rank, &dim)) {
        return ONNX_ABSENT;
    }
    t.data = onnx_alloc(n, t.bytes + 1);
    for (int i = 0; t.data && i < count; i++) {
        vt_string_set(&t, i, values[i], strlen(values[i]));
    }
    return t.data ? onnx_constant(n, &t) : ONNX_ABSENT;
}

int onnx_constant_op(struct onnx_node *n)
{
    int count = 0;

    if (onnx_has_attr(n, "value")) {
        return onnx_out(n, 0, onnx_attr_tensor(n, "value"));
    }
    if (onnx_has_attr(n, "sparse_value")) {
        return onnx_out(n, 0, onnx_attr_tensor(n, "sparse_value"));
    }
    if (onnx_has_attr(n, "value_float")) {
        return onnx_out(n, 0, onnx_number(n, VT_F32, onnx_attr_f(n, "value_float", 0)));
    }
    if (onnx_has_attr(n, "value_floats")) {
        return onnx_out(n, 0, floats(n));
    }
    if (onnx_has_attr(n, "value_int")) {
        return onnx_out(n, 0, onnx_i64(n, onnx_attr_i(n, "value_int", 0)));
    }
    if (onnx_has_attr(n, "value_ints")) {
        const int64_t *values = onnx_attr_is(n, "value_ints", &count);

        return onnx_out(n, 0, onnx_i64s(n, values, count));
    }
    if (onnx_has_attr(n, "value_string")) {
        const char *text = onnx_attr_s(n, "value_string", "");

        return onnx_out(n, 0, texts(n, &text, text != NULL, 0));
    }
    if (onnx_has_attr(n, "value_strings")) {
        const char *const *values = onnx_attr_ss(n, "value_strings", &count);

        return onnx_out(n, 0, texts(n, values, count, 1));
    }
    return onnx_fail(n, VT_E_INVALID, "the node has no attribute with a value");
}

/* What fills space: 0, or an empty text. */
struct onnx_value onnx_nothing_like(struct onnx_node *n, struct onnx_value like)
{
    const char *empty = "";

    return onnx_type(n, like) == VT_STRING ? texts(n, &empty, 1, 0) : onnx_number_like(n, like, 0);
}

int onnx_constant_of_shape(struct onnx_node *n)
{
    struct onnx_value shape = onnx_in(n, 0), value;

    value =
        onnx_has_attr(n, "value") ? onnx_scalar(n, onnx_attr_tensor(n, "value")) : onnx_number(n, VT_F32, 0);
    return onnx_out(n, 0, onnx_broadcast(n, value, shape, "numpy"));
}

/* Ones on diagonal k of a matrix of the input's shape, of its type where dtype does not say another. */
int onnx_eye_like(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), k = onnx_i64(n, onnx_attr_i(n, "k", 0)), eye;
    enum vt_type type = onnx_attr_type(n, "dtype", onnx_type(n, x)),
                 made = type == VT_DYNAMIC || type == VT_BOOLEAN ? VT_F32 : type;

    eye = onnx_op(n, "Eye", 9, ONNX_IN(onnx_dim_value(n, x, 0), onnx_dim_value(n, x, 1), k), "output_type=%s",
                  vt_type_info(made)->name);
    return onnx_out(n, 0, type == VT_DYNAMIC ? onnx_convert_like(n, eye, x) : onnx_convert(n, eye, type));
}
