/* Plans of Fourier transforms: radices and twiddles. */
#include "fft.h"

#include <math.h>
#include <string.h>

static int64_t largest_prime(int64_t n)
{
    int64_t most = 1;

    for (int64_t p = 2; p * p <= n; p++) {
        while (n % p == 0) {
            most = p;
            n /= p;
        }
    }
    return n > most ? n : most;
}

static bool is_chirped(int64_t n)
{
    return largest_prime(n) > CPU_FFT_PRIME;
}

static int64_t convolution_size(int64_t n)
{
    int64_t size = 1;

    while (size < 2 * n - 1) {
        size *= 2;
    }
    return size;
}

static int next_radix(int64_t n)
{
    int p = 3;

    if (n % 8 == 0 && n != 16) {
        return 8;
    }
    if (n % 4 == 0) {
        return 4;
    }
    if (n % 2 == 0) {
        return 2;
    }
    while (n % p) {
        p += 2;
    }
    return p;
}

/* ---- memory, handed out in one walk that also counts it */

struct walk {
    char *memory; /* NULL: only count */
    size_t used;
};

static void *take(struct walk *w, int64_t count, size_t size)
{
    void *p = w->memory ? w->memory + w->used : NULL;

    w->used += ((size_t)count * size + 63) & ~(size_t)63;
    return p;
}

/* exp(-2 pi i k / n) */
static void root(int64_t k, int64_t n, double *re, double *im)
{
    double angle = 2 * M_PI * (double)(k % n) / (double)n;

    *re = cos(angle);
    *im = -sin(angle);
}

static void put_root(float *dst, int64_t k, int64_t n)
{
    double re, im;

    root(k, n, &re, &im);
    dst[0] = (float)re;
    dst[1] = (float)im;
}

static void plan_passes(struct walk *w, struct cpu_fft_plan *plan, int64_t n)
{
    for (int i = 0; n > 1; i++) {
        int r = next_radix(n);
        int64_t m = n / r;
        float *twiddles = take(w, m * (r - 1) * 2, sizeof(float)), *roots = take(w, 2 * r, sizeof(float));

        if (w->memory) {
            plan->radix[i] = r;
            plan->twiddles[i] = twiddles;
            plan->roots[i] = roots;
            plan->passes = i + 1;
            for (int64_t p = 0; p < m; p++) {
                for (int k = 1; k < r; k++) {
                    put_root(twiddles + (p * (r - 1) + k - 1) * 2, p * k, n);
                }
            }
            for (int k = 0; k < r; k++) {
                put_root(roots + 2 * k, k, r);
                roots[2 * k + 1] = -roots[2 * k + 1];
            }
        }
        n = m;
    }
}

/* In place, of a power of two of complex doubles: for tables only. */
static void transform(double *x, int64_t n)
{
    for (int64_t i = 1, j = 0; i < n; i++) {
        int64_t bit = n >> 1;

        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            double t[2] = {x[2 * i], x[2 * i + 1]};

            memcpy(x + 2 * i, x + 2 * j, sizeof(t));
            memcpy(x + 2 * j, t, sizeof(t));
        }
    }
    for (int64_t half = 1; half < n; half *= 2) {
        for (int64_t k = 0; k < half; k++) {
            double wr, wi;

            root(k, 2 * half, &wr, &wi);
            for (int64_t i = k; i < n; i += 2 * half) {
                double *a = x + 2 * i, *b = x + 2 * (i + half);
                double re = b[0] * wr - b[1] * wi, im = b[0] * wi + b[1] * wr;

                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
        }
    }
}

static struct cpu_fft_plan *make(struct walk *w, int64_t n, bool real);

