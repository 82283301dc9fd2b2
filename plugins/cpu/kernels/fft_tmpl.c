/* Fourier transforms of SIMD_LANES lines at a time. */
#include "fft.h"
#include "simd.h"

#define L     SIMD_LANES
#define WHOLE (2 * L) /* floats of a complex vector */

struct cv {
    vf re, im;
};

SIMD_INLINE struct cv cv_load(const float *p)
{
    return (struct cv){vf_load(p), vf_load(p + L)};
}

SIMD_INLINE void cv_store(float *p, struct cv a)
{
    vf_store(p, a.re);
    vf_store(p + L, a.im);
}

SIMD_INLINE struct cv cv_add(struct cv a, struct cv b)
{
    return (struct cv){vf_add(a.re, b.re), vf_add(a.im, b.im)};
}

SIMD_INLINE struct cv cv_sub(struct cv a, struct cv b)
{
    return (struct cv){vf_sub(a.re, b.re), vf_sub(a.im, b.im)};
}

/* a times the number at w. */
SIMD_INLINE struct cv cv_mul(struct cv a, const float *w)
{
    vf re = vf_set1(w[0]), im = vf_set1(w[1]);

    return (struct cv){vf_fnma(a.im, im, vf_mul(a.re, re)), vf_fma(a.re, im, vf_mul(a.im, re))};
}

/* a - i b and a + i b */
SIMD_INLINE struct cv cv_turned(struct cv a, struct cv b)
{
    return (struct cv){vf_add(a.re, b.im), vf_sub(a.im, b.re)};
}

SIMD_INLINE struct cv cv_turned_back(struct cv a, struct cv b)
{
    return (struct cv){vf_sub(a.re, b.im), vf_add(a.im, b.re)};
}

/* ---- butterflies: transforms of r elements in place, in natural order */

SIMD_INLINE void butterfly_4(struct cv *t0, struct cv *t1, struct cv *t2, struct cv *t3)
{
    struct cv a = cv_add(*t0, *t2), b = cv_sub(*t0, *t2), c = cv_add(*t1, *t3), d = cv_sub(*t1, *t3);

    *t0 = cv_add(a, c);
    *t1 = cv_turned(b, d);
    *t2 = cv_sub(a, c);
    *t3 = cv_turned_back(b, d);
}

SIMD_INLINE void butterfly_8(struct cv *t)
{
    vf half = vf_set1(0.70710678118654752f);
    struct cv e0 = t[0], e1 = t[2], e2 = t[4], e3 = t[6], o0 = t[1], o1 = t[3], o2 = t[5], o3 = t[7], a, b;

    butterfly_4(&e0, &e1, &e2, &e3);
    butterfly_4(&o0, &o1, &o2, &o3);
    a = (struct cv){vf_mul(half, vf_add(o1.re, o1.im)), vf_mul(half, vf_sub(o1.im, o1.re))};
    b = (struct cv){vf_mul(half, vf_sub(o3.im, o3.re)), vf_mul(half, vf_add(o3.im, o3.re))};
    t[0] = cv_add(e0, o0);
    t[4] = cv_sub(e0, o0);
    t[1] = cv_add(e1, a);
    t[5] = cv_sub(e1, a);
    t[2] = cv_turned(e2, o2);
    t[6] = cv_turned_back(e2, o2);
    t[3] = (struct cv){vf_add(e3.re, b.re), vf_sub(e3.im, b.im)};
    t[7] = (struct cv){vf_sub(e3.re, b.re), vf_add(e3.im, b.im)};
}

