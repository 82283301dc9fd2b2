/* Elementary functions on vectors of simd.h.
 *
 * Relative error below 2 ulp (2.4e-7) for exp, log, pow; below 3 ulp for tanh, erf, sigmoid, expm1, log1p and
 * what is made of them. NaN passes, infinities give the limits, odd functions keep -0. Results below FLT_MIN
 * are 0, and arguments of log and pow below it count as 0: no path makes or needs denormals.
 *
 * Sources: argument reduction after Cody and Waite; the polynomials are minimax fits to the intervals named.
 */
#ifndef CPU_KERNELS_VMATH_H
#define CPU_KERNELS_VMATH_H

#include "simd.h"

/* c0 + c1 x + ... by Horner's rule; `n` is a constant, so the loop unrolls. */
SIMD_INLINE vf vf_poly(vf x, const float *c, int n)
{
    vf y = vf_set1(c[n - 1]);

    for (int i = n - 2; i >= 0; i--) {
        y = vf_fma(y, x, vf_set1(c[i]));
    }
    return y;
}

/* x = n ln 2 + r with |r| <= ln 2 / 2; gives exp(r) - 1. |x| < 100, NaN passes through the result. */
SIMD_INLINE vf vf_exp_reduce(vf x, vf *n)
{
    /* (exp(r) - 1 - r) / r^2 on |r| <= ln 2 / 2 */
    static const float c[5] = {0x1p-1f, 0x1.55548ep-3f, 0x1.55545ep-5f, 0x1.123bep-7f, 0x1.6db4e4p-10f};
    vf r;

    *n = vf_round_even(vf_mul(x, vf_set1(0x1.715476p0f)));
    /* The high part of ln 2 has nine bits: its product with n is exact, with or without fma. */
    r = vf_fnma(*n, vf_set1(0.693359375f), x);
    r = vf_fnma(*n, vf_set1(-2.12194440e-4f), r);
    return vf_fma(vf_mul(r, r), vf_poly(r, c, 5), r);
}

/* y 2^n for y in [0.7, 1.42] where the result is a normal number; n is a whole number. */
SIMD_INLINE vf vf_scale(vf y, vf n)
{
    return vf_bits(vi_add(vi_bits(y), vi_shl(vi_from_vf(n), 23)));
}

/* exp on [-87.336, 88.722]; beyond, the result means nothing. */
SIMD_INLINE vf vf_exp_inside(vf x)
{
    vf n, p = vf_exp_reduce(x, &n);

    return vf_scale(vf_add(vf_set1(1), p), n);
}

SIMD_INLINE vf vf_exp(vf x)
{
    const vf hi = vf_set1(0x1.62e42ep6f), lo = vf_set1(-0x1.5d589ep6f);
    vf y = vf_exp_inside(vf_max(lo, vf_min(hi, x)));

    y = vf_select(vf_lt(hi, x), vf_set1(INFINITY), y);
    return vf_select(vf_lt(x, lo), vf_zero(), y);
}

/* exp for 1 + exp(x), where there is less to be exact about: error below 1.8e-7, infinite from 88.73
 * (AVX-512: 88.8) on; what it gives below -87 the 1 swallows. */
SIMD_INLINE vf vf_exp_beside_one(vf x)
{
    /* exp on |x| <= ln 2 / 2 */
    static const float c[6] = {
        1, 0x1.fffff6p-1f, 0x1.fffdc4p-2f, 0x1.555a6ep-3f, 0x1.573adp-5f, 0x1.0fa7d8p-7f};
    vf n, r;
#if SIMD_LANES == 16
    x = vf_max(vf_set1(-104), vf_min(vf_set1(104), x));
    n = vf_round_even(vf_mul(x, vf_set1(0x1.715476p0f)));
    r = vf_fnma(n, vf_set1(-2.12194440e-4f), vf_fnma(n, vf_set1(0.693359375f), x));
    return _mm512_scalef_ps(vf_poly(r, c, 6), n);
#else
    /* Adding 1.5 2^23 rounds to a whole number and leaves it in the low bits. */
    const vf hi = vf_set1(0x1.62e42ep6f), magic = vf_set1(0x1.8p23f);
    vf limited = vf_max(vf_set1(-87), vf_min(hi, x)), t = vf_fma(limited, vf_set1(0x1.715476p0f), magic);

    n = vf_sub(t, magic);
    r = vf_fnma(n, vf_set1(-2.12194440e-4f), vf_fnma(n, vf_set1(0.693359375f), limited));
    r = vf_bits(vi_add(vi_bits(vf_poly(r, c, 6)), vi_shl(vi_bits(t), 23)));
    return vf_select(vf_lt(hi, x), vf_set1(INFINITY), r);
#endif
}

