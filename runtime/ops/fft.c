#include "fft.h"

#include "heap.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* exp(-2 pi i k / n) for k < n. */
static void fill_roots(double *roots, int64_t n, bool inverse)
{
    for (int64_t k = 0; k < n; k++) {
        double angle = 2 * M_PI * (double)k / (double)n;

        roots[2 * k] = cos(angle);
        roots[2 * k + 1] = inverse ? sin(angle) : -sin(angle);
    }
}

static void by_definition(const double *src, double *dst, const double *roots, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        double re = 0, im = 0;
        int64_t at = 0; /* i * k modulo n */

        for (int64_t i = 0; i < n; i++) {
            re += src[2 * i] * roots[2 * at] - src[2 * i + 1] * roots[2 * at + 1];
            im += src[2 * i] * roots[2 * at + 1] + src[2 * i + 1] * roots[2 * at];
            at += k;
            at -= at >= n ? n : 0;
        }
        dst[2 * k] = re;
        dst[2 * k + 1] = im;
    }
}

/* Decimation in time: dst = transform of n numbers of src that lie `step` apart. */
static void by_halves(const double *src, int64_t step, double *dst, const double *roots, int64_t n,
                      int64_t whole)
{
    if (n == 1) {
        dst[0] = src[0];
        dst[1] = src[1];
        return;
    }
    by_halves(src, 2 * step, dst, roots, n / 2, whole);
    by_halves(src + 2 * step, 2 * step, dst + n, roots, n / 2, whole);
    for (int64_t k = 0; k < n / 2; k++) {
        const double *w = roots + 2 * k * (whole / n);
        double *a = dst + 2 * k, *b = dst + n + 2 * k;
        double re = b[0] * w[0] - b[1] * w[1], im = b[0] * w[1] + b[1] * w[0];

        b[0] = a[0] - re;
        b[1] = a[1] - im;
        a[0] += re;
        a[1] += im;
    }
}

int vt_fft(double *data, int64_t n, int64_t stride, bool inverse, struct vt_error *err)
{
    double *src, *dst, *roots, scale = inverse ? 1 / (double)n : 1;

    if (n <= 1) {
        return VT_OK;
    }
    src = vt_temp_zero((size_t)n, 6 * sizeof(double));
    if (!src) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    dst = src + 2 * n;
    roots = dst + 2 * n;
    fill_roots(roots, n, inverse);
    for (int64_t i = 0; i < n; i++) {
        memcpy(src + 2 * i, data + 2 * i * stride, 2 * sizeof(double));
    }
    if ((n & (n - 1)) == 0) {
        by_halves(src, 1, dst, roots, n, n);
    } else {
        by_definition(src, dst, roots, n);
    }
    for (int64_t i = 0; i < n; i++) {
        data[2 * i * stride] = dst[2 * i] * scale;
        data[2 * i * stride + 1] = dst[2 * i + 1] * scale;
    }
    vt_temp_free(src);
    return VT_OK;
}