/* r is 3, 5 or 7; pairs t[j] and t[r - j] share their cosines and sines. */
SIMD_INLINE void butterfly_odd(struct cv *t, int r, const float *roots)
{
    int half = (r - 1) / 2;
    struct cv sum = t[0], first = t[0], even[3], odd[3];

    UNROLL
    for (int j = 1; j <= half; j++) {
        even[j - 1] = cv_add(t[j], t[r - j]);
        odd[j - 1] = cv_sub(t[j], t[r - j]);
        sum = cv_add(sum, even[j - 1]);
    }
    t[0] = sum;
    UNROLL
    for (int k = 1; k <= half; k++) {
        struct cv a = first, b = {vf_zero(), vf_zero()};
        int at = 0;

        UNROLL
        for (int j = 0; j < half; j++) {
            vf c, s;

            at = at + k >= r ? at + k - r : at + k;
            c = vf_set1(roots[2 * at]);
            s = vf_set1(roots[2 * at + 1]);
            a = (struct cv){vf_fma(c, even[j].re, a.re), vf_fma(c, even[j].im, a.im)};
            b = (struct cv){vf_fma(s, odd[j].re, b.re), vf_fma(s, odd[j].im, b.im)};
        }
        t[k] = cv_turned(a, b);
        t[r - k] = cv_turned_back(a, b);
    }
}

SIMD_INLINE void butterfly(struct cv *t, int r, const float *roots)
{
    if (r == 2) {
        struct cv a = t[0];

        t[0] = cv_add(a, t[1]);
        t[1] = cv_sub(a, t[1]);
    } else if (r == 4) {
        butterfly_4(t, t + 1, t + 2, t + 3);
    } else if (r == 8) {
        butterfly_8(t);
    } else {
        butterfly_odd(t, r, roots);
    }
}

/* ---- passes: y[q + s (r p + k)] = w^(p k) sum over j of x[q + s (p + m j)] exp(-2 pi i j k / r) */

SIMD_INLINE void column(const float *x, float *y, int r, int64_t m, int64_t s, int64_t p, const float *w,
                        const float *roots)
{
    for (int64_t q = 0; q < s; q++) {
        struct cv t[8];

        t[0] = cv_load(x + (q + s * p) * WHOLE);
        UNROLL
        for (int j = 1; j < r; j++) {
            t[j] = cv_load(x + (q + s * (p + m * j)) * WHOLE);
        }
        butterfly(t, r, roots);
        cv_store(y + (q + s * r * p) * WHOLE, t[0]);
        UNROLL
        for (int k = 1; k < r; k++) {
            cv_store(y + (q + s * (r * p + k)) * WHOLE, w ? cv_mul(t[k], w + 2 * (k - 1)) : t[k]);
        }
    }
}

SIMD_INLINE void pass(const float *x, float *y, int r, int64_t m, int64_t s, const float *twiddles,
                      const float *roots)
{
    column(x, y, r, m, s, 0, NULL, roots);
    for (int64_t p = 1; p < m; p++) {
        column(x, y, r, m, s, p, twiddles + p * (r - 1) * 2, roots);
    }
}

SIMD_NOINLINE void pass_2(const float *x, float *y, int64_t m, int64_t s, const float *w)
{
    pass(x, y, 2, m, s, w, NULL);
}

SIMD_NOINLINE void pass_4(const float *x, float *y, int64_t m, int64_t s, const float *w)
{
    pass(x, y, 4, m, s, w, NULL);
}

SIMD_NOINLINE void pass_8(const float *x, float *y, int64_t m, int64_t s, const float *w)
{
    pass(x, y, 8, m, s, w, NULL);
}

SIMD_NOINLINE void pass_3(const float *x, float *y, int64_t m, int64_t s, const float *w, const float *roots)
{
    pass(x, y, 3, m, s, w, roots);
}

SIMD_NOINLINE void pass_5(const float *x, float *y, int64_t m, int64_t s, const float *w, const float *roots)
{
    pass(x, y, 5, m, s, w, roots);
}

SIMD_NOINLINE void pass_7(const float *x, float *y, int64_t m, int64_t s, const float *w, const float *roots)
{
    pass(x, y, 7, m, s, w, roots);
}

