/* Discrete Fourier transforms of one line, for references. */
#ifndef VT_FFT_H
#define VT_FFT_H

#include "vt/status.h"

#include <stdbool.h>
#include <stdint.h>

/* In place over n complex numbers (real, imaginary), `stride` pairs apart. The inverse is divided by n.
 * Powers of two take n log n steps, others n^2. */
int vt_fft(double *data, int64_t n, int64_t stride, bool inverse, struct vt_error *err);

#endif
