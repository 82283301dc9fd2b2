/* Sums of products of bytes, by f32: exact as long as they stay within 2^24, in whatever order they are
 * added. */
#ifndef ONNX_EXACT_H
#define ONNX_EXACT_H

#include "../onnx.h"

/* A bound for the sums of |weights - zero| over what belongs to one output: for constant weights the largest
 * of them, else `terms` times the largest difference of two bytes; -1 where neither is known (`terms` below
 * 0). `zero_input` is the input with the weights' zero points. `rows`: outputs are the weights' first axis
 * (convolutions), else their last one of two (products of matrices). */
int64_t onnx_largest_sum(struct onnx_node *n, struct onnx_value weights, int zero_input, bool rows,
                         int64_t terms);

/* How to multiply data without their zero points by such weights. */
enum onnx_exactly {
    ONNX_AT_ONCE, /* as f32 */
    ONNX_HALVES,  /* as f32 after onnx_split_digits: 16 times the product of `high`, plus that of `low` */
    ONNX_AS_I32
};
enum onnx_exactly onnx_exactly(int64_t largest_sum);

/* f32 whole numbers of -255..255 as 16 high + low with high in -16..15 and low in 0..15. */
void onnx_split_digits(struct onnx_node *n, struct onnx_value v, struct onnx_value *high,
                       struct onnx_value *low);

#endif