/* A radix that only the plan knows. */
SIMD_NOINLINE void pass_odd(const float *x, float *y, int r, int64_t m, int64_t s, const float *twiddles,
                            const float *roots)
{
    struct cv even[CPU_FFT_PRIME / 2], odd[CPU_FFT_PRIME / 2];
    int half = (r - 1) / 2;

    for (int64_t i = 0; i < m * s; i++) {
        int64_t p = i / s, q = i % s;
        const float *from = x + (q + s * p) * WHOLE, *w = twiddles + p * (r - 1) * 2 - 2;
        float *to = y + (q + s * r * p) * WHOLE;
        struct cv first = cv_load(from), sum = first;

        for (int j = 1; j <= half; j++) {
            struct cv a = cv_load(from + s * m * j * WHOLE), b = cv_load(from + s * m * (r - j) * WHOLE);

            even[j - 1] = cv_add(a, b);
            odd[j - 1] = cv_sub(a, b);
            sum = cv_add(sum, even[j - 1]);
        }
        cv_store(to, sum);
        for (int k = 1; k <= half; k++) {
            struct cv a = first, b = {vf_zero(), vf_zero()};
            int at = 0;

            for (int j = 0; j < half; j++) {
                vf c, sine;

                at = at + k >= r ? at + k - r : at + k;
                c = vf_set1(roots[2 * at]);
                sine = vf_set1(roots[2 * at + 1]);
                a = (struct cv){vf_fma(c, even[j].re, a.re), vf_fma(c, even[j].im, a.im)};
                b = (struct cv){vf_fma(sine, odd[j].re, b.re), vf_fma(sine, odd[j].im, b.im)};
            }
            cv_store(to + s * k * WHOLE, cv_mul(cv_turned(a, b), w + 2 * k));
            cv_store(to + s * (r - k) * WHOLE, cv_mul(cv_turned_back(a, b), w + 2 * (r - k)));
        }
    }
}

static float *run_passes(const struct cpu_fft_plan *plan, float *x, float *y)
{
    int64_t n = plan->n, s = 1;

    for (int i = 0; i < plan->passes; i++) {
        int r = plan->radix[i];
        int64_t m = n / r;
        const float *w = plan->twiddles[i], *roots = plan->roots[i];
        float *t = x;

        switch (r) {
        case 2: pass_2(x, y, m, s, w); break;
        case 3: pass_3(x, y, m, s, w, roots); break;
        case 4: pass_4(x, y, m, s, w); break;
        case 5: pass_5(x, y, m, s, w, roots); break;
        case 7: pass_7(x, y, m, s, w, roots); break;
        case 8: pass_8(x, y, m, s, w); break;
        default: pass_odd(x, y, r, m, s, w, roots); break;
        }
        n = m;
        s *= r;
        x = y;
        y = t;
    }
    return x;
}

/* X[k] = chirp[k] (x chirp) * conj(chirp): a convolution, whose inverse transform is a forward one of
 * exchanged parts. */
static float *run_chirp(const struct cpu_fft_plan *plan, float *block, float *c)
{
    int64_t n = plan->n, size = plan->inner->n;
    float *d = c + (size + 1) * WHOLE, *t;

    for (int64_t j = 0; j < n; j++) {
        cv_store(c + j * WHOLE, cv_mul(cv_load(block + j * WHOLE), plan->chirp + 2 * j));
    }
    memset(c + n * WHOLE, 0, (size_t)((size - n) * WHOLE) * sizeof(*c));
    t = run_passes(plan->inner, c, d);
    for (int64_t j = 0; j < size; j++) {
        struct cv a = cv_mul(cv_load(t + j * WHOLE), plan->spectrum + 2 * j);

        cv_store(t + j * WHOLE, (struct cv){a.im, a.re});
    }
    t = run_passes(plan->inner, t, t == c ? d : c);
    for (int64_t k = 0; k < n; k++) {
        struct cv a = cv_load(t + k * WHOLE);

        cv_store(block + k * WHOLE, cv_mul((struct cv){a.im, a.re}, plan->chirp + 2 * k));
    }
    return block;
}

