/* Discrete Fourier transforms. */
#include "extents.h"

/* Numbers whose last axis is real part alone or real and imaginary part, as what has both. */
static struct onnx_value complex_of(struct onnx_node *n, struct onnx_value v)
{
    int rank = onnx_need_rank(n, v);
    int64_t zeros[VT_MAX_RANK] = {0};
    struct onnx_value missing;

    if (rank < 1 || onnx_dim(n, v, -1) == 2) {
        return v;
    }
    missing = onnx_sub(n, ONNX_I64S(n, 2), onnx_extent(n, v, -1));
    if (rank > 1) {
        missing = onnx_concat(n, ONNX_IN(onnx_i64s(n, zeros, rank - 1), missing), 0);
    }
    return onnx_op(n, "Pad", 1, ONNX_IN(v, onnx_i64s(n, zeros, rank), missing, onnx_number_like(n, v, 0)),
                   "pad_mode=constant");
}

/* The real parts, without the last axis: a Reshape, which wants that to have one element. */
static struct onnx_value real_of(struct onnx_node *n, struct onnx_value v)
{
    int64_t kept[VT_MAX_RANK] = {0};
    int rank = onnx_need_rank(n, v);

    if (onnx_dim(n, v, -1) == 2) {
        onnx_fail(n, VT_E_INVALID, "a one-sided transform needs real numbers");
    }
    return onnx_reshape(n, v, kept, rank > 0 ? rank - 1 : 0, true);
}

static int check_parts(struct onnx_node *n, struct onnx_value v)
{
    int64_t parts = onnx_dim(n, v, -1);

    return parts < 0 || parts == 1 || parts == 2
               ? onnx_status(n)
               : onnx_fail(n, VT_E_SHAPE, "the last axis of input 0 must have 1 or 2 elements");
}

static struct onnx_value transform(struct onnx_node *n, const char *op, int opset, struct onnx_value v,
                                   struct onnx_value axis, struct onnx_value length)
{
    return onnx_op(n, op, opset, (const struct onnx_value[]){v, axis, length}, length.node ? 3 : 2, NULL);
}

/* The axis, [1], counted from the front: the operations do not count the axis of real and imaginary part. */
static struct onnx_value axis_of(struct onnx_node *n, int rank)
{
    struct onnx_value axis;
    int64_t number = onnx_opset(n) < 20 ? onnx_attr_i(n, "axis", 1) : -2, count = 0;
    const int64_t *given = NULL;

    if (onnx_opset(n) >= 20 && onnx_has_in(n, 2)) {
        axis = onnx_reshape(n, onnx_convert(n, onnx_in(n, 2), VT_I64), (const int64_t[]){1}, 1, false);
        given = onnx_known(n, axis, &count);
        if (!given || count != 1) {
            return onnx_binary(n, "FloorMod", 1, axis, onnx_i64(n, rank));
        }
        number = *given;
    }
    number = onnx_axis(n, number, rank);
    if (number == rank - 1) {
        onnx_fail(n, VT_E_INVALID, "the axis of real and imaginary part cannot be transformed");
    }
    return ONNX_I64S(n, number);
}

int onnx_dft(struct onnx_node *n)
{
    bool inverse = onnx_attr_i(n, "inverse", 0) != 0, half = onnx_attr_i(n, "onesided", 0) != 0;
    struct onnx_value v = onnx_in(n, 0), length = onnx_in_opt(n, 1), axis;
    static const int64_t last = -1;

    axis = axis_of(n, onnx_need_rank(n, v));
    length = length.node ? onnx_reshape(n, length, (const int64_t[]){1}, 1, false) : length;
    if (check_parts(n, v)) {
        return onnx_status(n);
    }
    if (half && !inverse) {
        return onnx_out(n, 0, transform(n, "RDFT", 9, real_of(n, v), axis, length));
    }
    v = complex_of(n, v);
    if (half) {
        return onnx_out(n, 0, onnx_unsqueeze(n, transform(n, "IRDFT", 9, v, axis, length), &last, 1));
    }
    return onnx_out(n, 0, transform(n, inverse ? "IDFT" : "DFT", 7, v, axis, length));
}

/* ---- short-time */

static struct onnx_value scalar(struct onnx_node *n, struct onnx_value v)
{
    return onnx_reshape(n, v, NULL, 0, false);
}

/* Frames [batch, frames, length, parts] of the signal. */
static struct onnx_value frames(struct onnx_node *n, struct onnx_value signal, struct onnx_value length,
                                struct onnx_value step)
{
    static const int64_t second = 1;
    struct onnx_value room = onnx_sub(n, scalar(n, onnx_extent(n, signal, 1)), length), zero = onnx_i64(n, 0);
    struct onnx_value one = onnx_i64(n, 1), count = onnx_add(n, onnx_div(n, room, step), one), starts, within;

    starts = onnx_op(n, "Range", 4, ONNX_IN(zero, count, one), "output_type=i64");
    starts = onnx_unsqueeze(n, onnx_mul(n, starts, step), &second, 1);
    within = onnx_op(n, "Range", 4, ONNX_IN(zero, length, one), "output_type=i64");
    return onnx_gather_axis(n, signal, onnx_add(n, starts, within), 1);
}

int onnx_stft(struct onnx_node *n)
{
    struct onnx_value signal = onnx_in(n, 0), step = onnx_in(n, 1), window = onnx_in_opt(n, 2), length, v;
    bool half = onnx_attr_i(n, "onesided", 1) != 0;
    static const int64_t last = -1;

    if (onnx_has_in(n, 3)) {
        length = scalar(n, onnx_in(n, 3));
    } else {
        length = scalar(n, onnx_extent(n, window.node ? window : signal, window.node ? 0 : 1));
    }
    step = onnx_convert(n, scalar(n, step), VT_I64);
    length = onnx_convert(n, length, VT_I64);
    if (check_parts(n, signal)) {
        return onnx_status(n);
    }
    if (half) {
        if (!window.node) {
            window = onnx_op(n, "Broadcast", 3,
                             ONNX_IN(onnx_number_like(n, signal, 1),
                                     onnx_reshape(n, length, (const int64_t[]){1}, 1, false)),
                             "mode=numpy");
        }
        return onnx_out(n, 0,
                        onnx_op(n, "STFT", 15, ONNX_IN(real_of(n, signal), window, length, step),
                                "transpose_frames=false"));
    }
    v = frames(n, signal, length, step);
    if (window.node) {
        v = onnx_mul(n, v, onnx_unsqueeze(n, window, &last, 1));
    }
    v = complex_of(n, v);
    return onnx_out(n, 0, transform(n, "DFT", 7, v, ONNX_I64S(n, 2), ONNX_ABSENT));
}