/* exp(x) - 1, exact near 0, for any x. */
SIMD_INLINE vf vf_expm1(vf x)
{
    const vf hi = vf_set1(0x1.62e42ep6f), one = vf_set1(1);
    vf n, p = vf_exp_reduce(vf_max(vf_set1(-20), vf_min(hi, x)), &n), half, s, y;

    /* s - 1 + s p with s = 2^n, computed with 2^(n-1) so that n = 128 does not overflow on the way. */
    half = vf_scale(one, vf_sub(n, one));
    y = vf_fma(half, p, vf_sub(half, vf_set1(0.5f)));
    s = vf_add(y, y);
    s = vf_select(vf_lt(hi, x), vf_set1(INFINITY), s);
    return vf_copysign(s, x);
}

/* log(1 + f) + e ln 2 for f in [sqrt(1/2) - 1, sqrt(2) - 1]. */
SIMD_INLINE vf vf_log_reduced(vf f, vf e)
{
    /* (log(1 + f) - f + f^2 / 2) / f^3 */
    static const float c[8] = {0x1.555554p-2f, -0x1.000228p-2f, 0x1.99a008p-3f, -0x1.547244p-3f,
                               0x1.22da22p-3f, -0x1.0d8552p-3f, 0x1.055b46p-3f, -0x1.38b4ccp-4f};
    vf z = vf_mul(f, f), y = vf_mul(vf_mul(f, z), vf_poly(f, c, 8));

    y = vf_fma(e, vf_set1(-2.12194440e-4f), y);
    y = vf_fnma(vf_set1(0.5f), z, y);
    return vf_fma(e, vf_set1(0.693359375f), vf_add(f, y));
}

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)), for normal x > 0. */
SIMD_INLINE vf vf_split(vf x, vf *e)
{
    vi i = vi_bits(x), k = vi_sar(vi_sub(i, vi_set1(0x3f3504f3)), 23);

    *e = vf_from_vi(k);
    return vf_bits(vi_sub(i, vi_shl(k, 23)));
}

SIMD_INLINE vf vf_log(vf x)
{
    const vf inf = vf_set1(INFINITY);
    vf e, m = vf_split(x, &e), y = vf_log_reduced(vf_sub(m, vf_set1(1)), e);

    y = vf_select(vf_lt(x, vf_set1(0x1p-126f)), vf_set1(-INFINITY), y);
    y = vf_select(vf_lt(x, vf_zero()), vf_set1(NAN), y);
    return vf_select(vf_lt(x, inf), y, x);
}

/* log(1 + t) for t in [0, 1]; NaN passes. */
SIMD_INLINE vf vf_log1p_unit(vf t)
{
    const vf one = vf_set1(1);
    vm big = vf_gt(t, vf_set1(0x1.a8279ap-2f)); /* sqrt(2) - 1 */

    /* (1 + t) / 2 - 1 is exact: nothing is lost by the addition. */
    return vf_log_reduced(vf_select(big, vf_mul(vf_sub(t, one), vf_set1(0.5f)), t),
                          vf_select(big, one, vf_zero()));
}

SIMD_INLINE vf vf_tanh(vf x)
{
    /* (tanh(x) - x) / x^3 as a polynomial in x^2, |x| <= 0.625 */
    static const float c[5] = {-0x1.555534p-2f, 0x1.110768p-3f, -0x1.b84448p-5f, 0x1.5256cep-6f,
                               -0x1.76abf6p-8f};
    const vf one = vf_set1(1);
    vf a = vf_abs(x), z = vf_mul(x, x), small, large;

    small = vf_fma(vf_mul(a, z), vf_poly(z, c, 5), a);
    large = vf_exp_inside(vf_min(vf_set1(40), vf_add(a, a)));
    large = vf_sub(one, vf_div(vf_set1(2), vf_add(large, one)));
    return vf_copysign(vf_select(vf_lt(a, vf_set1(0.625f)), small, large), x);
}

SIMD_INLINE vf vf_erf(vf x)
{
    /* erf(x) / x - 1 in x^2 on |x| <= 0.92; -log(1 - erf(x)) on [0.91, 4] */
    static const float c[6] = {0x1.06eba6p-3f,  -0x1.8126e8p-2f, 0x1.ce1abap-4f,
                               -0x1.b68ff4p-6f, 0x1.475758p-8f,  -0x1.3a8aa4p-11f};
    static const float d[7] = {0x1.7afddep-13f, 0x1.20b36ap0f,  0x1.462f02p-1f,  0x1.aa14fep-4f,
                               -0x1.6ce5bcp-6f, 0x1.905a6ap-9f, -0x1.9d51a8p-13f};
    vf a = vf_abs(x), z = vf_mul(x, x), small, large;

    small = vf_fma(a, vf_poly(z, c, 6), a);
    large = vf_exp_inside(vf_neg(vf_poly(vf_min(vf_set1(4), a), d, 7)));
    large = vf_sub(vf_set1(1), large);
    return vf_copysign(vf_select(vf_lt(a, vf_set1(0.92f)), small, large), x);
}