static float *run(const struct cpu_fft_plan *plan, float *scratch)
{
    float *second = scratch + (plan->n + 1) * WHOLE;

    return plan->inner ? run_chirp(plan, scratch, second + (plan->n + 1) * WHOLE)
                       : run_passes(plan, scratch, second);
}

/* ---- real signals */

SIMD_INLINE struct cv cv_conj(struct cv a)
{
    return (struct cv){a.re, vf_neg(a.im)};
}

SIMD_INLINE struct cv cv_half(struct cv a)
{
    return (struct cv){vf_mul(vf_set1(0.5f), a.re), vf_mul(vf_set1(0.5f), a.im)};
}

static void unpack(const struct cpu_fft_plan *plan, const float *src, float *dst)
{
    int64_t n = plan->n;
    struct cv z = cv_load(src);

    cv_store(dst, (struct cv){vf_add(z.re, z.im), vf_zero()});
    cv_store(dst + n * WHOLE, (struct cv){vf_sub(z.re, z.im), vf_zero()});
    for (int64_t k = 1; k <= n / 2; k++) {
        struct cv a = cv_load(src + k * WHOLE), b = cv_conj(cv_load(src + (n - k) * WHOLE));
        struct cv even = cv_half(cv_add(a, b)), odd = cv_mul(cv_half(cv_sub(a, b)), plan->real + 2 * k);

        cv_store(dst + k * WHOLE, cv_turned(even, odd));
        cv_store(dst + (n - k) * WHOLE, cv_conj(cv_turned_back(even, odd)));
    }
}

static void pack(const struct cpu_fft_plan *plan, const float *src, float *dst)
{
    int64_t n = plan->n;
    vf first = vf_load(src), last = vf_load(src + n * WHOLE);

    cv_store(dst, (struct cv){vf_sub(first, last), vf_add(first, last)});
    for (int64_t k = 1; k <= n / 2; k++) {
        struct cv a = cv_load(src + k * WHOLE), b = cv_conj(cv_load(src + (n - k) * WHOLE));
        float back[2] = {plan->real[2 * k], -plan->real[2 * k + 1]};
        struct cv even = cv_add(a, b), odd = cv_mul(cv_sub(a, b), back);
        struct cv z = cv_turned_back(even, odd), y = cv_conj(cv_turned(even, odd));

        cv_store(dst + k * WHOLE, (struct cv){z.im, z.re});
        cv_store(dst + (n - k) * WHOLE, (struct cv){y.im, y.re});
    }
}

static void mirror(float *block, int64_t n)
{
    vf_store(block + L, vf_load(block));
    vf_store(block, vf_zero());
    for (int64_t k = 1; k <= n / 2; k++) {
        struct cv a = cv_load(block + k * WHOLE);

        if (2 * k == n) {
            cv_store(block + k * WHOLE, (struct cv){vf_zero(), a.re});
        } else {
            cv_store(block + k * WHOLE, (struct cv){a.im, a.re});
            cv_store(block + (n - k) * WHOLE, (struct cv){vf_neg(a.im), a.re});
        }
    }
}

static void window(const float *w, bool pairs, int64_t n, float *block)
{
    for (int64_t j = 0; j < n; j++) {
        float *p = block + j * WHOLE;

        vf_store(p, vf_mul(vf_load(p), vf_set1(w[pairs ? 2 * j : j])));
        if (pairs) {
            vf_store(p + L, vf_mul(vf_load(p + L), vf_set1(w[2 * j + 1])));
        }
    }
}

/* ---- between tensors and blocks */

SIMD_INLINE int clip(int64_t n)
{
    return n < 0 ? 0 : n < L ? (int)n : L;
}

/* One element of each line, wherever it is. */
static void load_scattered(const float *base, const struct cpu_fft_side *side, int64_t from, int64_t n,
                           bool swap, float *block)
{
    int64_t im = swap ? 0 : L, re = L - im;

    for (int64_t j = from; j < n; j++) {
        for (int l = 0; l < L; l++) {
            const float *p = base + side->offsets[l < side->lines ? l : 0] + j * side->step;

            block[j * WHOLE + re + l] = j < side->re_count ? p[0] : 0;
            block[j * WHOLE + im + l] = j < side->im_count ? p[side->im] : 0;
        }
    }
}

