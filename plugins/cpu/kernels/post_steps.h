/* The steps of vt/post.h on a vector, for kernels that finish their results themselves. */
#ifndef CPU_KERNELS_POST_STEPS_H
#define CPU_KERNELS_POST_STEPS_H

#include "vmath.h"
#include "vt/post.h"

SIMD_INLINE vf post_hswish(vf x)
{
    vf s = vf_mul(vf_max(vf_zero(), vf_min(vf_set1(6.0f), vf_add(x, vf_set1(3.0f)))), vf_set1(1.0f / 6.0f));

    return vf_mul(vf_finite_below(x), s);
}

/* Unary steps of vt/post.h. `kind` is a constant where speed matters: call it inside a switch. */
SIMD_INLINE vf post_unary(enum vt_post_kind kind, vf x, float a, float b)
{
    vf va = vf_set1(a), vb = vf_set1(b), one = vf_set1(1.0f), zero = vf_zero();

    switch (kind) {
    case VT_POST_AFFINE: return vf_fma(x, va, vb);
    case VT_POST_RELU: return vf_max(zero, x);
    case VT_POST_LEAKY: return vf_select(vf_lt(x, zero), vf_mul(x, va), x);
    case VT_POST_CLAMP: return vf_min(vb, vf_max(va, x));
    case VT_POST_ABS: return vf_abs(x);
    case VT_POST_NEG: return vf_neg(x);
    case VT_POST_SQRT: return vf_sqrt(x);
    case VT_POST_SQUARE: return vf_mul(x, x);
    case VT_POST_RECIP: return vf_div(one, x);
    case VT_POST_EXP: return vf_exp(x);
    case VT_POST_LOG: return vf_log(x);
    case VT_POST_TANH: return vf_tanh(x);
    case VT_POST_ERF: return vf_erf(x);
    case VT_POST_SIGMOID: return vf_sigmoid(x);
    case VT_POST_SWISH: return vf_swish(x, va);
    case VT_POST_HSWISH: return post_hswish(x);
    case VT_POST_HSIGMOID: return vf_min(one, vf_max(zero, vf_fma(x, va, vb)));
    case VT_POST_GELU_ERF: return vf_gelu_erf(x);
    case VT_POST_GELU_TANH: return vf_gelu_tanh(x);
    case VT_POST_MISH: return vf_mish(x);
    case VT_POST_SOFTPLUS: return vf_softplus(x);
    case VT_POST_ELU: return vf_select(vf_gt(x, zero), x, vf_mul(va, vf_expm1(vf_min(zero, x))));
    case VT_POST_FLOOR: return vf_floor(x);
    case VT_POST_CEIL: return vf_ceil(x);
    case VT_POST_ROUND_EVEN: return vf_round_even(x);
    case VT_POST_POW: return vf_pow(x, va);
    default: return x;
    }
}

/* Binary steps: acc op x. Max and min give NaN when either operand is. */
SIMD_INLINE vf post_binary(enum vt_post_kind kind, vf acc, vf x)
{
    switch (kind) {
    case VT_POST_ADD: return vf_add(acc, x);
    case VT_POST_SUB: return vf_sub(acc, x);
    case VT_POST_RSUB: return vf_sub(x, acc);
    case VT_POST_MUL: return vf_mul(acc, x);
    case VT_POST_DIV: return vf_div(acc, x);
    case VT_POST_RDIV: return vf_div(x, acc);
    case VT_POST_MAX: return vf_select(vf_is_nan(x), x, vf_max(x, acc));
    case VT_POST_MIN: return vf_select(vf_is_nan(x), x, vf_min(x, acc));
    case VT_POST_PRELU: return vf_select(vf_lt(acc, vf_zero()), vf_mul(acc, x), acc);
    default: return acc;
    }
}

/* CASE(kind) for every unary, then every binary kind: the switch of a loop over a step. */
#define POST_EACH_UNARY(CASE)                                                                                \
    CASE(VT_POST_AFFINE)                                                                                     \
    CASE(VT_POST_RELU)                                                                                       \
    CASE(VT_POST_LEAKY)                                                                                      \
    CASE(VT_POST_CLAMP)                                                                                      \
    CASE(VT_POST_ABS)                                                                                        \
    CASE(VT_POST_NEG)                                                                                        \
    CASE(VT_POST_SQRT)                                                                                       \
    CASE(VT_POST_SQUARE)                                                                                     \
    CASE(VT_POST_RECIP)                                                                                      \
    CASE(VT_POST_EXP)                                                                                        \
    CASE(VT_POST_LOG)                                                                                        \
    CASE(VT_POST_TANH)                                                                                       \
    CASE(VT_POST_ERF)                                                                                        \
    CASE(VT_POST_SIGMOID)                                                                                    \
    CASE(VT_POST_SWISH)                                                                                      \
    CASE(VT_POST_HSWISH)                                                                                     \
    CASE(VT_POST_HSIGMOID)                                                                                   \
    CASE(VT_POST_GELU_ERF)                                                                                   \
    CASE(VT_POST_GELU_TANH)                                                                                  \
    CASE(VT_POST_MISH)                                                                                       \
    CASE(VT_POST_SOFTPLUS)                                                                                   \
    CASE(VT_POST_ELU)                                                                                        \
    CASE(VT_POST_FLOOR)                                                                                      \
    CASE(VT_POST_CEIL)                                                                                       \
    CASE(VT_POST_ROUND_EVEN)                                                                                 \
    CASE(VT_POST_POW)

#define POST_EACH_BINARY(CASE)                                                                               \
    CASE(VT_POST_ADD)                                                                                        \
    CASE(VT_POST_SUB)                                                                                        \
    CASE(VT_POST_RSUB)                                                                                       \
    CASE(VT_POST_MUL)                                                                                        \
    CASE(VT_POST_DIV)                                                                                        \
    CASE(VT_POST_RDIV)                                                                                       \
    CASE(VT_POST_MAX)                                                                                        \
    CASE(VT_POST_MIN)                                                                                        \
    CASE(VT_POST_PRELU)

#endif
