/* Functions of one number. */
#include "../onnx.h"

int onnx_hard_swish(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_unary(n, "HSwish", 4, onnx_in(n, 0)));
}