static void store_scattered(const float *block, const struct cpu_fft_side *side, int64_t n, bool swap,
                            float scale, float *base)
{
    int64_t im = swap ? 0 : L, re = L - im;

    for (int64_t j = 0; j < n; j++) {
        for (int l = 0; l < side->lines; l++) {
            float *p = base + side->offsets[l] + j * side->step;

            if (j < side->re_count) {
                p[0] = block[j * WHOLE + re + l] * scale;
            }
            if (j < side->im_count) {
                p[side->im] = block[j * WHOLE + im + l] * scale;
            }
        }
    }
}

#if SIMD_LANES == 1

static void load(const float *base, const struct cpu_fft_side *side, int64_t n, bool swap, float *block)
{
    load_scattered(base, side, 0, n, swap, block);
}

static void store(const float *block, const struct cpu_fft_side *side, int64_t n, bool swap, float scale,
                  float *base)
{
    store_scattered(block, side, n, swap, scale, base);
}

#else

#if SIMD_LANES == 16
#define LOW(a, b)  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b)  __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#else
#define LOW(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b)  __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#endif

/* Perfect shuffles: as many as the lanes have bits. */
SIMD_INLINE void transpose(vf *v)
{
    UNROLL
    for (int stage = 1; stage < L; stage *= 2) {
        vf t[L];

        UNROLL
        for (int i = 0; i < L / 2; i++) {
            t[2 * i] = LOW(v[i], v[i + L / 2]);
            t[2 * i + 1] = HIGH(v[i], v[i + L / 2]);
        }
        UNROLL
        for (int i = 0; i < L; i++) {
            v[i] = t[i];
        }
    }
}

/* L floats of each line, `take` of them there, become L / 2 elements. */
SIMD_INLINE void load_square(const float *base, const int64_t *offsets, int take, bool swap, float *block)
{
    vf v[L];

    UNROLL
    for (int l = 0; l < L; l++) {
        v[l] = take == L ? vf_load(base + offsets[l]) : vf_load_n(base + offsets[l], take);
    }
    transpose(v);
    UNROLL
    for (int i = 0; i < L; i += 2) {
        vf_store(block + i * L + (swap ? L : 0), v[i]);
        vf_store(block + i * L + (swap ? 0 : L), v[i + 1]);
    }
}

static void load_lines(const float *base, const struct cpu_fft_side *side, int64_t n, bool swap, float *block)
{
    int64_t floats = side->re_count + side->im_count, offsets[L], j = 0;

    for (int l = 0; l < L; l++) {
        offsets[l] = side->offsets[l < side->lines ? l : 0];
    }
    floats = floats < 2 * n ? floats : 2 * n;
    for (; j + L / 2 <= n && 2 * j < floats; j += L / 2) {
        load_square(base + 2 * j, offsets, clip(floats - 2 * j), swap, block + j * WHOLE);
    }
    load_scattered(base, side, j, n, swap, block);
}

static void store_lines(const float *block, const struct cpu_fft_side *side, int64_t n, bool swap,
                        float scale, float *base)
{
    int64_t floats = side->re_count + side->im_count;
    vf by = vf_set1(scale);

    floats = floats < 2 * n ? floats : 2 * n;
    for (int64_t j = 0; 2 * j < floats; j += L / 2) {
        vf v[L];
        int take = clip(floats - 2 * j);

        for (int i = 0; i < L; i += 2) {
            const float *p = block + (j + i / 2 < n ? j + i / 2 : n - 1) * WHOLE;

            v[i] = vf_mul(by, vf_load(p + (swap ? L : 0)));
            v[i + 1] = vf_mul(by, vf_load(p + (swap ? 0 : L)));
        }
        transpose(v);
        for (int l = 0; l < side->lines; l++) {
            vf_store_n(base + side->offsets[l] + 2 * j, v[l], take);
        }
    }
}

