/* exp, log, tanh, erf and the activations built of them, on vectors of simd.h.
 *
 * Relative errors, measured by tests/kernels/simd_math.c over the range of results that are normal numbers:
 * exp, log, tanh, erf below 3e-7; sigmoid, softplus, elu below 5e-7; swish, gelu, mish below 1e-6 relative,
 * or 2e-7 absolute where the result is small (gelu_erf for negative arguments). NaN gives NaN; infinities
 * give the limits.
 *
 * The polynomials are weighted minimax fits (Lawson's iteration) made for this file, apart from log's, which
 * is that of the Cephes library. */
#ifndef CPU_KERNELS_SIMD_MATH_H
#define CPU_KERNELS_SIMD_MATH_H

#include "simd.h"
#include "vt/post.h"

/* r^2 * polynomial: e^r - 1 - r for |r| <= ln(2) / 2. */
SIMD_INLINE vf exp_tail(vf r)
{
    vf p = vf_set1(0.001381455920636654f);

    p = vf_fma(p, r, vf_set1(0.008368735201656818f));
    p = vf_fma(p, r, vf_set1(0.04166838899254799f));
    p = vf_fma(p, r, vf_set1(0.1666652113199234f));
    p = vf_fma(p, r, vf_set1(0.4999999403953552f));
    return vf_mul(vf_mul(r, r), p);
}

/* x = n ln 2 + r; ln 2 comes in two parts, the first short enough for n times it to be exact. */
SIMD_INLINE vf exp_reduce(vf x, vf *r)
{
    vf n = vf_round_even(vf_mul(x, vf_set1(1.44269504f)));

    *r = vf_fnma(n, vf_set1(0.693359375f), x);
    *r = vf_fnma(n, vf_set1(-2.12194440e-4f), *r);
    return n;
}

/* e^x for results that are normal numbers or infinite: one factor 2^n does. Below -87 it stays at e^-87. */
SIMD_INLINE vf exp_normal(vf x)
{
    vf n, r, p;

    x = vf_max(vf_set1(-87.0f), vf_min(vf_set1(88.8f), x));
    n = exp_reduce(x, &r);
    p = vf_add(vf_set1(1.0f), vf_add(r, exp_tail(r)));
    return vf_mul(p, vf_bits(vi_shl(vi_add(vi_from_vf(n), vi_set1(127)), 23))); /* n = 128 gives infinity */
}

/* p * 2^n in two factors, since 2^n alone may leave the range of normal numbers. */
SIMD_INLINE vf exp_scale(vf p, vf n)
{
    vi i = vi_from_vf(n), half = vi_sar(i, 1), bias = vi_set1(127);
    vf s0 = vf_bits(vi_shl(vi_add(half, bias), 23)), s1 = vf_bits(vi_shl(vi_add(vi_sub(i, half), bias), 23));

    return vf_mul(vf_mul(p, s0), s1);
}

SIMD_INLINE vf vf_exp(vf x)
{
    vf n, r;

    x = vf_max(vf_set1(-104.0f), vf_min(vf_set1(89.0f), x));
    n = exp_reduce(x, &r);
    return exp_scale(vf_add(vf_set1(1.0f), vf_add(r, exp_tail(r))), n);
}

/* e^x - 1, exact to a few ulp near 0 as well. */
SIMD_INLINE vf vf_expm1(vf x)
{
    vf n, r, p;

    x = vf_max(vf_set1(-104.0f), vf_min(vf_set1(89.0f), x));
    n = exp_reduce(x, &r);
    p = vf_add(r, exp_tail(r));
    return vf_select(vf_eq(n, vf_zero()), p, vf_sub(exp_scale(vf_add(vf_set1(1.0f), p), n), vf_set1(1.0f)));
}

