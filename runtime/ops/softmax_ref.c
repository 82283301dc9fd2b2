#include "softmax.h"

#include "element.h"
#include "graph.h"

#include <math.h>

/* One line of `n` elements that lie `step` apart, beginning at `at`. */
static void line(const struct vt_tensor *src, struct vt_tensor *dst, int64_t at, int64_t step, int64_t n,
                 bool logarithm)
{
    double top = -INFINITY, sum = 0;

    for (int64_t i = 0; i < n; i++) {
        top = fmax(top, vt_get_f64(src, at + i * step));
    }
    for (int64_t i = 0; i < n; i++) {
        sum += exp(vt_get_f64(src, at + i * step) - top);
    }
    for (int64_t i = 0; i < n; i++) {
        double v = vt_get_f64(src, at + i * step) - top;

        vt_set_f64(dst, at + i * step, logarithm ? v - log(sum) : exp(v) / sum);
    }
}

int vt_softmax_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t axis = vt_attr_i64(e->node, "axis"), step = 1, outer = 1, n;
    bool logarithm = vt_node_is(e->node, "LogSoftmax");

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
            line(src, &e->out[0], o * n * step + k, step, n, logarithm);
        }
    }
    return VT_OK;
}