/* Lines side by side: complex numbers (2), or real ones (1). */
static void load_adjacent(const float *base, const struct cpu_fft_side *side, int64_t n, bool swap,
                          float *block)
{
    int lines = side->lines;

    base += side->offsets[0];
    for (int64_t j = 0; j < n; j++) {
        const float *p = base + j * side->step;
        vf re = vf_zero(), im = vf_zero();

        if (side->adjacent == 2 && j < side->re_count) {
            vf a = vf_load_n(p, clip(2 * lines)), b = vf_load_n(p + L, clip(2 * lines - L));

            re = EVEN(a, b);
            im = ODD(a, b);
        } else if (side->adjacent == 1) {
            re = j < side->re_count ? vf_load_n(p, lines) : re;
            im = j < side->im_count ? vf_load_n(p + side->im, lines) : im;
        }
        cv_store(block + j * WHOLE, swap ? (struct cv){im, re} : (struct cv){re, im});
    }
}

static void store_adjacent(const float *block, const struct cpu_fft_side *side, int64_t n, bool swap,
                           float scale, float *base)
{
    int lines = side->lines;
    vf by = vf_set1(scale);

    base += side->offsets[0];
    for (int64_t j = 0; j < n; j++) {
        float *p = base + j * side->step;
        struct cv a = cv_load(block + j * WHOLE);
        vf re = vf_mul(by, swap ? a.im : a.re), im = vf_mul(by, swap ? a.re : a.im);

        if (side->adjacent == 2 && j < side->re_count) {
            vf_store_n(p, LOW(re, im), clip(2 * lines));
            vf_store_n(p + L, HIGH(re, im), clip(2 * lines - L));
        } else if (side->adjacent == 1) {
            if (j < side->re_count) {
                vf_store_n(p, re, lines);
            }
            if (j < side->im_count) {
                vf_store_n(p + side->im, im, lines);
            }
        }
    }
}

static bool are_pairs(const struct cpu_fft_side *side)
{
    return side->im == 1 && side->re_count - side->im_count >= 0 && side->re_count - side->im_count <= 1;
}

static void load(const float *base, const struct cpu_fft_side *side, int64_t n, bool swap, float *block)
{
    if (side->adjacent == 1 || (side->adjacent == 2 && are_pairs(side) && side->re_count == side->im_count)) {
        load_adjacent(base, side, n, swap, block);
    } else if (side->step == 2 && are_pairs(side)) {
        load_lines(base, side, n, swap, block);
    } else {
        load_scattered(base, side, 0, n, swap, block);
    }
}

static void store(const float *block, const struct cpu_fft_side *side, int64_t n, bool swap, float scale,
                  float *base)
{
    if (side->adjacent == 1 || (side->adjacent == 2 && are_pairs(side) && side->re_count == side->im_count)) {
        store_adjacent(block, side, n, swap, scale, base);
    } else if (side->step == 2 && are_pairs(side)) {
        store_lines(block, side, n, swap, scale, base);
    } else {
        store_scattered(block, side, n, swap, scale, base);
    }
}

/* ---- one contiguous line: its elements l, l + L, l + 2 L, ... are lane l, whose transforms of n / L
 * elements are joined by transforms across the lanes */