SIMD_INLINE vf vf_sigmoid(vf x)
{
    const vf one = vf_set1(1);

    return vf_div(one, vf_add(one, vf_exp_beside_one(vf_neg(x))));
}

/* The most negative finite number in place of -inf, for products whose limit there is -0 and not NaN. */
SIMD_INLINE vf vf_finite_below(vf x)
{
    return vf_max(vf_set1(-0x1.fffffep127f), x);
}

/* x sigmoid(a x), a > 0. */
SIMD_INLINE vf vf_swish(vf x, vf a)
{
    x = vf_finite_below(x);
    return vf_div(x, vf_add(vf_set1(1), vf_exp_beside_one(vf_mul(vf_neg(a), x))));
}

/* log(1 + exp(x)) */
SIMD_INLINE vf vf_softplus(vf x)
{
    vf y = vf_log1p_unit(vf_exp(vf_neg(vf_abs(x))));

    return vf_add(y, vf_max(vf_zero(), x));
}

/* x tanh(softplus(x)); with w = exp(x), tanh(log(1 + w)) = w (w + 2) / (w (w + 2) + 2). */
SIMD_INLINE vf vf_mish(vf x)
{
    const vf two = vf_set1(2);
    vf w = vf_exp(vf_min(vf_set1(20), x)), t = vf_mul(w, vf_add(w, two));

    return vf_mul(vf_finite_below(x), vf_div(t, vf_add(t, two)));
}

SIMD_INLINE vf vf_gelu_erf(vf x)
{
    vf h = vf_mul(vf_finite_below(x), vf_set1(0.5f));

    return vf_fma(h, vf_erf(vf_mul(x, vf_set1(0x1.6a09e6p-1f))), h);
}

/* x / 2 (1 + tanh(u)) = x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3) */
SIMD_INLINE vf vf_gelu_tanh(vf x)
{
    vf u;

    x = vf_finite_below(x);
    u = vf_mul(x, vf_fma(vf_mul(x, x), vf_set1(-0.0713548163f), vf_set1(-1.5957691216f)));

    return vf_div(x, vf_add(vf_set1(1), vf_exp_beside_one(u)));
}

#if SIMD_LANES == 16
#define VD_PARTS 2
typedef __m512d vd;
#define vd_set1(x)      _mm512_set1_pd(x)
#define vd_add(a, b)    _mm512_add_pd(a, b)
#define vd_sub(a, b)    _mm512_sub_pd(a, b)
#define vd_mul(a, b)    _mm512_mul_pd(a, b)
#define vd_div(a, b)    _mm512_div_pd(a, b)
#define vd_min(a, b)    _mm512_min_pd(a, b)
#define vd_max(a, b)    _mm512_max_pd(a, b)
#define vd_fma(a, b, c) _mm512_fmadd_pd(a, b, c)
#define vd_round(a)     _mm512_roundscale_pd(a, SIMD_ROUND)
SIMD_INLINE void vd_from_vf(vf x, vd *d)
{
    d[0] = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    d[1] = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}
SIMD_INLINE vf vd_to_vf(const vd *d)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(d[0])), _mm512_cvtpd_ps(d[1]), 1);
}
#elif SIMD_LANES == 8
#define VD_PARTS        2
typedef __m256d vd;
#define vd_set1(x)      _mm256_set1_pd(x)
#define vd_add(a, b)    _mm256_add_pd(a, b)
#define vd_sub(a, b)    _mm256_sub_pd(a, b)
#define vd_mul(a, b)    _mm256_mul_pd(a, b)
#define vd_div(a, b)    _mm256_div_pd(a, b)
#define vd_min(a, b)    _mm256_min_pd(a, b)
#define vd_max(a, b)    _mm256_max_pd(a, b)
#define vd_fma(a, b, c) _mm256_fmadd_pd(a, b, c)
#define vd_round(a)     _mm256_round_pd(a, SIMD_ROUND)
SIMD_INLINE void vd_from_vf(vf x, vd *d)
{
    d[0] = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
    d[1] = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}
