/* What the operators of quantised numbers share: (q - zero) * scale and its way back.
 *
 * Scales and zero points are scalars, of rank 1 along an axis of the data, or blocked: of the data's rank,
 * one element for `block` elements along the axis. `axis` may be negative. */
#ifndef ONNX_QUANTIZE_H
#define ONNX_QUANTIZE_H

#include "../onnx.h"

struct quantization {
    struct onnx_value scale;
    struct onnx_value zero; /* absent: 0 */
    int64_t axis;
    int64_t block; /* 0: not blocked */
};

/* The numbers that `x` stands for, of the scale's type. Constant weights stay as they are stored behind
 * Convert, Subtract and Multiply, so that devices can keep them compressed. */
struct onnx_value onnx_dequantize(struct onnx_node *n, struct onnx_value x, const struct quantization *q);

/* x - zero as f32: exact for types of up to 16 bits. `zero` may be absent or of the rank 1 along `axis`. */
struct onnx_value onnx_centred(struct onnx_node *n, struct onnx_value x, struct onnx_value zero,
                               int64_t axis);

/* saturate(round(x / scale) + zero), ties to even. Values that a float type does not hold become its largest
 * where `saturate` says so. */
struct onnx_value onnx_quantize(struct onnx_node *n, struct onnx_value x, const struct quantization *q,
                                enum vt_type type, bool saturate);

/* Scale and zero point (u8) that fit all of a tensor and 0, as DynamicQuantizeLinear defines them. */
struct quantization onnx_dynamic_range(struct onnx_node *n, struct onnx_value x);

/* A scalar, or a tensor of one element, that broadcasts with everything; anything else of rank 1 is set along
 * `axis` of data of `like`'s rank. */
struct onnx_value onnx_along(struct onnx_node *n, struct onnx_value v, struct onnx_value like, int64_t axis);

/* The same elements as a tensor of another shape. A constant stays a constant. */
struct onnx_value onnx_with_shape(struct onnx_node *n, struct onnx_value v, const int64_t *dims, int count);

/* One element as a scalar, also of a tensor of rank 1. */
struct onnx_value onnx_as_scalar(struct onnx_node *n, struct onnx_value v);

#endif