SIMD_INLINE void across(struct cv *t)
{
#if SIMD_LANES == 16
    static const float w[10][2] = {{1, 0},
                                   {0.92387953251128674f, -0.38268343236508977f},
                                   {0.70710678118654752f, -0.70710678118654752f},
                                   {0.38268343236508977f, -0.92387953251128674f},
                                   {0, -1},
                                   {-0.38268343236508977f, -0.92387953251128674f},
                                   {-0.70710678118654752f, -0.70710678118654752f},
                                   {-0.92387953251128674f, -0.38268343236508977f},
                                   {-1, 0},
                                   {-0.92387953251128674f, 0.38268343236508977f}};
    struct cv u[16];

    UNROLL
    for (int j = 0; j < 4; j++) {
        butterfly_4(t + j, t + j + 4, t + j + 8, t + j + 12);
    }
    UNROLL
    for (int i = 0; i < 16; i++) { /* t[j + 4 k] */
        u[i] = i % 4 && i / 4 ? cv_mul(t[i], w[i % 4 * (i / 4)]) : t[i];
    }
    UNROLL
    for (int k = 0; k < 4; k++) {
        butterfly_4(u + 4 * k, u + 4 * k + 1, u + 4 * k + 2, u + 4 * k + 3);
        t[k] = u[4 * k];
        t[k + 4] = u[4 * k + 1];
        t[k + 8] = u[4 * k + 2];
        t[k + 12] = u[4 * k + 3];
    }
#else
    butterfly_8(t);
#endif
}

/* The m transformed lanes at src to real and imaginary parts of the line's n elements. */
static void join_lanes(const struct cpu_fft_inside *p, const float *src, float *re, float *im)
{
    for (int64_t k = 0; k < p->m; k += L) {
        int take = clip(p->m - k);
        vf a[L], b[L];
        struct cv t[L];

        for (int i = 0; i < L; i++) {
            int64_t at = i < take ? k + i : k;
            struct cv x = cv_load(src + at * WHOLE), w = cv_load(p->twiddles + at * WHOLE);

            a[i] = vf_fnma(x.im, w.im, vf_mul(x.re, w.re));
            b[i] = vf_fma(x.re, w.im, vf_mul(x.im, w.re));
        }
        transpose(a);
        transpose(b);
        for (int i = 0; i < L; i++) {
            t[i] = (struct cv){a[i], b[i]};
        }
        across(t);
        for (int c = 0; c < L; c++) {
            vf_store_n(re + c * p->m + k, t[c].re, take);
            vf_store_n(im + c * p->m + k, t[c].im, take);
        }
    }
}

/* Interleaved numbers of which `floats` are there. */
SIMD_INLINE struct cv cv_load_pairs(const float *p, int64_t floats)
{
    vf a = vf_load_n(p, clip(floats)), b = vf_load_n(p + (floats > L ? L : 0), clip(floats - L));

    return (struct cv){EVEN(a, b), ODD(a, b)};
}

SIMD_INLINE void cv_store_pairs(float *p, struct cv a, int64_t floats)
{
    vf_store_n(p, LOW(a.re, a.im), clip(floats));
    if (floats > L) {
        vf_store_n(p + L, HIGH(a.re, a.im), clip(floats - L));
    }
}