static void plan_chirp(struct walk *w, struct cpu_fft_plan *plan, int64_t n)
{
    int64_t size = convolution_size(n);
    struct cpu_fft_plan *inner = make(w, size, false);
    float *chirp = take(w, 2 * n, sizeof(float)), *spectrum = take(w, 2 * size, sizeof(float));
    double *work = take(w, 2 * size, sizeof(double));

    if (!w->memory) {
        return;
    }
    for (int64_t j = 0; j < n; j++) {
        double re, im;

        root((int64_t)((unsigned __int128)j * (unsigned __int128)j % (unsigned __int128)(2 * n)), 2 * n, &re,
             &im);
        chirp[2 * j] = (float)re;
        chirp[2 * j + 1] = (float)im;
        work[2 * j] = re;
        work[2 * j + 1] = -im;
        if (j) {
            memcpy(work + 2 * (size - j), work + 2 * j, 2 * sizeof(double));
        }
    }
    transform(work, size);
    for (int64_t i = 0; i < 2 * size; i++) {
        spectrum[i] = (float)(work[i] / (double)size);
    }
    plan->inner = inner;
    plan->chirp = chirp;
    plan->spectrum = spectrum;
}

static struct cpu_fft_plan *make(struct walk *w, int64_t n, bool real)
{
    struct cpu_fft_plan *plan = take(w, 1, sizeof(*plan));
    float *halves = real ? take(w, 2 * (n / 2 + 1), sizeof(float)) : NULL;

    if (w->memory) {
        plan->n = n;
        plan->real = halves;
        for (int64_t k = 0; real && k <= n / 2; k++) {
            put_root(halves + 2 * k, k, 2 * n);
        }
    }
    if (is_chirped(n)) {
        plan_chirp(w, plan, n);
    } else {
        plan_passes(w, plan, n);
    }
    return plan;
}

size_t cpu_fft_plan_bytes(int64_t n, bool real)
{
    struct walk w = {0};

    if (n < 1 || n > (int64_t)1 << 30) {
        return 0;
    }
    make(&w, n, real);
    return w.used;
}

const struct cpu_fft_plan *cpu_fft_plan_init(void *memory, int64_t n, bool real)
{
    struct walk w = {.memory = memory};

    return make(&w, n, real);
}

int64_t cpu_fft_scratch(const struct cpu_fft_plan *plan, int lanes)
{
    int64_t elements = 2 * (plan->n + 1) + (plan->inner ? 2 * (plan->inner->n + 1) : 0);

    return elements * 2 * lanes;
}

/* ---- lines that fill the vectors themselves */

static struct cpu_fft_inside *make_inside(struct walk *w, int64_t n, bool real, int lanes)
{
    struct cpu_fft_inside *p = take(w, 1, sizeof(*p));
    int64_t m = n / lanes;
    float *twiddles = take(w, 2 * n, sizeof(float)),
          *halves = real ? take(w, 2 * (n + 1), sizeof(float)) : NULL;
    struct cpu_fft_plan *plan = make(w, m, false);

    if (!w->memory) {
        return p;
    }
    *p = (struct cpu_fft_inside){n, m, plan, twiddles, halves};
    for (int64_t k = 0; k < m; k++) {
        for (int l = 0; l < lanes; l++) {
            float pair[2];

            put_root(pair, k * l, n);
            twiddles[2 * k * lanes + l] = pair[0];
            twiddles[(2 * k + 1) * lanes + l] = pair[1];
        }
    }
    for (int64_t k = 0; real && k <= n; k++) {
        put_root(halves + 2 * k, k, 2 * n);
    }
    return p;
}

size_t cpu_fft_inside_bytes(int64_t n, bool real, int lanes)
{
    struct walk w = {0};

    if (lanes < 2 || n < lanes || n % lanes || n > (int64_t)1 << 30 || is_chirped(n / lanes)) {
        return 0;
    }
    make_inside(&w, n, real, lanes);
    return w.used;
}

const struct cpu_fft_inside *cpu_fft_inside_init(void *memory, int64_t n, bool real, int lanes)
{
    struct walk w = {.memory = memory};

    return make_inside(&w, n, real, lanes);
}

int64_t cpu_fft_inside_scratch(int64_t n, int lanes)
{
    return 4 * (n + 2 * lanes + 1);
}
