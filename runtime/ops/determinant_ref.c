#include "determinant.h"

#include "doubles.h"
#include "heap.h"

#include <math.h>

/* Gauss's elimination with the largest pivot of each column; destroys the matrix. */
static double determinant(double *m, int64_t n)
{
    double product = 1;

    for (int64_t k = 0; k < n; k++) {
        int64_t best = k;

        for (int64_t i = k + 1; i < n; i++) {
            best = fabs(m[i * n + k]) > fabs(m[best * n + k]) ? i : best;
        }
        if (m[best * n + k] == 0) {
            return 0;
        }
        for (int64_t j = k; j < n && best != k; j++) {
            double t = m[best * n + j];

            m[best * n + j] = m[k * n + j];
            m[k * n + j] = t;
        }
        product *= best == k ? m[k * n + k] : -m[k * n + k];
        for (int64_t i = k + 1; i < n; i++) {
            double factor = m[i * n + k] / m[k * n + k];

            for (int64_t j = k + 1; j < n; j++) {
                m[i * n + j] -= factor * m[k * n + j];
            }
        }
    }
    return product;
}

int vt_determinant_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t n = src->dims[src->rank - 1], matrices = vt_tensor_count(&e->out[0]);
    double *m = vt_doubles(src, e->err);

    for (int64_t i = 0; m && i < matrices; i++) {
        vt_store_double(&e->out[0], i, determinant(m + i * n * n, n));
    }
    vt_temp_free(m);
    return m ? VT_OK : VT_E_NOMEM;
}
