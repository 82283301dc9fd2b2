#include "inverse.h"

#include "doubles.h"
#include "heap.h"

#include <math.h>

static void swap_rows(double *m, int64_t n, int64_t a, int64_t b)
{
    for (int64_t i = 0; i < n && a != b; i++) {
        double t = m[a * n + i];

        m[a * n + i] = m[b * n + i];
        m[b * n + i] = t;
    }
}

/* Gauss and Jordan with the largest pivot of each column: *m* becomes the identity, `inv`, the identity when
 * it comes, becomes the inverse. A singular matrix gives infinities and NaN. */
static void invert(double *m, double *inv, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t best = k;
        double pivot;

        for (int64_t i = k + 1; i < n; i++) {
            best = fabs(m[i * n + k]) > fabs(m[best * n + k]) ? i : best;
        }
        swap_rows(m, n, k, best);
        swap_rows(inv, n, k, best);
        pivot = m[k * n + k];
        for (int64_t j = 0; j < n; j++) {
            m[k * n + j] /= pivot;
            inv[k * n + j] /= pivot;
        }
        for (int64_t i = 0; i < n; i++) {
            double factor = m[i * n + k];

            for (int64_t j = 0; j < n && i != k; j++) {
                m[i * n + j] -= factor * m[k * n + j];
                inv[i * n + j] -= factor * inv[k * n + j];
            }
        }
    }
}

/* With `adjoint`, OpenVINO gives the inverse of the transposed matrix (the adjoint of a real one). */
int vt_inverse_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t n = src->dims[src->rank - 1], matrices = n ? vt_tensor_count(src) / (n * n) : 0;
    bool adjoint = vt_attr_bool(e->node, "adjoint");
    double *m = vt_doubles(src, e->err), *inv = m ? vt_doubles_zero(n * n, e->err) : NULL;

    for (int64_t b = 0; inv && b < matrices; b++) {
        for (int64_t i = 0; i < n * n; i++) {
            inv[i] = i / n == i % n;
        }
        invert(m + b * n * n, inv, n);
        for (int64_t i = 0; i < n * n; i++) {
            vt_store_double(&e->out[0], b * n * n + i, inv[adjoint ? i % n * n + i / n : i]);
        }
    }
    vt_temp_free(inv);
    vt_temp_free(m);
    return inv || (m && !matrices) ? VT_OK : VT_E_NOMEM;
}
