#ifndef ONNX_RECURRENT_H
#define ONNX_RECURRENT_H

#include "../onnx.h"

/* The LSTM that a node says, with weights [directions, 4 * hidden, input] and [directions, 4 * hidden,
 * hidden] in the place of inputs 1 and 2. */
int onnx_lstm_of(struct onnx_node *n, struct onnx_value w, struct onnx_value r);

#endif