SIMD_INLINE vf vf_log(vf x)
{
    vf inf = vf_set1(INFINITY), small = vf_set1(0x1p-126f), f, e, p, z, y;
    vm tiny = vf_lt(x, small), low;
    vi bits = vi_bits(vf_select(tiny, vf_mul(x, vf_set1(0x1p25f)), x));

    /* x = 2^e * (1 + f), 1 + f in [sqrt(1/2), sqrt(2)) */
    e = vf_from_vi(vi_sub(vi_shr(bits, 23), vi_set1(126)));
    e = vf_sub(e, vf_select(tiny, vf_set1(25.0f), vf_zero()));
    f = vf_bits(vi_or(vi_and(bits, vi_set1(0x007fffff)), vi_set1(0x3f000000)));
    low = vf_lt(f, vf_set1(0.70710678f));
    e = vf_sub(e, vf_select(low, vf_set1(1.0f), vf_zero()));
    f = vf_sub(vf_add(f, vf_select(low, f, vf_zero())), vf_set1(1.0f));
    z = vf_mul(f, f);
    p = vf_set1(7.0376836292e-2f);
    p = vf_fma(p, f, vf_set1(-1.1514610310e-1f));
    p = vf_fma(p, f, vf_set1(1.1676998740e-1f));
    p = vf_fma(p, f, vf_set1(-1.2420140846e-1f));
    p = vf_fma(p, f, vf_set1(1.4249322787e-1f));
    p = vf_fma(p, f, vf_set1(-1.6668057665e-1f));
    p = vf_fma(p, f, vf_set1(2.0000714765e-1f));
    p = vf_fma(p, f, vf_set1(-2.4999993993e-1f));
    p = vf_fma(p, f, vf_set1(3.3333331174e-1f));
    y = vf_mul(vf_mul(p, f), z);
    y = vf_fma(e, vf_set1(-2.12194440e-4f), y);
    y = vf_fma(z, vf_set1(-0.5f), y);
    y = vf_fma(e, vf_set1(0.693359375f), vf_add(f, y));
    y = vf_select(vf_lt(x, inf), y, x); /* +inf and NaN */
    y = vf_select(vf_eq(x, vf_zero()), vf_neg(inf), y);
    return vf_select(vf_lt(x, vf_zero()), vf_set1(NAN), y);
}

/* log(1 + x) for x >= 0; what 1 + x lost in rounding is put back by the quotient. */
SIMD_INLINE vf log1p_positive(vf x)
{
    vf u = vf_add(vf_set1(1.0f), x), d = vf_sub(u, vf_set1(1.0f));
    vf y = vf_mul(vf_log(u), vf_div(x, d));

    return vf_select(vf_eq(d, vf_zero()), x, y);
}

SIMD_INLINE vf vf_tanh(vf x)
{
    vf a = vf_abs(x), z = vf_mul(x, x), p, big;

    p = vf_set1(-0.005660788621753454f);
    p = vf_fma(p, z, vf_set1(0.02060200646519661f));
    p = vf_fma(p, z, vf_set1(-0.05372922867536545f));
    p = vf_fma(p, z, vf_set1(0.13331328332424164f));
    p = vf_fma(p, z, vf_set1(-0.33333277702331543f));
    p = vf_fma(vf_mul(p, z), x, x);
    big = vf_add(exp_normal(vf_add(a, a)), vf_set1(1.0f));
    big = vf_copysign(vf_sub(vf_set1(1.0f), vf_div(vf_set1(2.0f), big)), x);
    return vf_select(vf_lt(a, vf_set1(0.625f)), p, big);
}

/* Below 1 an odd polynomial, above it 1 - e^q(x) with q = log(erfc). */
SIMD_INLINE vf vf_erf(vf x)
{
    vf a = vf_min(vf_set1(4.0f), vf_abs(x)), z = vf_mul(x, x), p, q;

    p = vf_set1(7.853860734030604e-05f);
    p = vf_fma(p, z, vf_set1(-0.0008010193705558777f));
    p = vf_fma(p, z, vf_set1(0.005188327748328447f));
    p = vf_fma(p, z, vf_set1(-0.026853812858462334f));
    p = vf_fma(p, z, vf_set1(0.1128358542919159f));
    p = vf_fma(p, z, vf_set1(-0.3761262595653534f));
    p = vf_mul(vf_fma(p, z, vf_set1(1.1283791065216064f)), x);
    q = vf_set1(0.00018637925677467138f);
    q = vf_fma(q, a, vf_set1(-0.0029476589988917112f));
    q = vf_fma(q, a, vf_set1(0.02183806709945202f));
    q = vf_fma(q, a, vf_set1(-0.10310675948858261f));
    q = vf_fma(q, a, vf_set1(-0.638144850730896f));
    q = vf_fma(q, a, vf_set1(-1.1270891427993774f));
    q = vf_fma(q, a, vf_set1(-0.0003415223036427051f));
    q = vf_copysign(vf_sub(vf_set1(1.0f), vf_exp(q)), x);
    return vf_select(vf_lt(a, vf_set1(1.0f)), p, q);
}