SIMD_INLINE vf turned_around(vf a)
{
#if SIMD_LANES == 16
    return __builtin_shufflevector(a, a, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
#else
    return __builtin_shufflevector(a, a, 7, 6, 5, 4, 3, 2, 1, 0);
#endif
}

/* L elements that end at `last`, the last one first. What lies in front of the line is zero. */
SIMD_INLINE struct cv cv_load_back(const float *re, const float *im, int64_t last)
{
    float r[L], i[L];

    if (last >= L - 1) {
        return (struct cv){turned_around(vf_load(re + last - L + 1)),
                           turned_around(vf_load(im + last - L + 1))};
    }
    for (int k = 0; k < L; k++) {
        r[k] = last >= k ? re[last - k] : 0;
        i[k] = last >= k ? im[last - k] : 0;
    }
    return (struct cv){vf_load(r), vf_load(i)};
}

/* n + 1 elements of a real signal's spectrum; element n of re and im is written. */
static void unpack_inside(const struct cpu_fft_inside *p, float *re, float *im, float scale, float *dst)
{
    vf half = vf_set1(0.5f * scale);

    re[p->n] = re[0];
    im[p->n] = im[0];
    for (int64_t k = 0; k <= p->n; k += L) {
        int64_t floats = 2 * (p->n + 1 - k);
        int take = clip(p->n + 1 - k);
        struct cv a = {vf_load_n(re + k, take), vf_load_n(im + k, take)}, b = cv_load_back(re, im, p->n - k);
        struct cv w = cv_load_pairs(p->real + 2 * k, floats);
        struct cv even = {vf_add(a.re, b.re), vf_sub(a.im, b.im)},
                  odd = {vf_sub(a.re, b.re), vf_add(a.im, b.im)};
        struct cv x = {vf_fnma(odd.im, w.im, vf_mul(odd.re, w.re)),
                       vf_fma(odd.re, w.im, vf_mul(odd.im, w.re))};

        x = cv_turned(even, x);
        cv_store_pairs(dst + 2 * k, (struct cv){vf_mul(half, x.re), vf_mul(half, x.im)}, floats);
    }
    dst[1] = 0;
    dst[2 * p->n + 1] = 0;
}

/* The other way: `floats` of the spectrum are there; exchanged. re and im are room for n + 1 elements. */
static void pack_inside(const struct cpu_fft_inside *p, const float *src, int64_t floats, float *re,
                        float *im, float *block)
{
    for (int64_t k = 0; k <= p->n; k += L) {
        struct cv a = cv_load_pairs(src + (2 * k < floats ? 2 * k : 0), floats - 2 * k);
        int take = clip(p->n + 1 - k);

        vf_store_n(re + k, a.re, take);
        vf_store_n(im + k, a.im, take);
    }
    im[0] = 0;
    im[p->n] = 0;
    for (int64_t k = 0; k < p->n; k += L) {
        struct cv a = {vf_load(re + k), vf_load(im + k)}, b = cv_load_back(re, im, p->n - k);
        struct cv w = cv_load_pairs(p->real + 2 * k, 2 * L);
        struct cv even = {vf_add(a.re, b.re), vf_sub(a.im, b.im)},
                  odd = {vf_sub(a.re, b.re), vf_add(a.im, b.im)};
        struct cv x = {vf_fma(odd.im, w.im, vf_mul(odd.re, w.re)),
                       vf_fnma(odd.re, w.im, vf_mul(odd.im, w.re))};

        x = cv_turned_back(even, x);
        cv_store(block + k / L * WHOLE, (struct cv){x.im, x.re});
    }
}

static void inside(const struct cpu_fft_inside *p, enum cpu_fft_form form, bool swap, const float *src,
                   int64_t floats, float scale, float *dst, float *scratch)
{
    int64_t room = (p->n + 1 + L) & ~(int64_t)(L - 1);
    float *block = scratch, *other = scratch + 2 * room, *result, *re, *im;
    vf by = vf_set1(scale);

    if (form == CPU_FFT_REAL_OUT) {
        pack_inside(p, src, floats, other, other + room, block);
    } else {
        for (int64_t j = 0; j < p->m; j++) {
            struct cv a = cv_load_pairs(src + (2 * j * L < floats ? 2 * j * L : 0), floats - 2 * j * L);

            cv_store(block + j * WHOLE, swap ? (struct cv){a.im, a.re} : a);
        }
    }
    result = run_passes(p->plan, block, other);
    re = result == block ? other : block;
    im = re + room;
    join_lanes(p, result, re, im);
    if (form == CPU_FFT_REAL_IN) {
        unpack_inside(p, re, im, scale, dst);
        return;
    }
    for (int64_t k = 0; k < p->n; k += L) {
        struct cv a = {vf_mul(by, vf_load(re + k)), vf_mul(by, vf_load(im + k))};

        cv_store_pairs(dst + 2 * k, swap || form == CPU_FFT_REAL_OUT ? (struct cv){a.im, a.re} : a,
                       2 * (p->n - k));
    }
}

#endif

const struct cpu_fft CPU_NAME(fft) = {
    .name = CPU_NAME_TEXT(fft),
    .isa = CPU_ISA_ID,
    .lanes = L,
    .load = load,
    .store = store,
    .run = run,
    .unpack = unpack,
    .pack = pack,
    .mirror = mirror,
    .window = window,
#if SIMD_LANES > 1
    .inside = inside,
#endif
};
