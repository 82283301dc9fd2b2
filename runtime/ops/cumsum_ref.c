#include "cumsum.h"

#include "element.h"

/* One line of `n` elements that lie `step` apart, the first of the sum at `at`. */
static void line(const struct vt_tensor *src, struct vt_tensor *dst, int64_t at, int64_t step, int64_t n,
                 bool exclusive)
{
    bool whole = vt_is_integral(src->type);
    uint64_t sum = 0;
    double total = 0;

    for (int64_t i = 0; i < n; i++, at += step) {
        uint64_t v = whole ? (uint64_t)vt_get_i64(src, at) : 0;
        double x = whole ? 0 : vt_get_f64(src, at);

        if (whole) {
            vt_set_i64(dst, at, (int64_t)(exclusive ? sum : sum + v));
        } else {
            vt_set_f64(dst, at, exclusive ? total : total + x);
        }
        sum += v;
        total += x;
    }
}

int vt_cumsum_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    bool exclusive = vt_attr_bool(e->node, "exclusive"), reverse = vt_attr_bool(e->node, "reverse");
    int64_t axis = 0, step = 1, outer = 1, n;

    if (e->n_in > 1 && e->in[1].type != VT_DYNAMIC) {
        axis = vt_get_i64(&e->in[1], 0);
    }
    if (axis < -src->rank || axis >= src->rank) {
        return vt_fail(e->err, VT_E_RANGE, "axis %lld is outside of rank %d", (long long)axis, src->rank);
    }
    axis += axis < 0 ? src->rank : 0;
    n = src->dims[axis];
    for (int64_t i = axis + 1; i < src->rank; i++) {
        step *= src->dims[i];
    }
    for (int64_t i = 0; i < axis; i++) {
        outer *= src->dims[i];
    }
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t k = 0; k < step; k++) {
            int64_t first = o * n * step + k;

            line(src, &e->out[0], reverse ? first + (n - 1) * step : first, reverse ? -step : step, n,
                 exclusive);
        }
    }
    return VT_OK;
}