SIMD_INLINE vf vf_sigmoid(vf x)
{
    return vf_div(vf_set1(1.0f), vf_add(vf_set1(1.0f), exp_normal(vf_neg(x))));
}

/* x * sigmoid(y), 0 where the sigmoid is: the limit for x = -inf. */
SIMD_INLINE vf gate(vf x, vf y)
{
    vf e = exp_normal(vf_neg(y));

    return vf_select(vf_eq(e, vf_set1(INFINITY)), vf_zero(), vf_div(x, vf_add(vf_set1(1.0f), e)));
}

SIMD_INLINE vf vf_gelu_erf(vf x)
{
    vf g = vf_fma(vf_set1(0.5f), vf_erf(vf_mul(x, vf_set1(0.70710678f))), vf_set1(0.5f));

    return vf_select(vf_eq(g, vf_zero()), g, vf_mul(x, g));
}

/* (1 + tanh u) / 2 is sigmoid(2u). */
SIMD_INLINE vf vf_gelu_tanh(vf x)
{
    vf u = vf_fma(vf_mul(vf_mul(x, x), x), vf_set1(0.044715f), x);

    return gate(x, vf_mul(u, vf_set1(1.5957691216f)));
}

/* tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2); from 20 on it is 1. */
SIMD_INLINE vf vf_mish(vf x)
{
    vf e = vf_exp(vf_min(vf_set1(20.0f), x)), n = vf_mul(e, vf_add(e, vf_set1(2.0f)));
    vf t = vf_div(n, vf_add(n, vf_set1(2.0f)));

    return vf_select(vf_eq(t, vf_zero()), t, vf_mul(x, t));
}

SIMD_INLINE vf vf_softplus(vf x)
{
    return vf_add(vf_max(vf_zero(), x), log1p_positive(vf_exp(vf_neg(vf_abs(x)))));
}

/* Rare and hard to do well in f32: the library's powf, lane by lane. */
SIMD_NOINLINE vf vf_pow(vf x, float a)
{
    float lane[SIMD_LANES];

    vf_store(lane, x);
    for (int i = 0; i < SIMD_LANES; i++) {
        lane[i] = powf(lane[i], a);
    }
    return vf_load(lane);
}

SIMD_INLINE vf vf_hswish(vf x)
{
    vf s = vf_mul(vf_max(vf_zero(), vf_min(vf_set1(6.0f), vf_add(x, vf_set1(3.0f)))), vf_set1(1.0f / 6.0f));

    return vf_select(vf_eq(s, vf_zero()), s, vf_mul(x, s));
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
    case VT_POST_SWISH: return gate(x, vf_mul(x, va));
    case VT_POST_HSWISH: return vf_hswish(x);
    case VT_POST_HSIGMOID: return vf_min(one, vf_max(zero, vf_fma(x, va, vb)));
    case VT_POST_GELU_ERF: return vf_gelu_erf(x);
    case VT_POST_GELU_TANH: return vf_gelu_tanh(x);
    case VT_POST_MISH: return vf_mish(x);
    case VT_POST_SOFTPLUS: return vf_softplus(x);
    case VT_POST_ELU: return vf_select(vf_gt(x, zero), x, vf_mul(va, vf_expm1(vf_min(zero, x))));
    case VT_POST_FLOOR: return vf_floor(x);
    case VT_POST_CEIL: return vf_ceil(x);
    case VT_POST_ROUND_EVEN: return vf_round_even(x);
    case VT_POST_POW: return vf_pow(x, a);
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
