/* Element-wise programs: what a convolution or a matmul does to its result before storing it, and what a
 * chain of element-wise operations does in one pass over memory.
 *
 * A program is the attribute "post" (VT_ATTR_F64S) of the internal operations: four numbers a step, { kind,
 * input, a, b }. It starts with acc = the result (or input 0 of "Elementwise"); each step sets acc = f(acc,
 * operand). For binary kinds `input` is the index of the operation's input that holds the operand, broadcast
 * to the result's shape by numpy's rule; for unary kinds it is -1. */
#ifndef VT_POST_H
#define VT_POST_H

enum vt_post_kind {
    VT_POST_ADD = 1, /* acc + x */
    VT_POST_SUB,     /* acc - x */
    VT_POST_RSUB,    /* x - acc */
    VT_POST_MUL,     /* acc * x */
    VT_POST_DIV,     /* acc / x */
    VT_POST_RDIV,    /* x / acc */
    VT_POST_MAX,     /* max(acc, x) */
    VT_POST_MIN,     /* min(acc, x) */
    VT_POST_PRELU,   /* acc >= 0 ? acc : acc * x */
    VT_POST_FIRST_UNARY,
    VT_POST_AFFINE = VT_POST_FIRST_UNARY, /* a * acc + b */
    VT_POST_RELU,                         /* max(acc, 0), NaN passes */
    VT_POST_LEAKY,                        /* acc >= 0 ? acc : a * acc */
    VT_POST_CLAMP,                        /* min(max(acc, a), b) */
    VT_POST_ABS,
    VT_POST_NEG,
    VT_POST_SQRT,
    VT_POST_SQUARE, /* acc * acc */
    VT_POST_RECIP,  /* 1 / acc */
    VT_POST_EXP,
    VT_POST_LOG,
    VT_POST_TANH,
    VT_POST_ERF,
    VT_POST_SIGMOID,   /* 1 / (1 + exp(-acc)) */
    VT_POST_SWISH,     /* acc * sigmoid(a * acc) */
    VT_POST_HSWISH,    /* acc * min(max(acc + 3, 0), 6) / 6 */
    VT_POST_HSIGMOID,  /* min(max(a * acc + b, 0), 1): opset5 HSigmoid is a = 1/6, b = 1/2 */
    VT_POST_GELU_ERF,  /* acc / 2 * (1 + erf(acc / sqrt 2)) */
    VT_POST_GELU_TANH, /* acc / 2 * (1 + tanh(sqrt(2 / pi) * (acc + 0.044715 acc^3))) */
    VT_POST_MISH,      /* acc * tanh(log(1 + exp(acc))) */
    VT_POST_SOFTPLUS,  /* log(1 + exp(acc)) */
    VT_POST_ELU,       /* acc > 0 ? acc : a * (exp(acc) - 1) */
    VT_POST_FLOOR,
    VT_POST_CEIL,
    VT_POST_ROUND_EVEN,
    VT_POST_POW, /* acc ^ a */
    VT_POST_COUNT
};

#define VT_POST_STEP      4 /* numbers a step takes in the attribute */
#define VT_POST_MAX_STEPS 16

#endif
