#include "doubles.h"

#include "element.h"
#include "heap.h"

#include <math.h>
#include <string.h>

double *vt_doubles_zero(int64_t n, struct vt_error *err)
{
    double *v = n < 0 ? NULL : vt_temp_zero((size_t)n + 1, sizeof(double));

    if (!v) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return v;
}

double *vt_doubles(const struct vt_tensor *t, struct vt_error *err)
{
    int64_t n = vt_tensor_count(t);
    double *v = vt_doubles_zero(n, err);

    if (v && t->type == VT_F32) {
        for (int64_t i = 0; i < n; i++) {
            float f; /* constants may be unaligned */

            memcpy(&f, (const char *)t->data + i * (int64_t)sizeof(f), sizeof(f));
            v[i] = f;
        }
    } else if (v) {
        for (int64_t i = 0; i < n; i++) {
            v[i] = vt_get_f64(t, i);
        }
    }
    return v;
}

void vt_store_double(struct vt_tensor *t, int64_t index, double value)
{
    if (vt_is_integral(t->type) && fabs(value) < 9.2e18) {
        vt_set_i64(t, index, (int64_t)value);
    } else {
        vt_set_f64(t, index, value);
    }
}

void vt_store_doubles(struct vt_tensor *t, int64_t at, const double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        vt_store_double(t, at + i, values[i]);
    }
}