SIMD_INLINE vf vd_to_vf(const vd *d)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(d[0])), _mm256_cvtpd_ps(d[1]), 1);
}
#else
#define VD_PARTS        1
typedef double vd;
#define vd_set1(x)      (x)
#define vd_add(a, b)    ((a) + (b))
#define vd_sub(a, b)    ((a) - (b))
#define vd_mul(a, b)    ((a) * (b))
#define vd_div(a, b)    ((a) / (b))
#define vd_min(a, b)    ((a) < (b) ? (a) : (b))
#define vd_max(a, b)    ((a) > (b) ? (a) : (b))
#define vd_fma(a, b, c) ((a) * (b) + (c))
#define vd_round(a)     nearbyint(a)
SIMD_INLINE void vd_from_vf(vf x, vd *d)
{
    d[0] = (double)x;
}
SIMD_INLINE vf vd_to_vf(const vd *d)
{
    return (float)d[0];
}
#endif

/* exp(y (log(m) + e ln 2)) as p 2^n, in double so that a large exponent costs no accuracy. */
SIMD_INLINE vd vd_pow_core(vd m, vd e, vd y, vd *n)
{
    vd one = vd_set1(1.0), s = vd_div(vd_sub(m, one), vd_add(m, one)), z = vd_mul(s, s), l, p, r;

    l = vd_fma(z, vd_set1(1.0 / 11), vd_set1(1.0 / 9));
    l = vd_fma(l, z, vd_set1(1.0 / 7));
    l = vd_fma(l, z, vd_set1(1.0 / 5));
    l = vd_fma(l, z, vd_set1(1.0 / 3));
    l = vd_fma(l, z, one);
    l = vd_fma(e, vd_set1(0x1.62e42fefa39efp-1), vd_mul(vd_add(s, s), l));
    l = vd_mul(l, y);
    l = vd_max(vd_set1(-104.0), vd_min(vd_set1(90.0), l));
    *n = vd_round(vd_mul(l, vd_set1(0x1.71547652b82fep0)));
    r = vd_fma(*n, vd_set1(-0x1.62e42fefa39efp-1), l);
    p = vd_fma(r, vd_set1(1.0 / 5040), vd_set1(1.0 / 720));
    p = vd_fma(p, r, vd_set1(1.0 / 120));
    p = vd_fma(p, r, vd_set1(1.0 / 24));
    p = vd_fma(p, r, vd_set1(1.0 / 6));
    p = vd_fma(p, r, vd_set1(0.5));
    p = vd_fma(p, r, one);
    return vd_fma(p, r, one);
}

/* |x|^y for what has no special meaning; whole exponents of any size. */
SIMD_INLINE vf vf_pow_inside(vf a, vf y)
{
    vf e, m = vf_split(a, &e), p, n, h;
    vd dm[VD_PARTS], de[VD_PARTS], dy[VD_PARTS], dp[VD_PARTS], dn[VD_PARTS];

    vd_from_vf(m, dm);
    vd_from_vf(e, de);
    vd_from_vf(y, dy);
    for (int i = 0; i < VD_PARTS; i++) {
        dp[i] = vd_pow_core(dm[i], de[i], dy[i], &dn[i]);
    }
    p = vd_to_vf(dp);
    n = vd_to_vf(dn);
    /* In two steps: 2^n alone may lie outside the range of floats. */
    h = vf_floor(vf_mul(n, vf_set1(0.5f)));
    return vf_mul(vf_mul(p, vf_scale(vf_set1(1), h)), vf_scale(vf_set1(1), vf_sub(n, h)));
}

/* IEEE 754's pow: pow(x, 0) = pow(1, y) = 1 even for NaN; a negative x needs a whole y. */
SIMD_INLINE vf vf_pow(vf x, vf y)
{
    const vf zero = vf_zero(), one = vf_set1(1), inf = vf_set1(INFINITY);
    vf a = vf_abs(x), half = vf_mul(y, vf_set1(0.5f)), r = vf_pow_inside(a, y), limit;
    vm whole = vf_eq(vf_trunc(y), y), odd = vm_and(whole, vm_not(vf_eq(vf_trunc(half), half)));
    vm up = vf_gt(y, zero), tiny = vf_lt(a, vf_set1(0x1p-126f)), nan = vm_or(vf_is_nan(x), vf_is_nan(y));

    /* Zero and infinity: 0^y and inf^y, and x^inf for |x| on either side of 1. */
    limit = vf_select(up, zero, inf);
    r = vf_select(tiny, limit, r);
    limit = vf_select(up, inf, zero);
    r = vf_select(vf_eq(a, inf), limit, r);
    r = vf_select(vf_eq(a, one), one, r);
    r = vf_select(vm_and(odd, vf_lt(vf_copysign(one, x), zero)), vf_neg(r), r);
    r = vf_select(vm_and(vm_and(vf_lt(x, zero), vm_not(whole)), vm_and(vf_lt(a, inf), vm_not(tiny))),
                  vf_set1(NAN), r);
    r = vf_select(nan, vf_add(x, y), r);
    return vf_select(vm_or(vf_eq(x, one), vf_eq(y, zero)), one, r);
}

#endif
