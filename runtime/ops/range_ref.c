#include "range.h"

#include "element.h"

#include <math.h>

int vt_range_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    const struct vt_tensor *start = &e->in[0], *step = &e->in[2];
    bool whole = vt_is_integral(start->type) && vt_is_integral(step->type), cut = vt_is_integral(dst->type);
    int64_t n = vt_tensor_count(dst);

    for (int64_t i = 0; i < n; i++) {
        if (whole) {
            vt_set_i64(
                dst, i,
                (int64_t)((uint64_t)vt_get_i64(start, 0) + (uint64_t)i * (uint64_t)vt_get_i64(step, 0)));
        } else {
            double a = vt_get_f64(start, 0), d = vt_get_f64(step, 0);

            vt_set_f64(dst, i, cut ? trunc(a) + (double)i * trunc(d) : a + (double)i * d);
        }
    }
    return VT_OK;
}
