#include "shape.h"

/* A Result passes its input on, so that a model output has a type, a shape and names of its own. */
const struct vt_op_def vt_op_result[] = {
    {.name = "Result",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_NO_FOLD | VT_OP_STRINGS,
     .infer = vt_infer_unary},
    {0},
};
