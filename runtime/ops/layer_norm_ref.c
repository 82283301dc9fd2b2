#include "layer_norm.h"

#include "element.h"
#include "graph.h"

#include <math.h>

struct row {
    int64_t n; /* elements normalized together */
    double eps;
    bool outside, rms;
};

static void moments(const struct row *r, const struct vt_tensor *src, int64_t at, double *mean,
                    double *divisor)
{
    double sum = 0, square = 0;

    for (int64_t i = 0; i < r->n && !r->rms; i++) {
        sum += vt_get_f64(src, at + i);
    }
    *mean = r->rms ? 0 : sum / (double)r->n;
    for (int64_t i = 0; i < r->n; i++) {
        double d = vt_get_f64(src, at + i) - *mean;

        square += d * d;
    }
    square /= (double)r->n;
    *divisor = r->outside ? sqrt(square) + r->eps : sqrt(square + r->eps);
}

static double operand(const struct vt_eval *e, int input, const int64_t *index, double absent)
{
    if (input >= e->n_in || e->in[input].type == VT_DYNAMIC) {
        return absent;
    }
    return vt_get_f64(&e->in[input], vt_broadcast_offset(&e->in[input], e->in[0].rank, index));
}

int vt_layer_norm_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t axes = vt_attr_i64(e->node, "axes_count"), count = vt_tensor_count(src);
    int64_t index[VT_MAX_RANK] = {0};
    struct row r = {.n = 1,
                    .eps = vt_attr_f64(e->node, "eps"),
                    .outside = vt_attr_is(e->node, "eps_mode", "outside_sqrt"),
                    .rms = vt_attr_bool(e->node, "rms")};

    for (int64_t i = src->rank - axes; i < src->rank; i++) {
        r.n *= src->dims[i];
    }
    for (int64_t at = 0; at < count; at += r.n) {
        double mean, divisor;

        moments(&r, src, at, &mean, &divisor);
        for (int64_t i = 0; i < r.n; i++) {
            double v = (vt_get_f64(src, at + i) - mean) / divisor;

            v = v * operand(e, 1, index, 1) + operand(e, 2, index, 0);
            vt_set_f64(&e->out[0], at + i, v);
            vt_next_index(src->rank, src->dims, index);
        }
    }
    return VT_OK;
}
